"""`audit` and the service that chains: from entries on Kafka to a verdict, kills included."""

import asyncio
import csv
import hashlib
import json
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from plantstream.commands.audit_export import safe_cell
from plantstream.commands.audited import outgoing_entry
from plantstream.runtime.kafka.whole import read_partitions
from plantstream.runtime.signing_key import signing_key, verifying_key
from schemas.audit import AuditRecord
from schemas.canonical import canonical
from schemas.codec import decode, encode
from schemas.topics import AUDIT
from sinks.timescale.connection import connect, connect_blocking
from sinks.timescale.rows import Rows
from sinks.timescale.store import store_rows
from sinks.timescale.tables import AUDIT_RECORDS
from tests.parts import free_port
from tests.plantstream.commands.conftest import Line, Run, started
from tests.processors.audit.trail import ENGINE, anchor, chained, entry, stored

SITE = "acme/audited"
LENGTH = 6


@dataclass
class Trail:
    """A trail in the database, and its anchor and key in files."""

    line: Line
    records: list[AuditRecord]
    anchors: Path
    key: Path

    def change(self, statement: str) -> None:
        with connect_blocking(self.line.database) as owner, owner.transaction():
            owner.execute("ALTER TABLE audit_record DISABLE TRIGGER USER")
            owner.execute(statement.encode())
            owner.execute("ALTER TABLE audit_record ENABLE TRIGGER USER")

    def options(self) -> tuple[object, ...]:
        return ("--site", SITE, "--anchors", self.anchors, "--public-key", self.key)


@pytest.fixture
def trail(line: Line, tmp_path: Path) -> Trail:
    formula = entry(2, SITE, actor="=cmd|'/c calc'!A0", reason="+1", after={"a": [1, None]})
    entries = [entry(n, SITE) if n != 2 else formula for n in range(1, LENGTH + 1)]
    records = chained_at(entries)
    key = signing_key(tmp_path / "keys" / "anchor.key")
    anchors = tmp_path / "anchors.jsonl"
    last = anchor(stored(records[-1])).model_copy(update={"key": key.verifying.id})
    signed = last.model_copy(update={"signature": key.sign(last.signed())})
    anchors.write_bytes(encode(signed) + b"\n")
    made = Trail(line, records, anchors, tmp_path / "keys" / "anchor.pub")
    made.change(f"DELETE FROM audit_record WHERE site = '{SITE}' OR number > 100")
    asyncio.run(store(line, records))
    return made


def chained_at(entries: Sequence[Any]) -> list[AuditRecord]:
    return chained(entries, ENGINE.load(SITE, {}))


async def store(line: Line, records: Sequence[AuditRecord]) -> None:
    rows = Rows(by_table={AUDIT_RECORDS: [AUDIT_RECORDS.row_of(one) for one in records]})
    async with await connect(line.database) as connection:
        await store_rows(connection, rows)


@pytest.mark.integration
def test_a_whole_trail_is_told_to_be_whole(run: Run, trail: Trail):
    ran = run("audit", "verify", *trail.options())

    assert ran.code == 0
    assert ran.err.splitlines() == [
        f"{LENGTH} records ({SITE} to {LENGTH}), 1 anchors agree",
        "the audit trail is whole",
    ]


@pytest.mark.integration
@pytest.mark.parametrize(
    ("statement", "found"),
    [
        pytest.param(
            "UPDATE audit_record SET reason = 'x' WHERE number = 3", ["changed", 3, 3], id="changed"
        ),
        pytest.param("DELETE FROM audit_record WHERE number = 3", ["missing", 3, 3], id="missing"),
        pytest.param("DELETE FROM audit_record WHERE number > 3", ["truncated", 4, 6], id="cut"),
    ],
)
def test_what_was_done_to_a_trail_is_named_with_exit_1(
    run: Run, trail: Trail, statement: str, found: list[object]
):
    trail.change(f"{statement} AND site = '{SITE}'")

    ran = run("audit", "verify", *trail.options(), "--json")
    shown = run("audit", "verify", *trail.options())

    assert (ran.code, shown.code) == (1, 1)
    assert not ran.json["whole"]
    (finding,) = ran.json["findings"]
    assert [finding["kind"], finding["number"], finding["last"]] == found
    assert str(found[0]) in shown.lines[1]
    assert "1 findings" in shown.err


@pytest.mark.integration
def test_without_anchors_it_says_what_would_not_be_seen(run: Run, trail: Trail):
    ran = run("audit", "verify", "--site", SITE)

    assert ran.code == 0
    assert "no anchor was compared" in ran.err
    assert trail.anchors.exists()


@pytest.mark.integration
@pytest.mark.parametrize(
    ("line_of", "said"),
    [
        pytest.param(
            lambda old: old.replace(b'"number":6', b'"number":5'), "was changed", id="number"
        ),
        pytest.param(lambda old: old[:40], "no anchor", id="torn"),
    ],
)
def test_an_anchor_that_was_changed_is_a_finding(run: Run, trail: Trail, line_of: Any, said: str):
    trail.anchors.write_bytes(line_of(trail.anchors.read_bytes()))

    ran = run("audit", "verify", *trail.options(), "--json")

    assert ran.code == 1
    (finding,) = ran.json["findings"]
    assert finding["kind"] == "anchor"
    assert said in finding["told"]


