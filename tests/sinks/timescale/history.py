"""Days of a simulated plant through the real edge, engines and sink, with their ledger."""

import asyncio
import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from ingest.agent import dry_run
from ingest.inputs.recording.player import RecordingInput
from ingest.inputs.recording.recording import load_recording
from ingest.options import AgentOptions
from plantstream.commands.examples import example
from plantstream.runtime.ports import Record, TopicPartition
from plantstream.simulator.ledger import Ledger, SaidEntry, read_ledger
from plantstream.simulator.recording import simulate
from processors.oee.engine import OeeEngine
from processors.quality.engine import QualityEngine
from schemas.codec import encode
from schemas.lab import BatchMade
from schemas.machine import MachineRecord
from schemas.manual import PartsReported, StopReasonGiven
from schemas.model import PlantPublished
from schemas.partitioning import partition_of
from schemas.plant.load import PlantFile, load_plant
from schemas.record import EquipmentPath, EventId
from schemas.topics import BY_NAME, LAB, MODEL
from sinks.batch import read
from sinks.resume import Cursor
from sinks.timescale.writer import TimescaleSink
from tests.sinks.timescale.history_people import Lab, people

RUN = "history"
AT_ONCE = 500
"""Events in a micro-batch of the engine."""
STORED_AT_ONCE = 5_000
Line = tuple[str, str, bytes]
"""Topic, key and value of a record."""


@dataclass(frozen=True)
class Past:
    """What there is to be asked about."""

    plant: PlantFile
    ledger: Ledger
    """With what people said too late to be in the first reports."""
    lab: Lab
    folder: Path
    machines: Sequence[str]
    lines: Sequence[Line]
    """All records of the run, in the order in which each topic got them."""

    @property
    def as_first_told(self) -> Ledger:
        """The ledger before people corrected anything."""
        equipment = {
            path: replace(history, said=[]) for path, history in self.ledger.equipment.items()
        }
        return replace(self.ledger, equipment=equipment)

    def path(self, machine: str) -> EquipmentPath:
        found = self.plant.plant.find(machine)
        assert found is not None
        return self.plant.plant.path_of(found)

    @property
    def paths(self) -> list[EquipmentPath]:
        return [self.path(one) for one in self.machines]


def the_plant() -> PlantFile:
    """The example plant; nobody signs, takes samples by the hour, or looks for frozen counters."""
    text = (example("ninu") / "plant.yaml").read_text(encoding="utf-8")
    left_out = "|".join(
        (
            r"  signatures:.*?(?=  areas:)",
            r", release_by: \[[^]]*\]",
            r"sampling: {every: 4h}, turnaround: 8h, ",
            r"    frozen_after_s: 60[^\n]*\n",
        )
    )
    return load_plant(re.sub(left_out, "", text, flags=re.DOTALL), "plant.yaml")


def lived(folder: Path, days: float, machines: Sequence[str]) -> Past:
    """Simulate so many days of the plant and play the recordings of these machines."""
    plant = the_plant()
    simulate((None, days), 1, folder, plant)
    whole = read_ledger(folder / "ledger.jsonl")
    paths = {plant.plant.path_of(one): one.id for one in plant.plant.equipment}
    kept = {path: one for path, one in whole.equipment.items() if paths[path] in machines}
    ledger, lab = people(replace(whole, equipment=kept), plant.plant)
    overheat(folder / f"{machines[0]}.csv")
    context = get_context("spawn")  # Two machines at a time, as CI has two cores.
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        played = pool.map(
            _play,
            [folder] * len(kept),
            [(paths[path], path) for path in kept],
            [(history.said, ledger.end) for history in ledger.equipment.values()],
        )
        lines = list(chain.from_iterable(played))
    lines += _of_quality(plant, lab, lines)
    published = PlantPublished(
        site=plant.plant.site_path(),
        plant_version=plant.version,
        file="plant.yaml",
        text=plant.text,
        published_at=ledger.start,
        number=1,
    )
    lines.append((MODEL.name, published.site, encode(published)))
    return Past(plant, ledger, lab, folder, machines, lines)


async def store(past: Past, sink: TimescaleSink) -> None:
    """Everything into the database, by the sink that writes all else."""
    ends: dict[TopicPartition, int] = {}
    topics: dict[str, list[Record]] = {}
    for topic, key, value in past.lines:
        partition = partition_of(key.encode(), BY_NAME[topic].partitions)
        where = TopicPartition(topic, partition)
        at = ends.get(where, 0)
        ends[where] = at + 1
        record = Record(topic, partition, at, key.encode(), value, 1000 + at)
        topics.setdefault(topic, []).append(record)
    stored: set[TopicPartition] = set()
    for records in topics.values():
        for start in range(0, len(records), STORED_AT_ONCE):
            part = records[start : start + STORED_AT_ONCE]
            first = {one.source: one.offset for one in reversed(part)}
            cursors = {at: Cursor(next, new=at not in stored) for at, next in first.items()}
            await sink.write(read(part, cursors, "history", past.ledger.end))
            stored |= first.keys()


