"""What waits for the agent stays within bounds, and what is dropped is told."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from ingest.inputs.mqtt.inbox import (
    MAX_AT_QOS_1,
    Answered,
    Connected,
    Dropped,
    Inbox,
    Message,
)
from ingest.inputs.mqtt.translator import Delivered

START = datetime(2026, 3, 1, tzinfo=UTC)


class Nobody:
    def acknowledge(self, identifier: int) -> None:
        raise AssertionError(identifier)


def message(second: int, payload: bytes = b"x", qos: int = 0, topic: str = "t") -> Message:
    at = START + timedelta(seconds=second)
    delivered = Delivered(topic, payload, len(payload), at, qos=qos)
    return Message(delivered, second, again=False, via=Nobody())


async def taken(inbox: Inbox) -> list:
    inbox.close()
    found = []
    while items := await inbox.some(128):
        found += items
    return found


@pytest.mark.parametrize(
    ("inbox", "payload"),
    [
        pytest.param(lambda: Inbox(max_messages=2), b"x", id="messages"),
        pytest.param(lambda: Inbox(max_bytes=20), b"x" * 10, id="bytes"),
    ],
)
async def test_messages_at_qos_0_beyond_the_bound_are_dropped_and_told_once(inbox, payload):
    box = inbox()
    for second in range(5):
        box.put(message(second, payload))

    found = await taken(box)

    assert [one.delivered.payload for one in found[:-1]] == [payload, payload]
    assert found[-1] == Dropped("t", START + timedelta(seconds=2), START + timedelta(seconds=4), 3)


async def test_there_is_room_again_once_something_was_taken():
    box = Inbox(max_messages=1)
    box.put(message(0))
    box.put(message(1))
    assert len(await box.some(128)) == 2
    box.put(message(2))
    assert [one.identifier for one in await box.some(128) if isinstance(one, Message)] == [2]


async def test_at_qos_1_the_network_waits_until_something_was_taken():
    box = Inbox()
    for second in range(MAX_AT_QOS_1):
        assert box.admit(0)
        box.put(message(second, qos=1))
    found = [(box.is_full, await asyncio.to_thread(box.admit, 0.01))]

    assert len(await box.some(128)) == 128

    found.append((box.is_full, await asyncio.to_thread(box.admit, 0.01)))
    assert found == [(True, False), (False, True)]


async def test_signs_of_life_do_not_pile_up():
    box = Inbox()
    box.put(Connected(START, resumed=True))
    for second in range(100):
        box.put(Answered(START + timedelta(seconds=second)))
    assert await taken(box) == [
        Connected(START, resumed=True),
        Answered(START + timedelta(seconds=99)),
    ]
