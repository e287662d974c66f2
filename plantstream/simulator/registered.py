"""Parts as they truly were: counted by machines, corrected by people; start-up rejects apart."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from plantstream.simulator.judged import Judgement, place_at
from plantstream.simulator.ledger import History, Ledger
from plantstream.simulator.planned import Span
from schemas.machine import TimeCategory
from schemas.plant.model import Plant
from schemas.record import EquipmentPath


@dataclass(frozen=True, slots=True)
class Parts:
    """So many more of each kind in counting units; less than none where people take some back."""

    good: int
    scrap: int
    rework: int
    product: str | None
    planned: bool
    startup: bool


def registered(
    ledger: Ledger, plant: Plant, path: EquipmentPath, judged: Judgement, window: Span
) -> Iterator[Parts]:
    """All parts of the window, those that people found later where they belong."""
    equipment = plant.find(path)
    history = ledger.equipment.get(path, History())
    starting = list(_starting(judged, equipment.startup_s if equipment else 0))
    for made in history.made:
        if window[0] <= made.at < window[1]:
            during = judged.intervals[place_at(judged.intervals, made.at)]
            startup = any(start <= made.at < end for start, end in starting)
            counts = (made.good, made.scrap, made.rework)
            yield Parts(*counts, made.product, during.planned, startup)
    for said in history.said:
        if said.statement["type"] == "parts_reported" and window[0] <= said.time < window[1]:
            during = judged.intervals[place_at(judged.intervals, said.time)]
            good, scrap, rework = (said.statement.get(name, 0) for name in _KINDS)
            startup = bool(said.statement.get("startup"))
            yield Parts(good, scrap, rework, during.product, during.planned, startup)


_KINDS = ("good", "scrap", "rework")


def _starting(judged: Judgement, startup_s: float) -> Iterator[Span]:
    """When rejects are start-up rejects: so much running after setup, or after unplanned time."""
    left = timedelta()
    for one in judged.intervals:
        if not one.planned or one.ruled is TimeCategory.SETUP:
            left = timedelta(seconds=startup_s)
        until = one.end
        if one.planned and one.ruled is TimeCategory.RUNNING:
            until = min(one.end, one.start + left)
            left -= until - one.start
        if left or one.ruled is TimeCategory.RUNNING:
            yield one.start, until
