"""Calls for help: raised, and cleared. The order in which the two arrive does not matter."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from schemas.manual import AndonCleared, AndonRaised
from schemas.stops import AndonCall

MAX_CALLS = 30
"""Calls that are remembered; beyond this the oldest cleared ones are forgotten, then open ones."""
MAX_CLEARED = 20


@dataclass(frozen=True, slots=True)
class Calls:
    """What is remembered of calls and of clearings that may be ahead of their call."""

    calls: tuple[AndonCall, ...] = ()
    cleared: tuple[AndonCleared, ...] = ()


def raise_call(calls: Calls, event: AndonRaised) -> Calls:
    """Somebody calls; the clearing may be known already."""
    call = AndonCall(
        run=event.run,
        plant_version=event.plant_version,
        equipment=event.equipment,
        andon=event.andon,
        kind=event.kind,
        priority=event.priority,
        raised_at=event.source_time,
        raised_by=event.by,
        comment=event.comment,
    )
    others = (one for one in calls.calls if one.record_id() != call.record_id())
    for cleared in calls.cleared:
        call = _cleared(call, cleared)
    return replace(calls, calls=_bounded((*others, call)))


def clear_call(calls: Calls, event: AndonCleared) -> Calls:
    """All calls of this name that were raised before are over."""
    return Calls(
        tuple(_cleared(call, event) for call in calls.calls),
        (*calls.cleared, event)[-MAX_CLEARED:],
    )


def changed_calls(before: Calls, after: Calls) -> Iterator[AndonCall]:
    """Calls of which there is news."""
    known = {call.record_id(): call for call in before.calls}
    for call in after.calls:
        if known.get(call.record_id()) != call:
            yield call


def _cleared(call: AndonCall, event: AndonCleared) -> AndonCall:
    """The call, over if this clears it: the first clearing after it was raised counts."""
    at = event.source_time
    if call.andon != event.andon or at < call.raised_at or not _is_first(call.cleared_at, at):
        return call
    comment = event.comment or call.comment
    return call.model_copy(update={"cleared_at": at, "cleared_by": event.by, "comment": comment})


def _is_first(known: datetime | None, at: datetime) -> bool:
    return known is None or at < known


def _bounded(calls: tuple[AndonCall, ...]) -> tuple[AndonCall, ...]:
    if len(calls) <= MAX_CALLS:
        return calls
    oldest = min(calls, key=lambda one: (one.cleared_at is None, one.raised_at))
    return tuple(call for call in calls if call is not oldest)
