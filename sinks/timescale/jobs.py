"""Runs the database's jobs where it has no background workers, beside the sink's loop."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from psycopg import AsyncConnection
from psycopg.rows import class_row

from plantstream.runtime.errors import PlantstreamError
from plantstream.runtime.logs import get_logger
from plantstream.runtime.settings import DatabaseSettings
from sinks.timescale.connection import connect, translated

EVERY_S = 60.0
"""How often it looks what is due."""
FIRST_S = 600.0
"""After the start even jobs that run rarely are due, because `up` may not run for long."""
_JOBS = """
    SELECT job_id, proc_name AS name,
           extract(epoch FROM schedule_interval)::double precision AS every_s
    FROM timescaledb_information.jobs
    WHERE scheduled AND current_schema() IN (proc_schema, hypertable_schema) ORDER BY job_id
"""
_log = get_logger()


@dataclass(frozen=True, slots=True)
class Job:
    """A job of ours in the database, and how often it runs."""

    job_id: int
    name: str
    every_s: float


class JobRunner:
    """Calls each job at its interval; the database's own record says nothing of such calls."""

    def __init__(
        self, settings: DatabaseSettings, sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._settings, self._sleep = settings, sleep
        self._waits: dict[int, float] = {}
        """Seconds until each job is due."""

    async def run(self) -> None:
        """Run what is due until cancelled; what fails is tried at its next turn."""
        while True:
            await self._sleep(EVERY_S)
            try:
                await self.turn(EVERY_S)
            except PlantstreamError as error:
                _log.warning("a job of the database failed", reason=str(error))

    async def turn(self, passed_s: float) -> list[str]:
        """Run what is due after so many more seconds, and say what that was.

        Raises:
            UnavailableError: nobody answers, or a job failed; those after it are due later.
            MisconfiguredError: a person has to do something first.
        """
        done = []
        async with await connect(self._settings) as connection:
            with translated(self._settings):
                for job in await _jobs(connection):
                    wait = self._waits.get(job.job_id, min(job.every_s, FIRST_S)) - passed_s
                    self._waits[job.job_id] = wait if wait > 0 else job.every_s
                    if wait <= 0:
                        # Alone in its statement: it has transactions of its own.
                        await connection.execute(f"CALL run_job({job.job_id})".encode())
                        done.append(job.name)
        return done


async def _jobs(connection: AsyncConnection) -> list[Job]:
    cursor = connection.cursor(row_factory=class_row(Job))
    await cursor.execute(_JOBS)
    return await cursor.fetchall()