@pytest.mark.integration
def test_an_anchor_of_another_key_is_a_finding(run: Run, trail: Trail, tmp_path: Path):
    signing_key(tmp_path / "other.key")

    ran = run(
        *("audit", "verify", "--anchors", trail.anchors),
        *("--public-key", tmp_path / "other.pub", "--json"),
    )

    assert ran.code == 1
    assert "signed by another key" in ran.json["findings"][-1]["told"]


@pytest.mark.integration
def test_a_file_that_cannot_be_read_is_exit_78(run: Run, trail: Trail):
    ran = run(
        "audit", "verify", "--anchors", trail.anchors.parent / "none", "--public-key", trail.key
    )

    assert ran.code == 78
    assert "none cannot be read" in ran.err


@pytest.mark.integration
def test_an_export_is_signed_and_calculates_nothing(run: Run, trail: Trail, tmp_path: Path):
    out = tmp_path / "export"
    span = ("--from", "2026-03-02T06:02:00", "--to", "2026-03-02T06:05:00")
    ran = run(
        *("audit", "export", *span, "--site", SITE, "--out", out),
        *("--key", trail.key.with_suffix(".key")),
    )

    assert ran.code == 0, ran.err
    with (out / "audit.csv").open(newline="") as table:
        rows = list(csv.DictReader(table))
    lines = [json.loads(one) for one in (out / "audit.jsonl").read_bytes().splitlines()]
    manifest = json.loads((out / "manifest.json").read_text())
    assert [row["number"] for row in rows] == ["2", "3", "4"]
    assert (rows[0]["actor"], rows[0]["reason"]) == ("'=cmd|'/c calc'!A0", "'+1")
    assert json.loads(rows[0]["after"]) == {"a": [1, None]}
    for told in lines:
        hashed = {name: value for name, value in told.items() if name != "hash"}
        assert hashlib.sha256(canonical(hashed)).hexdigest() == told["hash"]
    public = verifying_key(out / "manifest.pub")
    signature = manifest.pop("signature")
    assert public.verifies(signature, canonical(manifest))
    assert manifest["chains"] == {
        SITE: {
            "records": 3,
            "first": 2,
            "follows": trail.records[0].hash,
            "last": 4,
            "hash": trail.records[3].hash,
        }
    }
    for name, sha256 in manifest["files"].items():
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == sha256
    again = run("audit", "export", "--out", out, "--key", trail.key.with_suffix(".key"))
    assert (again.code, "is not empty" in again.err) == (78, True)


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\t=1", "\r=1", "\n=1", "\uff1d1"])
def test_what_a_spreadsheet_would_calculate_is_quoted(text: str):
    assert safe_cell(text) == "'" + text
    assert safe_cell("a" + text) == "a" + text


@contextmanager
def auditor(home: Path) -> Iterator["subprocess.Popen[str]"]:
    """The service; killed at the end if it still runs."""
    words = ("process", "--engine", "audit", "--port", str(free_port()), "--data-dir", str(home))
    process = started(*words)
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=20)


async def chain_on_kafka(line: Line, site: str) -> list[AuditRecord]:
    records = read_partitions(line.kafka, AUDIT.name, [0])
    told = [decode(AUDIT, one.value) async for one in records]
    return [one for one in told if one.site == site]


def chain_of(line: Line, site: str, length: int) -> list[AuditRecord]:
    """The chain on Kafka, once it is so long."""

    async def grown() -> list[AuditRecord]:
        async with asyncio.timeout(90):
            while len(found := await chain_on_kafka(line, site)) < length:  # noqa: ASYNC110 - Kafka tells nobody
                await asyncio.sleep(0.1)
        return found

    return asyncio.run(grown())


@pytest.mark.integration
@pytest.mark.kill
def test_entries_are_chained_once_whatever_is_killed_and_the_head_is_anchored(
    line: Line, tmp_path: Path
):
    site = "acme/killed"
    entries = [entry(n, site) for n in range(1, 301)]
    home = tmp_path / "auditor"

    def written(some: Sequence[Any]) -> None:
        line.send([outgoing_entry(one) for one in some])

    written(entries[:100])
    with auditor(home) as first:
        chain_of(line, site, 1)
        written(entries[100:200])
        first.send_signal(signal.SIGKILL)
    written([*entries[150:200], *entries[200:]])
    with auditor(home) as second:
        chain_of(line, site, 300)
        second.send_signal(signal.SIGTERM)
        assert second.wait(20) == 0

    records = chain_of(line, site, 300)
    assert records == chained(entries, ENGINE.load(site, {}))
    anchors = [json.loads(one) for one in (home / "audit/anchors.jsonl").read_text().splitlines()]
    newest = [one for one in anchors if one["site"] == site][-1]
    assert (newest["number"], newest["hash"]) == (300, records[-1].hash)
