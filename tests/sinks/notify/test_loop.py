"""The notifier's loop, in simulated time."""

import asyncio
from datetime import timedelta
from itertools import pairwise

import pytest
from prometheus_client import CollectorRegistry

from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.ports import Assigned, TopicPartition
from schemas.topics import NOTIFICATION
from sinks.notify.breaker import Resting
from sinks.notify.delivery import Retrying
from sinks.notify.limits import NotifyLimits
from sinks.notify.loop import NotifyLoop
from sinks.notify.message import Sent, TemporaryError
from sinks.notify.meters import NotifyMeters
from sinks.notify.ports import NotifyPorts, NotifyTime
from tests.simulation.clockwork import SimulatedLoop, simulate
from tests.sinks.notify.doubles import (
    RATES,
    Inbox,
    World,
    fail,
    loop_of,
    now,
    refuse,
    run_until,
    seconds,
)
from tests.sinks.notify.notifications import AT, notification


def told_once(world, *ids):
    return [one[0] for one in world.arrived] == list(ids)


def test_a_notification_has_its_intent_recorded_before_and_its_outcome_after_it_is_sent():
    async def story():
        world = World()
        world.notify(notification(1))
        await run_until(loop_of(world), lambda: world.over() == {"n1"})

        assert [(one.outcome, one.attempt, one.repeated) for one in world.attempts()] == [
            ("intent", 1, False),
            ("accepted", 1, False),
        ]
        assert world.attempts()[1].provider_id == "p-n1"
        assert world.attempts()[1].alerts == (notification(1).alerts[0].alert_id(),)
        assert told_once(world, "n1")

    simulate(story)


def test_what_is_published_again_is_not_sent_again():
    async def story():
        world = World()
        world.notify(notification(1), notification(1))
        await run_until(loop_of(world), lambda: bool(world.over()))
        world.notify(notification(1), notification(2))
        await run_until(loop_of(world), lambda: len(world.over()) == 2)

        assert told_once(world, "n1", "n2")

    simulate(story)


def test_a_lost_offset_sends_nothing_again():
    async def story():
        world = World()
        world.notify(*(notification(n, group=f"g{n}") for n in range(20)))
        await run_until(loop_of(world), lambda: len(world.over()) == 20)
        world.committed.clear()
        world.notify(notification(99))
        await run_until(loop_of(world), lambda: "n99" in world.over())

        assert len(world.arrived) == 21

    simulate(story)


def test_an_intent_without_outcome_is_sent_once_more_and_marked():
    async def story():
        world = World()
        world.notify(notification(1))
        await run_until(loop_of(world), lambda: bool(world.over()))
        world.lose_outcomes()
        await run_until(loop_of(world), lambda: bool(world.over()))

        assert [(one[0], one[2]) for one in world.arrived] == [("n1", False), ("n1", True)]

    simulate(story)


def test_who_stood_still_and_was_given_up_by_the_group_sends_nothing():
    async def story():
        world, clock = World(), asyncio.get_running_loop()
        assert isinstance(clock, SimulatedLoop)
        notifier = loop_of(world)
        running = asyncio.create_task(notifier.run())
        await asyncio.sleep(5)
        world.notify(notification(1))
        world.lost = {TopicPartition(NOTIFICATION.name, n) for n in range(NOTIFICATION.partitions)}
        clock.stand_still(30)
        await asyncio.sleep(5)
        assert world.arrived == []
        assert world.attempts() == []

        world.lost.clear()
        notifier.stop()
        await running
        await run_until(loop_of(world), lambda: bool(world.over()))
        assert told_once(world, "n1")

    simulate(story)


def test_who_was_given_up_while_it_read_nothing_sends_nothing():
    """A broker that is out of reach looks like one that has no news."""

    async def story():
        world = World()
        notifier = loop_of(world)
        running = asyncio.create_task(notifier.run())
        await asyncio.sleep(5)
        world.lost = {TopicPartition(NOTIFICATION.name, n) for n in range(NOTIFICATION.partitions)}
        await asyncio.sleep(3)
        world.notify(notification(1))
        await asyncio.sleep(5)
        assert world.arrived == []

        notifier.stop()
        await running

    simulate(story)


