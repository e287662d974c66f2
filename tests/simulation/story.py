"""What happens in the field: the truth about some machines, and how they tell it."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ingest.input import Chunk, Sample, Value
from schemas.partitioning import partition_of
from schemas.topics import PARTITIONS

START = datetime(2026, 3, 2, 13, 35, tzinfo=UTC)
"""Shortly before the early shift ends."""
SHIFT_ENDS_MS = 25 * 60_000
MINOR_STOP_S = 60
IDEAL_US = {"fast": 500_000, "slow": 2_000_000}
STATES = ("running", "unplanned_stop", "setup", "planned_stop", "delay")
LATEST_MS = 4_900
"""How late a sample may come; the engine waits for 5 s."""

PLANT = """
enterprise: acme
site: north
name: A plant in a story
time_zone: UTC
calendars:
  always:
    shifts:
      - {{name: early, start: "06:00", end: "14:00"}}
      - {{name: late, start: "14:00", end: "22:00"}}
      - {{name: night, start: "22:00", end: "06:00"}}
equipment_classes:
  machine:
    calendar: always
    minor_stop_s: 60
    tags:
      - name: state
        means: state
        states: {{running: running, unplanned_stop: unplanned_stop, setup: setup,
                 planned_stop: planned_stop, delay: delay}}
      - {{name: good, means: good_count}}
      - {{name: scrap, means: scrap_count}}
      - {{name: batch, means: batch}}
      - {{name: product, means: product}}
equipment:
{equipment}
products:
  - {{id: fast, ideal_cycle_s: 0.5}}
  - {{id: slow, ideal_cycle_s: 2}}
