"""The only place that reads a clock."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """The wall clock, in UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds that never run backwards."""
    return time.monotonic()
