"""What waits is bounded, and what was dropped is told."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from ingest.backlog import CHUNK_WITHIN_S, REASON, STRETCHED_WITHIN_S, Backlog, Holding
from ingest.input import Alarm, Alive, Missed, Sample, Unreadable, Value
from ingest.urgent import URGENT_PER_S, Urgency
from schemas.plant.load import load_plant
from tests.ingest.kit import PLANT, REACTOR, STATION
from tests.simulation.clockwork import simulate

A, B = "e/s/a/l/one", "e/s/a/l/two"
START = datetime(2026, 3, 1, tzinfo=UTC)


def at(seconds: int) -> datetime:
    return START + timedelta(seconds=seconds)


def sample(path: str, seconds: int) -> Sample:
    return Sample(path, "tag", seconds, at(seconds))


async def test_what_was_put_is_taken_in_order():
    backlog = Backlog(Holding(10))
    backlog.put([sample(A, 1), Alive(A, at(2)), sample(A, 3)])
    assert backlog.take(2) == (sample(A, 1), Alive(A, at(2)))
    assert backlog.take(2) == (sample(A, 3),)
    assert backlog.take(2) == ()


async def test_a_full_backlog_drops_the_oldest_and_says_so_first():
    backlog = Backlog(Holding(2))
    backlog.put([sample(A, 1), sample(B, 2), sample(A, 3), sample(B, 4), sample(A, 5)])
    lost = (Missed(A, at(1), at(3), REASON, 2), Missed(B, at(2), at(2), REASON, 1))
    assert backlog.take(10) == (*lost, sample(B, 4), sample(A, 5))
    assert backlog.dropped == 3


def told(tag: str, value: Value, seconds: int) -> Sample:
    return Sample(A, tag, value, at(seconds))


async def test_the_last_that_was_dropped_of_what_still_holds_is_told_as_of_the_end_of_the_loss():
    backlog = Backlog(Holding(3), lasting=lambda seen: getattr(seen, "tag", "") in {"batch", "s"})
    backlog.put([told("batch", "B1", 0), told("batch", "B2", 1), told("s", "stopped", 2)])
    backlog.put([sample(A, 3 + number) for number in range(5)])
    lost = Missed(A, at(0), at(4), REASON, 3)

    assert backlog.take(2) == (lost, told("batch", "B2", 4))
    assert backlog.take(9) == (
        told("s", "stopped", 4),
        *(sample(A, 5 + number) for number in range(3)),
    )
    assert backlog.dropped == 3


async def test_what_was_told_later_is_not_lost_and_needs_no_repetition():
    backlog = Backlog(Holding(1), lasting=lambda _: True)
    backlog.put([told("s", "stopped", 0), told("s", "running", 1)])
    backlog.put([told("s", "running", 1)._replace(historical=True), told("s", "idle", 2)])

    found = backlog.take(9)

    assert [one.value for one in found if isinstance(one, Sample)] == ["running", "idle"]
    assert found[0] == Missed(A, at(0), at(1), REASON, 2)


async def test_a_dropped_outage_is_part_of_what_is_missed():
    backlog = Backlog(Holding(1))
    backlog.put([Missed(A, at(1), at(9), "outage"), sample(A, 10), sample(A, 11)])
    assert backlog.take(1) == (Missed(A, at(1), at(10), REASON, 1),)


async def test_of_dropped_alarms_the_newest_of_each_is_told_behind_what_is_missed():
    backlog = Backlog(Holding(1))
    alarm = Alarm(A, "c", "TooHot", "s=T", "T", 500, "", True, False, True, at(1))
    over = replace(alarm, active=False, at=at(2))
    backlog.put([alarm, replace(alarm, condition="d"), over, sample(A, 3)])
    assert backlog.take(9) == (
        Missed(A, at(1), at(2), REASON, 0),
        over,
        replace(alarm, condition="d"),
        sample(A, 3),
    )
    assert backlog.dropped == 1


async def test_signs_of_life_are_no_loss_and_reports_are_counted():
    backlog = Backlog(Holding(1))
    backlog.put([Alive(A, at(1)), Unreadable("x", None, b"", "y"), sample(A, 2)])
    assert backlog.take(9) == (sample(A, 2),)
    assert backlog.dropped == 1


@given(st.lists(st.integers(0, 7), max_size=40), st.integers(1, 5), st.integers(1, 5))
def test_nothing_vanishes_untold(parts, limit, take):
    async def run() -> int:
        backlog, told = Backlog(Holding(limit)), 0
        for number in parts:
            backlog.put([sample(A, 1)] * number)
            told += _samples(backlog.take(take))
        while taken := backlog.take(take):
            told += _samples(taken)
        return told

    assert asyncio.run(run()) == sum(parts)


async def test_waiting_ends_when_enough_is_there_or_nothing_comes():
    backlog = Backlog(Holding(10))
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
        backlog = Backlog(is_pressing=lambda seen: getattr(seen, "tag", "") == "state")
        urgent = Sample(A, "state", 6, at(1))
        return await chunk_after(backlog, many(1500), [*many(1500), urgent])

    assert [after for after, _ in simulate(run)] == [pytest.approx(CHUNK_WITHIN_S)] * 2


HOT = 90
URGENT = """
alert_rules:
  - {alert: Hot, when: {tag: temperature, above: 80}, severity: critical, summary: hot}
