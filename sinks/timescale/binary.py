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

# A field is its length (-1: null) and its bytes. These are time, value, quality and text.
_NUMBER = struct.Struct(">iqidiqi").pack
_NOTHING = struct.Struct(">iqiiqi").pack
_TEXT = struct.Struct(">iqiiqi").pack
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
        try:
            rows += _rows(head, _times(base_us, column), column)
        except struct.error:
            raise RejectedError(f"column {column.tag!r}: a quality beyond 64 bits") from None
    return b"".join(rows)


def _times(base_us: int, column: Column) -> list[int]:
    times = [base_us + 1000 * offset for offset in column.offset_ms]
    if times and not (min(times) >= _EARLIEST and max(times) <= _LATEST):
        raise RejectedError(f"column {column.tag!r}: a time outside the years 1 to 9999")
    return times


def _rows(head: bytes, times: list[int], column: Column) -> list[bytes]:
    numbers, quality = column.numbers, column.quality
    if numbers is None:
        texts = column.texts or ()
        good = quality or [0] * len(times)
        return [head + _said(*one) for one in zip(times, texts, good, strict=True)]
    if quality is None and None not in numbers:  # Nearly all columns, and half the work.
        return [
            head + _NUMBER(8, at, 8, number, 8, 0, -1)
            for at, number in zip(times, numbers, strict=True)
        ]
    return [
        head + _NOTHING(8, at, -1, 8, good, -1)
        if number is None
        else head + _NUMBER(8, at, 8, number, 8, good, -1)
        for at, number, good in zip(times, numbers, quality or [0] * len(times), strict=True)
    ]


def _said(at: int, text: str | None, good: int) -> bytes:
    if text is None:
        return _NOTHING(8, at, -1, 8, good, -1)
    said = storable(text).encode()
    return _TEXT(8, at, -1, 8, good, len(said)) + said


@lru_cache(_HEADS)
def _head(texts: tuple[str, ...]) -> bytes:
    """The number of fields of a row, and those that all samples of a tag share."""
    return struct.pack(">h", len(texts) + 4) + b"".join(map(_field, texts))


def _field(text: str) -> bytes:
    said = storable(text).encode()
    return struct.pack(">i", len(said)) + said
