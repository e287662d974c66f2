"""Laws of planned time, for any calendar on any day, also when clocks are changed."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st

from plantstream.simulator.planned import planned_spans, shift_spans
from processors.calendar import PlanCalendar, Segment
from schemas.plant.calendar import Calendar
from schemas.plant.local_time import day_bounds
from tests.calendars import DAYS, calendars

MINUTE = timedelta(minutes=1)
FEW = settings(max_examples=40)
one_day = pytest.mark.parametrize(("zone", "day"), [one[:2] for one in DAYS], ids=str)


def around(day: date, zone: str) -> tuple[datetime, datetime]:
    """Some days before and after, on local midnights."""
    place = ZoneInfo(zone)
    days = timedelta(days=4)
    return day_bounds(day - days, place)[0], day_bounds(day + days, place)[1]


def merged(segments: list[Segment]) -> list[tuple[datetime, datetime]]:
    """Spans without seams."""
    found: list[tuple[datetime, datetime]] = []
    for one in segments:
        start = found.pop()[0] if found and found[-1][1] == one.start else one.start
        found.append((start, one.end))
    return found


@one_day
@FEW
@given(st.data())
def test_slots_cover_every_minute_and_only_one_shift_is_on(zone, day, data) -> None:
    plan = PlanCalendar(data.draw(calendars(day)), zone)
    start, end = around(day, zone)
    found = list(plan.segments(start, end))

    assert (found[0].start, found[-1].end) == (start, end)
    assert all(one.end == other.start for one, other in pairwise(found))
    assert all(one.slot != other.slot for one, other in pairwise(found))
    for one in found:
        assert plan.at(one.start) == plan.at(one.end - MINUTE) == one.slot
        assert plan.next_change(one.end - MINUTE) == one.end or one.end == end


@pytest.mark.parametrize(("zone", "day", "hours"), DAYS, ids=str)
@FEW
@given(st.data())
def test_planned_and_other_minutes_of_a_local_day_are_all_of_its_minutes(
    zone, day, hours, data
) -> None:
    plan = PlanCalendar(data.draw(calendars(day)), zone)
    start, end = day_bounds(day, ZoneInfo(zone))
    minutes = [start + n * MINUTE for n in range((end - start) // MINUTE)]
    planned = sum(plan.at(one).planned for one in minutes)

    assert len(minutes) == hours * 60
    assert plan.planned_between(start, end) == planned * MINUTE
    others = (one for one in plan.segments(start, end) if not one.slot.planned)
    assert planned * MINUTE + sum((one.end - one.start for one in others), timedelta()) == (
        end - start
    )


@one_day
@FEW
@given(st.data())
def test_the_bounds_of_a_shift_are_where_its_slots_begin_and_end(zone, day, data) -> None:
    plan = PlanCalendar(data.draw(calendars(day)), zone)
    start, end = around(day, zone)
    by_shift: dict[str, list[Segment]] = {}
    for one in plan.segments(start, end):
        if one.slot.shift is not None:
            by_shift.setdefault(one.slot.shift, []).append(one)

    for name, slots in by_shift.items():
        begins, stops = plan.bounds(name)
        assert merged(slots) == [(max(begins, start), min(stops, end))]
        shift = plan.shift_of(name)
        assert shift is not None
        assert shift.planned() == plan.planned_between(begins, stops)


@one_day
@FEW
@given(st.data())
def test_planned_time_is_what_the_simulator_finds_in_another_way(zone, day, data) -> None:
    calendar: Calendar = data.draw(calendars(day))
    plan = PlanCalendar(calendar, zone)
    start, end = around(day, zone)
    found = list(plan.segments(start, end))

    on_shift = [one for one in found if one.slot.shift is not None]
    planned = [one for one in found if one.slot.planned]
    assert merged(on_shift) == shift_spans(calendar, zone, start, end)
    assert merged(planned) == planned_spans(calendar, zone, start, end)


@given(st.data())
def test_asking_in_any_order_gives_the_same_answers(data) -> None:
    day = date(2026, 3, 8)
    calendar = data.draw(calendars(day))
    start, end = around(day, "America/Tijuana")
    offsets = st.integers(0, (end - start) // MINUTE - 1)
    minutes = [start + n * MINUTE for n in data.draw(st.lists(offsets, max_size=20))]

    one_calendar = PlanCalendar(calendar, "America/Tijuana")
    said = [one_calendar.at(minute) for minute in minutes]
    assert said == [PlanCalendar(calendar, "America/Tijuana").at(minute) for minute in minutes]
