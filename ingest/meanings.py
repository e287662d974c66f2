"""What a sample of a tag says of its equipment, by what the tag means."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from ingest.counters import Baseline, Reset, count
from ingest.drafts import Draft, Step
from ingest.fields import cycle_ms, reset_fields
from ingest.input import Sample
from ingest.memory import Cycle, Memory
from ingest.rules import TagRule
from ingest.values import is_bad, word
from schemas.machine import (
    BatchEnded,
    BatchStarted,
    CounterReset,
    CycleCompleted,
    PartsCounted,
    PhaseChanged,
    ProductChanged,
    StateChanged,
    TimeCategory,
)
from schemas.plant.tags import Meaning

MAX_NAME = 100
"""Characters of a batch, a product, a phase or a reason, as the contracts allow."""
MAX_STATE = 200
"""Characters kept of a device's word for its state."""
STOPS = frozenset(
    {
        TimeCategory.PLANNED_STOP,
        TimeCategory.SETUP,
        TimeCategory.UNPLANNED_STOP,
        TimeCategory.DELAY,
        TimeCategory.MINOR_STOP,
    }
)
"""Categories of a state that a device may give a reason for."""


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
        if memory.stop_reason and category in STOPS:
            fields["reason"] = memory.stop_reason
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


def _phase(_: TagRule, memory: Memory, sample: Sample) -> Step:
    phase, problem = _name(sample)
    if problem:
        return Step(memory, problems=(problem,))
    if phase == memory.phase:
        return Step(memory)
    event = Draft(PhaseChanged, sample.equipment, sample.source_time, {"phase": phase})
    return Step(replace(memory, phase=phase), (event,))


def _stop_reason(_: TagRule, memory: Memory, sample: Sample) -> Step:
    """A reason that comes while it stands is told with the state again; an end of it is not."""
    reason, problem = _name(sample)
    if problem:
        return Step(memory, problems=(problem,))
    after = replace(memory, stop_reason=reason)
    if reason is None or reason == memory.stop_reason or memory.category not in STOPS:
        return Step(after)
    fields = {"category": memory.category, "state": memory.state, "reason": reason}
    return Step(after, (Draft(StateChanged, sample.equipment, sample.source_time, fields),))


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
    problems = (str(counted.ignored),) if counted.ignored else ()
    if counted.baseline is None or counted.baseline is before:
        return Step(memory, problems=problems)
    events: list[Draft] = []
    if counted.reset:
        fields = reset_fields(sample.tag, counted.reset)
        events.append(Draft(CounterReset, sample.equipment, sample.source_time, fields))
    if counted.increment:
        parts = {str(rule.tag.means).removesuffix("_count"): counted.increment}
        events.append(Draft(PartsCounted, sample.equipment, sample.source_time, parts))
    baseline = replace(counted.baseline, origin=rule.origin)
    counters = {**memory.counters, sample.tag: baseline}
    after = replace(memory, counters=counters)
    shown = _jump(before, counted.reset, sample.source_time) if problems else ""
    return Step(after, tuple(events), problems=problems, shown=shown)


def _jump(before: Baseline | None, reset: Reset | None, at: datetime) -> str:
    if before is None or reset is None:
        return ""
    elapsed_s = (at - before.at).total_seconds()
    return f"{reset.before} -> {reset.after} in {elapsed_s:g} s"


def _cycle(rule: TagRule, memory: Memory, sample: Sample) -> Step:
    if is_bad(sample.quality):
        return Step(memory, problems=("bad_quality",))
    duration_ms = cycle_ms(sample.value, rule.ms)
    if duration_ms is None:
        return Step(memory, problems=("cycle_time_not_usable",))
    cycle = Cycle(sample.source_time, duration_ms)
    after = replace(memory, cycles={**memory.cycles, sample.tag: cycle})
    if not _is_another(rule, memory.cycles.get(sample.tag), cycle):
        return Step(after)
    fields = {"duration_ms": duration_ms}
    return Step(after, (Draft(CycleCompleted, sample.equipment, sample.source_time, fields),))


def _is_another(rule: TagRule, before: Cycle | None, cycle: Cycle) -> bool:
    """Whether a cycle ended since; a register that is polled shows it by another value only."""
    if rule.tag.register_ is not None:
        return before is not None and before.duration_ms != cycle.duration_ms
    return before is None or before.at != cycle.at


MEANINGS: Mapping[Meaning, Callable[[TagRule, Memory, Sample], Step]] = {
    "state": _state,
    "batch": _batch,
    "product": _product,
    "phase": _phase,
    "stop_reason": _stop_reason,
    "cycle_time": _cycle,
    "produced_count": _count,
    "good_count": _count,
    "scrap_count": _count,
    "rework_count": _count,
}
"""How each meaning is read."""
