"""Whether the demo told the truth: SQL against the ledger of the simulated plant."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from plantstream.simulator.ledger import Ledger
from plantstream.simulator.truth import Truth, truth
from processors.ratios import ratios
from schemas.machine import TimeCategory
from schemas.plant.model import Plant
from sinks.timescale.overview import Overview

SECONDS_WITHIN = 1.0
MILLISECONDS = 1000


@dataclass(frozen=True, slots=True)
class Finding:
    """One figure of one equipment, as stored and as it truly was."""

    equipment: str
    what: str
    stored: float | None
    true: float | None
    ok: bool


def findings(ledger: Ledger, plant: Plant, stored: Sequence[Overview]) -> list[Finding]:
    """Counts equal, seconds per category within a second, OEE where the ledger allows."""
    by_path = {one.equipment: one for one in stored}
    found: list[Finding] = []
    for equipment in plant.equipment:
        path = plant.path_of(equipment)
        one = by_path.get(path)
        if one is None:
            found.append(Finding(path, "rows", 0, None, ok=False))
        else:
            expected = _truth(ledger, plant, path, one.end)
            found += _counts(one, expected)
            found += _seconds(one, expected)
            found.append(_oee(one, expected))
    return found


def _truth(ledger: Ledger, plant: Plant, path: str, end: datetime) -> Truth:
    """The ledger's truth until `end`: after its last entry the plant stands still."""
    longer = replace(ledger, end=max(ledger.end, end))
    return truth(longer, plant, path, ledger.start, end)


def _counts(one: Overview, expected: Truth) -> Iterator[Finding]:
    made = one.quantities
    pairs = {
        "good": (made.good, expected.counts.good),
        "scrap": (made.scrap, expected.counts.scrap),
        "rework": (made.rework, expected.counts.rework),
        "unplanned good": (made.unplanned_good, expected.unplanned.good),
        "unplanned scrap": (made.unplanned_scrap, expected.unplanned.scrap),
        "unplanned rework": (made.unplanned_rework, expected.unplanned.rework),
    }
    for what, (stored, true) in pairs.items():
        yield Finding(one.equipment, what, stored, true, ok=stored == true)


def _seconds(one: Overview, expected: Truth) -> Iterator[Finding]:
    for category in TimeCategory:
        stored = getattr(one.time, f"{category}_ms") / MILLISECONDS
        true = expected.seconds.get(category, 0.0)
        ok = abs(stored - true) <= SECONDS_WITHIN
        yield Finding(one.equipment, f"{category} s", stored, true, ok=ok)


def _oee(one: Overview, expected: Truth) -> Finding:
    stored = ratios(one.time, one.quantities).oee
    allowed = expected.oee_range(SECONDS_WITHIN)
    if stored is None or allowed is None:
        ok = stored is None or expected.oee is not None
        return Finding(one.equipment, "OEE", stored, expected.oee, ok=ok)
    low, high = allowed
    return Finding(one.equipment, "OEE", stored, expected.oee, ok=low <= stored <= high)
