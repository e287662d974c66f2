"""Whether the demo's audit trail is whole, and has every signature of its people."""

import asyncio
from collections import Counter
from collections.abc import Iterator

from plantstream.commands.audit_anchors import verified_anchors
from plantstream.commands.console import messages
from plantstream.commands.stack import Stack
from plantstream.runtime import clock
from plantstream.simulator.ledger import Ledger
from processors.audit.examine import Findings, examine
from schemas.audit import StoredRecord
from sinks.timescale.audit import stored_records

STORED_WITHIN_S = 30.0
LOOK_EVERY_S = 1.0
SIGNED = "sign.made"


async def judge_audit(stack: Stack, ledger: Ledger) -> bool:
    """Verify the chain, as `plantstream audit verify` does, once all signatures are in it."""
    signed = sum(bool(one.meaning) for one in ledger.laboratory)
    deadline = clock.monotonic() + STORED_WITHIN_S
    while True:
        found, acts = await asyncio.to_thread(_examined, stack)
        complete = acts[SIGNED] == signed and not found.count
        if complete or clock.monotonic() > deadline:
            break
        await asyncio.sleep(LOOK_EVERY_S)
    for one in found.found:
        messages.print(f"{one.kind}, record {one.number}: {one.told}", markup=False)
    is_whole = f"{found.count} findings" if found.count else "whole"
    messages.print(
        f"audit trail: {found.records} records, {is_whole}, {found.anchors} anchors agree; "
        f"{acts[SIGNED]} of {signed} signatures are in it",
        markup=False,
    )
    return complete


def _examined(stack: Stack) -> tuple[Findings, Counter[str]]:
    acts: Counter[str] = Counter()

    def counted() -> Iterator[StoredRecord]:
        for record in stored_records(stack.database):
            acts[record.action] += 1
            yield record

    anchors, doubts = verified_anchors(None, None, stack.data_dir)
    found = examine(counted(), anchors)
    for doubt in doubts:
        found.add(doubt)
    return found, acts
