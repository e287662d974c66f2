"""Stops: what the device said of them, what people said of them, and what follows. Pure values.

A stop is a maximal span of one state category that is no production. Its *spans* say what each part
of it was by device, order and calendar; its *claims* say what people gave as a reason. What a part
of it counts as follows from both, and from whether the stop was a minor one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from schemas.machine import TimeCategory
from schemas.record import EventId

STOPPED = frozenset(
    {
        TimeCategory.PLANNED_STOP,
        TimeCategory.SETUP,
        TimeCategory.UNPLANNED_STOP,
        TimeCategory.DELAY,
        TimeCategory.MINOR_STOP,
    }
)
"""Categories in which an equipment stands still."""
COUNTED_AS = {
    TimeCategory.UNPLANNED_STOP: "breakdowns",
    TimeCategory.DELAY: "delays",
    TimeCategory.SETUP: "setups",
    TimeCategory.PLANNED_STOP: "planned_stops",
    TimeCategory.MINOR_STOP: "minor_stops",
}
"""The field of `StopCounts` for each category."""


class Judged(NamedTuple):
    """What a moment of a stop counts as."""

    category: TimeCategory
    reason: str | None


class Span(NamedTuple):
    """From `start` to the next span, or to the end of the stop, it was this."""

    start: datetime
    batch: str | None
    product: str | None
    category: TimeCategory
    """By rule, calendar or state. `UNKNOWN` where nobody saw it; `RUNNING` in a run after it of
    which nobody knows yet whether it ends the stop."""
    reason: str | None
    instead: Judged | None = None
    """What it was if it was only silent and a late count says that somebody was there."""


class Claim(NamedTuple):
    """The reason that a person gave, for all of the stop or for what lies between two moments."""

    said_at: datetime
    event: EventId
    start: datetime | None
    end: datetime | None
    reason: str
    category: TimeCategory | None
    by: str

    @property
    def order(self) -> tuple[datetime, str]:
        """What was said later comes later."""
        return self.said_at, str(self.event)

    def covers(self, at: datetime) -> bool:
        """Whether it speaks of this moment."""
        return (self.start is None or self.start <= at) and (self.end is None or at < self.end)


@dataclass(frozen=True, slots=True)
class StopLog:
    """One stop. The claim that was said last wins."""

    start: datetime
    end: datetime | None
    """When it ended, or would have ended if the run after it does not turn out too short."""
    raw: TimeCategory
    state: str | None
    spans: tuple[Span, ...]
    claims: tuple[Claim, ...] = ()
    lasted: bool = False
    """Whether it has lasted too long for a minor stop."""
    planned_at: datetime | None = None
    """Its first moment in planned time that was seen."""

    def claim_at(self, at: datetime) -> Claim | None:
        """The claim that wins at this moment."""
        for claim in reversed(self.claims):
            if claim.covers(at):
                return claim
        return None

    def judged(self, span: Span, at: datetime) -> Judged:
        """What a planned moment of this span counts as."""
        category, reason = span.category, span.reason
        if category not in STOPPED:
            return Judged(category, None)
        claim = self.claim_at(at) if self.claims else None
        if claim is not None:
            category, reason = claim.category or category, claim.reason
        if category is TimeCategory.UNPLANNED_STOP and not self.lasted:
            category = TimeCategory.MINOR_STOP
        return Judged(category, reason)

    def span_at(self, at: datetime) -> Span:
        """The span that holds this moment."""
        found = self.spans[0]
        for span in self.spans:
            if span.start <= at:
                found = span
        return found

    def judged_at(self, at: datetime) -> Judged:
        """What a planned moment counts as."""
        return self.judged(self.span_at(at), at)

    def cuts(self, start: datetime, end: datetime) -> list[datetime]:
        """Moments between these two at which a claim begins or ends."""
        edges = (edge for claim in self.claims for edge in (claim.start, claim.end) if edge)
        return sorted({edge for edge in edges if start < edge < end})

    def parts(self, until: datetime) -> Iterator[tuple[Span, datetime, datetime]]:
        """Its spans with their ends; the last one lasts until here."""
        ends = (*(span.start for span in self.spans[1:]), until)
        for span, end in zip(self.spans, ends, strict=True):
            if span.start < end:
                yield span, span.start, end

    @property
    def counted_as(self) -> str | None:
        """The field of `StopCounts` that it counts in, if it began in planned time."""
        if self.planned_at != self.start:
            return None
        return COUNTED_AS[self.judged_at(self.start).category]

    def told_reason(self, until: datetime) -> tuple[str | None, str | None]:
        """Its reason and who gave it: what holds at its first planned moment, or else was said."""
        at = self.planned_at or self.start
        said = [one for one in self.claims if one.start is None or one.start < until]
        claim = self.claim_at(at) or (said[-1] if said else None)
        if claim is not None:
            return claim.reason, claim.by
        return self.span_at(at).reason, None
