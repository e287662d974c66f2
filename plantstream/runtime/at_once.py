"""Several things done at once; the first failure ends the others."""

import asyncio
from collections.abc import Awaitable, Iterable

from plantstream.runtime.errors import PlantstreamError


class CutOffError(PlantstreamError):
    """Something was cancelled, and not by whoever waits for it."""


async def together(work: Iterable[Awaitable[None]]) -> None:
    """Do all of it. Once one fails the others are cancelled; when this ends nothing goes on.

    Not a task group: that of Python 3.11 forgets a cancellation that comes while it ends, and
    after a failure leaves its task marked as being cancelled.

    Raises:
        CancelledError: the task that waits is told to end, whatever failed beside that.
        CutOffError: one of several was cancelled, and nobody had asked.
        BaseException: the first failure that we understand, or else the first, as it is.
    """
    wanted = list(work)
    if len(wanted) == 1:
        await wanted[0]
        return
    jobs = _Jobs(wanted)
    told: asyncio.CancelledError | None = None
    while running := jobs.running():
        try:
            await asyncio.wait(running)
        except asyncio.CancelledError as error:
            told = error
            jobs.end()
    if told is not None:
        raise told
    if jobs.failures:
        known = (one for one in jobs.failures if isinstance(one, PlantstreamError))
        raise next(known, jobs.failures[0])


async def uncut(work: Awaitable[None]) -> None:
    """Do it; a library that cancels us of its own accord is a failure, and no end like any other.

    Raises:
        CancelledError: the task that does it is told to end.
        CutOffError: nobody had told it to.
    """
    try:
        await work
    except asyncio.CancelledError as error:
        see_cancellation()
        raise CutOffError("cancelled, and nobody had asked") from error


def see_cancellation() -> None:
    """Stop if the current task is told to: what failed then is no reason to begin anew.

    Raises:
        CancelledError: it is.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


class _Jobs:
    """Tasks of which the first that fails ends the others."""

    def __init__(self, work: Iterable[Awaitable[None]]) -> None:
        self.failures: list[BaseException] = []
        """In the order in which they came."""
        self._is_ending = False
        self._tasks = [asyncio.create_task(uncut(one)) for one in work]
        for task in self._tasks:
            task.add_done_callback(self._ended)

    def running(self) -> list[asyncio.Task[None]]:
        return [task for task in self._tasks if not task.done()]

    def end(self) -> None:
        """Cancel them; those that were told before, and still wait for something, once more."""
        self._is_ending = True
        for task in self._tasks:
            task.cancel()

    def _ended(self, task: asyncio.Task[None]) -> None:
        failure = None if task.cancelled() else task.exception()
        if failure is not None:
            self.failures.append(failure)
            if not self._is_ending:
                self.end()
