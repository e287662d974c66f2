"""What a factory bears besides its presses: a month out of the past, and half an hour of work."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil

from plantstream.commands.scrape import quantile, since
from plantstream.runtime.clock import monotonic
from schemas.topics import ALERT, NOTIFICATION, Topic
from tests.chaos.factory import SERVICES, Factory
from tests.chaos.harm import UnkeptError
from tests.chaos.plant import SITE

DAYS, MACHINES = 30, 3
TIMES_SLOWER = 2.0
AT_REST_S = 20.0
MACHINE_LIMIT_S = 900.0
"""For a month of one machine, which gives way to live ones; it is to end in any case."""
VISIBLE = "plantstream_sink_event_to_row_seconds"
HALF_HOUR = timedelta(minutes=30)
WARM = timedelta(minutes=10)
LOOK_EVERY_S = 30.0
MOST_MB = 1.0
"""That a service may grow by in ten minutes, once it is warm."""


async def month_replayed(factory: Factory, chance: random.Random) -> float:
    """A month of some machines comes in as runs; live rows are not more than twice as late, and
    nobody is told of it.
    """
    home, seed = factory.home / f"month-{monotonic():.0f}", str(chance.randrange(1000))
    done = await factory.line.command(
        "simulate", "--days", str(DAYS), "--seed", seed, "--out", home
    )
    assert done.code == 0, done.err
    begins = {topic: await factory.line.ends(topic) for topic in (ALERT, NOTIFICATION)}
    before = await _p99(factory, _rest)
    recordings = chance.sample(sorted(home.glob("*.csv")), k=MACHINES)
    during = await _p99(factory, lambda: _replay(factory, recordings))
    if during > TIMES_SLOWER * before:
        raise UnkeptError(f"live rows: p99 {before:.2f} s before, {during:.2f} s during the replay")
    since = monotonic()
    await _must_be_history(factory, begins)
    return since


async def _must_be_history(factory: Factory, begins: Mapping[Topic, Mapping[int, int]]) -> None:
    """Rules have judged the month, and no message went out, or was to go out, for any of it."""
    said: dict[Topic, list[Any]] = {}
    for topic, begin in begins.items():
        records = await factory.line.records(topic, begin)
        said[topic] = [json.loads(one.value) for one in records if one.value]
    alerts = sum(bool(one.get("run")) for one in said[ALERT])
    messages = sum(one["site"] != SITE for one in said[NOTIFICATION])
    if messages or not alerts:
        raise UnkeptError(f"{messages} messages for {alerts} changes of alerts of history")


async def half_an_hour(factory: Factory, _: random.Random) -> float:
    """Nothing happens; no service grows."""
    sizes: dict[str, list[tuple[float, float]]] = {}
    began, pids = monotonic(), _pids(factory)
    while (passed_s := monotonic() - began) < HALF_HOUR.total_seconds():
        if passed_s > WARM.total_seconds():
            for name, size_mb in _sizes(factory).items():
                sizes.setdefault(name, []).append((passed_s, size_mb))
        await asyncio.sleep(LOOK_EVERY_S)
    if _pids(factory) != pids:
        raise UnkeptError("a service was started anew: what it held is not known")
    growing = {name: slope(points) for name, points in sizes.items()}
    if worst := {name: mb for name, mb in growing.items() if mb > MOST_MB}:
        told = ", ".join(f"{name} {mb:.2f} MB" for name, mb in worst.items())
        raise UnkeptError(f"these grow in ten minutes: {told}")
    return monotonic()


def slope(points: list[tuple[float, float]]) -> float:
    """MB in ten minutes, by the line of least squares through seconds and MB."""
    middle_s = sum(at for at, _ in points) / len(points)
    middle_mb = sum(mb for _, mb in points) / len(points)
    spread = sum((at - middle_s) ** 2 for at, _ in points)
    return 600 * sum((at - middle_s) * (mb - middle_mb) for at, mb in points) / spread


def _pids(factory: Factory) -> list[int]:
    return [factory.worker(name).process.pid for name in SERVICES]


def _sizes(factory: Factory) -> Mapping[str, float]:
    return {
        name: psutil.Process(factory.worker(name).process.pid).memory_info().rss / 1e6
        for name in SERVICES
    }


async def _rest() -> None:
    await asyncio.sleep(AT_REST_S)


async def _replay(factory: Factory, recordings: Sequence[Path]) -> None:
    """One machine's month after the other."""
    for recording in recordings:
        column_map = recording.with_suffix(".map.yaml")
        run = f"{recording.parent.name}-{recording.stem}"
        named = ("--map", column_map, "--run", run, "--data-dir", factory.home / "replay")
        done = await factory.line.command("replay", recording, *named, limit_s=MACHINE_LIMIT_S)
        assert done.code == 0, done.err


async def _p99(factory: Factory, work: Callable[[], Awaitable[None]]) -> float:
    """Of live rows, from the event to SQL, while something else is done."""
    sink = factory.worker("sink")
    before = await sink.metrics()
    await work()
    found = quantile(since(await sink.metrics(), before, VISIBLE), VISIBLE, 0.99)
    assert found is not None
    return found
