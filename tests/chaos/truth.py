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
from tests.chaos.bulk import TAG
from tests.chaos.factory import Factory
from tests.chaos.plant import MIRRORS, PRESSES, path_of
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
NUMBERS = ["n", *(f"m{mirror}" for mirror in range(1, MIRRORS + 1))]

NEWEST = """
SELECT equipment, max(value) FROM telemetry
WHERE run = '' AND equipment = ANY(%s) AND tag = 'n' AND time > %s GROUP BY equipment"""
REACHED = """SELECT equipment, max("end") FROM oee_cell WHERE run = '' GROUP BY equipment"""
SAMPLES = """
SELECT count(*), count(DISTINCT (equipment, tag, value)), sum(value) FROM telemetry
WHERE run = '' AND equipment = ANY(%s) AND tag = ANY(%s) AND time BETWEEN %s AND %s"""
BULK = """
SELECT count(*), count(DISTINCT (equipment, value)), coalesce(sum(value), 0) FROM telemetry
WHERE run = '' AND tag = %s AND time >= %s"""
PARTS = """
SELECT coalesce(sum(good), 0)::bigint FROM machine_event
WHERE run = '' AND type = 'parts_counted' AND time <= %s"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with the numbers `first` to `last`; all zeros is right."""

    lost: int = 0
    """Samples and parts that are nowhere."""
    repeated: int = 0
    """Rows that are there twice, and messages to people that came again without saying so."""
    missing_pages: int = 0
    wrong: int = 0
    """Cells unlike those of an engine which nothing disturbed, and pages without a cause."""


@dataclass
class Truth:
    """Compares, and goes on from where it has compared before."""

    factory: Factory
    _offsets: dict[int, int] = field(default_factory=dict)
    _facts: dict[str, Facts] = field(default_factory=dict)
    _applied: dict[str, set[str]] = field(default_factory=dict)
    _judged_pages: int = 0

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
        """Wait until each press has newer rows and cells than it has now; seconds since."""
        rows, cells = await self._newest()

        async def goes_on() -> bool:
            now_rows, now_cells = await self._newest()
            return _all_grew(rows, now_rows) and _all_grew(cells, now_cells)

        async with asyncio.timeout(RECOVERED_LIMIT_S):
            await _until(goes_on)
        return monotonic() - since

    async def verdict(self, first: int) -> Verdict:
        """Judge all that was said from this number on."""
        last = self.factory.presses.number
        until = self.factory.presses.times[last]
        await self._settled(last)
        lost, repeated = map(
            sum, zip(await self._samples(first, last), await self._bulk(), strict=True)
        )
        parts = await self.factory.line.one(PARTS, until)
        true_parts = self.factory.presses.parts[last]
        missing, causeless = self._pages(until)
        return Verdict(
            lost=lost + max(0, true_parts - parts),
            repeated=repeated + max(0, parts - true_parts) + self._unmarked(),
            missing_pages=missing,
            wrong=causeless + await self._wrong_cells(until),
        )

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
        paths = [path_of(press) for press in PRESSES]
        line = self.factory.line
        rows = dict(await line.sql(NEWEST, paths, self.factory.presses.times[-1] - SEEN_AGO))
        return rows, dict(await line.sql(REACHED))

    async def _samples(self, first: int, last: int) -> tuple[int, int]:
        """Samples that are missing or not what was said, and those that are there again."""
        times = self.factory.presses.times
        paths = [path_of(press) for press in PRESSES]
        count, distinct, total = await self.factory.line.one(
            SAMPLES, paths, NUMBERS, times[first], times[last]
        )
        number = last - first + 1
        expected = number * len(paths) * len(NUMBERS)
        mirrored = sum(range(MIRRORS + 1)) * number
        true_total = len(paths) * (mirrored + len(NUMBERS) * (first + last) * number // 2)
        lost = expected - distinct
        if not lost and count == distinct and total != true_total:
            lost = 1
        return lost, count - distinct

    async def _bulk(self) -> tuple[int, int]:
        """The same of the newest samples in bulk."""
        bulk = self.factory.bulk
        count, distinct, total = await self.factory.line.one(BULK, TAG, bulk.began)
        lost = bulk.samples - distinct
        return lost or int(count == distinct and total != bulk.sum), count - distinct

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

    def _unmarked(self) -> int:
        """Messages that came again and did not say so, since the last look."""
        found = len(self.factory.provider.unmarked())
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
