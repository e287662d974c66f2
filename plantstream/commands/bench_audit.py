"""How long it takes to examine an audit trail, beside only reading it."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import TYPE_CHECKING

from plantstream.commands.bench_figure import Figure, Needs
from plantstream.commands.console import messages
from plantstream.runtime.errors import PlantstreamError

if TYPE_CHECKING:
    from plantstream.runtime.settings import DatabaseSettings
    from schemas.audit import Anchor, AuditEntry, AuditRecord

NEEDS = Needs.DATABASE
RECORDS = 100_000
AT_ONCE = 5_000
ANCHORED_EACH = 1_000
SITE = "bench/hall"
BEGIN = datetime(2026, 3, 2, 6, tzinfo=UTC)


async def measure(settings: "DatabaseSettings") -> list[Figure]:
    """One trail, read and examined after it was read once."""
    from sinks.timescale.migrate import migrate

    await asyncio.to_thread(migrate, settings)
    anchors = await _fill(settings)
    return [await asyncio.to_thread(_timed, settings, anchors)]


def _timed(settings: "DatabaseSettings", anchors: "list[Anchor]") -> Figure:
    from processors.audit.examine import examine
    from sinks.timescale.audit import stored_records

    started = perf_counter()
    read = sum(1 for _ in stored_records(settings))
    reading_s = perf_counter() - started
    started = perf_counter()
    findings = examine(stored_records(settings), anchors)
    seconds = perf_counter() - started
    if read != RECORDS or findings.count or findings.anchors != len(anchors):
        raise PlantstreamError(f"the trail is not whole: {findings.found[:3]}")
    told = f"{read} records: {reading_s:.2f} s to read, {seconds:.2f} s to examine with reading"
    messages.print(told)
    return Figure("audit_verify_s", seconds, reading_s)


async def _fill(settings: "DatabaseSettings") -> "list[Anchor]":
    """Store the trail; gives an anchor of each thousandth record."""
    from schemas.audit import Anchor
    from sinks.timescale.connection import connect
    from sinks.timescale.rows import Rows
    from sinks.timescale.store import store_rows
    from sinks.timescale.tables import AUDIT_RECORDS

    anchors = []
    async with await connect(settings) as connection:
        for records in _batches():
            rows = Rows(by_table={AUDIT_RECORDS: [AUDIT_RECORDS.row_of(one) for one in records]})
            await store_rows(connection, rows)
            anchors += [
                Anchor(site=SITE, number=one.number, hash=one.hash, at=BEGIN, key="0" * 64)
                for one in records
                if one.number % ANCHORED_EACH == 0
            ]
    return anchors


def _batches() -> "Iterator[list[AuditRecord]]":
    from processors.audit.engine import AuditEngine
    from schemas.audit import AuditRecord

    engine = AuditEngine()
    state = engine.load(SITE, {})
    for start in range(0, RECORDS, AT_ONCE):
        entries = [_entry(number) for number in range(start, start + AT_ONCE)]
        transition = engine.advance(state, entries, None)
        state = transition.state
        records = (output.record for output in transition.outputs)
        yield [record for record in records if isinstance(record, AuditRecord)]


def _entry(number: int) -> "AuditEntry":
    from schemas.audit import AuditEntry

    return AuditEntry(
        id=f"dispatch:{number:032x}",
        site=SITE,
        at=BEGIN + number * timedelta(seconds=17),
        actor="Ana Ruiz",
        action="alert.acknowledgement",
        subject=f"{number:064x}",
        after={"rule": "ReactorTooHot", "until": None, "limit": number / 10},
        reason="looked at it, the valve was shut by hand",
    )
