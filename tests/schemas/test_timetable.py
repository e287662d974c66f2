"""When shifts take place: weeks, holidays, exceptions, and clocks that are changed."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from schemas.plant.calendar import Calendar
from schemas.plant.timetable import Timetable
from tests.calendars import CHANGES, calendar

MEXICO = "America/Mexico_City"
DAY = {"name": "day", "start": "06:00", "end": "18:00"}
NIGHT = {"name": "night", "start": "22:00", "end": "06:00"}
HOUR = timedelta(hours=1)


def told(given: Calendar, day: str, zone: str = MEXICO) -> list[str]:
    """The shifts that begin on a day, as `name 06:00-14:00 [stops]` in local time."""
    timetable = Timetable(given, zone)

    def span(one) -> str:
        start, end = (at.astimezone(timetable.zone) for at in (one.start, one.end))
        return f"{start:%H:%M}-{end:%H:%M}"

    return [
        " ".join(
            [one.name.partition("/")[2], span(one), *(f"{s.reason} {span(s)}" for s in one.stops)]
        )
        for one in timetable.day(date.fromisoformat(day)).shifts
    ]


def off(start: str, end: str | None = None, **said) -> dict:
    return {"kind": "no_shift", "from": start, **({"to": end} if end else {}), **said}


def maintenance(start: str, end: str | None = None, **said) -> dict:
    return off(start, end, **said) | {"kind": "maintenance"}


def extra(start: str, end: str, **said) -> dict:
    return off(start, end, **said) | {"kind": "shift", "name": "extra"}


@pytest.mark.parametrize(
    ("said", "day", "shifts"),
    [
        pytest.param({"holidays": {"country": "MX"}}, "2026-03-16", [], id="a public holiday"),
        pytest.param(
            {"holidays": {"country": "MX"}}, "2026-03-17", ["day 06:00-18:00"], id="the day after"
        ),
        pytest.param(
            {"holidays": {"country": "MX", "working": [date(2026, 3, 16)]}},
            "2026-03-16", ["day 06:00-18:00"], id="a holiday that is worked on",
        ),
        pytest.param(
            {"holidays": {"dates": [date(2026, 12, 12)]}}, "2026-12-12", [], id="a company day"
        ),
        pytest.param(
            {"holidays": {"country": "DE", "subdivision": "BY"}},
            "2026-01-06", [], id="a holiday of Bavaria",
        ),
        pytest.param(
            {"holidays": {"country": "DE"}}, "2026-01-06", ["day 06:00-18:00"],
            id="which Germany has not",
        ),
        pytest.param({"exceptions": [off("2026-03-02")]}, "2026-03-02", [], id="a day off"),
        pytest.param(
            {"exceptions": [off("2026-03-02", "2026-03-04")]}, "2026-03-04", [],
            id="the last of several days off",
        ),
        pytest.param(
            {"exceptions": [off("2026-03-02", "2026-03-04")]}, "2026-03-05", ["day 06:00-18:00"],
            id="the day after days off",
        ),
        pytest.param(
            {"exceptions": [off("2026-03-02 12:00", "2026-03-02 23:00")]}, "2026-03-02",
            ["day 06:00-12:00"], id="closed from noon",
        ),
        pytest.param(
            {"exceptions": [off("2026-03-02 04:00", "2026-03-02 08:00")]}, "2026-03-02",
            ["day 08:00-18:00"], id="closed in the morning",
        ),
        pytest.param(
            {"exceptions": [off("2026-03-02 10:00", "2026-03-02 11:00")]}, "2026-03-02",
            ["day 06:00-18:00 no_shift 10:00-11:00"], id="closed in the middle: one shift still",
        ),
        pytest.param(
            {"exceptions": [off("2026-03-02 05:00", "2026-03-02 19:00")]}, "2026-03-02", [],
            id="closed for longer than the shift",
        ),
        pytest.param(
            {"exceptions": [maintenance("2026-03-02 16:00", "2026-03-02 20:00")]}, "2026-03-02",
            ["day 06:00-18:00 maintenance 16:00-18:00"], id="the shift goes on in maintenance",
        ),
        pytest.param(
            {"exceptions": [maintenance("2026-03-02")]}, "2026-03-02",
            ["day 06:00-18:00 maintenance 06:00-18:00"], id="maintenance of a whole day",
        ),
        pytest.param(
            {"exceptions": [extra("2026-03-01 20:00", "2026-03-02 02:00")]}, "2026-03-01",
            ["day 06:00-18:00", "extra 20:00-02:00"], id="an extra shift",
        ),
        pytest.param(
            {
                "holidays": {"country": "MX"},
                "exceptions": [extra("2026-03-16 08:00", "2026-03-16 12:00")],
            },
            "2026-03-16", ["extra 08:00-12:00"], id="an extra shift on a holiday",
        ),
        pytest.param(
            {
                "exceptions": [
                    off("2026-12-24"),
                    extra(
                        "2026-12-24 06:00", "2026-12-24 12:00",
                        breaks=[{"start": "09:00", "end": "09:15"}],
                    ),
                ],
            },
            "2026-12-24", ["extra 06:00-12:00 break 09:00-09:15"], id="another shift on a day off",
        ),
        pytest.param(
            {"changes": [{"valid_from": date(2026, 4, 1), "shifts": [NIGHT]}]}, "2026-03-31",
            ["day 06:00-18:00"], id="the day before a change",
        ),
        pytest.param(
            {"changes": [{"valid_from": date(2026, 4, 1), "shifts": [NIGHT]}]}, "2026-04-01",
            ["night 22:00-06:00"], id="the day of a change",
        ),
        pytest.param(
            {
                "holidays": {"country": "MX"},
                "changes": [{"valid_from": date(2026, 4, 1), "shifts": [NIGHT]}],
            },
            "2026-05-01", [], id="a change keeps the holidays",
        ),
        pytest.param(
            {
                "holidays": {"country": "MX"},
                "changes": [{"valid_from": date(2026, 4, 1), "shifts": [NIGHT], "holidays": {}}],
            },
            "2026-05-01", ["night 22:00-06:00"], id="unless it says others",
        ),
    ],
)  # fmt: skip
def test_the_shifts_of_a_day(said: dict, day: str, shifts: list[str]) -> None:
    assert told(calendar([DAY], **said), day) == shifts


@pytest.mark.parametrize(
    ("breaks", "shifts"),
    [
        pytest.param(
            [{"start": "01:00", "end": "01:30"}], ["night 22:00-06:00 break 01:00-01:30"],
            id="after midnight",
        ),
        pytest.param(
            [{"start": "23:45", "end": "00:15"}], ["night 22:00-06:00 break 23:45-00:15"],
            id="over midnight",
        ),
        pytest.param(
            [{"start": "23:45", "end": "24:00"}], ["night 22:00-06:00 break 23:45-00:00"],
            id="until midnight",
        ),
        pytest.param(
            [{"start": "01:00", "end": "01:30", "days": ["tue"]}], ["night 22:00-06:00"],
            id="only in the night that begins on a Tuesday",
        ),
    ],
)  # fmt: skip
def test_the_breaks_of_a_night_that_begins_on_monday(breaks, shifts) -> None:
    assert told(calendar([NIGHT | {"breaks": breaks}]), "2026-03-02") == shifts


def test_the_night_before_a_day_off_runs_to_its_end() -> None:
    given = calendar([NIGHT], exceptions=[off("2026-03-02")])
    assert told(given, "2026-03-01") == ["night 22:00-06:00"]
    assert told(given, "2026-03-02") == []


@pytest.mark.parametrize("zone", CHANGES)
def test_the_night_in_which_clocks_are_changed_has_seven_or_nine_hours(zone: str) -> None:
    lengths = []
    for day in CHANGES[zone]:
        nights = (day - timedelta(days=1), day)
        timetable = Timetable(calendar([NIGHT]), zone)
        lengths += [one.end - one.start for at in nights for one in timetable.day(at).shifts]
    assert lengths == [7 * HOUR, 8 * HOUR, 9 * HOUR, 8 * HOUR]


@pytest.mark.parametrize("zone", CHANGES)
@pytest.mark.parametrize("minutes", range(0, 240, 30))
def test_shifts_that_follow_each_other_leave_no_hole_when_clocks_are_changed(
    zone: str, minutes: int
) -> None:
    edge = f"{minutes // 60:02}:{minutes % 60:02}"
    shifts = [{"name": "a", "start": edge, "end": "12:00"}]
    shifts += [{"name": "b", "start": "12:00", "end": edge}]
    timetable = Timetable(calendar(shifts), zone)
    for day in CHANGES[zone]:
        dates = [day + timedelta(days=n) for n in (-1, 0, 1)]
        found = [one for at in dates for one in timetable.day(at).shifts]
        assert [one.start for one in found[1:]] == [one.end for one in found[:-1]]


def test_a_shift_that_clocks_leave_out_does_not_take_place() -> None:
    short = {"name": "short", "start": "02:10", "end": "02:50"}
    assert told(calendar([short]), "2026-03-08", "America/Tijuana") == []
    assert told(calendar([short]), "2026-03-09", "America/Tijuana") == ["short 02:10-02:50"]


def test_exceptions_of_lines_and_equipment_are_theirs_alone() -> None:
    listed = [
        off("2026-03-02"),
        maintenance("2026-03-03", lines=["line-1"]),
        maintenance("2026-03-04", lines=["packaging/line-1"]),
        maintenance("2026-03-05", equipment=["press"], lines=["line-2"]),
    ]
    given = calendar([DAY], exceptions=listed)
    assert given.exceptions_of("mixer", "mixing", "line-1") == (0, 1)
    assert given.exceptions_of("filler", "packaging", "line-1") == (0, 1, 2)
    assert given.exceptions_of("press", "hall", "line-3") == (0, 3)
    assert given.with_exceptions((0, 3)).exceptions == [given.exceptions[0], given.exceptions[3]]


def test_a_shift_is_found_by_its_name() -> None:
    timetable = Timetable(calendar([NIGHT]), MEXICO)
    found = timetable.shift("2026-03-01/night")
    assert found is not None
    assert found.start == datetime(2026, 3, 1, 22, tzinfo=ZoneInfo(MEXICO))
    assert timetable.shift("2026-03-01/day") is None
    assert timetable.shift("night") is None
