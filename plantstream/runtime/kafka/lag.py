"""How far a reader is behind: in records, and in seconds by the broker's clock."""

import asyncio
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import TracebackType
from typing import NamedTuple, Self

from aiokafka import AIOKafkaConsumer, TopicPartition

from plantstream.runtime.kafka.client import client_arguments, start, stop, translated
from plantstream.runtime.ports import TopicPartition as Position
from plantstream.runtime.settings import KafkaSettings

LOOK_WITHIN_S = 5.0
"""What no record was fetched of by then is told as it was known before."""
POLL_MS = 50
FETCHED_BYTES = 1024 * 1024
"""Of one answer of the broker; only the first record of each partition is looked at."""


@dataclass(frozen=True, slots=True)
class Lag:
    """What stands in one partition behind a position."""

    records: int
    """Committed ones; marks of transactions among them count as well, those at the end do not."""
    oldest_ms: int | None = None
    """When the broker appended the oldest of them; None where none is unread or it is unknown."""
    position: int | None = field(default=None, compare=False)
    """The next offset that the reader takes; None where it never said."""
    end: int = field(default=0, compare=False)
    """Where committed records end now."""

    def seconds(self, now: datetime) -> float:
        """How long the oldest unread record has waited; 0 where all is read."""
        if self.oldest_ms is None:
            return 0.0
        return max(now.timestamp() - self.oldest_ms / 1000, 0.0)


class _Known(NamedTuple):
    """The first unread record behind `position`, as of a log that ended at `end`."""

    position: int
    end: int
    first: int | None
    at_ms: int | None

    def holds(self, position: int, end: int) -> bool:
        """Whether it still says what is unread; what was nothing may be something by now."""
        return self.position == position and (self.first is not None or self.end == end)


class LagMeter:
    """Looks at logs through a consumer of its own, which is a member of no group.

    So it sees what a consumer that hangs does not. One task calls it.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._by_reader: dict[str, dict[TopicPartition, _Known]] = {}
        self._consumer = AIOKafkaConsumer(
            **client_arguments(settings),
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_bytes=FETCHED_BYTES,
            max_partition_fetch_bytes=FETCHED_BYTES // 16,
        )

    async def __aenter__(self) -> Self:
        with translated("measuring lag", self._settings):
            await start(self._consumer)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await stop(self._consumer)

    async def measure(
        self, reached: Mapping[Position, int], reader: str = ""
    ) -> dict[Position, Lag]:
        """What is unread behind each of these positions: the next offsets of this reader.

        Raises:
            UnavailableError: the broker does not answer.
        """
        positions = {TopicPartition(one.topic, one.partition): at for one, at in reached.items()}
        if not positions:
            return {}
        with translated("measuring lag", self._settings):
            ends = await self._consumer.end_offsets(list(positions))
            behind = {tp: at for tp, at in positions.items() if at < ends[tp]}
            before = self._by_reader.get(reader, {})
            known = {
                tp: before[tp]
                for tp, at in behind.items()
                if tp in before and before[tp].holds(at, ends[tp])
            }
            unknown = {tp: at for tp, at in behind.items() if tp not in known}
            if unknown:
                known |= await self._look(unknown, ends)
        self._by_reader[reader] = known
        return {
            Position(tp.topic, tp.partition): _lag(known.get(tp), at, ends[tp])
            for tp, at in positions.items()
        }

    async def _look(
        self, behind: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, _Known]:
        """The first unread record of each; behind a position there may be marks alone."""
        consumer, found = self._consumer, dict[TopicPartition, _Known]()
        consumer.assign(list(behind))
        for tp, offset in behind.items():
            consumer.seek(tp, offset)
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_WITHIN_S):
                while waiting := behind.keys() - found.keys():
                    polled = await consumer.getmany(*waiting, timeout_ms=POLL_MS)
                    for tp in waiting:
                        end = ends[tp]
                        if first := next(iter(polled.get(tp, ())), None):
                            found[tp] = _Known(behind[tp], end, first.offset, first.timestamp)
                        elif await consumer.position(tp) >= end:
                            found[tp] = _Known(behind[tp], end, None, None)
                    consumer.pause(*found)
        consumer.pause(*behind)
        return found


def _lag(known: _Known | None, position: int, end: int) -> Lag:
    if position >= end:
        return Lag(0, None, position, end)
    if known is None:
        return Lag(end - position, None, position, end)
    if known.first is None or known.first >= end:
        return Lag(0, None, position, end)
    return Lag(end - known.first, known.at_ms, position, end)


async def lags(
    meter: LagMeter,
    reader: str,
    partitions: Collection[Position],
    reached: Mapping[Position, int],
) -> dict[Position, Lag]:
    """The lag of one reader in each of these partitions, by what it has committed.

    Where it has committed nothing, all that stands in the partition is unread.
    """
    found = await meter.measure({one: reached.get(one, 0) for one in partitions}, reader)
    return {one: replace(lag, position=reached.get(one)) for one, lag in found.items()}
