"""Facts add up over adjacent windows, and over days that are not 24 hours long."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime

import pytest
from hypothesis import given, settings, strategies as st

from schemas.kpi import OeeCell
from tests.facts import Facts, total
from tests.laws import EXAMPLES
from tests.makers import Machine
from tests.processors.oee.stories import DST_DAYS, stories
from tests.processors.oee.story import HOUR, MINUTE, MS, Story
from tests.processors.oee.telling import alive, state
from tests.processors.oee.test_independent import by_engine, by_sql, only

ALL_DAY = {"day": (0, 24 * 60)}
CATEGORIES = {
    *("not_scheduled_ms", "planned_stop_ms", "setup_ms", "unplanned_stop_ms", "delay_ms"),
    *("minor_stop_ms", "running_ms", "unknown_ms", "unplanned_running_ms"),
}


def facts_of(story: Story) -> Facts:
    return Facts(Machine(story.plant())).tell(story.events())


def summed(cells: Iterable[OeeCell]) -> Counter[str]:
    kept = list(cells)
    parts = (total(getattr(one, name) for one in kept) for name in ("time", "quantities", "stops"))
    return +sum((Counter(part) for part in parts), Counter())


@given(stories(), st.integers(0, 5 * HOUR))
@settings(max_examples=EXAMPLES)
def test_time_of_two_adjacent_windows_is_the_time_of_the_whole(story: Story, cut_ms: int) -> None:
    cells = facts_of(story).cells
    cut = story.start + (cut_ms - cut_ms % MINUTE) * MS
    ends = story.start + max(one.at for one in story.told) * MS
    before = _time(one for one in cells if one.minute < cut)
    after = _time(one for one in cells if one.minute >= cut)
    assert before * MS == min(cut, ends) - story.start
    assert (before + after) * MS == ends - story.start


@given(stories())
@settings(max_examples=EXAMPLES)
def test_the_newest_report_of_a_shift_is_the_sum_of_its_cells(story: Story) -> None:
    facts = facts_of(story)
    newest = {
        one.window: one
        for one in sorted(facts.reports, key=lambda one: one.revision)
        if one.kind == "shift" and one.final
    }
    for window, report in newest.items():
        cells = [one for one in facts.cells if one.shift == window]
        parts = (total([one]) for one in (report.time, report.quantities, report.stops))
        assert +sum((Counter(part) for part in parts), Counter()) == summed(cells)


@pytest.mark.parametrize(("zone", "day"), DST_DAYS)
def test_days_of_23_and_25_hours(zone: str, day: date) -> None:
    hours = {3: 23, 10: 25, 11: 25}[day.month]
    story = Story(
        zone=zone,
        begins=datetime.combine(day, datetime.min.time()),
        shifts=ALL_DAY,
        told=(state(0, "running"), alive(30 * 3600)),
    )
    expected = {
        f"{day}/day": hours * HOUR,
        f"{day.replace(day=day.day + 1)}/day": (30 - hours) * HOUR,
    }
    engine, sql = only(by_engine(story), {"running_ms"}), only(by_sql(story), {"running_ms"})
    for found in (engine, sql):
        assert {where.shift: amounts["running_ms"] for where, amounts in found.items()} == expected


def _time(cells: Iterable[OeeCell]) -> int:
    return sum(ms for cell in cells for name, ms in cell.time if name in CATEGORIES)
