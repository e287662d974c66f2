"""The input for one Modbus line: poll, hand over, and go on, for ever."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

from ingest.backlog import MAX_WAITING, Backlog
from ingest.input import Chunk
from ingest.inputs.modbus.fields import fields
from ingest.inputs.modbus.lane import place_of
from ingest.inputs.modbus.plan import plan
from ingest.inputs.modbus.poller import Poller
from ingest.inputs.modbus.unit import units_of
from ingest.metrics import SourceMeters
from schemas.plant.model import Equipment
from schemas.plant.sources import ModbusSource
from schemas.record import EquipmentPath

CHUNK_OBSERVATIONS = 2_000
CHUNK_WITHIN_S = 0.05
"""A chunk goes on its way this long after its first observation came."""


class ModbusInput:
    """Implements `ingest.input.Input` for the equipment of one Modbus source.

    Nothing is connected before `chunks` is asked for its first chunk.
    """

    def __init__(
        self,
        name: str,
        source: ModbusSource,
        equipment: Sequence[tuple[EquipmentPath, Equipment]],
        meters: SourceMeters | None = None,
        *,
        max_waiting: int = MAX_WAITING,
    ) -> None:
        self._name = name
        self._source = source
        self._blocks = plan(fields(source, equipment), source.max_gap, source.max_registers)
        self._meters = meters or SourceMeters.unseen()
        self._max_waiting = max_waiting

    async def chunks(self, position: str | None) -> AsyncIterator[Chunk]:
        """Observations from now on; a device cannot be read again, so no position."""
        del position
        backlog = Backlog(self._max_waiting)
        units = units_of(self._blocks, place_of(self._source))
        poller = Poller(self._name, self._source, units, backlog, self._meters)
        polling = asyncio.create_task(poller.run(), name=f"modbus {self._name}")
        polling.add_done_callback(lambda _: backlog.close())
        try:
            async for chunk in _cut(backlog):
                yield chunk
            await polling
        finally:
            polling.cancel()
            with suppress(asyncio.CancelledError):
                await polling


async def _cut(backlog: Backlog) -> AsyncIterator[Chunk]:
    """Chunks of what arrives, until it is closed and empty."""
    while True:
        await backlog.filled(1)
        if not len(backlog):
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(CHUNK_WITHIN_S):
                await backlog.filled(CHUNK_OBSERVATIONS)
        yield Chunk(backlog.take(CHUNK_OBSERVATIONS))
