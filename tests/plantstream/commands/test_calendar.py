"""What a planner reads of a calendar, and what becomes of events of an iCalendar file."""

import sys
from pathlib import Path

import pytest

from schemas.plant.load import load_plant
from tests.plantstream.commands.conftest import Run

PLANT = """\
enterprise: acme
site: north
name: A small plant
time_zone: America/Tijuana
calendars:
  weekly:
    shifts:
      - {name: early, days: [mon, sat], start: "06:00", end: "14:00", breaks: [{start: "10:00", end: "10:30"}]}
      - {name: night, start: "22:00", end: "06:00"}
    holidays: {country: MX}
    exceptions:
      - {kind: maintenance, from: 2026-03-02 08:00, to: 2026-03-02 12:00, note: seals, equipment: [press-1]}
      - {kind: no_shift, from: 2026-03-04, note: stock-taking}
equipment:
  - {id: press-1, area: hall, line: one, calendar: weekly}
  - {id: press-2, area: hall, line: one, calendar: weekly}
"""  # noqa: E501 - as people write it
ICS = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//a maintenance plan//
BEGIN:VEVENT
UID:1
DTSTART;TZID=America/Tijuana:20260306T220000
DTEND;TZID=America/Tijuana:20260307T060000
RRULE:FREQ=WEEKLY;COUNT=4
EXDATE;TZID=America/Tijuana:20260313T220000
SUMMARY:Cleaning: "wet"
END:VEVENT
BEGIN:VEVENT
UID:1
RECURRENCE-ID;TZID=America/Tijuana:20260320T220000
DTSTART;TZID=America/Tijuana:20260321T080000
DTEND;TZID=America/Tijuana:20260321T100030
SUMMARY:Cleaning, moved
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTART;VALUE=DATE:20261224
DTEND;VALUE=DATE:20261227
SUMMARY:Revision
END:VEVENT
BEGIN:VEVENT
UID:3
DTSTART:20260401T140000Z
DURATION:PT2H
SUMMARY:Gauge
END:VEVENT
BEGIN:VEVENT
UID:4
DTSTART:20260402T140000Z
DTEND:20260402T150000Z
STATUS:CANCELLED
SUMMARY:Not this
END:VEVENT
END:VCALENDAR
"""
SPAN = ("--from", "2026-03-01", "--until", "2026-12-31")


@pytest.fixture
def plant(tmp_path: Path) -> Path:
    path = tmp_path / "plant.yaml"
    path.write_text(PLANT)
    return path


def ics(tmp_path: Path, was: str = "", is_now: str = "") -> Path:
    path = tmp_path / "maintenance.ics"
    path.write_text(ICS.replace(was, is_now) if was else ICS)
    return path


def columns(line: str) -> str:
    return " ".join(line.split())


def test_a_week_is_shown_day_by_day(run: Run, plant: Path) -> None:
    ran = run("calendar", "show", "--plant", plant, "--week", "2026-W10")
    assert ran.code == 0
    assert [columns(line) for line in ran.lines] == [
        "calendar weekly, America/Tijuana",
        "day shift from to planned notes",
        "Mon 2026-03-02 early 06:00 14:00 7:30 h break 10:00-10:30",
        "night 22:00 06:00 8:00 h",
        "maintenance Mon 08:00-Mon 12:00: seals, only press-1",
        "15:30 h",
        "Tue 2026-03-03 night 22:00 06:00 8:00 h",
        "Wed 2026-03-04 no shift: stock-taking",
        "0:00 h",
        "Thu 2026-03-05 night 22:00 06:00 8:00 h",
        "Fri 2026-03-06 night 22:00 06:00 8:00 h",
        "Sat 2026-03-07 early 06:00 14:00 7:30 h break 10:00-10:30",
        "night 22:00 06:00 7:00 h",
        "14:30 h",
        "Sun 2026-03-08 night 22:00 06:00 8:00 h",
        "23 hours: clocks are put forward",
        "total 62:00 h",
        "",
    ]


def test_an_equipment_is_shown_with_what_is_its_own(run: Run, plant: Path) -> None:
    ran = run("calendar", "show", "--plant", plant, "--date=2026-03-02", "--equipment=press-1")
    said = [columns(line) for line in ran.lines]
    assert said[0] == "press-1, calendar weekly, America/Tijuana"
    told = "maintenance 08:00-12:00: seals; break 10:00-10:30"
    assert said[2] == f"Mon 2026-03-02 early 06:00 14:00 4:00 h {told}"


def test_json_has_the_same_with_offsets_from_utc(run: Run, plant: Path) -> None:
    ran = run("calendar", "show", "--plant", plant, "--date=2026-10-31", "--json")
    (said,) = ran.json
    (day,) = said["days"]
    assert (said["calendar"], day["hours"], day["planned_minutes"]) == ("weekly", 24, 990)
    night = day["shifts"][1]
    assert night["start"] == "2026-10-31T22:00:00-07:00"
    assert night["end"] == "2026-11-01T06:00:00-08:00"
    assert night["planned_minutes"] == 540


def test_a_holiday_is_named(run: Run, plant: Path) -> None:
    ran = run("calendar", "show", "--plant", plant, "--date=2026-03-16")
    assert columns(ran.lines[2]) == "Mon 2026-03-16 holiday: Benito Juárez's birthday"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(["--week", "2026-10"], "2026-W10", id="a week that is none"),
        pytest.param(["--date", "tomorrow"], "2026-03-08", id="a date that is none"),
        pytest.param(["--equipment", "press-9"], "there is press-1, press-2", id="no equipment"),
        pytest.param(["--calendar", "yearly"], "there is weekly", id="no calendar"),
    ],
)
def test_what_cannot_be_shown_says_what_could(run: Run, plant: Path, options, said) -> None:
    ran = run("calendar", "show", "--plant", plant, *options)
    assert ran.code != 0
    assert said in ran.err


def test_events_become_exceptions_that_the_plant_file_takes(
    run: Run, plant: Path, tmp_path: Path
) -> None:
    options = ("--plant", plant, "--calendar", "weekly", "--equipment", "press-1")
    ran = run("calendar", "import", ics(tmp_path), *options, *SPAN)
    assert ran.code == 0
    title, *listed = ran.lines
    assert title == "    exceptions:"
    assert [line.partition('"press-1"], ')[2].rstrip("}") for line in listed] == [
        'from: "2026-03-06 22:00", to: "2026-03-07 06:00", note: "Cleaning: \\"wet\\""',
        'from: "2026-03-21 08:00", to: "2026-03-21 10:01", note: "Cleaning, moved"',
        'from: "2026-03-27 22:00", to: "2026-03-28 06:00", note: "Cleaning: \\"wet\\""',
        'from: "2026-04-01 07:00", to: "2026-04-01 09:00", note: "Gauge"',
        'from: 2026-12-24, to: 2026-12-26, note: "Revision"',
    ]
    pasted = PLANT.replace("    exceptions:\n", "\n".join(ran.lines) + "\n")
    calendar = load_plant(pasted, "plant.yaml").plant.calendars["weekly"]
    assert len(calendar.exceptions) == len(listed) + 2


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        pytest.param(("BEGIN:", "BEGIM:"), [], "no readable iCalendar file", id="another file"),
        pytest.param(
            ("FREQ=WEEKLY", "FREQ=SECONDLY"), [], "repeats every minute or second", id="endless"
        ),
        pytest.param(
            ("FREQ=WEEKLY;COUNT=4", "FREQ=HOURLY"), [], "take a shorter span", id="too many"
        ),
        pytest.param((), ["--kind", "shift"], "name: Field required", id="shifts without a name"),
        pytest.param((), ["--kind", "party"], "kind", id="an unknown kind"),
        pytest.param((), ["--until", "2036-01-01"], "longer than", id="a span of ten years"),
    ],
)
def test_events_that_cannot_be_taken(
    run: Run, plant: Path, tmp_path: Path, change, options, said
) -> None:
    file = ics(tmp_path, *change)
    ran = run(
        *("calendar", "import", file, "--plant", plant, "--calendar", "weekly", *SPAN, *options)
    )
    assert ran.code == 78
    assert said in ran.err
    assert ran.out == ""


def test_a_file_without_events_in_the_span_says_so(run: Run, plant: Path, tmp_path: Path) -> None:
    span = ("--from", "2027-03-01", "--until", "2027-03-31")
    options = ("--plant", plant, "--calendar", "weekly", *span)
    ran = run("calendar", "import", ics(tmp_path), *options)
    assert (ran.code, ran.out) == (0, "")
    assert "no event from 2027-03-01 to 2027-03-31" in ran.err


def test_a_library_that_is_missing_is_named_with_what_to_install(
    run: Run, plant: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "plantstream.commands.ical", raising=False)
    monkeypatch.setitem(sys.modules, "icalendar", None)
    ran = run("calendar", "import", ics(tmp_path), "--plant", plant, "--calendar", "weekly")
    assert ran.code == 78
    assert "pip install 'plantstream[calendar]'" in ran.err
