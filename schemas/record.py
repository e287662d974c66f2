"""What every record on the wire has in common: frozen values, UTC times, versions, event ids."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints


def in_utc(moment: datetime) -> datetime:
    """The same instant in UTC; a time without a zone is refused, because nobody can place it."""
    if moment.tzinfo is None:
        raise ValueError("time has no zone; write it as 2026-03-01T06:00:00Z")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("time lies outside the years 1 to 9999 in UTC") from None


UtcTime = Annotated[datetime, AfterValidator(in_utc)]
"""An instant; always UTC once it is read."""

LARGEST_NUMBER = 1e150
"""Of measured values and results: no machine measures more, and no float holds the square of much
more; some devices say nearly the largest float for a value that they do not have."""
LARGEST_COUNT = 2**63 - 1
"""What a column of 64 bits holds."""

Count = Annotated[int, Field(ge=0, le=LARGEST_COUNT)]
"""A number of things, as a column of 64 bits holds it."""

Change = Annotated[int, Field(ge=-LARGEST_COUNT - 1, le=LARGEST_COUNT)]
"""An amount that may be taken away again, as a column of 64 bits holds it."""

EquipmentPath = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9_-]+(/[a-z0-9_-]+){4}$", max_length=200)
]
"""ISA-95 hierarchy: enterprise/site/area/line/equipment."""


SitePath = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]+/[a-z0-9_-]+$", max_length=100)]
"""The first two levels of the hierarchy: enterprise/site."""


class Frozen(BaseModel):
    """A value. Readers ignore fields they do not know, so that a newer writer may add some."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


ONCE = "once-"
"""So begins the epoch of a writer that gives no record the same id twice, whatever happens."""


class EventId(Frozen):
    """Names one event for ever: `seq` counts up per source, epoch, topic and partition key."""

    source: str = Field(min_length=1, max_length=200)
    epoch: str = Field(min_length=1, max_length=64)
    seq: Count

    @property
    def is_sent_once(self) -> bool:
        """Whether its writer never sends it again: readers need not remember how far they were."""
        return self.epoch.startswith(ONCE)

    def __str__(self) -> str:
        return f"{self.source}/{self.epoch}/{self.seq}"


class Envelope(Frozen):
    """Who says it, when it happened, when the edge saw it, and under which plant file."""

    version: int = Field(default=1, ge=1, le=1)
    id: EventId
    run: str = Field(default="", max_length=64)
    """The replay this belongs to; '' is live."""
    plant_version: str = Field(min_length=1, max_length=64)
    traceparent: str | None = None
    source_time: UtcTime
    ingest_time: UtcTime

    def partition_key(self) -> str:
        """What the record is in order with: its equipment, its product, or its site."""
        raise NotImplementedError

    def record_key(self) -> str:
        """The key it stands under in its topic."""
        return self.partition_key()


class Statement(Frozen):
    """What a record says that a person or an instrument stated, instead of a machine."""

    by: str = Field(min_length=1, max_length=100)
    """Who said it: the name of the token, or of the folder."""
    statement: str = Field(min_length=1, max_length=64)
    """The id that its author was answered with; corrections name it."""


def equipment_id(path: EquipmentPath) -> str:
    """The last level of the hierarchy, unique within a plant."""
    return path.rpartition("/")[2]


def site_of(path: EquipmentPath) -> str:
    """The first two levels, enterprise/site."""
    return "/".join(path.split("/")[:2])
