"""`plantstream hold`: records of batches that are not to be deleted."""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from plantstream.commands.alerts_answer import WHO
from plantstream.commands.console import complain, messages, print_json
from plantstream.commands.options import AS_JSON, DATA_DIR, REASON, SITE
from plantstream.commands.tables import print_columns
from plantstream.runtime.errors import EXIT_FAILED, UnavailableError

if TYPE_CHECKING:
    from plantstream.runtime.settings import DatabaseSettings, KafkaSettings
    from schemas.acts import OperatorRecord
    from sinks.timescale.holds import StoredHold

STORED_WITHIN_S = 10.0
"""So long the sink is waited for."""
LOOK_EVERY_S = 0.2
BATCH = typer.Argument(metavar="BATCH", help="The batch, as equipment and laboratory name it.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Keep the record of a batch from being deleted; that decides nothing on its release.",
        no_args_is_help=True,
    )
    group.command()(add)
    group.command("list")(list_)
    group.command()(release)
    app.add_typer(group, name="hold")


def add(
    batch: str = BATCH,
    reason: str = REASON,
    person: str = WHO,
    site: str | None = SITE,
    data_dir: Path | None = DATA_DIR,
    as_json: bool = AS_JSON,
) -> None:
    """Keep the record of a batch from being deleted, and print the hold's id once it is stored."""
    from plantstream.commands.connection import database_settings, kafka_settings
    from plantstream.commands.running import run_async

    name, why = _said(batch, "BATCH"), _said(reason, "--reason")
    kafka, database = kafka_settings(data_dir), database_settings(data_dir)

    async def work() -> bool:
        from plantstream.commands.acting import actor
        from schemas.acts import BatchHeld

        acting = await actor(kafka, person, site)
        act = acting.act(BatchHeld, batch=name, reason=why)
        found = await _write_and_find(kafka, database, act, act.statement)
        if found is None:
            sys.stdout.write("" if as_json else f"{act.statement}\n")
            return False
        await _warn_of_unknown(database, found)
        _tell(found, as_json)
        return True

    if not run_async(work()):
        raise typer.Exit(EXIT_FAILED)


def release(
    batch: str = BATCH,
    reason: str = REASON,
    person: str = WHO,
    hold: str | None = typer.Option(
        None,
        metavar="ID",
        help="Which hold, where the batch has several: its id, or how it begins.",
    ),
    site: str | None = SITE,
    data_dir: Path | None = DATA_DIR,
    as_json: bool = AS_JSON,
) -> None:
    """End one hold on the record of a batch; others stand, and no batch is released by it."""
    from plantstream.commands.connection import database_settings, kafka_settings
    from plantstream.commands.running import run_async

    name, why = _said(batch, "BATCH"), _said(reason, "--reason")
    kafka, database = kafka_settings(data_dir), database_settings(data_dir)

    async def work() -> bool:
        from plantstream.commands.acting import actor
        from plantstream.commands.holds import to_release
        from schemas.acts import HoldReleased
        from sinks.timescale.holds import stored_holds

        acting = await actor(kafka, person, site)
        held = to_release(await stored_holds(database, acting.site, name), name, hold)
        act = acting.act(HoldReleased, hold=held.hold, batch=name, reason=why)
        found = await _write_and_find(kafka, database, act, held.hold)
        if found is not None:
            _tell(found, as_json)
        return found is not None

    if not run_async(work()):
        raise typer.Exit(EXIT_FAILED)


def list_(
    everything: bool = typer.Option(False, "--all", help="Also those that are released."),
    batch: str | None = typer.Option(None, help="Of this batch alone."),
    site: str | None = typer.Option(None, help="enterprise/site; default: all sites."),
    data_dir: Path | None = DATA_DIR,
    as_json: bool = AS_JSON,
) -> None:
    """List holds: on what, by whom, since when and why."""
    from plantstream.commands.connection import database_settings
    from plantstream.commands.holds import document, row
    from plantstream.commands.running import run_async
    from sinks.timescale.holds import stored_holds

    known = run_async(stored_holds(database_settings(data_dir), site, batch))
    found = [one for one in known if everything or one.stands]
    if as_json:
        print_json([document(one) for one in found])
    elif found:
        print_columns(map(row, found))
    else:
        messages.print("no holds")


async def _write_and_find(
    kafka: "KafkaSettings", database: "DatabaseSettings", act: "OperatorRecord", hold: str
) -> "StoredHold | None":
    """Write it down, and the hold as it is stored after it; None, and it is said, if it is not."""
    from plantstream.commands.acting import write_down
    from plantstream.runtime.kafka.broker import KafkaBroker
    from schemas.acts import BatchHeld
    from schemas.topics import OPERATOR

    async with KafkaBroker(kafka) as broker:
        await write_down(broker, [act])
    with suppress(TimeoutError, UnavailableError):
        async with asyncio.timeout(STORED_WITHIN_S):
            while True:
                found = await _stored(database, act.site, hold)
                if found is not None and found.stands is isinstance(act, BatchHeld):
                    return found
                await asyncio.sleep(LOOK_EVERY_S)
    complain(
        f"it is written to {OPERATOR.name}, but the database does not have it after"
        f" {STORED_WITHIN_S:g} s: nothing is deleted before plantstream sink has stored it"
    )
    return None


async def _stored(database: "DatabaseSettings", site: str, hold: str) -> "StoredHold | None":
    from sinks.timescale.holds import stored_holds

    return next((one for one in await stored_holds(database, site) if one.hold == hold), None)


async def _warn_of_unknown(database: "DatabaseSettings", held: "StoredHold") -> None:
    from sinks.timescale.holds import stored_batch

    known = await stored_batch(database, held.site, held.batch)
    if known.is_known:
        return
    gone = known.deleted_at
    told = "it is held as soon as something comes" if gone is None else f"deleted at {gone}"
    complain(f"nothing is stored of batch {held.batch} at {held.site}: {told}")


def _tell(found: "StoredHold", as_json: bool) -> None:
    """Print the id, and how it stands."""
    from plantstream.commands.holds import document

    if as_json:
        print_json(document(found))
        return
    sys.stdout.write(f"{found.hold}\n")
    state = "is held" if found.stands else "is no longer held by this hold"
    messages.print(f"the record of {found.batch} at {found.site} {state}", markup=False)


def _said(text: str, option: str) -> str:
    """What was said, without blanks around it.

    Raises:
        typer.BadParameter: nothing was.
    """
    if not text.strip():
        raise typer.BadParameter("it is empty, and the audit trail needs it", param_hint=option)
    return text.strip()
