"""`plantstream oee`: availability, effectiveness, quality and OEE of a machine or of many."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from plantstream.commands.console import messages, print_json, quiet_logs
from plantstream.commands.durations import hours_minutes
from plantstream.commands.oee_explain import Explanation, explain_oee
from plantstream.commands.questions import Database
from plantstream.commands.tables import print_columns

if TYPE_CHECKING:
    from sinks.timescale.answers import Level

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


OF_PLACES = ("machines", "line_oee", "constraint_equipment")
"""What only lines, areas and sites have."""
RATIOS = {"A": "availability", "E": "effectiveness", "Q": "quality_ratio", "OEE": "oee"}


class Period(StrEnum):
    """What one row stands for."""

    MINUTE = "minute"
    HOUR = "hour"
    SHIFT = "shift"
    BATCH = "batch"
    DAY = "day"


Asked = tuple["Level", str, Period, datetime | None, datetime | None, str | None]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(oee)


def oee(
    equipment: str | None = typer.Option(None, help="A machine: its id or its whole path."),
    line: str | None = typer.Option(None, help="All machines of a line, its id or path."),
    area: str | None = typer.Option(None, help="All machines of an area, its id or path."),
    site: str | None = typer.Option(None, help="All machines of a site, its id or path."),
    by: Period = typer.Option(Period.SHIFT, help="What one row stands for."),
    window: str | None = typer.Option(
        None, help="With --explain: one shift (2026-03-02/early), batch or day; else the newest."
    ),
    start: datetime | None = typer.Option(None, "--from", help="Windows since then, UTC."),
    end: datetime | None = typer.Option(None, "--to", help="Windows until then, UTC."),
    run: str | None = typer.Option(None, help="A replay; default: live, or the newest run."),
    explain: bool = typer.Option(False, help="Losses with their reasons, and what restated them."),
    plot: Path | None = typer.Option(None, dir_okay=False, help="Write the losses as SVG."),
    as_json: bool = typer.Option(False, "--json", help="JSON on stdout."),
    embedded: bool = typer.Option(False, help="Start the embedded database for this question."),
    data_dir: Path | None = typer.Option(None, help="Where the embedded parts keep their data."),
    database_port: int = typer.Option(25432, help="With --embedded."),
) -> None:
    """Show OEE by window, or explain it: losses, reasons, and what changed since."""
    quiet_logs()
    level, name = _place({"equipment": equipment, "line": line, "area": area, "site": site})
    span = (_utc(start), _utc(end))
    database = Database(data_dir, database_port if embedded else None)
    if explain or plot is not None:
        explanation = Explanation(level, name, by.value, window, *span, run)
        explain_oee(database, explanation, plot, as_json=as_json, as_text=explain)
        return
    if window is not None:
        raise typer.BadParameter("goes with --explain or --plot", param_hint="--window")
    _show(database, (level, name, by, *span, run), as_json=as_json)


def _place(given: "dict[Level, str | None]") -> "tuple[Level, str]":
    named = [(level, name) for level, name in given.items() if name is not None]
    if len(named) != 1:
        raise typer.BadParameter("give one of --equipment, --line, --area and --site")
    return named[0]


def _show(database: Database, asked: Asked, *, as_json: bool) -> None:
    from sinks.timescale.read import OeeQuestion, oee as ask

    level, name, by, start, end, run = asked
    question = OeeQuestion(name, by.value, start, end, run, level)
    answer = database.ask(lambda settings: ask(settings, question))
    messages.print(f"{answer.place}, {f'run {answer.run}' if answer.run else 'live'}")
    if as_json:
        print_json([_shown(row) for row in answer.rows])
    elif answer.rows:
        unknown = any(row["unknown_s"] for row in answer.rows)
        print_columns([_for_people(row, unknown=unknown) for row in answer.rows])
    else:
        messages.print("no window in this span")


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    found = {name: row[name] for name in (*SHOWN, *OF_PLACES) if name in row}
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
        **({"OEE of the line": _ratio(row["line_oee"])} if "line_oee" in row else {}),
        "rev": row["revision"],
    }


def _duration(seconds: Any) -> str:
    return hours_minutes(seconds) if round(float(seconds) / 60) else ""


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
