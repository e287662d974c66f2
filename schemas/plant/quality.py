"""What is asked of quality: specifications, from when on they hold, and how rates are reckoned."""

from datetime import date, datetime, timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from schemas.plant.signatures import Signatures
from schemas.plant.times import LocalMoment, Span
from schemas.plant.values import Name, Strict

DeviationSeverity = Literal["minor", "major", "critical"]
DEVIATION_SEVERITIES: tuple[DeviationSeverity, ...] = ("minor", "major", "critical")
"""From the least to the most severe."""
RunRule = Literal[
    "nelson_1",
    "nelson_2",
    "nelson_3",
    "nelson_4",
    "nelson_5",
    "nelson_6",
    "nelson_7",
    "nelson_8",
    "western_electric_1",
    "western_electric_2",
    "western_electric_3",
    "western_electric_4",
]
"""As `docs/control-charts.md` defines them."""


class Bounds(Strict):
    """At least one of both, in the specification's unit; a value at a limit is within it."""

    lower: float | None = None
    """A value below it is beyond."""
    upper: float | None = None
    """A value above it is beyond."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.lower is None and self.upper is None:
            raise ValueError("needs lower or upper")
        if self.lower is not None and self.upper is not None and self.lower >= self.upper:
            raise ValueError("lower has to be less than upper")
        return self

    def hold(self, other: "Bounds") -> bool:
        """Whether all that the other ones allow lies within these."""
        low = self.lower is None or (other.lower is not None and other.lower >= self.lower)
        high = self.upper is None or (other.upper is not None and other.upper <= self.upper)
        return low and high


class TrendRules(Strict):
    """Run rules on a control chart: which results within limits are out of trend."""

    rules: list[RunRule] = Field(
        default=["nelson_1", "nelson_2", "nelson_3", "nelson_4"], min_length=1, max_length=12
    )
    """Those of docs/control-charts.md."""
    baseline: list[float] | None = Field(default=None, min_length=2, max_length=1000)
    """Results in control, in their order, from which the limits follow; else `control` has them."""
    subgroup: int | None = Field(default=None, ge=2, le=10)
    """So many results of one batch, in their order, are a point of an X̄-R chart; empty is I-MR."""
    deviation: DeviationSeverity | Literal["none"] = "minor"
    """Of the deviation that a result out of trend opens."""

    @model_validator(mode="after")
    def _varies(self) -> Self:
        if len(self.rules) != len(set(self.rules)):
            raise ValueError("a rule stands here twice")
        if self.baseline is not None and len(set(self.baseline)) == 1:
            raise ValueError("the baseline does not vary: give control limits")
        return self

    @model_validator(mode="after")
    def _grouped(self) -> Self:
        if self.baseline is None or self.subgroup is None:
            return self
        if len(self.baseline) % self.subgroup:
            raise ValueError(f"the baseline is no whole number of subgroups of {self.subgroup}")
        if not _varies(self.baseline, self.subgroup):
            raise ValueError("no subgroup of the baseline varies: give control limits")
        return self


class Sampling(Strict):
    """What is required of a batch: so many samples, or one in every span of its making."""

    per_batch: int | None = Field(default=None, ge=1, le=1000)
    """So many samples of each batch."""
    every: Span | None = None
    """One sample in each such span."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.per_batch is None) == (self.every is None):
            raise ValueError("write either per_batch or every")
        if self.every is not None and self.every < timedelta(minutes=1):
            raise ValueError("every is at least 1m")
        return self


class Specification(Strict):
    """What a test of these products has to show from a moment on, until a later one replaces it."""

    products: list[str] = Field(min_length=1)
    """Ids of `products`."""
    test: str = Field(min_length=1, max_length=100)
    """Id of a test of these products."""
    valid_from: LocalMoment = Field(alias="from")
    """Local time; a result is judged by what held when its sample was taken."""
    unit: str = ""
    """Of the limits; results in other units of the same kind are converted."""
    limits: Bounds | None = None
    """Of the specification: a result beyond them fails."""
    warning: Bounds | None = None
    """Beyond them a result passes, and is marked."""
    control: Bounds | None = None
    """Of the process, for control charts: three sigma to each side of the centre."""
    trend: TrendRules | None = None
    """Empty finds nothing out of trend."""
    detection_limit: float | None = Field(default=None, gt=0)
    """The method tells nothing below it: a smaller number is read as `<` this one."""
    accepted: list[str] = Field(default_factory=list, max_length=50)
    """Of a test whose results are texts: those that pass, whatever their case."""
    sampling: Sampling | None = None
    """Empty is tested when somebody likes to: no batch waits for it."""
    turnaround: Span = timedelta(days=1)
    """So long after it was due a required result is overdue, and then missed."""
    area: Name | None = None
    """Compliance area, of those in `quality.areas`."""
    severity: DeviationSeverity = "major"
    """Of a deviation that a result out of specification opens."""
    release_by: list[Name] = Field(default_factory=list, max_length=20)
    """Roles of which one may release a batch that needs this test; empty is everybody."""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        numeric = (self.limits, self.warning, self.control, self.detection_limit, self.trend)
        if bool(self.accepted) == (self.limits is not None):
            raise ValueError("write limits for numbers, or accepted for texts")
        if self.accepted and (self.unit or any(one is not None for one in numeric)):
            raise ValueError("a test whose results are texts has no unit and no limits")
        return self

    @model_validator(mode="after")
    def _nested(self) -> Self:
        for inner in (self.warning, self.control):
            if self.limits is not None and inner is not None and not self.limits.hold(inner):
                raise ValueError("warning and control lie within limits")
        if len(self.products) != len(set(self.products)):
            raise ValueError("a product stands here twice")
        return self

    @model_validator(mode="after")
    def _charted(self) -> Self:
        if self.trend is None:
            return self
        control = self.control
        is_fixed = control is not None and None not in (control.lower, control.upper)
        if is_fixed == (self.trend.baseline is not None):
            raise ValueError(
                "trend takes its limits from control (lower and upper), or from trend.baseline"
            )
        return self

    @property
    def starts(self) -> datetime:
        """The local moment from which it holds."""
        given = self.valid_from
        return given if isinstance(given, datetime) else _midnight(given)


class ComplianceArea(Strict):
    """A part of what an authority looks at."""

    name: str = ""
    """As people read it."""
    authority: str = ""
    """Who looks at it, such as COFEPRIS."""


class QualitySettings(Strict):
    """How rates are reckoned, and who may do what."""

    minimum_results: int = Field(default=1, ge=1)
    """So many results judged in a window before it has a compliance rate; of a batch, one."""
    minimum_batches: int = Field(default=1, ge=1)
    """So many batches judged in a window before it has a batch compliance; of a batch, one."""
    analyst_may_release: bool = False
    """Whether who tested a batch may release it, too."""
    unknown_batch: Literal["refuse", "accept"] = "refuse"
    """Of a batch that no equipment has begun; accept where batches are not followed."""
    capability_results: int = Field(default=100, ge=2, le=1000)
    """From so many of the newest results of a test its capability is reckoned."""
    recurrence: Span = timedelta(days=90)
    """A deviation of the same test and cause within so long before recurs."""
    areas: dict[Name, ComplianceArea] = Field(default_factory=dict)
    """Compliance areas."""
    signatures: Signatures | None = None
    """Empty: nothing has to be signed, and no signature is looked at."""


def _varies(baseline: list[float], size: int) -> bool:
    """Whether some subgroup has two values."""
    return any(len(set(baseline[at : at + size])) > 1 for at in range(0, len(baseline), size))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - local, as the file writes it
