"""The simulated plant in real time: machines, OPC UA server and ledger, one tick after another."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from plantstream.runtime import clock
from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.logs import get_logger
from plantstream.simulator.bookkeeper import Bookkeeper
from plantstream.simulator.crew import Crew, Saying
from plantstream.simulator.laboratory import Laboratory
from plantstream.simulator.ledger import LedgerWriter, MishapEntry, SaidEntry, ShownEntry
from plantstream.simulator.machine import halt
from plantstream.simulator.mishap import overheated, overheating
from plantstream.simulator.opcua_server import PlantServer, Shown
from plantstream.simulator.plant import Change, PlantState, plant_state, snapshot, step_plant
from plantstream.simulator.signals import points, value_of
from plantstream.simulator.tempo import LIVELY, Pace, Tempo
from schemas.plant.load import PlantFile

TICK_S = 0.2
LONGEST_TICK_S = 1.0
"""After a longer pause of the process the plant has stood still; its states have lasted."""
STILL_EVERY = timedelta(seconds=1)
LEDGER = "ledger.jsonl"
HEATING_STUCK = "heating_stuck"
"""What the ledger calls a jacket whose steam valve does not close."""
TEMPERATURE = "temperature"
_POLL_S = 0.05

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LiveOptions:
    """How a plant is simulated."""

    directory: Path
    """For the server's certificate and the ledger."""
    port: int = 4840
    seed: int = 1
    speed: float = 10.0
    """Simulated seconds per second."""
    secure: bool = True
    tempo: Tempo = LIVELY
    overheats: bool = False
    """Whether the heating of one reactor gets stuck, soon after the beginning."""


class Hears(Protocol):
    """Where people are heard."""

    def say(self, saying: Saying) -> None:
        """Somebody speaks of an equipment."""

    def state(self, entry: SaidEntry) -> None:
        """The laboratory states something of a product."""


