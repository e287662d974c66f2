"""`plantstream calendar`: when a plant is meant to produce."""

import json
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from plantstream.commands.console import messages, print_json
from plantstream.commands.examples import example
from plantstream.commands.options import AS_JSON
from plantstream.commands.tables import print_columns, printable
from plantstream.runtime.errors import MisconfiguredError

if TYPE_CHECKING:
    from schemas.plant.calendar import Calendar
    from schemas.plant.model import Plant

PLANT = example("ninu") / "plant.yaml"
KINDS = ("maintenance", "no_shift", "shift")
_ONE_DAY = timedelta(days=1)
_PLAIN = r"[a-z][a-z_-]*"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Show when a plant is meant to produce, and import planned stops.",
        no_args_is_help=True,
    )
    group.command()(show)
    group.command("import")(import_events)
    app.add_typer(group, name="calendar")


def show(
    plant: Path = typer.Option(PLANT, help="The plant file.", exists=True, dir_okay=False),
    week: str | None = typer.Option(None, metavar="2026-W10", help="ISO week; default: this one."),
    day: str | None = typer.Option(None, "--date", metavar="2026-03-08", help="One day only."),
    equipment: str | None = typer.Option(None, help="As it is for this equipment (its id)."),
    calendar: str | None = typer.Option(None, help="This calendar only; default: all in use."),
    as_json: bool = AS_JSON,
) -> None:
    """Show shifts, breaks, exceptions and planned hours, in the plant's local time."""
    from zoneinfo import ZoneInfo

    from plantstream.commands.calendar_view import days_of, document, rows
    from plantstream.commands.plant_file import read_plant

    if (week and day) or (equipment and calendar):
        raise typer.BadParameter("give a week or a date, and an equipment or a calendar")
    model = read_plant(plant).plant
    zone = ZoneInfo(model.time_zone)
    shown, days = list(_shown(model, equipment, calendar)), _days(week, day, zone)
    found = [days_of(model.calendars[name], places, zone.key, days) for _, name, places in shown]
    if as_json:
        said = zip(shown, found, strict=True)
        heads = [({"equipment": who, "calendar": name}, views) for (who, name, _), views in said]
        print_json([{**head, "days": document(views, zone)} for head, views in heads])
        return
    for (who, name, _), views in zip(shown, found, strict=True):
        of_whom = f"{who}, calendar {name}" if who else f"calendar {name}"
        during = ", only while a batch is open" * (model.calendars[name].during == "batch")
        sys.stdout.write(f"{of_whom}, {zone.key}{during}\n")
        print_columns(rows(views, zone))
        sys.stdout.write("\n")


def import_events(
    file: Path = typer.Argument(metavar="FILE.ics", exists=True, dir_okay=False),
    plant: Path = typer.Option(..., help="The plant file.", exists=True, dir_okay=False),
    calendar: str = typer.Option(..., help="The calendar that they are exceptions of."),
    kind: str = typer.Option("maintenance", help=f"What the events are: {', '.join(KINDS)}."),
    name: str | None = typer.Option(None, help="The shift's name, if they are shifts."),
    equipment: list[str] = typer.Option([], help="Only for this equipment; may be repeated."),
    line: list[str] = typer.Option([], help="Only for this line; may be repeated."),
    since: str | None = typer.Option(
        None, "--from", help="First day, by the clocks of the plant; default: today."
    ),
    until: str | None = typer.Option(None, help="Last day; default: a year later."),
) -> None:
    """Turn events of an iCalendar file into exceptions, to be pasted into the plant file."""
    from zoneinfo import ZoneInfo

    from plantstream.commands.plant_file import read_plant

    try:
        from plantstream.commands.ical import ICalendarError, Span, exceptions
    except ModuleNotFoundError as error:
        told = f"iCalendar files need {error.name}, which is not installed"
        raise MisconfiguredError(f"{told}: pip install 'plantstream[calendar]'") from None
    model = read_plant(plant).plant
    _calendar(model, calendar)
    zone = ZoneInfo(model.time_zone)
    first = _date(since, "--from") if since else _today(zone)
    last = _date(until, "--until") if until else first + timedelta(days=365)
    said = {"kind": kind, "name": name, "lines": line, "equipment": equipment}
    try:
        found = exceptions(
            file.read_bytes(), {key: one for key, one in said.items() if one}, zone,
            Span(first, last),
        )  # fmt: skip
    except ICalendarError as error:
        raise MisconfiguredError(f"{file}: {error}") from None
    _check(found, file)
    if not found:
        messages.print(f"{file}: no event from {first} to {last}", markup=False)
        return
    sys.stdout.write("    exceptions:\n")
    for one in found:
        sys.stdout.write(f"      - {_flow(one)}\n")
    told = f"{len(found)} exceptions: paste them into calendars.{calendar} of {plant}"
    messages.print(f"{told}, then: plantstream check {plant}", markup=False)


def _shown(
    plant: "Plant", equipment: str | None, calendar: str | None
) -> Iterator[tuple[str | None, str, Sequence[int]]]:
    """Equipment if one is meant, its calendar, and which exceptions apply."""
    if equipment is not None:
        one = plant.find(equipment)
        if one is None:
            known = ", ".join(one.id for one in plant.equipment)
            raise MisconfiguredError(f"no equipment {equipment}; there is {known}")
        name = one.calendar or ""
        yield one.id, name, plant.calendars[name].exceptions_of(one.id, one.area, one.line)
        return
    used = [calendar] if calendar else dict.fromkeys(one.calendar or "" for one in plant.equipment)
    for name in used:
        listed = enumerate(_calendar(plant, name).exceptions)
        yield None, name, [place for place, one in listed if one.is_for_all]


def _calendar(plant: "Plant", name: str) -> "Calendar":
    found = plant.calendars.get(name)
    if found is None:
        raise MisconfiguredError(f"no calendar {name}; there is {', '.join(plant.calendars)}")
    return found


def _days(week: str | None, day: str | None, zone: Any) -> list[date]:
    if day is not None:
        return [_date(day, "--date")]
    if week is None:
        today = _today(zone)
        monday = today - today.weekday() * _ONE_DAY
    else:
        try:
            monday = date.fromisoformat(f"{week}-1")
        except ValueError:
            raise typer.BadParameter("write it as 2026-W10", param_hint="--week") from None
    return [monday + number * _ONE_DAY for number in range(7)]


def _date(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("write it as 2026-03-08", param_hint=option) from None


def _today(zone: Any) -> date:
    from plantstream.runtime.clock import now

    return now().astimezone(zone).date()


def _check(found: list[dict[str, Any]], file: Path) -> None:
    """What is printed can be read again."""
    from pydantic import TypeAdapter, ValidationError

    from schemas.plant.calendar import CalendarException

    reader: TypeAdapter[Any] = TypeAdapter(CalendarException)
    for one in found:
        try:
            reader.validate_python(one)
        except ValidationError as error:
            said = error.errors(include_url=False)[0]
            what = f"{'.'.join(map(str, said['loc']))}: {said['msg'].removeprefix('Value error, ')}"
            event = f"the event {one.get('note', '')} of {one['from']}"
            raise MisconfiguredError(f"{file}: {event}: {what}") from None


def _flow(one: dict[str, Any]) -> str:
    return f"{{{', '.join(f'{key}: {_value(value)}' for key, value in one.items())}}}"


def _value(value: Any) -> str:
    """As YAML; words and dates stand for themselves."""
    if isinstance(value, date) or re.fullmatch(_PLAIN, str(value)):
        return str(value)
    return printable(json.dumps(value, ensure_ascii=False))
