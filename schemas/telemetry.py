"""Raw samples of one equipment, in columns: a sample costs tens of bytes, a frame stands alone."""

from typing import Literal, Self

from pydantic import Field, model_validator

from schemas.record import Envelope, EquipmentPath, Frozen

MAX_SAMPLES = 500
"""Samples in one frame."""


class Column(Frozen):
    """The samples of one tag: numbers (booleans as 0 and 1) or texts, never both.

    `kind` says what they are at the source, if neither fractions nor texts: whole numbers or
    booleans. Whole numbers beyond 2^53, which a float does not hold, stand in `texts`.

    `offset_ms[i]` is added to the frame's `source_time`. `quality` holds OPC UA status codes; None
    means that all are Good. A sample of bad quality may have no value.
    """

    tag: str = Field(min_length=1, max_length=200)
    unit: str = ""
    offset_ms: list[int]
    numbers: list[float | None] | None = None
    texts: list[str | None] | None = None
    quality: list[int] | None = None
    kind: Literal["int", "bool"] | None = None

    @model_validator(mode="after")
    def _same_lengths(self) -> Self:
        if (self.numbers is None) == (self.texts is None):
            raise ValueError(f"column {self.tag!r} needs either numbers or texts")
        values = self.texts if self.numbers is None else self.numbers
        size, quality = len(self.offset_ms), self.quality
        if len(values or ()) != size or (quality is not None and len(quality) != size):
            parts = (self.offset_ms, self.values(), quality)
            lengths = sorted({len(part) for part in parts if part is not None})
            raise ValueError(f"column {self.tag!r} has parts of different length: {lengths}")
        return self

    def values(self) -> list[float | None] | list[str | None]:
        """The samples, whichever kind they are."""
        return self.texts if self.numbers is None else self.numbers  # type: ignore[return-value]


class TelemetryFrame(Envelope):
    """Samples of one equipment from about the same time, complete in themselves."""

    type: Literal["telemetry_frame"] = "telemetry_frame"
    equipment: EquipmentPath
    columns: list[Column] = Field(min_length=1)

    def partition_key(self) -> str:
        """The equipment."""
        return self.equipment

    def sample_count(self) -> int:
        """How many samples the frame holds."""
        return sum(len(column.offset_ms) for column in self.columns)
