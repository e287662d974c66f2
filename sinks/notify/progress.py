"""How far the notifications are done: what is still open holds the offset back. Pure."""

from collections.abc import Mapping

from plantstream.runtime.ports import TopicPartition


class Progress:
    """Open offsets per partition."""

    def __init__(self) -> None:
        self._next: dict[TopicPartition, int] = {}
        self._open: dict[TopicPartition, dict[int, None]] = {}
        self._told: dict[TopicPartition, int] = {}

    def read(self, source: TopicPartition, offset: int) -> None:
        """A record was read; it is open until `done` says otherwise."""
        self._next[source] = offset + 1
        self._open.setdefault(source, {})[offset] = None

    def done(self, source: TopicPartition, offset: int) -> None:
        """Nothing is left to do for it."""
        self._open[source].pop(offset, None)

    def news(self) -> Mapping[TopicPartition, int]:
        """Per partition the offset before which all is done, where it has grown."""
        found: dict[TopicPartition, int] = {}
        for source, end in self._next.items():
            first = next(iter(self._open[source]), end)
            if self._told.get(source) != first:
                found[source] = first
        return found

    def told(self, offsets: Mapping[TopicPartition, int]) -> None:
        """These were committed."""
        self._told |= offsets