def overheat(file: Path) -> None:
    """Heat the reactor for 200 s in its third batch, and for 40 s in its fifth."""
    with file.open() as opened:
        rows = list(csv.DictReader(opened))
    batches = list(dict.fromkeys(row["batch"] for row in rows if row["batch"]))
    for batch, seconds in ((batches[2], 200), (batches[4], 40)):
        of_batch = [row for row in rows if row["batch"] == batch]
        begin = _time(of_batch[0]) + timedelta(hours=1)
        for row in of_batch:
            if row["temperature"] and begin <= _time(row) < begin + timedelta(seconds=seconds):
                row["temperature"] = "88.5"
    with file.open("w", newline="") as opened:
        out = csv.DictWriter(opened, rows[0].keys(), lineterminator="\n")
        out.writeheader()
        out.writerows(rows)


def temperatures(file: Path) -> Iterator[tuple[datetime, str, float | None]]:
    """Time, batch and temperature of each row of the recording."""
    with file.open() as opened:
        for row in csv.DictReader(opened):
            yield (
                _time(row),
                row["batch"],
                float(row["temperature"]) if row["temperature"] else None,
            )


def _time(row: Mapping[str, str]) -> datetime:
    return datetime.fromisoformat(row["time"])


def _play(
    folder: Path, machine: tuple[str, EquipmentPath], told: tuple[Sequence[SaidEntry], datetime]
) -> list[Line]:
    """What the edge and the engine of one machine write, in a process of its own."""
    plant = load_plant((folder / "plant.yaml").read_text(encoding="utf-8"), "plant.yaml")
    name, path = machine
    said, end = told
    records = asyncio.run(_seen(folder, name, plant))
    events = _with_people(
        [one for one in records if isinstance(one, MachineRecord)], said, path, plant
    )
    engine = OeeEngine()
    state = engine.load(f"{RUN}|{path}", {})
    newest: dict[tuple[str, str], Line] = {}
    for start in range(0, len(events), AT_ONCE):
        moved = engine.advance(state, events[start : start + AT_ONCE], plant)
        state = moved.state
        _keep(newest, moved.outputs)
    _keep(newest, engine.tick(state, end, plant).outputs)
    frames = [one for one in records if not isinstance(one, MachineRecord)]
    raw = [(_topic_of(one), path, encode(one)) for one in (*frames, *events)]
    return [*raw, *newest.values()]


async def _seen(folder: Path, machine: str, plant: PlantFile) -> list[Any]:
    recording = load_recording(folder / f"{machine}.csv", folder / f"{machine}.map.yaml", plant)
    inputs = {"recording": RecordingInput(recording)}
    found = [one async for one in dry_run(plant, inputs, AgentOptions.replay(RUN))]
    return [one for one in found if hasattr(one, "equipment")]


def _topic_of(record: Any) -> str:
    return "plant.machine.v1" if isinstance(record, MachineRecord) else "plant.telemetry.v1"


def _keep(newest: dict[tuple[str, str], Line], outputs: Iterable[Any]) -> None:
    """The newest record of each id is what the sink comes to."""
    for one in outputs:
        if one.topic.name in {"plant.kpi.v1", "plant.lab.v1"}:
            value = encode(one.record)
            newest[one.topic.name, one.record_key] = (one.topic.name, one.partition_key, value)


def _with_people(
    events: Sequence[MachineRecord],
    said: Sequence[SaidEntry],
    path: EquipmentPath,
    plant: PlantFile,
) -> list[MachineRecord]:
    """The events with what people said among them, where it was heard."""
    heard = [(one.source_time, 0, one) for one in events]
    heard += [(one.at, 1, _manual(one, seq, path, plant)) for seq, one in enumerate(said)]
    return [event for *_, event in sorted(heard, key=lambda one: one[:2])]


def _manual(entry: SaidEntry, seq: int, path: EquipmentPath, plant: PlantFile) -> MachineRecord:
    said = dict(entry.statement)
    kind = PartsReported if said["type"] == "parts_reported" else StopReasonGiven
    fields = {
        "id": EventId(source="people", epoch="e", seq=seq),
        "run": RUN,
        "plant_version": plant.version,
        "equipment": path,
        "source_time": datetime.fromisoformat(said.pop("time")),
        "ingest_time": entry.at,
        "by": entry.by,
        "statement": f"{path}-{seq}",
    }
    return kind.model_validate(fields | said)


def _of_quality(plant: PlantFile, lab: Lab, lines: Sequence[Line]) -> list[Line]:
    """What the laboratory says, and what the engine of quality makes of it."""
    engine = QualityEngine()
    made = [BatchMade.model_validate_json(value) for topic, _, value in lines if topic == LAB.name]
    found: list[Line] = []
    for product in sorted({one.product for one in made}):
        stated = lab.stated(product, RUN, plant)
        events = sorted(
            [*(one for one in made if one.product == product), *stated],
            key=lambda one: one.end or one.start if isinstance(one, BatchMade) else one.source_time,
        )
        state = engine.load(engine.key_of(events[0]), {})
        newest: dict[tuple[str, str], Line] = {}
        for event in events:
            moved = engine.advance(state, [event], plant)
            state = moved.state
            for one in moved.outputs:
                if one.topic.name in {"plant.quality.v1", "plant.lab.answer.v1"}:
                    name = (one.topic.name, one.record_key)
                    newest[name] = (one.topic.name, one.partition_key, encode(one.record))
        found += [(LAB.name, one.partition_key(), encode(one)) for one in stated]
        found += newest.values()
    return found
