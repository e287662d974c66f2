"""`plantstream db retain`: records of batches whose time is over."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from plantstream.commands.console import messages, print_json
from plantstream.commands.options import AS_JSON, DATA_DIR
from plantstream.commands.tables import print_columns

if TYPE_CHECKING:
    from sinks.timescale.expiry import Verdict
    from sinks.timescale.retention import Run


def retain(
    as_of: str | None = typer.Option(
        None,
        "--as-of",
        metavar="2036-01-01",
        help="As if it were then (UTC); what is to come only with --dry-run.",
    ),
    dry_run: bool = typer.Option(False, "--dry-run", help="Only show what would be deleted."),
    data_dir: Path | None = DATA_DIR,
    as_json: bool = AS_JSON,
) -> None:
    """Delete records of batches that nobody has to keep; the sink does so once a day."""
    from plantstream.commands.running import run_async

    now = _moment(as_of, dry_run)
    run = run_async(_run(data_dir, now, dry_run))
    if as_json:
        print_json([_document(one, run, dry_run) for one in run.verdicts])
        return
    print_columns(_row(one, run, dry_run) for one in run.verdicts)
    due = sum(one.is_due for one in run.verdicts)
    messages.print(f"{due} records to delete" if dry_run else f"{len(run.deleted)} records deleted")


async def _run(data_dir: Path | None, now: datetime, dry_run: bool) -> "Run":
    from functools import partial

    from plantstream.commands.connection import database_settings, kafka_settings
    from plantstream.runtime.kafka.admin import end_offsets
    from plantstream.runtime.kafka.broker import KafkaBroker
    from schemas.topics import OPERATOR
    from sinks.timescale.retention import RecordRetention

    kafka, database = kafka_settings(data_dir), database_settings(data_dir)
    acts_end = partial(end_offsets, kafka, [OPERATOR])
    async with KafkaBroker(kafka) as broker:
        retention: RecordRetention = RecordRetention(database, broker, acts_end)
        return await (retention.look(now) if dry_run else retention.run(now))


def _moment(given: str | None, dry_run: bool) -> datetime:
    """The moment that is meant.

    Raises:
        typer.BadParameter: it is no time, or one at which nothing may be deleted yet.
    """
    from zoneinfo import ZoneInfo

    from plantstream.commands.given_times import moment
    from plantstream.runtime import clock

    found = moment(given, ZoneInfo("UTC"), "--as-of")
    if found > clock.now() and not dry_run:
        told = "it is to come, and nothing is deleted before its time: add --dry-run"
        raise typer.BadParameter(told, param_hint="--as-of")
    return found


def _document(one: "Verdict", run: "Run", dry_run: bool) -> dict[str, Any]:
    return {
        "site": one.site,
        "batch": one.batch,
        "state": _state(one, run, dry_run),
        "why": str(one.why),
        "kept_until": one.until and one.until.isoformat(),
        "rows": dict(run.deleted.get((one.site, one.batch), {})),
    }


def _row(one: "Verdict", run: "Run", dry_run: bool) -> dict[str, Any]:
    until = "" if one.until is None else one.until.isoformat(timespec="seconds")
    return {
        "site": one.site,
        "batch": one.batch,
        "state": _state(one, run, dry_run),
        "why": str(one.why),
        "kept until": until,
        "rows": sum(run.deleted.get((one.site, one.batch), {}).values()),
    }


def _state(one: "Verdict", run: "Run", dry_run: bool) -> str:
    if dry_run:
        return "due" if one.is_due else "kept"
    return "deleted" if (one.site, one.batch) in run.deleted else "kept"
