"""Who is on call in a schedule: turns by local time, windows and overrides. Instants are UTC."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schemas.plant.alerts.people import Layer, Schedule, Window
from schemas.plant.local_time import at_minute, day_bounds, instant
from schemas.plant.times import MINUTES_OF_DAY, ONE_DAY, WEEKDAYS

REACH = timedelta(days=400)
"""How far is looked for a hand-over, beyond a round of everybody's turns."""
_LOOK_BACK = (timedelta(days=2), timedelta(days=35), REACH)


@dataclass(frozen=True, slots=True)
class Taken:
    """Somebody takes over from one instant to another."""

    person: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Duty:
    """Who is on call from one hand-over to the next."""

    start: datetime
    end: datetime | None
    """None where no hand-over is in reach."""
    people: tuple[str, ...]
    """The one who is called first, then those of later layers; empty is nobody."""


class WindowTimes:
    """When windows of the week are open; without any they always are."""

    def __init__(self, windows: Sequence[Window], zone: ZoneInfo) -> None:
        self._windows, self._zone = windows, zone

    def is_open(self, moment: datetime) -> bool:
        """Whether one of them is."""
        if not self._windows:
            return True
        return any(start <= moment < end for start, end in self._spans(moment, -1, 0))

    def next_change(self, moment: datetime) -> datetime | None:
        """The first instant after this one at which a window opens or closes."""
        spans = self._spans(moment, -1, 1) if self._windows else ()
        cuts = [cut for span in spans for cut in span if cut > moment]
        if cuts or not self._windows:
            return min(cuts, default=None)
        cuts = [cut for span in self._spans(moment, 2, 8) for cut in span]
        return min(cuts, default=None)

    def _spans(
        self, moment: datetime, first: int, last: int
    ) -> Iterator[tuple[datetime, datetime]]:
        today = moment.astimezone(self._zone).date()
        for number in range(first, last + 1):
            day = today + number * ONE_DAY
            for one in self._windows:
                if WEEKDAYS[day.weekday()] in one.days:
                    end = one.end if one.end > one.start else one.end + MINUTES_OF_DAY
                    yield at_minute(day, one.start, self._zone), at_minute(day, end, self._zone)


class Roster:
    """A schedule in its time zone, with what people said after it was written."""

    def __init__(self, schedule: Schedule, time_zone: str, taken: Iterable[Taken] = ()) -> None:
        """`time_zone` is the plant's; of two who take over, the later one in `taken` does."""
        zone = ZoneInfo(schedule.time_zone or time_zone)
        self._layers = [_Turns(layer, zone) for layer in schedule.layers]
        written = [
            Taken(one.person, instant(one.start, zone), instant(one.end, zone))
            for one in schedule.overrides
        ]
        self._taken = (*written, *taken)
        until = schedule.until
        self._until = None if until is None else day_bounds(until, zone)[0]
        rounds = [layer.turn * len(layer.people) for layer in schedule.layers]
        self._reach = max(REACH, *rounds)
        self.begins = min(turns.begins for turns in self._layers)
        """When the first layer to begin does."""

    def at(self, moment: datetime) -> tuple[str, ...]:
        """Who is on call at this instant: the one who is called, then those of later layers."""
        if self._until is not None and moment >= self._until:
            return ()
        found = [turns.person(moment) for turns in self._layers]
        people = [one for one in found if one is not None]
        for taken in reversed(self._taken):
            if taken.start <= moment < taken.end:
                people[:1] = [taken.person]
                break
        return tuple(dict.fromkeys(people))

    def next_change(self, moment: datetime) -> datetime | None:
        """The first instant after this one at which somebody else is on call, if in reach."""
        people, at = self.at(moment), self._boundary(moment)
        begins = (turns.begins for turns in self._layers)
        last = max(moment, *begins, *(one.end for one in self._taken))
        while at is not None and at - last <= self._reach:
            if self.at(at) != people:
                return at
            at = self._boundary(at)
        return None

    def duty(self, moment: datetime) -> Duty:
        """Who is on call at this instant, since when and until when."""
        for back in _LOOK_BACK:
            found = list(self.between(moment - back, moment))
            if len(found) > 1:
                break
        return Duty(found[-1].start, self.next_change(moment), found[-1].people)

    def between(self, start: datetime, end: datetime) -> Iterator[Duty]:
        """The duties of [start, end], the first one cut at its beginning."""
        at: datetime | None = start
        while at is not None and at <= end:
            following = self.next_change(at)
            yield Duty(at, following, self.at(at))
            at = following

    def _boundary(self, moment: datetime) -> datetime | None:
        """The first instant after this one at which the answer may change."""
        cuts = [turns.boundary(moment) for turns in self._layers]
        cuts += [cut for one in self._taken for cut in (one.start, one.end)]
        return min((one for one in (*cuts, self._until) if one and one > moment), default=None)


def holes(schedule: Schedule, time_zone: str, year: int) -> list[tuple[datetime, datetime]]:
    """When nobody is on call in a local year, once the schedule has begun and until it ends."""
    roster = Roster(schedule, time_zone)
    zone = ZoneInfo(schedule.time_zone or time_zone)
    start = max(day_bounds(date(year, 1, 1), zone)[0], roster.begins)
    end = day_bounds(date(year + 1, 1, 1), zone)[0]
    if schedule.until is not None:
        end = min(end, day_bounds(schedule.until, zone)[0])
    if start >= end:
        return []
    found = (one for one in roster.between(start, end) if not one.people and one.start < end)
    return [(one.start, min(one.end or end, end)) for one in found]


class _Turns:
    """The turns of one layer."""

    def __init__(self, layer: Layer, zone: ZoneInfo) -> None:
        since = layer.since
        midnight = time()
        self._since = since if isinstance(since, datetime) else datetime.combine(since, midnight)
        self._layer, self._zone = layer, zone
        self._windows = WindowTimes(layer.windows, zone)
        self._is_one = len(set(layer.people)) == 1
        self.begins = self._hand_over(0)

    def person(self, moment: datetime) -> str | None:
        """Whose turn it is, or None where the layer is not on duty."""
        if moment < self.begins or not self._windows.is_open(moment):
            return None
        people = self._layer.people
        return people[self._number(moment) % len(people)]

    def boundary(self, moment: datetime) -> datetime | None:
        """The first instant after this one at which the answer may be another one."""
        if moment < self.begins:
            return self.begins
        change = self._windows.next_change(moment)
        if self._is_one:
            return change
        hand_over = self._after(moment)
        return hand_over if change is None else min(change, hand_over)

    def _number(self, moment: datetime) -> int:
        """Which turn this instant belongs to, counted from 0."""
        local = moment.astimezone(self._zone).replace(tzinfo=None, fold=0)
        number = (local - self._since) // self._layer.turn
        while self._hand_over(number) > moment:
            number -= 1
        while self._hand_over(number + 1) <= moment:
            number += 1
        return number

    def _after(self, moment: datetime) -> datetime:
        """The first hand-over after this instant."""
        return self._hand_over(self._number(moment) + 1)

    def _hand_over(self, number: int) -> datetime:
        """Where a turn begins: so many turns later by the clock on the wall."""
        return instant(self._since + number * self._layer.turn, self._zone)
