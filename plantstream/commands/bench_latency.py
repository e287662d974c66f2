"""How long a change at the OPC UA server takes to be a row in SQL, while the demo's plant lives."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from plantstream.commands.bench_figure import Figure, Needs, percentile
from plantstream.commands.console import messages
from plantstream.runtime import clock

if TYPE_CHECKING:
    from psycopg import AsyncConnection

    from plantstream.commands.scrape import Samples
    from plantstream.commands.stack import Stack

NEEDS = Needs.STACK
SECONDS = 25.0
SPEED = 10.0
SEED = 1
OPCUA_PORT = 26840
WATCHED_WITHIN_S = 60.0
LOOK_EVERY_S = 0.05
WINDOW = timedelta(seconds=10)
"""Rows that are older when they come are late at least as long."""
SETTLED_AFTER_S = 5.0
REFERENCE_EVERY_S = 0.2
SHARE = 0.99

Name = tuple[str, str, datetime]
"""Equipment, tag (or type of event) and source time of a row."""

_ROWS = """
    SELECT equipment, tag, time FROM sample WHERE time >= %(since)s AND time < %(until)s
    UNION ALL
    SELECT equipment, type, time FROM machine_event
    WHERE run = '' AND type <> 'heartbeat' AND time >= %(since)s AND time < %(until)s
"""


@dataclass(slots=True)
class Sightings:
    """When each row was first seen."""

    latencies_s: dict[Name, float] = field(default_factory=dict)

    def see(self, rows: Iterable[Name], now: datetime) -> None:
        """These rows are visible by now."""
        for row in rows:
            self.latencies_s.setdefault(row, (now - row[2]).total_seconds())

    def settle(self, rows: Iterable[Name]) -> int:
        """All rows there are: those not seen in time count with the window; gives their number."""
        missed = set(rows) - self.latencies_s.keys()
        self.latencies_s |= dict.fromkeys(missed, WINDOW.total_seconds())
        return len(missed)


async def measure(stack: "Stack") -> list[Figure]:
    """Let the demo's plant live, and look at SQL all the time."""
    from plantstream.commands.demo import PLANT
    from plantstream.simulator.live import LiveOptions, LivePlant
    from schemas.plant.load import load_plant

    plant = load_plant(await asyncio.to_thread(PLANT.read_text), str(PLANT))
    options = LiveOptions(stack.data_dir / "simulator", OPCUA_PORT, SEED, SPEED)
    live = LivePlant(plant, options)
    await live.start()
    try:
        before = await _watch(stack, live, plant)
        living = asyncio.create_task(live.run())
        sightings, round_trips_s = await _look(stack)
        live.rest()
        await living
    finally:
        await live.close()
    await _tell(stack, sightings, before)
    return [
        Figure(
            "row_p99_ms",
            1000 * percentile(list(sightings.latencies_s.values()), SHARE),
            1000 * percentile(round_trips_s, SHARE),
        )
    ]


async def _watch(stack: "Stack", live: Any, plant: Any) -> "Samples":
    from plantstream.commands.demo_pulse import first_values
    from plantstream.simulator.client_side import pointed_at

    file = stack.data_dir / "plant.yaml"
    pointed = pointed_at(plant, live.server, stack.data_dir)
    await asyncio.to_thread(file.write_text, pointed.text)
    await stack.start_service("ingest", "--plant", str(file))
    await live.watched(WATCHED_WITHIN_S)
    return await first_values(stack.metrics("sink"), len(plant.plant.equipment), WATCHED_WITHIN_S)


async def _look(stack: "Stack") -> tuple[Sightings, list[float]]:
    from sinks.timescale.connection import connect

    begin, sightings, round_trips_s = clock.now(), Sightings(), list[float]()
    end = begin + timedelta(seconds=SECONDS)
    messages.print(f"looking at the rows of {SECONDS:g} s at speed {SPEED:g}")
    async with await connect(stack.database) as looking, await connect(stack.database) as other:
        comparing = asyncio.create_task(round_trips(other, round_trips_s))
        try:
            while (now := clock.now()) < end + timedelta(seconds=SETTLED_AFTER_S):
                rows = await _rows(looking, max(begin, now - WINDOW), end)
                sightings.see(rows, clock.now())
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            comparing.cancel()
        late = sightings.settle(await _rows(looking, begin, end))
    messages.print(f"rows: {len(sightings.latencies_s)}, of them later than the window: {late}")
    return sightings, round_trips_s


async def _rows(connection: "AsyncConnection", since: datetime, until: datetime) -> list[Name]:
    cursor = await connection.execute(_ROWS, {"since": since, "until": until})
    return [(equipment, tag, time) for equipment, tag, time in await cursor.fetchall()]


async def round_trips(connection: "AsyncConnection", seconds: list[float]) -> None:
    """The reference: one row written and read in the same database at the same time."""
    await connection.execute("CREATE TABLE bench_row (number bigint PRIMARY KEY, value float8)")
    number = 0
    while True:
        number += 1
        started = clock.monotonic()
        await connection.execute("INSERT INTO bench_row VALUES (%s, 1.5)", (number,))
        cursor = await connection.execute(
            "SELECT value FROM bench_row WHERE number = %s", (number,)
        )
        await cursor.fetchone()
        seconds.append(clock.monotonic() - started)
        await asyncio.sleep(REFERENCE_EVERY_S)


async def _tell(stack: "Stack", sightings: Sightings, before: "Samples") -> None:
    """The sink's own histogram beside what was seen from outside."""
    from plantstream.commands.demo_pulse import LATENCY
    from plantstream.commands.scrape import quantile, scrape, since

    found = since(await scrape(stack.metrics("sink")), before, LATENCY)
    own = quantile(found, LATENCY, SHARE) or 0.0
    seen = list(sightings.latencies_s.values())
    median, p99 = percentile(seen, 0.5), percentile(seen, SHARE)
    messages.print(
        f"seen in SQL: median {1000 * median:.0f} ms, p99 {1000 * p99:.0f} ms; "
        f"by the sink's histogram: p99 {1000 * own:.0f} ms"
    )
