"""A watched folder: each file that rests is taken once, row by row, and put away."""

import asyncio
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from watchfiles import awatch

from ingest.input import Unreadable
from ingest.inputs.lab.desk import Desk, FilePlace, Group, Item, remembered
from ingest.inputs.lab.judge import Author, judged
from ingest.inputs.lab.keys import key_of, statement_of
from ingest.inputs.lab.report import DONE, REJECTED, Findings, put_away
from ingest.inputs.lab.rows import SUFFIXES, Row, read_rows
from ingest.inputs.lab.statements import Mistake, RefusedError
from ingest.inputs.lab.store import LedgerThread
from ingest.metrics import SourceMeters
from plantstream.runtime import clock
from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.logs import get_logger
from schemas.plant.lab_source import LabFolder
from schemas.plant.model import Plant

CONTRADICTS = "stands for something else already; choose another, or correct that one"
BLOCK_ROWS = 500
"""Rows that are read, judged and stored at once; no more of a file is ever in memory."""
_HASHED = 1024 * 1024
_RETRY_S = 1.0
_DEBOUNCE_MS = 200
_TOLD = 1_000
"""Files that are told of, each once."""
WHOLE = 2**62
"""A line after all lines."""
Look = tuple[int, int, int]
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows of a file after their judgement."""

    items: tuple[Item, ...]
    unreadable: tuple[Unreadable, ...]
    last_line: int


@dataclass(slots=True)
class Reading:
    """A file on its way: its rows are judged, and those after `after` are new."""

    plant: Plant
    by: str
    digest: str
    name: str
    after: int
    findings: Findings = field(default_factory=Findings)

    def block(self, rows: Iterator[Row]) -> Block | None:
        """The next rows that are new, at most `BLOCK_ROWS`; None at the end of the file."""
        for part in iter(lambda: list(islice(rows, BLOCK_ROWS)), []):
            items, unreadable = [], []
            for row in part:
                judgement = self._judged(row)
                if row.line <= self.after:
                    continue
                if isinstance(judgement, Item):
                    items.append(judgement)
                else:
                    unreadable.append(judgement)
            if items or unreadable:
                return Block(tuple(items), tuple(unreadable), part[-1].line)
        return None

    def _judged(self, row: Row) -> Item | Unreadable:
        if row.said is None:
            return self._refused(row, RefusedError(row.mistakes))
        key = None if row.said.id is None else key_of(self.by, row.said.id)
        statement = statement_of(key or key_of(self.digest, str(row.line)))
        try:
            stated = judged(row.said, self.plant, Author(self.by, statement), clock.now())
        except RefusedError as error:
            return self._refused(row, error)
        self.findings.taken += 1
        if key is None:
            return Item(stated, None)
        digest = hashlib.sha256(row.said.model_dump_json().encode()).digest()
        other = Unreadable(self.name, row.line, row.raw, f"id: {CONTRADICTS}")
        return Item(stated, key, digest, other)

    def _refused(self, row: Row, error: RefusedError) -> Unreadable:
        self.findings.add(row.place, error.mistakes)
        return Unreadable(self.name, row.line, row.raw, str(error)[:500])


class WatchedFolder:
    """Looks through one folder for ever."""

    def __init__(
        self,
        config: LabFolder,
        plant: Plant,
        desk: Desk,
        ledger: LedgerThread,
        meters: SourceMeters,
    ) -> None:
        self._config = config
        self._plant = plant
        self._desk = desk
        self._ledger = ledger
        self._meters = meters
        self._path = Path(config.path).expanduser()
        self._files: Sequence[FilePlace] = ()
        self._told: set[str] = set()

    async def watch(self, files: Sequence[FilePlace]) -> None:
        """Take what rests there and what will come, going on where files were left."""
        self._files = files
        for file in files:
            if file.ended:
                await self._ledger.take_file(file.digest, file.name, clock.now())
        while True:
            try:
                await asyncio.to_thread(self._prepare)
                self._meters.connected()
                await self._follow()
            except (OSError, RuntimeError) as error:  # The watcher raises RuntimeErrors.
                self._meters.lost()
                told = "the folder cannot be read, trying again"
                _log.warning(told, folder=str(self._path), reason=str(error))
                await asyncio.sleep(_RETRY_S)

    def _prepare(self) -> None:
        for folder in (self._path, self._path / DONE, self._path / REJECTED):
            folder.mkdir(parents=True, exist_ok=True)

    async def _follow(self) -> None:
        """Notices are hints: the folder is looked through at the start, and every so often."""
        await self._scan()
        ending = asyncio.Event()
        notices = awatch(
            self._path,
            stop_event=ending,
            recursive=False,
            debounce=_DEBOUNCE_MS,
            rust_timeout=int(self._config.rescan_s * 1000),
            yield_on_timeout=True,
        )
        try:
            async for _ in notices:
                await self._scan()
        finally:
            ending.set()
            await notices.aclose()
        raise FileNotFoundError(f"{self._path} is watched no longer")

    async def _scan(self) -> None:
        """Take every file that rests, and wait for those that still grow."""
        before: dict[Path, Look] = {}
        while seen := await asyncio.to_thread(self._look):
            for file, look in seen.items():
                if before.get(file) == look:
                    await self._take(file)
            before = {file: look for file, look in seen.items() if before.get(file) != look}
            if before:
                await asyncio.sleep(self._config.rest_s)

    def _look(self) -> dict[Path, Look]:
        """The files to take, each with what changes when it does."""
        found = {}
        for file in sorted(self._path.iterdir()):
            with suppress(FileNotFoundError):
                if file.name.startswith(".") or not file.is_file():
                    continue
                if file.suffix.lower() in SUFFIXES:
                    found[file] = look_of(file.stat())
                else:
                    self._tell_once(file, f"it is none of {', '.join(SUFFIXES)}")
        return found

    async def _take(self, path: Path) -> None:
        try:
            with await asyncio.to_thread(path.open, "rb") as file:
                digest = await asyncio.to_thread(_digest, file)
                findings = await self._read_once(file, path, digest)
                if await asyncio.to_thread(_changed, file, path):
                    self._tell_once(path, "it was changed while it was read: rename files into it")
                    return
            target = await asyncio.to_thread(put_away, path, findings)
            await self._ledger.moved(digest)
        except OSError as error:
            self._tell_once(path, str(error))
            return
        _log.info("file taken", file=str(target), told=findings.summary())

    async def _read_once(self, file: BinaryIO, path: Path, digest: str) -> Findings:
        """What is in the file, of which all that is new is stored on return."""
        before = await self._ledger.file(digest)
        if before is not None and before.moved:
            findings = Findings()
            told = f"this content was taken as {before.name} at {before.at.isoformat()}"
            findings.add("", [Mistake("", told)])
            return findings
        reading = Reading(self._plant, self._config.by, digest, path.name, self._after(digest))
        if before is not None:
            reading.after = WHOLE
        await self._read(file, path, reading)
        await self._ledger.take_file(digest, path.name, clock.now())
        return reading.findings

    def _after(self, digest: str) -> int:
        """The line up to which the rows of this file are stored."""
        return next((one.line for one in self._files if one.digest == digest), 0)

    async def _read(self, file: BinaryIO, path: Path, reading: Reading) -> None:
        """Hand over the rows that are not stored yet, and judge all of them for the report."""
        file.seek(0)
        rows = read_rows(file, path.suffix)
        try:
            while block := await asyncio.to_thread(reading.block, rows):
                at = FilePlace(reading.digest, path.name, block.last_line)
                await self._store(Group(block.items, block.unreadable, at), reading)
        except RefusedError as error:
            reading.findings.add("1", error.mistakes)
        if reading.after < WHOLE:
            ended = FilePlace(reading.digest, path.name, WHOLE, ended=True)
            await self._store(Group((), (), ended), reading)

    async def _store(self, group: Group, reading: Reading) -> None:
        while True:
            try:
                self._desk.put(group)
                break
            except UnavailableError:
                await asyncio.sleep(_RETRY_S)
        for number in sorted(await group.answer):
            refused = group.items[number].instead
            reading.findings.taken -= 1
            place = str(refused.line) if refused else ""
            reading.findings.add(place, [Mistake("id", CONTRADICTS)])
        self._meters.notified(len(group))
        if group.place is not None:
            self._files = remembered(self._files, group.place)

    def _tell_once(self, file: Path, reason: str) -> None:
        if file.name not in self._told and len(self._told) < _TOLD:
            self._told.add(file.name)
            _log.warning("file left alone", file=str(file), reason=reason)


def look_of(stat: os.stat_result) -> Look:
    """What changes when a file does."""
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def _changed(file: BinaryIO, path: Path) -> bool:
    """Whether another file stands there now, or this one was written to since it was opened."""
    return look_of(os.fstat(file.fileno())) != look_of(path.stat())


def _digest(file: BinaryIO) -> str:
    found = hashlib.sha256()
    while part := file.read(_HASHED):
        found.update(part)
    return found.hexdigest()