"""
_PREFIX = "acme/north/hall/line/"


@dataclass
class MachineStory:
    """The truth about one machine, in milliseconds since the beginning."""

    name: str
    states: list[tuple[int, str]] = field(default_factory=list)
    counts: list[tuple[int, str, int]] = field(default_factory=list)
    """When, `good` or `scrap`, how many more."""
    batches: list[tuple[int, str]] = field(default_factory=list)
    """From when on; an empty name is no batch."""
    products: list[tuple[int, str]] = field(default_factory=list)

    @property
    def path(self) -> str:
        """As events name it."""
        return _PREFIX + self.name


@dataclass
class Story:
    """The truth about all machines up to `end_ms`, and what the edge reads of it."""

    machines: list[MachineStory]
    end_ms: int
    chunks: list[tuple[float, Chunk]]
    """With the second at which it can be read."""

    @property
    def plant(self) -> str:
        """The plant file."""
        lines = (
            f"  - {{id: {one.name}, area: hall, line: line, class: machine}}"
            for one in self.machines
        )
        return PLANT.format(equipment="\n".join(lines))

    @property
    def used_partitions(self) -> tuple[int, ...]:
        """Those of these machines."""
        return tuple(sorted({_partition(one.path) for one in self.machines}))


@dataclass(frozen=True)
class Telling:
    """The field as an input of the edge agent: a chunk is there when its time has come."""

    story: Story

    async def chunks(self, position: str | None) -> AsyncIterator[Chunk]:
        """From this position on."""
        loop = asyncio.get_running_loop()
        for at_s, chunk in self.story.chunks[int(position or 0) :]:
            await asyncio.sleep(max(0.0, at_s - loop.time()))
            yield chunk


def story(seed: int, minutes: int = 50) -> Story:
    """Two machines, on one partition or on two, for fifty minutes."""
    rng = random.Random(f"story {seed}")
    second = _neighbour("press", same=rng.random() < 0.5)
    end_ms = minutes * 60_000
    machines = [_machine(rng, name, end_ms) for name in ("press", second)]
    return Story(machines, end_ms, _told(rng, machines))


def small_story() -> Story:
    """One machine for three minutes: a batch that the next one ends, a short stop, late counts."""
    machine = MachineStory(
        "press",
        states=[
            (0, "running"),
            (50_000, "unplanned_stop"),
            (80_000, "running"),
            (180_000, "setup"),
        ],
        counts=[(20_000, "good", 7), (61_500, "scrap", 2), (90_000, "good", 5)],
        batches=[(10_000, "b0"), (60_000, "b1"), (150_000, "")],
        products=[(0, "fast"), (60_000, "slow")],
    )
    return Story([machine], 180_000, _told(random.Random(1), [machine]))


def _neighbour(name: str, *, same: bool) -> str:
    """A machine whose events stand in the same partition, or in another one."""
    home = _partition(_PREFIX + name)
    names = (f"filler-{number}" for number in range(1000))
    return next(one for one in names if (_partition(_PREFIX + one) == home) is same)


def _partition(path: str) -> int:
    return partition_of(path.encode(), PARTITIONS)


def _machine(rng: random.Random, name: str, end_ms: int) -> MachineStory:
    taken = {0, end_ms}

    def moments(mean_s: float) -> list[int]:
        return _moments(rng, mean_s, end_ms, taken)

    machine = MachineStory(name, states=[(0, "running")], products=[(0, "fast")])
    for at in [*moments(150), end_ms]:
        others = [one for one in STATES if one != machine.states[-1][1]]
        machine.states.append((at, rng.choice(others)))
    machine.counts += [(at, "good", rng.randint(1, 60)) for at in moments(90)]
    machine.counts += [(at, "scrap", rng.randint(1, 5)) for at in moments(300)]
    for number, at in enumerate(moments(min(500, end_ms / 3000))):
        machine.batches.append((at, "" if rng.random() < 0.3 else f"b{number}"))
        if rng.random() < 0.5:
            machine.products.append((at, rng.choice(list(IDEAL_US))))
    machine.batches.append((end_ms, ""))
    return machine


def _moments(rng: random.Random, mean_s: float, end_ms: int, taken: set[int]) -> list[int]:
    """Moments at which nothing else happens to the machine."""
    found, at = [], 0
    while (at := at + 1 + int(rng.expovariate(1 / mean_s) * 1000)) < end_ms:
        if at not in taken:
            taken.add(at)
            found.append(at)
    return found


def _told(rng: random.Random, machines: Sequence[MachineStory]) -> list[tuple[float, Chunk]]:
    """Samples in the order in which they arrive: each tag in order, one tag later than another."""
    arrivals = []
    for machine in machines:
        for tag, values in _tags(machine).items():
            arrival = 0
            for at, value in values:
                late = rng.randint(1, LATEST_MS) if at and rng.random() < 0.4 else 0
                arrival = max(arrival, at + late)
                moment = START + timedelta(milliseconds=at)
                arrivals.append((arrival, Sample(machine.path, tag, value, moment)))
    arrivals.sort(key=lambda one: one[0])
    return _chunks(rng, arrivals)


def _tags(machine: MachineStory) -> dict[str, list[tuple[int, Value]]]:
    counters: dict[str, list[tuple[int, Value]]] = {"good": [(0, 0)], "scrap": [(0, 0)]}
    sums = dict.fromkeys(counters, 0)
    for at, kind, more in machine.counts:
        sums[kind] += more
        counters[kind].append((at, sums[kind]))
    return {
        "state": list(machine.states),
        "product": list(machine.products),
        "batch": [(0, ""), *machine.batches],
        **counters,
    }


def _chunks(
    rng: random.Random, arrivals: Sequence[tuple[int, Sample]]
) -> list[tuple[float, Chunk]]:
    chunks: list[tuple[float, Chunk]] = []
    waiting: list[Sample] = []
    due = 0
    for arrival, sample in arrivals:
        if waiting and arrival > due:
            chunks.append((due / 1000, Chunk(tuple(waiting), str(len(chunks) + 1))))
            waiting = []
        if not waiting:
            due = arrival + (rng.randint(0, 120_000) if arrival else 0)
        waiting.append(sample)
    chunks.append((due / 1000, Chunk(tuple(waiting), str(len(chunks) + 1))))
    return chunks
