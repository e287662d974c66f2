"""`plantstream oee --explain`: where planned time went, why, and what was restated."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from plantstream.commands.console import messages, print_json
from plantstream.commands.given_files import writing
from plantstream.commands.questions import Database

if TYPE_CHECKING:
    from sinks.timescale.answers import FactsQuestion, Level, WindowKind


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is to be explained, as it was said on the command line."""

    level: "Level"
    name: str
    by: str
    window: str | None
    start: datetime | None
    end: datetime | None
    run: str | None


def explain_oee(
    database: Database, asked: Explanation, plot: Path | None, *, as_json: bool, as_text: bool
) -> None:
    """Ask, and tell it as text or JSON, and as a picture where one is wanted."""
    from plantstream.commands.oee_explained import explained
    from plantstream.commands.oee_plot import waterfall_svg
    from plantstream.commands.oee_text import print_explained
    from sinks.timescale.facts import facts

    question = _question(asked)
    answer = database.ask(lambda settings: facts(settings, question))
    if not answer.facts:
        messages.print(f"{answer.place.path}: no such {asked.by}, or none in this span")
        raise typer.Exit(1)
    told = explained(answer)
    if plot is not None:
        with writing(plot, "--plot"):
            plot.write_text(waterfall_svg(told), encoding="utf-8")
        messages.print(f"wrote {plot}", markup=False)
    if as_json:
        print_json(told)
    elif as_text:
        print_explained(told)


def _question(asked: Explanation) -> "FactsQuestion":
    from sinks.timescale.answers import FactsQuestion

    kinds: dict[str, WindowKind] = {"shift": "shift", "batch": "batch", "day": "day"}
    kind = kinds.get(asked.by)
    if kind is None:
        raise typer.BadParameter("shifts, batches and days are explained", param_hint="--by")
    if kind == "day" and asked.window is not None:
        _check_day(asked.window)
    named = (asked.level, asked.name, kind, asked.window)
    return FactsQuestion(*named, asked.start, asked.end, asked.run)


def _check_day(window: str) -> None:
    try:
        date.fromisoformat(window)
    except ValueError:
        hint = "--window"
        raise typer.BadParameter("write a day as 2026-03-02", param_hint=hint) from None
