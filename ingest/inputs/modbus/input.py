"""The input for one Modbus line: poll, hand over, and go on, for ever."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

from ingest.backlog import Backlog, Holding, tells_meaning
from ingest.input import Chunk
from ingest.inputs.modbus.fields import fields
from ingest.inputs.modbus.lane import place_of
from ingest.inputs.modbus.plan import plan
from ingest.inputs.modbus.poller import Poller
from ingest.inputs.modbus.unit import units_of
from ingest.metrics import SourceMeters
from schemas.plant.equipment import Equipment
from schemas.plant.sources import ModbusSource
from schemas.record import EquipmentPath


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
        holding: Holding | None = None,
    ) -> None:
        self._name = name
        self._source = source
        self._blocks = plan(fields(source, equipment), source.max_gap, source.max_registers)
        self._meters = meters or SourceMeters.unseen()
        self._holding = holding
        self._is_pressing = tells_meaning(equipment)

    async def chunks(self, position: str | None) -> AsyncIterator[Chunk]:
        """Observations from now on; a device cannot be read again, so no position."""
        del position
        backlog = Backlog(self._holding, self._is_pressing)
        units = units_of(self._blocks, place_of(self._source))
        poller = Poller(self._name, self._source, units, backlog, self._meters)
        polling = asyncio.create_task(poller.run(), name=f"modbus {self._name}")
        polling.add_done_callback(lambda _: backlog.close())
        try:
            async for chunk in backlog.chunks():
                yield chunk
            await polling
        finally:
            polling.cancel()
            with suppress(asyncio.CancelledError):
                await polling
