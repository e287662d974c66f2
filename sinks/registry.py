"""What a sink subscribes to."""

from schemas.topics import AUDIT_ENTRY, DEADLETTER, KPI, MACHINE, TELEMETRY, Topic

TOPICS: tuple[Topic, ...] = (TELEMETRY, MACHINE, KPI, AUDIT_ENTRY, DEADLETTER)
"""Every topic whose records become rows."""
