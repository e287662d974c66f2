"""Local times as instants, also on the days on which clocks are changed."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_MINUTE = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)


def instant(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant of this local time, in UTC; a later local time never gives an earlier instant.

    A time that clocks show twice is meant the first time; one that they leave out is the instant
    at which they are put forward.
    """
    naive = local.replace(tzinfo=None, fold=0)
    found = naive.replace(tzinfo=zone).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None, fold=0) == naive:
        return found
    return _put_forward(naive.replace(tzinfo=zone, fold=1).astimezone(UTC), found, zone)


def at_minute(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """The instant of the local time so many minutes after midnight, by the clock on the wall."""
    return instant(datetime.combine(day, time()) + minute * _MINUTE, zone)


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Where a local day begins and ends: 23, 24 or 25 hours apart."""
    return at_minute(day, 0, zone), at_minute(day + timedelta(days=1), 0, zone)


def _put_forward(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first instant in (before, after] with the offset from UTC that holds after it."""
    offset = after.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + (after - before) // _SECOND // 2 * _SECOND
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after
