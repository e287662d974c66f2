"""The calendar of a plant file as values: what people write, in the plant's local time."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from itertools import combinations
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.plant.times import (
    MINUTES_OF_DAY,
    ONE_DAY,
    WEEKDAYS,
    LocalDate,
    LocalMoment,
    MinuteOfDay,
    Weekday,
    Weekdays,
    clock,
)
from schemas.plant.values import Name, Strict

Minutes = tuple[int, int]
"""From and to, in minutes after the midnight with which a day begins."""
Reason = Literal["break", "maintenance", "no_shift", "holiday"]
"""Why there is no production where there would have been."""


class Break(Strict):
    """Time in a shift in which production is not planned."""

    start: MinuteOfDay
    """Local time."""
    end: MinuteOfDay
    """Local time; before `start` it is on the next day."""
    days: Weekdays = WEEKDAYS
    """The days on which its shift begins, or `all`."""

    def within(self, shift: Minutes) -> Minutes:
        """From and to, after the midnight of the day on which the shift begins."""
        start = self.start if self.start >= shift[0] else self.start + MINUTES_OF_DAY
        day_of_start = start - start % MINUTES_OF_DAY
        end = day_of_start + self.end
        return start, end if end > start else end + MINUTES_OF_DAY


def _breaks_of(breaks: Iterable[Break], shift: Minutes, day: Weekday) -> list[Minutes]:
    return sorted(one.within(shift) for one in breaks if day in one.days)


def _check_breaks(breaks: list[Break], shift: Minutes, days: Iterable[Weekday]) -> None:
    for one in breaks:
        if one.start == one.end:
            raise ValueError(f"the break at {clock(one.start)} has no length")
        if one.within(shift)[1] > shift[1]:
            told = f"the break {clock(one.start)} to {clock(one.end)} is not inside of the shift"
            raise ValueError(f"{told}, which is {clock(shift[0])} to {clock(shift[1])}")
    for day in days:
        for (_, end), (start, _) in combinations(_breaks_of(breaks, shift, day), 2):
            if start < end:
                raise ValueError(f"two breaks overlap at {clock(start)}")


class Shift(Strict):
    """Planned time that comes back every week; it may cross midnight."""

    name: Name
    """By which reports name it."""
    days: Weekdays = WEEKDAYS
    """The days on which it begins, or `all`."""
    start: MinuteOfDay
    """Local time."""
    end: MinuteOfDay
    """Local time; not after `start` it is on the next day."""
    breaks: list[Break] = Field(default_factory=list)
    """Time in it in which production is not planned."""

    @property
    def span(self) -> Minutes:
        """From and to, after the midnight of the day on which it begins."""
        return self.start, self.end if self.end > self.start else self.end + MINUTES_OF_DAY

    def breaks_on(self, day: date) -> list[Minutes]:
        """The breaks of the shift that begins on this day."""
        return _breaks_of(self.breaks, self.span, WEEKDAYS[day.weekday()])

    @model_validator(mode="after")
    def _breaks_inside(self) -> Self:
        _check_breaks(self.breaks, self.span, self.days)
        return self


class Holidays(Strict):
    """Days on which no shift begins."""

    country: str | None = None
    """ISO 3166 code, such as MX: its public holidays."""
    subdivision: str | None = None
    """Of the country, such as BY in DE: its holidays too."""
    dates: list[LocalDate] = Field(default_factory=list)
    """Further days without a shift."""
    working: list[LocalDate] = Field(default_factory=list)
    """Holidays on which the shifts take place all the same."""

    @model_validator(mode="after")
    def _of_a_country(self) -> Self:
        if self.subdivision is not None and self.country is None:
            raise ValueError("a subdivision needs its country")
        return self


class Exceptional(Strict):
    """What holds once, for everything with this calendar or for some lines and equipment."""

    start: LocalMoment = Field(alias="from")
    """A day, or a local time."""
    end: LocalMoment | None = Field(default=None, alias="to")
    """Of whole days the last one; without it, one day."""
    note: str = ""
    """Why, for people."""
    lines: list[str] | None = None
    """Only these, as `line-1` or `packaging/line-1`."""
    equipment: list[Name] | None = None
    """Only these, by id."""

    @property
    def is_of_whole_days(self) -> bool:
        """Whether it speaks of days and not of times."""
        return not isinstance(self.start, datetime)

    @property
    def local(self) -> tuple[datetime, datetime]:
        """From and to (not included) in local time."""
        end = self.start if self.end is None else self.end
        begin, stop = (
            one if isinstance(one, datetime) else datetime.combine(one, time())
            for one in (self.start, end)
        )
        return begin, stop + ONE_DAY if self.is_of_whole_days else stop

    @property
    def is_for_all(self) -> bool:
        """Whether it speaks of everything that has the calendar."""
        return self.lines is None and self.equipment is None

    def applies_to(self, equipment: str, area: str, line: str) -> bool:
        """Whether it speaks of this equipment."""
        if self.is_for_all:
            return True
        lines, ids = self.lines or (), self.equipment or ()
        return equipment in ids or line in lines or f"{area}/{line}" in lines

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end is None and not self.is_of_whole_days:
            raise ValueError("an exception that begins at a time needs its end: to")
        if self.end is not None and isinstance(self.end, datetime) == self.is_of_whole_days:
            raise ValueError("from and to are both days, or both have a time")
        if self.local[1] <= self.local[0]:
            raise ValueError("it ends before it begins")
        return self


class NoShift(Exceptional):
    """Of whole days: no shift begins on them. With times: nothing is planned then."""

    kind: Literal["no_shift"]


class Maintenance(Exceptional):
    """A planned stop; the shift goes on."""

    kind: Literal["maintenance"]


class ExtraShift(Exceptional):
    """A shift that takes place once, whatever else is said of its day."""

    longest: ClassVar[timedelta] = ONE_DAY

    kind: Literal["shift"]
    name: Name
    """By which reports name it."""
    breaks: list[Break] = Field(default_factory=list)
    """As in a shift."""

    @property
    def span(self) -> Minutes:
        """From and to, after the midnight of the day on which it begins."""
        begin, stop = self.local
        start = begin.hour * 60 + begin.minute
        return start, start + (stop - begin) // timedelta(minutes=1)

    def breaks_on(self, day: date) -> list[Minutes]:
        """Its breaks, if it begins on this day."""
        return _breaks_of(self.breaks, self.span, WEEKDAYS[day.weekday()])

    @model_validator(mode="after")
    def _one_shift(self) -> Self:
        if self.is_of_whole_days:
            raise ValueError('a shift has times: from: "2026-03-14 06:00", to: "2026-03-14 14:00"')
        begin, stop = self.local
        if stop - begin > self.longest:
            raise ValueError("a shift lasts a day at most: write one per day")
        _check_breaks(self.breaks, self.span, [WEEKDAYS[begin.weekday()]])
        return self


CalendarException = Annotated[NoShift | ExtraShift | Maintenance, Field(discriminator="kind")]


class Change(Strict):
    """Another week from a day on; the days before stay as they were."""

    valid_from: LocalDate
    """The first day whose shifts are these; what began before runs to its end."""
    shifts: list[Shift]
    """All of the week."""
    holidays: Holidays | None = None
    """Without it, those from before."""


class Week(Strict):
    """The shifts and holidays that are in force together."""

    valid_from: date | None
    shifts: list[Shift]
    holidays: Holidays


class Calendar(Strict):
    """When equipment is meant to produce."""

    shifts: list[Shift] = Field(min_length=1)
    """Of a week."""
    during: Literal["always", "batch"] = "always"
    """`batch`: only while a batch is open."""
    holidays: Holidays = Holidays()
    """Days without a shift."""
    changes: list[Change] = Field(default_factory=list)
    """Other weeks, each from a day on."""
    exceptions: list[CalendarException] = Field(default_factory=list)
    """Days without a shift, extra shifts and planned maintenance."""

    def weeks(self) -> Iterator[Week]:
        """Every week that is or will be in force, the oldest first."""
        week = Week(valid_from=None, shifts=self.shifts, holidays=self.holidays)
        yield week
        for one in self.changes:
            kept = week.holidays if one.holidays is None else one.holidays
            week = Week(valid_from=one.valid_from, shifts=one.shifts, holidays=kept)
            yield week

    def exceptions_of(self, equipment: str, area: str, line: str) -> tuple[int, ...]:
        """Which of the exceptions speak of this equipment; equal ones have equal times."""
        listed = enumerate(self.exceptions)
        return tuple(place for place, one in listed if one.applies_to(equipment, area, line))

    def with_exceptions(self, places: Iterable[int]) -> "Calendar":
        """The calendar with these of its exceptions alone."""
        return self.model_copy(update={"exceptions": [self.exceptions[one] for one in places]})
