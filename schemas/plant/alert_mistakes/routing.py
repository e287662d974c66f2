"""What can be wrong with routes, inhibitions and mute timings."""

from collections.abc import Iterable, Iterator

from schemas.acts import Matcher
from schemas.alerts import SEVERITIES
from schemas.mistakes import Mistake, did_you_mean
from schemas.plant.alert_mistakes.unknown import resembling, unknown, unknowns
from schemas.plant.alerts.matchers import written
from schemas.plant.alerts.routing import Alerts, MuteTiming, Route
from schemas.plant.alerts.rules import OWN_LABELS
from schemas.plant.calendar import Calendar
from schemas.plant.model import Plant
from schemas.yaml_file import Document, Location

_ALL = "all"
"""In group_by: every label."""
_WEEK_MINUTES = 7 * 24 * 60


def routing_mistakes(plant: Plant, alerts: Alerts, document: Document) -> Iterator[Mistake]:
    """The mistakes in routes, inhibitions and mute timings."""
    labels = {name for rule in plant.alert_rules for name in rule.label_names}
    labels |= OWN_LABELS | {"area"}
    yield from _in_route(alerts.route, ("alerts", "route"), (alerts, labels), document)
    for index, one in enumerate(alerts.inhibitions):
        place: Location = ("alerts", "inhibitions", index)
        yield from _in_matchers(one.source, (*place, "source"), labels, document)
        yield from _in_matchers(one.target, (*place, "target"), labels, document)
        for number, name in enumerate(one.equal):
            yield from resembling(document, (*place, "equal", number), name, labels)
        if set(map(written, one.source)) == set(map(written, one.target)):
            told = "the target equals the source: such alerts would keep each other quiet"
            yield document.mistake((*place, "target"), told, "describe the alerts that follow")
    for name, timing in alerts.mute_timings.items():
        yield from _in_timing(timing, ("alerts", "mute_timings", name), plant, document)


def _in_route(
    route: Route, place: Location, about: tuple[Alerts, set[str]], document: Document
) -> Iterator[Mistake]:
    alerts, labels = about
    where = (*place, "receiver")
    yield from unknown(document, where, "receiver", route.receiver, alerts.receivers)
    where = (*place, "mute")
    yield from unknowns(document, where, "mute timing", route.mute, alerts.mute_timings)
    yield from _in_matchers(route.matchers, (*place, "matchers"), labels, document)
    for index, name in enumerate(route.group_by or ()):
        where = (*place, "group_by", index)
        yield from resembling(document, where, name, labels | {_ALL})
    for index, one in enumerate(route.routes):
        yield from _in_route(one, (*place, "routes", index), about, document)
    takes_all = [not one.matchers and not one.go_on for one in route.routes]
    if True in takes_all[:-1]:
        first = takes_all.index(True)
        told = f"is never reached: routes[{first}] takes every alert"
        hint = f"give routes[{first}] matchers, or `continue: true`"
        yield document.mistake((*place, "routes", first + 1), told, hint)


def _in_matchers(
    matchers: Iterable[Matcher], place: Location, labels: set[str], document: Document
) -> Iterator[Mistake]:
    for index, one in enumerate(matchers):
        where = (*place, index)
        yield from resembling(document, where, one.name, labels)
        if one.name == "severity" and not one.is_regex and one.value not in SEVERITIES:
            hint = did_you_mean(one.value, SEVERITIES) or f"there are {', '.join(SEVERITIES)}"
            yield document.mistake(where, f"no alert has the severity {one.value}", hint)


def _in_timing(
    timing: MuteTiming, place: Location, plant: Plant, document: Document
) -> Iterator[Mistake]:
    yield from unknown(document, (*place, "calendar"), "calendar", timing.calendar, plant.calendars)
    for index, window in enumerate(timing.windows):
        if not window.days:
            yield document.mistake((*place, "windows", index), "is on no day")
    calendar = plant.calendars.get(timing.calendar or "")
    if timing.when and timing.calendar is None:
        hint = "write calendar: and the name of one"
        yield document.mistake((*place, "when"), "nobody knows of which calendar", hint)
    elif timing.calendar and not timing.when:
        hint = "write when: [maintenance], or break, holiday, no_shift, not_scheduled"
        yield document.mistake((*place, "calendar"), "says nothing of it: when is missing", hint)
    elif not (timing.when or timing.maintenance or timing.windows):
        hint = "give it a calendar with when, maintenance: true, or windows"
        yield document.mistake(place, "never occurs", hint)
    for index, what in enumerate(timing.when if calendar else ()):
        if calendar and not _occurs(what, calendar):
            told = f"never occurs: the calendar {timing.calendar} has no {what.replace('_', ' ')}"
            yield document.mistake((*place, "when", index), told, "leave it out")


def _occurs(what: str, calendar: Calendar) -> bool:
    """Whether the calendar ever says so."""
    weeks = list(calendar.weeks())
    shifts = [shift for week in weeks for shift in week.shifts]
    if what == "break":
        return any(shift.breaks for shift in shifts)
    if what == "holiday":
        return any(week.holidays.country or week.holidays.dates for week in weeks)
    if what == "not_scheduled":
        planned = [
            sum((shift.span[1] - shift.span[0]) * len(shift.days) for shift in week.shifts)
            for week in weeks
        ]
        return calendar.during == "batch" or min(planned) < _WEEK_MINUTES
    return any(one.kind == what for one in calendar.exceptions)
