"""Samples as PostgreSQL's binary COPY, straight from the columns of a frame. Pure."""

import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

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
        head = struct.pack(">h", len(who) + 6)
        head += b"".join(_field(text) for text in (*who, column.tag, column.unit))
        try:
            rows += _rows(head, _times(base_us, column), column)
        except struct.error:
            raise RejectedError(f"column {column.tag!r}: a quality beyond 64 bits") from None
    return b"".join(rows)


def _times(base_us: int, column: Column) -> list[int]:
    times = [base_us + 1000 * offset for offset in column.offset_ms]
    if times and not _EARLIEST <= min(times) <= max(times) <= _LATEST:
        raise RejectedError(f"column {column.tag!r}: a time outside the years 1 to 9999")
    return times


def _rows(head: bytes, times: list[int], column: Column) -> Iterator[bytes]:
    quality = column.quality or [0] * len(times)
    if column.numbers is not None:
        for at, number, good in zip(times, column.numbers, quality, strict=True):
            if number is None:
                yield head + _NOTHING(8, at, -1, 8, good, -1)
            else:
                yield head + _NUMBER(8, at, 8, number, 8, good, -1)
        return
    for at, text, good in zip(times, column.texts or (), quality, strict=True):
        if text is None:
            yield head + _NOTHING(8, at, -1, 8, good, -1)
        else:
            said = storable(text).encode()
            yield head + _TEXT(8, at, -1, 8, good, len(said)) + said


def _field(text: str) -> bytes:
    said = storable(text).encode()
    return struct.pack(">i", len(said)) + said
