"""Files of instruments as rows: CSV by its header, or JSON lines. Bounded whatever a file holds."""

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from ingest.inputs.lab.statements import FIELDS, Mistake, RefusedError, Said, from_json, from_texts
from ingest.lines import MAX_LINE_BYTES, Line, read_lines
from schemas.mistakes import did_you_mean

SUFFIXES = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
MAX_ROW_LINES = 200
"""Lines of one row of CSV; all of them together are no longer than one line may be."""
_DELIMITERS = ",;\t"
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file: what it says, or why it says nothing."""

    line: int
    """Where it begins."""
    raw: bytes
    said: Said | None
    mistakes: tuple[Mistake, ...] = ()
    lines: int = 1

    @property
    def place(self) -> str:
        """Its line, or its first and its last one."""
        return f"{self.line}-{self.line + self.lines - 1}" if self.lines > 1 else str(self.line)


def read_rows(file: BinaryIO, suffix: str) -> Iterator[Row]:
    """The rows of a file from its beginning; empty lines are none.

    Raises:
        RefusedError: the header is none, so that no row could be read.
    """
    lines = _Lines(read_lines(file, 1, 0))
    if SUFFIXES[suffix.lower()] == "jsonl":
        while lines.reach_row():
            yield _json_row(lines.take())
    elif lines.reach_row():
        names, delimiter = _header(lines.take())
        while lines.reach_row():
            yield _csv_row(lines, names, delimiter)


class _Lines:
    """Lines that may be looked at before they are taken."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._unseen = lines
        self._seen: deque[Line] = deque()

    def reach_row(self) -> bool:
        """Pass over empty lines; whether another one is left."""
        for line in self.ahead():
            if line.raw.strip():
                # What lies before it is empty.
                while self._seen[0] is not line:
                    self._seen.popleft()
                return True
        return False

    def ahead(self) -> Iterator[Line]:
        """The next lines, which all stay."""
        yield from tuple(self._seen)
        for line in self._unseen:
            self._seen.append(line)
            yield line

    def take(self) -> Line:
        """The next line, which has been looked at."""
        return self._seen.popleft()


def _header(line: Line) -> tuple[list[str], str]:
    text = _text(line.raw.removeprefix(_BOM))
    delimiter = max(_DELIMITERS, key=text.count)
    try:
        names = [
            name.strip() for name in next(csv.reader([text], delimiter=delimiter, strict=True))
        ]
    except csv.Error as error:
        raise RefusedError([Mistake("", f"the header is not CSV: {error}")]) from None
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


def _json_row(line: Line) -> Row:
    try:
        _must_fit(line)
        return Row(line.number, line.raw, from_json(line.raw.removeprefix(_BOM)))
    except RefusedError as error:
        return Row(line.number, line.raw, None, error.mistakes)


def _csv_row(lines: _Lines, names: Sequence[str], delimiter: str) -> Row:
    """The next row; if it has not the header's cells, its first line alone is refused.

    So a text that is never ended costs its own line: those that it ran over are read again.
    """
    try:
        cells, count = _cells(lines, names, delimiter)
    except RefusedError as error:
        line = lines.take()
        return Row(line.number, line.raw, None, error.mistakes)
    taken = [lines.take() for _ in range(count)]
    first, raw = taken[0].number, b"\n".join(line.raw for line in taken)
    try:
        _text(raw)
        said = from_texts(dict(zip(names, (cell.strip() for cell in cells), strict=True)))
    except RefusedError as error:
        return Row(first, raw, None, error.mistakes, count)
    return Row(first, raw, said, lines=count)


def _cells(lines: _Lines, names: Sequence[str], delimiter: str) -> tuple[list[str], int]:
    """The cells of the next row, and how many lines it has."""
    reader = csv.reader(_row_texts(lines), delimiter=delimiter, strict=True)
    try:
        cells = next(reader)
    except csv.Error as error:
        told = f"the row is not CSV: {error}"
        if reader.line_num > 1 or "end of data" in str(error):
            told = "the text in quotation marks does not end: end it, and double each mark within"
        raise RefusedError([Mistake("", told)]) from None
    if len(cells) != len(names):
        told = f"the row has {len(cells)} cells, the header {len(names)}"
        if reader.line_num > 1:
            told += f"; its text in quotation marks goes over {reader.line_num} lines: too far?"
        raise RefusedError([Mistake("", told)])
    return cells, reader.line_num


def _row_texts(lines: _Lines) -> Iterator[str]:
    """The next lines, as long as they may belong to one row."""
    size = 0
    for number, line in enumerate(islice(lines.ahead(), MAX_ROW_LINES)):
        size += line.size
        if number == 0:
            _must_fit(line)
            yield _text(line.raw) + "\n"
        elif size <= MAX_LINE_BYTES:
            # Whether the text is UTF-8 is asked once the row is known.
            yield line.raw.decode("utf-8", "replace") + "\n"
        else:
            return


def _must_fit(line: Line) -> None:
    if line.size > MAX_LINE_BYTES:
        raise RefusedError([Mistake("", f"the line is longer than {MAX_LINE_BYTES} bytes")])


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RefusedError([Mistake("", f"byte {error.start + 1} is not UTF-8")]) from None
