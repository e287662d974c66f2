"""Local times as instants on the days on which clocks are changed."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from schemas.plant.local_time import day_bounds, instant
from tests.calendars import CHANGES, DAYS

HOUR = timedelta(hours=1)
LOCAL_TIMES = st.datetimes(
    datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2040-01-01")
)
ZONES = [*CHANGES, "Asia/Kolkata", "Australia/Lord_Howe", "America/Havana", "Pacific/Apia"]


@pytest.mark.parametrize(("zone", "day", "hours"), DAYS, ids=str)
def test_a_local_day_has_23_24_or_25_hours(zone: str, day: date, hours: int) -> None:
    start, end = day_bounds(day, ZoneInfo(zone))
    assert end - start == hours * HOUR
    assert start.astimezone(ZoneInfo(zone)).date() == day


@pytest.mark.parametrize(
    ("zone", "local", "utc"),
    [
        pytest.param("America/Tijuana", "2026-03-08T01:59", "09:59", id="before the gap"),
        pytest.param("America/Tijuana", "2026-03-08T02:00", "10:00", id="the gap begins"),
        pytest.param("America/Tijuana", "2026-03-08T02:30", "10:00", id="in the gap"),
        pytest.param("America/Tijuana", "2026-03-08T03:00", "10:00", id="the gap ends"),
        pytest.param("America/Tijuana", "2026-03-08T03:01", "10:01", id="after the gap"),
        pytest.param("Europe/Ljubljana", "2026-10-25T02:30", "00:30", id="shown twice: the first"),
        pytest.param(
            "Europe/Ljubljana", "2026-10-25T03:00", "02:00", id="after what is shown twice"
        ),
        pytest.param("America/Mexico_City", "2022-04-03T02:30", "08:00", id="in Mexico until 2022"),
        pytest.param("America/Mexico_City", "2026-04-05T02:30", "08:30", id="and no more since"),
        pytest.param("Asia/Kolkata", "2026-03-29T02:30", "21:00", id="India"),
        pytest.param(
            "America/Havana", "2026-03-08T00:00", "05:00", id="a day that has no midnight"
        ),
    ],
)
def test_the_instant_of_a_local_time(zone: str, local: str, utc: str) -> None:
    found = instant(datetime.fromisoformat(local), ZoneInfo(zone))
    assert found.tzinfo is UTC
    assert f"{found:%H:%M}" == utc


@given(
    st.sampled_from(ZONES),
    LOCAL_TIMES,
    st.timedeltas(timedelta(), timedelta(days=2)),
)
def test_a_later_local_time_is_never_an_earlier_instant(zone, local, later) -> None:
    place = ZoneInfo(zone)
    assert instant(local, place) <= instant(local + later, place)


@given(st.sampled_from(ZONES), LOCAL_TIMES)
def test_a_local_time_that_clocks_show_is_shown_at_its_instant(zone, local) -> None:
    place = ZoneInfo(zone)
    shown = instant(local, place).astimezone(place).replace(tzinfo=None)
    gap = instant(local, place) == instant(local + timedelta(microseconds=1), place)
    assert shown == local or (gap and shown > local)
