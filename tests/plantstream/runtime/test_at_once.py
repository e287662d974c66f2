"""Several things at once: the first failure ends the others, and no cancellation is lost."""

import asyncio
from contextlib import suppress

import pytest

from plantstream.runtime.at_once import CutOffError, together
from plantstream.runtime.errors import UnavailableError


async def fails() -> None:
    raise UnavailableError("nobody answers")


async def cut_off() -> None:
    raise asyncio.CancelledError


class Stubborn:
    """Does not end when it is told to, but when it is let; as whoever waits for a silent broker."""

    def __init__(self) -> None:
        self.told, self.let, self.has_ended = asyncio.Event(), asyncio.Event(), False

    async def work(self) -> None:
        while not self.let.is_set():
            with suppress(asyncio.CancelledError):
                await self.let.wait()
            self.told.set()
        self.has_ended = True


def cancelling() -> int:
    task = asyncio.current_task()
    assert task is not None
    return task.cancelling()


async def test_who_is_told_to_end_while_the_others_are_being_ended_ends():
    other = Stubborn()
    working = asyncio.create_task(together([fails(), other.work()]))
    await other.told.wait()

    working.cancel()
    await asyncio.sleep(0)
    other.let.set()

    with pytest.raises(asyncio.CancelledError):
        await working


async def test_who_is_told_to_end_ends_although_the_others_fail_over_it():
    async def fails_when_told() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as error:
            raise UnavailableError("nobody answers") from error

    working = asyncio.create_task(together([fails_when_told(), fails_when_told()]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    working.cancel()

    with pytest.raises(asyncio.CancelledError):
        await working


async def test_a_failure_waits_for_the_others_and_leaves_no_task_marked_as_cancelled():
    other = Stubborn()
    asyncio.get_running_loop().call_soon(other.let.set)

    with pytest.raises(UnavailableError):
        await together([fails(), other.work()])

    assert other.has_ended
    assert cancelling() == 0


async def test_what_we_understand_is_told_rather_than_what_we_do_not():
    async def puzzles() -> None:
        raise ValueError("nobody thought of this")

    with pytest.raises(UnavailableError):
        await together([puzzles(), fails()])
    with pytest.raises(ValueError, match="nobody thought of this"):
        await together([puzzles(), puzzles()])


async def test_what_was_cut_off_by_somebody_else_is_a_failure():
    async with asyncio.timeout(1):
        with pytest.raises(CutOffError):
            await together([cut_off(), asyncio.sleep(60)])
