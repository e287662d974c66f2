"""An engine that writes down what it is told, and ports in memory to drive the shell by."""

import json
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from prometheus_client import CollectorRegistry

from plantstream.runtime.errors import FencedError, UnavailableError
from plantstream.runtime.ports import Assigned, Outgoing, Record, TopicPartition
from processors.step import InForce, Output, Sites, Transition
from processors.streams.batch import Outcome, apply, read, tick, unread
from processors.streams.memory import Memory
from processors.streams.metrics import ProcessorMetrics
from processors.streams.ports import ShellLimits, ShellPorts
from processors.streams.shell import Shell
from schemas.codec import decode, encode
from schemas.deadletter import DeadLetter
from schemas.machine import Gap, MachineEvent
from schemas.partitioning import partition_of
from schemas.plant.load import PlantFile
from schemas.topics import DEADLETTER, KPI, MACHINE, OEE_STATE
from tests.makers import PATH, Machine, plant

NOW = datetime(2026, 3, 2, 7, tzinfo=UTC)
PLANT = plant()
PLANTS = {PLANT.version: PLANT}
HOME = partition_of(PATH.encode(), MACHINE.partitions)
"""The partition of the small plant's press."""
EVENTS = TopicPartition(MACHINE.name, HOME)
TICK_S = 10
COMMIT_S = 5


@dataclass(frozen=True)
class Told:
    """A state: everything it was told, in short words."""

    key: str
    words: tuple[str, ...] = ()
    plant_version: str = ""

    @property
    def run(self) -> str:
        """As the shell asks for it."""
        return self.key.partition("|")[0]


class Listener:
    """The engine: its state is what it heard, its output is the last event of each batch."""

    name = "listener"
    inputs = (MACHINE,)
    memory = OEE_STATE

    def key_of(self, event: MachineEvent) -> str:
        return f"{event.run}|{event.equipment}"

    def load(self, key: str, rows: Mapping[str, bytes]) -> Told:
        stored = json.loads(rows.get("told", b"[]"))
        return Told(key, tuple(stored), PLANT.version if stored else "")

    def dump(self, state: Told) -> dict[str, bytes]:
        return {"told": json.dumps(state.words).encode()} if state.words else {}

    def advance(
        self, state: Told, events: Sequence[MachineEvent], plant: PlantFile
    ) -> Transition[Told]:
        words = (*state.words, *map(word, events))
        told = replace(state, words=words, plant_version=plant.version)
        return Transition(told, [self._output(state, events[-1])])

    def due(self, state: Told) -> datetime | None:
        del state
        return NOW - timedelta(hours=1)

    def tick(self, state: Told, now: datetime, plant: PlantFile) -> Transition[Told]:
        del plant
        return Transition(replace(state, words=(*state.words, f"tick {now:%H:%M:%S}")))

    def _output(self, state: Told, event: MachineEvent) -> Output:
        return Output(KPI, event.equipment, f"{state.key} {event.id.seq}", event)


def word(event: MachineEvent) -> str:
    """An event in short."""
    return f"gap of {event.lost}" if isinstance(event, Gap) else f"{event.type} {event.id.seq}"


def records(*events: MachineEvent, start: int = 0) -> list[Record]:
    """The events in the partition of the press, one after the other."""
    return [
        Record(MACHINE.name, HOME, offset, event.equipment.encode(), encode(event))
        for offset, event in enumerate(events, start=start)
    ]


def applied(memory: Memory, some: Sequence[Record], plants: Mapping[str, PlantFile]) -> Outcome:
    """What a micro-batch of these records comes to, kept in the memory."""
    outcome = Outcome(Listener.name)
    arrivals = read(unread(memory, some)[0], outcome, NOW)
    apply(Listener(), memory, arrivals, plants, outcome, NOW)
    outcome.draft.keep(memory)
    return outcome


def ticked(
    memory: Memory, engine: Listener | None = None, plants: Mapping[str, PlantFile] = PLANTS
) -> Outcome:
    """What a tick of all that is due comes to, not kept."""
    engine = engine or Listener()
    return tick(engine, memory, memory.due(engine, NOW, 1000), plants, NOW)


def told(memory: Memory, key: str = f"|{PATH}") -> list[str]:
    """What the state of the press was told."""
    state: Told = memory.state_of(key, Listener())
    return list(state.words)


def letters(outputs: Sequence[Outgoing]) -> list[DeadLetter]:
    """The dead letters among these outputs."""
    values = [one.value for one in outputs if one.topic == DEADLETTER.name]
    return [decode(DEADLETTER, value) for value in values]


