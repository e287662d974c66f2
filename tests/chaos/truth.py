"""Whether what is stored and told is what the field has said: each thing once, nothing missing."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from plantstream.runtime.clock import monotonic
from schemas.codec import UnreadableError, decode
from schemas.machine import MachineEvent
from schemas.topics import MACHINE
from sinks.timescale.fact_tables import CELLS
from sinks.timescale.table import Row
from tests.chaos.factory import Factory
from tests.chaos.plant import PRESSES
from tests.chaos.stored import PATHS, difference
from tests.facts import Facts
from tests.kill.stream import as_read, by_key
from tests.makers import Machine

LOOK_S = 0.2
RECOVERED_LIMIT_S = 120.0
SETTLED_LIMIT_S = 60.0
BEHIND_TURNS = 15
"""A line without lag is this far behind the field: batches, ticks and the look itself take time."""
TOLD_WITHIN = timedelta(seconds=3)
SEEN_AGO = timedelta(minutes=15)
NEAR = timedelta(seconds=15)
"""So long before a fault what is said may still be on its way when it strikes."""

NEWEST = """
SELECT equipment, max(value) FROM telemetry
WHERE run = '' AND equipment = ANY(%s) AND tag = 'n' AND time > %s GROUP BY equipment"""
REACHED = """SELECT equipment, max("end") FROM oee_cell WHERE run = '' GROUP BY equipment"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with the numbers `first` to `last`; all zeros is right."""

    lost: int = 0
    """Samples, parts and changes of state that are nowhere."""
    repeated: int = 0
    """Rows that are there twice, messages to people that came again without saying so, and heat of
    which they were told by a second message."""
    missing_pages: int = 0
    wrong: int = 0
    """Samples and states that nobody said, cells unlike those of an engine which nothing disturbed,
    and pages without a cause."""


