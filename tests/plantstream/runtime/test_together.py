"""Many tasks write through one broker: together, in order, each told of its own."""

import asyncio

from plantstream.runtime.errors import RejectedError, UnavailableError
from plantstream.runtime.ports import Outgoing
from plantstream.runtime.together import MOST_RECORDS, TogetherBroker
from tests.parts import eventually


def one(number):
    return Outgoing("t", 0, b"k", b"%d" % number)


class Slow:
    """Takes a write once it is let."""

    def __init__(self):
        self.writes, self.free, self.failure = [], asyncio.Event(), None

    async def send(self, records):
        self.writes.append([int(record.value) for record in records])
        await self.free.wait()
        if self.failure is not None:
            raise self.failure
        if any(record.value == b"-1" for record in records):
            raise RejectedError("too large")


async def settled(*tasks):
    return [type(one) for one in await asyncio.gather(*tasks, return_exceptions=True)]


def sending(together, *numbers):
    return [asyncio.create_task(together.send([one(number)])) for number in numbers]


async def test_what_comes_during_a_write_shares_the_next_one():
    slow = Slow()
    together = TogetherBroker(slow)
    tasks = sending(together, *range(4))
    await eventually(lambda: bool(slow.writes))
    slow.free.set()
    await asyncio.gather(*tasks)

    assert [number for write in slow.writes for number in write] == [0, 1, 2, 3]
    assert len(slow.writes) <= 2


async def test_a_failure_is_told_to_all_who_shared_the_write_and_to_nobody_else():
    slow = Slow()
    slow.free.set()
    slow.failure = UnavailableError("away")
    together = TogetherBroker(slow)
    assert await settled(*sending(together, 1, 2)) == [UnavailableError] * 2
    slow.failure = None

    await together.send([one(3)])


async def test_a_record_that_is_never_taken_spoils_no_other():
    slow = Slow()
    slow.free.set()
    together = TogetherBroker(slow)

    assert await settled(*sending(together, 1, -1, 2)) == [type(None), RejectedError, type(None)]


async def test_a_write_has_its_limit():
    slow = Slow()
    slow.free.set()
    together = TogetherBroker(slow)
    await asyncio.gather(*sending(together, *range(MOST_RECORDS + 1)))

    assert [len(write) for write in slow.writes] == [MOST_RECORDS, 1]


async def test_who_waits_at_the_end_is_told():
    slow = Slow()
    together = TogetherBroker(slow)
    tasks = sending(together, 1)
    await eventually(lambda: bool(slow.writes))
    tasks += sending(together, 2)
    await asyncio.sleep(0)
    await together.close()

    assert await settled(*tasks) == [UnavailableError] * 2
