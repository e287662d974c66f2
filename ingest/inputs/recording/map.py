"""The map of a recording: which column is which tag of which equipment."""

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.mistakes import FileError, Mistake, did_you_mean
from schemas.plant.equipment import Equipment
from schemas.plant.load import PlantFile
from schemas.plant.times import TimeZone
from schemas.yaml_file import Document


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TimeColumn(_Strict):
    """Where the time of a row stands, and how it is written."""

    column: str = Field(min_length=1)
    format: str = "iso"
    """`iso`, or a pattern of strptime such as `%Y-%m-%d %H:%M:%S`."""
    zone: TimeZone = "UTC"
    """Of times that name no zone themselves."""


class RecordingMap(_Strict):
    """A map file."""

    equipment: str
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    time: TimeColumn
    batch_ends: Literal["next_row", "last_row"] = "next_row"
    """Whether a batch ends with the first row of the next, or with its own last row."""
    counters_start_at: Literal["first_value", "zero"] = "first_value"
    """Whether the first row is a baseline, or shows what was counted since the beginning."""
    columns: dict[str, str] = Field(min_length=1)
    """Column of the recording to tag of the plant file."""


class MapFile:
    """A map that was checked, with the places of its keys."""

    def __init__(self, text: str, file: str, plant: PlantFile) -> None:
        self.text = text
        self._document = Document(text, file)
        self.map = self._document.read(RecordingMap)
        equipment = plant.plant.find(self.map.equipment)
        if equipment is None or equipment.id != self.map.equipment:
            hint = did_you_mean(self.map.equipment, [one.id for one in plant.plant.equipment])
            message = f"no such equipment in {plant.file}: {self.map.equipment}"
            raise FileError([self._document.mistake(("equipment",), message, hint)])
        self.equipment: Equipment = equipment
        _refuse(self._tag_mistakes(plant.file))

    def check_columns(self, header: Sequence[str], recording: str) -> None:
        """Refuse a map that names columns which the recording has not.

        Raises:
            FileError: with each of them.
        """
        _refuse(self._column_mistakes(header, recording))

    def _tag_mistakes(self, plant_file: str) -> Iterator[Mistake]:
        known = {tag.name: tag for tag in self.equipment.tags}
        seen: set[str] = set()
        for column, name in self.map.columns.items():
            location = ("columns", column)
            if name not in known:
                message = f"{self.equipment.id} has no tag {name} in {plant_file}"
                yield self._document.mistake(location, message, did_you_mean(name, known))
            elif name in seen:
                yield self._document.mistake(location, f"a second column for tag {name}")
            seen.add(name)
        has_batch = any(known[name].means == "batch" for name in seen if name in known)
        if self.map.batch_ends == "last_row" and not has_batch:
            message = "no column is a tag that means batch"
            yield self._document.mistake(("batch_ends",), message)

    def _column_mistakes(self, header: Sequence[str], recording: str) -> Iterator[Mistake]:
        wanted = [(("columns", name), name) for name in self.map.columns]
        time = (("time", "column"), self.map.time.column)
        for location, name in (time, *wanted):
            if name not in header:
                hint = did_you_mean(name, header)
                yield self._document.mistake(location, f"{recording} has no column {name}", hint)


def _refuse(mistakes: Iterator[Mistake]) -> None:
    found = list(mistakes)
    if found:
        raise FileError(found)
