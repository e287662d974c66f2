"""How far one consumer has come: its loop tells, and those who watch it ask."""

from collections.abc import Iterable, Mapping

from plantstream.runtime.ports import Record, TopicPartition


class Reach:
    """The next offset of each partition that is ours. All in one event loop."""

    def __init__(self) -> None:
        self._next: dict[TopicPartition, int] = {}
        self.excuses = 0
        """How often the consumer had a good reason to stand still; it only grows."""

    @property
    def positions(self) -> Mapping[TopicPartition, int]:
        """As they are now."""
        return dict(self._next)

    def owns(self, positions: Mapping[TopicPartition, int]) -> None:
        """From here on these partitions are ours, and no others."""
        self._next = dict(positions)

    def begins(self, partition: TopicPartition, offset: int) -> None:
        """This partition is ours, too; it goes on here."""
        self._next[partition] = offset

    def moved(self, positions: Mapping[TopicPartition, int]) -> None:
        """It has come so far; what is no longer ours is left out."""
        self._next |= {one: at for one, at in positions.items() if one in self._next}

    def read(self, records: Iterable[Record]) -> None:
        """It was given these."""
        self.moved({record.source: record.end for record in records})

    def excused(self) -> None:
        """Somebody else keeps it waiting, or it has as much in hand as it may have."""
        self.excuses += 1
