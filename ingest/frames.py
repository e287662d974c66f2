"""Samples of one equipment to telemetry frames, in columns."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from ingest.input import Value
from ingest.values import word
from schemas.record import EquipmentPath
from schemas.telemetry import MAX_SAMPLES, Column

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST_WHOLE = 2**53
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Reading:
    """One sample as it goes into a frame."""

    tag: str
    at: datetime
    value: Value
    quality: int


@dataclass(frozen=True, slots=True)
class FrameDraft:
    """A frame that has no id yet."""

    equipment: EquipmentPath
    source_time: datetime
    columns: list[Column]


def whole_frames(
    waiting: Sequence[Reading],
) -> tuple[list[Sequence[Reading]], Sequence[Reading]]:
    """Cut off full frames and give the rest.

    The cut depends on the readings alone and not on how they arrived, so that a recording gives
    the same frames whatever its pace and wherever it was interrupted.
    """
    end = len(waiting) - len(waiting) % MAX_SAMPLES
    return [waiting[at : at + MAX_SAMPLES] for at in range(0, end, MAX_SAMPLES)], waiting[end:]


def frame(
    equipment: EquipmentPath, units: Mapping[str, str], readings: Sequence[Reading]
) -> FrameDraft:
    """One frame of these readings, at most `MAX_SAMPLES`; it begins with the earliest of them."""
    start = min(reading.at for reading in readings)
    by_tag: dict[str, list[Reading]] = {}
    for reading in readings:
        by_tag.setdefault(reading.tag, []).append(reading)
    columns = [_column(tag, units.get(tag, ""), part, start) for tag, part in by_tag.items()]
    return FrameDraft(equipment, start, columns)


def dump_readings(readings: Iterable[Reading]) -> list[list[Value]]:
    """Readings as plain lists for JSON, exact to the microsecond."""
    return [
        [one.tag, (one.at - _EPOCH) // timedelta(microseconds=1), one.value, one.quality]
        for one in readings
    ]


def load_readings(rows: Iterable[tuple[str, int, Value, int]]) -> list[Reading]:
    """The readings that `dump_readings` wrote."""
    return [
        Reading(tag, _EPOCH + timedelta(microseconds=at), value, quality)
        for tag, at, value, quality in rows
    ]


def _column(tag: str, unit: str, readings: Sequence[Reading], start: datetime) -> Column:
    values = [reading.value for reading in readings]
    kind = _kind(values)
    textual = any(isinstance(value, str) for value in values) or not all(map(_fits, values))
    trusted = all(reading.quality == 0 for reading in readings)
    return Column(
        tag=tag,
        unit=unit,
        offset_ms=[(reading.at - start) // _MILLISECOND for reading in readings],
        numbers=None if textual else [_number(value) for value in values],
        texts=[_text(value) for value in values] if textual else None,
        quality=None if trusted else [reading.quality for reading in readings],
        kind=kind,
    )


def _kind(values: Iterable[Value]) -> Literal["int", "bool"] | None:
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int}:
        return "int"
    return "bool" if kinds == {bool} else None


def _fits(value: Value) -> bool:
    """Whether a float holds it exactly."""
    return not isinstance(value, int) or -_LARGEST_WHOLE <= value <= _LARGEST_WHOLE


def _number(value: Value) -> float | None:
    return None if isinstance(value, str) else value


def _text(value: Value) -> str | None:
    """Numbers among texts are written as words: a column holds one kind, and nothing is lost."""
    return None if value is None else word(value)