def test_who_was_given_up_while_it_took_over_sends_nothing():
    class Away(World):
        async def read(self, partitions):
            await asyncio.sleep(30)
            async for record in super().read(partitions):
                yield record

    async def story():
        world = Away()
        world.notify(notification(1))
        notifier = loop_of(world)
        running = asyncio.create_task(notifier.run())
        await asyncio.sleep(10)
        world.lost = {TopicPartition(NOTIFICATION.name, n) for n in range(NOTIFICATION.partitions)}
        await asyncio.sleep(30)
        assert world.arrived == []

        notifier.stop()
        await running

    simulate(story)


def test_who_hears_of_others_while_the_group_answers_sends_nothing_of_before():
    """The group may count on it again by then; what others sent meanwhile it does not know yet."""

    class Slow(Inbox):
        dealt = False

        async def poll(self, limit):
            if seconds() > 25 and not self.dealt:
                self.dealt, self._next = True, None
                return Assigned(frozenset())
            return await super().poll(limit)

        async def is_ours(self, partition):
            if 10 < seconds() < 40:
                await asyncio.sleep(20)
            return await super().is_ours(partition)

    async def story():
        world = World(answering=fail(1, "mail"), inbox=Slow)
        world.notify(notification(1))
        notifier = loop_of(world, retrying=Retrying(first_s=15))
        await run_until(notifier, lambda: bool(world.over()))
        assert [(one[0], one[2]) for one in world.arrived] == [("n1", True)]

    simulate(story)


def test_the_group_is_asked_while_nothing_waits_so_that_no_message_has_to():
    async def story():
        world = World()
        notifier = loop_of(world)
        running = asyncio.create_task(notifier.run())
        await asyncio.sleep(30)
        asked = world.asked_group
        world.notify(notification(1))
        while not world.arrived:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)
        assert asked >= 10
        assert world.asked_group == asked

        notifier.stop()
        await running

    simulate(story)


def test_who_has_as_much_open_as_he_may_hears_that_others_have_it_now():
    class Dealt(Inbox):
        async def poll(self, limit):
            if seconds() < 60:
                return await super().poll(limit)
            await asyncio.sleep(1)
            return Assigned(frozenset())

    async def story():
        world = World(answering=fail(999, "mail"))
        world.notify(notification(1), notification(2, group="g2"))
        ports = NotifyPorts(Dealt(world), world, world, world.deliver)
        time, meters = NotifyTime(now, asyncio.sleep, seconds), NotifyMeters(CollectorRegistry())
        notifier = NotifyLoop(ports, time, meters, NotifyLimits(RATES, most_open=2))
        running = asyncio.create_task(notifier.run())
        await asyncio.sleep(59)
        assert world.asked["n2", "mail"] > 1
        await asyncio.sleep(5)
        asked = dict(world.asked)
        await asyncio.sleep(600)
        assert world.asked == asked

        notifier.stop()
        await running

    simulate(story)


def test_a_provider_that_fails_is_asked_again_later_and_later():
    async def story():
        world = World(answering=fail(3, "mail"))
        world.notify(notification(1))
        await run_until(loop_of(world), lambda: bool(world.over()))

        outcomes = [outcome for _, outcome in world.outcomes("n1")]
        assert outcomes == ["intent", "failed"] * 3 + ["intent", "accepted"]
        assert 1.75 <= world.arrived[0][3] <= 3.7

    simulate(story)


def test_retry_after_is_obeyed():
    async def story():
        world = World(answering=fail(1, "mail", retry_after=20.0))
        world.notify(notification(1))
        await run_until(loop_of(world), lambda: bool(world.over()))

        assert world.arrived[0][3] == pytest.approx(20.0, abs=0.2)

    simulate(story)


def test_a_refused_message_is_not_tried_again():
    async def story():
        world = World(answering=refuse("mail"))
        world.notify(notification(1), notification(2, group="g2", channel="sms"))
        await run_until(loop_of(world), lambda: world.over() == {"n2"} and seconds() > 100)

        assert world.asked["n1", "mail"] == 1
        assert world.outcomes("n1") == [("mail", "intent"), ("mail", "refused")]

    simulate(story)


@pytest.mark.parametrize("restarts", [0, 1])
def test_a_channel_that_refuses_gives_way_to_the_next_at_once(restarts):
    async def story():
        world = World(answering=refuse("mail"))
        world.notify(notification(1, fallback=("sms", "chat")))
        for _ in range(restarts + 1):
            await run_until(loop_of(world), lambda: bool(world.over()))

        assert [(one[0], one[1]) for one in world.arrived] == [("n1", "sms")]
        assert world.arrived[0][3] < 0.2

    simulate(story)


