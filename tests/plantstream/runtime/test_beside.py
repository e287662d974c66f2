"""Work beside a block: it goes on until the block ends, and its failure is not lost."""

import asyncio

import pytest

from plantstream.runtime.beside import beside


class Work:
    """Goes on until it is stopped, or fails."""

    def __init__(self, failure=None):
        self.began, self.ended, self.failure = asyncio.Event(), asyncio.Event(), failure

    async def run(self):
        self.began.set()
        try:
            if self.failure is not None:
                raise self.failure
            await asyncio.Event().wait()
        finally:
            self.ended.set()


async def test_all_of_it_goes_on_until_the_block_ends():
    one, other = Work(), Work()
    async with beside(one.run(), other.run()):
        await asyncio.gather(one.began.wait(), other.began.wait())
        assert not one.ended.is_set()
        assert not other.ended.is_set()

    assert one.ended.is_set()
    assert other.ended.is_set()


async def test_its_failure_is_told_when_the_block_ends():
    work = Work(OSError("no more room"))
    with pytest.raises(OSError, match="no more room"):
        async with beside(work.run()):
            await work.ended.wait()


async def test_the_failure_of_the_block_comes_first():
    work = Work(OSError("no more room"))

    async def block():
        async with beside(work.run()):
            await work.ended.wait()
            raise ValueError("of the block")

    with pytest.raises(ValueError, match="of the block"):
        await block()
