"""Sentences about planned time."""

from datetime import UTC, datetime

import pytest

from processors.oee.calendar import PlanCalendar
from schemas.plant.calendar import Calendar

WEEKLY = Calendar.model_validate(
    {
        "shifts": [
            {"name": "day", "days": ["mon", "fri"], "start": "06:00", "end": "18:00"},
            {"name": "night", "days": ["mon", "sat", "sun"], "start": "22:00", "end": "06:00"},
        ]
    }
)


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
