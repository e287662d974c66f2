"""`plantstream db`: the tables, what is kept how long, and what to do after a lost log."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from plantstream.commands.console import messages, print_json
from plantstream.commands.db_fill import fill
from plantstream.commands.db_retain import retain
from plantstream.commands.db_telemetry import telemetry
from plantstream.commands.options import ACTOR, AS_JSON, DATA_DIR, REASON, SITE
from plantstream.commands.tables import print_columns
from plantstream.runtime.errors import MisconfiguredError

if TYPE_CHECKING:
    from plantstream.runtime.ports import TopicPartition


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Migrate the database, and look at it.", no_args_is_help=True)
    group.command()(migrate)
    group.command()(status)
    group.command("accept-loss")(accept_loss)
    group.command()(retain)
    group.command()(fill)
    group.command()(telemetry)
    app.add_typer(group, name="db")


def migrate(
    plain: bool = typer.Option(
        False, "--plain", help="Leave out what needs TimescaleDB; for tests on PostgreSQL."
    ),
    data_dir: Path | None = DATA_DIR,
    as_json: bool = AS_JSON,
) -> None:
    """Apply the migrations that are missing."""
    from plantstream.commands.connection import database_settings
    from sinks.timescale.migrate import migrate as apply_missing

    applied = apply_missing(database_settings(data_dir), plain=plain)
    if as_json:
        print_json(applied)
        return
    for file in applied:
        messages.print(f"applied {file}", markup=False)
    messages.print(f"{len(applied)} migrations applied" if applied else "nothing to migrate")


def status(data_dir: Path | None = DATA_DIR, as_json: bool = AS_JSON) -> None:
    """Show every migration and when it was applied."""
    from plantstream.commands.connection import database_settings
    from sinks.timescale.migrate import status as migrations

    rows = [
        {"file": one.file, "applied_at": one.applied_at and one.applied_at.isoformat()}
        for one in migrations(database_settings(data_dir))
    ]
    if as_json:
        print_json(rows)
        return
    print_columns(row | {"applied_at": row["applied_at"] or "not yet"} for row in rows)
    missing = sum(1 for row in rows if row["applied_at"] is None)
    if missing:
        messages.print(f"{missing} migrations are missing; apply them with: plantstream db migrate")


def accept_loss(
    topic: str = typer.Argument(metavar="TOPIC", help="A topic, such as kpi."),
    partition: int = typer.Argument(metavar="PARTITION", help="Whose log is another one.", min=0),
    actor: str = ACTOR,
    reason: str = REASON,
    site: str | None = SITE,
    data_dir: Path | None = DATA_DIR,
) -> None:
    """Accept that a partition lost records: the sink reads it again from its log's start."""
    from plantstream.commands.running import run_async
    from plantstream.commands.topic_names import topic_called
    from plantstream.runtime.ports import TopicPartition

    where = TopicPartition(topic_called(topic).name, partition)
    run_async(_accept_loss(where, (actor, reason, site), data_dir))
    messages.print(f"{where}: accepted; the sink reads it from the start of its log")


async def _accept_loss(
    where: "TopicPartition", who: tuple[str, str, str | None], data_dir: Path | None
) -> None:
    """The entry goes first: no act without one."""
    from plantstream.commands.audited import person, write_entries
    from plantstream.commands.connection import database_settings, kafka_settings
    from sinks.timescale.loss import accept_loss as forget
    from sinks.timescale.read import positions

    kafka, database = kafka_settings(data_dir), database_settings(data_dir)
    stored = {(row["topic"], row["partition"]): row for row in await positions(database)}
    before = stored.get((where.topic, where.partition))
    if before is None:
        raise MisconfiguredError(f"no position of {where} is stored: there is no loss to accept")
    acting = await person(kafka, *who)
    lost = {"next": before["next"], "cluster_id": before["cluster_id"]}
    await write_entries(kafka, [acting.act("db.accept_loss", str(where), lost)])
    await forget(database, where)
