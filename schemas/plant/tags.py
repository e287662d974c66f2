"""Tags: the values of an equipment, where they are read and what they mean."""

from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, model_validator

from schemas.machine import TimeCategory
from schemas.plant.quality import Bounds
from schemas.plant.sources import AddressKey, Deadband, Message, Metric, Register
from schemas.plant.units import conversion
from schemas.plant.values import Name, Strict

Meaning = Literal[
    "state",
    "produced_count",
    "good_count",
    "scrap_count",
    "rework_count",
    "batch",
    "product",
    "phase",
    "cycle_time",
    "stop_reason",
]
"""What a tag says of its equipment; `cycle_time` is the length of the cycle just done, in `unit`
or s, and `stop_reason` the device's own word for why it stands."""

_ORDER: tuple[tuple[Meaning, ...], ...] = (
    ("batch",),
    ("product",),
    ("phase",),
    ("stop_reason",),
    ("state",),
    ("produced_count", "good_count", "scrap_count", "rework_count"),
    ("cycle_time",),
)
_RANKS = {means: rank for rank, group in enumerate(_ORDER) for means in group}


class Tag(Strict):
    """One value of an equipment: where it is read, what it means, in which unit."""

    name: Name
    """Its own name, once in its equipment."""
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
    """Added after `factor`, in the source's unit."""
    means: Meaning | None = None
    """What it says of its equipment; without it, it is measured, and rules may speak of it."""
    states: dict[str, TimeCategory] | None = None
    """The device's words or numbers, and the category of time of each."""
    running_above: float | None = None
    """Instead of `states`: above this number it is running."""
    otherwise: TimeCategory = TimeCategory.UNPLANNED_STOP
    """Category of a state that `states` does not name, or that is not above `running_above`."""
    rollover: int | None = Field(default=None, gt=0)
    """Largest value of the counter before it begins at 0 again, such as 65535 or 2147483647."""
    most_per_s: Decimal | None = Field(default=None, gt=0)
    """Counting units per second; what a counter gained faster than this is not believed."""
    critical: bool = False
    """Its samples are kept with the batches that its equipment makes."""
    limits: Bounds | None = None
    """Within which a critical tag has to be while a batch is made, in `unit`."""

    @property
    def is_scaled(self) -> bool:
        """Whether its raw value is in another unit."""
        return (self.factor, self.offset) != (1.0, 0.0)

    @property
    def is_counter(self) -> bool:
        """Whether it counts parts."""
        return (self.means or "").endswith("_count")

    @property
    def is_name(self) -> bool:
        """Whether its values are texts, and an empty one means none."""
        return self.means in {"batch", "product", "phase", "stop_reason"}

    @property
    def rank(self) -> int:
        """At equal source time lower ranks come first: what is made, the state, the counts."""
        return _RANKS[self.means] if self.means else len(_ORDER)

    def seconds(self) -> float:
        """Seconds per unit of a duration.

        Raises:
            UnitError: it is no unit of time.
        """
        return 1.0 if self.unit in {"", "s"} else conversion(self.unit, "s")[0]

    def addresses(self) -> dict[AddressKey, str | Register | Message | Metric]:
        """What is said about where it is read, by key."""
        given: dict[AddressKey, str | Register | Message | Metric | None] = {
            "node": self.node,
            "register": self.register_,
            "message": self.message,
            "metric": self.metric,
        }
        return {key: address for key, address in given.items() if address is not None}

    def read_at(self, source: str | None) -> Self:
        """The tag as it is read at this source, unless it says another."""
        return self.model_copy(update={"source": self.source or source} | self._conversion())

    def of(self, equipment_id: str) -> Self:
        """The tag of this equipment; the same where its address does not name the equipment."""
        placed = {
            "node": self.node and self.node.replace("{id}", equipment_id),
            "message": self.message and self.message.at(equipment_id),
            "metric": self.metric and self.metric.at(equipment_id),
        }
        named = {key: address for key, address in placed.items() if address != getattr(self, key)}
        return self.model_copy(update=named) if named else self

    def _conversion(self) -> dict[str, float]:
        """Factor and offset from the raw value straight to the unit in the plant."""
        if self.source_unit is None:
            return {}
        factor, offset = conversion(self.source_unit, self.unit)
        return {"factor": self.factor * factor, "offset": self.offset * factor + offset}

    @model_validator(mode="after")
    def _of_a_counter(self) -> Self:
        if self.most_per_s is not None and not self.is_counter:
            raise ValueError("most_per_s belongs to a counter")
        return self

    @model_validator(mode="after")
    def _of_a_critical_tag(self) -> Self:
        if self.limits is not None and not self.critical:
            raise ValueError("limits belong to a tag that is critical")
        if self.limits is not None and (self.is_name or self.means == "state"):
            raise ValueError("limits belong to a number, not to a name or a state")
        return self

    @model_validator(mode="after")
    def _of_a_cycle(self) -> Self:
        if self.means == "cycle_time":
            self.seconds()
        return self

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.means == "state" and (self.states is None) == (self.running_above is None):
            raise ValueError("a state tag needs either states or running_above")
        if self.means != "state" and (self.states or self.running_above is not None):
            raise ValueError("states and running_above belong to a tag that means state")
        is_measured = self.means in {None, "cycle_time"} or self.running_above is not None
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
