"""What every moment of a ledger counts as: state, order, calendar, and what people said of it.

It is found from the ledger and the plant file alone: the pipeline has its own way to the same.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from plantstream.simulator.circumstances import (
    Circumstances,
    circumstances,
    ruled,
)
from plantstream.simulator.ledger import History, Ledger, SaidEntry, StanceEntry
from schemas.machine import TimeCategory
from schemas.plant.equipment import Equipment, Reason
from schemas.plant.model import Plant

STANDING = frozenset(
    {
        TimeCategory.PLANNED_STOP,
        TimeCategory.SETUP,
        TimeCategory.UNPLANNED_STOP,
        TimeCategory.DELAY,
    }
)


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch in which nothing changed."""

    start: datetime
    end: datetime
    state: str | None
    """The device's number for its state; None while it cannot be read."""
    said: TimeCategory
    """What the plant file maps the state to."""
    category: TimeCategory
    """Where the time truly goes."""
    planned: bool
    batch: str | None
    product: str | None
    reason: str | None = None
    in_shift: bool = False
    """In a shift, and with a batch where only batches are planned; perhaps in a break."""
    ruled: TimeCategory = TimeCategory.UNKNOWN
    """What it is by rule or state, before people spoke."""

    @property
    def seconds(self) -> float:
        """Its length."""
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True, slots=True)
class Judgement:
    """All of an equipment's time, and its stops as places in `intervals`."""

    intervals: Sequence[Interval]
    stops: Sequence[tuple[int, int]]


def judge(ledger: Ledger, history: History, equipment: Equipment, plant: Plant) -> Judgement:
    """Every interval from the ledger's begin to its end: no hole, no overlap."""
    around = circumstances(ledger, history, equipment, plant)
    pieces = list(_ruled(_pieces(ledger, history, equipment, around), equipment, around))
    stops = list(_stops(pieces, equipment.min_run_s))
    for first, last in stops:
        pieces[first:last] = _explained(pieces[first:last], history, equipment, plant.reasons)
    return Judgement([_placed(one) for one in pieces], stops)


def _pieces(
    ledger: Ledger, history: History, equipment: Equipment, around: Circumstances
) -> Iterator[Interval]:
    reason: str | None = None
    before: str | None = None
    gives_reasons = any(tag.means == "stop_reason" for tag in equipment.tags)
    ends = [*(entry.at for entry in history.stances[1:]), ledger.end]
    for stance, stop in zip(history.stances, ends, strict=False):
        # A controller that gives no reason any more takes back none while it stands as before.
        kept = reason if stance.state == before else None
        reason = (stance.reason or kept) if gives_reasons else None
        before = stance.state
        inner = [cut for cut in around.cuts if stance.at < cut < stop]
        for start, end in pairwise([stance.at, *inner, stop]):
            if start < end:
                yield _interval(stance, (start, end, reason), equipment, around)


def _interval(
    stance: StanceEntry,
    piece: tuple[datetime, datetime, str | None],
    equipment: Equipment,
    around: Circumstances,
) -> Interval:
    start, end, reason = piece
    said = _said(stance, equipment)
    is_open = not around.during_batch or stance.batch is not None
    return Interval(
        start,
        end,
        stance.state,
        said,
        said,
        planned=is_open and around.is_planned(start),
        batch=stance.batch,
        product=stance.product,
        reason=reason if said in STANDING else None,
        in_shift=is_open and around.shift_at(start) is not None,
    )


def _said(stance: StanceEntry, equipment: Equipment) -> TimeCategory:
    if stance.state is None:
        return TimeCategory.UNKNOWN
    tag = next(tag for tag in equipment.tags if tag.means == "state")
    return (tag.states or {}).get(stance.state, tag.otherwise)


def _ruled(
    pieces: Iterator[Interval], equipment: Equipment, around: Circumstances
) -> Iterator[Interval]:
    """What the plant file's rules make of each stretch."""
    ran_in: datetime | None = None
    for piece in pieces:
        shift = around.shift_at(piece.start)
        category, reason = piece.said, piece.reason
        if piece.said is TimeCategory.RUNNING and shift is not None:
            ran_in = shift
        elif piece.said in STANDING:
            holds = around.holding(piece.start, piece.batch, has_run=shift in {None, ran_in})
            category, reason = ruled((piece.said, piece.state, reason), holds, equipment.rules)
        yield replace(piece, category=category, ruled=category, reason=reason)


def _stops(pieces: Sequence[Interval], min_run_s: float) -> Iterator[tuple[int, int]]:
    """First and last place (behind it) of each stop; runs that are too short end none."""
    at = 0
    while at < len(pieces):
        if pieces[at].said not in STANDING:
            at += 1
            continue
        end, going = at, True
        while going:
            stood = _while(pieces, end, pieces[at].said)
            ran = _while(pieces, stood, TimeCategory.RUNNING)
            going = stood < ran < len(pieces) and pieces[ran].said in STANDING
            going = going and _length(pieces[stood:ran]) < min_run_s
            end = ran if going else stood
            going = going and pieces[ran].said is pieces[at].said
        yield at, end
        at = end


def _while(pieces: Sequence[Interval], at: int, said: TimeCategory) -> int:
    while at < len(pieces) and pieces[at].said is said:
        at += 1
    return at


def _length(pieces: Sequence[Interval]) -> float:
    return (pieces[-1].end - pieces[0].start).total_seconds()


def _explained(
    stop: Sequence[Interval],
    history: History,
    equipment: Equipment,
    reasons: Mapping[str, Reason],
) -> Iterator[Interval]:
    """The stop with the reason that a person gave for it, and as a minor one if it was short."""
    given = _given(stop, history.said)
    known = reasons.get(given) if given is not None else None
    is_minor = _length(stop) < equipment.minor_stop_s
    stood = stop[0]
    for piece in stop:
        if piece.said is not TimeCategory.RUNNING:
            stood = piece
        category = TimeCategory(known.category) if known and known.category else stood.ruled
        if category is TimeCategory.UNPLANNED_STOP and is_minor:
            category = TimeCategory.MINOR_STOP
        yield replace(piece, category=category, reason=given or stood.reason)


def _given(stop: Sequence[Interval], said: Sequence[SaidEntry]) -> str | None:
    """The code given for this stop; of several the one that speaks of the latest moment."""
    found = [
        (one.time, str(one.statement["reason"]))
        for one in said
        if one.statement["type"] == "stop_reason_given" and stop[0].start <= one.time < stop[-1].end
    ]
    return max(found)[1] if found else None


def _placed(piece: Interval) -> Interval:
    """Outside of planned time nothing is a loss."""
    if piece.planned:
        return piece
    category = TimeCategory.NOT_SCHEDULED
    if piece.category is TimeCategory.RUNNING:
        category = TimeCategory.UNPLANNED_RUNNING
    elif piece.in_shift:
        category = TimeCategory.PLANNED_STOP
    return replace(piece, category=category, reason=None)


def place_at(intervals: Sequence[Interval], at: datetime) -> int:
    """The place of the interval that holds this moment."""
    return max(0, bisect_right(intervals, at, key=lambda one: one.start) - 1)
