"""A minute under load, with rows and pages watched: what both benchmarks under load share."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from plantstream.commands.bench_figure import Figure, percentile
from plantstream.commands.bench_latency import round_trips
from plantstream.commands.bench_load_plant import Load
from plantstream.commands.bench_load_rows import (
    Late,
    Sightings,
    Stored,
    Window,
    all_beyond,
    late,
)
from plantstream.commands.bench_page import first_told
from plantstream.commands.bench_page_stages import Name, tell_stages
from plantstream.commands.bench_processes import Processes
from plantstream.commands.bench_provider import Provider
from plantstream.commands.console import messages
from plantstream.runtime import clock
from plantstream.runtime.beside import beside
from plantstream.runtime.errors import PlantstreamError

if TYPE_CHECKING:
    from plantstream.commands.stack import Stack

MEASURED_S = 60.0
FIRST_PAGE_WITHIN_S = 60.0
SETTLED_AFTER_S = 6.0
"""A start that is no part of the figures."""
STORED_WITHIN_S = 60.0
TOLD_WITHIN_S = 20.0
LOOK_EVERY_S = 0.1
SHARE = 0.99


@dataclass(slots=True)
class Minute:
    """What was seen of it."""

    window: Window
    sightings: Sightings = field(default_factory=Sightings)
    trips_s: list[float] = field(default_factory=list)
    """Of a row that is written and read."""
    posts_s: list[float] = field(default_factory=list)
    """Of a plain post to the provider."""


async def measure(
    stack: "Stack", provider: Provider, load: Load, ids: tuple[str, str], others: Mapping[str, int]
) -> list[Figure]:
    """Figures of rows and pages, once an edge reads the load; it is stopped in the end.

    `others` has the process ids of what runs beside the stack.

    Raises:
        PlantstreamError: a row or a page is missing.
    """
    await _first_page(provider)
    await asyncio.sleep(SETTLED_AFTER_S)
    minute = await _minute(stack, provider, load, others)
    stored = await Stored.read(stack.database, load, minute.window)
    stored.must_be_whole(load)
    due = stored.pages(load)
    told = await _all_told(provider, due)
    found = await late(stack.kafka, minute.sightings, minute.window)
    await tell_stages(stack.kafka, {one: at for one, at in told.items() if one in due})
    return _figures(ids, minute, found, [(told[one] - one[2]).total_seconds() for one in due])


async def _first_page(provider: Provider) -> None:
    started = clock.monotonic()
    while not provider.arrivals:
        if clock.monotonic() - started > FIRST_PAGE_WITHIN_S:
            raise PlantstreamError("no page arrived: look at the logs of the services")
        await asyncio.sleep(LOOK_EVERY_S)


async def _minute(
    stack: "Stack", provider: Provider, load: Load, others: Mapping[str, int]
) -> Minute:
    """Watch for so long, and until all of it is stored."""
    from plantstream.commands.drained import wait_until_stored
    from sinks.timescale.connection import connect

    begin = clock.now()
    minute = Minute(Window(begin, begin + timedelta(seconds=MEASURED_S)))
    processes = Processes({**stack.supervisor.pids(), **others})
    async with (
        await connect(stack.database) as other,
        beside(minute.sightings.look(stack.database)),
        beside(round_trips(other, minute.trips_s)),
        beside(provider.posts(minute.posts_s)),
    ):
        await asyncio.sleep(MEASURED_S)
        messages.print(processes.told())
        async with asyncio.timeout(STORED_WITHIN_S):
            await all_beyond(stack.database, load, minute.window)
        await stack.supervisor.stop("ingest")
        await wait_until_stored(stack.kafka, stack.database, STORED_WITHIN_S)
        await asyncio.sleep(2 * LOOK_EVERY_S)
    return minute


async def _all_told(provider: Provider, due: set[Name]) -> Mapping[Name, datetime]:
    started = clock.monotonic()
    while missing := due - first_told(provider.arrivals).keys():
        if clock.monotonic() - started > TOLD_WITHIN_S:
            raise PlantstreamError(f"{len(missing)} pages are missing, such as {min(missing)}")
        await asyncio.sleep(LOOK_EVERY_S)
    return first_told(provider.arrivals)


def _figures(
    ids: tuple[str, str], minute: Minute, found: Late, pages_s: list[float]
) -> list[Figure]:
    messages.print(
        f"{len(found.rows_s):,} rows in {MEASURED_S:g} s, none lost: {told_ms(found.rows_s)}; "
        f"{len(pages_s)} pages: {told_ms(pages_s)}"
    )
    frames = found.frames
    messages.print(
        f"{len(frames):,} frames, samples in each: mean {sum(frames) / len(frames):.1f}, median "
        f"{percentile(frames, 0.5)}; a row alone: {told_ms(minute.trips_s)}; a post alone: "
        f"{told_ms(minute.posts_s)}"
    )
    taken = ((found.rows_s, minute.trips_s), (pages_s, minute.posts_s))
    return [
        Figure(name, 1000 * percentile(ours_s, SHARE), 1000 * percentile(alone_s, SHARE))
        for name, (ours_s, alone_s) in zip(ids, taken, strict=True)
    ]


def told_ms(seconds: list[float]) -> str:
    """In words."""
    median, p99 = percentile(seconds, 0.5), percentile(seconds, SHARE)
    return f"p50 {1000 * median:.0f}, p99 {1000 * p99:.0f}, max {1000 * max(seconds):.0f} ms"
