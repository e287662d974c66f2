"""Several things done at once; the first failure ends the others."""

import asyncio
from collections.abc import Awaitable, Iterable

from plantstream.runtime.errors import cause_of


async def together(work: Iterable[Awaitable[None]]) -> None:
    """Do all of it; what fails first is raised as it is."""
    jobs = list(work)
    if len(jobs) == 1:
        await jobs[0]
    elif jobs:
        try:
            async with asyncio.TaskGroup() as group:
                for job in jobs:
                    group.create_task(_as_coroutine(job))
        except BaseExceptionGroup as failures:
            raise cause_of(failures) from failures


async def _as_coroutine(job: Awaitable[None]) -> None:
    await job
