"""What rules look at, by name: the newest value of a tag, a state, calls, alarms, figures.

A signal has the time of the newest fact of it. What is older than that is late. Calls and alarms
are sets of things that each have times of their own.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from processors.rules.times import NEVER

STATE, BATCH, MAINTAINED, CALLS, ALARMS, EQUIPMENT_HEARD = (
    "state",
    "batch",
    "maintenance",
    "calls",
    "alarms",
    "heard|equipment",
)
RELEASE, DEVIATIONS = "release", "deviations"
"""Of a product: since when which batch waits for longest; the most severe open deviation."""
_MAX_MEMBERS = 100
"""Calls, and alarms, that are remembered of one equipment."""
_STEPS = 60
"""Values that are kept of the span over which a rate is taken."""


class Signal(NamedTuple):
    """The newest that is known, and since when; None is not known."""

    at: int
    value: Any


class Fact(NamedTuple):
    """From `at` on, this is so."""

    at: int
    name: str
    value: Any


class Late(NamedTuple):
    """From `at` to `until` something was so, as is known now."""

    at: int
    until: int
    signal: Signal


Signals = Mapping[str, Signal]


def tag(name: str) -> str:
    """The newest sample of a tag."""
    return f"tag|{name}"


def trace(name: str, per: int) -> str:
    """The last values of a tag, over at least `per` microseconds."""
    return f"trace|{name}|{per}"


def heard(name: str) -> str:
    """When a tag last had a value, or the equipment said something (see `EQUIPMENT_HEARD`)."""
    return f"heard|tag|{name}"


def source_heard(name: str) -> str:
    """When a source was last connected."""
    return f"heard|source|{name}"


def hour(equipment: str) -> str:
    """The facts of the rolling hour of an equipment."""
    return f"hour|{equipment}"


def quality(window: str, area: str) -> str:
    """Results and batches judged in a window, of a compliance area; '' is the whole product."""
    return f"quality|{window}|{area}"


def counted(kind: str) -> str:
    """Things of this kind that happened."""
    return f"count|{kind}"


def is_small(name: str) -> bool:
    """Whether it is one value, which is kept with the others in one row."""
    return name.startswith(("tag|", "heard|")) or name in {STATE, BATCH, MAINTAINED}


def extended(known: Signal | None, at: int, value: float, per: int) -> Signal:
    """The trace with one more value: the last one of each sixtieth of `per`, as far back as `per`.

    One value from before `per` stays: it is what held when the span began.
    """
    points: tuple[Any, ...] = known.value if known else ()
    grain = max(per // _STEPS, 1)
    if len(points) > 1 and points[-1][0] // grain == at // grain:
        points = points[:-1]
    first = 0
    while first + 1 < len(points) and points[first + 1][0] <= at - per:
        first += 1
    return Signal(at, (*points[first:], (at, value)))


def lost(
    name: str, at: int, known: Signals, spans: Mapping[str, Sequence[int]]
) -> dict[str, Signal]:
    """A value of a tag is missing: how fast it changes is not known from before."""
    traces = (trace(name, per) for per in spans.get(name, ()))
    return {one: Signal(at, ()) for one in traces if one in known}


class Call(NamedTuple):
    """A call for help; one that was cleared before it was heard of has no priority."""

    name: str
    priority: str
    kind: str
    raised_at: int
    cleared_at: int | None = None


def _calls(known: Signal | None) -> dict[str, Call]:
    found = (Call._make(one) for one in (known.value if known else ()))
    return {one.name: one for one in found}


def raised(known: Signal | None, call: Call) -> tuple[Signal | None, Late | None]:
    """The calls with one more; the second says that it is over already."""
    calls = _calls(known)
    old = calls.get(call.name)
    if (
        old is not None
        and old.cleared_at is not None
        and old.cleared_at >= call.raised_at > old.raised_at
    ):
        over = call._replace(cleared_at=old.cleared_at)
        late = Late(call.raised_at, old.cleared_at, Signal(NEVER, (tuple(call),)))
        return _members(calls | {call.name: over}), late
    if old is not None and old.raised_at >= call.raised_at:
        return None, None
    return _members(calls | {call.name: call}), None


def cleared(known: Signal | None, name: str, at: int) -> Signal | None:
    """The calls without the one of this name that was raised before; None if nothing changes."""
    calls = _calls(known)
    old = calls.get(name, Call(name, "", "", NEVER, None))
    if at < old.raised_at or (old.cleared_at is not None and _is_known(old, at)):
        return None
    return _members(calls | {name: old._replace(cleared_at=at)})


def _is_known(call: Call, cleared_at: int) -> bool:
    """The first clearing after a call counts; of a call not heard of yet, the last one."""
    known = call.cleared_at or NEVER
    return known >= cleared_at if call.raised_at == NEVER else known <= cleared_at


def _members(calls: Mapping[str, Call]) -> Signal:
    kept = sorted(calls.values(), key=lambda one: (one.cleared_at is not None, -one.raised_at))
    return Signal(NEVER, tuple(tuple(one) for one in kept[:_MAX_MEMBERS]))


class Maintenance(NamedTuple):
    """People maintain the equipment, or no longer do."""

    is_on: bool
    is_planned: bool = False
    told: str = ""
    """The order, or what was said of it."""


class Alarm(NamedTuple):
    """An alarm or condition of a device, as it is since `at`."""

    condition: str
    severity: int
    active: bool
    at: int
    text: str


def _alarms(known: Signal | None) -> dict[str, Alarm]:
    found = (Alarm._make(one) for one in (known.value if known else ()))
    return {one.condition: one for one in found}


def alarmed(known: Signal | None, alarm: Alarm) -> tuple[Signal | None, Late | None]:
    """The alarms with what is new of one; the second says that it was so and is no more."""
    alarms = _alarms(known)
    old = alarms.get(alarm.condition)
    if old is not None and alarm.at < old.at:
        was = alarm.active and not old.active
        return None, Late(alarm.at, old.at, Signal(NEVER, (tuple(alarm),))) if was else None
    if old == alarm:
        return None, None
    kept = sorted(
        (alarms | {alarm.condition: alarm}).values(),
        key=lambda one: (not one.active, -one.severity, -one.at),
    )
    return Signal(NEVER, tuple(tuple(one) for one in kept[:_MAX_MEMBERS])), None


def frozen(value: Any) -> Any:
    """Lists as tuples, through and through: as they were before they were written down."""
    return tuple(frozen(one) for one in value) if isinstance(value, list) else value


class Counted(NamedTuple):
    """Something that happened, named so that it counts once."""

    at: int
    name: str
    equipment: str


MAX_COUNTED = 500
"""Things of one kind that are held in a window."""


def happened(known: Signal | None, one: Counted, keep: int) -> Signal | None:
    """The things with one more, those of the last `keep` microseconds; None if it is known."""
    members: tuple[Any, ...] = known.value if known else ()
    if any(member[1] == one.name for member in members):
        return None
    newest = max(one.at, known.at if known else NEVER)
    held = sorted((*members, tuple(one)))[-MAX_COUNTED:]
    return Signal(newest, tuple(it for it in held if it[0] > newest - keep))


def taken_back(known: Signal | None, name: str) -> Signal | None:
    """The things without this one; None if it was not among them."""
    members = known.value if known else ()
    left = tuple(one for one in members if one[1] != name)
    return None if known is None or len(left) == len(members) else Signal(known.at, left)
