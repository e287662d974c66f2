"""Who changed what, when and why."""

from typing import Any, Literal

from pydantic import Field

from schemas.record import Frozen, UtcTime


class AuditEntry(Frozen):
    """One act of a person or a service; it is chained later, and never changed."""

    type: Literal["audit_entry"] = "audit_entry"
    version: int = Field(default=1, ge=1, le=1)
    id: str
    site: str
    at: UtcTime
    actor: str
    """The person's printed name, or `service:<name>`."""
    action: str
    subject: str
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    reason: str | None = None
