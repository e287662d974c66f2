"""Fault points: named places where the kill tests stop a process while it holds unfinished work.

`PLANTSTREAM_FAULT=publisher.acknowledged@3` makes the process hold at its third pass through that
place: it lives, serves its metrics, and goes no further until somebody kills it.
"""

import asyncio
import os
from itertools import count

HOLDING = "plantstream_fault_holding"
"""Name of the gauge that is 1 while the process holds."""


class FaultPoint:
    """One named place."""

    def __init__(self, name: str) -> None:
        wanted, _, turn = os.environ.get("PLANTSTREAM_FAULT", "").partition("@")
        self._turn = int(turn or 1) if wanted == name else None
        self._passes = count(1)
        self.holding = False

    async def reached(self) -> None:
        """Hold here for ever if this is the pass that was asked for."""
        if self._turn is not None and next(self._passes) == self._turn:
            self.holding = True
            await asyncio.Event().wait()
