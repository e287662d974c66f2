"""Tasks that are to end."""

import asyncio
from collections.abc import Iterable

STOP_AGAIN_S = 5.0
"""After so long a task that did not hear that it is to stop is told again."""


def is_stopped() -> bool:
    """Whether the current task is told to end."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def stop(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel these until they have ended: a library may lose a cancellation (wait_for of 3.11)."""
    running = set(tasks)
    while running:
        for one in running:
            one.cancel()
        _, running = await asyncio.wait(running, timeout=STOP_AGAIN_S)
