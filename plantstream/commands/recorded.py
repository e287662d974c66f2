"""Recorded events: lines of `plantstream tail --json`, plain records, or a CSV with its map."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from plantstream.runtime.errors import MisconfiguredError
from schemas.machine import MachineRecord
from schemas.plant.load import PlantFile
from schemas.record import EventId
from schemas.telemetry import Column, TelemetryFrame
from schemas.topics import MACHINE, SITE, TELEMETRY

_TYPES: Mapping[str, type[BaseModel]] = {
    str(kind.model_fields["type"].default): kind
    for topic in (TELEMETRY, MACHINE, SITE)
    for kind in topic.types
}


def read_events(file: Path, plant: PlantFile, map_file: Path | None = None) -> list[Any]:
    """The events of a file; those of topics of which no rule speaks are left out.

    Raises:
        MisconfiguredError: the file cannot be read, or a line is no event.
    """
    if map_file is not None:
        return list(_played(file, map_file, plant))
    try:
        with file.open(encoding="utf-8") as lines:
            found = [_event(line, number, file, plant) for number, line in enumerate(lines, 1)]
    except (OSError, UnicodeDecodeError) as error:
        raise MisconfiguredError(f"{file} cannot be read: {error}") from None
    return [one for one in found if one is not None]


def _event(line: str, number: int, file: Path, plant: PlantFile) -> Any:
    if not line.strip():
        return None
    try:
        document = json.loads(line)
        if "sample" in document:
            return _sample(document["sample"], number, plant)
        record = document.get("record", document)
        kind = _TYPES.get(record.get("type", ""))
        return None if kind is None else kind.model_validate(record)
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        said = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        told = "take lines of `plantstream tail --json`, or give --map with a CSV"
        raise MisconfiguredError(f"{file}:{number}: no event: {said}; {told}") from None


def _sample(said: Mapping[str, Any], number: int, plant: PlantFile) -> TelemetryFrame:
    """A frame of the one sample that a line shows; the line's number is its id."""
    at, value = datetime.fromisoformat(said["time"]), said.get("value")
    values: dict[str, Any] = {"texts" if isinstance(value, str) else "numbers": [value]}
    quality = [said["quality"]] if said.get("quality") else None
    column = Column(
        tag=said["tag"], unit=said.get("unit", ""), offset_ms=[0], quality=quality, **values
    )
    return TelemetryFrame(
        id=EventId(source="recorded", epoch="lines", seq=number),
        run=said.get("run", ""),
        plant_version=plant.version,
        source_time=at,
        ingest_time=at,
        equipment=said["equipment"],
        columns=[column],
    )


def _played(file: Path, map_file: Path, plant: PlantFile) -> Iterator[Any]:
    """What the edge makes of a recording, row by row."""
    from ingest.edge import Edge
    from ingest.inputs.recording.recording import load_recording
    from ingest.inputs.recording.rows import advance, ended
    from ingest.lines import read_lines
    from ingest.sealing import CountedStamps, Moment

    recording = load_recording(file, map_file, plant)
    edge = Edge(plant, CountedStamps("recorded", "rows"), skew_limit=None)
    moment = Moment("", plant.version, "", datetime(1970, 1, 1, tzinfo=UTC))
    cursor, layout = recording.start, recording.layout
    with recording.path.open("rb") as rows:
        for line in read_lines(rows, cursor.line, cursor.offset):
            cursor, seen = advance(layout, cursor, line, None)
            yield from _events_among(edge.take(seen, moment).records)
    yield from _events_among(edge.take(ended(layout, cursor), moment).records)


def _events_among(records: Sequence[Any]) -> Iterator[Any]:
    """Without dead letters."""
    return (one for one in records if isinstance(one, TelemetryFrame | MachineRecord))
