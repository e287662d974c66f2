"""Appends to a spool until it is killed, and tells of each append once it is durable."""

import asyncio
import itertools
import sys
from pathlib import Path

from ingest.ports import Batch
from ingest.spool import DiskSpool
from schemas.topics import MACHINE
from tests.ingest.kit import NOW, REACTOR, entry


async def main(path: Path) -> None:
    spool = DiskSpool.open(path, "edge-1", lambda: NOW)
    for number in itertools.count():
        seqs = [spool.stamp(MACHINE.name, REACTOR).seq for _ in range(3)]
        entries = [entry(seq, value=b"x" * 5_000) for seq in seqs]
        memory = {"counter": str(number).encode()}
        await spool.append(Batch(entries, memory, {"line": str(number)}))
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
