"""The only place that reads a clock."""

import os
import time
from datetime import UTC, datetime, timedelta
from functools import cache

SHIFT = "PLANTSTREAM_CLOCK_SHIFT_S"
"""Environment: seconds by which our wall clock is ahead of the system's, so that a demo can show
another hour or day. Never set it where real machines are read."""


def now() -> datetime:
    """The wall clock, in UTC."""
    return datetime.now(UTC) + _shift()


def system() -> datetime:
    """The system's clock, which brokers and collectors of traces go by, in UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds that never run backwards."""
    return time.monotonic()


def is_shifted() -> bool:
    """Whether it is another time here than elsewhere."""
    return bool(_shift())


def begin_at(moment: datetime) -> None:
    """Let this process, and those that it starts from now on, live at this moment."""
    os.environ[SHIFT] = repr((moment - datetime.now(UTC)).total_seconds())
    _shift.cache_clear()


@cache
def _shift() -> timedelta:
    return timedelta(seconds=float(os.environ.get(SHIFT) or 0))
