"""`plantstream silence`: alerts that page nobody for a while."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from plantstream.commands.alerts_answer import WHO
from plantstream.commands.console import complain, messages, print_json
from plantstream.commands.options import AS_JSON, DATA_DIR, SITE
from plantstream.commands.tables import print_columns
from plantstream.runtime.errors import EXIT_FAILED

if TYPE_CHECKING:
    from datetime import timedelta
    from zoneinfo import ZoneInfo

    from plantstream.commands.acting import Actor
    from plantstream.commands.silences import Stood
    from plantstream.runtime.settings import KafkaSettings
    from schemas.acts import Matcher
    from schemas.alerts import AlertStatus

Known = tuple[dict[str, "Stood"], list["AlertStatus"]]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Let all alerts with certain labels page nobody for a while; see and end that.",
        no_args_is_help=True,
    )
    group.command()(add)
    group.command("list")(list_)
    group.command()(expire)
    app.add_typer(group, name="silence")


def add(
    match: list[str] = typer.Option(
        ...,
        metavar="NAME=VALUE",
        help="Alerts that meet all of these; also !=, =~ and !~; may be repeated.",
    ),
    length: str = typer.Option(
        ..., "--for", metavar="2h", help="How long the silence lasts, from its beginning on."
    ),
    start: str | None = typer.Option(
        None,
        "--from",
        metavar="2026-03-08T03:00",
        help="When it begins, by the clocks of the site; default: now.",
    ),
    comment: str = typer.Option(..., help="Why; it stands in the audit trail."),
    person: str = WHO,
    site: str | None = SITE,
    data_dir: Path | None = DATA_DIR,
    as_json: bool = AS_JSON,
) -> None:
    """Silence all that has certain labels, also what fires later; print the silence's id."""
    from plantstream.commands.connection import kafka_settings
    from plantstream.commands.given_times import span
    from plantstream.commands.matching import matchers_of
    from plantstream.commands.running import run_async
    from plantstream.commands.silences import must_be_narrow

    matchers, lasts = matchers_of(match), span(length, "--for")
    must_be_narrow(matchers)
    if not comment.strip():
        raise typer.BadParameter("it is empty: say why", param_hint="--comment")
    said = (matchers, lasts, comment.strip())
    work = _add(kafka_settings(data_dir), said, start, (person, site), as_json)
    if not run_async(work):
        raise typer.Exit(EXIT_FAILED)


def list_(
    everything: bool = typer.Option(False, "--all", help="Also those that are over."),
    site: str | None = typer.Option(None, help="enterprise/site; default: all sites."),
    data_dir: Path | None = DATA_DIR,
    as_json: bool = AS_JSON,
) -> None:
    """List silences, and how many alerts that fire now each one keeps quiet."""
    from plantstream.commands.connection import kafka_settings
    from plantstream.commands.running import run_async
    from plantstream.commands.silences import kept_quiet, row
    from plantstream.commands.site_plant import zones
    from plantstream.runtime import clock

    kafka, now = kafka_settings(data_dir), clock.now()
    known, alerts = run_async(_known(kafka, site))
    found = [one for one in known.values() if everything or one.state(now) != "expired"]
    found.sort(key=lambda one: (one.ends_at, one.silence.statement))
    if as_json:
        print_json(
            [
                one.document(now) | {"alerts": kept_quiet(alerts, one.silence.statement)}
                for one in found
            ]
        )
    elif found:
        places = run_async(zones(kafka))
        print_columns(row(one, alerts, _of(places, one), now) for one in found)
    else:
        messages.print("no silences")


def expire(
    silence: str = typer.Argument(metavar="ID", help="The silence's id, or how it begins."),
    person: str = WHO,
    comment: str | None = typer.Option(None, help="Why; it stands in the audit trail."),
    site: str | None = SITE,
    data_dir: Path | None = DATA_DIR,
    as_json: bool = AS_JSON,
) -> None:
    """End a silence now: what still fires is told."""
    from plantstream.commands.connection import kafka_settings
    from plantstream.commands.running import run_async

    kafka = kafka_settings(data_dir)

    async def work() -> bool:
        from plantstream.commands.acting import actor, do
        from plantstream.commands.silences import find
        from schemas.acts import SilenceExpired

        known, _ = await _known(kafka, site)
        found = find(silence, known)
        acting = await actor(kafka, person, found.silence.site)
        name = found.silence.statement
        if found.state(acting.now) == "expired":
            complain(f"silence {name} is over since {found.ends_at.isoformat(timespec='seconds')}")
            return False
        is_taken = await do(kafka, [acting.act(SilenceExpired, silence=name, comment=comment)])
        await _tell(kafka, name, acting, as_json)
        return is_taken

    if not run_async(work()):
        raise typer.Exit(EXIT_FAILED)


async def _add(
    kafka: "KafkaSettings",
    said: "tuple[list[Matcher], timedelta, str]",
    start: str | None,
    who: tuple[str, str | None],
    as_json: bool,
) -> bool:
    """Whether the dispatcher took it."""
    from plantstream.commands.acting import actor, do
    from plantstream.commands.given_times import moment
    from schemas.acts import Silence

    matchers, lasts, comment = said
    acting = await actor(kafka, *who)
    starts_at = acting.now if start is None else moment(start, _zone(acting), "--from")
    ends_at = starts_at + lasts
    if ends_at <= acting.now:
        raise typer.BadParameter("the silence would be over already", param_hint="--from")
    span = {"starts_at": starts_at, "ends_at": ends_at}
    act = acting.act(Silence, matchers=matchers, **span, comment=comment)
    is_taken = await do(kafka, [act])
    await _tell(kafka, act.statement, acting, as_json)
    return is_taken


async def _known(kafka: "KafkaSettings", site: str | None) -> Known:
    from plantstream.commands.silences import silences_of
    from plantstream.commands.topic_records import acts, statuses

    return silences_of(await acts(kafka, site)), await statuses(kafka, site)


async def _tell(kafka: "KafkaSettings", name: str, acting: "Actor", as_json: bool) -> None:
    """Print the id, and say how the silence stands now."""
    from plantstream.commands.given_times import local
    from plantstream.commands.silences import kept_quiet
    from plantstream.runtime import clock

    known, alerts = await _known(kafka, acting.site)
    now, found, number = clock.now(), known[name], kept_quiet(alerts, name)
    if as_json:
        print_json(found.document(now) | {"alerts": number})
        return
    sys.stdout.write(f"{name}\n")
    zone, said = _zone(acting), found.silence
    span = f"from {local(said.starts_at, zone)} until {local(found.ends_at, zone)}"
    told = f"silence {name} is {found.state(now)}, {span}; alerts kept quiet now: {number}"
    messages.print(told, markup=False)


def _zone(acting: "Actor") -> "ZoneInfo":
    from zoneinfo import ZoneInfo

    return ZoneInfo(acting.file.plant.time_zone)


def _of(places: "dict[str, ZoneInfo]", one: "Stood") -> "ZoneInfo":
    from zoneinfo import ZoneInfo

    return places.get(one.silence.site, ZoneInfo("UTC"))
