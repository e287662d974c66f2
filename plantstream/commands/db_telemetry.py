"""`plantstream db telemetry`: how long live telemetry is kept at each resolution."""

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from plantstream.commands.console import messages, print_json
from plantstream.commands.options import AS_JSON, DATA_DIR
from plantstream.commands.tables import print_columns

if TYPE_CHECKING:
    from sinks.timescale.telemetry import Kept

FOREVER = "forever"
_SPAN = re.compile(r"(\d{1,5})([dy])")
_DAYS = {"d": 1, "y": 365}
_MIB = 2**20


def telemetry(
    changes: list[str] = typer.Option(
        [],
        "--set",
        metavar="1m=180d",
        help="Keep a level so long from now on: days (180d), years (3y) or forever.",
    ),
    data_dir: Path | None = DATA_DIR,
    as_json: bool = AS_JSON,
) -> None:
    """Show, or change, how long live telemetry is kept at each resolution."""
    from plantstream.commands.connection import database_settings
    from plantstream.commands.running import run_async
    from sinks.timescale.telemetry import set_keep, telemetry as kept_now

    asked, settings = dict(map(_change, changes)), database_settings(data_dir)
    if asked:
        run_async(set_keep(settings, asked))
    kept = run_async(kept_now(settings))
    if as_json:
        print_json([_document(one) for one in kept])
        return
    print_columns(_row(one) for one in kept)
    if asked:
        messages.print("what is older is dropped when the job drop_telemetry runs next")
    if all(one.bytes is None for one in kept):
        messages.print("without TimescaleDB nothing is aggregated, compressed or dropped")


def _change(text: str) -> tuple[str, timedelta | None]:
    """The level and its span.

    Raises:
        typer.BadParameter: it is not of this form.
    """
    level, _, span = text.partition("=")
    found = _SPAN.fullmatch(span)
    if level and span == FOREVER:
        return level, None
    if not level or found is None:
        told = f"{text}: write LEVEL=SPAN, such as 1m=180d, 15m=3y or 1h={FOREVER}"
        raise typer.BadParameter(told, param_hint="--set")
    return level, timedelta(days=int(found[1]) * _DAYS[found[2]])


def _document(one: "Kept") -> dict[str, Any]:
    return {
        "level": one.level,
        "names": one.names,
        "keep_days": one.keep and one.keep.days,
        "oldest": one.oldest and one.oldest.isoformat(),
        "dropped_before": one.dropped_before and one.dropped_before.isoformat(),
        "refreshed_at": one.refreshed_at and one.refreshed_at.isoformat(),
        "chunks": one.chunks,
        "compressed_chunks": one.compressed_chunks,
        "bytes": one.bytes,
    }


def _row(one: "Kept") -> dict[str, Any]:
    oldest = max(filter(None, (one.oldest, one.dropped_before)), default=None)
    return {
        "level": one.level,
        "kept for": FOREVER if one.keep is None else f"{one.keep.days} days",
        "since": "" if one.chunks == 0 or oldest is None else f"{oldest:%Y-%m-%d}",
        "chunks": one.chunks,
        "compressed": one.compressed_chunks,
        "MiB": None if one.bytes is None else round(one.bytes / _MIB, 1),
        "refreshed": "" if one.refreshed_at is None else f"{one.refreshed_at:%Y-%m-%d %H:%M}Z",
        "read from": ", ".join(one.names),
    }
