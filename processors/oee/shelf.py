"""A bounded sequence kept in chunks, so that a change rewrites one small row."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")
S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Packing(Generic[T]):
    """How items become a row, and a row the same items."""

    pack: Callable[[Sequence[T]], bytes]
    unpack: Callable[[bytes], Sequence[T]]


class Chunk(Generic[T]):
    """Some items in a row; never changed, and packed once.

    Packed it needs a tenth of the memory: its items are let go of while nobody asks for them.
    """

    __slots__ = ("_asked", "_items", "_packed", "_packing", "_summary", "number")

    def __init__(self, number: int, items: tuple[T, ...]) -> None:
        self.number = number
        self._items: tuple[T, ...] | None = items
        self._packed: bytes | None = None
        self._packing: Packing[T] | None = None
        self._summary: Any = None
        self._asked = False

    @classmethod
    def of(cls, number: int, row: bytes, packing: Packing[T]) -> "Chunk[T]":
        """The items that this row holds."""
        chunk = cls(number, ())
        chunk._items, chunk._packed, chunk._packing = None, row, packing
        return chunk

    @property
    def items(self) -> tuple[T, ...]:
        """The same objects until it is packed twice without a question between."""
        self._asked = True
        if self._items is None:
            self._items = self._unpacked()
        return self._items

    def glance(self) -> tuple[T, ...]:
        """The items for a moment: nothing is kept for it."""
        return self._unpacked() if self._items is None else self._items

    def summary(self, made_of: Callable[[Sequence[T]], S]) -> S:
        """What is made of the items, once; all who ask for it make the same of them."""
        if self._summary is None:
            self._summary = made_of(self.glance())
        found: S = self._summary
        return found

    def packed(self, packing: Packing[T]) -> bytes:
        """The items as a row."""
        if self._packed is None:
            self._packed = packing.pack(self._items or ())
            self._packing = packing
        elif not self._asked:
            self._items = None
        self._asked = False
        return self._packed

    def _unpacked(self) -> tuple[T, ...]:
        if self._packing is None or self._packed is None:
            return ()
        return tuple(self._packing.unpack(self._packed))


class Shelf(Generic[T]):
    """Items in the order in which they came; the oldest are dropped a chunk at a time."""

    def __init__(self, chunk: int, limit: int, chunks: tuple[Chunk[T], ...] = ()) -> None:
        self._chunk, self._limit = chunk, limit
        self.chunks = chunks

    def __iter__(self) -> Iterator[T]:
        """From the oldest to the newest."""
        return (item for chunk in self.chunks for item in chunk.items)

    def __reversed__(self) -> Iterator[T]:
        """From the newest to the oldest."""
        return (item for chunk in reversed(self.chunks) for item in reversed(chunk.items))

    def __len__(self) -> int:
        """How many."""
        return sum(len(chunk.items) for chunk in self.chunks)

    @property
    def last(self) -> T | None:
        """The newest."""
        return self.chunks[-1].items[-1] if self.chunks else None

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

    def sorted_in(self, item: T, is_before: Callable[[T], bool]) -> "Shelf[T]":
        """With one more in its place: right behind those that are before it."""
        kept = self.chunks
        while kept and not is_before(kept[-1].glance()[0]):
            kept = kept[:-1]
        kept = kept[:-1]
        later = self.chunks[len(kept) :]
        others = [other for chunk in later for other in chunk.items]
        place = sum(map(is_before, others))
        shelf = self._with((*kept, Chunk[T](later[0].number if later else 0, ())))
        for one in (*others[:place], item, *others[place:]):
            shelf = shelf.and_then(one)
        return shelf

    def since(self, is_kept: Callable[[T], bool]) -> "Shelf[T]":
        """Without the oldest chunks of which nothing is kept."""
        chunks = self.chunks
        while chunks and not is_kept(chunks[0].glance()[-1]):
            chunks = chunks[1:]
        return self if len(chunks) == len(self.chunks) else self._with(chunks)

    def beginning_with(self, first: Chunk[T]) -> "Shelf[T]":
        """Without the chunks before this one."""
        place = self.chunks.index(first)
        return self._with(self.chunks[place:]) if place else self

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

    def rows(self, prefix: str, packing: Packing[T]) -> dict[str, bytes]:
        """One row per chunk."""
        return {f"{prefix}{chunk.number}": chunk.packed(packing) for chunk in self.chunks}

    def read(self, prefix: str, rows: Mapping[str, bytes], packing: Packing[T]) -> "Shelf[T]":
        """What `rows` gave."""
        found = {
            int(name[len(prefix) :]): row for name, row in rows.items() if name.startswith(prefix)
        }
        chunks = (Chunk.of(number, row, packing) for number, row in sorted(found.items()))
        return self._with(tuple(chunks))

    def _with(self, chunks: tuple[Chunk[T], ...]) -> "Shelf[T]":
        return Shelf(self._chunk, self._limit, chunks)
