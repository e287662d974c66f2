"""The input for one OPC UA server: connect, subscribe, hand over, and begin again, for ever."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from ingest.backlog import Backlog, Holding, tells_meaning, tells_what_lasts
from ingest.input import Chunk
from ingest.inputs.opcua.connection import Connection, connected
from ingest.inputs.opcua.expiry import ExpiryWatch
from ingest.inputs.opcua.follower import Follower
from ingest.inputs.opcua.notifiers import notifiers_of
from ingest.inputs.opcua.open_alarms import OpenAlarms
from ingest.inputs.opcua.trust import Access, access_of
from ingest.inputs.opcua.watch import watches
from ingest.metrics import SourceMeters
from plantstream.runtime import clock
from plantstream.runtime.errors import MisconfiguredError, UnavailableError
from plantstream.runtime.logs import get_logger
from schemas.plant.equipment import Equipment
from schemas.plant.sources import OpcUaSource
from schemas.record import EquipmentPath

FIRST_RETRY_S = 0.5
LAST_RETRY_S = 1.0
"""Short, because a value is owed within 5 s of the server's return, and up to 3.5 s of them go into
finding out that a subscription that was handed over stays silent."""
REFUSED_RETRY_S = 3.0
"""While the server, or our trust list, says no."""

_log = get_logger(__name__)
Sleep = Callable[[float], Awaitable[None]]


class OpcUaInput:
    """Implements `ingest.input.Input` for the equipment of one OPC UA source.

    Nothing is read or connected before `chunks` is asked for its first chunk.
    """

    def __init__(
        self,
        name: str,
        source: OpcUaSource,
        equipment: Sequence[tuple[EquipmentPath, Equipment]],
        meters: SourceMeters | None = None,
        holding: Holding | None = None,
        *,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._name = name
        self._source = source
        self._equipment = equipment
        watches(equipment)
        notifiers_of(source)
        self._meters = meters or SourceMeters.unseen()
        self._holding = holding
        self._sleep = sleep
        self._log = _log.bind(source=name, endpoint=source.endpoint)
        self._complaint = ""
        self._expiry = ExpiryWatch(self._meters, self._warn)

    async def chunks(self, position: str | None) -> AsyncIterator[Chunk]:
        """Observations from now on: an OPC UA server cannot be read again.

        The position says which alarms are open, so that one that ends while the edge is down ends.

        Raises:
            MisconfiguredError: only a person can help.
        """
        alarms = OpenAlarms.load(position)
        access = await asyncio.to_thread(access_of, self._source, self._name)
        pressing, lasting = tells_meaning(self._equipment), tells_what_lasts(self._equipment)
        backlog = Backlog(self._holding, pressing, lasting)
        follower = Follower(
            self._source, self._equipment, backlog, self._meters, self._log, tuple(alarms)
        )
        reading = asyncio.create_task(self._read(access, follower), name=f"opcua {self._name}")
        reading.add_done_callback(lambda _: backlog.close())
        try:
            async for chunk in backlog.chunks():
                yield replace(chunk, position=alarms.after(chunk.observations))
            await reading
        finally:
            reading.cancel()
            with suppress(asyncio.CancelledError, MisconfiguredError):
                await reading

    async def _read(self, access: Access, follower: Follower) -> None:
        delay_s = FIRST_RETRY_S
        known = False
        while True:
            try:
                async with connected(self._source, access) as connection:
                    await follower.begin(connection)
                    self._meters.connected()
                    self._log.info("OPC UA server connected", tags=follower.tags)
                    delay_s, known, self._complaint = FIRST_RETRY_S, True, ""
                    await follower.follow(connection, lambda: self._look(access, connection))
            except (UnavailableError, MisconfiguredError) as error:
                self._meters.lost()
                if isinstance(error, MisconfiguredError):
                    if not known:
                        raise
                    self._meters.needs_help(str(error))
                    delay_s = REFUSED_RETRY_S
                follower.translator.interrupt(f"no connection to {self._source.endpoint}")
                self._complain(str(error))
            await self._sleep(delay_s)
            delay_s = min(2 * delay_s, LAST_RETRY_S)

    def _complain(self, reason: str) -> None:
        """Say why there is no connection, once until there is one or the reason is another."""
        if reason != self._complaint:
            self._complaint = reason
            self._log.warning("OPC UA server lost, trying again", reason=reason)

    def _look(self, access: Access, connection: Connection) -> None:
        now = clock.now()
        if access.trust is not None:
            self._expiry.look("own", access.trust.own_certificate, now)
        if connection.certificate is not None:
            self._expiry.look("server", connection.certificate, now)

    def _warn(self, whose: str, ends: datetime) -> None:
        self._log.warning(
            "a certificate ends soon: have it renewed", certificate=whose, ends=ends.isoformat()
        )
