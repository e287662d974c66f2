"""Fault points: named places where the kill tests stop a process while it holds unfinished work.

`PLANTSTREAM_FAULT=publisher.acknowledged@3` makes the process hold at its third pass through that
place: it lives, serves its metrics, and goes no further until somebody kills it. With `@3/40` its
event loop stands still there for 40 s instead, and nothing of it answers.
"""

import asyncio
import os
import time
from itertools import count

HOLDING = "plantstream_fault_holding"
"""Name of the gauge that is 1 while the process holds."""


class FaultPoint:
    """One named place."""

    def __init__(self, name: str) -> None:
        wanted, _, turn = os.environ.get("PLANTSTREAM_FAULT", "").partition("@")
        turn, _, blocked_s = turn.partition("/")
        self._turn = int(turn or 1) if wanted == name else None
        self._blocked_s = float(blocked_s or 0)
        self._passes = count(1)
        self.holding = False

    async def reached(self) -> None:
        """Hold here for ever if this is the pass that was asked for, or block the loop."""
        if self._turn is not None and next(self._passes) == self._turn:
            if self._blocked_s:
                time.sleep(self._blocked_s)  # noqa: ASYNC251 - that is the fault
                return
            self.holding = True
            await asyncio.Event().wait()