class LivePlant:
    """A plant to start, to run, to bring to rest and to close, in this order.

    The ledger speaks of all time from `start` on. After `rest` its last states hold until `close`.
    With `ear` people live in it as well: it is given what they state.
    """

    def __init__(self, plant: PlantFile, options: LiveOptions, ear: Hears | None = None) -> None:
        self._plant = plant
        self._crew, self._laboratory = Crew(plant.plant), Laboratory(plant.plant, options.seed)
        self._ear = ear
        self._options = options
        pace = Pace(options.tempo, options.speed)
        self._state = plant_state(plant.plant, pace, options.seed)
        standing = list(snapshot(self._state))
        self._points = {
            one.equipment: points(equipment, one.signals)
            for one in standing
            if (equipment := plant.plant.find(one.equipment)) is not None
        }
        self._paths = {one.id: plant.plant.path_of(one) for one in plant.plant.equipment}
        self._ledger: LedgerWriter | None = None
        self._books: Bookkeeper | None = None
        mishap = overheating(self._state.machines, options.seed) if options.overheats else None
        self._mishap, self._lived_s = mishap, 0.0
        self._last = clock.now()
        self._still = self._last
        self._rest = asyncio.Event()
        self.server = PlantServer(options.port, options.directory, secure=options.secure)

    @property
    def ledger_file(self) -> Path:
        """Where the ledger is written."""
        return self._options.directory / LEDGER

    async def start(self) -> None:
        """Begin the ledger and open the server: every machine stands, and shows it.

        Raises:
            MisconfiguredError: the plant cannot be simulated, or the port is taken.
        """
        options = self._options
        self._last = self._still = at = _now()
        standing = list(snapshot(self._state))
        self._ledger = LedgerWriter(self.ledger_file, self._plant.version, options.seed, at)
        self._books = Bookkeeper(self._plant.plant, self._ledger)
        self._books.note(standing, at)
        await self.server.start(self._shown(standing), at)

    async def watched(self, within_s: float) -> None:
        """Wait until clients have subscribed to every tag.

        Raises:
            UnavailableError: they have not in time.
        """
        deadline = clock.monotonic() + within_s
        while self.server.watched < self.server.tags:
            if clock.monotonic() > deadline:
                raise UnavailableError(
                    f"{self.server.watched} of {self.server.tags} tags of the simulated plant are "
                    f"watched after {within_s:g} s: start the edge, or see its log"
                )
            await asyncio.sleep(_POLL_S)

    async def run(self) -> None:
        """Let the plant live until `rest` is called or this is cancelled."""
        _log.info("plant lives", ledger=str(self.ledger_file), speed=self._options.speed)
        self._last = at = self._next()
        # The first step ends the standstill: every machine begins its first job at this instant.
        self._state, changes = step_plant(self._state, 0.0)
        await self._tell(changes, at)
        while not self._rest.is_set():
            try:
                async with asyncio.timeout(TICK_S):
                    await self._rest.wait()
            except TimeoutError:
                await self._tick()
        await self._halt()

    def rest(self) -> None:
        """Ask for the end: all machines stop for good; the server stays until `close`."""
        self._rest.set()

    async def close(self) -> None:
        """Close server and ledger."""
        await self.server.close()
        if self._ledger is not None:
            self._ledger.close()

    async def _tick(self) -> None:
        at = self._next()
        passed_s = min((at - self._last).total_seconds(), LONGEST_TICK_S)
        self._last = at
        self._lived_s += passed_s * self._options.speed
        self._happen(at)
        self._state, changes = step_plant(self._state, passed_s * self._options.speed)
        await self._tell(changes, at)

    def _happen(self, at: datetime) -> None:
        """What goes wrong is in the ledger before it does."""
        mishap, before = self._mishap, self._state
        if mishap is None or self._ledger is None:
            return
        stuck = before.machines[mishap.equipment].stuck_jacket_c is not None
        if stuck is not mishap.is_on(self._lived_s):
            entry = MishapEntry(at, HEATING_STUCK, begins=not stuck)
            self._ledger.mishap(self._paths[mishap.equipment], entry)
            machines = overheated(before.machines, mishap, self._lived_s)
            self._state = PlantState(machines, before.dice)

    async def _halt(self) -> None:
        before = self._state
        machines = {name: halt(machine) for name, machine in before.machines.items()}
        self._state = PlantState(machines, before.dice)
        self._last = at = self._next()
        await self._tell(list(snapshot(self._state)), at)
        if self._ledger is not None:
            self._ledger.end(at)

    async def _tell(self, changes: list[Change], at: datetime) -> None:
        """The ledger first: what was shown and not written down would be nobody's truth."""
        if self._books is not None and self._ledger is not None:
            self._books.note(changes, at)
            if at - self._still >= STILL_EVERY:
                self._still = at
                self._ledger.still(at)
            self._listen(changes, at)
            self._note_heat(changes, at)
        await self.server.show(self._shown(changes), at)

    def _note_heat(self, changes: Iterable[Change], at: datetime) -> None:
        mishap = self._mishap
        if mishap is None or self._ledger is None or not mishap.is_told(self._lived_s):
            return
        for change in changes:
            if change.equipment != mishap.equipment:
                continue
            for point in self._points[change.equipment]:
                value = change.signals.get(point.signal)
                if point.signal == TEMPERATURE and isinstance(value, float):
                    entry = ShownEntry(at, point.tag.name, value)
                    self._ledger.shown(self._paths[change.equipment], entry)

    def _listen(self, changes: list[Change], at: datetime) -> None:
        """What people say is in the ledger before it is said."""
        if self._ear is None or self._ledger is None:
            return
        for saying in self._crew.hear(changes, at):
            equipment = self._plant.plant.find(saying.equipment)
            if equipment is not None:
                self._ledger.said(self._paths[equipment.id], saying.entry)
                self._ear.say(saying)
        for entry in self._laboratory.hear(changes, at):
            self._ledger.stated(entry)
            self._ear.state(entry)

    def _shown(self, changes: Iterable[Change]) -> Iterator[Shown]:
        for change in changes:
            stance = self._state.machines[change.equipment].stance
            for point in self._points[change.equipment]:
                value = value_of(point, change.signals, stance)
                yield Shown(change.equipment, point, value)

    def _next(self) -> datetime:
        """The time of day, later than the last tick's."""
        return max(_now(), self._last + timedelta(milliseconds=1))


def _now() -> datetime:
    """The time of day in whole milliseconds, as the ledger and the books keep it."""
    now = clock.now()
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
