"""Samples of one equipment to telemetry frames, in columns."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple, NotRequired, TypedDict

from ingest.input import Value
from ingest.values import word
from schemas.record import EquipmentPath
from schemas.telemetry import MAX_SAMPLES

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST_WHOLE = 2**53
_MILLISECOND = timedelta(milliseconds=1)
_FRACTIONS: set[type] = {float}
_WHOLE: set[type] = {int}
_TRUTH: set[type] = {bool}

_Series = tuple[list[int], list[Value], list[int]]
"""Of one tag: offsets in ms, values, qualities."""


class Reading(NamedTuple):
    """One sample as it goes into a frame; a tuple, because there are so many of them."""

    tag: str
    at: datetime
    value: Value
    quality: int


class ColumnDraft(TypedDict):
    """The fields of a `Column`, before the contract has judged them."""

    tag: str
    unit: str
    offset_ms: list[int]
    numbers: NotRequired[list[Value]]
    texts: NotRequired[list[str | None]]
    quality: NotRequired[list[int]]
    kind: NotRequired[Literal["int", "bool"]]


@dataclass(frozen=True, slots=True)
class FrameDraft:
    """A frame that has no id yet; it is validated once, when it gets one."""

    equipment: EquipmentPath
    source_time: datetime
    columns: list[ColumnDraft]


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
    start = before = min([reading.at for reading in readings])
    offset_ms = 0
    series: dict[str, _Series] = {}
    for tag, at, value, quality in readings:
        if at != before:
            offset_ms, before = (at - start) // _MILLISECOND, at
        of_tag = series.get(tag)
        if of_tag is None:
            series[tag] = ([offset_ms], [value], [quality])
        else:
            of_tag[0].append(offset_ms)
            of_tag[1].append(value)
            of_tag[2].append(quality)
    columns = [_column(tag, units.get(tag, ""), one) for tag, one in series.items()]
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


def _column(tag: str, unit: str, series: _Series) -> ColumnDraft:
    offset_ms, values, quality = series
    kinds = set(map(type, values))
    kinds.discard(type(None))
    column: ColumnDraft = {"tag": tag, "unit": unit, "offset_ms": offset_ms}
    if _is_textual(kinds, values):
        column["texts"] = [_text(value) for value in values]
    else:
        column["numbers"] = values
    if any(quality):
        column["quality"] = quality
    if kinds == _WHOLE:
        column["kind"] = "int"
    elif kinds == _TRUTH:
        column["kind"] = "bool"
    return column


def _is_textual(kinds: set[type], values: Iterable[Value]) -> bool:
    """Whether the values cannot all stand as numbers."""
    if kinds <= _FRACTIONS:
        return False
    return any(issubclass(kind, str) for kind in kinds) or not all(map(_fits, values))


def _fits(value: Value) -> bool:
    """Whether a float holds it exactly."""
    return not isinstance(value, int) or -_LARGEST_WHOLE <= value <= _LARGEST_WHOLE


def _text(value: Value) -> str | None:
    """Numbers among texts are written as words: a column holds one kind, and nothing is lost."""
    return None if value is None else word(value)
