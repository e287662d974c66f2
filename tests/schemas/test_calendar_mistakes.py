"""What is wrong with a calendar is told with its place; nothing starts from such a file."""

import pytest

from schemas.mistakes import FileError
from schemas.plant.load import load_plant

PLANT = """\
enterprise: acme
site: north
name: A small plant
time_zone: America/Mexico_City
equipment:
  - {id: press-1, area: hall, line: one, calendar: weekly}
  - {id: press-2, area: hall, line: two, calendar: other}
calendars:
  other: {shifts: [{name: day, start: "06:00", end: "14:00"}]}
  weekly:
"""
IN_IT = "calendars.weekly."
DAY = '    shifts: [{name: day, start: "06:00", end: "14:00"}]\n'


def mistakes(calendar: str) -> list[str]:
    """What is said of the plant with this calendar, which begins on line 11."""
    try:
        load_plant(PLANT + calendar, "plant.yaml")
    except FileError as error:
        return [str(one).replace(IN_IT, "", 1)[len("plant.yaml:") :] for one in error.mistakes]
    return []


def exception(text: str) -> str:
    """The day shift with one exception, which is on line 13."""
    return f"{DAY}    exceptions:\n      - {{{text}}}\n"


def shift(text: str) -> str:
    return f'    shifts:\n      - {{name: day, start: "06:00", end: "14:00", {text}}}\n'


@pytest.mark.parametrize(
    "calendar",
    [
        pytest.param(DAY, id="one shift"),
        pytest.param(exception("kind: maintenance, from: 2026-03-01"), id="a day"),
        pytest.param(
            exception("kind: maintenance, from: 2026-03-01 22:00, to: 2026-03-01 24:00"),
            id="until midnight",
        ),
        pytest.param(
            exception("kind: no_shift, from: 2026-03-01T22:00:00, to: 2026-03-02T01:00:00"),
            id="times as YAML knows them",
        ),
        pytest.param(
            exception("kind: no_shift, from: 2026-03-01, lines: [one, hall/one]"), id="lines"
        ),
        pytest.param(f"{DAY}    holidays: {{country: MX, working: [2026-03-16]}}\n", id="Mexico"),
        pytest.param(
            f"{DAY}    changes: [{{valid_from: 2026-04-01, shifts: []}}]\n", id="no shift any more"
        ),
    ],
)
def test_what_may_be_said(calendar: str) -> None:
    assert mistakes(calendar) == []


