"""What laboratories say of a product: results of tests, and what is to become of a batch."""

from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.plant.quality import DeviationSeverity
from schemas.plant.signatures import Act
from schemas.record import Envelope, EquipmentPath, Frozen, SitePath, Statement, UtcTime
from schemas.signature import Signature

Roles = tuple[str, ...]
"""Of a person, as the signature of the statement says."""


class LabRecord(Envelope, Statement):
    """A record about one product of a site."""

    site: SitePath
    product: str = Field(min_length=1, max_length=100)

    def partition_key(self) -> str:
        """The product within its site."""
        return f"{self.site}/{self.product}"


_NOT_SIGNED = {*Envelope.model_fields, *Statement.model_fields, "site", "roles", "signature"}
_NOT_SIGNED -= {"source_time"}


class SignedRecord(LabRecord):
    """A record that its author may sign."""

    signature: Signature | None = None
    """Of a person, over `signed_content`."""

    @property
    def act(self) -> Act | None:
        """What a plant file may ask to be signed; None where it asks for nothing."""
        return None

    def signed_content(self) -> dict[str, Any]:
        """What is signed: the fields of its author, without id and what is at its default."""
        told = self.model_dump(
            mode="json", exclude=_NOT_SIGNED, exclude_none=True, exclude_defaults=True
        )
        told |= {"type": getattr(self, "type", ""), "time": told.pop("source_time")}
        for name in ("number", "text"):
            if name in told:
                told["value"] = told.pop(name)
        return told


class TestResult(SignedRecord):
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

    @property
    def act(self) -> Act | None:
        """Corrections may have to be signed."""
        return None if self.corrects is None else "correction"

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


class Disposition(SignedRecord):
    """What is to become of a batch."""

    type: Literal["disposition"] = "disposition"
    batch: str = Field(min_length=1, max_length=100)
    decision: Literal["release", "conditional", "reject", "hold"]
    """`conditional` is a release under the conditions that `reason` states."""
    reason: str | None = Field(default=None, min_length=1, max_length=2000)
    roles: Roles = Field(default=(), max_length=20)

    @property
    def act(self) -> Act | None:
        """Each may have to be signed."""
        return "disposition"


DeviationStep = Literal["investigate", "capa", "close", "reopen"]


class DeviationAction(SignedRecord):
    """What somebody does about a deviation: the next step of its life."""

    type: Literal["deviation_action"] = "deviation_action"
    deviation: str = Field(min_length=1, max_length=500)
    """Its record id."""
    action: DeviationStep
    """`capa`: corrective and preventive actions are decided on."""
    reason: str = Field(min_length=1, max_length=2000)
    """The root cause, what is done, or why it may be closed."""
    roles: Roles = Field(default=(), max_length=20)

    @property
    def act(self) -> Act | None:
        """Closing may have to be signed."""
        return "closing" if self.action == "close" else None


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


class Excursion(Frozen):
    """A tag was beyond its limit, as an alert of an equipment tells it; the newest wins.

    It is told to every product: which batches were made meanwhile is known there.
    """

    type: Literal["excursion"] = "excursion"
    version: int = Field(default=1, ge=1, le=1)
    run: str = Field(default="", max_length=64)
    plant_version: str = Field(min_length=1, max_length=64)
    site: SitePath
    product: str = Field(min_length=1, max_length=100)
    rule: str = Field(min_length=1, max_length=100)
    """Name of the alert."""
    fingerprint: str = Field(min_length=1, max_length=100)
    """Of the alert: with `start` it names the excursion."""
    equipment: EquipmentPath
    concerns: str = Field(min_length=1, max_length=500)
    """The path of the equipment, line or area whose batches it concerns."""
    severity: DeviationSeverity
    area: str | None = Field(default=None, max_length=40)
    """Compliance area."""
    tag: str = Field(min_length=1, max_length=100)
    start: UtcTime
    """When the condition became true."""
    fired_at: UtcTime
    end: UtcTime | None = None
    """When the alert was resolved; None while it fires."""
    at: UtcTime
    """When this became so."""
    worst: float | None = None
    """The value that was furthest beyond the limit until then, in `unit`."""
    limit: float | None = None
    """The one that `worst` is beyond."""
    unit: str = Field(default="", max_length=50)

    def partition_key(self) -> str:
        """The product within its site."""
        return f"{self.site}/{self.product}"

    def record_id(self) -> str:
        """What it is named by."""
        parts = (self.run, self.site, self.product, "excursion", self.fingerprint)
        return "|".join((*parts, self.start.isoformat()))
