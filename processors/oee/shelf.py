"""A bounded sequence kept in chunks, so that a change rewrites one small row."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")

Pack = Callable[[Sequence[T]], bytes]
Unpack = Callable[[bytes], Sequence[T]]


class Chunk(Generic[T]):
    """Some items in a row; never changed, and packed once."""

    def __init__(self, number: int, items: tuple[T, ...], packed: bytes | None = None) -> None:
        self.number = number
        self.items = items
        self._packed = packed

    def packed(self, pack: Pack[T]) -> bytes:
        """The items as a row."""
        if self._packed is None:
            self._packed = pack(self.items)
        return self._packed


class Shelf(Generic[T]):
    """Items in the order in which they came; the oldest are dropped a chunk at a time."""

    def __init__(self, chunk: int, limit: int, chunks: tuple[Chunk[T], ...] = ()) -> None:
        self._chunk, self._limit = chunk, limit
        self.chunks = chunks
        self.last = chunks[-1].items[-1] if chunks else None
        """The newest."""

    def __iter__(self) -> Iterator[T]:
        """From the oldest to the newest."""
        return (item for chunk in self.chunks for item in chunk.items)

    def __reversed__(self) -> Iterator[T]:
        """From the newest to the oldest."""
        return (item for chunk in reversed(self.chunks) for item in reversed(chunk.items))

    def __len__(self) -> int:
        """How many."""
        return sum(len(chunk.items) for chunk in self.chunks)

    def and_then(self, item: T) -> "Shelf[T]":
        """With one more."""
        *full, newest = self.chunks or (Chunk[T](0, ()),)
        if len(newest.items) < self._chunk:
            chunks = (*full, Chunk(newest.number, (*newest.items, item)))
        else:
            chunks = (*full, newest, Chunk(newest.number + 1, (item,)))
        if (
            len(chunks) > 1
            and (len(chunks) - 1) * self._chunk + len(chunks[-1].items) > self._limit
        ):
            chunks = chunks[1:]
        return self._with(chunks)

    def instead(self, old: T, new: T | None) -> "Shelf[T]":
        """With `new` in the place of `old`, or without it."""
        chunks = []
        for chunk in self.chunks:
            found = chunk
            if any(item is old for item in chunk.items):
                kept = (new if item is old else item for item in chunk.items)
                found = Chunk(chunk.number, tuple(item for item in kept if item is not None))
            chunks.append(found)
        return self._with(tuple(chunk for chunk in chunks if chunk.items))

    def since(self, is_kept: Callable[[T], bool]) -> "Shelf[T]":
        """Without the oldest chunks of which nothing is kept."""
        chunks = self.chunks
        while chunks and not is_kept(chunks[0].items[-1]):
            chunks = chunks[1:]
        return self if len(chunks) == len(self.chunks) else self._with(chunks)

    def unlike(self, other: "Shelf[T]") -> tuple[list[T], list[T]]:
        """Items that are only on this one, and those that are only on the other one."""
        if self.chunks is other.chunks:
            return [], []
        common = set(map(id, self.chunks)) & set(map(id, other.chunks))
        ours, theirs = (
            {
                id(item): item
                for chunk in one.chunks
                if id(chunk) not in common
                for item in chunk.items
            }
            for one in (self, other)
        )
        return (
            [item for name, item in ours.items() if name not in theirs],
            [item for name, item in theirs.items() if name not in ours],
        )

    def rows(self, prefix: str, pack: Pack[T]) -> dict[str, bytes]:
        """One row per chunk."""
        return {f"{prefix}{chunk.number}": chunk.packed(pack) for chunk in self.chunks}

    def read(self, prefix: str, rows: Mapping[str, bytes], unpack: Unpack[T]) -> "Shelf[T]":
        """What `rows` gave."""
        found = {
            int(name[len(prefix) :]): row for name, row in rows.items() if name.startswith(prefix)
        }
        chunks = (Chunk(number, tuple(unpack(row)), row) for number, row in sorted(found.items()))
        return self._with(tuple(chunks))

    def _with(self, chunks: tuple[Chunk[T], ...]) -> "Shelf[T]":
        return Shelf(self._chunk, self._limit, chunks)
