"""Spans of time and moments as people read them."""

from typing import Any

_SIGNS = {True: "-", False: ""}


def hours_minutes(seconds: Any) -> str:
    """Whole minutes: `7:05`; nothing of None."""
    if seconds is None:
        return ""
    minutes = round(abs(float(seconds)) / 60)
    return f"{_SIGNS[seconds < 0 < minutes]}{minutes // 60}:{minutes % 60:02}"


def hours_minutes_seconds(seconds: Any) -> str:
    """Whole seconds: `7:05:30`; nothing of None."""
    if seconds is None:
        return ""
    whole = round(abs(float(seconds)))
    minutes = whole // 60
    return f"{_SIGNS[seconds < 0 < whole]}{minutes // 60}:{minutes % 60:02}:{whole % 60:02}"


def moment(iso: str | None) -> str:
    """`2026-03-02 06:00` of what JSON says; nothing of None."""
    return "" if iso is None else iso[:16].replace("T", " ")
