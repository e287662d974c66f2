"""A process is killed while the tablet press's recording is replayed: no number moves."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from plantstream.runtime.ports import Record
from schemas.codec import decode
from schemas.machine import BatchEnded
from schemas.topics import MACHINE, TELEMETRY
from tests.integration.press import (
    ALWAYS,
    RECORDING,
    Oracle,
    Row,
    excerpt,
    needs_recording,
    oracle,
    read_rows,
)
from tests.integration.truth import (
    Before,
    assert_log_is_stored,
    assert_oee_is,
    assert_reports_are_final,
    assert_rows_are,
    final_reports,
    ids,
)
from tests.kill.victims import Crew, Service, faults

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.kill,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
    needs_recording,
]

SEEDS = [1, 2, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(3, 11))]
BOTH_BATCHES = (28_005, 28_140)
"""Rows around the end of batch 368: so few events that one micro-batch takes them all."""


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return read_rows(RECORDING)


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_killed_publisher_sends_twice_and_moves_no_number(
    crew: Crew, rows: list[Row], seed: int
) -> None:
    run = f"publisher-{seed}"
    before = await Before.of(crew.line)
    for fault in faults("publisher", seed):
        async with crew.replaying(RECORDING, run, fault) as replay:
            await crew.kill(replay, run)
    async with crew.replaying(RECORDING, run) as replay:
        await replay.ended()

    sent = ids(await before.records(crew.line, MACHINE, run))
    sent += ids(await before.records(crew.line, TELEMETRY, run))
    twice = sum(times > 1 for times in sent.values())
    crew.kills.append(f"{run}: {twice} ids stand more than once in Kafka")
    assert twice > 0
    await assert_all_is_true(crew, run, before, (rows, ALWAYS))


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_killed_processor_moves_no_number(crew: Crew, rows: list[Row], seed: int) -> None:
    await kill_service(crew, "process", seed, rows)


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_killed_sink_moves_no_number(crew: Crew, rows: list[Row], seed: int) -> None:
    await kill_service(crew, "sink", seed, rows)


@pytest.mark.parametrize("point", ["oee.applied", "oee.committed"])
async def test_a_window_closed_by_the_killed_batch_still_gives_its_report(
    crew: Crew, tmp_path: Path, point: str
) -> None:
    run = f"window-{point}"
    recording = excerpt(tmp_path / "both.csv", *BOTH_BATCHES)
    few = read_rows(recording)
    before = await Before.of(crew.line)
    await crew.stop("process")
    async with crew.replaying(recording, run) as replay:
        events = await events_until_both_have_ended(crew, run, before)
        process = await crew.start("process", f"{point}@1")
        assert await crew.kill(process, run) >= events
        reported = await final_reports(crew.line, run, before)
        assert len(reported) == (2 if point == "oee.committed" else 0)
        await crew.start("process")
        await replay.ended()

    await assert_all_is_true(crew, run, before, (few, oracle(few)))


async def kill_service(crew: Crew, name: Service, seed: int, rows: list[Row]) -> None:
    """Kill it wherever the seed says, while the recording is replayed."""
    run = f"{name}-{seed}"
    first, *later = faults(name, seed)
    before = await Before.of(crew.line)
    await crew.stop(name)
    victim = await crew.start(name, first)
    async with crew.replaying(RECORDING, run) as replay:
        await crew.kill(victim, run)
        for fault in later:
            await crew.kill(await crew.start(name, fault), run)
        await crew.start(name)
        await replay.ended()

    await assert_all_is_true(crew, run, before, (rows, ALWAYS))


async def assert_all_is_true(
    crew: Crew, run: str, before: Before, truth: tuple[Sequence[Row], Oracle]
) -> None:
    rows, figures = truth
    await assert_oee_is(crew.line, run, figures)
    await assert_rows_are(crew.line, run, rows)
    await assert_log_is_stored(crew.line, run, before)
    await assert_reports_are_final(crew.line, run, before, figures)
    assert await crew.line.one("SELECT count(*) FROM dead_letter") == 0


async def events_until_both_have_ended(crew: Crew, run: str, before: Before) -> int:
    """How many events the log holds up to the end of the second batch, once it is there."""
    async with asyncio.timeout(60):
        while True:
            found = await before.records(crew.line, MACHINE, run)
            ends = [number for number, record in enumerate(found, 1) if is_end(record)]
            if len(ends) == 2:
                return ends[-1]
            await asyncio.sleep(0.2)


def is_end(record: Record) -> bool:
    return isinstance(decode(MACHINE, record.value), BatchEnded)
