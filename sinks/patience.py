"""Asking the other side again and again until it answers, with pauses that grow up to a limit."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.logs import get_logger

_Result = TypeVar("_Result")
_log = get_logger()


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited, in seconds; `waited` hears of each pause."""

    first_s: float
    most_s: float
    sleep: Callable[[float], Awaitable[None]]
    waited: Callable[[], None]

    async def until(self, doing: str, call: Callable[[], Awaitable[_Result]]) -> _Result:
        """What the call gives once it does not raise `UnavailableError`."""
        pause_s, failed = self.first_s, False
        while True:
            try:
                result = await call()
            except UnavailableError as error:
                if not failed:
                    _log.warning("waiting", doing=doing, reason=str(error))
                failed = True
                self.waited()
                await self.sleep(pause_s)
                pause_s = min(2 * pause_s, self.most_s)
                continue
            if failed:
                _log.info("going on", doing=doing)
            return result
