"""What must hold while a fault lasts, besides what is true in the end."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import psutil

from plantstream.runtime import clock
from tests.chaos.factory import Factory

LOOK_EVERY_S = 0.5
REBALANCE = "Preparing to rebalance group"
"""What the broker logs of each."""


@dataclass(frozen=True, slots=True)
class Promises:
    """Limits of a row; None where it promises nothing."""

    pages_within_s: float | None = None
    """From the heat to its message, for all that gets hot before the fault is over."""
    sink_below_mb: float | None = None
    """Of memory that the sink holds at any moment until all is as before."""
    resumes_within_s: float | None = None
    """Until every press has newer rows and cells, when what failed is there again."""
    rebalances_at_most: int | None = None
    """Of all consumer groups together, until all is as before."""


@dataclass(slots=True)
class Meanwhile:
    """What was seen of a factory since `began`."""

    factory: Factory
    began: datetime
    logged: dict[Path, int]
    """Size of the brokers' logs then, in bytes."""
    over: datetime | None = None
    """When the fault was."""
    resumed_s: float | None = None
    """Since then all presses had newer rows and cells."""
    sink_mb: float = 0.0
    """The most that was seen."""
    _done: asyncio.Event = field(default_factory=asyncio.Event)

    async def look(self) -> None:
        """See how much memory the sink holds, now and then, until told to end."""
        while not self._done.is_set():
            with suppress(psutil.Error, KeyError):
                sink = psutil.Process(self.factory.worker("sink").process.pid)
                self.sink_mb = max(self.sink_mb, sink.memory_info().rss / 1e6)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._done.wait()

    def end(self) -> None:
        self._done.set()

    def latest_page(self) -> timedelta:
        """The longest time from a heat to its message, of what got hot before the fault was over;
        what nobody was told of yet lasts until now.
        """
        now = clock.now()
        over = self.over or now
        came = self.factory.provider.first_told("Hot", "firing", "all")
        late = [
            came.get(one, now) - one[1]
            for one in self.factory.presses.hot
            if self.began <= one[1] <= over
        ]
        return max(late, default=timedelta())

    def rebalances(self) -> int:
        """By what the brokers have logged."""
        return sum(
            line.count(REBALANCE) for log, size in self.logged.items() for line in _after(log, size)
        )

    def broken(self, promises: Promises) -> str:
        """The first promise that was not kept, or nothing."""
        late_s = self.latest_page().total_seconds()
        if promises.pages_within_s is not None and late_s > promises.pages_within_s:
            return f"a page went out {late_s:.1f} s late, {promises.pages_within_s:.0f} s allowed"
        if promises.sink_below_mb is not None and self.sink_mb > promises.sink_below_mb:
            return f"the sink held {self.sink_mb:.0f} MB, {promises.sink_below_mb:.0f} MB allowed"
        resumes_s = promises.resumes_within_s
        if resumes_s is not None and self.resumed_s is not None and self.resumed_s > resumes_s:
            return f"it went on after {self.resumed_s:.1f} s, {resumes_s:.0f} s allowed"
        most = promises.rebalances_at_most
        if most is not None and (number := self.rebalances()) > most:
            return f"{number} rebalances, {most} allowed"
        return ""


@asynccontextmanager
async def watching(factory: Factory) -> AsyncIterator[Meanwhile]:
    """Look at a factory as long as the block runs."""
    logs = [one.log for one in factory.parts.brokers]
    seen = Meanwhile(factory, clock.now(), {log: log.stat().st_size for log in logs})
    looking = asyncio.create_task(seen.look())
    try:
        yield seen
    finally:
        seen.end()
        await asyncio.wait({looking})


def _after(log: Path, size: int) -> Iterator[str]:
    with log.open(errors="replace") as file:
        file.seek(size)
        yield from file
