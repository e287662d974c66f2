"""A broker for what can wait: it sends no more than the readers of its records follow."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from typing import TYPE_CHECKING, Protocol

from plantstream.runtime import clock
from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.logs import get_logger
from plantstream.runtime.ports import Broker, Outgoing, TopicPartition

if TYPE_CHECKING:
    from plantstream.runtime.settings import DatabaseSettings, KafkaSettings

SHARE_S = 0.04
"""A share of records is as large as readers take in so long, besides the time that any share takes:
nobody else's records wait for longer."""
PAUSE_S = 0.1
"""Nothing is sent for so long after a share that readers worked for: others have their turn."""
LEAST_SHARE, LARGEST_SHARE = 20.0, 500.0
PROBES, PROBE_EVERY = 9, 20
"""So many shares at first, and then one of so many, are the least ones: the middle one of the
newest of them says how long any share takes."""
SHRINKS, GROWS = 0.5, 1.5
"""By how much the next share differs at most: a single one may be slow or quick by chance."""
LOOK_EVERY_S = 0.02
AWAY_AFTER_S = 10.0
"""A reader that gets nowhere for so long is not waited for until it moves again."""
GROUP_TELLS_AFTER_S = 8.0
"""An engine tells its group now and then, and later of what has no outputs (`ShellLimits`)."""

_Offsets = Mapping[TopicPartition, int]
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Follower:
    """A reader of what is sent."""

    name: str
    topics: Collection[str]
    reached: Callable[[], Awaitable[_Offsets]]
    """The next offset of each partition; nothing of a reader that never was there."""
    tells_after_s: float = 0.0
    """So much later than it was reached."""


@dataclass(frozen=True, slots=True)
class Time:
    """What waiting needs of time."""

    monotonic: Callable[[], float] = clock.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class Sending(Broker, Protocol):
    """A broker that says where records went."""

    written: dict[TopicPartition, int]


class FollowedBroker:
    """Sends a share, waits until its followers have it, and makes the next one fit.

    So what others send into the same partitions is late by one share at most, however much we have.
    """

    def __init__(
        self, broker: Sending, followers: Sequence[Follower], time: Time | None = None
    ) -> None:
        self._broker = broker
        self._time = time or Time()
        self._followers = [_Followed(one, self._time) for one in followers]
        self._share = _Share()

    async def send(self, records: Sequence[Outgoing]) -> None:
        """Return once all in-sync replicas have all of them, and readers had time for them.

        Raises:
            UnavailableError: try the same again; some may stand in the log already.
            RejectedError: the broker will never take one of these.
        """
        at = 0
        while at < len(records):
            share = records[at : at + self._share.records]
            await self._broker.send(share)
            at += len(share)
            began = self._time.monotonic()
            written = dict(self._broker.written)
            waited = [await one.follow(written) for one in self._followers]
            if any(waited):
                self._share.took(self._time.monotonic() - began, len(share))
                await self._time.sleep(PAUSE_S)


class _Share:
    """How many records are sent at a time."""

    def __init__(self) -> None:
        self._fitting, self._number = LEAST_SHARE, 0
        self._probed_s: deque[float] = deque(maxlen=PROBES)

    @property
    def records(self) -> int:
        """Of the next one."""
        return int(LEAST_SHARE if self._is_probe else self._fitting)

    @property
    def _is_probe(self) -> bool:
        return len(self._probed_s) < PROBES or self._number % PROBE_EVERY == 0

    def took(self, seconds: float, sent: int) -> None:
        """Readers had so many after so long. Fewer than might be sent tell only that it is slow."""
        if self._is_probe:
            self._probed_s.append(seconds)
        else:
            more_s = max(seconds - median(self._probed_s), LOOK_EVERY_S)
            if sent < self.records and more_s <= SHARE_S:
                return
            factor = min(max(sent / self._fitting * SHARE_S / more_s, SHRINKS), GROWS)
            self._fitting = min(max(self._fitting * factor, LEAST_SHARE), LARGEST_SHARE)
        self._number += 1


@dataclass(slots=True)
class _Followed:
    """One follower, and what it has been seen to do."""

    follower: Follower
    time: Time
    is_away: bool = False
    reached: _Offsets = field(default_factory=dict)
    sent: deque[tuple[float, _Offsets]] = field(default_factory=deque)

    async def follow(self, written: _Offsets) -> bool:
        """Wait until it has what it should have told of by now; whether it came while we waited."""
        now = self.time.monotonic()
        mine = {at: end for at, end in written.items() if at.topic in self.follower.topics}
        self.sent.append((now, mine))
        goal: _Offsets = {}
        while self.sent and self.sent[0][0] <= now - self.follower.tells_after_s:
            goal = self.sent.popleft()[1]
        left_at, has_waited = now + AWAY_AFTER_S, False
        while lacking := [at for at, end in goal.items() if self.reached.get(at, 0) < end]:
            has_waited = True
            if await self._look(lacking):
                left_at, self.is_away = self.time.monotonic() + AWAY_AFTER_S, False
            elif self.is_away or not self.reached:
                return False
            elif self.time.monotonic() > left_at:
                _log.warning("a reader does not move: not waited for", reader=self.follower.name)
                self.is_away = True
            else:
                await self.time.sleep(LOOK_EVERY_S)
        return has_waited

    async def _look(self, places: Sequence[TopicPartition]) -> bool:
        """Whether it has moved in any of these since."""
        try:
            reached = await self.follower.reached()
        except UnavailableError:
            return False
        moved = any(reached.get(at, 0) > self.reached.get(at, 0) for at in places)
        self.reached = reached
        return moved


@asynccontextmanager
async def followers(
    kafka: "KafkaSettings", database: "DatabaseSettings"
) -> AsyncIterator[list[Follower]]:
    """The sink, by what is in SQL, and every engine, by what its group was told."""
    from plantstream.commands.consumer_groups import known_groups
    from plantstream.commands.sink import GROUP
    from plantstream.runtime.kafka.admin import Groups
    from sinks.timescale.stored import Stored

    readers = {
        group: {topic.name for topic in topics} for group, (topics, _) in known_groups().items()
    }
    async with aclosing(Stored(database)) as stored, aclosing(Groups(kafka)) as groups:
        sink = Follower(GROUP, readers.pop(GROUP), stored.offsets)
        yield [
            sink,
            *(
                Follower(group, topics, partial(groups.reached, group), GROUP_TELLS_AFTER_S)
                for group, topics in readers.items()
            ),
        ]
