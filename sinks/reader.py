"""Where a sink's records come from. Kafka and the in-memory log of the tests answer it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from plantstream.runtime.ports import Assigned, Bounds, Record, TopicPartition


class Reader(Protocol):
    """Records of the partitions that this worker owns, committed ones only, in order per partition.

    Offsets may have holes, where a transaction left its marker.
    """

    async def poll(self, limit: int) -> Sequence[Record] | Assigned:
        """Up to `limit` records (none after a short wait), or news about what is ours.

        Raises:
            UnavailableError: the broker does not answer now.
        """

    async def hold(self) -> None:
        """Fetch nothing more, keep nothing that was fetched ahead, and stay a member.

        Whoever waits for long calls it again and again; `poll` goes on.
        """

    async def cluster_id(self) -> str:
        """Which cluster this is; another id means another log."""

    async def bounds(
        self, partitions: Collection[TopicPartition]
    ) -> Mapping[TopicPartition, Bounds]:
        """What these partitions hold now."""

    async def seek(self, partition: TopicPartition, offset: int) -> None:
        """Go on with this offset; without effect on a partition that is ours no more."""

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Tell the group how far we are. It is a hint for lag tools: nothing rests on it."""


__all__ = ["Assigned", "Bounds", "Reader"]
