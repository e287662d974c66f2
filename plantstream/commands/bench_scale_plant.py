"""Sites of a hundred machines, what they say, and what the engines remember of their last hour."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from plantstream.runtime.ports import Outgoing, Record
from schemas.codec import encode
from schemas.machine import Heartbeat, MachineRecord, PartsCounted, StateChanged, TimeCategory
from schemas.partitioning import partition_of
from schemas.record import EventId
from schemas.telemetry import Column, TelemetryFrame
from schemas.topics import MACHINE, MODEL, PARTITIONS, TELEMETRY

if TYPE_CHECKING:
    from processors.step import Engine
    from schemas.plant.load import PlantFile

SITE_MACHINES = 100
KINDS = 10
"""Machines that had different stops; the others had the same as one of these."""
REMEMBERED = timedelta(hours=1)
STEP = timedelta(seconds=10)
"""Between two events of a machine in that hour."""
QUIET_STEPS = 18
"""The last of them count no parts, so that all parts in the log are of the benchmark."""
STOP_EVERY, STOP_STEPS = 30, 3
TAG, OTHER = "temperature", "pressure"
"""The one is in rules, the other is in none."""
COLD, HOT = 20.0, 99.0
SOURCE, EPOCH = "bench/edge", "e1"
_PLANT = """
enterprise: bench
site: {site}
name: Benchmark
time_zone: UTC
calendars:
  always: {{shifts: [{{name: day, days: all, start: "00:00", end: "24:00"}}]}}
sources:
  plc: {{type: opcua, endpoint: "opc.tcp://127.0.0.1:4840", security: {{policy: None, mode: None}}}}
equipment_classes:
  machine:
    calendar: always
    source: plc
    minor_stop_s: 20
    tags:
      - {{name: temperature, node: "ns=2;s=T", unit: °C}}
      - {{name: pressure, node: "ns=2;s=P", unit: bar}}
equipment:
{equipment}
alert_rules:
  - alert: Hot
    when: {{tag: temperature, above: 80}}
    severity: critical
    flapping: 0
    summary: hot
  - alert: Hotter
    when: {{tag: temperature, above: 90}}
    for: 1m
    severity: warning
    summary: hotter
