"""Records as lines: one per record, one per sample of a frame. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel

from plantstream.commands.tables import printable
from plantstream.runtime.ports import Record
from schemas.codec import UnreadableError, decode
from schemas.record import equipment_id
from schemas.telemetry import Column, TelemetryFrame
from schemas.topics import Topic

SHOWN_BYTES = 200
_ENVELOPE = frozenset(
    {"type", "version", "id", "plant_version", "traceparent", "equipment", "ingest_time"}
)
_TIMES = ("source_time", "at", "start", "published_at", "buried_at", "starts_at")
"""The first of these that a record has stands in front of its line."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: for people, and as a JSON object."""

    text: str
    document: Mapping[str, Any]


def lines(topic: Topic, record: Record, equipment: str | None = None) -> Iterator[Line]:
    """What a record says, if it speaks of this equipment (its id or its whole path)."""
    position = _position(record)
    if record.value is None or not topic.types:
        if equipment is None:
            yield _raw(record, position)
        return
    try:
        value = decode(topic, record.value)
        if equipment is None or _is_of(value, equipment):
            frame = isinstance(value, TelemetryFrame)
            yield from _samples(value, position) if frame else [_line(value, position)]
    except (UnreadableError, OverflowError) as error:
        if equipment is None:
            reason = "a time that is in no calendar" if isinstance(error, OverflowError) else error
            yield _unreadable(record, position, str(reason))


def speaks_of_equipment(topic: Topic) -> bool:
    """Whether every record of the topic names its equipment."""
    return bool(topic.types) and all("equipment" in kind.model_fields for kind in topic.types)


def _is_of(value: Any, equipment: str) -> bool:
    return equipment in {value.equipment, equipment_id(value.equipment)}


def _line(value: BaseModel, position: Mapping[str, Any]) -> Line:
    document = value.model_dump(mode="json", exclude_none=True)
    return Line(_text(value, document), {**position, "record": document})


def _samples(frame: TelemetryFrame, position: Mapping[str, Any]) -> list[Line]:
    found = [
        (column.offset_ms[index], column, index)
        for column in frame.columns
        for index in range(len(column.offset_ms))
    ]
    return [
        _sample(
            frame, column, index, (frame.source_time + timedelta(milliseconds=offset_ms), position)
        )
        for offset_ms, column, index in sorted(found, key=lambda one: one[0])
    ]


def _sample(
    frame: TelemetryFrame, column: Column, index: int, where: tuple[datetime, Mapping[str, Any]]
) -> Line:
    at, position = where
    value = column.values()[index]
    quality = column.quality[index] if column.quality else 0
    document = {
        "time": _iso(at),
        "run": frame.run,
        "equipment": frame.equipment,
        "tag": column.tag,
        "value": value,
        "unit": column.unit,
        "quality": quality,
    }
    shown = "none" if value is None else f"{value:.15g}" if isinstance(value, float) else value
    notes = [shown, column.unit, f"quality=0x{quality:08X}" if quality else "", _run(frame.run)]
    text = _columns(_clock(at), equipment_id(frame.equipment), column.tag, _joined(notes))
    return Line(text, {**position, "sample": document})


def _text(value: BaseModel, document: Mapping[str, Any]) -> str:
    times = [name for name in _TIMES if name in document]
    at = _clock(getattr(value, times[0])) if times else ""
    said = {name: one for name, one in document.items() if name not in {*_ENVELOPE, *times[:1]}}
    run = _run(said.pop("run", ""))
    path = document.get("equipment") or document.get("site") or document.get("service") or ""
    return _columns(at, path.rpartition("/")[2], document["type"], _joined([*_pairs(said), run]))


def _pairs(document: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """`name=value` of what is said; zeros among sums, and what is empty, say nothing."""
    for name, one in document.items():
        if isinstance(one, dict):
            yield from _pairs({key: part for key, part in one.items() if part != 0}, f"{name}.")
        elif isinstance(one, float):
            yield f"{prefix}{name}={one:.6g}"
        elif one not in ("", []):
            yield f"{prefix}{name}={_shortened(str(one))}"


def _raw(record: Record, position: Mapping[str, Any]) -> Line:
    key = _readable(record.key)
    if record.value is None:
        return Line(_columns(_stamp(record), key, "removed"), {**position, "record": None})
    content = _json(record.value)
    return Line(
        _columns(_stamp(record), key, _shortened(_readable(record.value))),
        {**position, "record": content},
    )


def _unreadable(record: Record, position: Mapping[str, Any], reason: str) -> Line:
    content = _readable((record.value or b"")[:SHOWN_BYTES])
    text = _columns(_stamp(record), _readable(record.key), "unreadable", f"{reason}: {content}")
    return Line(text, {**position, "unreadable": reason, "text": content})


def _position(record: Record) -> dict[str, Any]:
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "key": _readable(record.key),
        "broker_time": _iso(_appended(record)),
    }


def _columns(at: str, name: str, kind: str, rest: str = "") -> str:
    return printable(f"{at:24} {name:16} {kind:16} {rest}".rstrip())


def _appended(record: Record) -> datetime:
    return datetime.fromtimestamp(record.timestamp_ms / 1000, UTC)


def _stamp(record: Record) -> str:
    return _clock(_appended(record))


def _clock(at: datetime) -> str:
    return _iso(at).replace("T", " ")


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _run(run: str) -> str:
    return f"run={run}" if run else ""


def _joined(parts: list[str]) -> str:
    return " ".join(part for part in parts if part)


def _shortened(text: str) -> str:
    return text if len(text) <= SHOWN_BYTES else f"{text[:SHOWN_BYTES]}…"


def _readable(content: bytes | None) -> str:
    return (content or b"").decode(errors="backslashreplace")


def _json(value: bytes) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return _readable(value)
