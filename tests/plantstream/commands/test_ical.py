"""Which events of an iCalendar file lie on the local days that are asked for."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from plantstream.commands.ical import Span, exceptions

MARCH = Span(date(2026, 3, 1), date(2026, 3, 31))
MEXICO = "America/Mexico_City"


def found(event: str, zone: str = MEXICO, span: Span = MARCH) -> list[str]:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VEVENT", "UID:1"]
    lines += ["DTSTAMP:20260301T000000Z", *event.split(), "END:VEVENT", "END:VCALENDAR", ""]
    told = exceptions("\r\n".join(lines).encode(), {"kind": "maintenance"}, ZoneInfo(zone), span)
    return [f"{one['from']} to {one['to']}" for one in told]


@pytest.mark.parametrize(
    ("event", "zone", "told"),
    [
        pytest.param(
            "DTSTART:20260401T030000Z DTEND:20260401T050000Z",
            MEXICO,
            ["2026-03-31 21:00 to 2026-03-31 23:00"],
            id="the last evening, west of Greenwich",
        ),
        pytest.param(
            "DTSTART:20260301T020000Z DTEND:20260301T030000Z",
            MEXICO,
            [],
            id="the evening before the first day",
        ),
        pytest.param(
            "DTSTART:20260228T110000Z DTEND:20260228T120000Z",
            "Pacific/Kiritimati",
            ["2026-03-01 01:00 to 2026-03-01 02:00"],
            id="the first night, far in the east",
        ),
        pytest.param(
            "DTSTART:20260331T110000Z DTEND:20260331T120000Z",
            "Pacific/Kiritimati",
            [],
            id="the night after the last day",
        ),
        pytest.param(
            "DTSTART:20260301T050000Z DTEND:20260301T060000Z", MEXICO, [], id="until midnight"
        ),
        pytest.param(
            "DTSTART:20260301T050000Z DTEND:20260301T060001Z",
            MEXICO,
            ["2026-02-28 23:00 to 2026-03-01 00:01"],
            id="a second into the first day",
        ),
        pytest.param(
            "DTSTART:20260401T060000Z DTEND:20260401T070000Z", MEXICO, [], id="from midnight on"
        ),
        pytest.param(
            "DTSTART:20260210T060000Z DTEND:20260410T070000Z",
            MEXICO,
            ["2026-02-10 00:00 to 2026-04-10 01:00"],
            id="all of it and more",
        ),
        pytest.param(
            "DTSTART:20260331T220000 DTEND:20260331T230000",
            MEXICO,
            ["2026-03-31 22:00 to 2026-03-31 23:00"],
            id="without a zone",
        ),
        pytest.param("DTSTART;VALUE=DATE:20260228", MEXICO, [], id="the day before"),
        pytest.param(
            "DTSTART;VALUE=DATE:20260228 DTEND;VALUE=DATE:20260302",
            MEXICO,
            ["2026-02-28 to 2026-03-01"],
            id="the day before, and the first one",
        ),
        pytest.param(
            "DTSTART;VALUE=DATE:20260331", MEXICO, ["2026-03-31 to 2026-03-31"], id="the last day"
        ),
        pytest.param("DTSTART;VALUE=DATE:20260401", MEXICO, [], id="the day after"),
    ],
)
def test_an_event_is_taken_if_it_touches_a_local_day(event, zone, told):
    assert found(event, zone) == told


def test_of_a_daily_event_there_is_one_for_each_local_day():
    daily = found("DTSTART:20260101T030000Z DTEND:20260101T040000Z RRULE:FREQ=DAILY")

    assert len(daily) == 31
    assert daily[0] == "2026-03-01 21:00 to 2026-03-01 22:00"
    assert daily[-1] == "2026-03-31 21:00 to 2026-03-31 22:00"