@pytest.mark.parametrize(
    ("calendar", "said"),
    [
        pytest.param(
            DAY.replace("}]", '}, {name: late, start: "13:00", end: "22:00"}]'),
            ["11:57: shifts[1]: late overlaps day (shifts[0]) on mon from 13:00; "
             "one of them has to end earlier"],
            id="shifts that overlap",
        ),
        pytest.param(
            DAY.replace("}]", '}, {name: night, days: [sun], start: "22:00", end: "06:30"}]'),
            ["11:57: shifts[1]: night overlaps day (shifts[0]) on mon from 06:00; "
             "one of them has to end earlier"],
            id="shifts that overlap over the end of the week",
        ),
        pytest.param(
            '    shifts:\n      - {name: night, days: [sun], start: "22:00", end: "06:30"}\n'
            '      - {name: day, start: "06:00", end: "14:00"}\n',
            ["13:9: shifts[1]: day overlaps night (shifts[0]) on mon from 06:00; "
             "one of them has to end earlier"],
            id="and the other way round",
        ),
        pytest.param(
            DAY.replace("}]", '}, {name: day, days: [fri], start: "20:00", end: "22:00"}]'),
            ["11:57: shifts[1]: a second shift day begins on the same days; "
             "give it another name"],
            id="two shifts of one name on a day",
        ),
        pytest.param(
            shift('breaks: [{start: "13:45", end: "14:15"}]'),
            ["12:9: shifts[0]: the break 13:45 to 14:15 is not inside of the shift, "
             "which is 06:00 to 14:00"],
            id="a break that goes on after its shift",
        ),
        pytest.param(
            shift('breaks: [{start: "05:00", end: "05:30"}]'),
            ["12:9: shifts[0]: the break 05:00 to 05:30 is not inside of the shift, "
             "which is 06:00 to 14:00"],
            id="a break before its shift",
        ),
        pytest.param(
            shift('breaks: [{start: "09:00", end: "10:00"}, {start: "09:30", end: "11:00"}]'),
            ["12:9: shifts[0]: two breaks overlap at 09:30"],
            id="breaks that overlap",
        ),
        pytest.param(
            shift('breaks: [{start: "09:00", end: "09:00"}]'),
            ["12:9: shifts[0]: the break at 09:00 has no length"],
            id="a break without length",
        ),
        pytest.param(
            exception("kind: maintenance, from: 2026-03-02 10:00, to: 2026-03-02 09:00"),
            ["13:9: exceptions[0]: it ends before it begins"],
            id="an exception that ends before it begins",
        ),
        pytest.param(
            exception("kind: maintenance, from: 2026-03-02 10:00"),
            ["13:9: exceptions[0]: an exception that begins at a time needs its "
             "end: to"],
            id="no end",
        ),
        pytest.param(
            exception("kind: maintenance, from: 2026-03-02, to: 2026-03-02 09:00"),
            ["13:9: exceptions[0]: from and to are both days, or both have a time"],
            id="a day and a time",
        ),
        pytest.param(
            exception("kind: maintenance, from: 2026-03-02T10:00:00Z, to: 2026-03-03T10:00:00Z"),
            ['13:29: exceptions[0].from: write a local time as "2026-03-14 22:00", '
             "a whole day as 2026-03-14",
             '13:57: exceptions[0].to: write a local time as "2026-03-14 22:00", '
             "a whole day as 2026-03-14"],
            id="a time in UTC",
        ),
        pytest.param(
            exception("kind: maintenance, from: 3026-03-02"),
            ["13:29: exceptions[0].from: the year is not from 1970 to 2199"],
            id="a year by mistake",
        ),
        pytest.param(
            exception("kind: maintenence, from: 2026-03-02"),
            ["13:10: exceptions[0].kind: maintenence is none of no_shift, shift, "
             "maintenance; did you mean maintenance?"],
            id="an unknown kind",
        ),
        pytest.param(
            exception("kind: maintenance, from: 2026-03-02, equipment: [press-3]"),
            ["13:59: exceptions[0].equipment[0]: no such equipment: press-3; "
             "did you mean press-2?"],
            id="unknown equipment",
        ),
        pytest.param(
            exception("kind: maintenance, from: 2026-03-02, equipment: [press-2]"),
            ["13:59: exceptions[0].equipment[0]: press-2 has the calendar other, "
             "not weekly"],
            id="equipment with another calendar",
        ),
        pytest.param(
            exception("kind: maintenance, from: 2026-03-02, lines: [hall/on]"),
            ["13:55: exceptions[0].lines[0]: no such line: hall/on; "
             "did you mean hall/one?"],
            id="an unknown line",
        ),
        pytest.param(
            exception("kind: maintenance, from: 2026-03-02, lines: [two]"),
            ["13:55: exceptions[0].lines[0]: nothing of two has the calendar weekly"],
            id="a line with another calendar",
        ),
        pytest.param(
            exception("kind: shift, name: more, from: 2026-03-07 12:00, to: 2026-03-07 16:00"),
            ["13:9: exceptions[0]: 2026-03-07/more overlaps 2026-03-07/day; "
             "one of them has to end earlier"],
            id="an extra shift that overlaps",
        ),
        pytest.param(
            exception("kind: shift, name: day, from: 2026-03-07 16:00, to: 2026-03-07 18:00"),
            ["13:9: exceptions[0]: two shifts are 2026-03-07/day; "
             "one of them has to end earlier"],
            id="an extra shift with the name of another",
        ),
        pytest.param(
            exception("kind: shift, name: more, from: 2026-03-07 12:00, to: 2026-03-08 16:00"),
            ["13:9: exceptions[0]: a shift lasts a day at most: write one per day"],
            id="an extra shift of more than a day",
        ),
        pytest.param(
            f"{DAY}    holidays: {{country: MXX}}\n",
            ["12:16: holidays.country: no holidays of MXX are known; "
             "did you mean MX?"],
            id="an unknown country",
        ),
        pytest.param(
            f"{DAY}    holidays: {{country: DE, subdivision: BYY}}\n",
            ["12:29: holidays.subdivision: no holidays of BYY in DE are known; "
             "did you mean BY?"],
            id="an unknown subdivision",
        ),
        pytest.param(
            f"{DAY}    changes:\n      - {{valid_from: 2026-04-01, shifts: []}}\n"
            "      - {valid_from: 2026-03-01, shifts: []}\n",
            ["14:10: changes[1].valid_from: 2026-03-01 is not after 2026-04-01, "
             "the change before it; list changes in the order of their dates"],
            id="changes that are not in order",
        ),
        pytest.param(
            '    shifts: [{name: night, start: "22:00", end: "06:00"}]\n    changes:\n'
            "      - valid_from: 2026-04-01\n"
            '        shifts: [{name: day, start: "05:00", end: "13:00"}]\n',
            ["13:9: changes[0]: 2026-04-01/day overlaps 2026-03-31/night; "
             "one of them has to end earlier"],
            id="the last night of the old week",
        ),
    ],
)  # fmt: skip
def test_what_may_not_be_said(calendar: str, said: list[str]) -> None:
    assert mistakes(calendar) == said
