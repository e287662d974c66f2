"""Keeps samples of critical tags with their batches, beside the sink's loop."""

from collections.abc import Awaitable, Callable

from plantstream.runtime.errors import PlantstreamError
from plantstream.runtime.logs import get_logger
from plantstream.runtime.settings import DatabaseSettings
from sinks.timescale.connection import connect, translated
from sinks.timescale.store import due_rounds, keep_batch_samples

EVERY_S = 10.0
"""How long a sample waits to be kept; telemetry lives for days."""
AT_ONCE = 1_000
"""Notes of what arrived that one transaction takes."""
_log = get_logger()


class BatchKeeper:
    """Copies what has arrived; whatever ends it, the next one goes on where it was."""

    def __init__(
        self,
        settings: DatabaseSettings,
        sleep: Callable[[float], Awaitable[None]],
        kept: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._settings, self._sleep, self._kept = settings, sleep, kept

    async def run(self) -> None:
        """Keep samples until cancelled; a database that is away is asked again."""
        while True:
            try:
                await self.turn()
            except PlantstreamError as error:
                _log.warning("samples of batches are not kept yet", reason=str(error))
            await self._sleep(EVERY_S)

    async def turn(self) -> int:
        """Keep all that is due now, and say how many samples that were.

        Raises:
            UnavailableError: nobody answers; what was kept before stays.
            MisconfiguredError: a person has to do something first.
        """
        total = 0
        async with await connect(self._settings) as connection:
            with translated(self._settings):
                for _ in range(await due_rounds(connection, AT_ONCE)):
                    total += await keep_batch_samples(connection, AT_ONCE)
        self._kept(total)
        return total
