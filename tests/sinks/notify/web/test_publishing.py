"""What is said stands in Kafka before it is answered, numbered without a hole or a double."""

import asyncio

import pytest

from plantstream.runtime.errors import RejectedError, UnavailableError
from schemas.record import ONCE
from schemas.topics import OPERATOR
from sinks.notify.web.acts import ACKNOWLEDGE, Author, act_of, saying_of
from sinks.notify.web.publishing import Publisher, Saying
from tests.ingest.kit import MemoryBroker
from tests.sinks.notify.web.kit import NOW, status


def saying(number: int = 0) -> Saying:
    author = Author("ana", "link", f"link-{number}")
    return saying_of(act_of(ACKNOWLEDGE, status(), author, "v1", NOW))


def ids(broker: MemoryBroker) -> list[tuple[str, int]]:
    return [(one.id.epoch, one.id.seq) for one in broker.records(OPERATOR.name)]


async def test_many_at_once_share_few_writes():
    broker = MemoryBroker()
    publisher = Publisher(broker, "acme/town/notify")
    await asyncio.gather(*(publisher.publish([saying(n)]) for n in range(100)))

    assert sorted(seq for _, seq in ids(broker)) == list(range(100))
    assert broker.calls <= 3


async def test_after_a_failure_no_number_is_given_to_two_records():
    broker = MemoryBroker()
    publisher = Publisher(broker, "acme/town/notify")
    await publisher.publish([saying(1)])

    def lost_answer(records):
        broker.log += records
        raise UnavailableError("the answer is lost")

    broker.trouble = lost_answer
    with pytest.raises(UnavailableError):
        await publisher.publish([saying(2)])
    broker.trouble = None
    await publisher.publish([saying(3)])

    found = ids(broker)
    assert len(set(found)) == len(found) == 3
    assert [seq for _, seq in found] == [0, 1, 0]
    assert all(epoch.startswith(ONCE) for epoch, _ in found)


async def test_what_kafka_never_takes_is_told():
    def too_large(_):
        raise RejectedError("too large")

    with pytest.raises(RejectedError):
        await Publisher(MemoryBroker(too_large), "s").publish([saying()])


class Stuck(MemoryBroker):
    """Answers nobody until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.free = asyncio.Event()

    async def send(self, records):
        await self.free.wait()
        await super().send(records)


async def test_who_waits_too_long_is_told_so_and_what_was_said_stays_in_order():
    broker = Stuck()
    publisher = Publisher(broker, "acme/town/notify")
    with pytest.raises(UnavailableError, match="did not answer"):
        await publisher.publish([saying(1)], within_s=0.01)
    later = asyncio.create_task(publisher.publish([saying(2)]))
    broker.free.set()
    await later

    assert [one.statement for one in broker.records(OPERATOR.name)] == ["link-1", "link-2"]


async def test_what_waits_is_bounded():
    broker = Stuck()
    publisher = Publisher(broker, "acme/town/notify", most_waiting=2)
    waiting = []
    for number in range(3):  # one that is being written, and two that wait
        waiting.append(asyncio.create_task(publisher.publish([saying(number)])))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    with pytest.raises(UnavailableError, match="2 records wait for Kafka"):
        await publisher.publish([saying(3)])
    broker.free.set()
    await asyncio.gather(*waiting)

    assert len(broker.log) == 3


async def test_whoever_waits_at_the_end_is_told_to_come_again():
    publisher = Publisher(Stuck(), "acme/town/notify")
    waiting = asyncio.create_task(publisher.publish([saying()]))
    await asyncio.sleep(0)
    await publisher.close()

    with pytest.raises(UnavailableError, match="stopping"):
        await waiting