def test_a_channel_that_fails_three_times_gives_way_to_the_next():
    async def story():
        world = World(answering=fail(99, "mail"))
        world.notify(notification(1, fallback=("sms",)))
        await run_until(loop_of(world), lambda: bool(world.over()))

        assert world.asked["n1", "mail"] == 3
        assert world.arrived[0][1] == "sms"

    simulate(story)


def test_a_provider_that_asks_for_an_hour_gives_way_to_the_next_channel():
    async def story():
        world = World(answering=fail(1, "mail", retry_after=3600.0))
        world.notify(notification(1, fallback=("sms",)))
        await run_until(loop_of(world), lambda: bool(world.over()))

        assert world.arrived[0][1] == "sms"
        assert world.arrived[0][3] < 1

    simulate(story)


def test_where_the_fallback_refuses_the_first_channel_is_tried_on():
    async def both(told, channel, turn):
        return await (refuse("sms") if channel == "sms" else fail(5, "mail"))(told, channel, turn)

    async def story():
        world = World(answering=both)
        world.notify(notification(1, fallback=("sms",)))
        await run_until(loop_of(world), lambda: bool(world.over()))

        assert world.arrived[0][1] == "mail"
        assert world.asked["n1", "sms"] == 1

    simulate(story)


def test_messages_of_one_group_keep_their_order():
    async def story():
        world = World(answering=fail(2, "mail"))
        world.notify(*(notification(n) for n in range(5)))
        await run_until(loop_of(world), lambda: len(world.over()) == 5)

        assert [one[0] for one in world.arrived] == [f"n{n}" for n in range(5)]

    simulate(story)


def test_of_what_waits_the_most_severe_goes_first():
    async def story():
        world = World()
        severities = ["info", "warning", "critical"] * 5
        world.notify(
            *(notification(n, group=f"g{n}", severity=one) for n, one in enumerate(severities))
        )
        await run_until(loop_of(world, {"mail": 2.0}), lambda: len(world.over()) == 15)

        order = [severities[int(one[0][1:])] for one in world.arrived]
        assert order[1:6].count("critical") >= 4
        assert order[-5:] == ["info"] * 5

    simulate(story)


def test_a_channel_is_given_no_more_than_its_provider_takes():
    async def story():
        world = World()
        world.notify(*(notification(n, group=f"g{n}") for n in range(30)))
        await run_until(loop_of(world, {"mail": 10.0}), lambda: len(world.over()) == 30)

        times = [one[3] for one in world.arrived]
        gaps = [later - earlier for earlier, later in pairwise(times)]
        assert min(gaps) > 0.09
        assert times[-1] < 4

    simulate(story)


def test_a_provider_that_hangs_delays_no_other_channel():
    async def hang(told, channel, _):
        if channel == "mail":
            await asyncio.sleep(30)
            raise TemporaryError("no answer", unclear=True)
        return Sent(told.id)

    async def story():
        world = World(answering=hang)
        world.notify(*(notification(n, group=f"m{n}") for n in range(200)))

        def later():
            if seconds() > 5 and len(world.ids()) == 200:
                sms = (notification(n, group=f"s{n}", channel="sms") for n in range(200, 230))
                world.notify(*sms)
            return len(world.over()) == 30

        await run_until(loop_of(world), later)

        assert max(one[3] for one in world.arrived) < 6

    simulate(story)


def test_never_more_than_64_messages_have_an_intent_and_no_outcome():
    async def slow(told, _channel, _turn):
        await asyncio.sleep(1)
        return Sent(told.id)

    async def story():
        world = World(answering=slow)
        names = [f"c{n}" for n in range(40)]
        world.notify(
            *(notification(n, group=f"g{n}", channel=names[n % 40]) for n in range(400)),
        )
        most = 0

        def watch():
            nonlocal most
            intents = sum(one.outcome == "intent" for one in world.attempts())
            most = max(most, intents - len(world.over()))
            return len(world.over()) == 400

        await run_until(loop_of(world, dict.fromkeys(names, 1000.0)), watch)

        assert 30 < most <= 64

    simulate(story)


