"""A circuit breaker: a provider that does not answer is left alone for a while. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Resting:
    """When a channel is left alone, and how long."""

    failures: int = 8
    """In a row."""
    first_s: float = 5.0
    most_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Breaker:
    """Closed, open until a time, or half open after it: then one message is tried."""

    failures: int = 0
    until: datetime | None = None
    rests: int = 0

    def is_open(self, now: datetime) -> bool:
        """Nothing is sent."""
        return self.until is not None and now < self.until

    def is_probing(self, now: datetime) -> bool:
        """One message at a time is tried."""
        return self.until is not None and now >= self.until

    def moved(self, by: timedelta) -> "Breaker":
        """The same after the clock was set."""
        return self if self.until is None else replace(self, until=self.until + by)

    def answered(self) -> "Breaker":
        """The provider is there, whatever it said."""
        return Breaker()

    def failed(self, now: datetime, resting: Resting) -> "Breaker":
        """It did not answer, or said that it is broken."""
        failures = self.failures + 1
        if self.until is None and failures < resting.failures:
            return replace(self, failures=failures)
        if self.is_open(now):
            return self
        pause_s = min(resting.first_s * 2**self.rests, resting.most_s)
        return Breaker(failures, now + timedelta(seconds=pause_s), self.rests + 1)
