"""What can wait is sent as fast as its readers take it, and no faster."""

from collections.abc import Sequence

import pytest

from plantstream.commands.followed import (
    AWAY_AFTER_S,
    GROUP_TELLS_AFTER_S,
    PAUSE_S,
    SHARE_S,
    FollowedBroker,
    Follower,
    Time,
)
from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.ports import Outgoing, TopicPartition
from schemas.topics import MODEL, TELEMETRY

PLACE = TopicPartition(TELEMETRY.name, 3)
OTHER = TopicPartition(TELEMETRY.name, 4)
QUICK = 200 / SHARE_S
"""Records a second, of which 200 fit into a share."""
MOST_SHARES = 6
"""For 500 of them, with a probe or two."""
RECORD = Outgoing(PLACE.topic, PLACE.partition, b"key", b"value")


class World:
    """A log, and a reader that takes so many records a second of it."""

    def __init__(self, *, speed: float, tells_every_s: float = 0.0, slow_s: float = 0.0) -> None:
        self.written: dict[TopicPartition, int] = {}
        self.speed, self.tells_every_s, self.slow_s = speed, tells_every_s, slow_s
        self.now, self.taken, self.told_at, self.told = 0.0, 0.0, 0.0, 0
        self.answers, self.looks, self.moves_elsewhere = True, 0, False
        self.most_unread, self.idle_until = 0, 0.0
        self.time = Time(lambda: self.now, self.sleep)

    @property
    def end(self) -> int:
        return self.written.get(PLACE, 0)

    async def send(self, records: Sequence[Outgoing]) -> None:
        self.idle_until = self.now + self.slow_s
        for one in records:
            place = TopicPartition(one.topic, one.partition)
            self.written[place] = self.written.get(place, 0) + 1
        self.most_unread = max(self.most_unread, self.end - int(self.taken))

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.now >= self.idle_until:
            self.taken = min(self.taken + seconds * self.speed, self.end)

    async def reached(self) -> dict[TopicPartition, int]:
        self.looks += 1
        if not self.answers:
            raise UnavailableError("not now")
        if self.now >= self.told_at + self.tells_every_s:
            self.told_at, self.told = self.now, int(self.taken)
        elsewhere = {OTHER: self.looks} if self.moves_elsewhere else {}
        return {PLACE: self.told + 1, **elsewhere}  # One record stood there before.

    def broker(self, *others: Follower, tells_after_s: float = 0.0) -> FollowedBroker:
        self.written[PLACE] = 1
        self.taken = 0.0
        reader = Follower("reader", {PLACE.topic}, self.reached, tells_after_s)
        return FollowedBroker(self, [reader, *others], self.time)


async def test_what_waits_for_a_reader_is_never_more_than_a_share_of_seconds():
    world = World(speed=1000)
    broker = world.broker()
    await sent(broker, 20)
    assert world.most_unread <= 2 * SHARE_S * world.speed


async def test_a_reader_that_is_quick_has_pauses_and_nothing_else_to_wait_for():
    world = World(speed=QUICK)
    broker = world.broker()
    await sent(broker, 20)
    shares = 10_000 / (SHARE_S * world.speed)
    assert world.now < 1.5 * shares * (SHARE_S + PAUSE_S)


async def test_a_reader_that_becomes_slower_gets_less_at_a_time():
    world = World(speed=1000)
    broker = world.broker()
    await sent(broker, 10)
    world.speed = 250
    await broker.send([RECORD] * 500)
    world.most_unread = 0
    await broker.send([RECORD] * 200)
    assert world.most_unread <= 2 * SHARE_S * world.speed


async def test_a_reader_that_needs_its_time_for_however_little_is_not_sent_less_and_less():
    world = World(speed=QUICK, slow_s=3 * SHARE_S)
    broker = world.broker()
    await sent(broker, 10)
    began = world.now
    await broker.send([RECORD] * 500)
    assert world.now - began < 500 / world.speed + MOST_SHARES * (world.slow_s + PAUSE_S)


async def test_a_reader_that_tells_seldom_how_far_it_is_is_not_waited_for_in_vain():
    world = World(speed=1000, tells_every_s=1.0)
    broker = world.broker(tells_after_s=GROUP_TELLS_AFTER_S)
    await sent(broker, 20)
    assert world.now < 1.5
    assert world.looks < 10


