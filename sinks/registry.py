"""What a sink subscribes to."""

from schemas.topics import (
    AUDIT_ENTRY,
    DEADLETTER,
    KPI,
    LAB,
    MACHINE,
    MODEL,
    OPERATOR,
    TELEMETRY,
    Topic,
)

TOPICS: tuple[Topic, ...] = (
    TELEMETRY,
    MACHINE,
    LAB,
    OPERATOR,
    KPI,
    MODEL,
    AUDIT_ENTRY,
    DEADLETTER,
)
"""Every topic whose records become rows."""
