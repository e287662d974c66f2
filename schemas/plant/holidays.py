"""Public holidays, by the library `holidays`."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from schemas.plant.calendar import Holidays

COMPANY_HOLIDAY = "company holiday"
_LANGUAGE = "en_US"


def holiday(rules: Holidays, day: date) -> str | None:
    """The name of the holiday on which no shift begins, if this day is one."""
    if day in rules.working:
        return None
    public = rules.country and public_holidays(rules.country, rules.subdivision, day.year).get(day)
    return public or (COMPANY_HOLIDAY if day in rules.dates else None)


@lru_cache(maxsize=1_000)
def public_holidays(country: str, subdivision: str | None, year: int) -> Mapping[date, str]:
    """The public holidays of a year, with their names.

    Raises:
        NotImplementedError: no such country, or subdivision of it.
    """
    # Most edges have no use for the library and start without it.
    from holidays import country_holidays  # noqa: PLC0415

    return dict(country_holidays(country, subdivision, year, language=_LANGUAGE))


def countries() -> dict[str, list[str]]:
    """Every country that is known, with its subdivisions."""
    from holidays import list_supported_countries  # noqa: PLC0415 - as above

    return list_supported_countries()
