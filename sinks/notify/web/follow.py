"""Keeping the board: topics read whole, then followed for ever, whatever becomes of the broker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from plantstream.runtime.errors import MisconfiguredError, UnavailableError
from plantstream.runtime.kafka.follow import Start, following
from plantstream.runtime.kafka.whole import read_partitions
from plantstream.runtime.logs import get_logger
from plantstream.runtime.ports import Record
from plantstream.runtime.settings import KafkaSettings
from schemas.topics import Topic
from sinks.notify.web.board import TOPICS, Board

AGAIN_AFTER_S = 1.0
AT_ONCE = 20
"""Records that are read before others have their turn, some 50 µs each."""
MOST_REFUSALS = 30
"""In a row, of a topic that was followed before: a broker that has just come back may not know all
of it yet, and a process that ends for good tells nobody anything."""
_log = get_logger(__name__)


class Log(Protocol):
    """Where topics are read."""

    def past(self, topic: Topic) -> AsyncIterator[Record]:
        """All records that stand there by now, in order per partition."""

    def news(self, topic: Topic) -> AbstractAsyncContextManager[AsyncIterator[Record]]:
        """Records without end; inside the block none is missed, some may come that are past."""


class KafkaLog:
    """The broker's topics."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings

    def past(self, topic: Topic) -> AsyncIterator[Record]:
        """All records that are committed by now."""
        return read_partitions(self._settings, topic.name, range(topic.partitions))

    @asynccontextmanager
    async def news(self, topic: Topic) -> AsyncIterator[AsyncIterator[Record]]:
        """Committed records from now on."""
        async with following(self._settings, topic.name, Start.NOW) as records:
            yield records


async def keep_board(board: Board, log: Log) -> None:
    """Follow the topics until it is cancelled; the board says when it is complete.

    Raises:
        ExceptionGroup: of MisconfiguredError where the broker lacks a topic at the start, of
            UnavailableError where it refuses one that it had.
    """
    waiting = {topic.name for topic in TOPICS}

    def known(topic: Topic) -> None:
        waiting.discard(topic.name)
        board.is_complete = not waiting

    async with asyncio.TaskGroup() as tasks:
        for topic in TOPICS:
            tasks.create_task(_keep(board, log, topic, known))


class _Known(Protocol):
    def __call__(self, topic: Topic) -> None: ...


async def _keep(board: Board, log: Log, topic: Topic, known: _Known) -> None:
    refusals: int | None = None  # None until it was followed once
    while True:
        try:
            # First the ear, then the past: so nothing is said in between unheard.
            async with log.news(topic) as news:
                await _apply(board, log.past(topic))
                known(topic)
                refusals = 0
                await _apply(board, news)
        except UnavailableError as error:
            _log.warning("following again soon", topic=topic.name, reason=str(error))
        except MisconfiguredError as error:
            if refusals is None:
                raise
            refusals += 1
            if refusals >= MOST_REFUSALS:
                raise UnavailableError(f"{topic.name} is followed no longer: {error}") from error
            _log.error("following again soon", topic=topic.name, reason=str(error))
        await asyncio.sleep(AGAIN_AFTER_S)


async def _apply(board: Board, records: AsyncIterator[Record]) -> None:
    """A storm comes in thousands at once, and people wait for pages meanwhile."""
    read = 0
    async for record in records:
        board.apply(record)
        read += 1
        if not read % AT_ONCE:
            await asyncio.sleep(0)
