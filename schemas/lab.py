"""What laboratories say of a product: results of tests, and what is to become of a batch."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.record import Envelope, SitePath, Statement, UtcTime


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
        return self


class Disposition(LabRecord):
    """What is to become of a batch."""

    type: Literal["disposition"] = "disposition"
    batch: str = Field(min_length=1, max_length=100)
    decision: Literal["release", "reject", "hold"]
    reason: str | None = Field(default=None, min_length=1, max_length=2000)
