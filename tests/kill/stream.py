"""A stream of events of twelve presses, one in each partition, and what it has to come to."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from plantstream.commands.drained import wait_until_stored
from plantstream.runtime.kafka.broker import KafkaBroker
from plantstream.runtime.ports import Outgoing
from schemas.codec import decode, encode
from schemas.kpi import OeeCell
from schemas.machine import MachineEvent, PartsCounted
from schemas.model import PlantPublished
from schemas.partitioning import partition_of
from schemas.plant.load import PlantFile, load_plant
from schemas.topics import KPI, MACHINE, MODEL, OEE_STATE
from sinks.timescale.fact_tables import CELLS
from sinks.timescale.table import Row
from tests.facts import Facts
from tests.integration.line import Line
from tests.integration.truth import Before
from tests.makers import MONDAY, PATH, Machine, after, plant

ROUND_S = 0.05
"""Between two rounds, in each of which every press says something."""
SOURCE_S = 2
"""By so much the presses' clocks go on in a round: a minute of theirs takes 1.5 s."""
STORED_LIMIT_S = 30.0

EVENTS = "SELECT count(*), count(DISTINCT (equipment, seq)) FROM machine_event WHERE run = %s"
PARTS = "SELECT sum(good), sum(scrap) FROM oee_cell WHERE run = %s"
REACHED = 'SELECT equipment, max("end") FROM oee_cell WHERE run = %s GROUP BY equipment'


def presses() -> tuple[str, ...]:
    """Ids of presses, one for each partition in turn."""
    found: dict[int, str] = {}
    for number in count():
        where = partition_of(f"{PATH}-{number}".encode(), MACHINE.partitions)
        found.setdefault(where, f"press-{number}")
        if len(found) == MACHINE.partitions:
            return tuple(found[where] for where in sorted(found))
    raise AssertionError


def hall() -> PlantFile:
    """The small plant with all the presses."""
    text = plant().text
    head, _, rest = text.partition("equipment:\n")
    one, _, rest = rest.partition("reasons:\n")
    each = "".join(one.replace("id: press", f"id: {press}") for press in presses())
    return load_plant(f"{head}equipment:\n{each}reasons:\n{rest}", "hall.yaml")


@dataclass
class Stream:
    """What the presses have said so far."""

    line: Line
    run: str
    before: Before
    plant: PlantFile = field(default_factory=hall)
    rounds: int = 0

    def __post_init__(self) -> None:
        hall_of = PATH.rpartition("/")[0]
        self.machines = [
            Machine(self.plant, self.run, f"{hall_of}/{press}", self.run) for press in presses()
        ]

    async def flow(self, ended: asyncio.Event) -> None:
        """Round after round, until told to end."""
        async with KafkaBroker(self.line.kafka) as broker:
            await broker.send([self._plant_file()])
            while not ended.is_set():
                told = [event for one in self.machines for event in say(one, self.rounds)]
                self.rounds += 1
                await broker.send([outgoing(event) for event in told])
                await asyncio.sleep(ROUND_S)

    async def goes_on_everywhere(self) -> None:
        """Wait until what every press says from now on is in SQL."""
        now = after(SOURCE_S * self.rounds)
        while True:
            reached = dict(await self.line.sql(REACHED, self.run))
            if len(reached) == len(self.machines) and min(reached.values()) > now:
                return
            await asyncio.sleep(ROUND_S)

    async def assert_all_is_true(self) -> None:
        """SQL holds every event once, and the cells of an engine that saw them undisturbed."""
        await wait_until_stored(self.line.kafka, self.line.database, STORED_LIMIT_S)
        said = [event for machine in self.machines for event in machine.said]
        assert await self.line.one(EVENTS, self.run) == (len(said), len(said))
        counts = [event for event in said if isinstance(event, PartsCounted)]
        made = sum(one.good for one in counts), sum(one.scrap for one in counts)
        assert await self.line.one(PARTS, self.run) == made
        assert await self._stored_cells() == self._true_cells()
        await self._assert_nothing_went_back()
        assert await self.line.one("SELECT count(*) FROM dead_letter") == 0

    async def _stored_cells(self) -> Mapping[Row, Row]:
        columns = ", ".join(f'"{name}"' for name in CELLS.columns)
        return by_key(
            await self.line.sql(f"SELECT {columns} FROM oee_cell WHERE run = %s", self.run)
        )

    def _true_cells(self) -> Mapping[Row, Row]:
        facts = [Facts(machine).tell(machine.said, at_once=50) for machine in self.machines]
        return by_key(as_read(CELLS.row_of(cell)) for one in facts for cell in one.cells)

    async def _assert_nothing_went_back(self) -> None:
        """What a woken worker commits would be older than what its successor has written."""
        ends: dict[str, Any] = {}
        for record in await self.before.records(self.line, KPI, self.run):
            cell = decode(KPI, record.value)
            if isinstance(cell, OeeCell):
                assert cell.end >= ends.get(cell.record_id(), cell.end)
                ends[cell.record_id()] = cell.end
        positions: dict[int, int] = {}
        whole = dict.fromkeys(range(OEE_STATE.partitions), 0)
        for record in await self.line.records(OEE_STATE, whole):
            if json.loads(record.key or b"")[0] == "position":
                reached = int(record.value or b"")
                assert reached >= positions.get(record.partition, reached)
                positions[record.partition] = reached

    def _plant_file(self) -> Outgoing:
        site = f"{PATH.split('/')[0]}/{PATH.split('/')[1]}"
        version = self.plant.version
        published = PlantPublished(
            site=site,
            plant_version=version,
            file="hall.yaml",
            text=self.plant.text,
            published_at=MONDAY,
        )
        return Outgoing(MODEL.name, 0, f"{site}/{version}".encode(), encode(published))


@asynccontextmanager
async def streaming(line: Line, run: str) -> AsyncIterator[Stream]:
    """Events come as long as the block lasts; at its end everything is in SQL, and true."""
    stream, ended = Stream(line, run, await Before.of(line)), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(stream.flow(ended))
        yield stream
        ended.set()
    await stream.assert_all_is_true()


def say(press: Machine, turn: int) -> list[MachineEvent]:
    """What a press says in a round: it begins a batch, then it counts, and now and then stops."""
    at, already = SOURCE_S * turn, len(press.said)
    if turn == 0:
        press.product(at, "fast")
        press.batch(at, "b1")
    if turn % 10 == 0:
        press.state(at, "setup" if turn % 20 == 10 else "running")
    press.parts(at, good=1 + turn % 3, scrap=turn % 7 == 0)
    return press.said[already:]


def outgoing(event: MachineEvent) -> Outgoing:
    key = event.equipment.encode()
    return Outgoing(MACHINE.name, partition_of(key, MACHINE.partitions), key, encode(event))


def as_read(row: Row) -> Row:
    """The row as the database gives it back: JSON as what it says."""
    kinds = CELLS.columns.values()
    return tuple(
        json.loads(value) if kind == "jsonb" else value
        for kind, value in zip(kinds, row, strict=True)
    )


def by_key(rows: Iterable[Row]) -> Mapping[Row, Row]:
    at = [list(CELLS.columns).index(name) for name in CELLS.key]
    return {tuple(row[index] for index in at): row for row in rows}