"""


def watching(limit: int = 100_000) -> Backlog:
    return Backlog(Holding(limit, Urgency.of(load_plant(PLANT + URGENT, "plant.yaml"))))


def temperature(value: float, path: str = REACTOR) -> Sample:
    return Sample(path, "temperature", value, at(1))


async def ticking(backlog: Backlog, puts: list[tuple[float, list[Sample]]]) -> None:
    """Put each of these at its time."""
    clock = asyncio.get_running_loop().time
    for second, samples in puts:
        await asyncio.sleep(second - clock())
        backlog.put(samples)
    backlog.close()


def chunks_of(
    puts: list[tuple[float, list[Sample]]], storing_s: float = 0
) -> list[tuple[float, list[Value]]]:
    """When each chunk came, and its values, for an agent that takes so long to store one."""

    async def run() -> list[tuple[float, list[Value]]]:
        backlog, clock = watching(), asyncio.get_running_loop().time
        putting = asyncio.create_task(ticking(backlog, puts))
        found = []
        async for chunk in backlog.chunks():
            found.append(
                (clock(), [one.value for one in chunk.observations if isinstance(one, Sample)])
            )
            await asyncio.sleep(storing_s)
        await putting
        return found

    return [(round(when, 3), values) for when, values in simulate(run)]


def test_what_crosses_a_limit_goes_at_once_with_what_its_equipment_said_before() -> None:
    told = [temperature(1), temperature(2, STATION)]
    puts = [(0.0, told), (0.03, [temperature(HOT)]), (0.04, [temperature(HOT + 1)]), (0.3, [])]
    assert chunks_of(puts) == [(0.03, [1, HOT]), (0.1, [2, HOT + 1])]


def test_what_crosses_back_goes_at_once() -> None:
    puts = [(0.0, [temperature(HOT)]), (0.05, [temperature(3)]), (0.3, [])]
    assert chunks_of(puts) == [(0.0, [HOT]), (0.05, [3])]


def test_a_stretched_chunk_is_left_to_the_others() -> None:
    puts = [(0.0, many(1500)), (0.2, many(1500)), (1.0, [temperature(HOT)]), (3.0, [])]
    found = [(when, len(values)) for when, values in chunks_of(puts)]
    assert found == [(0.1, 1500), (1.0, 1), (1.7, 1500)]


def test_equipment_that_is_always_urgent_starves_no_other() -> None:
    values = [(number / 100, [temperature(HOT * (number % 2))]) for number in range(50)]
    found = chunks_of([(0.0, [temperature(7, STATION)]), *values], storing_s=0.02)
    assert next(when for when, values in found if 7 in values) <= 0.14


def test_a_chattering_signal_never_shatters_frames() -> None:
    values = [(number / 1000, [temperature(HOT * (number % 2))]) for number in range(1, 1000)]
    assert len(chunks_of(values)) <= 10 + URGENT_PER_S


async def test_what_was_dropped_of_urgent_equipment_is_told_first() -> None:
    backlog = watching(2)
    backlog.put([temperature(1), temperature(2, STATION), temperature(3), temperature(HOT)])
    lost = Missed(REACTOR, at(1), at(1), REASON, 1)
    assert backlog.take_urgent() == (lost, temperature(3), temperature(HOT))
    assert backlog.take(9) == (Missed(STATION, at(1), at(1), REASON, 1),)


@given(
    st.lists(st.tuples(st.sampled_from([REACTOR, STATION]), st.sampled_from([1, HOT])), max_size=60)
)
def test_nothing_is_lost_and_each_equipment_keeps_its_order(said: list[tuple[str, int]]) -> None:
    puts = [
        (number / 50, [Sample(path, "temperature", value, at(number))])
        for number, (path, value) in enumerate(said)
    ]

    async def run() -> list[Sample]:
        backlog = watching()
        putting = asyncio.create_task(ticking(backlog, puts))
        found = [one async for chunk in backlog.chunks() for one in chunk.observations]
        await putting
        return found  # type: ignore[return-value]

    told = [one for _, samples in puts for one in samples]
    assert sorted(simulate(run), key=lambda one: one.equipment) == sorted(
        told, key=lambda one: one.equipment
    )


async def test_chunks_end_when_nothing_more_will_come() -> None:
    backlog = Backlog()
    backlog.put([sample(A, 1)])
    backlog.close()

    assert [len(chunk.observations) async for chunk in backlog.chunks()] == [1]
