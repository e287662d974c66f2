"""A journal that tells the heads of chains, once they are durable."""

import json
from collections.abc import Collection, Mapping, Sequence

from plantstream.runtime.errors import FencedError, UnavailableError
from plantstream.runtime.ports import Journal, Outgoing
from processors.audit.engine import HEAD, Head, head_of


class WatchedJournal:
    """Implements `Journal`: what the audit engine's journal holds, and where its chains end.

    Heads come from the transactions that write the records. No database stands in between, so
    nobody who changes the database changes an anchor.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._heads: dict[int, dict[str, Head]] = {}

    def heads(self) -> dict[str, Head]:
        """The newest record of each site whose chain is ours now."""
        return {site: head for owned in self._heads.values() for site, head in owned.items()}

    async def claim(self, partitions: Collection[int]) -> Mapping[int, Mapping[bytes, bytes]]:
        """As the port says; chains of other partitions are ours no more."""
        self._heads = {}
        claimed = await self._journal.claim(partitions)
        self._heads = {partition: _heads(rows) for partition, rows in claimed.items()}
        return claimed

    async def commit(
        self, partition: int, rows: Mapping[bytes, bytes | None], outputs: Sequence[Outgoing]
    ) -> None:
        """As the port says; what may be another worker's by now is known again after a claim."""
        try:
            await self._journal.commit(partition, rows, outputs)
        except (FencedError, UnavailableError):
            self._heads = {}
            raise
        if partition in self._heads:
            self._heads[partition] |= _heads(rows)


def _heads(rows: Mapping[bytes, bytes | None]) -> dict[str, Head]:
    found = {}
    for key, row in rows.items():
        kind, *names = json.loads(key)
        if row is not None and kind == "state" and names[1] == HEAD:
            found[names[0]] = head_of(row)
    return found
