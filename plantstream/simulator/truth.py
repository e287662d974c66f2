"""What the ledger means under a plant file: intervals, seconds per category, counts, OEE."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise

from plantstream.simulator.ledger import History, Ledger, MadeEntry, StanceEntry
from plantstream.simulator.planned import edges, shift_spans
from schemas.machine import TimeCategory
from schemas.plant.equipment import Equipment
from schemas.plant.model import Plant
from schemas.record import EquipmentPath

_PARTS_OF_ACTUAL_PRODUCTION = (TimeCategory.RUNNING, TimeCategory.MINOR_STOP)
_PARTS_OF_PLANNED_BUSY = (
    *_PARTS_OF_ACTUAL_PRODUCTION,
    TimeCategory.SETUP,
    TimeCategory.UNPLANNED_STOP,
    TimeCategory.DELAY,
    TimeCategory.UNKNOWN,
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
    """Where the time truly goes: short stops are minor ones, unplanned time stands apart."""
    planned: bool
    batch: str | None
    product: str | None

    @property
    def seconds(self) -> float:
        """Its length."""
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True, slots=True)
class Counts:
    """Parts in counting units."""

    good: int = 0
    scrap: int = 0
    rework: int = 0

    @property
    def produced(self) -> int:
        """All of them."""
        return self.good + self.scrap + self.rework


@dataclass(frozen=True, slots=True)
class Truth:
    """Sums of one equipment over a window."""

    seconds: dict[TimeCategory, float]
    counts: Counts
    """Made in planned time."""
    unplanned: Counts
    """Made outside planned time; they enter no ratio."""
    ideal_good_s: float | None
    """Ideal time of the good parts; None if a part's ideal cycle is not known."""

    @property
    def planned_busy_s(self) -> float:
        """PBT; unknown time counts as a loss."""
        return sum(self.seconds.get(one, 0.0) for one in _PARTS_OF_PLANNED_BUSY)

    @property
    def actual_production_s(self) -> float:
        """APT."""
        return sum(self.seconds.get(one, 0.0) for one in _PARTS_OF_ACTUAL_PRODUCTION)

    @property
    def availability(self) -> float | None:
        """APT / PBT."""
        return self.actual_production_s / self.planned_busy_s if self.planned_busy_s else None

    @property
    def oee(self) -> float | None:
        """Ideal time of the good parts / PBT."""
        if self.ideal_good_s is None or not self.planned_busy_s:
            return None
        return self.ideal_good_s / self.planned_busy_s

    def oee_range(self, within_s: float) -> tuple[float, float] | None:
        """Where OEE may lie if planned busy time is off by so many seconds."""
        if self.ideal_good_s is None or self.planned_busy_s <= within_s:
            return None
        busy = self.planned_busy_s
        return self.ideal_good_s / (busy + within_s), self.ideal_good_s / (busy - within_s)


def intervals(
    ledger: Ledger, plant: Plant, path: EquipmentPath, until: datetime | None = None
) -> list[Interval]:
    """All of the ledger's time for this equipment: no hole, no overlap.

    With `until` the last state lasts until then, which is true of a simulator that is at rest.
    """
    if until is not None and until > ledger.end:
        ledger = replace(ledger, end=until)
    history = ledger.equipment.get(path, History())
    equipment = _equipment(plant, path)
    pieces = list(_pieces(ledger, history, equipment, plant))
    return [
        replace(piece, category=_category(piece, stopped_s, equipment.minor_stop_s))
        for piece, stopped_s in zip(pieces, _stop_lengths(pieces), strict=True)
    ]


def truth(
    ledger: Ledger, plant: Plant, path: EquipmentPath, start: datetime, end: datetime
) -> Truth:
    """Sums over [start, end); past the ledger's end its last states last, as at rest they do."""
    found = intervals(ledger, plant, path, until=end)
    seconds: Counter[TimeCategory] = Counter()
    for one in found:
        overlap = (min(one.end, end) - max(one.start, start)).total_seconds()
        if overlap > 0:
            seconds[one.category] += overlap  # type: ignore[assignment]
    history = ledger.equipment.get(path, History())
    made = [entry for entry in history.made if start <= entry.at < end]
    starts = [one.start for one in found]
    planned: list[MadeEntry] = []
    unplanned: list[MadeEntry] = []
    for entry in made:
        during = found[max(0, bisect_right(starts, entry.at) - 1)]
        (planned if during.planned else unplanned).append(entry)
    ideal = _ideal_good_s(plant, _equipment(plant, path), planned)
    return Truth(dict(seconds), _sum(planned), _sum(unplanned), ideal)


