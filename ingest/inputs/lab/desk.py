"""Where statements wait for the agent, each group with an answer to come. Bounded."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest.input import Stated, Unreadable
from plantstream.runtime.errors import UnavailableError

MAX_WAITING = 20_000
"""Statements; beyond that whoever comes has to come again."""

MOST_FILES = 100
"""Files that were begun and could not be read to their end."""


@dataclass(frozen=True, slots=True)
class Item:
    """One statement, and the key under which it is taken once."""

    stated: Stated
    key: bytes | None
    """None: its author gave no id, or a file's position says that it is taken once."""
    digest: bytes = b""
    """Of what was said, to tell a repeat from something else under the same key."""
    instead: Unreadable | None = None
    """What it is if its key stands for something else; None: then its whole group is refused."""


@dataclass(frozen=True, slots=True)
class FilePlace:
    """How far a file was read."""

    digest: str
    name: str
    line: int
    """The last line whose row is stored."""
    ended: bool = False


def remembered(files: Sequence[FilePlace], newest: FilePlace) -> tuple[FilePlace, ...]:
    """The newest place, behind those of other files that were begun and have not ended."""
    others = [one for one in files if not one.ended and one.digest != newest.digest]
    return (*others, newest)[-MOST_FILES:]


def _answer() -> asyncio.Future[frozenset[int]]:
    return asyncio.get_running_loop().create_future()


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """What is stored together or not at all."""

    items: tuple[Item, ...]
    unreadable: tuple[Unreadable, ...] = ()
    place: FilePlace | None = None
    """Of the file that it stands in."""
    answer: asyncio.Future[frozenset[int]] = field(default_factory=_answer)
    """Once it is on disk: empty, or which items stand under keys of something else."""

    def __len__(self) -> int:
        return len(self.items) + len(self.unreadable)

    def say(self, conflicts: frozenset[int] = frozenset()) -> None:
        """Answer, if somebody still listens."""
        if not self.answer.done():
            self.answer.set_result(conflicts)

    def give_up(self, reason: str) -> None:
        """It will not be stored by this process."""
        if not self.answer.done():
            self.answer.set_exception(UnavailableError(reason))
            self.answer.exception()  # Whoever asked may be gone; that is no error of ours.


class Desk:
    """A queue of groups."""

    def __init__(self, limit: int = MAX_WAITING) -> None:
        self._limit = limit
        self._waiting: deque[Group] = deque()
        self._held = 0
        self._changed = asyncio.Event()
        self._closed = False

    def put(self, group: Group) -> None:
        """Let it wait.

        Raises:
            UnavailableError: there is no room now, or nobody takes anything any more.
        """
        if self._closed:
            raise UnavailableError("the edge is stopping")
        if self._waiting and self._held + len(group) > self._limit:
            raise UnavailableError(f"{self._held} statements wait to be stored")
        self._waiting.append(group)
        self._held += len(group)
        self._changed.set()

    async def take(self, limit: int) -> list[Group]:
        """Whole groups of so many statements together, at least one; none once it is closed."""
        while not self._waiting and not self._closed:
            self._changed.clear()
            await self._changed.wait()
        taken: list[Group] = []
        size = 0
        while self._waiting and (not taken or size + len(self._waiting[0]) <= limit):
            taken.append(self._waiting.popleft())
            size += len(taken[-1])
        self._held -= size
        return taken

    def close(self) -> None:
        """Nobody takes anything any more: what waits is not stored."""
        self._closed = True
        for group in self._waiting:
            group.give_up("the edge is stopping")
        self._waiting.clear()
        self._held = 0
        self._changed.set()
