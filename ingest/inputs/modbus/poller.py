"""Asks the units of one line in time, and tries those that do not answer beside it."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import timedelta

from ingest.backlog import Backlog
from ingest.input import Observation
from ingest.inputs.modbus.cadence import Cadence
from ingest.inputs.modbus.harvest import Harvest
from ingest.inputs.modbus.lane import Lane, LineDownError, NoAnswerError, place_of
from ingest.inputs.modbus.quality import BAD_COMMUNICATION, BAD_TIMEOUT
from ingest.inputs.modbus.sight import Sight
from ingest.inputs.modbus.unit import Unit
from ingest.metrics import SourceMeters
from plantstream.runtime import clock
from plantstream.runtime.logs import get_logger
from schemas.plant.sources import ModbusSource

LINE_SHARE = 4
"""Where silent units are tried on the same line as the others, that takes one part in so many."""

_log = get_logger(__name__)


class Poller:
    """The loop of one source. A unit that does not answer leaves the poll until it does again.

    On Modbus TCP such units are tried over a second connection, so that the others do not wait.
    """

    def __init__(
        self,
        name: str,
        source: ModbusSource,
        units: Sequence[Unit],
        backlog: Backlog,
        meters: SourceMeters,
    ) -> None:
        self._units = units
        self._backlog = backlog
        self._meters = meters
        self._polling = Lane(source)
        self._trying = Lane(source) if source.transport == "tcp" else self._polling
        self._cadence = Cadence(source.poll_ms / 1000)
        self._timeout = timedelta(milliseconds=source.timeout_ms)
        self._sight = Sight()
        self._silent = asyncio.Event()
        self._others_until = 0.0
        self._is_connected = False
        self._down: str | None = None
        self._place = place_of(source)
        self._log = _log.bind(source=name, line=self._place)

    async def run(self) -> None:
        """Poll until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._poll())
                group.create_task(self._try())
        finally:
            self._polling.close()
            self._trying.close()

    async def _poll(self) -> None:
        while True:
            self._cadence.begin(clock.monotonic())
            complete = True
            for unit in self._units:
                if unit.answers:
                    complete &= await self._poll_one(unit)
            late = self._cadence.end(clock.monotonic(), complete)
            if late:
                self._meters.overran()
                if self._cadence.overruns == 1:
                    told = "a poll took longer than poll_ms; further ones are only counted"
                    self._log.warning(told, took_s=round(late, 3))
            await asyncio.sleep(self._cadence.wait_s(clock.monotonic()))

    async def _poll_one(self, unit: Unit) -> bool:
        try:
            await self._read(unit, self._polling)
        except NoAnswerError as error:
            self._silence([unit], str(error))
        except LineDownError as error:
            self._lose_line(str(error), self._answering())
        else:
            return True
        return False

    async def _try(self) -> None:
        """Try one silent unit after the other, each when its time has come."""
        while True:
            silent = sorted((one for one in self._units if not one.answers), key=_due)
            if not silent:
                self._close_second()
            self._silent.clear()
            wait_s = self._until_due(silent[0]) if silent else None
            if wait_s != 0.0:
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await self._silent.wait()
                continue
            began = clock.monotonic()
            if not await self._try_one(silent[0]):
                now = clock.monotonic()
                self._others_until = now + (now - began) * (LINE_SHARE - 1)

    def _until_due(self, unit: Unit) -> float:
        due = unit.due
        if self._trying is self._polling and self._answering():
            due = max(due, self._others_until)
        return max(0.0, due - clock.monotonic())

    async def _try_one(self, unit: Unit) -> bool:
        try:
            await self._read(unit, self._trying)
        except NoAnswerError as error:
            unit.postpone(clock.monotonic())
            self._give_up([unit], str(error), BAD_TIMEOUT)
            return False
        except LineDownError as error:
            self._lose_line(str(error), [])
            return False
        self._welcome(unit)
        return True

    async def _read(self, unit: Unit, lane: Lane) -> None:
        harvest = Harvest()
        told: list[Observation] = []
        try:
            told = await unit.read(lane, harvest)
        finally:
            samples = harvest.samples()
            allowed = timedelta(seconds=self._cadence.allowed_s) + self._timeout
            self._put([*self._sight.seen(samples, allowed), *told], len(samples))
        if not self._is_connected:
            self._is_connected = True
            self._meters.connected()
            self._log.info("Modbus line answers")

    def _welcome(self, unit: Unit) -> None:
        if not self._answering():
            # The connection that works is the one to poll over; a device may allow only one.
            self._polling, self._trying = self._trying, self._polling
            self._trying_again_now()
        self._log.info("Modbus unit answers", unit=unit.number)
        self._down = None
        unit.revive()

    def _trying_again_now(self) -> None:
        now = clock.monotonic()
        for one in self._units:
            if not one.answers:
                one.silence(now)

    def _silence(self, units: Iterable[Unit], reason: str) -> None:
        now = clock.monotonic()
        for unit in units:
            unit.silence(now)
            self._sight.lost(unit.equipment, f"{self._place}: {reason}")
            self._log.warning("Modbus unit silent", unit=unit.number, reason=reason)
        self._silent.set()

    def _lose_line(self, reason: str, answering: Sequence[Unit]) -> None:
        """No silent unit can be tried now, and those that answered are silent."""
        now = clock.monotonic()
        for unit in answering:
            unit.silence(now)
        silent = [one for one in self._units if not one.answers]
        # They share the connection, so they wait for it together.
        silent[0].postpone(now)
        for unit in silent[1:]:
            unit.due = silent[0].due
        if self._down is None:
            self._down = reason
            self._log.warning("Modbus line down", reason=reason)
        self._give_up(silent, reason, BAD_COMMUNICATION)
        self._silent.set()

    def _give_up(self, units: Sequence[Unit], reason: str, quality: int) -> None:
        for unit in units:
            self._sight.lost(unit.equipment, f"{self._place}: {reason}")
            samples = unit.unreached(quality)
            self._put(samples, len(samples))
        if self._is_connected and not self._answering():
            self._is_connected = False
            self._meters.lost()

    def _put(self, observations: Sequence[Observation], samples: int) -> None:
        if observations:
            dropped = self._backlog.dropped
            self._backlog.put(observations)
            self._meters.notified(samples)
            self._meters.overflowed(self._backlog.dropped - dropped)

    def _answering(self) -> list[Unit]:
        return [one for one in self._units if one.answers]

    def _close_second(self) -> None:
        if self._trying is not self._polling:
            self._trying.close()


def _due(unit: Unit) -> float:
    return unit.due
