"""What an alert rule waits for: conditions on values, states, calls and figures.

A condition is true, false, or not known. Where a rule is evaluated follows from what it speaks of:
tags, states, stops and calls belong to one equipment; ratios, counts and silence of sources to the
site; results of tests to a product.
"""

from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from schemas.machine import TimeCategory
from schemas.manual import Priority
from schemas.plant.times import Span
from schemas.plant.values import Name, Strict

Scope = Literal["equipment", "product", "site"]


class Limits(Strict):
    """At least one of both; a value at the limit is within it."""

    above: float | None = None
    below: float | None = None
    deadband: float = Field(default=0.0, ge=0)
    """So far within the limit the value has to be before the condition is over (hysteresis)."""

    @model_validator(mode="after")
    def _has_a_limit(self) -> Self:
        if self.above is None and self.below is None:
            raise ValueError("needs above or below")
        if self.above is not None and self.below is not None and self.above <= self.below:
            raise ValueError("above is the upper limit: it must be greater than below")
        return self

    def excess(self, value: float) -> tuple[float, float]:
        """How far the value is beyond the limit that it is nearest to or furthest beyond, and it.

        Negative is within.
        """
        found = [] if self.above is None else [(value - self.above, self.above)]
        found += [] if self.below is None else [(self.below - value, self.below)]
        return max(found)

    def side_of(self, value: float, before: int) -> int:
        """1 above, -1 below, 0 within; `before` is the side of the value before it (hysteresis)."""
        high, low, band = self.above, self.below, self.deadband
        if high is not None and value > (high - band if before == 1 else high):
            return 1
        if low is not None and value < (low + band if before == -1 else low):
            return -1
        return 0


class TagIs(Limits):
    """The newest value of a tag is beyond a limit, in the tag's unit."""

    tag: Name


class TagChanges(Limits):
    """A tag's value changes faster than a limit: its unit per `per`, over the last `per`."""

    rate_of: Name
    per: Span


class TagDeviates(Strict):
    """A tag differs from its target by more than `by`, in the tag's unit."""

    deviation_of: Name
    target: Name | float
    """Another tag of the same equipment and unit, or a number."""
    by: float = Field(gt=0)
    deadband: float = Field(default=0.0, ge=0)

    def is_off(self, value: float, aim: float, *, was_off: bool) -> bool:
        """Whether the value is too far off; once it is, until it is back by the deadband."""
        return abs(value - aim) > self.by - (self.deadband if was_off else 0)


class TagEquals(Strict):
    """The newest value of a tag is this text, number or truth."""

    tag: Name
    equals: bool | int | float | str


class Absent(Strict):
    """Nothing was heard for so long: of a tag or of the equipment by itself, or of a source."""

    absent: Name | Literal["equipment", "source"]
    """Name of a tag, or the word `equipment`, or the word `source`."""
    after: Span


class StateLasts(Strict):
    """The equipment has been in one of these categories, or states of the device, for so long."""

    state: list[TimeCategory | str] = Field(min_length=1)
    longer_than: Span = timedelta()


class AndonIs(Strict):
    """Somebody calls for help, until the call is cleared."""

    andon: list[Priority] = Field(min_length=1)
    """Priorities."""
    kinds: list[str] = Field(default_factory=list)
    """Empty is every kind."""


class AlarmIs(Strict):
    """The device itself reports an alarm of at least this severity (OPC UA: 1 to 1000)."""

    alarm: int = Field(ge=1, le=1000)


Counted = Literal["test_failed", "test_out_of_trend", "stop", "andon", "finding"]


class MaintenanceIs(Strict):
    """People maintain the equipment, from when it is announced until it ends."""

    maintenance: Literal["any", "planned", "unplanned"]


class CountIs(Strict):
    """More than so many of these happened within a span of time, over the whole site."""

    count_of: Counted
    more_than: int = Field(ge=0)
    within: Span
    equipment: list[Name] = Field(default_factory=list)
    """Empty is all; ids of equipment."""


Figure = Literal["oee", "availability", "effectiveness", "quality_ratio"]
Level = Literal["site", "area", "line", "equipment"]


class FigureIs(Limits):
    """A ratio of the rolling hour of planned time is beyond a limit; undefined is not known.

    0.75 is 75 %.
    """

    figure: Figure
    of: Level = "site"


