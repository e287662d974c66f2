"""Short ways to make records of a topic, as a publisher or the processor would write them."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from pydantic import BaseModel

from plantstream.runtime.ports import Record, TopicPartition
from schemas.codec import encode
from schemas.kpi import OeeCell, Quantities, StopCounts, TimeElements
from schemas.lab import BatchMade, Excursion
from schemas.machine import PartsCounted, StateChanged, TimeCategory
from schemas.partitioning import partition_of
from schemas.quality import QualityRecord
from schemas.record import Envelope, EventId
from schemas.telemetry import Column, TelemetryFrame
from schemas.topics import KPI, MACHINE, TELEMETRY, Topic
from sinks.batch import Batch, read
from sinks.resume import Cursor
from tests.sinks.doubles import NOW

PRESS = "acme/north/hall/one/press"
NUMBER = partition_of(PRESS.encode(), TELEMETRY.partitions)
FRAMES = TopicPartition(TELEMETRY.name, NUMBER)
EVENTS = TopicPartition(MACHINE.name, NUMBER)
FACTS = TopicPartition(KPI.name, NUMBER)
CLUSTER = "cluster-1"


def envelope(seq: int = 0, run: str = "", at: datetime = NOW, epoch: str = "e1") -> dict[str, Any]:
    return {
        "id": EventId(source="edge", epoch=epoch, seq=seq),
        "run": run,
        "plant_version": "v1",
        "source_time": at,
        "ingest_time": at,
        "equipment": PRESS,
    }


def of_site(seq: int = 0, at: datetime = NOW) -> dict[str, Any]:
    """The envelope of an event of a whole site."""
    shared = envelope(seq, at=at)
    del shared["equipment"]
    return shared | {"site": "acme/north"}


def frame(seq: int = 0, numbers: Sequence[float | None] = (1.5,), **named: Any) -> TelemetryFrame:
    column = Column(
        tag="speed",
        unit="1/h",
        offset_ms=[1000 * i for i in range(len(numbers))],
        numbers=list(numbers),
    )
    return TelemetryFrame(**envelope(seq, **named), columns=[column])


def counted(seq: int = 0, good: int = 1, **named: Any) -> PartsCounted:
    return PartsCounted(**envelope(seq, **named), good=good)


def state(seq: int = 0, category: str = "running", **named: Any) -> StateChanged:
    return StateChanged(**envelope(seq, **named), category=TimeCategory(category))


def cell(minute: int = 0, run: str = "", **named: Any) -> OeeCell:
    """A cell of one minute; `named` are its milliseconds, counts and names."""
    times = {name: named.pop(name) for name in TimeElements.model_fields if name in named}
    counts = {name: named.pop(name) for name in Quantities.model_fields if name in named}
    stops = {name: named.pop(name) for name in StopCounts.model_fields if name in named}
    begin = NOW + timedelta(minutes=minute)
    fields: dict[str, Any] = {
        "equipment": PRESS,
        "plant_version": "v1",
        "minute": begin,
        "day": date(2026, 3, 2),
        "start": begin,
        "end": begin + timedelta(minutes=1),
    }
    return OeeCell(
        run=run,
        time=TimeElements(**times),
        quantities=Quantities(**counts),
        stops=StopCounts(**stops),
        **(fields | named),
    )


_PLACED = Envelope | QualityRecord | BatchMade | Excursion


def record(topic: Topic, offset: int, value: BaseModel | bytes) -> Record:
    content = value if isinstance(value, bytes) else encode(value)
    key = value.partition_key() if isinstance(value, _PLACED) else PRESS
    number = partition_of(key.encode(), topic.partitions) if key != PRESS else NUMBER
    return Record(topic.name, number, offset, key.encode(), content, 1000 + offset)


def batch(topic: Topic, values: Sequence[BaseModel | bytes], begin: int | None = None) -> Batch:
    """One partition's batch of these values from offset `begin` on; None: nothing is stored yet."""
    first = begin or 0
    records = [record(topic, first + number, value) for number, value in enumerate(values)]
    cursor = Cursor(first, new=begin is None)
    return read(records, {records[0].source: cursor}, CLUSTER, NOW)


def poisoned(whole: Batch, offsets: Collection[int], **fields: Any) -> Batch:
    """The batch with cells at these offsets that no contract lets through, and no table holds."""
    events = [
        replace(event, value=unchecked(event.value, **fields))
        if event.record.offset in offsets
        else event
        for event in whole.events
    ]
    return replace(whole, events=tuple(events))


def unchecked(one: OeeCell, **fields: Any) -> OeeCell:
    """The cell with these counts and names, whatever the contracts say to them."""
    counts = {name: fields.pop(name) for name in Quantities.model_fields if name in fields}
    quantities = one.quantities.model_copy(update=counts)
    return one.model_copy(update=fields | {"quantities": quantities})