def test_a_provider_that_is_down_is_left_alone_and_tried_with_one_message():
    async def down(told, channel, _):
        if channel == "mail" and seconds() < 60:
            raise TemporaryError("HTTP 503")
        return Sent(told.id)

    async def story():
        world = World(answering=down)
        world.notify(*(notification(n, group=f"g{n}") for n in range(50)))
        registry = CollectorRegistry()
        loop = loop_of(world, resting=Resting(8, 5.0, 20.0), registry=registry)
        seen = set()

        def watch():
            name = "plantstream_notify_resting"
            seen.add(registry.get_sample_value(name, {"channel": "mail"}))
            return len(world.over()) == 50

        await run_until(loop, watch)

        failed = sum(one.outcome == "failed" for one in world.attempts())
        assert failed < 50
        assert {0.0, 1.0} <= seen

    simulate(story)


def test_while_a_provider_is_down_its_messages_take_the_fallback_without_trying_it():
    async def story():
        world = World(answering=fail(999, "mail"))
        world.notify(*(notification(n, group=f"g{n}", fallback=("sms",)) for n in range(100)))
        await run_until(loop_of(world), lambda: len(world.over()) == 100)

        tried = sum(times for (_, channel), times in world.asked.items() if channel == "mail")
        assert tried < 60
        assert {one[1] for one in world.arrived} == {"sms"}

    simulate(story)


def test_what_is_too_late_is_not_sent_and_said_so():
    async def story():
        world = World(answering=fail(999, "mail"))
        world.notify(notification(1, expires_at=AT + timedelta(minutes=5)))
        await run_until(loop_of(world), lambda: bool(world.over()))

        last = world.attempts()[-1]
        assert last.outcome == "expired"
        assert "2026-11-21T14:10:12" in last.detail
        assert 300 <= (last.at - AT).total_seconds() < 301

    simulate(story)


def test_a_message_that_was_too_late_when_it_was_read_is_not_sent():
    async def story():
        world = World()
        world.notify(notification(1, expires_at=AT))
        await run_until(loop_of(world), lambda: bool(world.over()))

        assert world.arrived == []
        assert world.outcomes("n1") == [("mail", "expired")]

    simulate(story)


def test_while_kafka_is_away_nothing_is_sent_without_its_intent():
    async def story():
        world = World()
        world.notify(notification(1))
        world.failures = [UnavailableError("away")] * 6
        await run_until(loop_of(world), lambda: bool(world.over()))

        assert told_once(world, "n1")
        assert 1 < world.arrived[0][3] < 5

    simulate(story)


def test_bytes_that_are_no_notification_are_buried_and_the_rest_goes_on():
    async def story():
        world = World()
        world.append(NOTIFICATION.name, 3, b"x", b"{no json")
        world.notify(notification(1))
        await run_until(loop_of(world), lambda: bool(world.over()))

        assert world.letters() == 1
        assert world.committed[TopicPartition(NOTIFICATION.name, 3)] == 1

    simulate(story)


def test_offsets_are_committed_only_where_nothing_before_is_open():
    async def one_fails(told, _channel, _turn):
        if told.id == "n3":
            raise TemporaryError("HTTP 503")
        return Sent(told.id)

    async def story():
        world = World(answering=one_fails)
        world.notify(*(notification(n, recipient=f"p{n}") for n in range(6)))
        await run_until(loop_of(world), lambda: len(world.over()) == 5 and seconds() > 10)

        assert set(world.committed.values()) - {0} == {3}

    simulate(story)


def test_the_same_message_waits_the_same_time_again():
    async def times():
        world = World(answering=fail(6, "mail"))
        world.notify(*(notification(n, group=f"g{n}") for n in range(4)))
        await run_until(
            loop_of(world, retrying=Retrying(), resting=Resting(failures=10**6)),
            lambda: len(world.over()) == 4,
        )
        return sorted((one[0], round(one[3], 1)) for one in world.arrived)

    first = simulate(times)

    assert first == simulate(times)
    assert len({when for _, when in first}) > 1, "they come in step"


def test_outcomes_are_counted_by_channel():
    async def story():
        world, registry = World(answering=fail(2, "mail")), CollectorRegistry()
        world.notify(notification(1))
        await run_until(loop_of(world, registry=registry), lambda: bool(world.over()))

        def count(outcome):
            name = "plantstream_notify_attempts_total"
            return registry.get_sample_value(name, {"channel": "mail", "outcome": outcome})

        assert (count("failed"), count("accepted")) == (2, 1)
        assert now() > AT

    simulate(story)
