"""`plantstream oee`: availability, effectiveness, quality and OEE of one equipment."""

import asyncio
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import typer

from plantstream.commands.console import messages, print_json, quiet_logs
from plantstream.commands.tables import print_columns

SHOWN = (
    "window_start",
    "window_end",
    "batch",
    "planned_s",
    "running_s",
    "unknown_s",
    "good",
    "scrap",
    "availability",
    "effectiveness",
    "quality_ratio",
    "oee",
    "revision",
)


RATIOS = {"A": "availability", "E": "effectiveness", "Q": "quality_ratio", "OEE": "oee"}


class Period(StrEnum):
    """What one row stands for."""

    MINUTE = "minute"
    HOUR = "hour"
    SHIFT = "shift"
    BATCH = "batch"
    DAY = "day"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(oee)


def oee(
    equipment: str = typer.Option(..., help="Its id or its whole path."),
    by: Period = typer.Option(Period.SHIFT, help="What one row stands for."),
    start: datetime | None = typer.Option(None, "--from", help="UTC."),
    end: datetime | None = typer.Option(None, "--to", help="UTC."),
    run: str | None = typer.Option(None, help="A replay; default: live, or the newest run."),
    as_json: bool = typer.Option(False, "--json", help="A list of objects on stdout."),
    embedded: bool = typer.Option(False, help="Start the embedded database for this question."),
    data_dir: Path | None = typer.Option(None, help="Where the embedded parts keep their data."),
    database_port: int = typer.Option(25432, help="With --embedded."),
) -> None:
    """Show OEE by window, as it is known now."""
    from plantstream.commands.connection import database_settings
    from plantstream.embedded.places import default_data_dir
    from sinks.timescale.read import OeeQuestion

    quiet_logs()
    where = data_dir or default_data_dir()
    question = OeeQuestion(equipment, by.value, _utc(start), _utc(end), run)
    if embedded:
        answer = asyncio.run(_ask_embedded(question, where, database_port))
    else:
        from sinks.timescale.read import oee as ask

        answer = asyncio.run(ask(database_settings(where), question))
    rows = [_shown(row) for row in answer.rows]
    messages.print(f"{answer.equipment}, {f'run {answer.run}' if answer.run else 'live'}")
    if as_json:
        print_json(rows)
    elif rows:
        unknown = any(row["unknown_s"] for row in answer.rows)
        print_columns([_for_people(row, unknown=unknown) for row in answer.rows])
    else:
        messages.print("no window in this span")


async def _ask_embedded(question: Any, data_dir: Path, port: int) -> Any:
    from plantstream.commands.stack import running_database
    from plantstream.runtime.settings import DatabaseSettings
    from sinks.timescale.read import oee as ask

    async with running_database(data_dir, port, messages.print):
        return await ask(DatabaseSettings(port=port), question)


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    found = {name: row[name] for name in SHOWN}
    for name in ("window_start", "window_end"):
        found[name] = f"{found[name]:%Y-%m-%dT%H:%M:%SZ}"
    return {name: _plain(value) for name, value in found.items()}


def _for_people(row: dict[str, Any], *, unknown: bool) -> dict[str, Any]:
    """What fits a terminal: times as hours, ratios with three places."""
    return {
        "from, UTC": f"{row['window_start']:%Y-%m-%d %H:%M}",
        "batch": row["batch"],
        "planned": _duration(row["planned_s"]),
        "running": _duration(row["running_s"]),
        **({"unknown": _duration(row["unknown_s"])} if unknown else {}),
        "good": row["good"],
        "scrap": row["scrap"],
        **{short: _ratio(row[name]) for short, name in RATIOS.items()},
        "rev": row["revision"],
    }


def _duration(seconds: Any) -> str:
    minutes = round(float(seconds) / 60)
    return f"{minutes // 60}:{minutes % 60:02}" if minutes else ""


def _ratio(value: Any) -> float | None:
    return None if value is None else float(value)


def _plain(value: Any) -> Any:
    """Numbers of the database as JSON numbers, whole ones without a point."""
    if value is None or isinstance(value, str | int):
        return value
    number = float(value)
    return int(number) if number.is_integer() and not isinstance(value, float) else number


def _utc(moment: datetime | None) -> datetime | None:
    from datetime import UTC

    return None if moment is None else moment.replace(tzinfo=moment.tzinfo or UTC)