class MemoryFeed:
    """Gives what it was filled with, one piece per poll."""

    def __init__(self) -> None:
        self.pieces: deque[Sequence[Record] | Assigned] = deque()
        self.committed: list[dict[TopicPartition, int]] = []
        self.waiting: int | None = 0
        self.ends = 0
        """Where the log ends, where that matters."""
        self.oldest = 0
        self.rewound: list[tuple[TopicPartition, int]] = []
        self.dealing = False
        self.member = True
        self.away = False

    def assign(self, *partitions: TopicPartition) -> None:
        self.pieces.append(Assigned(frozenset(partitions)))

    async def poll(self, limit: int) -> Sequence[Record] | Assigned:
        del limit
        return self.pieces.popleft() if self.pieces else []

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        self.committed.append(dict(offsets))

    async def rewind(self, position: TopicPartition, offset: int) -> int:
        self.rewound.append((position, offset))
        return max(offset, self.oldest)

    def end(self, position: TopicPartition) -> int | None:
        del position
        return self.ends or self.waiting

    def is_read(self, position: TopicPartition, offset: int, end: int) -> bool:
        """Nothing waits, or so many, or all before the end."""
        del position
        return offset >= end if self.ends else not self.waiting

    def is_dealing(self) -> bool:
        return self.dealing

    async def is_member(self) -> bool:
        if self.away:
            raise UnavailableError("nobody answers")
        return self.member


@dataclass
class MemoryJournal:
    """Rows and outputs of all claims; a claim by somebody else fences."""

    rows: dict[int, dict[bytes, bytes]] = field(default_factory=dict)
    outputs: list[Outgoing] = field(default_factory=list)
    commits: int = 0
    fenced: bool = False
    away: bool = False
    taken_unheard: bool = False
    """The next transaction is taken, and nobody hears of it."""
    claimed: set[int] = field(default_factory=set)

    async def claim(self, partitions: Collection[int]) -> Mapping[int, Mapping[bytes, bytes]]:
        self.claimed = set(partitions)
        if self.away and partitions:
            raise UnavailableError("nobody answers")
        self.fenced = self.fenced and not partitions
        return {one: dict(self.rows.setdefault(one, {})) for one in partitions}

    async def commit(
        self, partition: int, rows: Mapping[bytes, bytes | None], outputs: Sequence[Outgoing]
    ) -> None:
        if self.fenced:
            raise FencedError("another one")
        if self.away:
            raise UnavailableError("nobody answers")
        kept = self.rows[partition]
        for key, value in rows.items():
            if value is None:
                kept.pop(key, None)
            else:
                kept[key] = value
        self.outputs += outputs
        self.commits += 1
        if self.taken_unheard:
            self.taken_unheard = False
            raise UnavailableError("the answer was lost")


class Published:
    """Plant files by version."""

    def __init__(self) -> None:
        self.asked_at: list[datetime] = []
        """For what is in force."""

    async def known(self, versions: set[str]) -> Mapping[str, PlantFile]:
        return {version: PLANTS[version] for version in versions & PLANTS.keys()}

    async def in_force(self, now: datetime) -> Sites:
        """The small plant's, at its site."""
        self.asked_at.append(now)
        return {PLANT.plant.site_path(): InForce(PLANT, NOW)}


class SlowUpstream:
    """Engines whose outputs are read."""

    def __init__(self) -> None:
        self.tells = True
        self.begun = 0
        self._has_told = False

    def begin(self) -> None:
        self.begun += 1
        self._has_told = False

    async def has_told(self, now: datetime) -> bool:
        del now
        self._has_told = self._has_told or self.tells
        return self._has_told


class Bench:
    """A shell with everything that it touches, and a clock that is set by hand."""

    def __init__(
        self,
        journal: MemoryJournal | None = None,
        limits: ShellLimits | None = None,
        feed: MemoryFeed | None = None,
        engine: Listener | None = None,
    ) -> None:
        self.machine = Machine()
        self.feed, self.journal = feed or MemoryFeed(), journal or MemoryJournal()
        self.registry, self.upstream = CollectorRegistry(), SlowUpstream()
        self.seconds, self.plants = 0, Published()
        self.shell = Shell(
            engine or Listener(),
            ShellPorts(
                self.feed,
                self.journal,
                self.plants,
                lambda: NOW + timedelta(seconds=self.seconds),
                self.upstream,
            ),
            ProcessorMetrics(self.registry).of(Listener.name),
            limits or ShellLimits(tick_s=TICK_S, commit_s=COMMIT_S, wait_s=0),
        )

    def told(self, key: str = f"|{PATH}") -> list[str]:
        """What a state was told, by what is durable."""
        return told(Memory.from_rows(self.journal.rows.get(HOME, {})), key)

    def heard(self) -> list[str]:
        """The same without the ticks."""
        return [one for one in self.told() if not one.startswith("tick")]

    async def turns(self, number: int) -> None:
        for _ in range(number):
            await self.shell.turn()

    def meter(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"plantstream_{name}", labels)
