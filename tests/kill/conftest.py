"""One broker, one database, our services for all kill tests; at the end what was killed is told."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from plantstream.runtime.kafka.admin import apply_topics
from schemas.topics import CATALOGUE
from sinks.timescale.migrate import migrate
from tests.integration.line import Line
from tests.kill.victims import Crew
from tests.parts import running_kafka, running_timescale

KILLS = pytest.StashKey[list[str]]()

shared = pytest_asyncio.fixture(scope="session", loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def crew(shared_crew: Crew) -> Crew:
    """The services, all of them running."""
    await shared_crew.mend()
    return shared_crew


@shared
async def shared_crew(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> AsyncIterator[Crew]:
    home = tmp_path_factory.mktemp("kill")
    async with running_kafka(home / "kafka") as kafka, running_timescale(home / "sql") as database:
        await apply_topics(kafka.settings, CATALOGUE)
        migrate(database.settings)
        environment = {
            "PLANTSTREAM_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap,
            "PLANTSTREAM_DATABASE_HOST": database.host,
            "PLANTSTREAM_DATABASE_PORT": str(database.port),
        }
        line = Line(home / "line", kafka.settings, database.settings, environment)
        crew = Crew(line, request.config.stash.setdefault(KILLS, []))
        try:
            yield crew
        finally:
            await crew.stop_all()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """One line for each kill."""
    for told in config.stash.get(KILLS, []):
        terminalreporter.write_line(told)
