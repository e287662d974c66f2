"""Adapters of one process to the broker: sender, journal, plants. Every call may be the last."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import suppress

from plantstream.runtime.errors import FencedError, UnavailableError
from plantstream.runtime.ports import Outgoing, Record, TopicPartition
from schemas.topics import MODEL
from tests.simulation.broker import MemoryBroker, Transaction
from tests.simulation.faults import Place
from tests.simulation.hosts import BROKER, Lost
from tests.simulation.processes import Process

LATE_S = 30.0
"""What was on its way when its sender died or gave up may arrive so much later."""


class SimulatedSender:
    """The port of whoever sends without transactions."""

    def __init__(self, process: Process, broker: MemoryBroker) -> None:
        self._process, self._broker = process, broker

    async def send(self, records: Sequence[Outgoing]) -> None:
        """In order per partition; of a crash or a cut in between, the rest may be on its way."""
        await self._process.point()
        if self._process.faults.happens("broker away", 0.02, self._process.now_s):
            raise UnavailableError("nobody answers")
        waiting = self._shuffled(records)
        try:
            while waiting:
                await self._process.point(Place.ROW)
                if self._process.loses(BROKER, Lost.ASKED):
                    break
                self._broker.append(waiting.pop(0))
        finally:
            self._arrive_late(waiting)
        if waiting:
            await self._process.gives_up(BROKER)
        if self._process.faults.happens("answers lost", 0.02, self._process.now_s):
            raise UnavailableError("the answer was lost")
        await self._process.hears(BROKER)
        await self._process.point()

    def _shuffled(self, records: Sequence[Outgoing]) -> list[Outgoing]:
        """Partitions do not wait for each other: any of them may be first."""
        topics = sorted({(one.topic, one.partition) for one in records})
        self._process.faults.rng.shuffle(topics)
        found = sorted(records, key=lambda one: topics.index((one.topic, one.partition)))
        self._process.faults.tally["sent in another order"] += found != list(records)
        return found

    def _arrive_late(self, waiting: Sequence[Outgoing]) -> None:
        faults = self._process.faults
        if waiting and faults.happens("late arrivals", 0.5, self._process.now_s):
            late, later = tuple(waiting), asyncio.get_running_loop().call_later
            later(faults.rng.uniform(0, LATE_S), lambda: [*map(self._broker.append, late)])


class SimulatedJournal:
    """The port of a processor's memory, in transactions of the broker."""

    def __init__(self, process: Process, broker: MemoryBroker, topic: str) -> None:
        self._process, self._broker, self._topic = process, broker, topic
        self._epochs: dict[int, int] = {}

    async def claim(self, partitions: Collection[int]) -> Mapping[int, Mapping[bytes, bytes]]:
        """Fence the others, then read the rows."""
        await self._process.point()
        await self._process.asks(BROKER)
        self._epochs = {}
        for partition in sorted(partitions):
            self._epochs[partition] = self._broker.claim(self._writer(partition))
            await self._process.point()
        found = {}
        for partition in sorted(partitions):
            found[partition] = self._broker.rows(TopicPartition(self._topic, partition))
            await self._process.hears(BROKER)
            await self._process.point()
        return found

    async def commit(
        self, partition: int, rows: Mapping[bytes, bytes | None], outputs: Sequence[Outgoing]
    ) -> None:
        """One transaction, with room for a crash between any two rows."""
        changed = [Outgoing(self._topic, partition, key, value) for key, value in rows.items()]
        await self._process.point()
        try:
            await self._transact(partition, [*changed, *outputs])
        except FencedError:
            self._process.faults.tally["fenced commits"] += 1
            raise
        if self._process.faults.happens("answers lost", 0.01, self._process.now_s):
            raise UnavailableError("nobody knows whether it is stored")
        await self._process.hears(BROKER)
        if not any(b'"position"' in key for key in rows):
            self._process.faults.tally["ticks"] += 1
        await self._process.point()

    async def _transact(self, partition: int, records: Sequence[Outgoing]) -> None:
        writer, epoch = self._writer(partition), self._epochs[partition]
        transaction = self._broker.begin(writer, epoch)
        for record in records:
            self._broker.check(writer, epoch)
            self._broker.append(record, transaction)
            await self._process.point(Place.ROW)
        await self._process.point()
        if self._process.loses(BROKER, Lost.ASKED):
            self._commit_late(partition, transaction)
            await self._process.gives_up(BROKER)
        self._broker.commit(writer, epoch, transaction)

    def _commit_late(self, partition: int, transaction: Transaction) -> None:
        """What it had asked for before it gave up may still come to the broker."""
        faults, writer, epoch = (
            self._process.faults,
            self._writer(partition),
            self._epochs[partition],
        )

        def commit() -> None:
            with suppress(FencedError):
                self._broker.commit(writer, epoch, transaction)

        if faults.happens("late commits", 0.5, self._process.now_s):
            later = asyncio.get_running_loop().call_later
            later(faults.rng.uniform(0, LATE_S), commit)

    def _writer(self, partition: int) -> str:
        return f"{self._topic}-{partition}"


def read_models(process: Process, broker: MemoryBroker) -> AsyncIterator[Record]:
    """The plant files that were published."""

    async def records() -> AsyncIterator[Record]:
        await process.point()
        await process.asks(BROKER)
        await process.hears(BROKER)
        for record in broker.read(TopicPartition(MODEL.name, 0), 0):
            yield record

    return records()
