"""Files of instruments as rows: CSV by its header, or JSON lines. Bounded whatever a file holds."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from ingest.inputs.lab.statements import FIELDS, Mistake, RefusedError, Said, from_json, from_texts
from ingest.lines import MAX_LINE_BYTES, Line, read_lines
from schemas.mistakes import did_you_mean

SUFFIXES = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_DELIMITERS = ",;\t"
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a file: what it says, or why it says nothing."""

    line: int
    raw: bytes
    said: Said | None
    mistakes: tuple[Mistake, ...] = ()


def read_rows(file: BinaryIO, suffix: str) -> Iterator[Row]:
    """The rows of a file from its beginning; empty lines are none.

    A row of CSV is one line: a quote that is never closed breaks its own line only.

    Raises:
        RefusedError: the header is none, so that no row could be read.
    """
    lines = read_lines(file, 1, 0)
    if SUFFIXES[suffix.lower()] == "jsonl":
        for line in lines:
            if line.raw.strip():
                yield _row(line, None, ",")
        return
    first = next((line for line in lines if line.raw.strip()), None)
    if first is None:
        return
    names, delimiter = _header(first)
    for line in lines:
        if line.raw.strip():
            yield _row(line, names, delimiter)


def _header(line: Line) -> tuple[list[str], str]:
    raw = line.raw.removeprefix(_BOM)
    delimiter = max(_DELIMITERS, key=lambda one: raw.count(one.encode()))
    names = [name.strip() for name in _cells(raw, delimiter)]
    found = []
    for number, name in enumerate(names):
        if name not in FIELDS:
            hint = did_you_mean(name, FIELDS)
            told = f"the header names an unknown field; {hint}".rstrip("; ")
            found.append(Mistake(name or f"column {number + 1}", told))
        elif name in names[:number]:
            found.append(Mistake(name, "the header names it twice"))
    if found:
        raise RefusedError(found)
    return names, delimiter


def _row(line: Line, names: Sequence[str] | None, delimiter: str) -> Row:
    if line.size > MAX_LINE_BYTES:
        told = Mistake("", f"the line is longer than {MAX_LINE_BYTES} bytes")
        return Row(line.number, line.raw, None, (told,))
    try:
        if names is None:
            said = from_json(line.raw.removeprefix(_BOM))
        else:
            said = _of_cells(_cells(line.raw, delimiter), names)
    except RefusedError as error:
        return Row(line.number, line.raw, None, error.mistakes)
    return Row(line.number, line.raw, said)


def _of_cells(cells: Sequence[str], names: Sequence[str]) -> Said:
    if len(cells) != len(names):
        told = f"the row has {len(cells)} cells, the header {len(names)}"
        raise RefusedError([Mistake("", told)])
    return from_texts(dict(zip(names, (cell.strip() for cell in cells), strict=True)))


def _cells(raw: bytes, delimiter: str) -> list[str]:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RefusedError([Mistake("", f"byte {error.start + 1} is not UTF-8")]) from None
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True))
    except (csv.Error, StopIteration) as error:
        raise RefusedError([Mistake("", f"the row is not CSV: {error}")]) from None
