"""How often somebody may try to sign, and which codes are used up. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

MOST_FAILURES = 5
"""In a row; then nothing is taken for a while."""
LOCKED_FOR = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Attempts:
    """What is remembered of one login."""

    failures: int = 0
    """In a row, since the last success or lock."""
    last_step: int = -1
    """The newest step of the second factor that was used; it and all before are used up."""
    locked_until: datetime | None = None


def locked_s(attempts: Attempts, now: datetime) -> float:
    """Seconds for which nothing is taken; 0 if it is."""
    until = attempts.locked_until
    return 0.0 if until is None else max(0.0, (until - now).total_seconds())


def failed(attempts: Attempts, now: datetime) -> Attempts:
    """After one more failure."""
    if attempts.failures + 1 < MOST_FAILURES:
        return replace(attempts, failures=attempts.failures + 1, locked_until=None)
    return replace(attempts, failures=0, locked_until=now + LOCKED_FOR)


def succeeded(step: int) -> Attempts:
    """After a success with the code of this step."""
    return Attempts(last_step=step)
