"""Lines of a file that may hold anything: too long, not UTF-8, cut off."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

MAX_LINE_BYTES = 65_536
"""A longer line is no row; only its beginning is kept."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line, without its end."""

    number: int
    """From 1."""
    end: int
    """Offset of the line after it."""
    raw: bytes
    """At most its first `MAX_LINE_BYTES`."""
    size: int


def read_lines(file: BinaryIO, number: int, offset: int) -> Iterator[Line]:
    """The lines from this offset on, where line `number` begins."""
    file.seek(offset)
    while raw := file.readline(MAX_LINE_BYTES):
        size = len(raw) + (0 if raw.endswith(b"\n") else _skip_rest(file))
        offset += size
        yield Line(number, offset, raw.rstrip(b"\r\n"), size)
        number += 1


def _skip_rest(file: BinaryIO) -> int:
    skipped = 0
    while part := file.readline(MAX_LINE_BYTES):
        skipped += len(part)
        if part.endswith(b"\n"):
            break
    return skipped
