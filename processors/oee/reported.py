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


class Report(NamedTuple):
    """Open windows are to be reported, the rolling hour among them."""

    now: Reported
    hour: Window | None


def report_due(last: Reported | None, view: Book) -> Report | None:
    """Once a minute; an empty hour takes back what was told before too little was left of it."""
    if view.at is None or (last is not None and view.at - last.minute < MINUTE):
        return None
    minute, hour = floor_minute(view.at), rolling_hour(view)
    if hour is not None:
        return Report(Reported(minute, hour.end), hour)
    told = last.hour_end if last else None
    empty = Window("shift", "rolling", told - MINUTE, told) if told else None
    return Report(Reported(minute, None), empty)
