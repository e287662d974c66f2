"""The plant file as values."""

import re
from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    model_validator,
)

from schemas.machine import TimeCategory
from schemas.record import EquipmentPath

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]+$", max_length=40)]
"""Lower-case letters, digits, - and _: it becomes part of topics' keys and metrics."""

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


class Strict(BaseModel):
    """A part of the plant file: unknown keys are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Security(Strict):
    """How an OPC UA client and server trust each other."""

    policy: Literal["None", "Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss"] = (
        "Basic256Sha256"
    )
    mode: Literal["None", "Sign", "SignAndEncrypt"] = "SignAndEncrypt"
    server_certificate: str | None = None
    """File of the one certificate that the server may show (PEM or DER); ~ is expanded."""
    certificate: str | None = None
    """Our own certificate; made on first start where it is missing."""
    private_key: str | None = None

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if (self.policy == "None") != (self.mode == "None"):
            raise ValueError("policy None and mode None go together")
        if self.policy != "None" and self.server_certificate is None:
            raise ValueError("server_certificate is missing: without it no server can be trusted")
        return self


class OpcUaSource(Strict):
    """An OPC UA server."""

    type: Literal["opcua"]
    endpoint: Annotated[str, StringConstraints(pattern=r"^opc\.tcp://")]
    security: Security
    user: str | None = None
    password: SecretStr | None = None
    sampling_ms: int = Field(default=250, ge=10, le=60_000)
    publishing_ms: int = Field(default=500, ge=10, le=60_000)
    heartbeat_s: float = Field(default=2.0, gt=0, le=60)


class Tag(Strict):
    """One value of an equipment: where it is read, what it means, in which unit."""

    name: Name
    node: str | None = None
    """Address at the source; `{id}` stands for the equipment's id."""
    unit: str = ""
    scale: Decimal = Field(default=Decimal(1), gt=0)
    """What a raw count is multiplied with to give the counting unit."""
    means: (
        Literal["state", "good_count", "scrap_count", "rework_count", "batch", "product"] | None
    ) = None
    states: dict[str, TimeCategory] | None = None
    running_above: float | None = None
    otherwise: TimeCategory = TimeCategory.UNPLANNED_STOP
    """Category of a state that `states` does not name, or that is not above `running_above`."""
    rollover: int | None = Field(default=None, gt=0)
    """Largest value of the counter before it begins at 0 again, such as 65535 or 2147483647."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.means == "state" and (self.states is None) == (self.running_above is None):
            raise ValueError("a state tag needs either states or running_above")
        if self.means != "state" and (self.states or self.running_above is not None):
            raise ValueError("states and running_above belong to a tag that means state")
        return self


class EquipmentClass(Strict):
    """What equipment of one kind has in common (ISA-95 equipment class)."""

    tags: list[Tag] = Field(default_factory=list)
    calendar: Name | None = None
    source: Name | None = None
    minor_stop_s: int = Field(default=0, ge=0, le=3600)
    """Unplanned stops shorter than this are minor stops; 0 means that there are none."""
    unknown_after_s: int | None = Field(default=None, gt=0)
    """Without a sign of life for this long, time is unknown; empty means never."""
    unknown: Literal["loss", "exclude"] = "loss"
    """Whether unknown time counts as planned busy time."""


class Equipment(EquipmentClass):
    """One machine of the plant."""

    id: Name
    name: str = ""
    area: Name
    line: Name
    equipment_class: Name | None = Field(default=None, alias="class")


class Product(Strict):
    """What is made, and how fast it could be."""

    id: str = Field(min_length=1, max_length=100)
    name: str = ""
    ideal_cycle_s: dict[str, Decimal] | Decimal | None = None
    """Seconds per counting unit: one number, or one per equipment id."""

    @model_validator(mode="after")
    def _positive(self) -> Self:
        given = self.ideal_cycle_s
        cycles = given.values() if isinstance(given, dict) else [given]
        for cycle in cycles:
            if cycle is not None and (cycle <= 0 or cycle * 1_000_000 % 1 != 0):
                raise ValueError("ideal_cycle_s is a positive number of whole microseconds")
        return self

    def ideal_us(self, equipment: str) -> int | None:
        """Microseconds per unit on this equipment, or None where nobody knows."""
        given = self.ideal_cycle_s
        cycle = given.get(equipment) if isinstance(given, dict) else given
        return None if cycle is None else int(cycle * 1_000_000)


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
    sources: dict[Name, OpcUaSource] = Field(default_factory=dict)
    equipment_classes: dict[Name, EquipmentClass] = Field(default_factory=dict)
    equipment: list[Equipment] = Field(min_length=1)
    products: list[Product] = Field(default_factory=list)
    calendars: dict[Name, Calendar]

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
