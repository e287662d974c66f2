"""All sinks that write what topics carry, one line each."""

from collections.abc import Callable
from typing import Any

from schemas.topics import AUDIT_ENTRY, DEADLETTER, KPI, MACHINE, TELEMETRY, Topic
from sinks.sink import Sink
from sinks.timescale.writer import TimescaleSink

SINKS: dict[str, Callable[[Any], Sink]] = {
    "timescale": TimescaleSink,
}

TOPICS: tuple[Topic, ...] = (TELEMETRY, MACHINE, KPI, AUDIT_ENTRY, DEADLETTER)
"""What a sink subscribes to."""
