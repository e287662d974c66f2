"""Numbers and times as somebody reads them: in their language, their country and their zone."""

import re
import unicodedata
from datetime import datetime
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.dates import format_datetime
from babel.numbers import format_decimal
from babel.units import format_unit

from schemas.plant.alerts.rules import Language

_MOMENT = "EEE d MMM y, HH:mm:ss z"
_NUMBER = "#,##0.###"


@cache
def locale_of(language: Language, time_zone: str) -> Locale:
    """The language as it is written in the country of the zone, where that is known."""
    territory = get_global("zone_territories").get(time_zone)
    try:
        return Locale(language, territory)
    except UnknownLocaleError:
        return Locale(language)


@lru_cache(maxsize=1000)
def moment(at: datetime, locale: Locale, time_zone: str) -> str:
    """Day and time with the zone, such as `Sat 21 Nov 2026, 08:05:12 CST`."""
    return str(format_datetime(at, _MOMENT, ZoneInfo(time_zone), locale))


def quantity(value: float | str | None, unit: str, locale: Locale) -> str:
    """A number with its unit, at most three decimals; text stays as it is."""
    if value is None:
        return ""
    written = value if isinstance(value, str) else format_decimal(value, _NUMBER, locale)
    return one_line(f"{written} {unit}".strip())


def term(written: str, locale: Locale) -> str:
    """A term such as `24h` or `3d` in words; what is written otherwise stays as it is."""
    found = re.fullmatch(r"(\d{1,4})([hd])", written)
    if found is None:
        return one_line(written)
    unit = {"h": "duration-hour", "d": "duration-day"}[found[2]]
    return format_unit(int(found[1]), unit, locale=locale)


def one_line(text: str) -> str:
    """Without line breaks and control characters, which no title may hold."""
    spaced = re.sub(r"\s+", " ", text)
    return "".join(one for one in spaced if unicodedata.category(one) != "Cc").strip()
