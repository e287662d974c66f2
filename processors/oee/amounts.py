"""Amounts that add up, by name: fields of the facts, and time per category and reason."""

from collections.abc import Iterable, Mapping
from typing import Any

from schemas.kpi import Quantities, ReasonTime, StopCounts, TimeElements
from schemas.machine import TimeCategory

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


def time_elements(amounts: Mapping[str, int]) -> TimeElements:
    """The time in these amounts."""
    return TimeElements(**_those(_TIME, amounts))


def facts(amounts: Mapping[str, int]) -> dict[str, Any]:
    """The amounts as fields of a cell or a report."""
    stops = _those(_STOPS, amounts)
    return {
        "time": time_elements(amounts),
        "quantities": Quantities(**_those(_PARTS, amounts)),
        "stops": StopCounts(**stops) if stops else _NO_STOPS,
        "reasons": _reasons(amounts),
    }


_TIME = frozenset(TimeElements.model_fields)
_PARTS = frozenset(Quantities.model_fields)
_STOPS = frozenset(StopCounts.model_fields)
_NO_STOPS = StopCounts()


def _those(names: frozenset[str], amounts: Mapping[str, int]) -> dict[str, Any]:
    return {name: amount for name, amount in amounts.items() if amount and name in names}


def _reasons(amounts: Mapping[str, int]) -> tuple[ReasonTime, ...]:
    found = []
    for name in sorted([name for name in amounts if _IS_REASON in name]):
        category, _, reason = name.partition(_IS_REASON)
        if amounts[name]:
            found.append(
                ReasonTime(category=TimeCategory(category), reason=reason, ms=amounts[name])
            )
    return tuple(found)
