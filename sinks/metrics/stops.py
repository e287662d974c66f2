"""The family of stops and calls: downtime, maintenance, and calls for help."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import get_args

from prometheus_client.core import Metric
from pydantic import BaseModel

from schemas.machine import TimeCategory
from schemas.manual import Priority
from schemas.plant.load import PlantFile
from schemas.record import EquipmentPath
from schemas.stops import AndonCall, Stop
from schemas.topics import SITE
from sinks.metrics.family import OTHER, Labels, Named, Reading, begun, count, counter, gauge
from sinks.metrics.units import Unit, units_of

MOST_STOPS = 20_000
MOST_CALLS = 10_000
MOST_TYPES = 20
"""So many types of calls have a label of their own: the plant file does not name them."""
PRIORITIES: tuple[str, ...] = get_args(Priority)
_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)
_DOWN = frozenset({TimeCategory.UNPLANNED_STOP, TimeCategory.MINOR_STOP})

DOWNTIME = Named(
    "station_downtime_minutes",
    "Unplanned stops in planned time, minor ones and the one that goes on included.",
    ("station_id",),
)
MAINTENANCE = Named(
    "reactor_maintenance_hours", "Stops for maintenance, by their reason.", ("reactor_id",)
)
STANDING = Named(
    "equipment_unplanned_stop_seconds",
    "How long the unplanned stop that goes on has lasted; 0 if there is none.",
    ("equipment", "line"),
)
CALLS = Named("andon_events", "Calls for help that were raised.", ("priority", "type"))
OPEN_CALLS = Named("andon_calls_open", "Calls for help that nobody has cleared.", ("priority",))


@dataclass(slots=True)
class _Span:
    """A stop, and up to where it is counted."""

    stop: Stop
    until: datetime | None
    """None of one that was known before: it counts from the next look on."""


class StopsFamily:
    """Follows stops of all equipment."""

    reads = (Reading(SITE, (Stop,)),)

    def __init__(self) -> None:
        self._units: Mapping[EquipmentPath, Unit] = {}
        self._spans: dict[str, _Span] = {}
        self._down: dict[Labels, timedelta] = {}
        self._maintained: dict[Labels, timedelta] = {}

    def use(self, plant: PlantFile) -> None:
        """Know the names of this plant file: series of others end, and its own begin at 0."""
        self._units = units_of(plant.plant)
        kinds = {(one.id,): one.kind for one in self._units.values()}
        nothing = timedelta(0)
        self._down = {
            labels: self._down.get(labels, nothing)
            for labels, kind in kinds.items()
            if kind == "station"
        }
        self._maintained = {
            labels: self._maintained.get(labels, nothing)
            for labels, kind in kinds.items()
            if kind == "reactor"
        }

    def take(self, record: BaseModel, *, is_news: bool) -> None:
        """Follow a record; what was known before the exporter first ran moves no counter."""
        if not isinstance(record, Stop):
            return
        name = record.record_id()
        known = self._spans.pop(name, None)
        fresh_from = record.start if is_news else record.end
        self._spans[name] = _Span(record, known.until if known else fresh_from)
        if len(self._spans) > MOST_STOPS:
            del self._spans[next(iter(self._spans))]

    def metrics(self, prefix: str, now: datetime) -> Iterator[Metric]:
        """All of it, as it is now."""
        self._count(now)
        down = {labels: spent / _MINUTE for labels, spent in self._down.items()}
        yield counter(DOWNTIME, prefix, down)
        spent = {labels: spent / _HOUR for labels, spent in self._maintained.items()}
        yield counter(MAINTENANCE, prefix, spent)
        yield gauge(STANDING, prefix, self._standing(now))

    def _count(self, now: datetime) -> None:
        """Add what has passed of each stop since the last look; a counter goes up only."""
        for span in self._spans.values():
            end = min(span.stop.end or now, now)
            if span.until is None or end <= span.until:
                span.until = span.until or end
                continue
            unit = self._units.get(span.stop.equipment)
            if unit is not None:
                self._add(unit, span.stop, end - span.until)
            span.until = end

    def _add(self, unit: Unit, stop: Stop, passed: timedelta) -> None:
        labels = (unit.id,)
        if stop.category in _DOWN and labels in self._down:
            self._down[labels] += passed
        if stop.reason in unit.maintenance and labels in self._maintained:
            self._maintained[labels] += passed

    def _standing(self, now: datetime) -> dict[Labels, float]:
        found: dict[Labels, float] = {(unit.id, unit.line): 0.0 for unit in self._units.values()}
        for span in self._spans.values():
            stop, unit = span.stop, self._units.get(span.stop.equipment)
            is_open = stop.end is None and stop.category == TimeCategory.UNPLANNED_STOP
            if unit is not None and is_open:
                labels = (unit.id, unit.line)
                found[labels] = max(found[labels], (now - stop.start).total_seconds())
        return found


class AndonFamily:
    """Follows calls for help."""

    reads = (Reading(SITE, (AndonCall,)),)

    def __init__(self) -> None:
        self._calls: dict[str, AndonCall] = {}
        self._types = {OTHER}
        self._counts: dict[Labels, int] = {}
        self._begin()

    def use(self, plant: PlantFile) -> None:
        """Nothing of it is named in the plant file."""
        del plant

    def take(self, record: BaseModel, *, is_news: bool) -> None:
        """Follow a record; what was known before the exporter first ran moves no counter."""
        if not isinstance(record, AndonCall):
            return
        if record.kind not in self._types and len(self._types) < MOST_TYPES:
            self._types.add(record.kind)
            self._begin()
        known = self._calls.pop(record.record_id(), None)
        self._calls[record.record_id()] = record
        if len(self._calls) > MOST_CALLS:
            del self._calls[next(iter(self._calls))]
        if known is None and is_news:
            kind = record.kind if record.kind in self._types else OTHER
            count(self._counts, (record.priority, kind))

    def metrics(self, prefix: str, now: datetime) -> Iterator[Metric]:
        """All of it, as it is now."""
        del now
        yield counter(CALLS, prefix, self._counts)
        opened: dict[Labels, float] = {(priority,): 0.0 for priority in PRIORITIES}
        for call in self._calls.values():
            if call.cleared_at is None:
                opened[call.priority,] += 1
        yield gauge(OPEN_CALLS, prefix, opened)

    def _begin(self) -> None:
        known = [(priority, kind) for priority in PRIORITIES for kind in sorted(self._types)]
        self._counts = begun(self._counts, known)