def counts(
    ledger: Ledger,
    path: EquipmentPath,
    start: datetime,
    end: datetime,
    batch: str | None = None,
) -> Counts:
    """All parts made in [start, end), planned or not; of one batch if it is named."""
    history = ledger.equipment.get(path, History())
    made = [entry for entry in history.made if start <= entry.at < end]
    return _sum([entry for entry in made if batch is None or entry.batch == batch])


def _equipment(plant: Plant, path: EquipmentPath) -> Equipment:
    found = plant.find(path)
    if found is None:
        raise ValueError(f"the plant file has no equipment {path}: the ledger is another plant's")
    return found


def _pieces(
    ledger: Ledger, history: History, equipment: Equipment, plant: Plant
) -> Iterator[Interval]:
    calendar = plant.calendars[equipment.calendar or ""]
    places = calendar.exceptions_of(equipment.id, equipment.area, equipment.line)
    calendar = calendar.with_exceptions(places)
    spans = shift_spans(calendar, plant.time_zone, ledger.start, ledger.end)
    cuts = edges(spans)
    starts = [start for start, _ in spans]
    ends = [*(entry.at for entry in history.stances[1:]), ledger.end]
    for stance, stop in zip(history.stances, ends, strict=False):
        inner = [cut for cut in cuts if stance.at < cut < stop]
        for start, end in pairwise([stance.at, *inner, stop]):
            place = bisect_right(starts, start) - 1
            on_shift = place >= 0 and start < spans[place][1]
            planned = on_shift and (calendar.during == "always" or stance.batch is not None)
            if start < end:
                yield _interval(stance, (start, end), equipment, planned=planned)


def _interval(
    stance: StanceEntry, span: tuple[datetime, datetime], equipment: Equipment, *, planned: bool
) -> Interval:
    said = _said(stance, equipment)
    named = (stance.batch, stance.product)
    return Interval(*span, stance.state, said, said, planned, *named)


def _said(stance: StanceEntry, equipment: Equipment) -> TimeCategory:
    if stance.state is None:
        return TimeCategory.UNKNOWN
    tag = next(tag for tag in equipment.tags if tag.means == "state")
    return (tag.states or {}).get(stance.state, tag.otherwise)


def _stop_lengths(pieces: Sequence[Interval]) -> list[float]:
    """For each piece the length of the whole stop it is part of; 0 where there is none."""
    lengths = [0.0] * len(pieces)
    at = 0
    while at < len(pieces):
        end = at + 1
        if pieces[at].said is TimeCategory.UNPLANNED_STOP:
            while end < len(pieces) and pieces[end].said is TimeCategory.UNPLANNED_STOP:
                end += 1
            whole = pieces[end - 1].end - pieces[at].start
            lengths[at:end] = [whole / timedelta(seconds=1)] * (end - at)
        at = end
    return lengths


def _category(piece: Interval, stopped_s: float, minor_stop_s: int) -> TimeCategory:
    if not piece.planned:
        running = piece.said is TimeCategory.RUNNING
        return TimeCategory.UNPLANNED_RUNNING if running else TimeCategory.NOT_SCHEDULED
    if piece.said is TimeCategory.UNPLANNED_STOP and stopped_s < minor_stop_s:
        return TimeCategory.MINOR_STOP
    return piece.said


def _ideal_good_s(plant: Plant, equipment: Equipment, made: Sequence[MadeEntry]) -> float | None:
    cycles = {product.id: product.ideal_us(equipment.id, date.max) for product in plant.products}
    total_us = 0
    for entry in made:
        cycle = cycles.get(entry.product or "")
        if cycle is None:
            return None
        total_us += entry.good * cycle
    return total_us / 1e6


def _sum(made: Sequence[MadeEntry]) -> Counts:
    return Counts(
        sum(entry.good for entry in made),
        sum(entry.scrap for entry in made),
        sum(entry.rework for entry in made),
    )
