"""Moments and numbers as a reader writes them."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.dates import format_datetime
from babel.numbers import format_decimal

from schemas.plant.alerts.rules import Language
from schemas.plant.model import Plant
from sinks.notify.web.links import recipient_digest

_MOMENT, _SHORT = "EEE d MMM, HH:mm:ss", "HH:mm"


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads a page: a person, or everybody at an endpoint such as a Slack channel."""

    id: str
    name: str
    language: Language
    time_zone: str

    def moment(self, at: datetime) -> str:
        """Day and time with the zone, such as `Sat 21 Nov, 08:05:12 CST`."""
        zone = ZoneInfo(self.time_zone)
        locale = _locale(self.language, self.time_zone)
        written = format_datetime(at, _MOMENT, zone, locale)
        return f"{written} {at.astimezone(zone).tzname()}"

    def hour(self, at: datetime) -> str:
        """The time of the day, such as `08:05`."""
        return str(format_datetime(at, _SHORT, ZoneInfo(self.time_zone), self.language))

    def quantity(self, value: float | str | None, unit: str) -> str:
        """A number with its unit, at most three decimals; text as it is."""
        if value is None:
            return ""
        locale = _locale(self.language, self.time_zone)
        said = value if isinstance(value, str) else format_decimal(value, "#,##0.###", locale)
        return f"{said} {unit}".strip()


def readers_of(plant: Plant) -> list[Reader]:
    """All who may be told something."""
    people = [
        Reader(one.id, one.name, one.language, one.time_zone or plant.time_zone)
        for one in plant.people
    ]
    taken = {one.id for one in people}
    endpoints = [
        Reader(name, name, getattr(channel, "language", "en"), plant.time_zone)
        for name, channel in plant.channels.items()
        if name not in taken
    ]
    return people + endpoints


def reader_of(plant: Plant, digest: bytes) -> Reader | None:
    """Whom a link was made for."""
    found = (one for one in readers_of(plant) if recipient_digest(one.id) == digest)
    return next(found, None)


@cache
def _locale(language: Language, time_zone: str) -> Locale:
    """The language as it is written in the country of the zone, where that is known."""
    try:
        return Locale(language, get_global("zone_territories").get(time_zone))
    except UnknownLocaleError:
        return Locale(language)
