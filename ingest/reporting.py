"""Report by exception: which values of a measured tag are news."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ingest.frames import Reading, dump_readings, load_readings
from schemas.plant.sources import Deadband
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
    """Whether not every value of the tag is reported."""
    return any(one is not None for one in (tag.deadband, tag.min_interval_ms, tag.max_interval_s))


def report(
    tag: Tag, before: Reported | None, seen: Reading, *, is_filtered: bool = False
) -> Report:
    """Decide about a value: it goes on, it is held back until later, or it is no news.

    A value that its source has filtered by the deadband is news. The deadband is not applied twice:
    each side would compare with another value, and the truth could be two deadbands away.
    """
    if before is None:
        return Reported(seen), (seen,)
    if not is_filtered and not _is_news(tag, before.last, seen):
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
    return tag.deadband is None or not _is_within(tag.deadband, last, seen)


def _is_within(deadband: Deadband, last: Reading, seen: Reading) -> bool:
    """What a deadband means where no server applies it: in the tag's unit, or of the last value."""
    if not isinstance(seen.value, int | float) or not isinstance(last.value, int | float):
        return seen.value == last.value
    width = deadband.absolute
    if width is None:
        width = abs(last.value) * (deadband.percent or 0.0) / _WHOLE
    return abs(seen.value - last.value) <= width


def _is_too_soon(tag: Tag, last: Reading, at: datetime) -> bool:
    interval_ms = tag.min_interval_ms
    return interval_ms is not None and abs(at - last.at) < timedelta(milliseconds=interval_ms)


def _is_overdue(tag: Tag, last: Reading, at: datetime) -> bool:
    interval_s = tag.max_interval_s
    return interval_s is not None and abs(at - last.at) >= timedelta(seconds=interval_s)
