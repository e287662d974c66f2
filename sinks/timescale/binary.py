"""Samples as PostgreSQL's binary COPY, straight from the columns of a frame. Pure."""

import struct
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from plantstream.runtime.errors import RejectedError
from schemas.telemetry import Column, TelemetryFrame
from sinks.timescale.table import storable

HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TRAILER = b"\xff\xff"

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_EARLIEST = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LATEST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND

# A field is its length (-1: null) and its bytes. These are time (without its length), value,
# quality and text.
_NUMBER = struct.Struct(">qidiqi").pack
_NOTHING = struct.Struct(">qiiqi").pack
_TEXT = struct.Struct(">qiiqi").pack
_TIME_AND_NUMBER = struct.Struct(">qid").pack
_GOOD_WITHOUT_TEXT = struct.pack(">iqi", 8, 0, -1)
_TIME_BYTES = struct.pack(">i", 8)
_HEADS = 20_000
"""Tags whose first fields are kept: a tag comes again with every frame."""


def copy_rows(frame: TelemetryFrame) -> bytes:
    """The rows of a frame, without header and trailer.

    The fields are run (only of a run), equipment, tag, unit, time, value, quality and text.

    Raises:
        RejectedError: a time or a quality that the database cannot hold.
    """
    base_us = (frame.source_time - _EPOCH) // _MICROSECOND
    who = (frame.run, frame.equipment) if frame.run else (frame.equipment,)
    rows: list[bytes] = []
    for column in frame.columns:
        head = _head((*who, column.tag, column.unit))
        row = _only_row(head, base_us, column)
        rows += _rows(head, _times(base_us, column), column) if row is None else (row,)
    return b"".join(rows)


def _only_row(head: bytes, base_us: int, column: Column) -> bytes | None:
    """The row of a column with one good number, at a third of the cost; None: it has others."""
    numbers = column.numbers
    if numbers is None or len(numbers) != 1 or numbers[0] is None or column.quality is not None:
        return None
    at = base_us + 1000 * column.offset_ms[0]
    if not _EARLIEST <= at <= _LATEST:
        return None
    return head + _TIME_AND_NUMBER(at, 8, numbers[0]) + _GOOD_WITHOUT_TEXT


def _times(base_us: int, column: Column) -> list[int]:
    times = [base_us + 1000 * offset for offset in column.offset_ms]
    if times and (min(times) < _EARLIEST or max(times) > _LATEST):
        raise RejectedError(f"column {column.tag!r}: a time outside the years 1 to 9999")
    return times


def _rows(head: bytes, times: list[int], column: Column) -> list[bytes]:
    texts, quality = column.texts or (), column.quality or [0] * len(times)
    try:
        if column.numbers is None:
            return [head + _said(*one) for one in zip(times, texts, quality, strict=True)]
        return [
            head + _NOTHING(at, -1, 8, good, -1)
            if number is None
            else head + _NUMBER(at, 8, number, 8, good, -1)
            for at, number, good in zip(times, column.numbers, quality, strict=True)
        ]
    except struct.error:
        raise RejectedError(f"column {column.tag!r}: a quality beyond 64 bits") from None


def _said(at: int, text: str | None, good: int) -> bytes:
    if text is None:
        return _NOTHING(at, -1, 8, good, -1)
    said = storable(text).encode()
    return _TEXT(at, -1, 8, good, len(said)) + said


@lru_cache(_HEADS)
def _head(texts: tuple[str, ...]) -> bytes:
    """What all samples of a tag share: the number of fields, the first ones, a time's length."""
    return struct.pack(">h", len(texts) + 4) + b"".join(map(_field, texts)) + _TIME_BYTES


def _field(text: str) -> bytes:
    said = storable(text).encode()
    return struct.pack(">i", len(said)) + said