QualityFigure = Literal["compliance_rate", "batch_compliance"]


class QualityIs(Limits):
    """A rate of quality is beyond a limit, once it stands on enough results; 0.95 is 95 %."""

    quality: QualityFigure
    over: Literal["24h", "7d", "30d"] = "7d"
    """The window of time before now that is looked at."""
    minimum: int = Field(default=1, ge=1)
    """Results judged, or batches."""
    area: str | None = None
    """Compliance area; empty is each of them by itself."""


class ReleasePending(Strict):
    """A batch has been waiting for its release for so long."""

    release_pending: Span


class DeviationOpened(Strict):
    """A deviation of at least this severity is open."""

    deviation: Literal["minor", "major", "critical"]


class AnomalyIs(Limits):
    """The score of a detector of anomalies for a tag is beyond a limit."""

    anomaly_of: Name


class AllOf(Strict):
    """All of these are true."""

    all: list["Condition"] = Field(min_length=1, max_length=20)


class AnyOf(Strict):
    """At least one of these is true."""

    any: list["Condition"] = Field(min_length=1, max_length=20)


class Not(Strict):
    """This is false; what is not known is not false."""

    not_: "Condition" = Field(alias="not")


def _kind_of(given: Any) -> str | None:
    if isinstance(given, dict):
        return next((key for key in _MODELS if key in given), None)
    return next((kind for kind, model in _MODELS.items() if type(given) is model), None)


Condition = Annotated[
    Annotated[TagEquals, Tag("equals")]
    | Annotated[TagIs, Tag("tag")]
    | Annotated[TagChanges, Tag("rate_of")]
    | Annotated[TagDeviates, Tag("deviation_of")]
    | Annotated[Absent, Tag("absent")]
    | Annotated[StateLasts, Tag("state")]
    | Annotated[AndonIs, Tag("andon")]
    | Annotated[AlarmIs, Tag("alarm")]
    | Annotated[MaintenanceIs, Tag("maintenance")]
    | Annotated[CountIs, Tag("count_of")]
    | Annotated[FigureIs, Tag("figure")]
    | Annotated[QualityIs, Tag("quality")]
    | Annotated[ReleasePending, Tag("release_pending")]
    | Annotated[DeviationOpened, Tag("deviation")]
    | Annotated[AnomalyIs, Tag("anomaly_of")]
    | Annotated[AllOf, Tag("all")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[Not, Tag("not")],
    Discriminator(
        _kind_of,
        custom_error_type="no_condition",
        custom_error_message="no condition; write one of tag, rate_of, deviation_of, absent, "
        "state, andon, alarm, maintenance, count_of, figure, quality, release_pending, deviation, "
        "anomaly_of, all, any, not",
    ),
]
_MODELS: dict[str, type[Strict]] = {
    "equals": TagEquals,
    "tag": TagIs,
    "rate_of": TagChanges,
    "deviation_of": TagDeviates,
    "absent": Absent,
    "state": StateLasts,
    "andon": AndonIs,
    "alarm": AlarmIs,
    "maintenance": MaintenanceIs,
    "count_of": CountIs,
    "figure": FigureIs,
    "quality": QualityIs,
    "release_pending": ReleasePending,
    "deviation": DeviationOpened,
    "anomaly_of": AnomalyIs,
    "all": AllOf,
    "any": AnyOf,
    "not": Not,
}
"""By the key that says what a condition is; the first one that is there."""
for _model in (AllOf, AnyOf, Not):
    _model.model_rebuild()

_SCOPES: dict[type[Strict], Scope] = {
    CountIs: "site",
    FigureIs: "site",
    QualityIs: "product",
    ReleasePending: "product",
    DeviationOpened: "product",
}


def parts_of(condition: Strict) -> list[Strict]:
    """The conditions that a condition is made of, itself if it is of one piece."""
    match condition:
        case AllOf(all=parts) | AnyOf(any=parts):
            return [piece for part in parts for piece in parts_of(part)]
        case Not(not_=part):
            return parts_of(part)
        case _:
            return [condition]


def scope_of(piece: Strict) -> Scope:
    """Where a condition of one piece is evaluated."""
    if isinstance(piece, Absent) and piece.absent == "source":
        return "site"
    return _SCOPES.get(type(piece), "equipment")