"""


@dataclass(frozen=True)
class Site:
    """One plant file and its machines."""

    name: str
    size: int = SITE_MACHINES

    @cached_property
    def plant(self) -> "PlantFile":
        """Its plant file."""
        from schemas.plant.load import load_plant

        equipment = "\n".join(
            f"  - {{id: {name}, area: a, line: l, class: machine}}" for name in self.names
        )
        return load_plant(_PLANT.format(site=self.name, equipment=equipment), f"{self.name}.yaml")

    @property
    def names(self) -> list[str]:
        """All of the same length."""
        return [f"m{number:03}" for number in range(self.size)]

    @cached_property
    def machines(self) -> "list[Machine]":
        """In the order of the file."""
        version = self.plant.version
        return [Machine(f"bench/{self.name}/a/l/{name}", version) for name in self.names]

    def published(self, now: datetime) -> Outgoing:
        """The plant file as it stands in the log."""
        from schemas.model import PlantPublished

        site, plant = self.plant.plant.site_path(), self.plant
        published = PlantPublished(
            site=site,
            plant_version=plant.version,
            file=plant.file,
            text=plant.text,
            published_at=now,
            number=1,
        )
        key = site.encode()
        partition = partition_of(key, MODEL.partitions)
        return Outgoing(MODEL.name, partition, key, encode(published))


@dataclass
class Machine:
    """Says one thing after the other."""

    path: str
    version: str
    run: str = ""
    seq: dict[str, int] = field(default_factory=lambda: {MACHINE.name: 0, TELEMETRY.name: 0})

    @property
    def partition(self) -> int:
        """Of all topics by equipment."""
        return partition_of(self.path.encode(), PARTITIONS)

    def counts(self, at: datetime, good: int = 1) -> MachineRecord:
        """Parts."""
        return PartsCounted(**self._common(MACHINE.name, at), good=good)

    def beats(self, at: datetime) -> MachineRecord:
        """A sign of life."""
        return Heartbeat(**self._common(MACHINE.name, at))

    def is_in(self, category: TimeCategory, at: datetime) -> MachineRecord:
        """A state."""
        return StateChanged(**self._common(MACHINE.name, at), category=category, state=category)

    def measures(self, at: datetime, samples: int, value: float = COLD) -> TelemetryFrame:
        """A frame: one sample of the tag that rules look at, the others of one without a rule."""
        columns = [
            Column(tag=tag, unit=unit, offset_ms=list(range(number)), numbers=[value] * number)
            for tag, unit, number in ((TAG, "°C", 1), (OTHER, "bar", samples - 1))
            if number
        ]
        return TelemetryFrame(**self._common(TELEMETRY.name, at), columns=columns)

    def hour_until(self, now: datetime, kind: int) -> Iterator[MachineRecord]:
        """Parts each ten seconds, a stop each five minutes, and signs of life at the end."""
        steps = REMEMBERED // STEP
        for step in range(steps):
            at = now - (steps - step) * STEP
            place = (step + kind) % STOP_EVERY
            if step == 0 or place == STOP_STEPS:
                yield self.is_in(TimeCategory.RUNNING, at)
            elif place == 0:
                yield self.is_in(TimeCategory.UNPLANNED_STOP, at)
            elif step < steps - QUIET_STEPS and place > STOP_STEPS:
                yield self.counts(at, 10)
            else:
                yield self.beats(at)

    def _common(self, topic: str, at: datetime) -> dict[str, Any]:
        number = self.seq[topic]
        self.seq[topic] = number + 1
        return {
            "id": EventId(source=SOURCE, epoch=self.run or EPOCH, seq=number),
            "run": self.run,
            "plant_version": self.version,
            "equipment": self.path,
            "source_time": at,
            "ingest_time": at,
        }


def sent(event: "MachineRecord | TelemetryFrame") -> Outgoing:
    """The event as an edge sends it."""
    topic = TELEMETRY if isinstance(event, TelemetryFrame) else MACHINE
    key = event.equipment.encode()
    return Outgoing(topic.name, partition_of(key, topic.partitions), key, encode(event))


def remembered(sites: Sequence[Site], now: datetime) -> Iterator[Outgoing]:
    """The rows of the journals of both engines, after the last hour of all these machines.

    One machine of each kind is stepped by the engines; the others' rows differ by their names.
    """
    from processors.oee.engine import OeeEngine
    from processors.rules.equipment import RulesEngine

    first = sites[0]
    told = [
        (kind, list(machine.hour_until(now, number)), machine.measures(now - STEP, 2))
        for number, kind in enumerate(_kinds(first))
        for machine in [kind]
    ]
    for engine in (OeeEngine(), RulesEngine()):
        patterns = [
            _rows(engine, [*events, frame] if engine.name == "rules" else events, first.plant)
            for _, events, frame in told
        ]
        for site in sites:
            for number, machine in enumerate(site.machines):
                pattern, (kind, *_) = patterns[number % len(told)], told[number % len(told)]
                machine.seq = dict(kind.seq)
                for key, row in pattern.items():
                    yield Outgoing(
                        engine.memory.name,
                        machine.partition,
                        _renamed(key, kind, machine),
                        _renamed(row, kind, machine),
                    )


def _kinds(site: Site) -> list[Machine]:
    return [Machine(one.path, one.version) for one in site.machines[:KINDS]]


def _renamed(text: bytes, kind: Machine, machine: Machine) -> bytes:
    named = text.replace(kind.path.encode(), machine.path.encode())
    return named.replace(kind.version.encode(), machine.version.encode())


def _rows(
    engine: "Engine[Any]", events: "Sequence[MachineRecord | TelemetryFrame]", plant: "PlantFile"
) -> dict[bytes, bytes]:
    """What the engine's journal has after these events."""
    from processors.streams import batch
    from processors.streams.causes import Arrival
    from processors.streams.memory import Memory

    outcome = batch.Outcome(engine.name)
    arrivals = [
        Arrival(Record(one.topic, one.partition, 0, one.key, one.value), event)
        for event in events
        for one in [sent(event)]
    ]
    plants = {plant.version: plant}
    batch.apply(engine, Memory(), arrivals, plants, outcome, events[-1].source_time)
    return {key: row for key, row in outcome.rows.items() if row is not None}
