"""The edge's spool, as it is on disk: real files, which a power cut leaves half written."""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from ingest.ports import Batch, Clock, Spooled
from ingest.spool import DiskSpool
from ingest.spool_file import Limits
from plantstream.runtime.errors import UnavailableError
from tests.simulation.faults import Faults
from tests.simulation.processes import Process

SOURCE, EPOCH = "acme/edge", "recorded"
LIMITS = Limits(size_bytes=2_000, age_s=None, drops=False)
"""Of a recording: while so much waits for the broker, nothing more is read."""
SECTOR_BYTES = 512
FULL_S = 60.0
_IN_MEMORY = Path("/dev/shm")
_PARTS = ("", "-wal")
_T = TypeVar("_T")


class Disk:
    """A disk that outlives the processes of an edge; gone with the world."""

    def __init__(self, faults: Faults) -> None:
        memory = _IN_MEMORY if _IN_MEMORY.is_dir() else None
        self._folder = tempfile.TemporaryDirectory(prefix="simulated-", dir=memory)
        self._faults = faults
        self._boots = 0
        self._spool: SimulatedSpool | None = None
        self.full_until_s = 0.0

    def boot(self, process: Process, now: Clock) -> "SimulatedSpool":
        """The spool as the process before has left it."""
        before = self._file()
        self._boots += 1
        if self._spool is not None:
            _copy(before, self._file())
            self._spool.abandon()
        spool = SimulatedSpool.open(self._file(), SOURCE, now, epoch=EPOCH, limits=LIMITS)
        assert spool.set_aside is None, "a power cut has damaged the spool"
        spool.runs_in(process, self)
        self._spool = spool
        return spool

    def image(self) -> list[bytes]:
        """What its files hold."""
        return [one.read_bytes() if one.exists() else b"" for one in self._files()]

    def tear(self, before: Sequence[bytes]) -> None:
        """Of what was written since then only some sectors have reached the disk.

        The log is synced before the database is written from it, so that never both are torn.
        """
        after = self.image()
        torn = 0 if after[0] != before[0] else 1
        content = self._torn(before[torn], after[torn])
        self._files()[torn].write_bytes(content)
        self._faults.tally["torn writes, nothing lost"] += content == after[torn]

    def close(self) -> None:
        """Leave nothing."""
        if self._spool is not None:
            self._spool.abandon()
        self._folder.cleanup()

    def _torn(self, before: bytes, after: bytes) -> bytes:
        """The first sectors that changed are new, and perhaps some of the others."""
        rng, found = self._faults.rng, bytearray(before.ljust(len(after), b"\0"))
        begins = range(0, len(after), SECTOR_BYTES)
        changed = [at for at in begins if _sector(found, at) != _sector(after, at)]
        new = rng.randint(0, len(changed))
        stray = rng.choice((0.0, 0.0, 0.5))
        for number, at in enumerate(changed):
            if number < new or rng.random() < stray:
                found[at : at + SECTOR_BYTES] = _sector(after, at)
        if not stray:
            end = changed[new] if new < len(changed) else len(after)
            del found[max(end, len(before)) :]
        return bytes(found)

    def _file(self) -> Path:
        return Path(self._folder.name) / f"{self._boots}.sqlite"

    def _files(self) -> list[Path]:
        return [Path(f"{self._file()}{part}") for part in _PARTS]


class SimulatedSpool(DiskSpool):
    """The spool of one process."""

    _process: Process
    _disk: Disk

    def runs_in(self, process: Process, disk: Disk) -> None:
        """Whose it is, and where."""
        self._process, self._disk = process, disk

    @property
    def is_full(self) -> bool:
        """Whether nothing more should be read; it is counted."""
        full = super().is_full
        self._process.faults.tally["spool full"] += full
        return full

    async def append(self, batch: Batch) -> None:
        """One transaction, with room for a crash before, after and in the middle of it."""
        await self._process.point()
        self._find_room()
        torn = self._process.faults.happens("torn write", 0.01, self._process.now_s)
        before = self._disk.image() if torn else []
        await super().append(batch)
        if torn:
            self._disk.tear(before)
            self._process.crash()
        await self._process.point()

    async def next(self, limit: int) -> Sequence[Spooled]:
        """The oldest entries."""
        await self._process.point()
        return await super().next(limit)

    async def remove(self, sent: Sequence[Spooled]) -> None:
        """Forget what the broker has."""
        await self._process.point()
        self._find_room()
        torn = self._process.faults.happens("torn write", 0.01, self._process.now_s)
        before = self._disk.image() if torn else []
        await super().remove(sent)
        if torn:
            self._disk.tear(before)
            self._process.crash()
        await self._process.point()

    async def delete(self) -> None:
        """Leave nothing."""
        await self._process.point()
        await super().delete()
        await self._process.point()

    def abandon(self) -> None:
        """The process is gone; so are its locks."""
        self._file.close()

    def _find_room(self) -> None:
        faults, now_s = self._process.faults, self._process.now_s
        if faults.happens("disk full", 0.01, now_s):
            self._disk.full_until_s = now_s + faults.rng.uniform(0, FULL_S)
        if now_s < min(self._disk.full_until_s, faults.until_s):
            faults.tally["writes refused by a full disk"] += 1
            raise UnavailableError("the disk is full")

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        """At once: a thread has no place in a simulation."""
        return work()


def _sector(content: bytes | bytearray, at: int) -> bytes:
    return bytes(content[at : at + SECTOR_BYTES])


def _copy(before: Path, after: Path) -> None:
    for part in _PARTS:
        if Path(f"{before}{part}").exists():
            shutil.copyfile(f"{before}{part}", f"{after}{part}")
