"""The loop from spool to broker: its order, its patience, and what it buries."""

import asyncio
from collections.abc import Sequence

import pytest
from prometheus_client import CollectorRegistry

from ingest.burial import LARGEST_RECORD_BYTES
from ingest.memory_spool import MemorySpool
from ingest.metrics import EdgeMetrics
from ingest.ports import Batch
from ingest.publisher import BATCH_RECORDS, Publisher, Waiting
from ingest.retry import Backoff
from plantstream.runtime.errors import MisconfiguredError, RejectedError, UnavailableError
from plantstream.runtime.ports import Outgoing
from schemas.partitioning import partition_of
from schemas.topics import DEADLETTER, MACHINE, MODEL
from tests.ingest.kit import NOW, REACTOR, MemoryBroker, entry, no_sleep


class Waits:
    """Remembers how long the loop wanted to wait."""

    def __init__(self) -> None:
        self.delays: list[float] = []

    async def __call__(self, delay_s: float) -> None:
        self.delays.append(delay_s)
        await no_sleep(delay_s)


async def spool_of(number: int) -> MemorySpool:
    spool = MemorySpool()
    await spool.append(Batch([entry(seq, value=b"%d" % seq) for seq in range(number)]))
    return spool


def publisher(
    spool: MemorySpool, broker: MemoryBroker, registry: CollectorRegistry | None = None
) -> tuple[Publisher, Waits]:
    waits = Waits()
    metrics = EdgeMetrics(registry or CollectorRegistry())
    found = Publisher(spool, broker, metrics, Waiting(lambda: NOW, waits))
    found.finish()
    return found, waits


def values(broker: MemoryBroker, topic: str = MACHINE.name) -> list[bytes | None]:
    return [record.value for record in broker.log if record.topic == topic]


async def test_everything_is_sent_in_order_and_removed() -> None:
    spool, broker = await spool_of(BATCH_RECORDS + 3), MemoryBroker()

    await publisher(spool, broker)[0].run()

    assert values(broker) == [b"%d" % seq for seq in range(BATCH_RECORDS + 3)]
    assert spool.depth == 0
    assert broker.calls == 2


async def test_no_event_is_on_its_way_before_the_broker_has_its_plant_file() -> None:
    """What is sent together may arrive in any order."""
    sent: list[set[str]] = []
    spool = MemorySpool()
    broker = MemoryBroker(lambda records: sent.append({one.topic for one in records}))
    await spool.append(Batch([entry(0), entry(1, MODEL.name), entry(2), entry(3)]))

    await publisher(spool, broker)[0].run()

    assert sent == [{MACHINE.name, MODEL.name}, {MACHINE.name}]


async def test_a_record_goes_to_the_partition_of_its_key() -> None:
    spool, broker = await spool_of(1), MemoryBroker()

    await publisher(spool, broker)[0].run()

    assert (broker.log[0].partition, broker.log[0].key) == (
        partition_of(REACTOR.encode(), 12),
        REACTOR.encode(),
    )


@pytest.mark.parametrize(("seconds", "told"), [(-60, {}), (-61, {"late-s": b"61"})])
async def test_what_is_sent_long_after_it_happened_says_so(
    seconds: int, told: dict[str, bytes]
) -> None:
    spool, broker = MemorySpool(), MemoryBroker()
    await spool.append(Batch([entry(seconds)]))

    await publisher(spool, broker)[0].run()

    assert broker.log[0].headers == told


async def test_while_the_broker_is_away_it_waits_longer_and_loses_nothing() -> None:
    def away(_: Sequence[Outgoing]) -> None:
        if broker.calls <= 9:
            raise UnavailableError("no leader")

    spool, broker = await spool_of(3), MemoryBroker(away)
    loop, waits = publisher(spool, broker)

    await loop.run()

    assert values(broker) == [b"0", b"1", b"2"]
    assert waits.delays == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0, 1.0, 1.0, 1.0]


async def test_an_answer_that_got_lost_gives_duplicates_and_no_hole() -> None:
    def half(records: Sequence[Outgoing]) -> None:
        if broker.calls == 1:
            broker.log += records[:2]
            raise UnavailableError("connection lost")

    spool, broker = await spool_of(3), MemoryBroker(half)

    await publisher(spool, broker)[0].run()

    assert values(broker) == [b"0", b"1", b"0", b"1", b"2"]


