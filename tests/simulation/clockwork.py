"""An event loop without sockets and without waiting: when nothing is ready, its clock jumps."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

_Result = TypeVar("_Result")


class StuckError(AssertionError):
    """Everybody waits and nothing is due: no simulated time can change that."""


class SimulatedLoop(asyncio.BaseEventLoop):
    """Runs callbacks in the order in which they are due, which is the same every time."""

    def __init__(self) -> None:
        super().__init__()
        self._now_s = 0.0
        self._selector = self

    def time(self) -> float:
        """Simulated seconds since the beginning."""
        return self._now_s

    def stand_still(self, seconds: float) -> None:
        """Nothing runs for so long, as if the process were stopped."""
        self._now_s += seconds

    def select(self, timeout_s: float | None) -> list[Any]:
        """What the base class calls when nothing is ready."""
        if timeout_s is None:
            raise StuckError("everybody waits for somebody else")
        self._now_s += timeout_s
        return []

    def _process_events(self, event_list: list[Any]) -> None:
        """There are none: nothing comes from outside."""

    def _write_to_self(self) -> None:
        """Nobody sleeps who would have to be woken."""


def simulate(main: Callable[[], Coroutine[Any, Any, _Result]]) -> _Result:
    """Run it to its end on a loop of its own."""
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        return runner.run(main())
