"""Quality as it is known by now: results judged, rates, deviations, releases, and answers."""

from typing import ClassVar, Literal

from pydantic import Field

from schemas.plant.quality import DeviationSeverity
from schemas.record import Count, EquipmentPath, EventId, Frozen, SitePath, UtcTime

Outcome = Literal["pass", "fail", "out_of_trend", "invalid"]
"""`out_of_trend` is within specification; `invalid` counts for nothing."""


class QualityRecord(Frozen):
    """What every record of one product's quality has in common; the newest of an id wins."""

    version: int = Field(default=1, ge=1, le=1)
    run: str = Field(default="", max_length=64)
    plant_version: str = Field(min_length=1, max_length=64)
    site: SitePath
    product: str = Field(min_length=1, max_length=100)

    def partition_key(self) -> str:
        """The product within its site."""
        return f"{self.site}/{self.product}"

    def named(self, *parts: str) -> str:
        """A record id of this product."""
        return "|".join((self.run, self.site, self.product, *parts))


class TestJudged(QualityRecord):
    """What a result comes to, by its newest version and the specification of its sample's time."""

    __test__: ClassVar[bool] = False  # What begins with Test would be run by pytest.

    type: Literal["test_judged"] = "test_judged"
    result: str = Field(min_length=1, max_length=64)
    """`statement` of its first version, which names it."""
    statement: str = Field(min_length=1, max_length=64)
    """Of its newest version."""
    revision: int = Field(ge=1)
    """Versions of it that count; 1 is never corrected."""
    test: str = Field(min_length=1, max_length=100)
    batch: str | None = Field(default=None, max_length=100)
    sample: str | None = Field(default=None, max_length=100)
    area: str | None = Field(default=None, max_length=40)
    at: UtcTime
    """When it was tested first: windows of time hold it by this."""
    stated_at: UtcTime
    """When its newest version was found."""
    outcome: Outcome | None = None
    """None: nothing is specified for it, or it is withdrawn."""
    because: str = Field(default="", max_length=500)
    """The limit it broke, or why it is out of trend or invalid."""
    number: float | None = None
    text: str | None = Field(default=None, max_length=500)
    comparator: Literal["<", ">"] | None = None
    unit: str = Field(default="", max_length=40)

    def record_id(self) -> str:
        """What it is named by."""
        return self.named("result", self.result)


Window = Literal["24h", "7d", "30d", "batch"]


class ComplianceReport(QualityRecord):
    """How much of what was judged in a window is within specification; figures that add up."""

    type: Literal["compliance_report"] = "compliance_report"
    window: Window
    batch: str | None = Field(default=None, max_length=100)
    area: str | None = Field(default=None, max_length=40)
    """Compliance area; None with no test is the product as a whole."""
    test: str | None = Field(default=None, max_length=100)
    start: UtcTime | None = None
    """None of a batch that no equipment has begun."""
    end: UtcTime
    within: Count = 0
    """Results within specification, the newest version of each."""
    judged: Count = 0
    compliance_rate: float | None = None
    """within / judged, or None below the minimum number."""
    batches_within: Count = 0
    """Batches of which every required test passed."""
    batches_judged: Count = 0
    """Batches of which every required test is judged."""
    batch_compliance: float | None = None
    """batches_within / batches_judged, or None below the minimum number or of a test or area."""
    revision: Count = 0
    """Corrections and retests of the results that it counts."""

    def record_id(self) -> str:
        """What it is named by."""
        names = (self.batch or "", self.area or "", self.test or "")
        return self.named("compliance", self.window, *names)


class CapabilityReport(QualityRecord):
    """How much of its specification a characteristic needs; `docs/control-charts.md` has formulas.

    Of the newest results that are numbers, by the specification of the newest one; None is
    undefined.
    """

    type: Literal["capability_report"] = "capability_report"
    test: str = Field(min_length=1, max_length=100)
    chart: Literal["individuals", "subgroups"] = "individuals"
    """I-MR or X̄-R: from which ranges sigma within follows."""
    start: UtcTime
    """When the oldest of them was tested."""
    end: UtcTime
    """When the newest of them was tested."""
    results: Count = 0
    """So many; with subgroups, those of complete ones."""
    unit: str = Field(default="", max_length=40)
    lower: float | None = None
    """Limit of the specification."""
    upper: float | None = None
    """Limit of the specification."""
    mean: float | None = None
    within_sigma: float | None = None
    """Mean moving range / 1.128, or mean range / d2."""
    overall_sigma: float | None = None
    """Standard deviation of the sample of all of them."""
    cp: float | None = None
    cpk: float | None = None
    cpk_lower: float | None = None
    """Bound of the 95 % interval of cpk."""
    cpk_upper: float | None = None
    """Bound of the 95 % interval of cpk."""
    pp: float | None = None
    ppk: float | None = None

    def record_id(self) -> str:
        """What it is named by."""
        return self.named("capability", self.test)


