"""Random plants, and what may happen to a machine there."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from schemas.machine import (
    AlarmChanged,
    BatchEnded,
    BatchStarted,
    CounterReset,
    CycleCompleted,
    Gap,
    Heartbeat,
    MachineRecord,
    PartsCounted,
    PhaseChanged,
    ProductChanged,
    StateChanged,
)
from schemas.manual import (
    MaintenanceEnded,
    MaintenanceStarted,
    ManualRecord,
    PartsReported,
    StopReasonGiven,
)
from tests.processors.oee.story import HOUR, MINUTE, REASONS, SECOND, Story, Told

WORDS = ("A", "B", "7")
STATES = ("running", "running", "unplanned_stop", "setup", "planned_stop", "delay")
LATEST_MS = 4_900
"""How late an event may come and still find its place."""

# What may happen. Each takes the moment at which it arrives and the moment of the event before.

Happening = Callable[[int, int], Told]


def _now(kind: type[MachineRecord], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy:
    """Something that is told at the moment at which it happens."""
    return st.fixed_dictionaries(fields).map(
        lambda said: lambda at, before: Told(kind, at, said)  # noqa: ARG005 - it needs no more
    )


def _late(
    kind: type[MachineRecord], oldest_ms: int, **fields: st.SearchStrategy[Any]
) -> st.SearchStrategy:
    """Something of earlier that is told only now."""
    return st.tuples(st.integers(0, oldest_ms), st.fixed_dictionaries(fields)).map(
        lambda drawn: (
            lambda at, before: Told(  # noqa: ARG005 - it needs no more
                kind, at - min(at, drawn[0]), drawn[1], late=min(at, drawn[0])
            )
        )
    )


def _gap(share: float) -> Happening:
    """Nothing was seen for the later part of the time since the event before; see `test_readings`
    for a gap that begins with it."""
    return lambda at, before: Told(
        Gap, at, {"start": min(at, before + 1 + int((at - before) * share)), "reason": "cable"}
    )


def _reason_of_span(drawn: tuple[int, int, str]) -> Happening:
    """A reason for a time of earlier that lasted so long."""
    age, length, code = drawn

    def told(at: int, before: int) -> Told:
        del before
        start = max(0, at - age)
        span = {"start": start, "end": min(start + length, max(at, start + 1)), "reason": code}
        return Told(StopReasonGiven, at, {**_BY, **span})

    return told


def _reason_ahead(drawn: tuple[int, int, str]) -> Happening:
    """A reason for a time that has not come yet, or is not over."""
    ahead, length, code = drawn

    def told(at: int, before: int) -> Told:
        del before
        start = max(0, at + ahead)
        end = max(at + 1, start + length)
        return Told(StopReasonGiven, at, {**_BY, "start": start, "end": end, "reason": code})

    return told


def _reason_since(drawn: tuple[int, str]) -> Happening:
    """A reason for what stood still since then, without an end."""
    age, code = drawn
    return lambda at, before: Told(  # noqa: ARG005 - it needs no more
        StopReasonGiven, at, {**_BY, "start": max(0, at - age), "reason": code}
    )


_BY = {"by": "ana", "statement": "s"}
_by = {name: st.just(word) for name, word in _BY.items()}
_few = st.integers(0, 5)
_signed = st.integers(-3, 3)
_codes = st.sampled_from([*REASONS, "made-up"])
_names = st.sampled_from(["b1", "b2", "b3"])

_said_by_machine = st.one_of(
    _now(
        StateChanged,
        category=st.sampled_from(STATES),
        state=st.sampled_from(WORDS),
        reason=st.sampled_from([None, None, "jam", "door"]),
    ),
    _now(StateChanged, category=st.sampled_from(STATES)),
    _now(PartsCounted, good=st.integers(0, 50), scrap=_few, rework=_few, produced=_few),
    _now(BatchStarted, batch=_names),
    _now(BatchEnded, batch=_names),
    _now(ProductChanged, product=st.sampled_from(["fast", "slow", "guess", None])),
    _now(Heartbeat),
    st.floats(0, 0.9).map(_gap),
)
_said_besides = st.one_of(
    _now(PhaseChanged, phase=st.sampled_from(["mix", None])),
    _now(CycleCompleted, duration_ms=st.integers(0, 5000)),
    _now(
        CounterReset,
        tag=st.just("counter"),
        before=st.just("9"),
        after=st.just("0"),
        rolled_over=st.booleans(),
    ),
    _now(
        AlarmChanged,
        condition=st.just("c"),
        severity=st.just(500),
        active=st.booleans(),
        acknowledged=st.just(False),
        retained=st.just(True),
    ),
)
_said_by_people = st.one_of(
    _now(StopReasonGiven, reason=_codes, **_by),
    st.tuples(st.integers(0, 20 * MINUTE), st.integers(1, 10 * MINUTE), _codes).map(
        _reason_of_span
    ),
    st.tuples(st.integers(-5 * MINUTE, 20 * MINUTE), st.integers(1, 20 * MINUTE), _codes).map(
        _reason_ahead
    ),
    st.tuples(st.integers(0, 10 * MINUTE), _codes).map(_reason_since),
    _late(StopReasonGiven, 20 * MINUTE, reason=_codes, **_by),
    _late(
        PartsReported,
        30 * MINUTE,
        good=_signed,
        scrap=_signed,
        rework=_signed,
        startup=st.booleans(),
        reason=st.just("jam"),
        **_by,
    ),
    _now(MaintenanceStarted, planned=st.booleans(), **_by),
    _now(MaintenanceEnded, **_by),
)
_late_scrap = _late(PartsCounted, 30 * MINUTE, scrap=st.integers(1, 5))
_happening = st.one_of(
    *(_said_by_machine, _said_by_machine, _said_besides, _said_by_people, _late_scrap)
)

_pauses = st.one_of(
    st.integers(1, 5 * SECOND),
    st.integers(1, 30 * SECOND),
    st.integers(1, 3 * MINUTE),
    st.integers(MINUTE, 40 * MINUTE),
    st.integers(1, 4 * HOUR),
)

DST_DAYS = (
    ("Europe/Ljubljana", date(2026, 3, 29)),
    ("Europe/Ljubljana", date(2026, 10, 25)),
    ("America/Tijuana", date(2026, 3, 8)),
    ("America/Tijuana", date(2026, 11, 1)),
)
_places = st.sampled_from(
    [("UTC", date(2026, 3, 2)), ("Asia/Kolkata", date(2026, 3, 2)), *DST_DAYS]
)
_hours = st.sampled_from([0, 1, 5, 6, 13, 19, -3])
"""Local hours of the day at which a story begins; -3 is the evening before."""

_MAINTENANCE = {"when": "maintenance", "category": "planned_stop"}
_rules = st.lists(
    st.fixed_dictionaries(
        {
            "when": st.sampled_from(["no_batch", "changeover", "maintenance", "start_of_shift"]),
            "states": st.sampled_from([[], ["A"], ["B", "7"]]),
            "category": st.sampled_from(STATES[2:]),
            "reason": st.sampled_from([None, "tooling", "jam"]),
        }
    ),
    max_size=3,
).map(lambda some: [*some, _MAINTENANCE] if some else [])
"""With others there is one about maintenance: which of them is stronger is not said otherwise."""
_machines = st.fixed_dictionaries(
    {
        "minor_stop_s": st.sampled_from([0, 20, 120]),
        "unknown_after_s": st.sampled_from([None, 60, 1800]),
        "unknown": st.sampled_from(["loss", "exclude"]),
        "min_run_s": st.sampled_from([0, 5, 60]),
        "changeover": st.sampled_from(["availability", "performance"]),
        "startup_s": st.sampled_from([0, 60, 600]),
        "rules": _rules,
    }
)

_BREAKS = {"early": [(9 * 60, 9 * 60 + 30)], "night": [(25 * 60 + 30, 26 * 60 + 30)]}
_ORDER = (Told(ProductChanged, 1, {"product": "fast"}), Told(BatchStarted, 1, {"batch": "b1"}))


def _is_spoken_in(gap: Told, told: list[Told]) -> bool:
    """Whether people say something of the time of this gap."""
    people = (one.at for one in told if issubclass(one.kind, ManualRecord))
    return gap.kind is Gap and any(gap.said["start"] < at < gap.at for at in people)


def _is_too_late(one: Told) -> bool:
    return one.kind is PartsCounted and one.late > LATEST_MS


def _looks_back_at_runs(machine: dict[str, Any]) -> bool:
    """Whether what is booked depends on whether it ran before."""
    whens = {rule["when"] for rule in machine["rules"]}
    return bool(machine["startup_s"]) or "start_of_shift" in whens


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """A plant and a story there, from a first state to a last sign of life."""
    zone, day = draw(_places)
    begins = datetime.combine(day, datetime.min.time()) + timedelta(hours=draw(_hours))
    happenings = draw(st.lists(st.tuples(_pauses, _happening), min_size=3, max_size=25))
    told = [
        Told(StateChanged, 0, {"category": draw(st.sampled_from(STATES))}),
        *draw(st.sampled_from([(), _ORDER, _ORDER])),
    ]
    at = 1
    delays = st.integers(0, LATEST_MS) if draw(st.booleans()) else st.just(0)
    for pause, happening in happenings:
        before, at = at, at + pause
        one = happening(at, before)
        told.append(replace(one, late=one.late + draw(delays)))
    told.append(Told(Heartbeat, at + draw(_pauses)))
    machine = {name: value for name, value in draw(_machines).items() if value is not None}
    if "unknown_after_s" in machine and _looks_back_at_runs(machine):
        # A count that comes too late makes a run known, but no start-up and no shift begin with it.
        told = [one for one in told if not _is_too_late(one)]
    during = draw(st.sampled_from(["always", "always", "batch"]))
    is_always = during == "always"
    return Story(
        zone=zone,
        begins=begins,
        machine=machine,
        during=during,
        counts=draw(st.sampled_from(["good", "produced"])),
        breaks=draw(st.sampled_from([{}, _BREAKS])) if is_always else {},
        free=draw(st.sampled_from([(), (), (str(day),)])),
        repairs=draw(st.sampled_from([(), ((f"{day} 04:30", f"{day} 07:00"),)]))
        if is_always
        else (),
        told=tuple(one for one in told if not _is_spoken_in(one, told)),
    )
