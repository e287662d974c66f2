"""What was fetched of each partition and waits to be asked for."""

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from typing import Generic, TypeVar

Place = TypeVar("Place", bound=Hashable)
One = TypeVar("One")


class Fetched(Generic[Place, One]):
    """Records in the order of their partitions, until somebody takes them or all are forgotten."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: dict[Place, Sequence[One]] = {}
        self.comes, self.has_room = asyncio.Event(), asyncio.Event()
        """Set while anything waits, and while more may be fetched."""
        self.has_room.set()

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def add(self, records: Mapping[Place, Sequence[One]]) -> None:
        """These follow in their partitions."""
        for partition, some in records.items():
            self._waiting[partition] = [*self._waiting.get(partition, ()), *some]
        self._tell()

    def take(self, limit: int) -> list[One]:
        """Up to `limit` of them, of each partition as many: none waits for another's backlog."""
        taken: list[One] = []
        share = max(limit // max(len(self._waiting), 1), 1)
        for partition in list(self._waiting):
            if len(taken) < limit:
                records = self._waiting.pop(partition)
                taken += records[:share]
                if len(records) > share:
                    self._waiting[partition] = records[share:]
        self._tell()
        return taken

    def forget(self) -> None:
        """All of them."""
        self._waiting = {}
        self._tell()

    def _tell(self) -> None:
        number = len(self)
        for event, holds in ((self.comes, number > 0), (self.has_room, number < self._most)):
            if holds:
                event.set()
            else:
                event.clear()
