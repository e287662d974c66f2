"""The same work again and again until the other side answers."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from ingest.ports import Sleep
from plantstream.runtime.errors import UnavailableError

_T = TypeVar("_T")


def _unchanged(delay_s: float) -> float:
    return delay_s


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait between attempts."""

    first_s: float = 0.1
    factor: float = 2.0
    limit_s: float = 1.0
    """What comes back is found this soon."""
    jitter: Callable[[float], float] = _unchanged

    def delays(self) -> Iterator[float]:
        """Growing delays, without an end; the limit holds before the jitter."""
        delay_s = self.first_s
        while True:
            yield self.jitter(delay_s)
            delay_s = min(delay_s * self.factor, self.limit_s)


async def persistently(
    work: Callable[[], Awaitable[_T]],
    backoff: Backoff,
    sleep: Sleep,
    told: Callable[[UnavailableError], None],
) -> _T:
    """Do the work, and again after each `UnavailableError`; `told` hears of the first of a row."""
    delays = backoff.delays()
    failed = False
    while True:
        try:
            return await work()
        except UnavailableError as error:
            if not failed:
                told(error)
            failed = True
        await sleep(next(delays))