Cause = Literal["out_of_specification", "out_of_trend", "excursion", "missed_test"]
DeviationState = Literal["open", "investigating", "capa", "closed"]


class DeviationExcursion(Frozen):
    """The excursion that opened a deviation, as long as it lasted, also outside of the batch."""

    rule: str = Field(min_length=1, max_length=100)
    """Name of the alert."""
    equipment: EquipmentPath
    tag: str = Field(min_length=1, max_length=100)
    start: UtcTime
    """When the value went beyond the limit."""
    end: UtcTime | None = None
    """When the alert was resolved; None while it fires."""
    duration_s: float | None = None
    """From start to end; None while it fires."""
    worst: float | None = None
    """The value that was furthest beyond the limit, as it was known when it fired or ended."""
    limit: float | None = None
    unit: str = Field(default="", max_length=50)


class Deviation(QualityRecord):
    """Something was not as it has to be, from its opening to its closing."""

    type: Literal["deviation"] = "deviation"
    deviation: str = Field(min_length=1, max_length=500)
    """Its record id, by which actions name it."""
    cause: Cause
    severity: DeviationSeverity
    state: DeviationState = "open"
    batch: str | None = Field(default=None, max_length=100)
    test: str | None = Field(default=None, max_length=100)
    result: str | None = Field(default=None, max_length=64)
    """The result that opened it."""
    area: str | None = Field(default=None, max_length=40)
    """Compliance area."""
    excursion: DeviationExcursion | None = None
    """What opened it, where the cause is one."""
    because: str = Field(default="", max_length=500)
    opened_at: UtcTime
    changed_at: UtcTime
    """When its newest step was taken."""
    closed_at: UtcTime | None = None
    by: str | None = Field(default=None, max_length=100)
    """Who took the newest step."""
    reason: str | None = Field(default=None, max_length=2000)
    age_days: Count = 0
    """Whole days from its opening to its closing, or until now."""
    recurrence: Count = 0
    """Others of the same cause and test, or rule and equipment, in the time before."""
    withdrawn: bool = False
    """What had opened it was refused, arrived after all, or missed the batch: there was none."""

    def record_id(self) -> str:
        """What it is named by."""
        return self.deviation


ReleaseState = Literal["approved", "conditional", "rejected", "held"]


class BatchRelease(QualityRecord):
    """How far a batch is on its way to its release."""

    type: Literal["batch_release"] = "batch_release"
    batch: str = Field(min_length=1, max_length=100)
    started_at: UtcTime | None = None
    ended_at: UtcTime | None = None
    """None while some equipment makes it, and of a batch that none has begun."""
    expected: Count = 0
    """Required results."""
    judged: Count = 0
    failed: Count = 0
    pending: tuple[str, ...] = Field(default=(), max_length=200)
    """Tests of which required results are not there yet."""
    overdue: tuple[str, ...] = Field(default=(), max_length=200)
    open_deviations: Count = 0
    hours_since_end: Count = 0
    """Whole hours from its end to its disposition, or until now."""
    disposition: ReleaseState | None = None
    disposed_at: UtcTime | None = None
    disposed_by: str | None = Field(default=None, max_length=100)
    release_time_h: float | None = None
    """Hours from its end to its approval, conditional or not."""

    def record_id(self) -> str:
        """What it is named by."""
        return self.named("batch", self.batch)


class Objection(Frozen):
    """A field of a statement, and why it cannot be so."""

    field: str = Field(max_length=100)
    reason: str = Field(max_length=1000)


class LabAnswer(QualityRecord):
    """Whether a statement was accepted, by all that the stream knows; the newest wins."""

    type: Literal["lab_answer"] = "lab_answer"
    statement: str = Field(min_length=1, max_length=64)
    event: EventId
    by: str = Field(min_length=1, max_length=100)
    """Who stated it."""
    at: UtcTime
    """When the edge heard it."""
    answer: Literal["accepted", "refused"]
    objections: tuple[Objection, ...] = ()
    """Why it was refused."""

    def record_id(self) -> str:
        """The run and the statement that it answers."""
        return f"{self.run}|{self.statement}"
