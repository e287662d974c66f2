"""Runs rows of the table on a factory, one run after the other."""

import asyncio
import random
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from plantstream.runtime import clock
from tests.chaos.factory import Factory, running_factory
from tests.chaos.harm import UnkeptError
from tests.chaos.meanwhile import Meanwhile, watching
from tests.chaos.result import Result
from tests.chaos.rows import ROWS, Row
from tests.chaos.supervisor import supervised
from tests.chaos.truth import Truth, Verdict

WARM_LIMIT_S, WARM_TURNS = 90.0, 20
LATE = "it took longer than"
Keep = Callable[[Result], None]


async def run_rows(plan: Sequence[tuple[str, int]], keep: Keep, logs: Path | None = None) -> bool:
    """Run rows of one setting with their seeds, and keep each result; whether all were ok."""
    all_ok = True
    setting = ROWS[plan[0][0]].setting
    with _home(logs) as home:
        async with running_factory(home, setting) as factory:
            truth = Truth(factory)
            async with asyncio.timeout(WARM_LIMIT_S):
                await factory.presses.has_said(WARM_TURNS)
                await truth.recovered(clock.monotonic())
            for name, seed in plan:
                started = clock.now()
                try:
                    result = await run_row(
                        factory, truth, name, seed, is_last=(name, seed) == plan[-1]
                    )
                except Exception as error:
                    keep(unfinished(name, seed, started, error))
                    raise
                keep(result)
                all_ok &= result.ok
    return all_ok


def unfinished(name: str, seed: int, started: datetime, error: Exception) -> Result:
    """Of a run after which the factory cannot go on: nobody knows what is lost."""
    seconds = (clock.now() - started).total_seconds()
    why = f"it could not be judged: {error!r}"
    return Result(
        name, commit(), seed, _told(started), round(seconds, 1), 0, 0, 0, 0, None, False, why
    )


async def run_row(
    factory: Factory, truth: Truth, name: str, seed: int, *, is_last: bool = False
) -> Result:
    """Do what the row says, wait until all is as before, and judge.

    Cells of the minute that goes on are judged by the next run; the last one waits for its end.
    """
    row = ROWS[name]
    first, began, started = factory.presses.number, clock.monotonic(), clock.now()
    why, recovery_s = "", None
    async with watching(factory) as seen, supervised(factory) as anew:
        try:
            since = await row.harm(factory, random.Random(f"{name} {seed}"))
            seen.over = clock.now()
            failed = seen.over - timedelta(seconds=clock.monotonic() - since)
            if row.promises.resumes_within_s is not None:
                seen.resumed_s = await truth.resumed(since)
            recovery_s = await truth.recovered(since)
            recovered = clock.now()
        except (TimeoutError, UnkeptError, AssertionError) as error:
            late = "the fault did not end in time" if seen.over is None else "it did not recover"
            why = str(error) or late
        await factory.repaired()
        if is_last:
            await truth.minute_is_over()
        verdict = await truth.verdict(first)
    if recovery_s is not None and (page := truth.latest_page(started, recovered)):
        recovery_s = max(recovery_s, (page - failed).total_seconds())
    if recovery_s is not None and recovery_s > row.within_s:
        why = f"{LATE} {row.within_s:.0f} s"
    why = await _reasons(factory, row, seen, verdict, why)
    return Result(
        row=name,
        commit=commit(),
        seed=seed,
        started=_told(started),
        seconds=round(clock.monotonic() - began, 1),
        lost=verdict.lost,
        repeated=verdict.repeated,
        missing_pages=verdict.missing_pages,
        wrong=verdict.wrong,
        recovery_s=_rounded(recovery_s),
        ok=not why,
        why=why,
        resumed_s=_rounded(seen.resumed_s),
        anew=anew,
    )


def _told(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


async def _reasons(factory: Factory, row: Row, seen: Meanwhile, verdict: Verdict, why: str) -> str:
    """All that was not as it should be."""
    untrue = "" if verdict == Verdict() else str(verdict)
    dead = await factory.restore()
    return "; ".join(filter(None, (why, untrue, seen.broken(row.promises), dead)))


@contextmanager
def _home(logs: Path | None) -> Iterator[Path]:
    """A folder for all parts; their logs are left in another one, if somebody wants them."""
    with tempfile.TemporaryDirectory(prefix="plantstream-chaos-") as home:
        try:
            yield Path(home)
        finally:
            if logs is not None:
                _keep_logs(Path(home), logs)


def _keep_logs(home: Path, logs: Path) -> None:
    for log in home.rglob("*.log"):
        if log.is_file() and "log" not in log.relative_to(home).parts[:-1]:
            kept = logs / log.relative_to(home)
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(log, kept)


def commit() -> str:
    """The commit that runs, and whether it was changed since."""
    asked = ("git", "describe", "--always", "--dirty", "--abbrev=10")
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
