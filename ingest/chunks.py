"""A chunk of observations through the mapping, in the order that the numbers need."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ingest.counters import LARGEST
from ingest.drafts import Draft, Problem
from ingest.frames import Reading
from ingest.input import Alarm, Alive, Back, Missed, Sample, Stated, Told, Unreadable, Value
from ingest.mapping import AHEAD, place, plain_reading, step
from ingest.memory import Memory
from ingest.rules import EquipmentRules, PlantRules
from schemas.record import EquipmentPath

_OF_A_SOURCE = (Alive, Missed)
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
        path = seen.equipment
        known = rules.get(path)
        if known is None:
            tag = seen.tag if isinstance(seen, Sample) else ""
            mapped.problems.append(Problem("unknown_equipment", path, tag, ""))
            continue
        if path not in mapped.memories:
            mapped.memories[path] = memories.get(path) or Memory()
        reading = plain_reading(known, seen) if isinstance(seen, Sample) else None
        if reading is None:
            _apply(mapped, known, seen)
        else:
            mapped.samples += 1
            _readings(mapped, path).append(reading)
    return mapped


def said_at(source: str, observations: Iterable[Told]) -> list[Told]:
    """The same, each with the source that it is said of; an input does not know its own name."""
    return [
        replace(one, source=source) if isinstance(one, _OF_A_SOURCE) else one
        for one in observations
    ]


def in_order(
    rules: PlantRules, observations: Iterable[Sample | Alive | Missed | Alarm]
) -> Iterator[Sample | Alive | Missed | Alarm]:
    """The same observations; per equipment and instant, batch, product and state before counts.

    A tag that comes twice at the same instant begins a second group: the rows of a recording may
    share a second, and the first row's counts belong to the first row's batch.
    """
    groups: dict[EquipmentPath, dict[str, Sample]] = {}
    instants: dict[EquipmentPath, datetime] = {}
    for seen in observations:
        path = seen.equipment
        group = groups.get(path)
        if group is None:
            group = groups[path] = {}
        if isinstance(seen, Sample):
            if not group:
                instants[path] = seen.source_time
            elif seen.tag in group or seen.source_time != instants[path]:
                yield from _ranked(rules, path, group)
                group.clear()
                instants[path] = seen.source_time
            group[seen.tag] = seen
        else:
            yield from _ranked(rules, path, group)
            group.clear()
            yield seen
    for path, group in groups.items():
        yield from _ranked(rules, path, group)


def _ranked(
    rules: PlantRules, path: EquipmentPath, group: Mapping[str, Sample]
) -> Sequence[Sample]:
    known = rules.get(path)
    return list(group.values()) if known is None else known.ranked(group)


def _placed(
    observations: Sequence[Told], mapped: Mapped, now: datetime, limit: timedelta | None
) -> Iterator[Sample | Alive | Missed | Alarm]:
    believed: datetime | None = None
    for seen in observations:
        match seen:
            case Sample(source_time=at) if at == believed:
                # What comes together is mostly of one moment.
                yield seen
            case Sample(source_time=at):
                sample = _believable(seen, mapped, now, limit)
                if sample is seen and not (seen.historical or seen.kept):
                    believed = at
                yield sample
            case Unreadable():
                mapped.unreadable.append(seen)
            case Stated():
                mapped.stated.append(seen)
            case Back():
                # Who knows what was not seen has turned it into what was missed.
                pass
            case _:
                yield _credible(seen, mapped, now, limit)


def _believable(sample: Sample, mapped: Mapped, now: datetime, limit: timedelta | None) -> Sample:
    found, moved = place(sample, now, limit)
    if moved:
        at = sample.source_time.isoformat()
        mapped.problems.append(Problem("clock_skew", sample.equipment, sample.tag, at))
    return found


def _credible(
    seen: Alive | Missed | Alarm, mapped: Mapped, now: datetime, limit: timedelta | None
) -> Alive | Missed | Alarm:
    """What is told as of later than a clock can be ahead is as of now; how old it is, it may be."""
    at = seen.end if isinstance(seen, Missed) else seen.at
    if limit is None or at - now <= AHEAD:
        return seen
    mapped.problems.append(Problem("clock_skew", seen.equipment, "", at.isoformat()))
    if isinstance(seen, Missed):
        return replace(seen, start=now - min(seen.end - seen.start, limit), end=now)
    return replace(seen, at=now)


def _readings(mapped: Mapped, path: EquipmentPath) -> list[Reading]:
    found = mapped.readings.get(path)
    if found is None:
        found = mapped.readings[path] = []
    return found


def _apply(mapped: Mapped, known: EquipmentRules, seen: Sample | Alive | Missed | Alarm) -> None:
    result = step(known, mapped.memories[known.equipment], seen)
    mapped.memories[known.equipment] = result.memory
    mapped.events.extend(result.events)
    if result.readings:
        _readings(mapped, known.equipment).extend(result.readings)
    if not isinstance(seen, Sample):
        return
    mapped.samples += 1
    if not result.problems:
        return
    rule = known.tags.get(seen.tag)
    source = (rule.tag.source if rule else None) or ""
    shown = result.shown or _shown(seen.value)
    for reason in result.problems:
        mapped.problems.append(Problem(reason, known.equipment, seen.tag, shown, source))


def _shown(value: Value) -> str:
    """The value as it is told; a whole number may have more digits than anybody wants to see."""
    if isinstance(value, int) and abs(value) > LARGEST:
        return "a number beyond 10^18"
    return repr(value)[:_SHOWN]
