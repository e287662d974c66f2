"""A life of a worker: where it may crash, stand still, be slow, or hear nothing of others."""

import asyncio
from collections.abc import Callable

from plantstream.runtime.errors import UnavailableError
from tests.simulation.faults import Crash, Place
from tests.simulation.hosts import BROKER, CHANCE, Host, Lost

GIVES_UP_AFTER_S = (1.0, 30.0)
"""Whoever waits for an answer that does not come."""


class Process:
    """One life of a worker: its adapters ask here before and after everything they do."""

    def __init__(self, host: Host) -> None:
        self.host, self.faults, self.name = host, host.faults, host.worker
        self.crashed = False
        self.frozen_until_s = 0.0
        self.silent: list[Callable[[], None]] = []
        """Who wants to know when nothing is heard of it; how long they wait is theirs."""
        self._loop = asyncio.get_running_loop()

    @property
    def now_s(self) -> float:
        """Simulated seconds."""
        return self._loop.time()

    @property
    def frozen(self) -> bool:
        """Whether it stands still."""
        return self.now_s < self.frozen_until_s

    @property
    def is_silent(self) -> bool:
        """Whether the broker hears nothing of it."""
        cut = self.host.cut(BROKER)
        return self.crashed or self.frozen or (cut is not None and cut.lost.includes(Lost.ASKED))

    async def point(self, place: Place = Place.CALL) -> None:
        """A place where this process may crash, freeze, be slow, or be told another time.

        Raises:
            Crash: it does, or did.
        """
        if self.crashed or self.frozen_until_s:
            await self._thaw()
        fault = self.faults.at(place, self.now_s)
        if fault.crash:
            self.crash()
        if fault.clock_set:
            self.host.set_clock()
        if fault.freeze_s:
            self.faults.tally["freezes"] += 1
            self.frozen_until_s = self.now_s + fault.freeze_s
            self._fall_silent()
            await self._thaw()
        elif fault.delay_s:
            await asyncio.sleep(fault.delay_s)
            await self._thaw()
        elif place is not Place.ROW:
            await asyncio.sleep(0)
            if self.crashed or self.frozen_until_s:
                await self._thaw()

    def crash(self) -> None:
        """Be gone from here on.

        Raises:
            Crash: always.
        """
        self.crashed = True
        self._fall_silent()
        raise Crash(self.name)

    def loses(self, part: str, way: Lost, chance: float = CHANCE) -> bool:
        """Whether what goes this way between it and this part is lost."""
        before = self.host.cut(part)
        cut = before or self.host.cut(part, chance)
        if cut is not before and part == BROKER:
            self._fall_silent()
        return cut is not None and cut.lost.includes(way)

    async def asks(self, part: str, way: Lost = Lost.ASKED, chance: float = CHANCE) -> None:
        """What it asks of this part arrives there.

        Raises:
            UnavailableError: it does not, which shows only by an answer that never comes.
        """
        if self.loses(part, way, chance):
            await self.gives_up(part)

    async def hears(self, part: str) -> None:
        """What this part answers arrives here.

        Raises:
            UnavailableError: it does not.
        """
        await self.asks(part, Lost.ANSWERED)

    async def gives_up(self, part: str) -> None:
        """Wait in vain.

        Raises:
            UnavailableError: always.
        """
        await asyncio.sleep(self.faults.rng.uniform(*GIVES_UP_AFTER_S))
        await self._thaw()
        raise UnavailableError(f"no answer from the {part}")

    def _fall_silent(self) -> None:
        for told in self.silent:
            told()

    async def _thaw(self) -> None:
        while self.frozen:  # noqa: ASYNC110 - another task may freeze it again
            await asyncio.sleep(self.frozen_until_s - self.now_s)
        self.frozen_until_s = 0.0
        if self.crashed:
            raise Crash(self.name)
