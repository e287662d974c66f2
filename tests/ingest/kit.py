"""A small plant, inputs from lists, and a broker that fails when it is told to."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ingest.input import GOOD, Chunk, Observation, Sample, Value
from ingest.options import World
from ingest.ports import Entry
from ingest.sealing import Moment
from plantstream.runtime.ports import Outgoing
from schemas.codec import decode
from schemas.plant.load import PlantFile, load_plant
from schemas.topics import BY_NAME

ROOT = Path(__file__).parents[2]
TABLET_PRESS = ROOT / "deploy/plants/tablet_press"
PRESS_RECORDING = ROOT.parent / "shared/data/pharma_Process_6.csv"

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
REACTOR = "acme/town/hall/line-1/reactor"
STATION = "acme/town/hall/line-1/station"
PLANT = """
enterprise: acme
site: town
name: Test plant
time_zone: UTC
calendars:
  always: {shifts: [{name: day, start: "00:00", end: "24:00"}]}
equipment_classes:
  machine:
    calendar: always
    tags:
      - {name: state, means: state, states: {"6": running, "true": running, STOPPED: planned_stop}}
      - {name: good, means: good_count, rollover: 65535}
      - {name: scrap, means: scrap_count, scale: 0.5}
      - {name: rework, means: rework_count}
      - {name: batch, means: batch}
      - {name: product, means: product}
      - {name: phase, means: phase}
      - {name: why, means: stop_reason}
      - {name: cycle, means: cycle_time}
      - {name: temperature, unit: degC}
      - {name: note}
equipment:
  - {id: reactor, area: hall, line: line-1, class: machine}
  - id: station
    area: hall
    line: line-1
    class: machine
    tags:
      - {name: state, means: state, unit: rpm, running_above: 10, otherwise: delay}
"""


OPEN_SOURCE = """
sources:
  line:
    type: opcua
    endpoint: opc.tcp://localhost:4840
    security: {policy: "None", mode: "None"}
"""


def plant() -> PlantFile:
    return load_plant(PLANT, "plant.yaml")


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def sample(
    tag: str, value: Value, seconds: float = 0, *, quality: int = GOOD, equipment: str = REACTOR
) -> Sample:
    return Sample(equipment, tag, value, at(seconds), quality)


def moment(run: str = "") -> Moment:
    return Moment(run, "v1", "00-0-0-01", NOW)


def entry(seq: int = 0, topic: str = "plant.machine.v1", value: bytes = b"{}") -> Entry:
    return Entry(topic, REACTOR, REACTOR, value, at(seq), seq)


def world(**changes: Any) -> World:
    return World(**{"now": lambda: NOW, "entropy": bytes, "sleep": no_sleep, **changes})


async def no_sleep(_: float) -> None:
    """Time passes at once, and others get their turn."""
    await asyncio.sleep(0)


class ListInput:
    """Chunks from a list; the position is the number of chunks given."""

    def __init__(self, *chunks: Sequence[Observation]) -> None:
        self._chunks = chunks

    async def chunks(self, position: str | None) -> AsyncIterator[Chunk]:
        for number, part in enumerate(self._chunks[int(position or 0) :], int(position or 0) + 1):
            yield Chunk(tuple(part), str(number))


class MemoryBroker:
    """A log in memory; `trouble` may raise before (or, by appending itself, after) it appends."""

    def __init__(self, trouble: Callable[[Sequence[Outgoing]], None] | None = None) -> None:
        self.log: list[Outgoing] = []
        self.trouble = trouble
        self.calls = 0

    async def send(self, records: Sequence[Outgoing]) -> None:
        self.calls += 1
        await asyncio.sleep(0)
        if self.trouble:
            self.trouble(records)
        self.log += records

    def records(self, topic: str) -> list[Any]:
        """What stands in a topic, decoded."""
        return [
            decode(BY_NAME[topic], record.value) for record in self.log if record.topic == topic
        ]


def press() -> PlantFile:
    return load_plant((TABLET_PRESS / "plant.yaml").read_text(), "plant.yaml")


needs_press_recording = pytest.mark.skipif(
    not PRESS_RECORDING.exists(), reason=f"{PRESS_RECORDING.name} is not in ../shared/data"
)
