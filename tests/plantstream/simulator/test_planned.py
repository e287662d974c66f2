"""Planned time in the plant's own time zone."""

from datetime import UTC, datetime

import pytest

from plantstream.simulator.planned import planned_spans
from schemas.plant.calendar import Calendar, Shift

BERLIN = "Europe/Berlin"


def utc(day: int, hour: int, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def calendar(*shifts):
    return Calendar(
        shifts=[
            Shift(name=f"s{number}", days=days, start=start, end=end)
            for number, (days, start, end) in enumerate(shifts)
        ]
    )


THREE = calendar(("all", "06:00", "14:00"), ("all", "14:00", "22:00"), ("all", "22:00", "06:00"))
NIGHT = calendar((["sat"], "22:00", "06:00"))


@pytest.mark.parametrize(
    ("given", "start", "end", "spans"),
    [
        pytest.param(THREE, utc(1, 3), utc(4, 7), [(utc(1, 3), utc(4, 7))], id="without a seam"),
        pytest.param(
            NIGHT, utc(6, 0), utc(10, 0), [(utc(7, 21), utc(8, 5))], id="crosses midnight"
        ),
        pytest.param(
            NIGHT, utc(8, 0), utc(10, 0), [(utc(8, 0), utc(8, 5))], id="began the day before"
        ),
        pytest.param(
            NIGHT, utc(27, 0), utc(31, 0), [(utc(28, 21), utc(29, 4))], id="summer time begins"
        ),
        pytest.param(
            calendar((["sun"], "00:00", "24:00")),
            utc(28, 0),
            utc(31, 0),
            [(utc(28, 23), utc(29, 22))],
            id="a day of 23 hours",
        ),
        pytest.param(NIGHT, utc(2, 0), utc(3, 0), [], id="nothing planned"),
    ],
)
def test_planned_time(given, start, end, spans):
    assert planned_spans(given, BERLIN, start, end) == spans