@dataclass
class Truth:
    """Compares, and goes on from where it has compared before."""

    factory: Factory
    _offsets: dict[int, int] = field(default_factory=dict)
    _facts: dict[str, Facts] = field(default_factory=dict)
    _applied: dict[str, set[str]] = field(default_factory=dict)
    _judged_pages: int = 0
    _judged_from: int = 0
    """Where the verdict before began; the next one begins there, too: what was on its way when it
    was given has come meanwhile, and so have rows of those that woke up late."""

    async def recovered(self, since: float) -> float:
        """Wait until rows, cells and pages are as near to the field as ever; seconds since.

        Of what the field says from now on there is something among each of them.
        """
        said_since = self.factory.presses.number + 1

        async def keeps_up() -> bool:
            told = self.factory.presses
            wanted = max(said_since, told.number - BEHIND_TURNS)
            if told.number < wanted or not self._is_told_since(self._time(said_since)):
                return False
            is_told = not self._pages(told.times[-1] - TOLD_WITHIN)[0]
            return is_told and await self._reached(wanted)

        async with asyncio.timeout(RECOVERED_LIMIT_S):
            await _until(keeps_up)
        return monotonic() - since

    async def resumed(self, since: float) -> float:
        """Wait until each press has newer rows and cells than it has now, and somebody was told of
        what got hot since; seconds since.
        """
        rows, cells = await self._newest()
        said_since = self.factory.presses.times[-1]

        async def goes_on() -> bool:
            if not self._is_told_since(said_since):
                return False
            now_rows, now_cells = await self._newest()
            return _all_grew(rows, now_rows) and _all_grew(cells, now_cells)

        async with asyncio.timeout(RECOVERED_LIMIT_S):
            await _until(goes_on)
        return monotonic() - since

    async def verdict(self, first: int) -> Verdict:
        """Judge all that was said from this number on, or from that of the verdict before."""
        last = self.factory.presses.number
        until = self.factory.presses.times[last]
        await self._settled(last)
        begin, self._judged_from = self._judged_from, first
        presses, bulk = self.factory.presses, self.factory.bulk
        found = await difference(self.factory.line, presses, bulk, begin, last)
        missing, causeless = self._pages(until)
        return Verdict(
            lost=found.lost,
            repeated=found.repeated + self._repeated_pages(),
            missing_pages=missing,
            wrong=found.wrong + causeless + await self._wrong_cells(until),
        )

    async def minute_is_over(self) -> None:
        """Wait until the cells of this minute change no more."""
        now = self.factory.presses.times[-1]
        over = now.replace(second=0, microsecond=0) + timedelta(minutes=1)

        async def is_over() -> bool:
            return self.factory.presses.times[-1] >= over

        async with asyncio.timeout(RECOVERED_LIMIT_S):
            await _until(is_over)

    def latest_page(self, began: datetime, until: datetime) -> datetime | None:
        """When the last one came that took longer than usual, of what got hot around a fault."""
        came = self.factory.provider.first_told("Hot", "firing", "all")
        late = (
            came[one]
            for one in self.factory.presses.hot
            if began - NEAR <= one[1] <= until and one in came and came[one] - one[1] > TOLD_WITHIN
        )
        return max(late, default=None)

    async def _settled(self, last: int) -> None:
        """Wait for what is under way; what has not come by then is lost."""

        async def has_come() -> bool:
            return await self._reached(last) and not self._pages(self._time(last))[0]

        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLED_LIMIT_S):
                await _until(has_come)

    async def _reached(self, number: int) -> bool:
        """Whether rows and cells of every press are as new as this number."""
        at = self._time(number)
        rows, cells = await self._newest()
        if len(rows) < len(PRESSES) or min(rows.values()) < number:
            return False
        return len(cells) == len(PRESSES) and min(cells.values()) >= at

    async def _newest(self) -> tuple[Mapping[str, float], Mapping[str, datetime]]:
        """The newest number among the rows, and the end of the newest cell, of each press."""
        line = self.factory.line
        rows = dict(await line.sql(NEWEST, PATHS, self.factory.presses.times[-1] - SEEN_AGO))
        return rows, dict(await line.sql(REACHED))

    def _pages(self, until: datetime) -> tuple[int, int]:
        """Alerts up to then of which nobody was told, and those that were told without a cause."""
        told = self.factory.provider.told("Hot", "firing", "all")
        hot = set(self.factory.presses.hot)
        due = {one for one in hot if one[1] <= until}
        return len(due - told), len(told - hot)

    def _is_told_since(self, at: datetime) -> bool:
        """Whether somebody was told of a heat that began at this moment or later."""
        told = self.factory.provider.told("Hot", "firing", "all")
        return any(since >= at for press, since in told)

    def _repeated_pages(self) -> int:
        """Messages that came again and did not say so, and alerts that were told of by more than
        one, since the last look.
        """
        provider = self.factory.provider
        found = len(provider.unmarked()) + len(provider.told_again("Hot", "all"))
        news, self._judged_pages = found - self._judged_pages, found
        return news

    async def _wrong_cells(self, until: datetime) -> int:
        """Cells of minutes that are over which are not what the undisturbed engine says."""
        await self._follow()
        over = until.replace(second=0, microsecond=0)
        minute = list(CELLS.columns).index("minute")
        columns = ", ".join(f'"{name}"' for name in CELLS.columns)
        rows = await self.factory.line.sql(
            f"SELECT {columns} FROM oee_cell WHERE run = '' AND minute < %s", over
        )
        stored = by_key(rows)
        true = by_key(
            row
            for facts in self._facts.values()
            for row in (as_read(CELLS.row_of(cell)) for cell in facts.cells)
            if row[minute] < over
        )
        return len(_different(stored, true))

    async def _follow(self) -> None:
        """Give the undisturbed engines what stands in the topic since the last look, each once."""
        start = {one: self._offsets.get(one, 0) for one in range(MACHINE.partitions)}
        events: dict[str, list[MachineEvent]] = {}
        for record in await self.factory.line.records(MACHINE, start):
            self._offsets[record.partition] = record.offset + 1
            try:
                event = decode(MACHINE, record.value)
            except UnreadableError:
                continue
            if event.run:  # It is none of the live ones.
                continue
            identity = json.dumps(event.model_dump(mode="json")["id"], sort_keys=True)
            seen = self._applied.setdefault(event.equipment, set())
            if identity not in seen:
                seen.add(identity)
                events.setdefault(event.equipment, []).append(event)
        for equipment, told in events.items():
            facts = self._facts.setdefault(equipment, self._engine(equipment))
            facts.tell(told, at_once=50)

    def _engine(self, equipment: str) -> Facts:
        return Facts(Machine(self.factory.plant, "", equipment, "oracle"))

    def _time(self, number: int) -> datetime:
        return self.factory.presses.times[number]


async def _until(is_so: Callable[[], Awaitable[bool]]) -> None:
    while True:
        if await is_so():
            return
        await asyncio.sleep(LOOK_S)


def _all_grew(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    return all(now[name] > value for name, value in before.items())


def _different(stored: Mapping[Row, Row], true: Mapping[Row, Row]) -> list[Row]:
    keys = stored.keys() | true.keys()
    return [key for key in keys if stored.get(key) != true.get(key)]
