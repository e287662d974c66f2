"""Report by exception: which values of a measured tag are news."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ingest.frames import Reading, dump_readings, load_readings
from schemas.plant.tags import Tag

_WHOLE = 100.0


@dataclass(frozen=True, slots=True)
class Reported:
    """What was reported last of a tag, and what is news but came too soon after it."""

    last: Reading
    held: Reading | None = None

    def dump(self) -> list[list[object]]:
        """As JSON that `load` reads."""
        return [list(one) for one in dump_readings([one for one in (self.last, self.held) if one])]

    @classmethod
    def load(cls, rows: list[tuple[str, int, bool | float | str | None, int]]) -> "Reported":
        """What `dump` gave."""
        return cls(*load_readings(rows))


Report = tuple[Reported, tuple[Reading, ...]]
"""What is remembered, and what goes on."""


def is_selective(tag: Tag) -> bool:
    """Whether not every value of the tag is reported.

    An OPC UA server applies the deadband itself, or its input does.
    """
    has_deadband = tag.deadband is not None and tag.node is None
    return has_deadband or tag.min_interval_ms is not None or tag.max_interval_s is not None


def report(tag: Tag, before: Reported | None, seen: Reading) -> Report:
    """Decide about a value: it goes on, it is held back until later, or it is no news."""
    if before is None:
        return Reported(seen), (seen,)
    if not _is_news(tag, before.last, seen):
        return Reported(before.last), ()
    if _is_too_soon(tag, before.last, seen.at):
        return Reported(before.last, held=seen), ()
    return Reported(seen), (seen,)


def remind(tag: Tag, before: Reported, at: datetime) -> Report:
    """Report what is due at this time, at which the source is known to live."""
    if before.held is not None and not _is_too_soon(tag, before.last, at):
        return Reported(before.held), (before.held,)
    if _is_overdue(tag, before.last, at):
        again = before.last._replace(at=at)
        return Reported(again, before.held), (again,)
    return before, ()


def _is_news(tag: Tag, last: Reading, seen: Reading) -> bool:
    if seen.quality != last.quality or _is_overdue(tag, last, seen.at):
        return True
    if tag.deadband is None or tag.node is not None:
        return True
    if not isinstance(seen.value, int | float) or not isinstance(last.value, int | float):
        return seen.value != last.value
    width = tag.deadband.absolute
    if width is None:
        width = abs(last.value) * (tag.deadband.percent or 0.0) / _WHOLE
    return abs(seen.value - last.value) > width


def _is_too_soon(tag: Tag, last: Reading, at: datetime) -> bool:
    interval_ms = tag.min_interval_ms
    return interval_ms is not None and abs(at - last.at) < timedelta(milliseconds=interval_ms)


def _is_overdue(tag: Tag, last: Reading, at: datetime) -> bool:
    interval_s = tag.max_interval_s
    return interval_s is not None and abs(at - last.at) >= timedelta(seconds=interval_s)
