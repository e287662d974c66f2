"""What the stream answered to statements: followed beside the interface, the newest kept."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple

from ingest.retry import Backoff
from plantstream.runtime.errors import PlantstreamError
from plantstream.runtime.logs import get_logger
from plantstream.runtime.ports import Record
from schemas.codec import UnreadableError, decode
from schemas.quality import LabAnswer, Objection
from schemas.topics import LAB_ANSWER

MOST_ANSWERS = 20_000
"""Those that came last."""
AT_ONCE = 100
"""Records that are read without anything else having its turn."""
_BACKOFF = Backoff(first_s=0.5, limit_s=30.0)
_log = get_logger(__name__)

Answers = Callable[[], AbstractAsyncContextManager[AsyncIterator[Record]]]
"""The records of plant.lab.answer.v1 from the oldest on, without end."""


class Answer(NamedTuple):
    """What a statement was answered with."""

    answer: str
    objections: tuple[Objection, ...] = ()


class Answered:
    """The newest answers of a site. Bounded."""

    def __init__(self, site: str, limit: int = MOST_ANSWERS) -> None:
        self._site, self._limit = site, limit
        self._known: dict[str, Answer] = {}
        self.trouble = "the answers of the stream are not read here"
        """Why nothing new is heard; empty while answers are followed."""

    def find(self, statement: str) -> Answer | None:
        """The answer to this statement, if it is known."""
        return self._known.get(statement)

    def take(self, record: Record) -> None:
        """Keep an answer; the newest of a statement counts."""
        try:
            told = decode(LAB_ANSWER, record.value)
        except UnreadableError:
            return
        if not isinstance(told, LabAnswer) or told.site != self._site or told.run:
            return
        self._known.pop(told.statement, None)
        self._known[told.statement] = Answer(told.answer, told.objections)
        if len(self._known) > self._limit:
            del self._known[next(iter(self._known))]

    async def follow(self, answers: Answers) -> None:
        """Take answers without end, from the beginning again whenever they could not be read."""
        delays = _BACKOFF.delays()
        while True:
            try:
                async with answers() as records:
                    self.trouble, delays = "", _BACKOFF.delays()
                    await self._take_all(records)
            except PlantstreamError as error:
                if str(error) != self.trouble:
                    _log.warning("answers of the stream cannot be read", reason=str(error))
                self.trouble = str(error)
            await asyncio.sleep(next(delays))

    async def _take_all(self, records: AsyncIterator[Record]) -> None:
        number = 0
        async for record in records:
            self.take(record)
            number += 1
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)
