"""What was reported last of open windows."""

from datetime import datetime
from typing import NamedTuple

from processors.oee.book import MINUTE, Book, Window, floor_minute
from processors.oee.windows import rolling_hour


class Reported(NamedTuple):
    """The last report of open windows."""

    minute: datetime
    hour_end: datetime | None
    """The end of the rolling hour that stands in its report; None while none does."""


def reported_by(last: Reported | None, view: Book) -> Reported | None:
    """The last report once this is known: open windows are reported once a minute."""
    if view.at is None or (last is not None and view.at - last.minute < MINUTE):
        return last
    hour = rolling_hour(view)
    return Reported(floor_minute(view.at), hour.end if hour else None)


def hour_to_report(book: Book, last: Reported | None) -> Window | None:
    """The rolling hour; an empty one takes back what was told before too little was left of it."""
    hour = rolling_hour(book)
    if hour is None and last is not None and last.hour_end is not None:
        return Window("shift", "rolling", last.hour_end - MINUTE, last.hour_end)
    return hour
