"""Sentences about planned time."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from processors.calendar import PlanCalendar, Slot
from processors.oee.plan import equipment_plan
from schemas.plant.calendar import Calendar
from schemas.plant.load import load_plant

WEEKLY_SAID = {
    "shifts": [
        {"name": "day", "days": ["mon", "fri"], "start": "06:00", "end": "18:00"},
        {"name": "night", "days": ["mon", "sat", "sun"], "start": "22:00", "end": "06:00"},
    ]
}
WEEKLY = Calendar.model_validate(WEEKLY_SAID)


@pytest.mark.parametrize(
    ("zone", "local", "shift"),
    [
        pytest.param("UTC", "2026-03-02T06:00Z", "2026-03-02/day", id="a shift begins on time"),
        pytest.param("UTC", "2026-03-02T17:59Z", "2026-03-02/day", id="its last minute is in it"),
        pytest.param("UTC", "2026-03-02T18:00Z", None, id="its end is not in it"),
        pytest.param("UTC", "2026-03-03T06:00Z", None, id="Tuesday has no shift"),
        pytest.param(
            "UTC",
            "2026-03-02T02:00Z",
            "2026-03-01/night",
            id="the night of Sunday reaches into Monday",
        ),
        pytest.param(
            "UTC", "2026-03-03T05:59Z", "2026-03-02/night", id="Monday's night reaches into Tuesday"
        ),
        pytest.param(
            "America/Mexico_City",
            "2026-03-02T12:00Z",
            "2026-03-02/day",
            id="six in Xalapa is noon in UTC",
        ),
        pytest.param(
            "America/Mexico_City",
            "2026-03-02T11:59Z",
            "2026-03-01/night",
            id="a minute earlier is the night",
        ),
        pytest.param(
            "Asia/Kolkata",
            "2026-03-02T00:30Z",
            "2026-03-02/day",
            id="half-hour zones begin at the half hour",
        ),
        pytest.param(
            "Europe/Ljubljana",
            "2026-03-30T04:00Z",
            "2026-03-30/day",
            id="after the change to summer six is four in UTC",
        ),
    ],
)
def test_the_shift_of_a_minute(zone: str, local: str, shift: str | None) -> None:
    minute = datetime.fromisoformat(local).astimezone(UTC)
    assert PlanCalendar(WEEKLY, zone).at(minute).shift == shift


def test_the_night_in_which_clocks_go_forward_is_an_hour_shorter() -> None:
    calendar = PlanCalendar(WEEKLY, "Europe/Ljubljana")
    start = datetime(2026, 3, 28, tzinfo=UTC)
    minutes = [start.fromtimestamp(start.timestamp() + 60 * n, UTC) for n in range(3 * 1440)]
    night = [minute for minute in minutes if calendar.at(minute).shift == "2026-03-28/night"]
    assert len(night) == 7 * 60


TIJUANA = ZoneInfo("America/Tijuana")
WITH_ALL = Calendar.model_validate(
    {
        "shifts": [
            {
                "name": "day",
                "start": "06:00",
                "end": "14:00",
                "breaks": [{"start": "10:00", "end": "10:30"}],
            },
            {"name": "night", "start": "22:00", "end": "06:00"},
        ],
        "holidays": {"country": "MX"},
        "exceptions": [
            {"kind": "maintenance", "from": "2026-03-03 10:15", "to": "2026-03-03 23:00"},
            {"kind": "no_shift", "from": "2026-03-04 05:00", "to": "2026-03-04 08:00"},
            {"kind": "no_shift", "from": "2026-03-05 11:00", "to": "2026-03-05 12:00"},
        ],
    }
)


@pytest.mark.parametrize(
    ("local", "shift", "stop"),
    [
        pytest.param("2026-03-02 09:59", "2026-03-02/day", None, id="before a break"),
        pytest.param("2026-03-02 10:00", "2026-03-02/day", "break", id="a break is in its shift"),
        pytest.param("2026-03-02 10:30", "2026-03-02/day", None, id="after a break"),
        pytest.param("2026-03-02 15:00", None, None, id="between shifts"),
        pytest.param("2026-03-03 10:14", "2026-03-03/day", "break", id="still a break"),
        pytest.param("2026-03-03 10:15", "2026-03-03/day", "maintenance", id="maintenance first"),
        pytest.param("2026-03-03 15:00", None, None, id="maintenance outside of shifts"),
        pytest.param("2026-03-03 22:30", "2026-03-03/night", "maintenance", id="into the night"),
        pytest.param("2026-03-04 05:30", None, "no_shift", id="a night that ends earlier"),
        pytest.param("2026-03-04 07:30", None, "no_shift", id="a day that begins later"),
        pytest.param("2026-03-04 08:00", "2026-03-04/day", None, id="and begins"),
        pytest.param("2026-03-05 11:30", "2026-03-05/day", "no_shift", id="closed within a shift"),
        pytest.param("2026-03-16 05:30", "2026-03-15/night", None, id="the night into a holiday"),
        pytest.param("2026-03-16 07:00", None, "holiday", id="no shift on a holiday"),
        pytest.param("2026-03-17 02:00", None, "holiday", id="nor a night that begins on it"),
        pytest.param("2026-03-16 15:00", None, None, id="where no shift would have been"),
    ],
)
def test_a_minute_says_why_nothing_is_planned(
    local: str, shift: str | None, stop: str | None
) -> None:
    minute = datetime.fromisoformat(local).replace(tzinfo=TIJUANA).astimezone(UTC)
    slot = PlanCalendar(WITH_ALL, "America/Tijuana").at(minute)
    assert (slot.shift, slot.stop) == (shift, stop)
    assert slot.planned == (shift is not None and stop is None)


def test_outside_of_shifts_the_day_is_the_date_on_the_wall() -> None:
    calendar = PlanCalendar(WITH_ALL, "America/Tijuana")
    evening = datetime(2026, 3, 2, 21, 59, tzinfo=TIJUANA)
    assert calendar.at(evening) == Slot(None, date(2026, 3, 2))
    assert calendar.next_change(evening) == datetime(2026, 3, 2, 22, tzinfo=TIJUANA)


def test_a_shift_that_there_is_not_has_no_bounds() -> None:
    calendar = PlanCalendar(WITH_ALL, "America/Tijuana")
    assert calendar.bounds("2026-03-15/night")[1] == datetime(2026, 3, 16, 6, tzinfo=TIJUANA)
    with pytest.raises(LookupError, match="no shift 2026-03-16/night"):
        calendar.bounds("2026-03-16/night")


def test_planned_time_leaves_out_breaks_and_maintenance() -> None:
    calendar = PlanCalendar(WITH_ALL, "America/Tijuana")
    start = datetime(2026, 3, 3, 6, tzinfo=TIJUANA)
    assert calendar.planned_between(start, start + timedelta(hours=8)) == timedelta(hours=4)


def test_a_week_from_tomorrow_on_does_not_change_yesterday() -> None:
    later = {"valid_from": "2026-03-05", "shifts": []}
    changed = Calendar.model_validate(WEEKLY_SAID | {"changes": [later]})
    was, is_now = PlanCalendar(WEEKLY, "UTC"), PlanCalendar(changed, "UTC")
    start = datetime(2026, 3, 1, tzinfo=UTC)
    before = datetime(2026, 3, 5, tzinfo=UTC)
    assert list(was.segments(start, before)) == list(is_now.segments(start, before))
    assert is_now.planned_between(before, before + timedelta(days=30)) == timedelta()


@pytest.mark.parametrize("zone", ["America/Tijuana", "UTC", "Asia/Kolkata"])
@pytest.mark.parametrize("moment", ["0001-01-01T00:00Z", "9999-12-31T23:59Z"])
def test_where_dates_end_nothing_is_planned(zone: str, moment: str) -> None:
    calendar = PlanCalendar(WITH_ALL, zone)
    minute = datetime.fromisoformat(moment)
    assert calendar.at(minute) == Slot(None, minute.date())
    assert calendar.next_change(minute) > minute


PLANT = """
enterprise: acme
site: north
name: Three machines
time_zone: UTC
calendars:
  weekly:
    shifts: [{name: day, start: "06:00", end: "14:00"}]
    exceptions:
      - {kind: maintenance, from: 2026-03-02 08:00, to: 2026-03-02 09:00, equipment: [press-2]}
equipment:
  - {id: press-1, area: hall, line: one, calendar: weekly}
  - {id: press-2, area: hall, line: one, calendar: weekly}
  - {id: press-3, area: hall, line: one, calendar: weekly}
"""


def test_equipment_of_which_a_calendar_says_the_same_shares_it() -> None:
    plant = load_plant(PLANT, "plant.yaml")
    first, second, third = (
        equipment_plan(plant, f"acme/north/hall/one/press-{n}").calendar for n in (1, 2, 3)
    )
    assert first is third
    half_past_eight = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
    assert first.at(half_past_eight).planned
    assert second.at(half_past_eight).stop == "maintenance"
