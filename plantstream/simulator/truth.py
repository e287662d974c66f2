"""What the ledger means under a plant file: time, counts, reasons, losses, OEE."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from plantstream.simulator.judged import Interval, Judgement, judge
from plantstream.simulator.ledger import History, Ledger, MadeEntry
from plantstream.simulator.registered import Parts, registered
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
class Ideal:
    """Ideal time in seconds of what was produced in planned time."""

    produced_s: float
    good_s: float
    startup_s: float
    """Of start-up rejects."""


@dataclass(frozen=True, slots=True)
class Truth:
    """Sums of one equipment over a window."""

    seconds: dict[TimeCategory, float]
    counts: Counts
    """Made in planned time."""
    unplanned: Counts
    """Made outside planned time; they enter no ratio."""
    startup: Counts
    """The part of `counts` that was registered while starting up; its good ones are no rejects."""
    ideal: Ideal | None
    """None if a part's ideal cycle is not known."""
    stops: dict[TimeCategory, int]
    """How many stops began in planned time."""
    reasons: dict[tuple[str, str], float]
    """Seconds of planned time by category and reason."""

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
        if self.ideal is None or not self.planned_busy_s:
            return None
        return self.ideal.good_s / self.planned_busy_s

    @property
    def losses(self) -> dict[str, float | None]:
        """Seconds lost by each of the seven losses; with `ideal.good_s` they are all of PBT."""
        spent, ideal = self.seconds, self.ideal
        running = spent.get(TimeCategory.RUNNING, 0.0)
        down = (TimeCategory.UNPLANNED_STOP, TimeCategory.DELAY)
        return {
            "breakdown": sum(spent.get(one, 0.0) for one in down),
            "setup": spent.get(TimeCategory.SETUP, 0.0),
            "minor stops": spent.get(TimeCategory.MINOR_STOP, 0.0),
            "speed": running - ideal.produced_s if ideal else None,
            "defects": ideal.produced_s - ideal.good_s - ideal.startup_s if ideal else None,
            "start-up": ideal.startup_s if ideal else None,
            "unknown": spent.get(TimeCategory.UNKNOWN, 0.0),
        }

    def oee_range(self, within_s: float) -> tuple[float, float] | None:
        """Where OEE may lie if planned busy time is off by so many seconds."""
        if self.ideal is None or self.planned_busy_s <= within_s:
            return None
        busy, good_s = self.planned_busy_s, self.ideal.good_s
        return good_s / (busy + within_s), good_s / (busy - within_s)


def judgement(
    ledger: Ledger, plant: Plant, path: EquipmentPath, until: datetime | None = None
) -> Judgement:
    """All of the ledger's time for this equipment: no hole, no overlap.

    With `until` the last state lasts until then, which is true of a simulator that is at rest.
    """
    if until is not None and until > ledger.end:
        ledger = replace(ledger, end=until)
    history = ledger.equipment.get(path, History())
    return judge(ledger, history, _equipment(plant, path), plant)


def intervals(ledger: Ledger, plant: Plant, path: EquipmentPath) -> Sequence[Interval]:
    """The stretches of the ledger's time in which nothing changed."""
    return judgement(ledger, plant, path).intervals


def truth(
    ledger: Ledger, plant: Plant, path: EquipmentPath, start: datetime, end: datetime
) -> Truth:
    """Sums over [start, end); past the ledger's end its last states last, as at rest they do."""
    judged = judgement(ledger, plant, path, until=end)
    seconds: Counter[TimeCategory] = Counter()
    reasons: Counter[tuple[str, str]] = Counter()
    for one in judged.intervals:
        overlap = (min(one.end, end) - max(one.start, start)).total_seconds()
        if overlap > 0:
            seconds[one.category] += overlap  # type: ignore[assignment]
            if one.reason is not None:
                reasons[one.category, one.reason] += overlap  # type: ignore[assignment]
    begun = (judged.intervals[first] for first, _ in judged.stops)
    stops = Counter(one.category for one in begun if one.planned and start <= one.start < end)
    parts = list(registered(ledger, plant, path, judged, (start, end)))
    return Truth(
        seconds=dict(seconds),
        counts=_sum(one for one in parts if one.planned),
        unplanned=_sum(one for one in parts if not one.planned),
        startup=_sum(one for one in parts if one.planned and one.startup),
        ideal=_ideal(plant, _equipment(plant, path), [one for one in parts if one.planned]),
        stops=dict(stops),
        reasons=dict(reasons),
    )


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


def _ideal(plant: Plant, equipment: Equipment, parts: Sequence[Parts]) -> Ideal | None:
    cycles = {product.id: product.ideal_us(equipment.id, date.max) for product in plant.products}
    produced = good = startup = 0
    for one in parts:
        cycle = cycles.get(one.product or "")
        if cycle is None:
            return None
        produced += (one.good + one.scrap + one.rework) * cycle
        good += one.good * cycle
        startup += one.startup * (one.scrap + one.rework) * cycle
    return Ideal(produced / 1e6, good / 1e6, startup / 1e6)


def _sum(parts: Iterable[Parts | MadeEntry]) -> Counts:
    good = scrap = rework = 0
    for one in parts:
        good, scrap, rework = good + one.good, scrap + one.scrap, rework + one.rework
    return Counts(good, scrap, rework)
