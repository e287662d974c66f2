"""Which cycles an event completes: from states, from counters, or as the machine says it."""

from datetime import datetime
from typing import NamedTuple

from processors.cycles.context import Context
from schemas.machine import (
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

_RUNNING = {TimeCategory.RUNNING, TimeCategory.UNPLANNED_RUNNING}
_INTERRUPTING = {TimeCategory.UNPLANNED_STOP, TimeCategory.MINOR_STOP}
_HIDING = {*_INTERRUPTING, TimeCategory.UNKNOWN, None}
"""A run that follows or ends in one of these is no whole cycle."""
_TIMING = frozenset({Gap, StateChanged, PartsCounted})
_SIGNS_OF_LIFE = frozenset(
    {
        *(StateChanged, PartsCounted, BatchStarted, BatchEnded),
        *(ProductChanged, CounterReset, Gap, Heartbeat),
    }
)


class Lap(NamedTuple):
    """So many cycles, one after the other, from `since` to the moment of the event."""

    since: datetime
    units: int


class Watch(NamedTuple):
    """What must be known to time the next cycle."""

    category: TimeCategory | None = None
    """As last said; None where nothing was said since a gap."""
    made: tuple[str | None, str | None] | None = None
    """Batch and product."""
    signal_at: datetime | None = None
    """The last sign of life."""
    run_since: datetime | None = None
    """The beginning of a run that may become a cycle."""
    counted_at: datetime | None = None
    """The last count after which nothing kept the next cycle from being one."""
    stop_since: datetime | None = None
    """The beginning of an unplanned stop."""


def units_of(event: PartsCounted, *, counts_produced: bool) -> int:
    """Units that the count says were made; a counter of all parts sees the bad ones as well."""
    judged = 0 if counts_produced else event.scrap + event.rework
    return event.produced + event.good + judged


def observe(
    watch: Watch, event: MachineRecord, at: datetime, context: Context
) -> tuple[Watch, Lap | None]:
    """The watch after an event, in order of source time, and the cycles that it completed."""
    watch = _as_made(_as_seen(watch, event, at, context), context)
    if type(event) not in _TIMING:
        return watch, None
    match event, context.plan.cycles:
        case Gap(), _:
            return _blind(watch), None
        case StateChanged(category=category), "states":
            return _run(watch, category, at)
        case StateChanged(category=category), _:
            return _stand(watch, category, at, context), None
        case PartsCounted(), "counters":
            units = units_of(event, counts_produced=context.plan.counts_produced)
            return _count(watch, units, at, context) if units else (watch, None)
        case _:
            return watch, None


def _as_seen(watch: Watch, event: MachineRecord, at: datetime, context: Context) -> Watch:
    if type(event) not in _SIGNS_OF_LIFE:
        return watch
    patience = context.plan.unknown_after
    if patience is not None and watch.signal_at is not None and at - watch.signal_at > patience:
        watch = _blind(watch)
    timed = watch.run_since, watch.counted_at, watch.stop_since
    return Watch(watch.category, watch.made, at, *timed)


def _as_made(watch: Watch, context: Context) -> Watch:
    made = (context.batch, context.product)
    if watch.made == made:
        return watch
    return watch._replace(made=made, run_since=None, counted_at=None)


def _blind(watch: Watch) -> Watch:
    """Nobody saw what happened: whatever was being timed is no cycle."""
    return watch._replace(category=None, run_since=None, counted_at=None, stop_since=None)


def _run(watch: Watch, category: TimeCategory, at: datetime) -> tuple[Watch, Lap | None]:
    """A run is a cycle if it began and ended otherwise than in an interruption."""
    was_running, is_running = watch.category in _RUNNING, category in _RUNNING
    before, since = watch.category, watch.run_since
    watch = watch._replace(category=category)
    if is_running and not was_running:
        return watch._replace(run_since=None if before in _HIDING else at), None
    if is_running or since is None:
        return watch, None
    whole = category not in _HIDING and at > since
    return watch._replace(run_since=None), Lap(since, 1) if whole else None


def _stand(watch: Watch, category: TimeCategory, at: datetime, context: Context) -> Watch:
    """Only a minor stop may lie between two counts that time a cycle."""
    before = watch.category
    watch = watch._replace(category=category)
    if category in _RUNNING:
        undisturbed = before in {*_RUNNING, None} or _is_minor(watch, at, context)
        counted_at = watch.counted_at if undisturbed else None
        return watch._replace(stop_since=None, counted_at=counted_at)
    if category in _INTERRUPTING:
        return watch if before in _INTERRUPTING else watch._replace(stop_since=at)
    return watch._replace(stop_since=None, counted_at=None)


def _count(watch: Watch, units: int, at: datetime, context: Context) -> tuple[Watch, Lap | None]:
    free = watch.category in {*_RUNNING, None} or _is_minor(watch, at, context)
    if not free:
        return watch._replace(counted_at=None), None
    lap = None if watch.counted_at is None else Lap(watch.counted_at, units)
    return watch._replace(counted_at=at), lap


def _is_minor(watch: Watch, at: datetime, context: Context) -> bool:
    """Whether the unplanned stop is a minor one so far; its first moment is no stop yet."""
    since = watch.stop_since
    return since is not None and (at == since or at - since < context.plan.minor_stop)
