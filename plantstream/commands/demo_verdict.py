"""Whether the demo told the truth: SQL against the ledger of the simulated plant."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from plantstream.simulator.ledger import Ledger
from plantstream.simulator.truth import Truth, truth
from processors.oee.losses import losses
from processors.ratios import ratios
from schemas.machine import TimeCategory
from schemas.plant.model import Plant
from sinks.timescale.overview import Overview

SECONDS_WITHIN = 1.0
MILLISECONDS = 1000
STOPS = {
    "breakdowns": TimeCategory.UNPLANNED_STOP,
    "delays": TimeCategory.DELAY,
    "setups": TimeCategory.SETUP,
    "planned_stops": TimeCategory.PLANNED_STOP,
    "minor_stops": TimeCategory.MINOR_STOP,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One figure of one equipment, as stored and as it truly was."""

    equipment: str
    what: str
    stored: float | None
    true: float | None
    ok: bool


def findings(ledger: Ledger, plant: Plant, stored: Sequence[Overview]) -> list[Finding]:
    """Counts equal, seconds within a second, OEE where the ledger allows."""
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
            found += _losses(one, expected)
            found += _reasons(one, expected)
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
        "start-up scrap": (made.startup_scrap, expected.startup.scrap),
        "start-up rework": (made.startup_rework, expected.startup.rework),
    }
    pairs |= {
        name.replace("_", " "): (getattr(one.stops, name), expected.stops.get(category, 0))
        for name, category in STOPS.items()
    }
    for what, (stored, true) in pairs.items():
        yield Finding(one.equipment, what, stored, true, ok=stored == true)


def _seconds(one: Overview, expected: Truth) -> Iterator[Finding]:
    for category in TimeCategory:
        stored = getattr(one.time, f"{category}_ms") / MILLISECONDS
        yield _near(one, f"{category} s", stored, expected.seconds.get(category, 0.0))


def _losses(one: Overview, expected: Truth) -> Iterator[Finding]:
    stored = asdict(losses(one.time, one.quantities)).values()
    for us, (loss, true) in zip(stored, expected.losses.items(), strict=True):
        yield _near(one, f"lost by {loss} s", None if us is None else us / 1e6, true)


def _reasons(one: Overview, expected: Truth) -> Iterator[Finding]:
    for category, reason in sorted(one.reasons.keys() | expected.reasons.keys()):
        key = (category, reason)
        what = f"{category} because of {reason} s"
        yield _near(one, what, one.reasons.get(key, 0.0), expected.reasons.get(key, 0.0))


def _near(one: Overview, what: str, stored: float | None, true: float | None) -> Finding:
    """Equal within a second, or both undefined."""
    if stored is None or true is None:
        return Finding(one.equipment, what, stored, true, ok=stored is true)
    return Finding(one.equipment, what, stored, true, ok=abs(stored - true) <= SECONDS_WITHIN)


def _oee(one: Overview, expected: Truth) -> Finding:
    stored = ratios(one.time, one.quantities).oee
    allowed = expected.oee_range(SECONDS_WITHIN)
    if stored is None or allowed is None:
        ok = stored is None or expected.oee is not None
        return Finding(one.equipment, "OEE", stored, expected.oee, ok=ok)
    low, high = allowed
    return Finding(one.equipment, "OEE", stored, expected.oee, ok=low <= stored <= high)
