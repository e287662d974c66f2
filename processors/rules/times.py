"""Instants as whole microseconds since 1970, in which the rules reckon."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
MILLISECOND = 1_000
MINUTE = 60_000_000
HOUR = 60 * MINUTE
NEVER = -(2**62)
"""Before everything."""
_EARLIEST = (datetime(1900, 1, 1, tzinfo=UTC) - EPOCH) // _MICROSECOND
_LATEST = (datetime(9900, 1, 1, tzinfo=UTC) - EPOCH) // _MICROSECOND


def micros(at: datetime) -> int:
    """The instant as microseconds."""
    return (at - EPOCH) // _MICROSECOND


def span(length: timedelta) -> int:
    """The span as microseconds."""
    return length // _MICROSECOND


def instant(at: int) -> datetime:
    """The microseconds as an instant."""
    return EPOCH + timedelta(microseconds=at)


def is_a_time(at: int) -> bool:
    """Whether sums with it stay within the years that a date can have."""
    return _EARLIEST < at < _LATEST
