"""What the network delivered and the agent has not asked for yet: bounded, in order."""

import asyncio
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ingest.inputs.mqtt.translator import Delivered

MAX_AT_QOS_0 = 10_000
MAX_BYTES_AT_QOS_0 = 64 * 1024 * 1024
"""Messages at QoS 0 wait here within these; what comes then is lost and told of."""
MAX_AT_QOS_1 = 512
"""Messages at QoS 1 that wait here; the others wait at the broker."""


class Acknowledger(Protocol):
    """The connection that a message came through."""

    def acknowledge(self, identifier: int) -> None:
        """The message with this packet identifier is stored; nothing happens once it is lost."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message with what its acknowledgement needs."""

    delivered: Delivered
    identifier: int
    again: bool
    """The broker has sent it before (DUP)."""
    via: Acknowledger


@dataclass(frozen=True, slots=True)
class Connected:
    """The broker took us in; `resumed` if it had kept our session."""

    at: datetime
    resumed: bool


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The connection is gone."""

    reason: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The broker was there at this moment."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Refused:
    """The broker does not let us read these topics."""

    topic: str
    reason: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """Messages at QoS 0 found no room."""

    topic: str
    start: datetime
    end: datetime
    messages: int


Item = Message | Connected | Interrupted | Answered | Refused | Dropped


class Inbox:
    """A queue of items. Where it is full, new messages at QoS 0 are dropped and told of."""

    def __init__(
        self, max_messages: int = MAX_AT_QOS_0, max_bytes: int = MAX_BYTES_AT_QOS_0
    ) -> None:
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._items: deque[Item] = deque()
        self._messages = 0
        self._bytes = 0
        self._room = threading.Semaphore(MAX_AT_QOS_1)
        self._granted = 0
        self._dropped: dict[str, Dropped] = {}
        self._changed = asyncio.Event()
        self._closed = False

    def __len__(self) -> int:
        return len(self._items) + len(self._dropped)

    @property
    def is_full(self) -> bool:
        """Whether the network has to wait for the agent."""
        return self._granted >= MAX_AT_QOS_1

    def admit(self, within_s: float) -> bool:
        """Wait for room for one message at QoS 1; called in the network's thread.

        A broker may send more than Receive Maximum (mosquitto before 2.0.12 does): what is not read
        from the socket waits there.
        """
        return self._room.acquire(timeout=within_s)

    def put(self, item: Item) -> None:
        """Take this, if there is room."""
        if isinstance(item, Message) and item.delivered.qos == 0:
            if not self._has_room(item.delivered):
                self._drop(item.delivered)
                return
            self._messages += 1
            self._bytes += len(item.delivered.payload)
        elif isinstance(item, Message):
            self._granted += 1
        if isinstance(item, Answered) and self._items and isinstance(self._items[-1], Answered):
            self._items.pop()
        self._items.append(item)
        self._changed.set()

    def close(self) -> None:
        """Nothing more will come."""
        self._closed = True
        self._changed.set()

    async def some(self, limit: int, until_s: float | None = None) -> list[Item]:
        """The oldest items, as soon as there are any; none at that time by the loop's clock.

        None as well once nothing more will come.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until_s):
                while not len(self) and not self._closed:
                    self._changed.clear()
                    await self._changed.wait()
        return self._take(limit)

    def _take(self, limit: int) -> list[Item]:
        taken: list[Item] = []
        while self._items and len(taken) < limit:
            item = self._items.popleft()
            if isinstance(item, Message):
                self._free(item.delivered)
            taken.append(item)
        if not self._items:
            taken += self._dropped.values()
            self._dropped.clear()
        return taken

    def _free(self, message: Delivered) -> None:
        if message.qos == 0:
            self._messages -= 1
            self._bytes -= len(message.payload)
        else:
            self._granted -= 1
            self._room.release()

    def _has_room(self, message: Delivered) -> bool:
        return (
            not self._dropped
            and self._messages < self._max_messages
            and self._bytes + len(message.payload) <= self._max_bytes
        )

    def _drop(self, message: Delivered) -> None:
        """Until all that waits is taken, so that the loss has one place among what came."""
        at, before = message.arrival, self._dropped.get(message.topic)
        start, messages = (before.start, before.messages) if before else (at, 0)
        self._dropped[message.topic] = Dropped(message.topic, start, at, messages + 1)
        self._changed.set()
