"""What could not be read, kept with its position and the reason."""

from typing import Literal

from pydantic import Base64Bytes, Field

from schemas.record import Frozen, UtcTime

MAX_BYTES = 65_536
"""How much of the original is kept."""


class DeadLetter(Frozen):
    """Bytes that will never be an event, and why."""

    type: Literal["dead_letter"] = "dead_letter"
    version: int = Field(default=1, ge=1, le=1)
    id: str
    """Where it came from; the same record is buried under the same id again."""
    service: str
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None
    file: str | None = None
    line: int | None = None
    key: Base64Bytes | None = None
    value: Base64Bytes | None = None
    """The first `MAX_BYTES` of it."""
    size: int = Field(ge=0)
    reason: str
    buried_at: UtcTime
