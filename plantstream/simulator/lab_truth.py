"""What the laboratory's statements truly come to, by the ledger and the plant file alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from plantstream.simulator.ledger import Ledger, SaidEntry
from schemas.plant.model import Plant
from schemas.plant.quality import Specification

Batch = tuple[str, str]
"""Product and batch."""
_DISPOSITIONS = {"release": "approved", "reject": "rejected"}
_STATES = {"investigate": "investigating", "capa": "capa", "close": "closed"}


@dataclass(frozen=True, slots=True)
class Score:
    """Results of a product, the newest version of each."""

    within: int
    judged: int


@dataclass(slots=True)
class LabTruth:
    """All that a laboratory did."""

    scores: Mapping[str, Score]
    """By product."""
    batches: Mapping[Batch, datetime]
    """When each ended that has ended."""
    dispositions: dict[Batch, str] = field(default_factory=dict)
    """Of those that were disposed of, how at last."""
    deviations: dict[str, str] = field(default_factory=dict)
    """State of each, by the `id` of the result that opened it."""
    answers: dict[str, bool] = field(default_factory=dict)
    """Whether a statement is to be accepted, by its `id`."""
    signatures: int = 0

    @property
    def open_deviations(self) -> int:
        """Those that are not closed."""
        return sum(state != "closed" for state in self.deviations.values())


def lab_truth(ledger: Ledger, plant: Plant) -> LabTruth:
    """Of tests that are asked of a batch as a whole; batches are too short for spans of hours."""
    told = ledger.laboratory
    scores = {one.id: _score(told, plant, one.id) for one in plant.products}
    found = LabTruth(scores, dict(_ended(ledger)))
    found.signatures = sum(bool(one.meaning) for one in told)
    for place, entry in enumerate(told):
        said = entry.statement
        name = said["id"]
        found.answers[name] = True
        if said["type"] == "test_result" and not _is_within(said, plant):
            found.deviations.setdefault(said.get("corrects", name), "open")
        elif said["type"] == "deviation_action":
            found.deviations[said["deviation"]] = _STATES[said["action"]]
        elif said["type"] == "disposition":
            found.answers[name] = _may(said, told[:place], plant)
            if found.answers[name]:
                of = said["product"], said["batch"]
                found.dispositions[of] = _DISPOSITIONS[said["decision"]]
    return found


def _score(told: Sequence[SaidEntry], plant: Plant, product: str) -> Score:
    newest = _newest(told, product)
    return Score(sum(_is_within(one, plant) for one in newest), len(newest))


def _newest(
    told: Sequence[SaidEntry], product: str, batch: str | None = None
) -> list[Mapping[str, Any]]:
    """The last word on each sample."""
    results = (one.statement for one in told if one.statement["type"] == "test_result")
    return list(
        {
            (one["batch"], one["sample"]): one
            for one in results
            if one["product"] == product and batch in (None, one["batch"])
        }.values()
    )


def _may(said: Mapping[str, Any], before: Sequence[SaidEntry], plant: Plant) -> bool:
    """A batch is released when all that is asked of it was found, and is within limits."""
    if said["decision"] == "reject":
        return True
    there = _newest(before, said["product"], said["batch"])
    asked = (one for one in plant.specifications if said["product"] in one.products)
    for one in asked:
        wanted = one.sampling.per_batch or 0 if one.sampling else 0
        if sum(each["test"] == one.test for each in there) < wanted:
            return False
    return all(_is_within(one, plant) for one in there)


def _is_within(result: Mapping[str, Any], plant: Plant) -> bool:
    spec = _specification(result, plant)
    value = result["value"]
    if spec.limits is None:
        return str(value).casefold() in {one.casefold() for one in spec.accepted}
    low, high = spec.limits.lower, spec.limits.upper
    return (low is None or value >= low) and (high is None or value <= high)


def _specification(result: Mapping[str, Any], plant: Plant) -> Specification:
    found = [
        one
        for one in plant.specifications
        if one.test == result["test"] and result["product"] in one.products
    ]
    return max(found, key=lambda one: str(one.valid_from))


def _ended(ledger: Ledger) -> Iterator[tuple[Batch, datetime]]:
    for history in ledger.equipment.values():
        batch: Batch | None = None
        for one in history.stances:
            now = (one.product, one.batch) if one.product and one.batch else None
            if batch is not None and now != batch:
                yield batch, one.at
            batch = now
