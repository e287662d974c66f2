"""Keeps processes alive as a supervisor does, and tells a crash from an error nobody expects."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from plantstream.runtime.errors import FencedError, UnavailableError
from processors.streams.missing import GapError
from tests.simulation.faults import Crash, Faults
from tests.simulation.hosts import Host
from tests.simulation.processes import Process

RESTART_S = 20.0
EXPECTED_ENDS = (Crash, FencedError, UnavailableError, GapError)
"""What may end a process: the next one goes on from what is durable."""

Life = Callable[[Process], Awaitable[None]]


class Keepers:
    """Lives of processes, each begun again whenever it ends."""

    def __init__(self, faults: Faults, is_over: Callable[[str], bool]) -> None:
        self._faults, self._is_over = faults, is_over

    async def keep(self, lives: Mapping[str, Life], until: Callable[[], Awaitable[None]]) -> None:
        """Let all of them live until that has come about."""
        async with asyncio.TaskGroup() as group:
            keepers = [group.create_task(self._keep(name, one)) for name, one in lives.items()]
            await until()
            for keeper in keepers:
                keeper.cancel()

    async def _keep(self, name: str, life: Life) -> None:
        host = Host(name, self._faults)
        while not self._is_over(name):
            process = Process(host)
            try:
                await life(process)
            except BaseException as error:  # noqa: BLE001 - a crash is one, too
                self._count(process, error)
                await asyncio.sleep(self._faults.rng.uniform(0, RESTART_S))
            finally:
                process.crashed = True

    def _count(self, process: Process, error: BaseException) -> None:
        if process.crashed:
            self._faults.tally["crashes"] += 1
            self._faults.tally[f"crashes of {process.name.split()[0]}"] += 1
            return
        causes = list(_leaves(error))
        for cause in causes:
            if not isinstance(cause, EXPECTED_ENDS):
                raise error
        self._faults.tally[f"ended by {type(causes[0]).__name__}"] += 1


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for one in error.exceptions for leaf in _leaves(one)]
    return [error]
