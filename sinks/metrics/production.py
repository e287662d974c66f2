"""The family of production: batches made, released and rejected, and how long they took."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from prometheus_client.core import Metric
from pydantic import BaseModel

from schemas.kpi import OeeReport
from schemas.lab import BatchMade
from schemas.plant.load import PlantFile
from schemas.plant.model import Plant
from schemas.plant.timetable import Timetable
from schemas.quality import BatchRelease
from schemas.record import EquipmentPath
from schemas.topics import KPI_LATEST, LAB, QUALITY
from sinks.metrics.family import (
    OTHER,
    Histogram,
    Labels,
    Named,
    Reading,
    Remembered,
    begun,
    count,
    counter,
)
from sinks.metrics.units import Unit, units_of

NO_SHIFT = "none"
"""The label of what ended outside of every shift."""
MINUTES = (30, 60, 90, 120, 180, 240, 300, 480)
LITRES = (100, 250, 500, 1_000, 2_000, 5_000, 10_000, 20_000)
MOST_KNOWN = 50_000
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
_DECIDED = {"approved": "completed", "conditional": "completed", "rejected": "rejected"}

PRODUCED = Named(
    "batches_produced", "Batches that a reactor ended.", ("product_type", "reactor_id", "shift")
)
COMPLETED = Named(
    "batches_completed", "Batches approved for release.", ("product_type", "reactor_id")
)
REJECTED = Named("batches_rejected", "Batches rejected.", ("product_type", "reactor_id"))
VOLUME = Named(
    "production_volume_liters", "Good litres of each batch of a reactor.", ("product_type",)
)
CYCLE = Named(
    "batch_cycle_time_minutes",
    "From the beginning to the end of a batch at its reactor.",
    ("product_type", "reactor_id"),
)
DURATION = Named(
    "reactor_batch_duration_minutes", "How long a reactor held a batch.", ("reactor_id",)
)


class ProductionFamily:
    """Follows batches of reactors, their dispositions, and what came out of them.

    Which reactor made a batch stands on another topic than its release: what is decided waits
    for the next look, so that their order does not matter.
    """

    reads = (
        Reading(LAB, (BatchMade,)),
        Reading(QUALITY, (BatchRelease,)),
        Reading(KPI_LATEST, (OeeReport,), _DAY),
    )

    def __init__(self) -> None:
        self._plan = _Plan()
        self._known = Remembered(MOST_KNOWN)
        self._makers: dict[tuple[str, str], str] = {}
        """Reactor by product and batch."""
        self._products: dict[tuple[EquipmentPath, str], str] = {}
        self._decided: list[BatchRelease] = []
        self._emptied: list[OeeReport] = []
        self._produced: dict[Labels, int] = {}
        self._ends: dict[str, dict[Labels, int]] = {"completed": {}, "rejected": {}}
        self._volume, self._cycle = Histogram(LITRES), Histogram(MINUTES)
        self._duration = Histogram(MINUTES)

    def use(self, plant: PlantFile) -> None:
        """Know the names of this plant file: series of others end, and its own begin at 0."""
        plan = self._plan = _Plan(plant.plant)
        products, reactors = (*plan.products, OTHER), sorted(plan.shifts)
        both = [(product, reactor) for product in products for reactor in reactors]
        self._produced = begun(
            self._produced,
            [(*labels, shift) for labels in both for shift in plan.shifts[labels[1]]],
        )
        self._ends = {
            name: begun(counts, [*both, *((product, OTHER) for product in products)])
            for name, counts in self._ends.items()
        }
        self._volume.begin((product,) for product in products)
        self._cycle.begin(both)
        self._duration.begin((reactor,) for reactor in reactors)

    def take(self, record: BaseModel, *, is_news: bool) -> None:
        """Follow a record; what was known before the exporter first ran moves no counter."""
        match record:
            case BatchMade() if self._plan.reactor(record.equipment) is not None:
                self._made(record, is_news)
            case BatchRelease():
                told = _DECIDED.get(record.disposition or "", "")
                if not self._known.knew(record.record_id(), told) and told and is_news:
                    self._decided.append(record)
            case OeeReport(kind="batch", final=True, revision=0) if is_news:
                has_made = record.quantities.good or record.quantities.scrap
                if has_made and self._plan.reactor(record.equipment) is not None:
                    self._emptied.append(record)
            case _:
                pass

    def metrics(self, prefix: str, now: datetime) -> Iterator[Metric]:
        """All of it, as it is now."""
        del now
        self._settle()
        yield counter(PRODUCED, prefix, self._produced)
        yield counter(COMPLETED, prefix, self._ends["completed"])
        yield counter(REJECTED, prefix, self._ends["rejected"])
        yield self._volume.metric(VOLUME, prefix)
        yield self._cycle.metric(CYCLE, prefix)
        yield self._duration.metric(DURATION, prefix)

    def _made(self, record: BatchMade, is_news: bool) -> None:
        reactor = self._plan.reactor(record.equipment)
        if reactor is None or record.withdrawn:
            return
        _keep(self._makers, (record.product, record.batch), reactor.id)
        _keep(self._products, (record.equipment, record.batch), record.product)
        told = "" if record.end is None else "made"
        if self._known.knew(record.record_id(), told) or record.end is None or not is_news:
            return
        product, minutes = self._plan.product(record.product), (record.end - record.start) / _MINUTE
        count(self._produced, (product, reactor.id, self._plan.shift_at(reactor, record.end)))
        self._cycle.observe((product, reactor.id), minutes)
        self._duration.observe((reactor.id,), minutes)

    def _settle(self) -> None:
        """Count what was decided, now that all that was said of makers is known."""
        for one in self._decided:
            maker = self._makers.get((one.product, one.batch), OTHER)
            reactor = maker if maker in self._plan.shifts else OTHER
            told = _DECIDED[str(one.disposition)]
            count(self._ends[told], (self._plan.product(one.product), reactor))
        for report in self._emptied:
            product = self._products.get((report.equipment, report.window), OTHER)
            self._volume.observe((self._plan.product(product),), report.quantities.good)
        self._decided.clear()
        self._emptied.clear()


class _Plan:
    """The names that labels may have."""

    def __init__(self, plant: Plant | None = None) -> None:
        self.products = tuple(one.id for one in plant.products) if plant else ()
        units = units_of(plant) if plant else {}
        self._reactors = {path: one for path, one in units.items() if one.kind == "reactor"}
        calendars = plant.calendars if plant else {}
        zone = plant.time_zone if plant else "UTC"
        self._timetables = {
            name: Timetable(calendars[name], zone)
            for name in {one.calendar for one in self._reactors.values() if one.calendar}
        }
        self.shifts: Mapping[str, tuple[str, ...]] = {
            one.id: (*_shift_names(plant, one.calendar), NO_SHIFT)
            for one in self._reactors.values()
        }
        """Names of shifts by the reactor's id."""

    def reactor(self, equipment: EquipmentPath) -> Unit | None:
        """The reactor with this path."""
        return self._reactors.get(equipment)

    def product(self, name: str) -> str:
        """The label of this product."""
        return name if name in self.products else OTHER

    def shift_at(self, reactor: Unit, at: datetime) -> str:
        """The shift in which this moment lies."""
        table = self._timetables.get(reactor.calendar or "")
        if table is None:
            return NO_SHIFT
        today = at.astimezone(table.zone).date()
        for day in (today, today - _DAY):
            for shift in table.day(day).shifts:
                if shift.start <= at < shift.end:
                    return shift.name.partition("/")[2]
        return NO_SHIFT


def _shift_names(plant: Plant | None, calendar: str | None) -> Iterator[str]:
    if plant is None or calendar is None:
        return
    known = plant.calendars[calendar]
    names = {shift.name for week in known.weeks() for shift in week.shifts}
    yield from sorted(names - {NO_SHIFT})


def _keep(known: dict[tuple[str, str], str], key: tuple[str, str], value: str) -> None:
    """Remember it; the oldest is forgotten first."""
    known[key] = value
    if len(known) > MOST_KNOWN:
        del known[next(iter(known))]
