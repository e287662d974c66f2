"""SIGTERM as a reason to stop in order, as Ctrl-C is one already under `asyncio.run`."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def sigterm_cancels() -> Iterator[None]:
    """Within the block SIGTERM cancels the current task; put it around the Supervisor's block."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    if task is not None:
        loop.add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
