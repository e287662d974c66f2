"""Where events end: the port that every target implements."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from plantstream.runtime.ports import TopicPartition
from sinks.batch import Batch
from sinks.position import Position


@dataclass(frozen=True, slots=True)
class Written:
    """What a batch came to: rows per table, and events left out because they were stored before."""

    rows: Mapping[str, int] = field(default_factory=dict)
    repeats: int = 0
    holes: int = 0
    """Events that should have come in between and did not."""


class Sink(Protocol):
    """A target. One task calls it: open, then positions and one batch at a time, then close."""

    async def open(self) -> None:
        """Connect and check that the target is fit.

        Raises:
            UnavailableError: not now.
            MisconfiguredError: a person has to do something first.
        """

    async def positions(
        self, partitions: Collection[TopicPartition]
    ) -> Mapping[TopicPartition, Position]:
        """How far these partitions are stored; those never written are left out."""

    async def write(self, batch: Batch) -> Written:
        """Store the batch and its positions in one step; the same batch may come twice.

        Raises:
            UnavailableError: nobody knows whether it is stored; write the same again.
            FencedError: a position is not where the batch begins; nothing is stored.
            RejectedRecordsError: these records will never be taken; nothing is stored.
        """

    async def close(self) -> None:
        """Let go of the target."""
