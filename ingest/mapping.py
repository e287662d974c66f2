"""Observations of one equipment to typed events: what changed, what was counted, what was seen."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from ingest.counters import Reset, count
from ingest.frames import Reading
from ingest.input import BAD, Alarm, Alive, Missed, Sample, Value
from ingest.memory import Memory
from ingest.reporting import remind, report
from ingest.rules import EquipmentRules, TagRule
from ingest.values import UNCERTAIN, is_bad, legible, number, scaled, word
from schemas.machine import (
    AlarmChanged,
    BatchEnded,
    BatchStarted,
    CounterReset,
    Gap,
    Heartbeat,
    MachineRecord,
    PartsCounted,
    ProductChanged,
    StateChanged,
    TimeCategory,
)
from schemas.record import EquipmentPath

SKEW_LIMIT = timedelta(hours=24)
"""A live source time further off the edge's clock than this is not believed."""
MAX_NAME = 100
"""Characters of a batch or product, as the contracts allow."""
MAX_CONDITION = 500
"""Characters kept of a condition's id."""
WORST = 1000
"""The highest severity."""
NO_COMMUNICATION = 0x80050000
"""OPC UA status Bad_CommunicationError."""
MAX_STATE = 200
"""Characters kept of a device's word for its state."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An event that has no id yet."""

    kind: type[MachineRecord]
    equipment: EquipmentPath
    source_time: datetime
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a sample that could not be used; it is counted, and the rest goes on."""

    reason: str
    equipment: EquipmentPath
    tag: str
    value: str


class Step(NamedTuple):
    """What one observation led to; a tuple, because there are so many of them."""

    memory: Memory
    events: tuple[Draft, ...] = ()
    readings: tuple[Reading, ...] = ()
    problems: tuple[str, ...] = ()
    """Reasons, for `Problem`."""


def step(rules: EquipmentRules, memory: Memory, seen: Sample | Alive | Missed | Alarm) -> Step:
    """Advance by one observation.

    An event keeps the source time of its sample even where that runs backwards: whoever computes
    with it judges how late it is.
    """
    match seen:
        case Alive(equipment=equipment, at=at):
            return _alive(rules, memory, Draft(Heartbeat, equipment, at))
        case Missed():
            return _missed(rules, memory, seen)
        case Alarm():
            return Step(memory, (_alarm(seen),))
        case Sample(tag=tag):
            rule = rules.tags.get(tag)
            if rule is None:
                return Step(memory, problems=("unknown_tag",))
            return _sample(rule, memory, seen)


def place(sample: Sample, now: datetime, limit: timedelta | None) -> tuple[Sample, bool]:
    """The sample at a time that can be believed, and whether it had to be moved.

    A source time further off than `limit` is replaced by the edge's; the sample's quality becomes
    uncertain, so that everybody sees it in the telemetry. A historical one may be as old as it is.
    """
    off = sample.source_time - now
    if limit is None or abs(off) <= limit or (sample.historical and off < timedelta(0)):
        return sample, False
    quality = sample.quality if is_bad(sample.quality) else sample.quality | UNCERTAIN
    return sample._replace(source_time=now, quality=quality), True


def _alive(rules: EquipmentRules, memory: Memory, heartbeat: Draft) -> Step:
    """What is due of the tags that have been silent goes along."""
    due: list[Reading] = []
    reported = dict(memory.reported)
    for rule in rules.selective:
        before = reported.get(rule.tag.name)
        if before is not None:
            reported[rule.tag.name], told = remind(rule.tag, before, heartbeat.source_time)
            due += told
    after = replace(memory, reported=reported) if due else memory
    return Step(after, (heartbeat,), tuple(due))


def _missed(rules: EquipmentRules, memory: Memory, missed: Missed) -> Step:
    """Forget the state as well: what the device says next is news, even if it is the same.

    Where only measured values were not seen, and the state was, they are told as bad instead.
    """
    if missed.source is not None and not rules.tells_state(missed.source):
        unseen = [rule.tag.name for rule in rules.read_at(missed.source)]
        readings = tuple(Reading(tag, missed.start, None, NO_COMMUNICATION) for tag in unseen)
        kept = {tag: one for tag, one in memory.reported.items() if tag not in unseen}
        return Step(replace(memory, reported=kept), (), readings)
    fields = {"start": missed.start, "reason": legible(missed.reason), "lost": missed.lost}
    gap = Draft(Gap, missed.equipment, max(missed.start, missed.end), fields)
    return Step(replace(memory, category=None, state=None, reported={}), (gap,))


def _alarm(alarm: Alarm) -> Draft:
    fields = {
        "condition": legible(alarm.condition[:MAX_CONDITION]),
        "name": legible(alarm.name),
        "origin": legible(alarm.origin),
        "origin_name": legible(alarm.origin_name),
        "severity": min(max(alarm.severity, 1), WORST),
        "message": legible(alarm.message),
        "active": alarm.active,
        "acknowledged": alarm.acknowledged,
        "retained": alarm.retained,
    }
    return Draft(AlarmChanged, alarm.equipment, alarm.at, fields)


def _sample(rule: TagRule, memory: Memory, sample: Sample) -> Step:
    if rule.is_scaled:
        value = scaled(sample.value, rule.tag.factor, rule.tag.offset)
        sample = sample._replace(value=value)
    reading, problem = _reading(rule, sample)
    problems = (problem,) if problem else ()
    if sample.historical:
        return Step(memory, (), (reading,), problems)
    if rule.tag.means is None:
        return _measured(rule, memory, sample, reading, problems)
    found = _MEANINGS[rule.tag.means](rule, memory, sample)
    return Step(found.memory, found.events, (reading,), found.problems or problems)


def _measured(
    rule: TagRule, memory: Memory, sample: Sample, reading: Reading, problems: tuple[str, ...]
) -> Step:
    if not rule.selective:
        return Step(memory, (), (reading,), problems)
    before = memory.reported.get(reading.tag)
    reported, told = report(rule.tag, before, reading, is_filtered=sample.filtered)
    if reported == before:
        return Step(memory, (), told, problems)
    after = replace(memory, reported={**memory.reported, reading.tag: reported})
    return Step(after, (), told, problems)


def _reading(rule: TagRule, sample: Sample) -> tuple[Reading, str | None]:
    value = _kept(rule, sample)
    if value is not None or is_bad(sample.quality):
        return Reading(sample.tag, sample.source_time, value, sample.quality), None
    if sample.value is None and rule.numeric is False:
        return Reading(sample.tag, sample.source_time, None, sample.quality), None
    reason = "no_value" if sample.value is None else "wrong_value"
    return Reading(sample.tag, sample.source_time, None, BAD), reason


def _kept(rule: TagRule, sample: Sample) -> Value:
    value = sample.value
    if value is None:
        return None
    if rule.numeric is False or (rule.numeric is None and isinstance(value, str)):
        return word(value)
    return value if number(value) is not None else None


def _state(rule: TagRule, memory: Memory, sample: Sample) -> Step:
    bad = is_bad(sample.quality)
    category = None if bad else rule.category(sample.value)
    problems: tuple[str, ...] = ()
    fields: dict[str, Any]
    if category is None:
        problems = () if bad else ("state_not_readable",)
        reason = f"quality 0x{sample.quality:08X}" if bad else "value is no state"
        fields = {"category": TimeCategory.UNKNOWN, "state": None, "reason": reason}
    else:
        named = None if rule.tag.running_above is not None else word(sample.value)
        fields = {"category": category, "state": named and named[:MAX_STATE]}
    if (memory.category, memory.state) == (fields["category"], fields["state"]):
        return Step(memory, problems=problems)
    after = replace(memory, category=fields["category"], state=fields["state"])
    event = Draft(StateChanged, sample.equipment, sample.source_time, fields)
    return Step(after, (event,), problems=problems)


def _batch(_: TagRule, memory: Memory, sample: Sample) -> Step:
    batch, problem = _name(sample)
    if problem:
        return Step(memory, problems=(problem,))
    if batch == memory.batch:
        return Step(memory)
    kind, named = (BatchStarted, batch) if batch else (BatchEnded, memory.batch)
    event = Draft(kind, sample.equipment, sample.source_time, {"batch": named})
    return Step(replace(memory, batch=batch), (event,))


def _product(_: TagRule, memory: Memory, sample: Sample) -> Step:
    product, problem = _name(sample)
    if problem:
        return Step(memory, problems=(problem,))
    if product == memory.product:
        return Step(memory)
    event = Draft(ProductChanged, sample.equipment, sample.source_time, {"product": product})
    return Step(replace(memory, product=product), (event,))


def _name(sample: Sample) -> tuple[str | None, str | None]:
    """The name, None for an empty one, and why it cannot be used."""
    if is_bad(sample.quality):
        return None, "bad_quality"
    named = word(sample.value)
    if named is None or len(named) > MAX_NAME:
        return None, "name_not_readable"
    return named or None, None


def _count(rule: TagRule, memory: Memory, sample: Sample) -> Step:
    if is_bad(sample.quality):
        return Step(memory, problems=("bad_quality",))
    before = memory.counters.get(sample.tag)
    if before is not None and not before.is_of(rule.origin):
        # The tag was moved: another counter, whose first reading is its baseline.
        before = None
    counted = count(rule.counter, before, sample.value, sample.source_time)
    if counted.ignored or counted.baseline is None:
        return Step(memory, problems=(str(counted.ignored),))
    events: list[Draft] = []
    if counted.reset:
        events.append(_reset(sample, counted.reset))
    if counted.increment:
        fields = {str(rule.tag.means).removesuffix("_count"): counted.increment}
        events.append(Draft(PartsCounted, sample.equipment, sample.source_time, fields))
    baseline = replace(counted.baseline, origin=rule.origin)
    counters = {**memory.counters, sample.tag: baseline}
    return Step(replace(memory, counters=counters), tuple(events))


def _reset(sample: Sample, reset: Reset) -> Draft:
    fields = {
        "tag": sample.tag,
        "before": reset.before,
        "after": reset.after,
        "rolled_over": reset.rolled_over,
    }
    return Draft(CounterReset, sample.equipment, sample.source_time, fields)


_MEANINGS = {
    "state": _state,
    "batch": _batch,
    "product": _product,
    "good_count": _count,
    "scrap_count": _count,
    "rework_count": _count,
}
