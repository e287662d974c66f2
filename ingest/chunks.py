"""A chunk of observations through the mapping, in the order that the numbers need."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ingest.frames import Reading
from ingest.input import Alarm, Alive, Missed, Sample, Stated, Told, Unreadable
from ingest.mapping import Draft, Problem, place, step
from ingest.memory import Memory
from ingest.rules import EquipmentRules, PlantRules
from schemas.record import EquipmentPath

_SHOWN = 80
"""Characters of a value that a problem shows."""


@dataclass(slots=True)
class Mapped:
    """What a chunk led to; nothing of it has an id yet."""

    events: list[Draft] = field(default_factory=list)
    readings: dict[EquipmentPath, list[Reading]] = field(default_factory=dict)
    memories: dict[EquipmentPath, Memory] = field(default_factory=dict)
    """Of the equipment that the chunk speaks of."""
    stated: list[Stated] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    samples: int = 0


def map_chunk(
    rules: PlantRules,
    memories: Mapping[EquipmentPath, Memory],
    observations: Sequence[Told],
    now: datetime,
    skew_limit: timedelta | None,
) -> Mapped:
    """Apply the observations; a `skew_limit` of None believes every source time."""
    mapped = Mapped()
    placed = _placed(observations, mapped, now, skew_limit)
    for seen in in_order(rules, placed):
        known = rules.get(seen.equipment)
        if known is None:
            tag = seen.tag if isinstance(seen, Sample) else ""
            mapped.problems.append(Problem("unknown_equipment", seen.equipment, tag, ""))
            continue
        memory = mapped.memories.get(known.equipment) or memories.get(known.equipment, Memory())
        _apply(mapped, known, memory, seen)
    return mapped


def in_order(
    rules: PlantRules, observations: Iterable[Sample | Alive | Missed | Alarm]
) -> Iterator[Sample | Alive | Missed | Alarm]:
    """The same observations; per equipment and instant, batch, product and state before counts.

    A tag that comes twice at the same instant begins a second group: the rows of a recording may
    share a second, and the first row's counts belong to the first row's batch.
    """
    groups: dict[EquipmentPath, dict[str, Sample]] = {}
    for seen in observations:
        group = groups.setdefault(seen.equipment, {})
        if not isinstance(seen, Sample) or not _belongs(seen, group):
            yield from _ranked(rules, group)
            group.clear()
        if isinstance(seen, Sample):
            group[seen.tag] = seen
        else:
            yield seen
    for group in groups.values():
        yield from _ranked(rules, group)


def _belongs(sample: Sample, group: Mapping[str, Sample]) -> bool:
    if sample.tag in group:
        return False
    first = next(iter(group.values()), sample)
    return sample.source_time == first.source_time


def _ranked(rules: PlantRules, group: Mapping[str, Sample]) -> Sequence[Sample]:
    samples = list(group.values())
    known = rules.get(samples[0].equipment) if samples else None
    if known is None:
        return samples
    return sorted(samples, key=lambda sample: _rank(known, sample))


def _rank(known: EquipmentRules, sample: Sample) -> int:
    rule = known.tags.get(sample.tag)
    return rule.rank if rule else 0


def _placed(
    observations: Sequence[Told], mapped: Mapped, now: datetime, limit: timedelta | None
) -> Iterator[Sample | Alive | Missed | Alarm]:
    for seen in observations:
        match seen:
            case Unreadable():
                mapped.unreadable.append(seen)
            case Stated():
                mapped.stated.append(seen)
            case Sample():
                sample, moved = place(seen, now, limit)
                if moved:
                    shown = seen.source_time.isoformat()
                    problem = Problem("clock_skew", seen.equipment, seen.tag, shown)
                    mapped.problems.append(problem)
                yield sample
            case _:
                yield seen


def _apply(
    mapped: Mapped, known: EquipmentRules, memory: Memory, seen: Sample | Alive | Missed | Alarm
) -> None:
    result = step(known, memory, seen)
    mapped.memories[known.equipment] = result.memory
    mapped.events.extend(result.events)
    if result.readings:
        mapped.readings.setdefault(known.equipment, []).extend(result.readings)
    if not isinstance(seen, Sample):
        return
    mapped.samples += 1
    for reason in result.problems:
        shown = repr(seen.value)[:_SHOWN] if not isinstance(seen.value, int) else "a number"
        mapped.problems.append(Problem(reason, known.equipment, seen.tag, shown))
