"""A spool in memory, for simulations and tests: what was stored survives `reopened`."""

import asyncio
from collections.abc import Mapping, Sequence

from ingest.ports import Batch, Loss, Spooled
from schemas.record import EventId


class MemorySpool:
    """Keeps the promises of the spool as long as the process lives; it drops nothing."""

    def __init__(self, source: str = "edge", epoch: str = "epoch") -> None:
        self._source = source
        self._epoch = epoch
        self._entries: list[Spooled] = []
        self._numbers = 0
        self._size_bytes = 0
        self._stored_seqs: dict[tuple[str, str], int] = {}
        self._seqs: dict[tuple[str, str], int] = {}
        self._memory: dict[str, bytes] = {}
        self._positions: dict[str, str] = {}
        self.deleted = False

    def reopened(self) -> "MemorySpool":
        """The spool as another process finds it after this one was killed."""
        other = MemorySpool(self._source, self._epoch)
        if self.deleted:
            return other
        other._entries = list(self._entries)
        other._numbers = self._numbers
        other._size_bytes = self._size_bytes
        other._stored_seqs = dict(self._stored_seqs)
        other._seqs = dict(self._stored_seqs)
        other._memory = dict(self._memory)
        other._positions = dict(self._positions)
        return other

    @property
    def source(self) -> str:
        """The name of the edge."""
        return self._source

    @property
    def epoch(self) -> str:
        """As it was given."""
        return self._epoch

    @property
    def depth(self) -> int:
        """How many entries wait."""
        return len(self._entries)

    @property
    def size_bytes(self) -> int:
        """How many bytes of entries wait."""
        return self._size_bytes

    @property
    def dropped(self) -> int:
        """Nothing is ever dropped."""
        return 0

    @property
    def is_full(self) -> bool:
        """It takes everything."""
        return False

    @property
    def losses(self) -> Sequence[Loss]:
        """Nothing is ever lost."""
        return ()

    @property
    def memory(self) -> Mapping[str, bytes]:
        """The memory as it was stored last."""
        return self._memory

    @property
    def positions(self) -> Mapping[str, str]:
        """The positions as they were stored last."""
        return self._positions

    @property
    def set_aside(self) -> str | None:
        """Nothing is ever damaged."""
        return None

    def stamp(self, topic: str, partition_key: str) -> EventId:
        """The next id; the next append makes it last."""
        seq = self._seqs.get((topic, partition_key), 0)
        self._seqs[topic, partition_key] = seq + 1
        return EventId(source=self._source, epoch=self._epoch, seq=seq)

    async def append(self, batch: Batch) -> None:
        """Store the batch and all stamps given so far; a kill may come before or after it."""
        await asyncio.sleep(0)
        for entry in batch.entries:
            self._numbers += 1
            self._entries.append(Spooled(self._numbers, entry))
        self._stored_seqs = dict(self._seqs)
        self._memory |= batch.memory
        self._positions |= batch.positions
        self._size_bytes += sum(len(entry.value) for entry in batch.entries)
        await asyncio.sleep(0)

    async def next(self, limit: int) -> Sequence[Spooled]:
        """Up to `limit` entries, oldest first."""
        await asyncio.sleep(0)
        return self._entries[:limit]

    async def remove(self, sent: Sequence[Spooled]) -> None:
        """Forget these entries."""
        await asyncio.sleep(0)
        gone = {one.number for one in sent}
        self._entries = [one for one in self._entries if one.number not in gone]
        self._size_bytes -= sum(len(one.entry.value) for one in sent)
        await asyncio.sleep(0)

    async def close(self) -> None:
        """Nothing to give free."""

    async def delete(self) -> None:
        """Leave nothing."""
        self.deleted = True
        self._entries.clear()
