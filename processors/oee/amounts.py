"""Amounts that add up, by name: fields of the facts, and time per category and reason."""

from collections.abc import Iterable, Mapping
from typing import Any

from schemas.kpi import Quantities, ReasonTime, StopCounts, TimeElements
from schemas.machine import TimeCategory
from schemas.record import LARGEST_COUNT

Amounts = dict[str, int]
"""Fields of `TimeElements`, `Quantities` and `StopCounts` that are not 0, and reasons."""

MS_OF = {category: f"{category}_ms" for category in TimeCategory}
"""The field that holds the time of a category."""
_IS_REASON = "|"


def reason_name(category: TimeCategory, reason: str) -> str:
    """What the time of a reason in a category is named."""
    return f"{category}{_IS_REASON}{reason}"


def increase(amounts: Amounts, by: Mapping[str, int]) -> None:
    """Add to the amounts, in place."""
    for name, amount in by.items():
        amounts[name] = amounts.get(name, 0) + amount


def difference(after: Mapping[str, int], before: Mapping[str, int]) -> Amounts:
    """What has to be added to `before`."""
    changes = {name: after.get(name, 0) - before.get(name, 0) for name in (*after, *before)}
    return {name: change for name, change in changes.items() if change}


def total(parts: Iterable[Mapping[str, int]]) -> Amounts:
    """The sum."""
    found: Amounts = {}
    for part in parts:
        increase(found, part)
    return found


def facts(amounts: Mapping[str, int]) -> dict[str, Any]:
    """The amounts as fields of a cell or a report; a sum that none holds is the most it does."""
    parted: tuple[Amounts, ...] = ({}, {}, {}, {})
    for name, amount in amounts.items():
        if amount:
            held = max(-LARGEST_COUNT, min(amount, LARGEST_COUNT))
            parted[_PART_OF.get(name, _REASONS)][name] = held
    time, quantities, stops, reasons = parted
    return {
        "time": TimeElements(**time),
        "quantities": Quantities(**quantities),
        "stops": StopCounts(**stops) if stops else _NO_STOPS,
        "reasons": tuple(map(_reason_time, sorted(reasons.items()))),
    }


_REASONS = 3
_PART_OF = {
    **dict.fromkeys(TimeElements.model_fields, 0),
    **dict.fromkeys(Quantities.model_fields, 1),
    **dict.fromkeys(StopCounts.model_fields, 2),
}
_NO_STOPS = StopCounts()


def _reason_time(named: tuple[str, int]) -> ReasonTime:
    name, ms = named
    category, _, reason = name.partition(_IS_REASON)
    return ReasonTime(category=TimeCategory(category), reason=reason, ms=ms)
