"""Which partitions of a consumer stand still although there is something to read. Pure.

Time is counted in looks, not in seconds: a process that was halted for an hour has not looked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from plantstream.runtime.ports import TopicPartition


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of a consumer at one time."""

    positions: Mapping[TopicPartition, int]
    """The next offset of each partition that is its own."""
    unread: Mapping[TopicPartition, int]
    """Records behind them."""
    excuses: int = 0
    """How often it had a good reason to stand still, since its start."""


@dataclass(frozen=True, slots=True)
class Stood:
    """Where a partition stands, and how many looks in a row have found it there."""

    position: int
    looks: int


@dataclass(frozen=True, slots=True)
class Standstill:
    """What is remembered from one look to the next."""

    stood: Mapping[TopicPartition, Stood] = field(default_factory=dict)
    excuses: int = 0


@dataclass(frozen=True, slots=True)
class Stuck:
    """A partition that stands still."""

    partition: TopicPartition
    position: int
    unread: int


def step(state: Standstill, look: Look, limit: int) -> tuple[Standstill, list[Stuck]]:
    """The next state, and the partitions that `limit` looks after the first found where they were.

    A partition begins anew when its position moves, when nothing is unread, when it was not ours
    at the last look, and when the consumer had an excuse since.
    """
    excused = look.excuses != state.excuses
    stood = {
        partition: Stood(position, _looks(state, partition, position, excused=excused))
        for partition, position in look.positions.items()
        if look.unread.get(partition, 0) > 0
    }
    stuck = [
        Stuck(partition, one.position, look.unread[partition])
        for partition, one in stood.items()
        if one.looks >= limit
    ]
    return Standstill(stood, look.excuses), stuck


def _looks(state: Standstill, partition: TopicPartition, position: int, *, excused: bool) -> int:
    before = state.stood.get(partition)
    if excused or before is None or before.position != position:
        return 0
    return before.looks + 1
