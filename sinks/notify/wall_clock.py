"""The wall clock, and by how much somebody has set it since it was read last."""

from collections.abc import Callable
from datetime import datetime, timedelta

from plantstream.runtime.logs import get_logger
from sinks.notify.ports import NotifyTime

TOLERATED = timedelta(seconds=0.1)
"""Time servers that slew a clock, and rounding, are not heard of."""
_log = get_logger()


class WallClock:
    """Tells the time; whoever waits by it hears first by how much it has moved."""

    def __init__(self, time: NotifyTime, moved: Callable[[timedelta], None]) -> None:
        self._time, self._moved = time, moved
        self._read = time.now(), time.monotonic()
        self.set_by = timedelta()
        """By all settings together, until it was read last."""

    def now(self) -> datetime:
        """What it says."""
        (before, passed), self._read = self._read, (self._time.now(), self._time.monotonic())
        now, monotonic = self._read
        by = now - before - timedelta(seconds=monotonic - passed)
        if abs(by) > TOLERATED:
            _log.warning("the clock was set", by_s=round(by.total_seconds(), 3))
            self.set_by += by
            self._moved(by)
        return now

    def moved_since(self, set_by: timedelta) -> timedelta:
        """By how much it was set since all settings together were this."""
        self.now()
        return self.set_by - set_by
