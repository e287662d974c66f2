"""What a sink subscribes to."""

from schemas.topics import (
    ALERT,
    AUDIT,
    AUDIT_ENTRY,
    DEADLETTER,
    DELIVERY,
    KPI,
    LAB,
    LAB_ANSWER,
    MACHINE,
    MODEL,
    NOTIFICATION,
    OPERATOR,
    QUALITY,
    SITE,
    TELEMETRY,
    Topic,
)

TOPICS: tuple[Topic, ...] = (
    TELEMETRY,
    MACHINE,
    LAB,
    LAB_ANSWER,
    QUALITY,
    OPERATOR,
    KPI,
    SITE,
    ALERT,
    NOTIFICATION,
    DELIVERY,
    MODEL,
    AUDIT_ENTRY,
    AUDIT,
    DEADLETTER,
)
"""Every topic whose records become rows."""
