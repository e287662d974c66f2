"""A provider that accepted a message and then says it did not arrive: the next channel goes."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from plantstream.embedded.waiting import until
from plantstream.runtime.ports import Record
from schemas.alerts import DeliveryAttempt
from schemas.codec import UnreadableError, decode, encode
from schemas.partitioning import partition_of
from schemas.topics import DELIVERY, OPERATOR
from sinks.notify.bounces import Listened
from sinks.notify.handed import Handed
from tests.simulation.clockwork import simulate
from tests.sinks.notify.doubles import World, loop_of, now, refuse, run_until
from tests.sinks.notify.notifications import AT, notification


def told(number=1, **more):
    return notification(number, channel="sms", fallback=("mail",), **more)


def bounce(world, id="n1"):
    """What the web records when the provider calls back."""
    of = next(one for one in world.attempts() if one.notification == id and one.provider_id)
    said = of.model_copy(update={"outcome": "failed", "detail": "undelivered 30003", "at": now()})
    partition = partition_of(said.group.encode(), DELIVERY.partitions)
    world.append(DELIVERY.name, partition, said.record_id().encode(), encode(said))
    return said


async def accepted(world, loop, *ids):
    running = asyncio.create_task(loop.run())
    await until(lambda: world.over() >= set(ids), every_s=0.1)
    return running


async def ended(loop, running):
    loop.stop()
    await running


def channels(world):
    return [one[1] for one in world.arrived]


def test_it_goes_by_the_next_channel_once_however_often_it_is_said():
    async def story():
        world = World()
        world.notify(told())
        loop = loop_of(world)
        running = await accepted(world, loop, "n1")
        said = bounce(world)
        for _ in range(3):
            loop.bounced(said)
            await asyncio.sleep(5)
        await ended(loop, running)

        assert channels(world) == ["sms", "mail"]
        assert world.outcomes("n1")[2:] == [
            ("sms", "failed"),
            ("mail", "intent"),
            ("mail", "accepted"),
        ]
        assert not any(repeated for _, _, repeated, _ in world.arrived)

    simulate(story)


def test_a_notifier_that_was_killed_before_the_next_channel_had_its_turn_goes_on():
    async def story():
        world = World()
        world.notify(told())
        loop = loop_of(world)
        await ended(loop, await accepted(world, loop, "n1"))
        bounce(world)
        world.committed.clear()
        await run_until(loop_of(world), lambda: len(world.arrived) == 2)
        world.committed.clear()
        world.notify(told(2))
        await run_until(loop_of(world), lambda: "n2" in world.over())

        assert channels(world) == ["sms", "mail", "sms"]

    simulate(story)


def test_what_is_read_again_after_a_start_still_has_its_next_channel():
    async def story():
        world = World()
        world.notify(told())
        loop = loop_of(world)
        await ended(loop, await accepted(world, loop, "n1"))
        world.committed.clear()
        world.notify(told(2))
        loop = loop_of(world)
        running = await accepted(world, loop, "n2")
        loop.bounced(bounce(world))
        await asyncio.sleep(5)
        await ended(loop, running)

        assert channels(world) == ["sms", "sms", "mail"]

    simulate(story)


def test_a_channel_that_had_refused_it_before_is_not_asked_again():
    async def story():
        world = World(answering=refuse("sms"))
        world.notify(told())
        loop = loop_of(world)
        running = await accepted(world, loop, "n1")
        mail = [one for one in world.attempts() if one.outcome == "accepted"]
        loop.bounced(mail[0].model_copy(update={"outcome": "failed", "provider_id": "x"}))
        await asyncio.sleep(60)
        await ended(loop, running)

        assert world.asked == {("n1", "sms"): 1, ("n1", "mail"): 1}

    simulate(story)


def test_what_others_deliver_is_none_of_ours():
    async def story():
        world = World()
        world.notify(told())
        loop = loop_of(world)
        running = await accepted(world, loop, "n1")
        loop.bounced(bounce(world).model_copy(update={"notification": "elsewhere"}))
        await asyncio.sleep(5)
        await ended(loop, running)

        assert channels(world) == ["sms"]

    simulate(story)


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(notification(1), id="no other channel"),
        pytest.param(told(expires_at=AT - timedelta(seconds=1)), id="expired"),
    ],
)
def test_what_nothing_else_could_deliver_is_not_kept(one):
    handed = Handed()
    handed.keep(one, AT)

    assert handed.take("n1") is None


def test_of_too_many_the_newest_are_kept_each_for_one_time():
    handed = Handed(most=1)
    handed.keep(told(1), AT)
    handed.keep(told(2), AT)

    assert [handed.take(name) for name in ("n1", "n2", "n2")] == [None, told(2), None]


def key_of(value):
    try:
        return decode(DELIVERY, value).record_id().encode()
    except UnreadableError:
        return b"k"


class News:
    """A log whose news are these records."""

    def __init__(self, *values):
        self.values = values

    async def past(self, topic):
        for offset, value in enumerate(self.values):
            yield Record(topic.name, 0, offset, key_of(value), value)

    @asynccontextmanager
    async def news(self, topic):
        yield self.past(topic)


async def test_news_of_deliveries_are_heard_and_passed_on():
    world = World()
    world.notify(told())
    heard: list[DeliveryAttempt] = []
    accepted = {"outcome": "accepted", "provider_id": "SM1"}
    of = {"site": told().site, "notification": "n1", "group": "g1", "channel": "sms"}
    fields = of | {"recipient": "ana", "attempt": 1, "at": AT}
    first = DeliveryAttempt(**fields | accepted)
    last = first.model_copy(update={"outcome": "failed"})
    own = first.model_copy(update={"outcome": "failed", "provider_id": None})
    log = Listened(News(encode(first), b"?", encode(own), encode(last)), heard.append)

    async with log.news(DELIVERY) as records:
        assert len([one async for one in records]) == 4
    async with log.news(OPERATOR) as records:
        assert len([one async for one in records]) == 4
    assert heard == [last]


async def test_what_bounced_while_nobody_followed_is_heard_with_the_past():
    heard: list[DeliveryAttempt] = []
    of = {"site": told().site, "group": "g1", "channel": "sms", "recipient": "ana", "attempt": 1}

    def said(id, outcome):
        return DeliveryAttempt(**of, notification=id, outcome=outcome, provider_id="SM1", at=AT)

    first, last = said("n1", "failed"), said("n2", "failed")
    values = [first, said("n2", "accepted"), last, said("n3", "failed"), said("n3", "delivered")]
    log = Listened(News(*map(encode, values)), heard.append)

    assert len([one async for one in log.past(DELIVERY)]) == 5
    assert len([one async for one in log.past(OPERATOR)]) == 5
    assert heard == [first, last]


def test_a_past_that_is_told_again_sends_nothing_again():
    async def story():
        world = World()
        world.notify(told())
        loop = loop_of(world)
        running = await accepted(world, loop, "n1")
        bounce(world)
        for _ in range(3):
            log = Listened(News(*(encode(one) for one in world.attempts())), loop.bounced)
            assert [one async for one in log.past(DELIVERY)]
            await asyncio.sleep(5)
        await ended(loop, running)

        assert channels(world) == ["sms", "mail"]

    simulate(story)
