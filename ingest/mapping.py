"""Observations of one equipment to typed events: what changed, what was counted, what was seen."""

from dataclasses import replace
from datetime import datetime, timedelta

from ingest.drafts import Draft, Step
from ingest.fields import alarm_fields
from ingest.frames import Reading
from ingest.input import BAD, Alarm, Alive, Missed, Sample, Value
from ingest.meanings import MEANINGS
from ingest.memory import Memory
from ingest.reporting import remind, report
from ingest.rules import EquipmentRules, TagRule
from ingest.values import UNCERTAIN, is_bad, legible, number, scaled, word
from schemas.machine import (
    AlarmChanged,
    Gap,
    Heartbeat,
)
from schemas.record import LARGEST_NUMBER

SKEW_LIMIT = timedelta(hours=24)
"""A live source time that is older than this is not believed."""
AHEAD = timedelta(minutes=5)
"""How far a source's clock may be ahead of the edge's: nothing was said later than it arrived."""
NO_COMMUNICATION = 0x80050000
"""OPC UA status Bad_CommunicationError."""


def not_ahead(at: datetime, arrival: datetime) -> datetime:
    """The time of a message as far as it can be believed: none is sent after it arrived."""
    return at if at - arrival <= AHEAD else arrival


def step(rules: EquipmentRules, memory: Memory, seen: Sample | Alive | Missed | Alarm) -> Step:
    """Advance by one observation.

    An event keeps the source time of its sample even where that runs backwards: whoever computes
    with it judges how late it is.
    """
    match seen:
        case Alive():
            return _alive(rules, memory, seen)
        case Missed():
            return _missed(rules, memory, seen)
        case Alarm():
            return Step(memory, (Draft(AlarmChanged, seen.equipment, seen.at, alarm_fields(seen)),))
        case Sample(tag=tag):
            rule = rules.tags.get(tag)
            if rule is None:
                return Step(memory, problems=("unknown_tag",))
            return _sample(rule, memory, seen)


def plain_reading(rules: EquipmentRules, sample: Sample) -> Reading | None:
    """The reading of a number of a plain tag: what `step` gives in that case; None in any other."""
    # Nearly all samples end here, so this is written for speed.
    tag, value = sample[1], sample[2]
    if type(value) is not float or tag not in rules.plain:
        return None
    if not -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
        return None
    return Reading(tag, sample[3], value, sample[4])


def place(sample: Sample, now: datetime, limit: timedelta | None) -> tuple[Sample, bool]:
    """The sample at a time that can be believed, and whether it had to be moved.

    A source time older than `limit`, or one ahead of the edge's, is replaced by the edge's; the
    sample's quality becomes uncertain, so that everybody sees it in the telemetry. A historical
    one, or one that was kept, may be as old as it is.
    """
    off, may_be_old = sample.source_time - now, sample.historical or sample.kept
    if limit is None or (off <= AHEAD and (may_be_old or -off <= limit)):
        return sample, False
    quality = sample.quality if is_bad(sample.quality) else sample.quality | UNCERTAIN
    return sample._replace(source_time=now, quality=quality), True


def _alive(rules: EquipmentRules, memory: Memory, alive: Alive) -> Step:
    """What is due of the tags that have been silent goes along.

    Nobody speaks for what is read elsewhere: where that is the state, the equipment is not alive.
    """
    due: list[Reading] = []
    reported, holding = dict(memory.reported), rules.holding(alive)
    for rule in rules.selective:
        before = reported.get(rule.tag.name)
        if before is not None and rule.tag.name in holding:
            reported[rule.tag.name], told = remind(rule.tag, before, alive.at)
            due += told
    after = replace(memory, reported=reported) if due else memory
    is_alive = rules.speak_of_state(holding)
    events = (Draft(Heartbeat, alive.equipment, alive.at),) if is_alive else ()
    return Step(after, events, tuple(due))


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
    found = MEANINGS[rule.tag.means](rule, memory, sample)
    return found._replace(readings=(reading,), problems=found.problems or problems)


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
