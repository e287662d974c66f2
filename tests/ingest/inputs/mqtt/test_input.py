"""The input against a real mosquitto: what is said arrives, and what is missed is told."""

import asyncio
import json
from contextlib import aclosing, closing, suppress
from datetime import UTC, datetime

import pytest

from ingest.input import Alive, Missed, Sample, Unreadable
from ingest.inputs.mqtt.inbox import MAX_AT_QOS_1, Inbox, Message
from ingest.inputs.mqtt.input import MqttInput
from plantstream.runtime import clock
from tests.ingest.inputs.mqtt.conftest import PATH, TOPIC, LiveNode, source
from tests.ingest.inputs.mqtt.sparkplug_kit import STRING, UINT64, FakeNode, Sent

BACK_WITHIN_S = 5.0
SAVED_AT_ONCE = ("autosave_interval 1", "autosave_on_changes true")
MOMENT = datetime(2026, 3, 1, 6, 0, 0, 123000, UTC)


def kinds(seen, kind):
    return [one for one in seen if isinstance(one, kind)]


def values(seen, tag="n"):
    return [one.value for one in kinds(seen, Sample) if one.tag == tag]


def numbered(number: int) -> str:
    return json.dumps({"n": number})


async def say(publisher, topic, payload, **options):
    await asyncio.to_thread(publisher.say, topic, payload, **options)


async def connected(heard, publisher):
    """Return once what is published is heard."""
    for _ in range(100):
        await say(publisher, TOPIC, numbered(0))
        try:
            await heard.until(lambda seen: 0 in values(seen), limit_s=0.2)
        except TimeoutError:
            continue
        return
    raise AssertionError("nothing is heard")


async def test_json_of_mosquitto_arrives_with_type_and_time(
    mosquitto, publishing, equipment, listening
):
    broker = mosquitto()
    with publishing(broker) as device:
        async with listening(source(broker), equipment()) as heard:
            await connected(heard, device)
            await say(device, "plant/text", json.dumps({"v": ["run"], "at": MOMENT.isoformat()}))
            seen = await heard.until(lambda seen: values(seen, "text") and kinds(seen, Alive))
    assert Sample(PATH, "text", "run", MOMENT) in seen
    (first, *_) = kinds(seen, Sample)
    assert abs((first.source_time - clock.now()).total_seconds()) < 30


async def test_sparkplug_of_mosquitto_is_born_on_request_and_dies(
    mosquitto, equipment, listening, metrics
):
    broker, fake = mosquitto(), FakeNode()
    born = lambda: fake.birth(  # noqa: E731
        clock.now(), Sent("state", "run", STRING, alias=1), Sent("parts", 5, UINT64, alias=2)
    )
    with closing(LiveNode(broker.port, fake, born)) as node:
        async with listening(source(broker), equipment(*metrics)) as heard:
            await heard.until(lambda seen: values(seen, "parts") == [5] and kinds(seen, Alive))
            assert node.asked == 1

            node.tell(fake.data(clock.now(), Sent(value=2**64 - 1, alias=2)))
            await heard.until(lambda seen: values(seen, "parts")[-1] == 2**64 - 1)

            fake.skip()
            node.tell(fake.data(clock.now(), Sent(value=7, alias=2)))
            await heard.until(lambda seen: kinds(seen, Missed) and values(seen, "parts")[-1] == 5)

            node.tell(fake.death(), 1)
            seen = await heard.until(lambda seen: values(seen, "parts")[-1] is None)
    assert node.asked == 2
    assert 7 not in values(seen, "parts")
    assert kinds(seen, Missed)[-1].reason == "edge node plant/press went away"


