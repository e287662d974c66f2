"""The spool on disk: stored before it is sent, forgotten only after the broker has it."""

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self, TypeVar

from ingest.ports import Batch, Clock, Loss, Spooled
from ingest.spool_age import SpoolAge
from ingest.spool_file import ENTRY_BYTES, RESCUED, DamagedError, Limits, SpoolFile
from ingest.spool_rescue import rescued
from plantstream.runtime.errors import MisconfiguredError
from schemas.record import EventId

_T = TypeVar("_T")
_NO_TIME = float("-inf")
_COMPANIONS = ("", "-wal", "-shm", "-journal")


class DiskSpool:
    """A spool in one SQLite file, used from a thread of its own."""

    def __init__(self, file: SpoolFile, path: Path, limits: Limits, clock: Clock) -> None:
        self._file = file
        self._path = path
        self._limits = limits
        self._clock = clock
        meta = file.meta()
        self._source, self._epoch = meta["source"], meta["epoch"]
        self._seqs = file.seqs()
        self._dirty: dict[tuple[str, str], int] = {}
        self._memory = file.memory()
        self._positions = file.positions()
        self._losses = file.losses()
        self._depth, self._size_bytes = file.held()
        self._dropped = 0
        self._overflowing = False
        self._in_flight: frozenset[int] = frozenset()
        self._turn = ""
        self._set_aside: str | None = None
        self._closed = False
        self._age = SpoolAge(file.newest())
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="spool")

    @classmethod
    def open(
        cls,
        path: Path,
        source: str,
        clock: Clock,
        epoch: str | None = None,
        limits: Limits | None = None,
    ) -> Self:
        """Open or make the spool of this source; only a recording gives its epoch.

        A damaged file is renamed, and a new spool is born beside it with what could be read of it;
        a recording's takes nothing over, because it is read again under the same ids.

        Raises:
            MisconfiguredError: it is in use, cannot be written, or belongs to somebody else.
            UnavailableError: the disk is full.
        """
        aside = None
        try:
            file = SpoolFile(path)
        except DamagedError:
            aside = _set_aside(path)
            file = SpoolFile(path)
        try:
            _christen(file, path, source, epoch, aside)
            aside = file.meta().get(RESCUED) or aside
            file.rescue(rescued, clock().timestamp())
            spool = cls(file, path, limits or Limits(), clock)
        except BaseException:
            file.close()
            raise
        spool._set_aside = aside
        return spool

    @property
    def source(self) -> str:
        """The name of the edge."""
        return self._source

    @property
    def epoch(self) -> str:
        """Born with the file, or given for a recording."""
        return self._epoch

    @property
    def depth(self) -> int:
        """How many entries wait."""
        return self._depth

    @property
    def size_bytes(self) -> int:
        """How many bytes of entries wait."""
        return self._size_bytes

    @property
    def dropped(self) -> int:
        """How many entries this process has dropped."""
        return self._dropped

    @property
    def is_full(self) -> bool:
        """Whether it holds all that it may, and drops nothing."""
        limits = self._limits
        return (
            not limits.drops
            and limits.size_bytes is not None
            and self._size_bytes >= limits.size_bytes
        )

    @property
    def losses(self) -> Sequence[Loss]:
        """What was dropped and is not explained yet, once the broker takes records again."""
        return () if self._overflowing else self._losses

    @property
    def memory(self) -> Mapping[str, bytes]:
        """The memory as it was stored last."""
        return self._memory

    @property
    def positions(self) -> Mapping[str, str]:
        """The positions as they were stored last."""
        return self._positions

    @property
    def set_aside(self) -> str | None:
        """Where a damaged predecessor was put."""
        return self._set_aside

    def stamp(self, topic: str, partition_key: str) -> EventId:
        """The next id; the next append makes it durable."""
        seq = self._seqs.get((topic, partition_key), 0)
        self._seqs[topic, partition_key] = self._dirty[topic, partition_key] = seq + 1
        return EventId(source=self._source, epoch=self._epoch, seq=seq)

    async def append(self, batch: Batch) -> None:
        """Store the batch and all stamps given so far."""
        # Taken here and not in the thread: others stamp while it writes.
        seqs = dict(self._dirty)
        await self._in_thread(lambda: self._append(batch, seqs))
        self._dirty = {key: seq for key, seq in self._dirty.items() if seqs.get(key) != seq}

    async def next(self, limit: int) -> Sequence[Spooled]:
        """About `limit` entries: plant files, then each partition key's oldest, in turn."""
        return await self._in_thread(lambda: self._next(limit))

    async def remove(self, sent: Sequence[Spooled]) -> None:
        """Forget these entries."""
        await self._in_thread(lambda: self._remove(sent))

    async def close(self) -> None:
        """Give the spool free for another agent."""
        if not self._closed:
            self._closed = True
            await self._in_thread(self._file.close)
            self._thread.shutdown(wait=False)

    async def delete(self) -> None:
        """Close it and leave nothing of it."""
        await self.close()
        _unlink(self._path)

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        """Do it; who is cancelled meanwhile hears so when it has ended, as nobody can stop it."""
        doing = asyncio.get_running_loop().run_in_executor(self._thread, work)
        try:
            return await asyncio.shield(doing)
        except asyncio.CancelledError:
            await asyncio.wait({doing})
            raise
        except DamagedError as error:
            raise MisconfiguredError(f"{error}; start again: it is then set aside") from error

    def _append(self, batch: Batch, seqs: Mapping[tuple[str, str], int]) -> None:
        added = sum(len(entry.value) + ENTRY_BYTES for entry in batch.entries)
        limit = self._limits.size_bytes if self._limits.drops else None
        excess = 0 if limit is None else self._size_bytes + added - limit
        age_s = self._limits.age_s
        stored_at = self._age.at(self._clock().timestamp())
        oldest = _NO_TIME if age_s is None else stored_at - age_s
        with self._file.transaction():
            # First, because what is dropped now is not explained by this batch.
            self._file.explain(batch.explained)
            gone, freed = self._file.drop(self._in_flight, excess, oldest)
            self._file.store(batch, seqs, stored_at)
            losses = self._file.losses() if gone or batch.explained else self._losses
        self._depth += len(batch.entries) - gone
        self._size_bytes += added - freed
        self._dropped += gone
        self._overflowing = self._overflowing or gone > 0
        self._losses = losses
        self._memory |= batch.memory
        self._positions |= batch.positions

    def _next(self, limit: int) -> Sequence[Spooled]:
        found, self._turn = self._file.next(limit, self._turn)
        self._in_flight = frozenset(one.number for one in found)
        return found

    def _remove(self, sent: Sequence[Spooled]) -> None:
        gone, freed = self._file.remove(sent)
        self._depth -= gone
        self._size_bytes -= freed
        self._in_flight = frozenset()
        self._overflowing = False


def _christen(
    file: SpoolFile, path: Path, source: str, epoch: str | None, damaged: str | None
) -> None:
    meta = file.meta()
    if not meta:
        # A recording gives its epoch, and is read again from its beginning: under the same ids.
        predecessor = damaged if epoch is None else None
        file.christen(source, epoch or secrets.token_hex(8), predecessor)
    elif meta["source"] != source or epoch not in {None, meta["epoch"]}:
        wanted = f"{source}, epoch {epoch}" if epoch else source
        raise MisconfiguredError(
            f"the spool {path} belongs to {meta['source']}, epoch {meta['epoch']}, and not to "
            f"{wanted}: name another spool, or let its owner empty it"
        )


def _unlink(path: Path) -> None:
    for companion in _COMPANIONS:
        Path(f"{path}{companion}").unlink(missing_ok=True)


def _set_aside(path: Path) -> str:
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    for companion in _COMPANIONS:
        part = Path(f"{path}{companion}")
        if part.exists():
            part.rename(f"{aside}{companion}")
    return str(aside)
