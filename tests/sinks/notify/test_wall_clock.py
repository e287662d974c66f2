"""Somebody sets the wall clock of a notifier: its pauses last as long as they would have."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import pytest

from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.ports import TopicPartition
from schemas.alerts import Notification
from schemas.topics import NOTIFICATION
from sinks.notify.board import Board
from sinks.notify.breaker import Breaker
from sinks.notify.delivery import Retrying, opened, settled
from sinks.notify.message import Sent, TemporaryError
from tests.simulation.clockwork import SimulatedLoop, simulate
from tests.sinks.notify.doubles import World, fail, loop_of, now, run_until
from tests.sinks.notify.notifications import AT, notification

FAR = timedelta(minutes=10)


@dataclass
class Clock:
    """The wall clock of the notifier's host."""

    ahead: timedelta = timedelta()

    def __call__(self):
        return now() + self.ahead


@pytest.mark.parametrize("by", [-FAR, FAR], ids=["back", "ahead"])
def test_a_channel_goes_on_although_the_clock_was_set(by: timedelta):
    async def story():
        world, clock = World(), Clock()
        world.notify(notification(1))
        notifier = loop_of(world, clock=clock)
        running = asyncio.create_task(notifier.run())
        await asyncio.sleep(5)
        clock.ahead += by
        world.notify(notification(2))
        await asyncio.sleep(5)
        assert [one[0] for one in world.arrived] == ["n1", "n2"]

        notifier.stop()
        await running

    simulate(story)


@pytest.mark.parametrize("by", [-FAR, FAR], ids=["back", "ahead"])
def test_a_pause_that_a_provider_asked_for_lasts_as_long(by: timedelta):
    async def story():
        world, clock = World(answering=fail(1, "mail", retry_after=20.0)), Clock()
        world.notify(notification(1))
        asyncio.get_running_loop().call_later(5, lambda: setattr(clock, "ahead", by))
        await run_until(loop_of(world, clock=clock), lambda: bool(world.over()))

        assert world.arrived[0][3] == pytest.approx(20.0, abs=0.2)

    simulate(story)


@pytest.mark.parametrize("by", [-FAR, FAR], ids=["back", "ahead"])
def test_a_pause_lasts_as_long_if_the_clock_is_set_while_the_failure_is_recorded(by: timedelta):
    """Kafka takes the record at the second try, and meanwhile the clock is set."""

    async def story():
        world, clock, loop = World(), Clock(), asyncio.get_running_loop()
        refuse = fail(1, "mail", retry_after=20.0)

        async def answer(told: Notification, channel: str, turn: int) -> Sent:
            if turn == 1:
                world.failures.append(UnavailableError("away"))
                loop.call_later(0.05, lambda: setattr(clock, "ahead", by))
            return await refuse(told, channel, turn)

        world.answering = answer
        world.notify(notification(1))
        await run_until(loop_of(world, clock=clock), lambda: bool(world.over()))

        assert world.arrived[0][3] == pytest.approx(20.0, abs=1.0)

    simulate(story)


def test_who_stood_still_while_the_clock_was_set_back_is_given_up_all_the_same():
    async def story():
        world, clock, loop = World(), Clock(), asyncio.get_running_loop()
        assert isinstance(loop, SimulatedLoop)
        notifier = loop_of(world, clock=clock)
        running = asyncio.create_task(notifier.run())
        await asyncio.sleep(5)
        world.notify(notification(1))
        world.lost = {TopicPartition(NOTIFICATION.name, n) for n in range(NOTIFICATION.partitions)}
        loop.stand_still(30)
        clock.ahead -= timedelta(seconds=29)
        await asyncio.sleep(5)
        assert world.arrived == []

        notifier.stop()
        await running

    simulate(story)


@pytest.mark.parametrize("by", [-FAR, FAR], ids=["back", "ahead"])
def test_what_waits_behind_a_failure_moves_with_the_clock(by: timedelta):
    board = Board({"mail": 1e6, "sms": 1e6})
    delivery = opened(notification(1), {}, AT, Retrying())
    assert delivery is not None
    board.add(delivery)
    (job,) = board.take(AT)
    said = TemporaryError("no", retry_after=10.0)
    board.settle(job, said, settled(delivery, "mail", said, AT, Retrying()).left, AT)

    board.move(by)

    assert board.take(AT + by + timedelta(seconds=9)) == []
    assert len(board.take(AT + by + timedelta(seconds=10))) == 1


def test_a_provider_that_is_left_alone_rests_as_long():
    resting = Breaker(failures=8, until=AT + timedelta(seconds=5))

    moved = resting.moved(-FAR)

    assert moved.is_open(AT - FAR + timedelta(seconds=4))
    assert not moved.is_open(AT - FAR + timedelta(seconds=5))
    assert Breaker().moved(FAR) == Breaker()


def test_another_worker_whose_clock_is_ahead_delays_nothing():
    delivery = opened(notification(1), {}, AT, Retrying())
    assert delivery is not None
    failed = settled(delivery, "mail", TemporaryError("no"), AT + FAR, Retrying()).record

    found = opened(notification(1), {"mail": failed}, AT, Retrying())

    assert found is not None
    assert found.due("mail") <= AT + timedelta(seconds=Retrying().most_s)
