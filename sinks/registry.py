"""What a sink subscribes to."""

from schemas.topics import AUDIT_ENTRY, DEADLETTER, KPI, LAB, MACHINE, OPERATOR, TELEMETRY, Topic

TOPICS: tuple[Topic, ...] = (TELEMETRY, MACHINE, LAB, OPERATOR, KPI, AUDIT_ENTRY, DEADLETTER)
"""Every topic whose records become rows."""
