"""Signs of life: sent at once, whatever waits in the spool."""

import asyncio
from collections.abc import Sequence

import pytest
from prometheus_client import CollectorRegistry

from ingest.heartbeats import Heartbeats, Pulse
from ingest.memory_spool import MemorySpool
from ingest.metrics import SourceMetrics
from ingest.ports import Batch
from plantstream.runtime.errors import MisconfiguredError, UnavailableError
from plantstream.runtime.ports import Outgoing
from schemas.site import EdgeHeartbeat, SourceHeartbeat
from schemas.topics import SITE
from tests.ingest.kit import NOW, MemoryBroker, at, entry, no_sleep, plant, sample


def heartbeats(
    broker: MemoryBroker, sources: SourceMetrics | None = None, spool: MemorySpool | None = None
) -> Heartbeats:
    seen = sources or SourceMetrics(CollectorRegistry())
    return Heartbeats(
        spool or MemorySpool(), seen, broker, Pulse(lambda: NOW, bytes, no_sleep, 0.2)
    )


async def test_the_edge_says_what_waits_in_its_spool() -> None:
    spool, broker = MemorySpool(), MemoryBroker()
    await spool.append(Batch([entry(seq, value=b"12345") for seq in range(3)]))

    await heartbeats(broker, spool=spool).beat(plant())

    (beat,) = broker.records(SITE.name)
    assert isinstance(beat, EdgeHeartbeat)
    assert (beat.site, beat.edge, beat.spool_records, beat.spool_bytes) == (
        "acme/town",
        "edge",
        3,
        15,
    )


async def test_each_source_says_whether_it_answers_and_how_its_clock_stands() -> None:
    sources, broker = SourceMetrics(CollectorRegistry()), MemoryBroker()
    sources.of("line").connected()
    sources.of("line").took([sample("state", 6, -2)], NOW)
    sources.of("meter").needs_help("wrong password")

    await heartbeats(broker, sources).beat(plant())

    _, line, meter = broker.records(SITE.name)
    assert isinstance(line, SourceHeartbeat)
    assert (line.name, line.connected, line.last_value_at, line.clock_skew_s, line.trouble) == (
        "line",
        True,
        at(-2),
        -2,
        None,
    )
    assert (meter.name, meter.connected, meter.trouble) == ("meter", False, "wrong password")
    assert [record.key for record in broker.log] == [b"edge", b"edge/line", b"edge/meter"]


async def test_their_ids_count_up_and_have_an_epoch_of_their_own() -> None:
    broker, spool = MemoryBroker(), MemorySpool(epoch="of the spool")
    beating = heartbeats(broker, spool=spool)

    await beating.beat(plant())
    await beating.beat(plant())

    assert [one.id.seq for one in broker.records(SITE.name)] == [0, 1]
    assert {one.id.epoch for one in broker.records(SITE.name)} == {bytes(8).hex()}


async def test_they_go_on_after_a_person_has_given_the_right_to_send_them() -> None:
    def refused(_: Sequence[Outgoing]) -> None:
        if broker.calls == 1:
            raise MisconfiguredError("no right on plant.site.v1")

    broker = MemoryBroker(refused)
    beating = heartbeats(broker)

    await beating.beat(plant())
    await beating.beat(plant())

    assert len(broker.log) == 1


async def test_a_broker_that_is_away_or_hangs_is_not_waited_for() -> None:
    def away(_: Sequence[Outgoing]) -> None:
        if broker.calls == 1:
            raise UnavailableError("nobody answers")

    class Hanging(MemoryBroker):
        async def send(self, records: Sequence[Outgoing]) -> None:
            if broker.calls == 1:
                broker.calls += 1
                await asyncio.Event().wait()
            await super().send(records)

    broker = Hanging(away)
    running = asyncio.create_task(heartbeats(broker).run(plant))
    async with asyncio.timeout(10):
        while not broker.log:  # noqa: ASYNC110 - the log has no event
            await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