async def test_a_reader_that_tells_seldom_is_waited_for_once_it_is_behind():
    world = World(speed=100, tells_every_s=1.0)
    broker = world.broker(tells_after_s=GROUP_TELLS_AFTER_S)

    for _ in range(40):
        await broker.send([RECORD] * 10)
        await world.sleep(0.05)
    assert world.most_unread < 100 * (GROUP_TELLS_AFTER_S + 1.5)


async def test_a_reader_that_was_never_there_is_not_waited_for():
    world = World(speed=1000)

    async def nobody() -> dict[TopicPartition, int]:
        return {}

    broker = world.broker(Follower("nobody", {PLACE.topic}, nobody))
    await broker.send([RECORD] * 500)
    assert world.now < AWAY_AFTER_S


@pytest.mark.parametrize("answers", [True, False], ids=["stands still", "does not answer"])
async def test_a_reader_that_does_not_move_holds_nothing_up_for_longer_than_once(answers: bool):
    world = World(speed=1000)
    broker = world.broker()
    await broker.send([RECORD] * 500)
    began, world.speed, world.answers = world.now, 0, answers
    await broker.send([RECORD] * 5000)
    assert world.now == pytest.approx(began + AWAY_AFTER_S, abs=1)


async def test_a_reader_that_moves_elsewhere_only_is_one_that_does_not_move():
    world = World(speed=1000)
    broker = world.broker()
    await broker.send([RECORD] * 500)
    began, world.speed, world.moves_elsewhere = world.now, 0, True
    await broker.send([RECORD] * 5000)
    assert world.now == pytest.approx(began + AWAY_AFTER_S, abs=1)


async def test_a_reader_that_comes_back_is_waited_for_again():
    world = World(speed=1000)
    broker = world.broker()
    await broker.send([RECORD] * 500)
    world.speed = 0
    await broker.send([RECORD] * 5000)
    world.speed = 1000
    await world.sleep(0.1)
    await broker.send([RECORD])
    assert world.told == 5501


async def test_what_a_reader_does_not_read_is_not_waited_for():
    world = World(speed=0)
    broker = world.broker()
    await broker.send([Outgoing(MODEL.name, 0, b"key", b"value")] * 500)
    assert world.now <= PAUSE_S


async def test_a_share_of_which_nothing_is_read_does_not_make_the_next_ones_small():
    world = World(speed=QUICK, slow_s=3 * SHARE_S)
    broker = world.broker()
    unread = Outgoing(MODEL.name, 0, b"key", b"value")
    await sent(broker, 10)
    await broker.send([unread] * 500)
    await sent(broker, 10)
    began = world.now
    await broker.send([RECORD] * 500)
    assert world.now - began < 500 / world.speed + MOST_SHARES * (world.slow_s + PAUSE_S)


async def test_a_share_that_is_read_by_chance_at_once_does_not_make_the_next_ones_small():
    world = World(speed=QUICK, slow_s=3 * SHARE_S)
    broker = world.broker()
    await sent(broker, 10)
    slow_s, speed = world.slow_s, world.speed
    world.slow_s, world.speed = 0, 100_000
    await broker.send([RECORD] * 500)
    world.slow_s, world.speed = slow_s, speed
    await sent(broker, 10)
    began = world.now
    await broker.send([RECORD] * 500)
    assert world.now - began < 500 / world.speed + MOST_SHARES * (world.slow_s + PAUSE_S)


async def test_readers_that_become_slower_get_less_though_no_share_is_as_large_as_it_may_be():
    world = World(speed=50_000)
    broker = world.broker()
    await sent(broker, 40, 300)
    world.speed = 1000
    await sent(broker, 10, 300)
    world.most_unread = 0
    await broker.send([RECORD] * 300)
    assert world.most_unread <= 2 * SHARE_S * world.speed


async def test_the_rest_of_what_is_handed_in_does_not_make_the_next_shares_small():
    world = World(speed=QUICK)
    broker = world.broker()
    await sent(broker, 20, 210)
    world.most_unread = 0
    await broker.send([RECORD] * 500)
    assert world.most_unread > SHARE_S * world.speed / 2


async def sent(broker: FollowedBroker, times: int, records: int = 500) -> None:
    for _ in range(times):
        await broker.send([RECORD] * records)
