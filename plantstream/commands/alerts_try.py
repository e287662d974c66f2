"""`plantstream alerts test`: the rules of a plant file over recorded events."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from plantstream.commands.console import messages, print_json
from plantstream.commands.options import AS_JSON
from plantstream.commands.tables import print_columns

if TYPE_CHECKING:
    from schemas.alerts import AlertTransition


def try_rules(
    rules: Path = typer.Argument(
        metavar="RULES", help="A plant file with alert_rules.", exists=True, dir_okay=False
    ),
    events: Path = typer.Option(
        ..., help="Lines of `plantstream tail --json`, or records as JSON; or a CSV with --map."
    ),
    map_file: Path | None = typer.Option(
        None, "--map", help="What the columns of the CSV mean, as for `replay`."
    ),
    explain: bool = typer.Option(
        False, "--explain", help="Say of every rule why it did or did not fire."
    ),
    as_json: bool = AS_JSON,
) -> None:
    """Show which alerts these events raise, and when; nothing is sent to anybody."""
    from plantstream.commands.alerts_explained import explained
    from plantstream.commands.alerts_trial import Trial
    from plantstream.commands.plant_file import read_plant
    from plantstream.commands.recorded import read_events

    plant = read_plant(rules)
    found = read_events(events, plant, map_file)
    trial = Trial(plant)
    trial.hear(found)
    if as_json:
        print_json([one.model_dump(mode="json", exclude_none=True) for one in trial.told])
    else:
        print_columns([_row(one) for one in trial.told])
    messages.print(f"{len(found)} events, {len(trial.told)} transitions")
    if explain:
        for line in explained(trial):
            messages.print(line, markup=False, highlight=False, soft_wrap=True)


def _row(one: "AlertTransition") -> dict[str, object]:
    labels = one.labels
    about = labels.get("equipment") or labels.get("source") or labels.get("line") or one.site
    marks = [name for name in ("late", "flapping") if getattr(one, name)]
    return {
        "at": f"{one.at:%Y-%m-%d %H:%M:%S.%f}"[:-3] + "Z",
        "alert": labels["alertname"],
        "about": about,
        "state": " ".join([one.state, *marks]),
        "severity": one.severity,
        "summary": one.words["en"].summary if "en" in one.words else "",
    }
