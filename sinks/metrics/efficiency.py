"""The family of efficiency: what the rolling hour of planned time comes to."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from prometheus_client.core import Metric
from pydantic import BaseModel

from schemas.kpi import OeeReport, TimeElements
from schemas.plant.load import PlantFile
from schemas.record import EquipmentPath
from schemas.topics import KPI_LATEST
from sinks.metrics.family import Labels, Named, Reading, gauge
from sinks.metrics.units import Kind, Unit, units_of

FRESH = timedelta(minutes=5)
"""A report is told so long after the end of its newest minute of planned time."""
_HOUR = timedelta(hours=1)
_HOUR_MS = 3_600_000

OEE = Named(
    "overall_equipment_efficiency",
    "OEE (ISO 22400) of the rolling hour of planned time in percent; of the line and of the "
    "factory where equipment, or line as well, is empty.",
    ("equipment", "line", "site"),
)
PLANNED = Named(
    "planned_busy_time_seconds",
    "Planned busy time in the rolling hour: what OEE is weighted with to add it up.",
    ("equipment", "line", "site"),
)
UTILIZATION = Named(
    "reactor_utilization_percent",
    "Percent of the planned busy time of the rolling hour in which it produced.",
    ("reactor_id",),
)
EFFICIENCY = Named(
    "station_efficiency_percent",
    "Effectiveness (ISO 22400) of the rolling hour of planned time: ideal by actual time.",
    ("station_id",),
)
PASS_RATE = Named(
    "station_quality_pass_rate",
    "Percent of the parts of the rolling hour of planned time that are good.",
    ("station_id",),
)


class EfficiencyFamily:
    """Follows the newest rolling hour of each equipment; what is undefined is not told."""

    reads = (Reading(KPI_LATEST, (OeeReport,), _HOUR),)

    def __init__(self) -> None:
        self._site = ""
        self._units: Mapping[EquipmentPath, Unit] = {}
        self._lines: Mapping[str, Sequence[EquipmentPath]] = {}
        self._hours: dict[EquipmentPath, OeeReport] = {}

    def use(self, plant: PlantFile) -> None:
        """Know the names of this plant file: series of others end."""
        self._site, self._units = plant.plant.site, units_of(plant.plant)
        constraints = {name: line.constraint for name, line in plant.plant.lines.items()}
        self._lines = {
            line: _of_line(self._units, line, constraints.get(line))
            for line in {unit.line for unit in self._units.values()}
        }

    def take(self, record: BaseModel, *, is_news: bool) -> None:
        """Follow a record; none of these counts anything."""
        del is_news
        if isinstance(record, OeeReport) and record.kind == "hour":
            self._hours[record.equipment] = record

    def metrics(self, prefix: str, now: datetime) -> Iterator[Metric]:
        """All of it, as it is now."""
        fresh = {
            path: report
            for path, report in self._hours.items()
            if path in self._units and now - report.end < FRESH
        }
        sums = dict(self._sums(fresh))
        oee = {labels: efficiency(reports) for labels, reports in sums.items()}
        yield gauge(OEE, prefix, _percent(oee))
        planned = {labels: planned_busy_s(reports) for labels, reports in sums.items()}
        yield gauge(PLANNED, prefix, planned)
        reactors, stations = self._of(fresh, "reactor"), self._of(fresh, "station")
        used = {labels: one.availability for labels, one in reactors.items()}
        yield gauge(UTILIZATION, prefix, _percent(used))
        effective = {labels: one.effectiveness for labels, one in stations.items()}
        yield gauge(EFFICIENCY, prefix, _percent(effective))
        good = {labels: one.quality_ratio for labels, one in stations.items()}
        yield gauge(PASS_RATE, prefix, _percent(good))

    def throughputs(self, now: datetime) -> Mapping[str, float]:
        """Parts per planned hour by the station's id, of those that are fresh."""
        found = {}
        for path, report in self._hours.items():
            planned_ms, unit = planned_busy_ms(report.time), self._units.get(path)
            if unit is not None and planned_ms and now - report.end < FRESH:
                parts = report.quantities
                made = parts.good + parts.scrap + parts.rework
                found[unit.id] = made * _HOUR_MS / planned_ms
        return found

    def _sums(
        self, fresh: Mapping[EquipmentPath, OeeReport]
    ) -> Iterator[tuple[Labels, Sequence[OeeReport]]]:
        for path, report in fresh.items():
            unit = self._units[path]
            yield (unit.id, unit.line, self._site), [report]
        for line, members in self._lines.items():
            found = [fresh[path] for path in members if path in fresh]
            if found:
                yield ("", line, self._site), found
        if fresh:
            yield ("", "", self._site), list(fresh.values())

    def _of(self, fresh: Mapping[EquipmentPath, OeeReport], kind: Kind) -> dict[Labels, OeeReport]:
        ids = {path: unit.id for path, unit in self._units.items() if unit.kind == kind}
        return {(ids[path],): report for path, report in fresh.items() if path in ids}


def efficiency(reports: Iterable[OeeReport]) -> float | None:
    """OEE of these together: ideal time of the good parts by planned busy time (ISO 22400-2).

    None while nothing was planned, or where an ideal cycle is not known for all of it.
    """
    ideal_us = planned_ms = 0
    for one in reports:
        if one.time.no_ideal_ms or one.quantities.no_ideal_parts:
            return None
        ideal_us += one.quantities.ideal_good_us
        planned_ms += planned_busy_ms(one.time)
    return ideal_us / (planned_ms * 1000) if planned_ms else None


def planned_busy_ms(time: TimeElements) -> int:
    """PBT: all planned time but planned stops, and unknown time that is left out."""
    lost = time.setup_ms + time.unplanned_stop_ms + time.delay_ms
    unknown = time.unknown_ms - time.excluded_unknown_ms
    return time.running_ms + time.minor_stop_ms + lost + unknown


def planned_busy_s(reports: Iterable[OeeReport]) -> float:
    """Planned busy time of these together."""
    return sum(planned_busy_ms(one.time) for one in reports) / 1000


def _of_line(
    units: Mapping[EquipmentPath, Unit], line: str, constraint: str | None
) -> list[EquipmentPath]:
    """Of a line with a constraint its figures are the line's."""
    members = [path for path, unit in units.items() if unit.line == line]
    return [path for path in members if units[path].id == constraint] or members


def _percent(ratios: Mapping[Labels, float | None]) -> dict[Labels, float]:
    return {labels: 100 * ratio for labels, ratio in ratios.items() if ratio is not None}
