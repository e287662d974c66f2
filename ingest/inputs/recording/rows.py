"""One line of a recording to the samples in it."""

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from ingest.input import BAD, GOOD, Alive, Observation, Sample, Unreadable, Value
from ingest.lines import MAX_LINE_BYTES, Line
from schemas.record import EquipmentPath

_MICROSECOND = timedelta(microseconds=1)


class RowError(ValueError):
    """This line is no row; the message says why."""


@dataclass(frozen=True, slots=True)
class ColumnRule:
    """One column that is a tag."""

    index: int
    tag: str
    is_name: bool
    """A batch, a product, a phase …: kept as it is written, and empty means none."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How the lines of one recording are read."""

    origin: str
    equipment: EquipmentPath
    delimiter: str
    width: int
    time_index: int
    time_format: str
    zone: ZoneInfo
    columns: Sequence[ColumnRule]
    ending_batch: ColumnRule | None = None
    """The batch column, where a batch ends with its own last row."""
    counters_from_zero: Sequence[str] = ()
    """Counter tags whose first value was counted since the beginning."""
    silence_matters: bool = False
    """Whether time without a sign of life becomes unknown: then every row is one."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a recording goes on, and what it must know of the rows before."""

    offset: int
    line: int
    """Number of the next line."""
    rows: int = 0
    """Good rows so far."""
    time: str | None = None
    """Of the last good row, as ISO text in UTC, not shifted."""
    batch: str = ""
    """Open after the last good row."""
    shift_us: int = 0
    """What is added to the recording's times."""
    ended: bool = False
    """The last row was read, and its end was told."""

    def dump(self) -> str:
        """As a position."""
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, position: str) -> "Cursor":
        """The cursor of a position."""
        return cls(**json.loads(position))


def advance(
    layout: Layout, cursor: Cursor, line: Line, shift_to: datetime | None
) -> tuple[Cursor, list[Observation]]:
    """Read one line: its samples, or one `Unreadable`; blank lines are nothing.

    With `shift_to` the first good row is at that time, and all others keep their distance to it.
    """
    passed = replace(cursor, offset=line.end, line=line.number + 1)
    if not line.raw.strip():
        return passed, []
    try:
        cells = read_cells(line, layout.delimiter)
        time = _row_time(layout, cursor, cells)
        shift_us = cursor.shift_us
        if shift_to and cursor.time is None:
            shift_us = (shift_to - time) // _MICROSECOND
        at = time + shift_us * _MICROSECOND
    except (RowError, OverflowError) as error:
        return passed, [Unreadable(layout.origin, line.number, line.raw, str(error))]
    batch = cells[layout.ending_batch.index].strip() if layout.ending_batch else ""
    seen: list[Observation] = []
    if batch != cursor.batch:
        seen += ended_batch(layout, cursor)
    if cursor.time is None:
        seen += [Sample(layout.equipment, tag, 0, at) for tag in layout.counters_from_zero]
    seen += [_sample(layout, column, cells[column.index], at) for column in layout.columns]
    if layout.silence_matters:
        seen.append(Alive(layout.equipment, at))
    after = replace(
        passed, rows=cursor.rows + 1, time=time.isoformat(), batch=batch, shift_us=shift_us
    )
    return after, seen


def ended(layout: Layout, cursor: Cursor) -> list[Observation]:
    """What the end of the file says: the batch ends, and the last state held until the last row."""
    time = shifted_time(cursor)
    if cursor.ended or time is None:
        return []
    return [*ended_batch(layout, cursor), Alive(layout.equipment, time)]


def ended_batch(layout: Layout, cursor: Cursor) -> list[Observation]:
    """An empty batch at the time of the last row, if one is open."""
    time = shifted_time(cursor)
    if not layout.ending_batch or not cursor.batch or time is None:
        return []
    return [Sample(layout.equipment, layout.ending_batch.tag, "", time)]


def shifted_time(cursor: Cursor) -> datetime | None:
    """The time of the last good row as its samples carry it."""
    if cursor.time is None:
        return None
    return datetime.fromisoformat(cursor.time) + cursor.shift_us * _MICROSECOND


def read_cells(line: Line, delimiter: str) -> list[str]:
    """The cells of a line.

    Raises:
        RowError: it is too long, not UTF-8 or not CSV.
    """
    if line.size > MAX_LINE_BYTES:
        raise RowError(f"a line of {line.size} bytes; {MAX_LINE_BYTES} is the limit")
    try:
        text = line.raw.decode("utf-8-sig" if line.number == 1 else "utf-8")
        rows = list(csv.reader([text], delimiter=delimiter, strict=True))
    except UnicodeDecodeError as error:
        raise RowError(f"not UTF-8 at byte {error.start + 1}") from None
    except csv.Error as error:
        raise RowError(f"not CSV: {error}") from None
    return rows[0] if rows else []


def _row_time(layout: Layout, cursor: Cursor, cells: Sequence[str]) -> datetime:
    if len(cells) != layout.width:
        raise RowError(f"{len(cells)} columns instead of {layout.width}")
    written = cells[layout.time_index].strip()
    try:
        time = _parse(layout, written)
        before = datetime.fromisoformat(cursor.time) if cursor.time else None
        if before and time < before:
            # The hour that a clock repeats when summer time ends.
            time = _parse(layout, written, fold=1)
    except (ValueError, OverflowError):
        raise RowError(f"no time as {layout.time_format}: {written[:40]!r}") from None
    if before and time < before:
        raise RowError(f"time runs backwards: {time.isoformat()} after {before.isoformat()}")
    return time


def _parse(layout: Layout, written: str, fold: int = 0) -> datetime:
    if layout.time_format == "iso":
        time = datetime.fromisoformat(written)
    else:
        time = datetime.strptime(written, layout.time_format)  # noqa: DTZ007 - zone follows
    if time.tzinfo is None:
        time = time.replace(tzinfo=layout.zone, fold=fold)
    return time.astimezone(UTC)


def _sample(layout: Layout, column: ColumnRule, cell: str, at: datetime) -> Sample:
    if column.is_name:
        return Sample(layout.equipment, column.tag, cell.strip(), at)
    value = _value(cell.strip())
    return Sample(layout.equipment, column.tag, value, at, BAD if value is None else GOOD)


def _value(cell: str) -> Value:
    """A number where it reads as one, None where nothing stands, else the text itself."""
    if not cell:
        return None
    if "_" in cell:
        return cell
    for kind in (int, float):
        try:
            return kind(cell)
        except ValueError:
            continue
    return cell
