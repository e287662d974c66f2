"""An in-memory broker: offsets, transactions with markers, fencing, readers of committed ones."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from plantstream.runtime.errors import FencedError
from plantstream.runtime.ports import Bounds, Outgoing, Record, TopicPartition


class Fate(Enum):
    """What became of a transaction."""

    OPEN = auto()
    COMMITTED = auto()
    ABORTED = auto()


@dataclass(slots=True)
class Transaction:
    """Records that count together or not at all."""

    fate: Fate = Fate.OPEN
    touched: set[TopicPartition] = field(default_factory=set)


@dataclass(slots=True)
class Partition:
    """A log. An entry is a record with its transaction, or None for a marker."""

    entries: list[tuple[Record, Transaction | None] | None] = field(default_factory=list)
    _stable: int = 0
    _committed: tuple[int, int] = 0, 0
    """Up to where it was looked through, and what was found."""

    @property
    def stable_end(self) -> int:
        """Where the first open transaction begins, or the log ends."""
        while self._stable < len(self.entries):
            entry = self.entries[self._stable]
            if entry and entry[1] and entry[1].fate is Fate.OPEN:
                break
            self._stable += 1
        return self._stable

    @property
    def committed_end(self) -> int:
        """Behind the last record that counts."""
        (seen, found), stable = self._committed, self.stable_end
        for offset in range(stable - 1, seen - 1, -1):
            if self._counts(self.entries[offset]):
                found = offset + 1
                break
        self._committed = stable, found
        return found

    def has_committed(self, start: int) -> bool:
        """Whether there is something to read from this offset on."""
        return start < self.committed_end

    def committed(self, start: int) -> list[Record]:
        """What a reader of committed records gets from this offset on."""
        end = self.stable_end
        counting = [at for at in range(start, end) if self._counts(self.entries[at])]
        return [
            self._linked(at, before, following)
            for before, at, following in zip(
                [start, *(at + 1 for at in counting)],
                counting,
                [*counting[1:], end],
                strict=False,
            )
        ]

    def _linked(self, at: int, before: int, following: int) -> Record:
        """The record, and how many offsets around it hold nothing."""
        entry = self.entries[at]
        assert entry is not None
        record = entry[0]
        if at == before and following == at + 1:
            return record
        return replace(record, empty_before=at - before, empty_after=following - at - 1)

    @staticmethod
    def _counts(entry: tuple[Record, Transaction | None] | None) -> bool:
        return entry is not None and (entry[1] is None or entry[1].fate is Fate.COMMITTED)


class MemoryBroker:
    """All partitions, and who may write to them in transactions."""

    cluster_id = "cluster-1"
    fences = True
    """Off only in tests that show what happens then."""

    def __init__(self) -> None:
        self.partitions: dict[TopicPartition, Partition] = defaultdict(Partition)
        self._epochs: dict[str, int] = defaultdict(int)
        self._open: dict[str, Transaction] = {}
        self._waiting: dict[TopicPartition, list[asyncio.Future[None]]] = defaultdict(list)

    def append(self, record: Outgoing, transaction: Transaction | None = None) -> None:
        """One record, durable at once; it counts when its transaction does."""
        at = TopicPartition(record.topic, record.partition)
        partition = self.partitions[at]
        offset = len(partition.entries)
        now_ms = int(asyncio.get_running_loop().time() * 1000)
        stored = Record(at.topic, at.partition, offset, record.key, record.value, now_ms)
        partition.entries.append((stored, transaction))
        if transaction:
            transaction.touched.add(at)
        else:
            self._wake(at)

    def claim(self, writer: str) -> int:
        """A new epoch of this writer: older ones are refused, what they left open is undone."""
        self._epochs[writer] += 1
        left = self._open.pop(writer, None)
        if left and self.fences:
            self._finish(left, Fate.ABORTED)
        return self._epochs[writer]

    def begin(self, writer: str, epoch: int) -> Transaction:
        """A transaction of this writer."""
        self.check(writer, epoch)
        transaction = self._open[writer] = Transaction()
        return transaction

    def commit(self, writer: str, epoch: int, transaction: Transaction) -> None:
        """All its records become visible at once."""
        self.check(writer, epoch)
        self._open.pop(writer, None)
        self._finish(transaction, Fate.COMMITTED)

    def check(self, writer: str, epoch: int) -> None:
        """Refuse whoever is not the newest.

        Raises:
            FencedError: there was a later claim.
        """
        if self.fences and self._epochs[writer] != epoch:
            raise FencedError(f"{writer}: epoch {epoch} is over")

    def bounds(self, at: TopicPartition) -> Bounds:
        """The offsets that a reader of committed records sees."""
        return Bounds(0, self.partitions[at].stable_end)

    def read(self, at: TopicPartition, start: int) -> list[Record]:
        """Committed records from this offset on."""
        return self.partitions[at].committed(start)

    def end(self, at: TopicPartition) -> int:
        """Behind the last committed record."""
        return self.partitions[at].committed_end

    def rows(self, at: TopicPartition) -> dict[bytes, bytes]:
        """The newest value of each key."""
        rows: dict[bytes, bytes] = {}
        for record in self.read(at, 0):
            if record.value is None:
                rows.pop(record.key or b"", None)
            else:
                rows[record.key or b""] = record.value
        return rows

    async def news(self, partitions: frozenset[TopicPartition], wait_s: float) -> None:
        """Wait until something becomes visible there, at most so long."""
        loop = asyncio.get_running_loop()
        waiting = loop.create_future()
        for at in partitions:
            self._waiting[at].append(waiting)
        alarm = loop.call_later(wait_s, _resolve, waiting)
        await waiting
        alarm.cancel()

    def _finish(self, transaction: Transaction, fate: Fate) -> None:
        transaction.fate = fate
        for at in sorted(transaction.touched, key=str):
            self.partitions[at].entries.append(None)
            self._wake(at)

    def _wake(self, at: TopicPartition) -> None:
        for one in self._waiting.pop(at, ()):
            asyncio.get_running_loop().call_soon(_resolve, one)


def _resolve(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)
