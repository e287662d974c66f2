"""Two processors share the partitions; one is killed, frozen, or leaves: no number moves."""

import asyncio

import pytest

from plantstream.runtime.clock import monotonic
from schemas.topics import MACHINE
from tests.integration.line import Running
from tests.kill.stream import Stream, streaming
from tests.kill.victims import FIRST, SECOND, Crew

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.kill,
    pytest.mark.timeout(120),
    pytest.mark.asyncio(loop_scope="session"),
]

SHARED_LIMIT_S = 40.0
"""A group waits 6 s for a member that is silent, and then as long for those that rejoin."""
LOOK_S = 0.1
EXIT_FAILED = 1


@pytest.mark.parametrize("point", ["oee.applied", "oee.committed"])
async def test_what_a_killed_processor_held_is_done_once_by_the_other(
    crew: Crew, point: str
) -> None:
    run = f"two-killed-{point}"
    await crew.stop("process")
    victim, other = await asyncio.gather(
        crew.start("process", f"{point}@200"), crew.start("process", slot=SECOND)
    )
    await both_own(victim, other)
    async with streaming(crew.line, run) as stream:
        await crew.kill(victim, run)
        await taken_over(crew, stream, other, "killed")


async def test_what_a_frozen_processor_writes_when_it_wakes_does_not_count(crew: Crew) -> None:
    victim = crew.running["process", FIRST]
    other = await crew.start("process", slot=SECOND)
    await both_own(victim, other)
    async with streaming(crew.line, "two-frozen") as stream:
        await stream.goes_on_everywhere()
        victim.freeze()
        try:
            # Not until figures go on in SQL: by then the broker has ended what the frozen one
            # had begun, and it would have nothing left to write.
            await owns_all(other)
        finally:
            victim.wake()
        crew.kills.append(f"two-frozen: the woken one {await settled(victim, other)}")
        await stream.goes_on_everywhere()


async def test_a_processor_may_join_and_leave_while_events_come(crew: Crew) -> None:
    first = crew.running["process", FIRST]
    async with streaming(crew.line, "two-joined") as stream:
        await stream.goes_on_everywhere()
        second = await crew.start("process", slot=SECOND)
        await both_own(first, second)
        await stream.goes_on_everywhere()
        assert await applied(second) > 0
        await crew.stop("process", SECOND)
        assert second.process.returncode == 0
        await taken_over(crew, stream, first, "left")


async def both_own(one: Running, other: Running) -> None:
    """Wait until each has partitions, and all are owned."""
    async with asyncio.timeout(SHARED_LIMIT_S):
        while not (
            await owned(one) and await owned(other) == MACHINE.partitions - await owned(one)
        ):
            one.must_live()
            other.must_live()
            await asyncio.sleep(LOOK_S)


async def taken_over(crew: Crew, stream: Stream, other: Running, why: str) -> None:
    """Wait until the other owns everything and the events of every press count again."""
    since = monotonic()
    await owns_all(other)
    owned_s = monotonic() - since
    await stream.goes_on_everywhere()
    crew.kills.append(
        f"{stream.run}: one {why}, the other owns all after {owned_s:.1f} s; "
        f"the last press's figures go on in SQL after {monotonic() - since:.1f} s"
    )


async def owns_all(processor: Running) -> None:
    """Wait until all partitions are its own and it has done something there."""
    async with asyncio.timeout(SHARED_LIMIT_S):
        while await owned(processor) < MACHINE.partitions:
            processor.must_live()
            await asyncio.sleep(LOOK_S)
        done = await applied(processor)
        while await applied(processor) <= done + MACHINE.partitions:
            processor.must_live()
            await asyncio.sleep(LOOK_S)


async def settled(woken: Running, other: Running) -> str:
    """Wait until the woken one has ended, or has its share again."""
    async with asyncio.timeout(SHARED_LIMIT_S):
        while woken.process.returncode is None:
            other.must_live()
            ours, theirs = await owned(woken), await owned(other)
            if ours and ours + theirs == MACHINE.partitions:
                return "has joined again"
            await asyncio.sleep(LOOK_S)
    assert woken.process.returncode == EXIT_FAILED
    return "has ended"


async def owned(processor: Running) -> int:
    found = await processor.metrics()
    return int(found.get(("plantstream_processor_partitions", (("engine", "oee"),)), 0))


async def applied(processor: Running) -> float:
    found = await processor.metrics()
    labels = (("engine", "oee"), ("outcome", "applied"))
    return found.get(("plantstream_processor_records_total", labels), 0)
