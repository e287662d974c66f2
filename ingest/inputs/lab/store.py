"""The ledger off the event loop: one thread asks it, and a full disk is waited for."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from ingest.ledger import Ledger, Noted, TakenFile
from ingest.retry import Backoff, persistently
from plantstream.runtime.errors import MisconfiguredError, UnavailableError
from plantstream.runtime.logs import get_logger

_T = TypeVar("_T")
_log = get_logger(__name__)


class LedgerThread:
    """A ledger that may be awaited."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._ledger: Ledger | None = None

    async def open(self, stored: int | None) -> int:
        """Open it, and forget what was never stored; gives the number of the last chunk."""

        def opened() -> int:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._ledger = self._ledger or Ledger(self._path)
            return self._ledger.settle(stored)

        return await self._surely(opened)

    async def known(self, keys: Collection[bytes]) -> dict[bytes, bytes]:
        """The digests of those of these keys that were noted."""
        return await self._surely(lambda: self._open.known(keys)) if keys else {}

    async def note(self, number: int, entries: Sequence[Noted], now: datetime) -> None:
        """Note what the chunk of this number holds; waits for room on the disk."""
        if entries:
            await self._surely(lambda: self._open.note(number, entries, now))

    async def file(self, digest: str) -> TakenFile | None:
        """The file of this content, if its rows are stored."""
        return await self._surely(lambda: self._open.file(digest))

    async def take_file(self, digest: str, name: str, now: datetime) -> None:
        """All rows of this file are stored."""
        await self._surely(lambda: self._open.take_file(digest, name, now))

    async def moved(self, digest: str) -> None:
        """The file was moved away."""
        await self._surely(lambda: self._open.moved(digest))

    async def close(self) -> None:
        """Close it."""
        ledger, self._ledger = self._ledger, None
        if ledger is not None:
            await self._run(ledger.close)
        self._thread.shutdown(wait=False)

    @property
    def _open(self) -> Ledger:
        if self._ledger is None:
            raise MisconfiguredError("the ledger is closed")
        return self._ledger

    async def _surely(self, work: Callable[[], _T]) -> _T:
        return await persistently(lambda: self._run(work), Backoff(), asyncio.sleep, _told)

    async def _run(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _told(error: UnavailableError) -> None:
    _log.error("the ledger cannot be written, trying again", reason=str(error))
