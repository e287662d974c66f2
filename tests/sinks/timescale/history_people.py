"""What people of the simulated days say: corrections that come too late, results and releases."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from plantstream.simulator.ledger import History, Ledger, SaidEntry
from plantstream.simulator.truth import judgement
from schemas.lab import Disposition, TestResult
from schemas.machine import TimeCategory
from schemas.plant.load import PlantFile
from schemas.plant.model import Plant
from schemas.record import EquipmentPath, EventId

LATER = timedelta(hours=2)
"""So long after a batch people speak of it; its first report is out by then."""
GOOD: Mapping[str, float | str] = {
    "ph": 5.9,
    "fill-volume": 0.0,
    "appearance": "conforme",
    "aerobic-count": 40.0,
}
"""The tests that are asked of every batch, and what passes; volumes are a product's own."""
VOLUMES = {"shampoo-citrus": 402.0, "gel-aloe": 251.0, "cream-shea": 202.0}
UNITS = {"ph": "pH", "fill-volume": "mL", "appearance": "", "aerobic-count": "UFC/g"}
STATED: Sequence[Sequence[str]] = (
    ("ph", "fill-volume", "appearance", "aerobic-count"),
    ("ph", "fill-volume", "appearance", "aerobic-count"),
    ("ph", "fill-volume", "appearance"),
    ("appearance",),
    (),
)
"""Of the first batch that ends, the second, ...; then from the beginning. The first is released,
the second fails."""


@dataclass(frozen=True)
class Made:
    """A batch from its first moment to its end."""

    equipment: EquipmentPath
    product: str
    batch: str
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Lab:
    """The batches that ended, in that order; what was stated of each follows from its place."""

    batches: Sequence[Made]

    def tests(self, place: int) -> Sequence[str]:
        """Which tests were made of the batch."""
        return STATED[place % len(STATED)]

    def is_released(self, place: int) -> bool:
        return place % len(STATED) == 0

    def fails(self, place: int) -> bool:
        return place % len(STATED) == 1

    def stated(self, product: str, run: str, plant: PlantFile) -> list[TestResult | Disposition]:
        """All that the laboratory says of a product."""
        found: list[TestResult | Disposition] = []
        for place, made in enumerate(self.batches):
            if made.product != product:
                continue
            shared = _shared(made, run, plant)
            for number, test in enumerate(self.tests(place)):
                found.append(self._result(place, number, test, shared))
            if self.is_released(place):
                told = {"batch": made.batch, "decision": "release", "by": "quality-manager"}
                when = _said(made, place, 9)
                found.append(Disposition.model_validate(shared | when | told))
        return found

    def _result(self, place: int, number: int, test: str, shared: Mapping[str, Any]) -> TestResult:
        made = self.batches[place]
        value = VOLUMES[made.product] if test == "fill-volume" else GOOD[test]
        if test == "ph" and self.fails(place):
            value = 9.1
        kind = "text" if isinstance(value, str) else "number"
        fields = {"test": test, "batch": made.batch, "by": "lab", kind: value, "unit": UNITS[test]}
        return TestResult.model_validate(dict(shared) | _said(made, place, number) | fields)


def people(ledger: Ledger, plant: Plant) -> tuple[Ledger, Lab]:
    """The ledger with what people correct of it, and the laboratory."""
    made = [one for path in ledger.equipment for one in batches(ledger, path)]
    equipment = dict(ledger.equipment)
    for path, history in ledger.equipment.items():
        told = sorted(_corrections(ledger, plant, path), key=lambda one: one.at)
        equipment[path] = replace(history, said=told)
    lab = Lab(sorted(made, key=lambda one: (one.end, one.batch)))
    return replace(ledger, equipment=equipment), lab


def batches(ledger: Ledger, path: EquipmentPath) -> Iterator[Made]:
    """Every batch that began and ended at this equipment."""
    begun: tuple[str, str | None, datetime] | None = None
    for one in ledger.equipment.get(path, History()).stances:
        if begun is not None and one.batch != begun[0]:
            if begun[1] is not None and one.at < ledger.end:
                yield Made(path, begun[1], begun[0], begun[2], one.at)
            begun = None
        if one.batch is not None and begun is None:
            begun = (one.batch, one.product, one.at)


def _corrections(ledger: Ledger, plant: Plant, path: EquipmentPath) -> Iterator[SaidEntry]:
    """Of the second batch parts turn out bad; the first breakdown after it was a fire drill."""
    whole = list(batches(ledger, path))
    judged = judgement(ledger, plant, path)
    planned = [one for one in judged.intervals if one.planned and one.seconds > 60]
    for made in ledger.equipment[path].made:
        inside = any(one.start < made.at < one.end for one in planned)
        if whole[1].start < made.at < whole[1].end and made.good and inside:
            moved = {"good": -made.good, "scrap": made.good, "reason": "leak"}
            said = {"type": "parts_reported", "time": made.at.isoformat(), **moved}
            yield SaidEntry(whole[1].end + LATER, "lab", said)
            break
    for first, last in judged.stops:
        stop, until = judged.intervals[first], judged.intervals[last - 1].end
        during = [one for one in whole[2:] if one.start < stop.start and until < one.end]
        if during and stop.planned and stop.category is TimeCategory.UNPLANNED_STOP:
            moment = stop.start + timedelta(seconds=1)
            said = {"type": "stop_reason_given", "time": moment.isoformat(), "reason": "fire-drill"}
            yield SaidEntry(during[0].end + LATER, "ana", said)
            break


def _shared(made: Made, run: str, plant: PlantFile) -> dict[str, Any]:
    site = plant.plant.site_path()
    return {"run": run, "plant_version": plant.version, "site": site, "product": made.product}


def _said(made: Made, place: int, number: int) -> dict[str, Any]:
    at = made.end + timedelta(minutes=10 + number)
    name = EventId(source="lims", epoch="e", seq=place * 10 + number)
    return {
        "id": name,
        "source_time": at,
        "ingest_time": at,
        "statement": f"s{place}-{number}",
    }
