"""Runs rows of the table on a factory, one run after the other."""

import asyncio
import random
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from plantstream.runtime import clock
from tests.chaos.factory import Factory, running_factory
from tests.chaos.harm import TooSlowError
from tests.chaos.result import Result
from tests.chaos.rows import ROWS
from tests.chaos.truth import Truth, Verdict

WARM_LIMIT_S, WARM_TURNS = 90.0, 20
Keep = Callable[[Result], None]


async def run_rows(plan: Sequence[tuple[str, int]], keep: Keep) -> bool:
    """Run rows of one setting with their seeds, and keep each result; whether all were ok."""
    all_ok = True
    setting = ROWS[plan[0][0]].setting
    with tempfile.TemporaryDirectory(prefix="plantstream-chaos-") as home:
        async with running_factory(Path(home), setting) as factory:
            truth = Truth(factory)
            async with asyncio.timeout(WARM_LIMIT_S):
                await factory.presses.has_said(WARM_TURNS)
                await truth.recovered(clock.monotonic())
            for name, seed in plan:
                result = await run_row(factory, truth, name, seed)
                keep(result)
                all_ok &= result.ok
    return all_ok


async def run_row(factory: Factory, truth: Truth, name: str, seed: int) -> Result:
    """Do what the row says, wait until all is as before, and judge."""
    row = ROWS[name]
    first, began, started = factory.presses.number, clock.monotonic(), clock.now()
    why, recovery_s = "", None
    try:
        since = await row.harm(factory, random.Random(f"{name} {seed}"))
        recovery_s = await truth.recovered(since)
    except (TimeoutError, TooSlowError) as error:
        why = str(error) or "it did not recover"
    verdict = await truth.verdict(first)
    factory.must_live()
    if recovery_s is not None and recovery_s > row.within_s:
        why = f"it took longer than {row.within_s:.0f} s"
    if verdict != Verdict():
        why = str(verdict)
    return Result(
        row=name,
        commit=commit(),
        seed=seed,
        started=started.isoformat(timespec="seconds"),
        seconds=round(clock.monotonic() - began, 1),
        lost=verdict.lost,
        repeated=verdict.repeated,
        missing_pages=verdict.missing_pages,
        wrong=verdict.wrong,
        recovery_s=None if recovery_s is None else round(recovery_s, 1),
        ok=not why,
        why=why,
    )


def commit() -> str:
    """The commit that runs, and whether it was changed since."""
    asked = ("git", "describe", "--always", "--dirty", "--abbrev=10")
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
