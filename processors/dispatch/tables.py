"""Mappings that are copied piece by piece, and what is due when."""

from collections.abc import Hashable, Iterator
from datetime import datetime
from heapq import heapify, heappop, heappush
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_SHARDS = 128
_MOST_STALE = 1000


class Table(Generic[K, V]):
    """A mapping in shards: a fork shares them all and copies those that it changes."""

    __slots__ = ("_owned", "_shards", "_size")

    def __init__(self) -> None:
        self._shards: list[dict[K, V] | None] = [None] * _SHARDS
        self._owned: set[int] = set()
        self._size = 0

    def fork(self) -> "Table[K, V]":
        """A copy; after this neither of both may be changed but the copy."""
        other: Table[K, V] = Table.__new__(Table)
        other._shards, other._owned, other._size = self._shards.copy(), set(), self._size
        return other

    def get(self, key: K) -> V | None:
        """What is kept under this key."""
        shard = self._shards[hash(key) % _SHARDS]
        return None if shard is None else shard.get(key)

    def put(self, key: K, value: V) -> None:
        """Keep this under the key."""
        shard = self._own(key)
        self._size += key not in shard
        shard[key] = value

    def drop(self, key: K) -> None:
        """Keep nothing under the key."""
        if key in self:
            del self._own(key)[key]
            self._size -= 1

    def items(self) -> Iterator[tuple[K, V]]:
        """All, in no order."""
        return (item for shard in self._shards if shard for item in shard.items())

    def values(self) -> Iterator[V]:
        """All, in no order."""
        return (value for shard in self._shards if shard for value in shard.values())

    def __contains__(self, key: K) -> bool:
        shard = self._shards[hash(key) % _SHARDS]
        return shard is not None and key in shard

    def __iter__(self) -> Iterator[K]:
        return (key for shard in self._shards if shard for key in shard)

    def __len__(self) -> int:
        return self._size

    def _own(self, key: K) -> dict[K, V]:
        place = hash(key) % _SHARDS
        shard = self._shards[place]
        if shard is None or place not in self._owned:
            shard = {} if shard is None else shard.copy()
            self._shards[place] = shard
            self._owned.add(place)
        return shard


class Sets(Generic[K]):
    """Sets of names under keys, such as the alerts that have a label."""

    __slots__ = ("_sets",)

    def __init__(self) -> None:
        self._sets: Table[K, Table[str, None]] = Table()

    def fork(self) -> "Sets[K]":
        """A copy; after this neither of both may be changed but the copy."""
        other: Sets[K] = Sets.__new__(Sets)
        other._sets = self._sets.fork()
        return other

    def add(self, key: K, name: str) -> bool:
        """Whether it is the first one of this key."""
        known = self._sets.get(key)
        found = Table[str, None]() if known is None else known.fork()
        found.put(name, None)
        self._sets.put(key, found)
        return known is None

    def discard(self, key: K, name: str) -> None:
        """Without this name."""
        known = self._sets.get(key)
        if known is None or name not in known:
            return
        if len(known) == 1:
            self._sets.drop(key)
            return
        found = known.fork()
        found.drop(name)
        self._sets.put(key, found)

    def of(self, key: K) -> list[str]:
        """The names under this key, in order."""
        return sorted(self._sets.get(key) or ())

    def count(self, key: K) -> int:
        """How many names there are under this key."""
        return len(self._sets.get(key) or ())


class Agenda:
    """What is due when; of the same time, in the order of the names."""

    __slots__ = ("_heap", "_is_own", "_times")

    def __init__(self) -> None:
        self._times: Table[str, datetime] = Table()
        self._heap: list[tuple[datetime, str]] = []
        self._is_own = True

    def fork(self) -> "Agenda":
        """A copy; after this neither of both may be changed but the copy."""
        other: Agenda = Agenda.__new__(Agenda)
        other._times, other._heap, other._is_own = self._times.fork(), self._heap, False
        return other

    def put(self, name: str, due: datetime | None) -> None:
        """This is due then, and at no other time; None is never."""
        if self._times.get(name) == due:
            return
        if due is None:
            self._times.drop(name)
            return
        self._times.put(name, due)
        self._own()
        heappush(self._heap, (due, name))

    @property
    def next_due(self) -> datetime | None:
        """When something may be due at the earliest."""
        return self._heap[0][0] if self._heap else None

    def is_due(self, now: datetime) -> bool:
        """Whether anything is due by now."""
        while self._heap and self._heap[0][0] <= now:
            due, name = self._heap[0]
            if self._times.get(name) == due:
                return True
            self._own()
            heappop(self._heap)
        return False

    def pop(self, now: datetime) -> tuple[datetime, str] | None:
        """The first thing that is due by now; it is taken from the agenda."""
        if not self.is_due(now):
            return None
        self._own()
        due, name = heappop(self._heap)
        self._times.drop(name)
        return due, name

    def due(self, name: str) -> datetime | None:
        """When this is."""
        return self._times.get(name)

    def _own(self) -> None:
        if not self._is_own:
            self._heap, self._is_own = self._heap.copy(), True
        if len(self._heap) > 2 * len(self._times) + _MOST_STALE:
            self._heap = [(due, name) for name, due in self._times.items()]
            heapify(self._heap)
