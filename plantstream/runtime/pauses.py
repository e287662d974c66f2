"""Pauses by the wall clock, which may be set while they last."""

from datetime import datetime, timedelta


def is_over(pause: timedelta, since: datetime, now: datetime) -> bool:
    """Whether it has lasted; a clock that is set back ends it, so that nobody waits for it."""
    return not timedelta() <= now - since < pause
