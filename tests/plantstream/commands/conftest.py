"""Commands as a user runs them, without starting Python anew; one broker and one database."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from plantstream.cli import main
from plantstream.runtime.kafka.admin import apply_topics
from plantstream.runtime.kafka.broker import KafkaBroker
from plantstream.runtime.ports import Outgoing
from plantstream.runtime.settings import DatabaseSettings, KafkaSettings
from schemas.topics import CATALOGUE
from sinks.timescale.migrate import migrate
from tests.parts import running_kafka, running_timescale

shared = pytest_asyncio.fixture(scope="session", loop_scope="session")


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


Run = Callable[..., Ran]


@dataclass(frozen=True)
class Line:
    """A broker with all topics and a database with all tables."""

    kafka: KafkaSettings
    database: DatabaseSettings

    def send(self, records: Sequence[Outgoing]) -> None:
        asyncio.run(self._send(records))

    async def _send(self, records: Sequence[Outgoing]) -> None:
        async with KafkaBroker(self.kafka) as broker:
            await broker.send(records)


@pytest.fixture(autouse=True)
def nothing_runs_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable of the developer's, and a data directory in which nothing was started."""
    for name in [name for name in os.environ if name.startswith("PLANTSTREAM_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PLANTSTREAM_DATA_DIR", str(tmp_path / "data"))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    def command(*words: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["plantstream", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            main()
        code = left.value.code
        out, err = capsys.readouterr()
        return Ran(code if isinstance(code, int) else 0, out, err)

    return command


@shared
async def broker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[KafkaSettings]:
    async with running_kafka(tmp_path_factory.mktemp("kafka")) as kafka:
        yield kafka.settings


@shared
async def parts(
    broker: KafkaSettings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Line]:
    async with running_timescale(tmp_path_factory.mktemp("timescale")) as timescale:
        await apply_topics(broker, CATALOGUE)
        migrate(timescale.settings)
        yield Line(broker, timescale.settings)


@pytest.fixture
def line(parts: Line, monkeypatch: pytest.MonkeyPatch) -> Line:
    """The environment names broker and database."""
    monkeypatch.setenv("PLANTSTREAM_KAFKA_BOOTSTRAP_SERVERS", parts.kafka.bootstrap_servers)
    monkeypatch.setenv("PLANTSTREAM_DATABASE_HOST", parts.database.host)
    monkeypatch.setenv("PLANTSTREAM_DATABASE_PORT", str(parts.database.port))
    return parts


def started(*words: str) -> "subprocess.Popen[str]":
    """The command as a process of its own, for signals."""
    return subprocess.Popen(
        [sys.executable, "-m", "plantstream", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
