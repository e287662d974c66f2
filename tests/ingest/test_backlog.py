"""What waits is bounded, and what was dropped is told."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from ingest.backlog import CHUNK_WITHIN_S, REASON, STRETCHED_WITHIN_S, Backlog
from ingest.input import Alarm, Alive, Missed, Sample, Unreadable
from tests.simulation.clockwork import simulate

A, B = "e/s/a/l/one", "e/s/a/l/two"
START = datetime(2026, 3, 1, tzinfo=UTC)


def at(seconds: int) -> datetime:
    return START + timedelta(seconds=seconds)


def sample(path: str, seconds: int) -> Sample:
    return Sample(path, "tag", seconds, at(seconds))


async def test_what_was_put_is_taken_in_order():
    backlog = Backlog(10)
    backlog.put([sample(A, 1), Alive(A, at(2)), sample(A, 3)])
    assert backlog.take(2) == (sample(A, 1), Alive(A, at(2)))
    assert backlog.take(2) == (sample(A, 3),)
    assert backlog.take(2) == ()


async def test_a_full_backlog_drops_the_oldest_and_says_so_first():
    backlog = Backlog(2)
    backlog.put([sample(A, 1), sample(B, 2), sample(A, 3), sample(B, 4), sample(A, 5)])
    lost = (Missed(A, at(1), at(3), REASON, 2), Missed(B, at(2), at(2), REASON, 1))
    assert backlog.take(10) == (*lost, sample(B, 4), sample(A, 5))
    assert backlog.dropped == 3


async def test_a_dropped_outage_is_part_of_what_is_missed():
    backlog = Backlog(1)
    backlog.put([Missed(A, at(1), at(9), "outage"), sample(A, 10), sample(A, 11)])
    assert backlog.take(1) == (Missed(A, at(1), at(10), REASON, 1),)


async def test_a_dropped_alarm_is_told_as_missed():
    backlog = Backlog(1)
    alarm = Alarm(A, "c", "TooHot", "s=T", "T", 500, "", True, False, True, at(1))
    backlog.put([alarm, sample(A, 2)])
    assert backlog.take(2) == (Missed(A, at(1), at(1), REASON, 0), sample(A, 2))


async def test_signs_of_life_are_no_loss_and_reports_are_counted():
    backlog = Backlog(1)
    backlog.put([Alive(A, at(1)), Unreadable("x", None, b"", "y"), sample(A, 2)])
    assert backlog.take(9) == (sample(A, 2),)
    assert backlog.dropped == 1


@given(st.lists(st.integers(0, 7), max_size=40), st.integers(1, 5), st.integers(1, 5))
def test_nothing_vanishes_untold(parts, limit, take):
    async def run() -> int:
        backlog, told = Backlog(limit), 0
        for number in parts:
            backlog.put([sample(A, 1)] * number)
            told += _samples(backlog.take(take))
        while taken := backlog.take(take):
            told += _samples(taken)
        return told

    assert asyncio.run(run()) == sum(parts)


async def test_waiting_ends_when_enough_is_there_or_nothing_comes():
    backlog = Backlog(10)
    waiting = asyncio.ensure_future(backlog.filled(2))
    backlog.put([sample(A, 1)])
    await asyncio.sleep(0)
    assert not waiting.done()
    backlog.put([sample(A, 2)])
    await asyncio.wait_for(waiting, 1)
    closing = asyncio.ensure_future(backlog.filled(9))
    await asyncio.sleep(0)
    backlog.close()
    await asyncio.wait_for(closing, 1)


def _samples(taken) -> int:
    return sum((one.lost or 0) if isinstance(one, Missed) else 1 for one in taken)


async def chunk_after(backlog: Backlog, *puts: list[Sample]) -> list[tuple[float, int]]:
    """For each of these, put at once: after how long its chunk came, and how large it was."""
    chunks = backlog.chunks()
    clock = asyncio.get_running_loop().time
    found = []
    for samples in puts:
        began = clock()
        backlog.put(samples)
        chunk = await anext(chunks)
        found.append((clock() - began, len(chunk.observations)))
    await chunks.aclose()  # type: ignore[attr-defined]
    return found


def many(machines: int) -> list[Sample]:
    return [sample(f"e/s/a/l/m{number}", 1) for number in range(machines)]


def test_chunks_wait_longer_while_they_would_become_too_many_messages() -> None:
    async def run() -> list[tuple[float, int]]:
        return await chunk_after(Backlog(), many(700), many(5_000), many(10), many(10))

    quick, stretched, longest, again = [after for after, _ in simulate(run)]
    assert quick == pytest.approx(CHUNK_WITHIN_S)
    assert stretched == pytest.approx(0.7)
    assert longest == pytest.approx(STRETCHED_WITHIN_S)
    assert again == pytest.approx(CHUNK_WITHIN_S)


def test_what_moves_numbers_does_not_wait_for_a_stretched_chunk() -> None:
    async def run() -> list[tuple[float, int]]:
        backlog = Backlog(is_urgent=lambda seen: getattr(seen, "tag", "") == "state")
        urgent = Sample(A, "state", 6, at(1))
        return await chunk_after(backlog, many(1500), [*many(1500), urgent])

    assert [after for after, _ in simulate(run)] == [pytest.approx(CHUNK_WITHIN_S)] * 2


async def test_chunks_end_when_nothing_more_will_come() -> None:
    backlog = Backlog()
    backlog.put([sample(A, 1)])
    backlog.close()

    assert [len(chunk.observations) async for chunk in backlog.chunks()] == [1]
