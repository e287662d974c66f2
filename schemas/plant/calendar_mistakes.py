"""What can be wrong with calendars that each value for itself does not show."""

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import combinations

from schemas.mistakes import Mistake, did_you_mean
from schemas.plant.calendar import Calendar, Exceptional, ExtraShift, Holidays
from schemas.plant.equipment import Equipment
from schemas.plant.holidays import countries, public_holidays
from schemas.plant.model import Plant
from schemas.plant.times import FIRST_YEAR, MINUTES_OF_DAY, ONE_DAY, WEEKDAYS, clock
from schemas.plant.timetable import Timetable
from schemas.yaml_file import Document, Location

_WEEK = 7 * MINUTES_OF_DAY


def calendar_mistakes(
    plant: Plant, equipment: Iterable[Equipment], document: Document
) -> Iterator[Mistake]:
    """The mistakes in all calendars; the equipment has what its classes say."""
    resolved = list(equipment)
    for name, calendar in plant.calendars.items():
        place: Location = ("calendars", name)
        users = [one for one in resolved if one.calendar == name]
        found = list(_in_weeks(calendar, place, document))
        found += _in_holidays(calendar, place, document)
        for index, one in enumerate(calendar.exceptions):
            where = (*place, "exceptions", index)
            yield from _in_scope(one, where, (users, resolved), document)
        # Weeks with mistakes would show up again on their dates.
        yield from found or _on_dates(calendar, place, (users, plant.time_zone), document)


def _in_weeks(calendar: Calendar, place: Location, document: Document) -> Iterator[Mistake]:
    yield from _overlaps(calendar, (*place, "shifts"), 0, document)
    for index, change in enumerate(calendar.changes):
        yield from _overlaps(calendar, (*place, "changes", index, "shifts"), index + 1, document)
        before = calendar.changes[index - 1].valid_from if index else date.min
        if change.valid_from <= before:
            where = (*place, "changes", index, "valid_from")
            told = f"{change.valid_from} is not after {before}, the change before it"
            yield document.mistake(where, told, "list changes in the order of their dates")


def _overlaps(
    calendar: Calendar, place: Location, week: int, document: Document
) -> Iterator[Mistake]:
    """Shifts of one week that are on at the same time; a week is a circle."""
    shifts = list(calendar.weeks())[week].shifts
    for (first, one), (second, other) in combinations(enumerate(shifts), 2):
        starts = [WEEKDAYS.index(day) * MINUTES_OF_DAY + one.span[0] for day in one.days]
        others = [WEEKDAYS.index(day) * MINUTES_OF_DAY + other.span[0] for day in other.days]
        lengths = one.span[1] - one.span[0], other.span[1] - other.span[0]
        both = [
            later if (later - start) % _WEEK < lengths[0] else start
            for start in starts
            for later in others
            if (later - start) % _WEEK < lengths[0] or (start - later) % _WEEK < lengths[1]
        ]
        if both:
            day, minute = divmod(both[0] % _WEEK, MINUTES_OF_DAY)
            told = f"{other.name} overlaps {one.name} (shifts[{first}])"
            told += f" on {WEEKDAYS[day]} from {clock(minute)}"
            yield document.mistake((*place, second), told, "one of them has to end earlier")
        elif one.name == other.name and set(one.days) & set(other.days):
            told = f"a second shift {other.name} begins on the same days"
            yield document.mistake((*place, second), told, "give it another name")


def _in_holidays(calendar: Calendar, place: Location, document: Document) -> Iterator[Mistake]:
    yield from _in_country(calendar.holidays, (*place, "holidays"), document)
    for index, change in enumerate(calendar.changes):
        if change.holidays is not None:
            where = (*place, "changes", index, "holidays")
            yield from _in_country(change.holidays, where, document)


