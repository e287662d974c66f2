"""`plantstream batch`: the summary of a batch, for whoever releases or inspects it."""

import sys
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from plantstream.commands.console import messages, quiet_logs
from plantstream.commands.given_files import writing
from plantstream.commands.options import DATA_DIR
from plantstream.commands.questions import Database

if TYPE_CHECKING:
    from plantstream.runtime.signing_key import VerifyingKey
    from plantstream.summary.model import Summary
    from sinks.timescale.batches import BatchRows


class Form(StrEnum):
    """What a summary is written as."""

    HTML = "html"
    PDF = "pdf"
    TEXT = "text"


class Tongue(StrEnum):
    """The language of a summary."""

    ENGLISH = "en"
    SPANISH = "es"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Write the summary of a batch for whoever releases or inspects it: HTML, PDF or text.",
        no_args_is_help=True,
    )
    group.callback()(_several)
    group.command()(summary)
    app.add_typer(group, name="batch")


def _several() -> None:
    """Keeps the name of a command that is alone in its group."""


def summary(
    batch: str = typer.Argument(help="Id of the batch."),
    site: str | None = typer.Option(None, help="enterprise/site, where several have this batch."),
    product: str | None = typer.Option(None, help="Product, where several have this batch."),
    run: str = typer.Option("", help="A replay; default: live."),
    form: Form = typer.Option(Form.TEXT, "--format", help="PDF needs the extra `report`."),
    out: Path | None = typer.Option(None, dir_okay=False, help="File; default: stdout."),
    public_key: list[Path] | None = typer.Option(
        None,
        help="signing.pub of an edge, not anchor.pub; default: all keys at hand.",
    ),
    language: Tongue = typer.Option(Tongue.ENGLISH, help="Of the summary."),
    embedded: bool = typer.Option(False, help="Start the embedded database for this question."),
    data_dir: Path | None = DATA_DIR,
    database_port: int = typer.Option(25432, help="With --embedded."),
) -> None:
    """Tell whether a batch can be released, and all that is known of it."""
    from plantstream.runtime import clock
    from plantstream.summary.document import Made, summarized
    from sinks.timescale.batches import BatchQuestion, batch_rows

    quiet_logs()
    if form is Form.PDF and out is None and sys.stdout.isatty():
        raise typer.BadParameter("a PDF needs a file or a pipe", param_hint="--out")
    question = BatchQuestion(batch, site, product, run)
    database = Database(data_dir, database_port if embedded else None)
    rows = database.ask(lambda settings: batch_rows(settings, question))
    made = Made(clock.now(), version("plantstream"))
    keys = _keys(rows, public_key, data_dir)
    told = summarized(rows, made, language.value, keys)
    _write(_rendered(told, form), out)


def _keys(
    rows: "BatchRows", files: list[Path] | None, data_dir: Path | None
) -> "list[VerifyingKey]":
    """What seals are verified by: the keys that were named, else all that are at hand."""
    from plantstream.embedded.places import default_data_dir
    from plantstream.runtime.signing_key import SEALING, public_file, stored_key, verifying_key

    if files:
        return [verifying_key(file) for file in files]
    stored = [key for key in map(stored_key, rows.seal_keys) if key is not None]
    own = public_file((data_dir or default_data_dir()) / SEALING)
    return [*stored, verifying_key(own)] if own.exists() else stored


def _rendered(told: "Summary", form: Form) -> bytes:
    if form is Form.TEXT:
        from plantstream.summary.text import as_text

        return as_text(told).encode()
    if form is Form.HTML:
        from plantstream.summary.html import as_html

        return as_html(told).encode()
    from plantstream.summary.pdf import as_pdf

    return as_pdf(told)


def _write(content: bytes, out: Path | None) -> None:
    if out is None:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
        return
    with writing(out, "--out"):
        out.write_bytes(content)
    messages.print(f"wrote {out}", markup=False)
