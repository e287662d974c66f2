"""Heat in the field: the truth about when reactors were hot, and how they tell it."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from ingest.input import Chunk, Sample
from schemas.partitioning import partition_of
from schemas.topics import PARTITIONS
from tests.simulation.story import START

HOT, COLD = 90.0, 20.0
MINUTE_MS = 60_000
CALLS_AFTER_MIN = 40
"""So long after the first message somebody else is called."""
BRIEF_MIN, LONG_MIN = (10.0, 15.0), (70.0, 80.0)
"""Far from the moment of the call on both sides: a process may be away for minutes."""
CALM_AFTER_S, AWAKE_AFTER_S = 60.0, 240.0
"""After all but the last heat nothing goes wrong any more, and by then all have recovered."""
REACTORS = ("r1", "r2")
SITE = "acme/north"
_PREFIX = f"{SITE}/hall/line/"

PLANT = """
enterprise: acme
site: north
name: A plant that gets hot
time_zone: UTC
calendars:
  always: {shifts: [{name: day, days: all, start: "00:00", end: "24:00"}]}
equipment_classes:
  reactor: {calendar: always, tags: [{name: temperature, unit: °C}]}
equipment:
  - {id: r1, area: hall, line: line, class: reactor}
  - {id: r2, area: hall, line: line, class: reactor}
chains: {first: {steps: [{endpoints: [first], wait: 40m}, {endpoints: [second]}]}}
channels:
  first: {type: webhook, url: "http://127.0.0.1/first", most_per_s: 1000}
  second: {type: webhook, url: "http://127.0.0.1/second", most_per_s: 1000}
alerts:
  matrix: {info: [], warning: [], critical: []}
  receivers: {all: {chain: first, cooldown: 0}}
  route: {receiver: all, group_by: [alertname, equipment], group_wait: 0, group_interval: 1s}
  flood: {more_than: 100000}
  cooldown: 0
alert_rules:
  - alert: Hot
    when: {tag: temperature, above: 80}
    severity: critical
    flapping: 0
    summary: "{{ equipment }} at {{ value }} {{ unit }}"
"""


@dataclass(frozen=True, slots=True)
class Heat:
    """A reactor was hot from one moment to another."""

    reactor: str
    start: datetime
    end: datetime

    @property
    def name(self) -> tuple[str, datetime]:
        """As messages name it."""
        return self.reactor, self.start

    @property
    def is_long(self) -> bool:
        """Whether somebody else is called about it."""
        return self.end - self.start > timedelta(minutes=CALLS_AFTER_MIN)


@dataclass(frozen=True)
class HeatStory:
    """All heats, and the samples that tell of them."""

    heats: tuple[Heat, ...]
    chunks: tuple[tuple[float, Chunk], ...]
    """With the second at which it can be read."""
    calm_s: float
    """From when on nothing goes wrong."""

    @property
    def last(self) -> Heat:
        """The one that comes when nothing goes wrong any more."""
        return self.heats[-1]

    @property
    def end_s(self) -> float:
        """When it is over."""
        return self.chunks[-1][0]

    @property
    def used_partitions(self) -> tuple[int, ...]:
        """Those of the reactors."""
        return tuple(sorted({partition_of(path(one).encode(), PARTITIONS) for one in REACTORS}))


@dataclass(frozen=True)
class HeatTelling:
    """The field as an input of the edge agent."""

    story: HeatStory

    async def chunks(self, position: str | None) -> AsyncIterator[Chunk]:
        """From this position on."""
        loop = asyncio.get_running_loop()
        for at_s, chunk in self.story.chunks[int(position or 0) :]:
            await asyncio.sleep(max(0.0, at_s - loop.time()))
            yield chunk


def path(reactor: str) -> str:
    """As events name it."""
    return _PREFIX + reactor


def heat_story(seed: int) -> HeatStory:
    """Each reactor gets hot a few times, mostly for a moment, once perhaps for long."""
    rng = random.Random(f"heat {seed}")
    heats: list[Heat] = []
    told: list[tuple[int, Sample]] = [(0, _sample(one, 0, COLD)) for one in REACTORS]
    for reactor in REACTORS:
        at_ms = 0
        for turn in range(rng.randint(2, 4)):
            is_long = turn == 1 and rng.random() < 0.4
            at_ms += int(rng.uniform(2, 8) * MINUTE_MS)
            length_min = rng.uniform(*(LONG_MIN if is_long else BRIEF_MIN))
            heats.append(_told_of(told, reactor, at_ms, length_min))
            at_ms = told[-1][0]
    told.sort(key=lambda one: one[0])
    calm_s = told[-1][0] / 1000 + CALM_AFTER_S
    heats.append(_told_of(told, rng.choice(REACTORS), int(1000 * (calm_s + AWAKE_AFTER_S))))
    chunks = tuple(
        (at / 1000, Chunk((sample,), str(number + 1))) for number, (at, sample) in enumerate(told)
    )
    return HeatStory(tuple(heats), chunks, calm_s)


def _told_of(
    told: list[tuple[int, Sample]], reactor: str, at_ms: int, length_min: float = BRIEF_MIN[0]
) -> Heat:
    """A heat, and the two samples that tell of it."""
    end_ms = at_ms + int(length_min * MINUTE_MS)
    told += [(at_ms, _sample(reactor, at_ms, HOT)), (end_ms, _sample(reactor, end_ms, COLD))]
    return Heat(reactor, _moment(at_ms), _moment(end_ms))


def _sample(reactor: str, at_ms: int, value: float) -> Sample:
    return Sample(path(reactor), "temperature", value, _moment(at_ms))


def _moment(at_ms: int) -> datetime:
    return START + timedelta(milliseconds=at_ms)
