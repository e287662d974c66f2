"""`plantstream oncall`: who is called now and next, and taking over."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from plantstream.commands.alerts_answer import WHO
from plantstream.commands.console import complain, messages, print_json
from plantstream.commands.options import AS_JSON, DATA_DIR, SITE
from plantstream.commands.tables import print_columns
from plantstream.runtime.errors import EXIT_FAILED, UnavailableError

if TYPE_CHECKING:
    from plantstream.commands.duty_view import TakenOver, Watch
    from plantstream.runtime.settings import KafkaSettings
    from schemas.plant.load import PlantFile

WEEK = timedelta(days=7)
PLANT = typer.Option(
    None, help="A plant file, in place of the one in force.", exists=True, dir_okay=False
)
OFFLINE = typer.Option(False, "--offline", help="By --plant alone, without what people took over.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Show who is on call now and next, and take over.", no_args_is_help=True
    )
    group.command()(show)
    group.command()(who)
    group.command()(take)
    app.add_typer(group, name="oncall")


def show(
    week: bool = typer.Option(False, "--week", help="Also each hand-over of the next 7 days."),
    plant: Path | None = PLANT,
    site: str | None = SITE,
    offline: bool = OFFLINE,
    data_dir: Path | None = DATA_DIR,
    as_json: bool = AS_JSON,
) -> None:
    """Show each schedule: who is called now and next, and who takes over when."""
    from plantstream.commands.duty_view import document, duties, overrides, row, watch
    from plantstream.runtime import clock

    file, taken = _plan(plant, site, offline, data_dir)
    names = file.plant.schedules
    found = [watch(file.plant, name, taken, clock.now()) for name in names]
    if as_json:
        print_json([document(one, WEEK if week else None) for one in found])
        return
    if not found:
        messages.print(f"{file.file} has no schedules", markup=False)
    print_columns(map(row, found))
    parts = [("takes over", [line for one in found for line in overrides(one)])]
    if week:
        parts.append(("hand-overs", [line for one in found for line in duties(one, WEEK)]))
    for title, rows in parts:
        sys.stdout.write(f"\n{title}\n" if rows else "")
        print_columns(rows)


def who(
    schedule: str = typer.Argument(metavar="SCHEDULE", help="Its name in the plant file."),
    at: str | None = typer.Option(
        None, metavar="2026-03-08T03:00", help="When, by the clocks of the schedule; default: now."
    ),
    plant: Path | None = PLANT,
    site: str | None = SITE,
    offline: bool = OFFLINE,
    data_dir: Path | None = DATA_DIR,
    as_json: bool = AS_JSON,
) -> None:
    """Print the id of who is called at a time; exit 1 if that is nobody."""
    from dataclasses import replace

    from plantstream.commands.duty_view import document, watch
    from plantstream.commands.given_times import moment
    from plantstream.runtime import clock

    file, taken = _plan(plant, site, offline, data_dir)
    now = watch(file.plant, schedule, taken, clock.now())
    found = replace(now, at=moment(at, now.zone, "--at"))
    if as_json:
        print_json(document(found, None))
    else:
        _tell(found, file)
    if not found.duty.people:
        raise typer.Exit(EXIT_FAILED)


def take(
    schedule: str = typer.Argument(metavar="SCHEDULE", help="Its name in the plant file."),
    person: str = WHO,
    start: str | None = typer.Option(
        None,
        "--from",
        metavar="2026-03-08T03:00",
        help="Since then you are called, by the clocks of the schedule; default: now.",
    ),
    end: str = typer.Option(
        ...,
        "--to",
        metavar="2026-03-08T09:00",
        help="Until then, by the clocks of the schedule.",
    ),
    comment: str | None = typer.Option(None, help="Why; it stands in the audit trail."),
    site: str | None = SITE,
    data_dir: Path | None = DATA_DIR,
    as_json: bool = AS_JSON,
) -> None:
    """Take over in a schedule: you are called in place of whose turn it is."""
    from plantstream.commands.connection import kafka_settings
    from plantstream.commands.duty_view import document
    from plantstream.commands.running import run_async

    span = (start, end)
    kafka = kafka_settings(data_dir)
    is_taken, found, file = run_async(_take(kafka, (schedule, person, comment), span, site))
    if as_json:
        print_json(document(found, None))
    else:
        _tell(found, file)
    if not is_taken:
        raise typer.Exit(EXIT_FAILED)


async def _take(
    kafka: "KafkaSettings",
    said: tuple[str, str, str | None],
    span: tuple[str | None, str],
    site: str | None,
) -> "tuple[bool, Watch, PlantFile]":
    """Whether the dispatcher took it, and the schedule as it is when it begins."""
    from plantstream.commands.acting import actor, do
    from plantstream.commands.duty_view import watch
    from plantstream.commands.given_times import moment
    from schemas.acts import LONGEST_TAKING, OnCallTaken

    schedule, person, comment = said
    acting = await actor(kafka, person, site)
    zone = watch(acting.file.plant, schedule, {}, acting.now).zone
    starts_at = acting.now if span[0] is None else moment(span[0], zone, "--from")
    ends_at = moment(span[1], zone, "--to")
    if ends_at <= max(starts_at, acting.now):
        told = "it lies before --from" if ends_at <= starts_at else "it is past"
        raise typer.BadParameter(told, param_hint="--to")
    if ends_at - starts_at > LONGEST_TAKING:
        told = f"it lies more than {LONGEST_TAKING.days} days after --from: use the plant file"
        raise typer.BadParameter(told, param_hint="--to")
    times = {"starts_at": starts_at, "ends_at": ends_at}
    act = acting.act(OnCallTaken, schedule=schedule, person=person, **times, comment=comment)
    is_taken = await do(kafka, [act])
    taken = await _taken(kafka, acting.site)
    at = max(starts_at, acting.now)
    return is_taken, watch(acting.file.plant, schedule, taken, at), acting.file


def _plan(
    plant: Path | None, site: str | None, offline: bool, data_dir: Path | None
) -> "tuple[PlantFile, TakenOver]":
    """The plant file, and what people took over by word."""
    from plantstream.commands.connection import kafka_settings
    from plantstream.commands.plant_file import read_plant
    from plantstream.commands.running import run_async
    from plantstream.commands.site_plant import site_plant

    if plant is None and offline:
        raise typer.BadParameter("give the plant file with --plant", param_hint="--offline")
    if plant is not None and site is not None:
        raise typer.BadParameter("give a plant file or a site", param_hint="--plant")
    kafka = kafka_settings(data_dir)
    if plant is None:
        file = run_async(site_plant(kafka, site))
        return file, run_async(_taken(kafka, file.plant.site_path()))
    file = read_plant(plant)
    if offline:
        return file, {}
    try:
        return file, run_async(_taken(kafka, file.plant.site_path()))
    except UnavailableError as error:
        told = "what people took over is not known; --offline asks for the plant file alone"
        complain(f"{error}; {told}")
        return file, {}


async def _taken(kafka: "KafkaSettings", site: str) -> "TakenOver":
    from plantstream.commands.duty_view import taken_over
    from plantstream.commands.topic_records import acts

    return taken_over(await acts(kafka, site))


def _tell(found: "Watch", file: "PlantFile") -> None:
    """The id for programs, and the rest for people."""
    from plantstream.commands.duty_view import first
    from plantstream.commands.given_times import local

    duty, zone = found.duty, found.zone
    names = {one.id: one.name for one in file.plant.people}
    person = first(duty)
    if duty.people:
        sys.stdout.write(f"{person}\n")
    until = f" until {local(duty.end, zone)}" if duty.end else ""
    since = f"since {local(duty.start, zone)}{until}"
    messages.print(
        f"{names.get(person, person)} is on call in {found.name} at {local(found.at, zone)}, "
        f"{since}",
        markup=False,
    )
