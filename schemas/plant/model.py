"""The plant file as values."""

import re
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
)

from schemas.plant.equipment import Equipment, EquipmentClass, Line, Reason
from schemas.plant.products import Product
from schemas.plant.sources import Source
from schemas.plant.values import Name, Strict
from schemas.record import EquipmentPath

_TIME_OF_DAY = r"^(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("no such time zone; write it as America/Mexico_City") from None
    return name


def _minutes(text: Any) -> Any:
    """Minutes after midnight of `HH:MM`; 24:00 is the end of the day."""
    if not isinstance(text, str) or not re.fullmatch(_TIME_OF_DAY, text):
        raise ValueError('write a time of day as "06:00"; 24:00 is the end of the day')
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _days(days: Any) -> Any:
    return WEEKDAYS if days == "all" else days


MinuteOfDay = Annotated[
    int,
    BeforeValidator(
        _minutes,
        json_schema_input_type=Annotated[str, StringConstraints(pattern=_TIME_OF_DAY)],
    ),
]
"""Minutes after midnight, written `HH:MM`."""

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Weekdays = Annotated[
    tuple[Weekday, ...],
    BeforeValidator(_days, json_schema_input_type=list[Weekday] | Literal["all"]),
]


class Shift(Strict):
    """Planned time that comes back every week; it may cross midnight."""

    name: Name
    days: Weekdays = WEEKDAYS
    """The days on which it begins, or `all`."""
    start: MinuteOfDay
    end: MinuteOfDay


class Calendar(Strict):
    """When equipment is meant to produce."""

    shifts: list[Shift] = Field(min_length=1)
    during: Literal["always", "batch"] = "always"
    """`batch`: only while a batch is open."""


class Plant(Strict):
    """A plant file."""

    enterprise: Name
    site: Name
    name: str
    time_zone: Annotated[str, AfterValidator(_time_zone)]
    metrics_prefix: str = ""
    sources: dict[Name, Source] = Field(default_factory=dict)
    equipment_classes: dict[Name, EquipmentClass] = Field(default_factory=dict)
    equipment: list[Equipment] = Field(min_length=1)
    lines: dict[Name, Line] = Field(default_factory=dict)
    """What is to be said of whole lines; the others follow from the equipment."""
    reasons: dict[Name, Reason] = Field(default_factory=dict)
    """Codes that people give for stops and for bad parts."""
    products: list[Product] = Field(default_factory=list)
    calendars: dict[Name, Calendar]

    def read_at(self, source: str) -> list[tuple[EquipmentPath, Equipment]]:
        """The equipment that has tags at this source, each with those tags alone."""
        found = [(one, [tag for tag in one.tags if tag.source == source]) for one in self.equipment]
        return [
            (self.path_of(one), one.model_copy(update={"tags": tags}))
            for one, tags in found
            if tags
        ]

    def reads_as(self, other: "Plant", source: str) -> bool:
        """Whether the source and all that is read there are the same in the other plant file."""
        ours = self.sources.get(source)
        if ours != other.sources.get(source):
            return False
        if ours is not None and not ours.addresses:
            # What is stated there is held against all that the file names.
            return self.stated_of() == other.stated_of()
        return self.read_at(source) == other.read_at(source)

    def stated_of(self) -> tuple[list[EquipmentPath], list[Product]]:
        """What people and laboratories may state something of."""
        return [self.path_of(one) for one in self.equipment], self.products

    def site_path(self) -> str:
        """Enterprise and site, as they begin every equipment path."""
        return f"{self.enterprise}/{self.site}"

    def path_of(self, equipment: Equipment) -> EquipmentPath:
        """The equipment's place in the ISA-95 hierarchy."""
        return f"{self.site_path()}/{equipment.area}/{equipment.line}/{equipment.id}"

    def find(self, equipment: str) -> Equipment | None:
        """The equipment with this id or path."""
        wanted = equipment.rpartition("/")[2]
        return next((one for one in self.equipment if one.id == wanted), None)