def _in_country(rules: Holidays, place: Location, document: Document) -> Iterator[Mistake]:
    if rules.country is None:
        return
    try:
        public_holidays(rules.country, rules.subdivision, FIRST_YEAR)
    except NotImplementedError:
        yield _unknown_country(rules.country, rules.subdivision, place, document)


def _unknown_country(
    country: str, subdivision: str | None, place: Location, document: Document
) -> Mistake:
    known = countries()
    if subdivision is None or country not in known:
        hint = did_you_mean(country.upper(), known) or "write an ISO 3166 code, such as MX"
        return document.mistake((*place, "country"), f"no holidays of {country} are known", hint)
    told = f"no holidays of {subdivision} in {country} are known"
    listed = ", ".join(known[country])
    hint = did_you_mean(subdivision.upper(), known[country]) or f"known are {listed}"
    none = "leave it out: its holidays are the same everywhere"
    return document.mistake((*place, "subdivision"), told, hint if listed else none)


def _in_scope(
    one: Exceptional,
    place: Location,
    equipment: tuple[list[Equipment], list[Equipment]],
    document: Document,
) -> Iterator[Mistake]:
    """Lines and equipment that there are not, or that have another calendar."""
    users, everything = equipment
    calendar = place[1]
    used, known = {one.id for one in users}, {one.id: one.calendar for one in everything}
    for index, name in enumerate(one.equipment or ()):
        where = (*place, "equipment", index)
        if name not in known:
            hint = did_you_mean(name, known)
            yield document.mistake(where, f"no such equipment: {name}", hint)
        elif name not in used:
            yield document.mistake(where, f"{name} has the calendar {known[name]}, not {calendar}")
    used, lines = _lines(users), _lines(everything)
    for index, name in enumerate(one.lines or ()):
        where = (*place, "lines", index)
        if name not in lines:
            yield document.mistake(where, f"no such line: {name}", did_you_mean(name, lines))
        elif name not in used:
            yield document.mistake(where, f"nothing of {name} has the calendar {calendar}")


def _lines(equipment: Iterable[Equipment]) -> set[str]:
    return {name for one in equipment for name in (one.line, f"{one.area}/{one.line}")}


def _on_dates(
    calendar: Calendar, place: Location, used: tuple[list[Equipment], str], document: Document
) -> Iterator[Mistake]:
    """Shifts of two weeks, or extra ones, that are on at the same time on some equipment."""
    users, time_zone = used
    scopes = {calendar.exceptions_of(one.id, one.area, one.line): None for one in users}
    told: set[Location] = set()
    for scope in scopes or {tuple(range(len(calendar.exceptions))): None}:
        timetable = Timetable(calendar.with_exceptions(scope), time_zone)
        for where, day, name in _questionable(calendar, scope):
            found = _clash(timetable, day, name)
            if found is not None and where not in told:
                told.add(where)
                yield document.mistake((*place, *where), found, "one of them has to end earlier")


def _questionable(
    calendar: Calendar, scope: Iterable[int]
) -> Iterator[tuple[Location, date, str | None]]:
    """Places in the file, the dates that they change, and the one shift that they bring."""
    for index, change in enumerate(calendar.changes):
        yield ("changes", index), change.valid_from, None
    for index in scope:
        one = calendar.exceptions[index]
        if isinstance(one, ExtraShift):
            day = one.local[0].date()
            yield ("exceptions", index), day, f"{day}/{one.name}"


def _clash(timetable: Timetable, day: date, name: str | None) -> str | None:
    """What is wrong with this shift, or all, of the day, with those of the day before and after."""
    days = (day - ONE_DAY, day, day + ONE_DAY)
    shifts = sorted(
        (shift for one in days for shift in timetable.day(one).shifts), key=lambda one: one.start
    )
    for one, other in combinations(shifts, 2):
        if name is not None and name not in {one.name, other.name}:
            continue
        if one.name == other.name:
            return f"two shifts are {one.name}"
        if other.start < one.end:
            return f"{other.name} overlaps {one.name}"
    return None
