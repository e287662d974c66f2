"""A recording that was checked as far as its first line: nothing starts from a wrong one."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from ingest.inputs.recording.digest import recording_digest
from ingest.inputs.recording.map import MapFile
from ingest.inputs.recording.rows import ColumnRule, Cursor, Layout, RowError, read_cells
from ingest.lines import Line, read_lines
from schemas.mistakes import FileError, Mistake
from schemas.plant.load import PlantFile
from schemas.plant.tags import Tag

ESTIMATE_BYTES = 256 * 1024
"""How much of a file is read to guess the number of its rows."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A CSV file and how to read it."""

    path: Path
    layout: Layout
    start: Cursor
    """Its first row."""
    digest: str

    def estimated_rows(self) -> int:
        """About how many rows there are, for a progress bar; exact for a small file."""
        size = self.path.stat().st_size - self.start.offset
        with self.path.open("rb") as file:
            file.seek(self.start.offset)
            begin = file.read(ESTIMATE_BYTES)
        if len(begin) >= size:
            return begin.count(b"\n") + (not begin.endswith(b"\n") and bool(begin))
        return round(begin.count(b"\n") * size / len(begin))


def load_recording(path: Path, map_path: Path, plant: PlantFile) -> Recording:
    """The recording with its map.

    Raises:
        FileError: with all mistakes of the map, or that its columns and the header do not agree.
    """
    map_text = _read_text(map_path)
    map_file = MapFile(map_text, str(map_path), plant)
    header_line = _first_line(path)
    header = _header(path, header_line, map_file.map.delimiter)
    map_file.check_columns(header, path.name)
    return Recording(
        path=path,
        layout=_layout(path, map_file, header, plant),
        start=Cursor(offset=header_line.end, line=2),
        digest=recording_digest(path, map_text, plant.text),
    )


def _layout(path: Path, map_file: MapFile, header: Sequence[str], plant: PlantFile) -> Layout:
    known = {tag.name: tag for tag in map_file.equipment.tags}
    columns = [
        ColumnRule(header.index(column), name, known[name].is_name)
        for column, name in map_file.map.columns.items()
    ]
    ends_itself = map_file.map.batch_ends == "last_row"
    from_zero = map_file.map.counters_start_at == "zero"
    return Layout(
        origin=path.name,
        equipment=plant.plant.path_of(map_file.equipment),
        delimiter=map_file.map.delimiter,
        width=len(header),
        time_index=header.index(map_file.map.time.column),
        time_format=map_file.map.time.format,
        zone=ZoneInfo(map_file.map.time.zone),
        columns=columns,
        silence_matters=map_file.equipment.unknown_after_s is not None,
        ending_batch=_batch_column(columns, known) if ends_itself else None,
        counters_from_zero=[one.tag for one in columns if from_zero and known[one.tag].is_counter],
    )


def _batch_column(columns: Sequence[ColumnRule], known: dict[str, Tag]) -> ColumnRule | None:
    return next((one for one in columns if known[one.tag].means == "batch"), None)


def _header(path: Path, line: Line, delimiter: str) -> list[str]:
    try:
        header = [cell.strip() for cell in read_cells(line, delimiter)]
    except RowError as error:
        raise _refusal(path, f"the header cannot be read: {error}") from None
    repeated = sorted({name for name in header if header.count(name) > 1})
    if repeated:
        raise _refusal(path, f"the header names twice: {', '.join(repeated)}")
    return header


def _first_line(path: Path) -> Line:
    try:
        with path.open("rb") as file:
            line = next(read_lines(file, number=1, offset=0), None)
    except OSError as error:
        raise _refusal(path, _reason(error)) from None
    if line is None:
        raise _refusal(path, "the file is empty; its first line must name the columns")
    return line


def _read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise _refusal(path, _reason(error)) from None
    except UnicodeDecodeError:
        raise _refusal(path, "the file is not UTF-8") from None


def _reason(error: OSError) -> str:
    return f"cannot be read: {os.strerror(error.errno or 0)}"


def _refusal(path: Path, message: str) -> FileError:
    return FileError([Mistake(str(path), 1, 1, "", message)])