async def test_what_mosquitto_delivered_and_nobody_stored_comes_again(
    mosquitto, publishing, equipment
):
    broker, total = mosquitto(), 500
    given, tags = source(broker), equipment()
    async with aclosing(MqttInput("line", given, tags).chunks(None)) as first:
        with publishing(broker) as device:
            waiting = asyncio.ensure_future(anext(first))
            while not waiting.done():
                await say(device, TOPIC, numbered(0))
            for number in range(1, total + 1):
                device.client.publish(TOPIC, numbered(number), 1)
            await say(device, TOPIC, numbered(total + 1))
        stored = list(values((await waiting).observations))
        position = (await waiting).position
        chunk = await anext(first)
        stored += values(chunk.observations)
        position = chunk.position
        # The second chunk is stored, and the crash comes before it can be acknowledged.

    repeated: list[object] = []
    async with aclosing(MqttInput("line", given, tags).chunks(position)) as second:
        while total + 1 not in repeated:
            async with asyncio.timeout(10):
                repeated += values((await anext(second)).observations)

    assert set(stored) | set(repeated) == set(range(total + 2))
    assert not {one for one in stored if one} & {one for one in repeated if one}


async def test_without_its_position_the_unacknowledged_messages_of_mosquitto_come_twice(
    mosquitto, publishing, equipment
):
    broker = mosquitto()
    given, tags = source(broker), equipment()
    seen = []
    with publishing(broker) as device:
        async with aclosing(MqttInput("line", given, tags).chunks(None)) as first:
            waiting = asyncio.ensure_future(anext(first))
            while not waiting.done():
                await say(device, TOPIC, numbered(1))
            seen.append(values((await waiting).observations))
        async with aclosing(MqttInput("line", given, tags).chunks(None)) as second:
            async with asyncio.timeout(10):
                seen.append(values((await anext(second)).observations))
    assert seen[0]
    assert seen[1][: len(seen[0])] == seen[0]


async def test_mosquitto_keeps_what_comes_while_the_edge_is_away(
    mosquitto, publishing, equipment, listening
):
    broker = mosquitto()
    given = source(broker)
    with publishing(broker) as device:
        async with listening(given, equipment()) as heard:
            await connected(heard, device)
            position = heard.position
        for number in range(1, 1001):
            device.client.publish(TOPIC, numbered(number), 1)
        await say(device, TOPIC, numbered(1001))
        async with listening(given, equipment(), position) as heard:
            seen = await heard.until(lambda seen: 1001 in values(seen))
    assert [one for one in values(seen) if one] == list(range(1, 1002))
    assert not kinds(seen, Missed)


async def test_mosquitto_killed_and_started_again_loses_nothing(
    mosquitto, publishing, equipment, listening
):
    broker = mosquitto("allow_anonymous true", *SAVED_AT_ONCE)
    with publishing(broker) as device:
        async with listening(source(broker), equipment()) as heard:
            await connected(heard, device)
            broker.kill()
            messages = [device.client.publish(TOPIC, numbered(one), 1) for one in range(1, 51)]
            await heard.lost()
            broker.start()
            back = clock.monotonic()
            seen = await heard.until(lambda seen: 50 in values(seen))
            assert clock.monotonic() - back < BACK_WITHIN_S
            for one in messages:
                await asyncio.to_thread(device.wait_for, one.mid)
    assert set(values(seen)) == set(range(51))
    assert not kinds(seen, Missed)


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        pytest.param(b"RUNNING", "no JSON", id="no JSON"),
        pytest.param(b"\xff\x00\xfe", "no JSON", id="bytes"),
        pytest.param(b'{"n": NaN}', "NaN is no JSON number", id="NaN"),
        pytest.param(b'{"n": {"x": 1}}', "n is an object", id="an object"),
        pytest.param(b'{"m": 1}', "it has no field n", id="another field"),
        pytest.param(b"x" * 10_000_000, "10000000 bytes", id="10 MB"),
        pytest.param(b"[" * 500_000, "nested too deeply", id="deeply nested"),
    ],
)
async def test_garbage_from_mosquitto_is_told_and_the_rest_goes_on(
    mosquitto, publishing, equipment, listening, payload, said
):
    broker = mosquitto()
    with publishing(broker) as device:
        async with listening(source(broker), equipment()) as heard:
            await connected(heard, device)
            await say(device, TOPIC, payload)
            await say(device, TOPIC, numbered(8))
            seen = await heard.until(lambda seen: 8 in values(seen))
    (told,) = kinds(seen, Unreadable)
    assert said in told.reason
    assert TOPIC in told.origin
    assert len(told.raw) <= 4096


