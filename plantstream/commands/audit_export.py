"""A copy of the audit trail for people and spreadsheets, with a signed list of what it holds."""

import csv
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plantstream.runtime import clock
from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.signing_key import SigningKey
from schemas.audit import StoredRecord
from schemas.canonical import canonical

if TYPE_CHECKING:
    from sinks.timescale.audit import Span

CSV, LINES, MANIFEST, PUBLIC = "audit.csv", "audit.jsonl", "manifest.json", "manifest.pub"
HEADER = (
    *("site", "number", "time_utc", "actor", "action", "subject", "reason", "before", "after"),
    *("id", "previous", "hash"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What spreadsheets may take for the beginning of a formula, full width as well."""


def write_export(records: Iterable[StoredRecord], span: "Span", out: Path, key: SigningKey) -> int:
    """Write all files, and say how many records they hold.

    Raises:
        MisconfiguredError: the directory is not empty, or cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        if any(out.iterdir()):
            raise MisconfiguredError(f"{out} is not empty: choose a new directory")
        chains = _write_records(records, out)
        manifest = _manifest(chains, span, out) | {"key": key.verifying.id}
        signed = manifest | {"signature": key.sign(canonical(manifest))}
        (out / MANIFEST).write_text(json.dumps(signed, indent=2, ensure_ascii=False) + "\n")
        (out / PUBLIC).write_bytes(key.verifying.pem())
    except OSError as error:
        raise MisconfiguredError(f"{out} cannot be written: {error.strerror}") from error
    return sum(chain["records"] for chain in chains.values())


def safe_cell(text: str) -> str:
    """The text as a spreadsheet shows it: with ' before what it would calculate."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _write_records(records: Iterable[StoredRecord], out: Path) -> dict[str, dict[str, Any]]:
    """What each site's chain has in the files: numbers and hashes of its ends."""
    chains: dict[str, dict[str, Any]] = {}
    with (
        (out / CSV).open("w", encoding="utf-8", newline="") as table,
        (out / LINES).open("wb") as lines,
    ):
        rows = csv.writer(table, quoting=csv.QUOTE_ALL)
        rows.writerow(HEADER)
        for record in records:
            rows.writerow(_cells(record))
            lines.write(_line(record))
            begun = {"records": 0, "first": record.number, "follows": record.previous}
            chain = chains.setdefault(record.site, begun)
            chain |= {"records": chain["records"] + 1, "last": record.number, "hash": record.hash}
    return chains


def _cells(record: StoredRecord) -> list[str | int]:
    entry = json.loads(record.entry)
    changes = [
        "" if entry.get(name) is None else json.dumps(entry[name], ensure_ascii=False)
        for name in ("before", "after")
    ]
    at = record.at.isoformat() if record.at else ""
    said = (record.actor, record.action, record.subject, record.reason or "", *changes, record.id)
    site, *texts = map(safe_cell, (record.site, at, *said, record.previous, record.hash))
    return [site, record.number, *texts]


def _line(record: StoredRecord) -> bytes:
    """Canonical JSON: without `hash` it is what was hashed."""
    parts = {"hash": record.hash, "number": record.number, "previous": record.previous}
    rest = canonical(parts | {"site": record.site}).decode()
    return f'{{"entry":{record.entry},{rest[1:]}\n'.encode()


def _manifest(chains: dict[str, dict[str, Any]], span: "Span", out: Path) -> dict[str, Any]:
    return {
        "about": "export of an audit trail",
        "made_at": clock.now().isoformat(),
        "site": span.site,
        "from": span.start and span.start.isoformat(),
        "to": span.end and span.end.isoformat(),
        "chains": chains,
        "files": {name: _sha256(out / name) for name in (CSV, LINES)},
    }


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
