"""What can still be read of a damaged spool."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from ingest.ports import Batch
from ingest.spool_turns import AFTER, bite

AT_ONCE = 100
"""Entries read together; a group with damage in it is lost."""


def rescued(path: Path) -> Iterator[Batch]:
    """Memory, positions, and the entries before the damage, in their order.

    The seqs are not taken over: the new spool has an epoch of its own.
    """
    if not path.exists():
        return
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        with suppress(sqlite3.Error):
            yield Batch(memory=dict(database.execute("SELECT name, value FROM memory").fetchall()))
        with suppress(sqlite3.Error):
            rows = database.execute("SELECT input, value FROM position").fetchall()
            yield Batch(positions=dict(rows))
        last = 0
        with suppress(sqlite3.Error, ValueError):
            while found := bite(database.execute(AFTER, (last, AT_ONCE)).fetchall()):
                last = found[-1].number
                yield Batch([one.entry for one in found])
