"""What laboratories say of a product: results of tests, and what is to become of a batch."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.record import Envelope, EquipmentPath, Frozen, SitePath, Statement, UtcTime

Roles = tuple[str, ...]
"""Of a person, as the signature of the statement says."""


class LabRecord(Envelope, Statement):
    """A record about one product of a site."""

    site: SitePath
    product: str = Field(min_length=1, max_length=100)

    def partition_key(self) -> str:
        """The product within its site."""
        return f"{self.site}/{self.product}"


class TestResult(LabRecord):
    """What a test found at `source_time`; a correction is a new result that names the old one."""

    __test__: ClassVar[bool] = False  # What begins with Test would be run by pytest.

    type: Literal["test_result"] = "test_result"
    test: str = Field(min_length=1, max_length=100)
    """Id of the test in the plant file."""
    batch: str | None = Field(default=None, min_length=1, max_length=100)
    sample: str | None = Field(default=None, min_length=1, max_length=100)
    """Id of the sample that was tested."""
    sample_time: UtcTime | None = None
    """When the sample was taken."""
    number: float | None = None
    """The result of a test whose results are numbers, in `unit`."""
    text: str | None = Field(default=None, max_length=500)
    """The result of any other test."""
    comparator: Literal["<", ">"] | None = None
    """The true value is below (<) or above (>) `number`, which is the limit of the method."""
    unit: str = Field(default="", max_length=40)
    method: str | None = Field(default=None, min_length=1, max_length=100)
    instrument: str | None = Field(default=None, min_length=1, max_length=100)
    analyst: str | None = Field(default=None, min_length=1, max_length=100)
    revision: int = Field(default=1, ge=1, le=1_000_000)
    corrects: str | None = Field(default=None, min_length=1, max_length=64)
    """`statement` of the result that this one takes the place of."""
    reason: str | None = Field(default=None, min_length=1, max_length=2000)
    """Why it was corrected or tested again."""
    retest: bool = False
    """The sample was tested again; the new result takes the place of the one before."""
    invalid: bool = False
    """A correction by which the result counts for nothing, such as one of a broken instrument."""

    @model_validator(mode="after")
    def _one_value(self) -> Self:
        if (self.number is None) == (self.text is None):
            raise ValueError("a result is either a number or a text")
        if self.comparator is not None and self.number is None:
            raise ValueError("comparator belongs to a number")
        return self

    @model_validator(mode="after")
    def _explained(self) -> Self:
        if (self.corrects is not None) != (self.revision > 1):
            raise ValueError("corrects and a revision above 1 go together")
        if self.corrects is not None and self.reason is None:
            raise ValueError("a correction needs a reason")
        if self.invalid and self.corrects is None:
            raise ValueError("invalid is said of a result that corrects names")
        return self


class Disposition(LabRecord):
    """What is to become of a batch."""

    type: Literal["disposition"] = "disposition"
    batch: str = Field(min_length=1, max_length=100)
    decision: Literal["release", "conditional", "reject", "hold"]
    """`conditional` is a release under the conditions that `reason` states."""
    reason: str | None = Field(default=None, min_length=1, max_length=2000)
    roles: Roles = Field(default=(), max_length=20)


DeviationStep = Literal["investigate", "capa", "close", "reopen"]


class DeviationAction(LabRecord):
    """What somebody does about a deviation: the next step of its life."""

    type: Literal["deviation_action"] = "deviation_action"
    deviation: str = Field(min_length=1, max_length=500)
    """Its record id."""
    action: DeviationStep
    """`capa`: corrective and preventive actions are decided on."""
    reason: str = Field(min_length=1, max_length=2000)
    """The root cause, what is done, or why it may be closed."""
    roles: Roles = Field(default=(), max_length=20)


class BatchMade(Frozen):
    """When an equipment made a batch of a product, as its engine knows by now; the newest wins."""

    type: Literal["batch_made"] = "batch_made"
    version: int = Field(default=1, ge=1, le=1)
    run: str = Field(default="", max_length=64)
    plant_version: str = Field(min_length=1, max_length=64)
    site: SitePath
    product: str = Field(min_length=1, max_length=100)
    equipment: EquipmentPath
    batch: str = Field(min_length=1, max_length=100)
    start: UtcTime
    end: UtcTime | None = None
    """None while it is open."""
    withdrawn: bool = False
    """It turned out to be a batch of another product."""

    def partition_key(self) -> str:
        """The product within its site."""
        return f"{self.site}/{self.product}"

    def record_id(self) -> str:
        """What it is named by."""
        parts = (self.run, self.site, self.product, "made", self.equipment, self.batch)
        return "|".join((*parts, self.start.isoformat()))
