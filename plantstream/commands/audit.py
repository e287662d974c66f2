"""`plantstream audit`: is the audit trail as it was written, and a copy of it to hand over."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from plantstream.commands.console import messages, print_json
from plantstream.commands.options import AS_JSON, DATA_DIR
from plantstream.commands.tables import print_columns
from plantstream.runtime.errors import EXIT_FAILED

if TYPE_CHECKING:
    from processors.audit.examine import Finding, Findings
    from schemas.audit import Anchor

ONLY_SITE = typer.Option(None, "--site", help="enterprise/site; default: all sites.")
SHOWN = 100
"""Findings in a terminal; --json has more."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Examine the audit trail, and export it.", no_args_is_help=True)
    group.command()(verify)
    group.command()(export)
    app.add_typer(group, name="audit")


def verify(
    anchors: list[Path] | None = typer.Option(
        None, help="File of anchors (JSON lines), again for each; default: the data directory's."
    ),
    public_key: list[Path] | None = typer.Option(
        None, help="File of a key (PEM) that signed anchors; default: the data directory's."
    ),
    site: str | None = ONLY_SITE,
    data_dir: Path | None = DATA_DIR,
    as_json: bool = AS_JSON,
) -> None:
    """Compare every record with its hash, the record before it and the anchors; exit 1 if not."""
    from plantstream.commands.audit_anchors import verified_anchors
    from plantstream.commands.connection import database_settings
    from processors.audit.examine import examine
    from sinks.timescale.audit import Span, stored_records

    believed, doubted = verified_anchors(anchors, public_key, data_dir)
    chosen = [one for one in believed if site in (None, one.site)]
    findings = examine(stored_records(database_settings(data_dir), Span(site)), chosen)
    for doubt in doubted:
        findings.add(doubt)
    if as_json:
        print_json(_answer(findings))
    else:
        print_columns(map(_row, findings.found[:SHOWN]))
        _conclude(findings, chosen)
    raise typer.Exit(EXIT_FAILED if findings.count else 0)


def export(
    out: Path = typer.Option(..., file_okay=False, help="A new or empty directory."),
    start: datetime | None = typer.Option(None, "--from", help="Records since then, UTC."),
    end: datetime | None = typer.Option(None, "--to", help="Records before then, UTC."),
    site: str | None = ONLY_SITE,
    key: Path | None = typer.Option(
        None, help="File of the key that signs; default: the data directory's audit/anchor.key."
    ),
    data_dir: Path | None = DATA_DIR,
) -> None:
    """Write records as CSV and JSON lines, with a signed manifest."""
    from datetime import UTC

    from plantstream.commands.audit_export import write_export
    from plantstream.commands.connection import database_settings
    from plantstream.embedded.places import default_data_dir
    from plantstream.runtime.signing_key import signing_key
    from processors.auditor import KEY
    from sinks.timescale.audit import Span, stored_records

    signing = signing_key(key or (data_dir or default_data_dir()) / KEY)
    since, until = (at and at.replace(tzinfo=at.tzinfo or UTC) for at in (start, end))
    span = Span(site, since, until)
    number = write_export(stored_records(database_settings(data_dir), span), span, out, signing)
    messages.print(f"{number} records written to {out}; `manifest.json` is signed", markup=False)


def _conclude(findings: "Findings", anchors: "list[Anchor]") -> None:
    if findings.count > SHOWN:
        messages.print(f"{findings.count - SHOWN} more: --json shows the first 1000")
    heads = ", ".join(f"{site} to {number}" for site, number in sorted(findings.heads.items()))
    compared = f"{findings.records} records ({heads or 'none'}), {findings.anchors} anchors agree"
    messages.print(compared, markup=False)
    if not anchors:
        messages.print(
            "no anchor was compared: a cut end or a trail written anew would not be seen; "
            "name the file with --anchors"
        )
    verdict = f"{findings.count} findings" if findings.count else "the audit trail is whole"
    messages.print(verdict, style="red" if findings.count else None)


def _answer(findings: "Findings") -> dict[str, Any]:
    return {
        "whole": not findings.count,
        "records": findings.records,
        "anchors": findings.anchors,
        "heads": findings.heads,
        "count": findings.count,
        "findings": [asdict(one) | {"at": one.at and one.at.isoformat()} for one in findings.found],
    }


def _row(one: "Finding") -> dict[str, Any]:
    return {
        "found": one.kind,
        "site": one.site,
        "record": str(one.number) if one.last == one.number else f"{one.number}-{one.last}",
        "time, UTC": one.at and f"{one.at:%Y-%m-%d %H:%M:%S}",
        "what": one.told,
    }
