"""`plantstream rules`: the rules of a plant for those who alert from Prometheus."""

import sys
from pathlib import Path

import typer

from plantstream.commands.console import messages
from plantstream.commands.given_files import writing
from plantstream.commands.options import AS_JSON


def register(app: typer.Typer) -> None:
    """Add the command."""
    group = typer.Typer(
        help="Write a plant's alert rules as files for Prometheus.", no_args_is_help=True
    )
    group.command()(export)
    # A group of one command would be that command itself without this.
    group.callback()(lambda: None)
    app.add_typer(group, name="rules", help="Write a plant's alert rules as files for Prometheus.")


def export(
    plant: Path = typer.Option(..., help="The plant file.", exists=True, dir_okay=False),
    out: Path | None = typer.Option(
        None, help="Folder for the files; without it they are shown.", file_okay=False
    ),
    runbooks: str = typer.Option(
        "docs/runbooks", help="Where the page of each alert stands: a folder or an address."
    ),
    as_json: bool = AS_JSON,
) -> None:
    """Write factory, quality, infrastructure and pipeline alerts, and recording rules.

    Limits, spans, severities and labels are those of the plant file, names begin with its
    `metrics_prefix`. Rules that Prometheus has no metric for are named, and stay the stream's.
    """
    from plantstream.commands.console import print_json
    from plantstream.commands.plant_file import read_plant
    from plantstream.prometheus.files import rule_files

    files = rule_files(read_plant(plant).plant, runbooks.rstrip("/"))
    if out is not None:
        with writing(out, "--out"):
            out.mkdir(parents=True, exist_ok=True)
            for name, text in files.texts.items():
                (out / name).write_text(text, encoding="utf-8")
        for name in files.texts:
            messages.print(f"wrote {out / name}", markup=False)
    for name in files.left_out:
        messages.print(f"{name} is left to the stream: no metric tells it", markup=False)
    if as_json:
        print_json({"files": dict(files.texts), "left_out": list(files.left_out)})
    elif out is None:
        sys.stdout.write("---\n".join(f"# {name}\n{text}" for name, text in files.texts.items()))
