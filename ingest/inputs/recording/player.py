"""A recording as an input: at full speed, or paced like the machine."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from ingest.input import Chunk, Observation
from ingest.inputs.recording.recording import Recording
from ingest.inputs.recording.rows import Cursor, advance, ended, shifted_time
from ingest.lines import read_lines
from ingest.ports import Sleep
from plantstream.runtime import clock

ROWS_PER_CHUNK = 200
"""Rows stored in one transaction at full speed; frames are cut by samples, whatever this says."""


@dataclass(frozen=True, slots=True)
class Pace:
    """So many seconds of the recording in one second."""

    speed: float
    sleep: Sleep = asyncio.sleep
    monotonic: Callable[[], float] = clock.monotonic


class RecordingInput:
    """Plays a recording; ends when the file ends, and goes on at any of its positions."""

    def __init__(
        self,
        recording: Recording,
        pace: Pace | None = None,
        shift_to: datetime | None = None,
        rows_per_chunk: int = ROWS_PER_CHUNK,
    ) -> None:
        self._recording = recording
        self._pace = pace
        self._shift_to = shift_to
        self._rows_per_chunk = 1 if pace else rows_per_chunk
        self.rows = 0
        """Good rows read so far, those before a restart included; for a progress bar."""

    async def chunks(self, position: str | None) -> AsyncIterator[Chunk]:
        """The rows from this position on; a paced recording gives each row at its time."""
        cursor = Cursor.load(position) if position else self._recording.start
        begun: tuple[float, datetime] | None = None
        held: list[Observation] = []
        lines = 0
        for after, seen in self._read(cursor):
            cursor = after
            self.rows = cursor.rows
            begun = await self._wait(cursor, begun)
            held += seen
            lines += 1
            if lines == self._rows_per_chunk:
                yield Chunk(tuple(held), cursor.dump())
                held, lines = [], 0
        if held:
            yield Chunk(tuple(held), cursor.dump())

    async def _wait(
        self, cursor: Cursor, begun: tuple[float, datetime] | None
    ) -> tuple[float, datetime] | None:
        """Sleep until it is the row's turn; gives when the first one was played."""
        time = shifted_time(cursor)
        if self._pace is None or time is None:
            return begun
        played = self._pace.monotonic()
        if begun is None:
            return played, time
        start, first = begun
        delay_s = start + (time - first).total_seconds() / self._pace.speed - played
        if delay_s > 0:
            await self._pace.sleep(delay_s)
        return begun

    def _read(self, cursor: Cursor) -> Iterator[tuple[Cursor, list[Observation]]]:
        layout = self._recording.layout
        with self._recording.path.open("rb") as file:
            for line in read_lines(file, cursor.line, cursor.offset):
                cursor, seen = advance(layout, cursor, line, self._shift_to)
                yield cursor, seen
        last = ended(layout, cursor)
        if last:
            yield replace(cursor, batch="", ended=True), last