async def test_sparkplug_garbage_from_mosquitto_is_told_and_the_node_born_again(
    mosquitto, equipment, listening, metrics
):
    broker, fake = mosquitto(), FakeNode()
    born = lambda: fake.birth(clock.now(), Sent("state", "run", STRING), Sent("parts", 5, UINT64))  # noqa: E731
    with closing(LiveNode(broker.port, fake, born)) as node:
        async with listening(source(broker), equipment(*metrics)) as heard:
            await heard.until(lambda seen: values(seen, "parts"))
            fake.skip()
            node.tell((fake.topic("NDATA"), b"\xff\xff garbage"))
            node.tell((fake.topic("NODDATA"), b""))
            node.tell(fake.data(clock.now(), Sent("parts", 6)))
            seen = await heard.until(lambda seen: len(values(seen, "parts")) == 2)
    assert kinds(seen, Missed)
    (told,) = kinds(seen, Unreadable)
    assert "no Sparkplug B payload" in told.reason


async def test_a_retained_message_of_mosquitto_counts_at_its_own_time_only(
    mosquitto, publishing, equipment, listening
):
    broker = mosquitto()
    with publishing(broker) as device:
        await say(device, TOPIC, numbered(3), retain=True)
        content = json.dumps({"v": ["run"], "at": MOMENT.isoformat()})
        await say(device, "plant/text", content, retain=True)
        async with listening(source(broker), equipment()) as heard:
            await heard.until(lambda seen: values(seen, "text"))
            await say(device, TOPIC, numbered(4))
            seen = await heard.until(lambda seen: 4 in values(seen))
    assert values(seen) == [4]
    assert [one.source_time for one in kinds(seen, Sample) if one.tag == "text"] == [MOMENT]


async def test_topics_of_an_earlier_plant_file_are_given_back_to_mosquitto(
    mosquitto, publishing, equipment, listening, metrics
):
    broker = mosquitto()
    given = source(broker)
    with publishing(broker) as device:
        async with listening(given, equipment()) as heard:
            await connected(heard, device)
        async with listening(given, equipment(*metrics)) as heard:
            async with asyncio.timeout(10):
                while await heard.notified_by(lambda: say(device, TOPIC, numbered(1))):
                    pass


async def test_what_a_slow_edge_cannot_take_waits_at_mosquitto(
    mosquitto, publishing, equipment, monkeypatch
):
    waiting: list[int] = []
    news = asyncio.Event()

    class Measured(Inbox):
        def put(self, item):
            super().put(item)
            waiting.append(len(self))
            if isinstance(item, Message):
                news.set()

    monkeypatch.setattr("ingest.inputs.mqtt.input.Inbox", Measured)
    broker, total = mosquitto(), 5_000
    seen: list[object] = []
    async with aclosing(MqttInput("line", source(broker), equipment()).chunks(None)) as chunks:
        with publishing(broker) as device:
            first = asyncio.ensure_future(anext(chunks))
            while not first.done():
                await say(device, TOPIC, numbered(0))
            for number in range(1, total):
                device.client.publish(TOPIC, numbered(number), 1)
            await say(device, TOPIC, numbered(total))
        async with asyncio.timeout(30):
            while total not in seen:
                seen += values((await anext(chunks)).observations)
                if len(waiting) < 2 * MAX_AT_QOS_1:
                    await silence(news)
    assert [one for one in seen if one] == list(range(1, total + 1))
    assert max(waiting) < MAX_AT_QOS_1 + 20


async def silence(news: asyncio.Event) -> None:
    """Return once there is nothing new for a while."""
    with suppress(TimeoutError):
        while True:
            async with asyncio.timeout(0.2):
                news.clear()
                await news.wait()
