"""The plant file as values."""

from decimal import Decimal
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from schemas.machine import TimeCategory
from schemas.plant.calendar import Calendar
from schemas.plant.sources import AddressKey, Deadband, Message, Metric, Register, Source
from schemas.plant.units import conversion
from schemas.plant.values import Name, Strict
from schemas.record import EquipmentPath


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("no such time zone; write it as America/Mexico_City") from None
    return name


class Tag(Strict):
    """One value of an equipment: where it is read, what it means, in which unit."""

    name: Name
    source: Name | None = None
    """Where it is read, if not where its equipment is."""
    node: str | None = None
    """Address at an OPC UA server; `{id}` stands for the equipment's id."""
    register_: Register | None = Field(default=None, alias="register")
    """Address on a Modbus line."""
    message: Message | None = None
    """Address at an MQTT broker."""
    metric: Metric | None = None
    """Address in Sparkplug B."""
    deadband: Deadband | None = None
    """Smaller changes of the value are not news."""
    min_interval_ms: int | None = Field(default=None, ge=1, le=3_600_000)
    """News come no faster than this; the newest of what came too soon follows."""
    max_interval_s: float | None = Field(default=None, gt=0, le=86_400)
    """After so long even a value that has not changed is told again."""
    unit: str = ""
    """The unit in the plant, to which values are converted."""
    source_unit: str | None = None
    """The unit at the source, where it is another; such as °F, psi or L/min."""
    scale: Decimal = Field(default=Decimal(1), gt=0)
    """What a raw count is multiplied with to give the counting unit."""
    factor: float = 1.0
    """What a raw value is multiplied with to be in the source's unit; then `offset` is added."""
    offset: float = 0.0
    means: (
        Literal["state", "good_count", "scrap_count", "rework_count", "batch", "product"] | None
    ) = None
    states: dict[str, TimeCategory] | None = None
    running_above: float | None = None
    otherwise: TimeCategory = TimeCategory.UNPLANNED_STOP
    """Category of a state that `states` does not name, or that is not above `running_above`."""
    rollover: int | None = Field(default=None, gt=0)
    """Largest value of the counter before it begins at 0 again, such as 65535 or 2147483647."""

    @property
    def is_scaled(self) -> bool:
        """Whether its raw value is in another unit."""
        return (self.factor, self.offset) != (1.0, 0.0)

    def addresses(self) -> dict[AddressKey, str | Register | Message | Metric]:
        """What is said about where it is read, by key."""
        given: dict[AddressKey, str | Register | Message | Metric | None] = {
            "node": self.node,
            "register": self.register_,
            "message": self.message,
            "metric": self.metric,
        }
        return {key: address for key, address in given.items() if address is not None}

    def at(self, equipment_id: str, source: str | None) -> Self:
        """The tag of this equipment, which is read at this source unless the tag says another."""
        placed = {
            "source": self.source or source,
            "node": self.node and self.node.replace("{id}", equipment_id),
            "message": self.message and self.message.at(equipment_id),
            "metric": self.metric and self.metric.at(equipment_id),
        }
        return self.model_copy(update=placed | self._conversion())

    def _conversion(self) -> dict[str, float]:
        """Factor and offset from the raw value straight to the unit in the plant."""
        if self.source_unit is None:
            return {}
        factor, offset = conversion(self.source_unit, self.unit)
        return {"factor": self.factor * factor, "offset": self.offset * factor + offset}

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.means == "state" and (self.states is None) == (self.running_above is None):
            raise ValueError("a state tag needs either states or running_above")
        if self.means != "state" and (self.states or self.running_above is not None):
            raise ValueError("states and running_above belong to a tag that means state")
        is_measured = self.means is None or self.running_above is not None
        if self.is_scaled and not is_measured:
            raise ValueError("factor and offset belong to measured values; a count has scale")
        if self.factor == 0:
            raise ValueError("factor 0 would leave nothing of the value")
        if self.source_unit is not None:
            if not is_measured or not self.unit:
                raise ValueError("source_unit needs a unit and belongs to measured values")
            self._conversion()
        selects = self.deadband or self.min_interval_ms or self.max_interval_s
        if selects and self.means is not None:
            raise ValueError(
                "deadband and intervals belong to a measured value, not to a tag with a meaning"
            )
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
    unit_id: int | None = Field(default=None, ge=0, le=255)
    """Its number on a Modbus line."""
    alarms_of: list[str] = Field(default_factory=list)
    """Nodes of an OPC UA server whose alarms are its own, beside its tags; `{id}` as in tags."""
    unknown: Literal["loss", "exclude"] = "loss"
    """Whether unknown time counts as planned busy time."""


class Equipment(EquipmentClass):
    """One machine of the plant."""

    id: Name
    name: str = ""
    area: Name
    line: Name
    equipment_class: Name | None = Field(default=None, alias="class")


class LabTest(Strict):
    """A test that a laboratory makes of a product."""

    id: str = Field(min_length=1, max_length=100)
    name: str = ""
    unit: str = ""
    """Of results that are numbers; results in another unit are refused."""
    kind: Literal["number", "text"] = "number"

    @model_validator(mode="after")
    def _unit_of_numbers(self) -> Self:
        if self.kind == "text" and self.unit:
            raise ValueError("a test whose results are texts has no unit")
        return self


class Product(Strict):
    """What is made, and how fast it could be."""

    id: str = Field(min_length=1, max_length=100)
    name: str = ""
    ideal_cycle_s: dict[str, Decimal] | Decimal | None = None
    """Seconds per counting unit: one number, or one per equipment id."""
    tests: list[LabTest] = Field(default_factory=list)
    """What a laboratory may report of it."""

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
