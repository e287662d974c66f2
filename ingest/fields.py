"""What events carry, from what was seen: plain fields that the contracts accept."""

from typing import Any

from ingest.counters import Reset
from ingest.input import Alarm, Value
from ingest.values import legible, number

MAX_CONDITION = 500
"""Characters kept of a condition's id."""
WORST = 1000
"""The highest severity."""
LONGEST_CYCLE_MS = 7 * 24 * 3600 * 1000
"""A cycle of more than a week is a wrong value."""


def alarm_fields(alarm: Alarm) -> dict[str, Any]:
    """Of an `AlarmChanged`."""
    return {
        "condition": legible(alarm.condition[:MAX_CONDITION]),
        "name": legible(alarm.name),
        "origin": legible(alarm.origin),
        "origin_name": legible(alarm.origin_name),
        "severity": min(max(alarm.severity, 1), WORST),
        "message": legible(alarm.message),
        "active": alarm.active,
        "acknowledged": alarm.acknowledged,
        "retained": alarm.retained,
    }


def reset_fields(tag: str, reset: Reset) -> dict[str, Any]:
    """Of a `CounterReset`."""
    return {
        "tag": tag,
        "before": reset.before,
        "after": reset.after,
        "rolled_over": reset.rolled_over,
    }


def cycle_ms(value: Value, unit_ms: float) -> int | None:
    """A cycle time in whole milliseconds; None if it is no number, not positive or over a week."""
    found = None if isinstance(value, bool) else number(value)
    if found is None or not 0 < found * unit_ms <= LONGEST_CYCLE_MS:
        return None
    return round(found * unit_ms) or None
