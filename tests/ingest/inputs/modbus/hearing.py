"""What an input says, for tests that wait for something in it."""

import asyncio
from itertools import pairwise

from ingest.input import Alive, Missed, Sample, Unreadable

PATH = "e/s/a/l/one"
OTHER = "e/s/a/l/two"
LIMIT_S = 20.0


class Listener:
    """Collects what an input gives, and waits for a condition on it."""

    def __init__(self, one):
        self.seen = []
        self._one = one
        self._news = asyncio.Event()
        self.task = asyncio.create_task(self._listen())

    async def until(self, condition, limit_s=LIMIT_S):
        """The observations, once the condition on them holds."""
        async with asyncio.timeout(limit_s):
            while not condition(self.seen):
                if self.task.done():
                    await self.task
                self._news.clear()
                waiting = asyncio.ensure_future(self._news.wait())
                await asyncio.wait({self.task, waiting}, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
        return list(self.seen)

    async def more(self, condition, limit_s=LIMIT_S):
        """What comes from now on, once the condition on that holds."""
        begin = len(self.seen)
        seen = await self.until(lambda seen: condition(seen[begin:]), limit_s)
        return seen[begin:]

    async def _listen(self):
        async for chunk in self._one.chunks(None):
            assert chunk.position is None
            self.seen += chunk.observations
            self._news.set()

    async def close(self):
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


def samples(seen, name):
    return [one for one in seen if isinstance(one, Sample) and one.tag == name]


def values(seen, name):
    """The good values of a tag."""
    return [one.value for one in samples(seen, name) if one.quality == 0]


def bad(seen, name):
    """The qualities of a tag's bad samples."""
    return [one.quality for one in samples(seen, name) if one.quality]


def missed(seen):
    return [one for one in seen if isinstance(one, Missed)]


def alive(seen):
    return [one for one in seen if isinstance(one, Alive)]


def unreadable(seen):
    return [one for one in seen if isinstance(one, Unreadable)]


def waits(seen):
    """Seconds from one sign of life to the next."""
    times = [one.at for one in alive(seen)]
    return [(after - before).total_seconds() for before, after in pairwise(times)]
