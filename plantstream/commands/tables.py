"""Rows in columns that are never cut, so that a pipe gets all of an id."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

BYTES_A_LINE = 16
FIRST_ASCII, LAST_ASCII = 0x20, 0x7E


def print_columns(rows: Iterable[Mapping[str, Any]]) -> None:
    """A line of names and a line per row; numbers to the right, fractions with three places."""
    listed = list(rows)
    if not listed:
        return
    names = list(listed[0])
    cells = [[printable(_text(row[name])) for name in names] for row in listed]
    widths = [max(map(len, column)) for column in zip(names, *cells, strict=True)]
    right = [all(isinstance(row[name], int | float | None) for row in listed) for name in names]
    for line in (names, *cells):
        parts = [
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(line, widths, right, strict=True)
        ]
        sys.stdout.write("  ".join(parts).rstrip() + "\n")


def printable(text: str) -> str:
    """The text with control characters as escapes: what machines say must not steer a terminal."""
    if text.isprintable():
        return text
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )


def hex_dump(content: bytes) -> Iterator[str]:
    """Sixteen bytes a line: where they stand, what they are, and what of it is ASCII."""
    for start in range(0, len(content), BYTES_A_LINE):
        part = content[start : start + BYTES_A_LINE]
        text = "".join(chr(one) if FIRST_ASCII <= one <= LAST_ASCII else "." for one in part)
        yield f"{start:08x}  {part.hex(' '):47}  {text}"


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else str(value)
