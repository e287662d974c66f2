"""How times, spans, numbers and limits read, and when there is nothing to read. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from plantstream.summary.words import Words

EXACT = 1e15
"""Above it a float no longer tells whole numbers apart."""


@dataclass(frozen=True, slots=True)
class Telling:
    """Words of one language, and the time zone of the plant."""

    words: Words
    zone: ZoneInfo | None

    def moment(self, at: datetime | None) -> str:
        """By the clocks of the plant, with their offset: `2026-03-02 00:00:30 -06:00`."""
        return "" if at is None else at.astimezone(self.zone or UTC).isoformat(" ", "seconds")

    def both(self, at: datetime | None) -> str:
        """By the clocks of the plant and in UTC."""
        if at is None:
            return ""
        utc = f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
        return utc if self.zone in {None, ZoneInfo("UTC")} else f"{self.moment(at)} ({utc})"

    def limits(self, lower: float | None, upper: float | None, unit: str) -> str:
        """Such as `5 to 7 pH`; empty without any."""
        if lower is None and upper is None:
            return ""
        name = "both" if None not in {lower, upper} else "lower" if upper is None else "upper"
        told = self.words(f"limit.{name}", lower=number(lower), upper=number(upper))
        return with_unit(told, unit)


def number(value: Any) -> str:
    """Without noise of fractions: at most six significant digits, whole numbers whole."""
    if value is None:
        return ""
    whole = float(value)
    is_whole = whole.is_integer() and abs(whole) < EXACT
    return f"{whole:.0f}" if is_whole else f"{whole:.6g}"


def ratio(value: Any) -> str:
    """As a percentage with two places."""
    return "" if value is None else f"{100 * float(value):.2f} %"


def span(seconds: Any) -> str:
    """Hours, minutes and seconds: `7:05:30 h`."""
    if seconds is None:
        return ""
    whole = round(float(seconds))
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02} h"


def with_unit(value: str, unit: str | None) -> str:
    """The value and its unit."""
    return f"{value} {unit}" if unit else value


def short(equipment: str | None) -> str:
    """The id of an equipment, the last part of its path."""
    return (equipment or "").rpartition("/")[2]


def is_unknown(tag: dict[str, Any]) -> bool:
    """Whether nothing was seen of a critical tag: no sample, and no value from before the batch."""
    return not tag["samples"] and tag["carried_at"] is None