async def test_what_the_broker_rejects_is_buried_and_the_rest_goes_on() -> None:
    def refuse(records: Sequence[Outgoing]) -> None:
        if any(record.value == b"1" and record.topic == MACHINE.name for record in records):
            raise RejectedError("invalid record")

    spool, broker = await spool_of(3), MemoryBroker(refuse)
    registry = CollectorRegistry()

    await publisher(spool, broker, registry)[0].run()

    assert values(broker) == [b"0", b"2"]
    (letter,) = broker.records(DEADLETTER.name)
    assert letter.id == f"edge/epoch/{MACHINE.name}/{REACTOR}/1"
    assert (letter.value, letter.key, letter.reason) == (b"1", REACTOR.encode(), "invalid record")
    assert spool.depth == 0
    labels = {"topic": MACHINE.name}
    assert registry.get_sample_value("plantstream_edge_rejected_total", labels) == 1


async def test_a_record_beyond_the_limit_is_never_sent() -> None:
    spool, broker = MemorySpool(), MemoryBroker()
    huge = b"x" * LARGEST_RECORD_BYTES
    await spool.append(Batch([entry(0), entry(1, value=huge), entry(2)]))

    await publisher(spool, broker)[0].run()

    assert values(broker) == [b"{}", b"{}"]
    (letter,) = broker.records(DEADLETTER.name)
    assert letter.size == len(huge)
    assert len(letter.value) == 65_536
    assert letter.reason == "a record of 900000 bytes; 900000 is the limit"


async def test_the_broker_goes_away_while_it_refuses() -> None:
    def trouble(records: Sequence[Outgoing]) -> None:
        if broker.calls in {3, 5}:
            raise UnavailableError("gone")
        if any(record.topic == MACHINE.name and record.value == b"0" for record in records):
            raise RejectedError("no")

    spool, broker = await spool_of(2), MemoryBroker(trouble)

    await publisher(spool, broker)[0].run()

    assert [record.topic for record in broker.log] == [DEADLETTER.name, MACHINE.name]


async def test_without_any_right_it_stops_and_keeps_everything() -> None:
    def refuse(_: Sequence[Outgoing]) -> None:
        raise RejectedError("not authorised")

    spool = await spool_of(2)

    with pytest.raises(MisconfiguredError, match="check the rights of this edge"):
        await publisher(spool, MemoryBroker(refuse))[0].run()
    assert spool.depth == 2


async def test_killed_between_answer_and_removal_it_sends_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PLANTSTREAM_FAULT", "publisher.acknowledged@2")
    spool, broker = await spool_of(BATCH_RECORDS + 2), MemoryBroker()
    registry = CollectorRegistry()
    running = asyncio.create_task(publisher(spool, broker, registry)[0].run())
    while registry.get_sample_value("plantstream_fault_holding") != 1:  # noqa: ASYNC110
        await asyncio.sleep(0)

    unacknowledged = registry.get_sample_value("plantstream_unacknowledged")
    running.cancel()
    monkeypatch.delenv("PLANTSTREAM_FAULT")
    await publisher(spool.reopened(), broker)[0].run()

    assert unacknowledged == 2
    assert values(broker)[-4:] == [b"500", b"501", b"500", b"501"]


async def test_it_wakes_when_something_comes_and_ends_when_nothing_will() -> None:
    spool, broker = MemorySpool(), MemoryBroker()
    loop = Publisher(spool, broker, EdgeMetrics(CollectorRegistry()), Waiting(lambda: NOW))
    running = asyncio.create_task(loop.run())
    for _ in range(5):
        await asyncio.sleep(0)
    assert not running.done()

    await spool.append(Batch([entry(0)]))
    loop.wake()
    loop.finish()
    await running

    assert values(broker) == [b"{}"]


def test_jitter_comes_from_outside() -> None:
    delays = Backoff(first_s=1, limit_s=3, jitter=lambda delay_s: delay_s / 2).delays()

    assert [next(delays) for _ in range(4)] == [0.5, 1.0, 1.5, 1.5]
