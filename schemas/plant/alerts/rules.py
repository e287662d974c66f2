"""Alert rules: a condition, how long it has to hold, and what is said then."""

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.alerts import Severity
from schemas.plant.alerts.conditions import Condition, Scope, TagIs, parts_of, scope_of
from schemas.plant.equipment import Equipment
from schemas.plant.quality import DeviationSeverity
from schemas.plant.times import Span
from schemas.plant.values import Name, Strict

AlertName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=100)]
LabelName = Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_]*$", max_length=50)]
LabelValue = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Language = Literal["en", "es"]
LANGUAGES: tuple[Language, ...] = ("en", "es")
OWN_LABELS = frozenset(
    {
        *("alertname", "severity", "equipment", "line", "site"),
        *("product", "compliance_area", "source", "tag"),
    }
)
"""Labels that an alert has by itself; `area` is the equipment's unless the rule says another."""
Template = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
"""Jinja: `{{ value }}`, `{{ limit }}`, `{{ unit }}`, `{{ labels.equipment }}`, …"""


class Selection(Strict):
    """Which equipment a rule is about: that which fits all that is named here.

    Empty is all; of what is selected, a rule is about that which has what its condition speaks of.
    """

    ids: list[Name] = Field(default_factory=list)
    """Equipment by id."""
    classes: list[Name] = Field(default_factory=list)
    """Equipment of these classes."""
    lines: list[Name] = Field(default_factory=list)
    """Equipment of these lines."""
    areas: list[Name] = Field(default_factory=list)
    """Equipment of these areas."""

    def takes(self, equipment: Equipment) -> bool:
        """Whether this equipment is selected."""
        wanted = (
            (self.ids, equipment.id),
            (self.classes, equipment.equipment_class),
            (self.lines, equipment.line),
            (self.areas, equipment.area),
        )
        return all(not names or name in names for names, name in wanted)


class Rung(Strict):
    """Firing for so long, the alert is of this severity."""

    after: Span
    """From when the alert began to fire."""
    severity: Severity
    """The severity from then on."""


class OpensDeviation(Strict):
    """Its alerts are excursions: each opens a deviation of every batch that is made meanwhile."""

    severity: DeviationSeverity = "major"
    """Of the deviation."""
    area: Name | None = None
    """Compliance area, of those in `quality.areas`."""
    batches_of: Literal["equipment", "line", "area"] = "equipment"
    """Whose batches it concerns: of the equipment itself, or of all on its line or in its area."""


class AlertRule(Strict):
    """One rule, in Prometheus' words where it has them."""

    alert: AlertName
    """Its name, once in the plant; the label `alertname`."""
    when: Condition
    """The condition."""
    on: Selection = Field(default_factory=Selection)
    """Which equipment it is about."""
    for_: Span = Field(default=timedelta(), alias="for")
    """The condition has to hold for so long before the alert fires."""
    keep_firing_for: Span = timedelta()
    """The condition has to be over for so long before the alert is resolved."""
    severity: Severity
    """How much it matters; a ladder may raise it."""
    ladder: list[Rung] = Field(default_factory=list)
    """Severity rises while nobody resolves it."""
    labels: dict[LabelName, LabelValue] = Field(default_factory=dict)
    """For routing; such as `area: quality`, `regulatory: cofepris`."""
    only_planned: bool = False
    """Whether it is silent outside of planned time: the time before counts for nothing."""
    missing: Literal["hold", "ok", "fire"] = "hold"
    """What becomes of it while the condition is not known: as before, false, or true."""
    summary: Template | dict[Language, Template]
    """One sentence, in one language or in several."""
    description: Template | dict[Language, Template] = Field(default_factory=dict)
    """More of it: what it means, what to do."""
    runbook_url: str | None = Field(default=None, pattern=r"^https?://")
    """Where it is told what to do."""
    flapping: int = Field(default=5, ge=0, le=100)
    """Fired so often within an hour it is told as flapping, once; 0 never."""
    deviation: OpensDeviation | None = None
    """Empty opens none."""

    @property
    def label_names(self) -> frozenset[str]:
        """Labels that its alerts may have; severity is none of them, since it may rise."""
        return (OWN_LABELS - {"severity"}) | {"area"} | self.labels.keys()

    @property
    def scope(self) -> Scope:
        """Where it is evaluated."""
        return scope_of(parts_of(self.when)[0])

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        scopes = sorted({scope_of(piece) for piece in parts_of(self.when)})
        if len(scopes) > 1:
            told = f"mixes conditions of {' and '.join(scopes)}, which are not seen together"
            raise ValueError(f"{told}: make two rules of it")
        taken = sorted(OWN_LABELS & self.labels.keys())
        if taken:
            raise ValueError(f"an alert has the label {taken[0]} by itself")
        if self.deviation is not None and not isinstance(self.when, TagIs):
            told = "deviation tells a tag, its worst value and the limit"
            raise ValueError(f"{told}: it needs a condition of one tag with above or below")
        steps = [("info", "warning", "critical").index(self.severity)]
        steps += [("info", "warning", "critical").index(rung.severity) for rung in self.ladder]
        spans = [timedelta(), *(rung.after for rung in self.ladder)]
        if steps != sorted(set(steps)) or spans != sorted(set(spans)):
            raise ValueError("each rung of the ladder is later and more severe than the one before")
        return self
