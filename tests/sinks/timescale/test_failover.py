"""A primary that is demoted, stopped or replaced: the sink waits, and finds the new one."""

import asyncio
import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from plantstream.embedded.waiting import until
from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.settings import DatabaseSettings
from schemas.topics import TELEMETRY
from sinks.timescale.connection import connect_blocking
from sinks.timescale.migrate import migrate
from sinks.timescale.writer import TimescaleSink
from tests.parts import free_port
from tests.sinks.records import batch, frame
from tests.sinks.timescale.conftest import NATIVE, Database, ask, emptied, run_native

pytestmark = [pytest.mark.integration, pytest.mark.slow]

PRIMARY, STANDBY = "127.0.0.1", "127.0.0.2"
LIMIT_S = 20


class Pair:
    """A primary and its standby, on one port of two addresses."""

    def __init__(self, home: Path, owner: str, port: int) -> None:
        self.home, self.owner, self.port = home, owner, port

    def of(self, host: str) -> DatabaseSettings:
        return DatabaseSettings(host=host, port=self.port)

    def start(self, host: str) -> None:
        options = f"-p {self.port} -c listen_addresses={host} -c unix_socket_directories="
        where = ("-D", self.home / host, "-w", "-l", self.home / f"{host}.log")
        run_native(self.owner, "pg_ctl", *where, "-o", options, "start")

    def stop(self, host: str) -> None:
        run_native(self.owner, "pg_ctl", "-D", self.home / host, "-w", "-m", "immediate", "stop")

    def promote(self) -> None:
        run_native(self.owner, "pg_ctl", "-D", self.home / STANDBY, "-w", "promote")


@pytest.fixture
def pair() -> Iterator[Pair]:
    if not NATIVE.is_dir():
        pytest.skip(f"native PostgreSQL is not installed: {NATIVE} is missing")
    home = Path(tempfile.mkdtemp(prefix="plantstream-test-"))
    owner = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    shutil.chown(home, owner)
    made = Pair(home, owner, free_port())
    data = ("-D", home / PRIMARY, "-U", "postgres", "-A", "trust", "--no-sync")
    run_native(owner, "initdb", *data)
    made.start(PRIMARY)
    copy = ("-h", PRIMARY, "-p", made.port, "-U", "postgres", "-D", home / STANDBY, "-R")
    run_native(owner, "pg_basebackup", *copy, "-c", "fast", "--no-sync")
    made.start(STANDBY)
    try:
        yield made
    finally:
        for host in (STANDBY, PRIMARY):
            if (home / host / "postmaster.pid").exists():
                made.stop(host)
        shutil.rmtree(home)


async def test_of_two_servers_the_sink_writes_to_the_primary_also_after_a_failover(pair: Pair):
    migrate(pair.of(PRIMARY), plain=True)
    sink = TimescaleSink(pair.of(f"{STANDBY},{PRIMARY}"))
    await sink.open()
    await sink.write(batch(TELEMETRY, [frame(0)]))
    await until(lambda: _samples(pair.of(STANDBY)) == 1, every_s=0.05)

    pair.stop(PRIMARY)
    for _ in range(2):
        with pytest.raises(UnavailableError):
            await sink.write(batch(TELEMETRY, [frame(1)], begin=1))
    pair.promote()
    await sink.write(batch(TELEMETRY, [frame(1)], begin=1))
    await sink.close()

    assert _samples(pair.of(STANDBY)) == 2


async def test_a_primary_that_is_demoted_under_the_sink_is_told_apart_and_left(native: Database):
    settings = emptied(native).settings
    sink = TimescaleSink(settings)
    await sink.write(batch(TELEMETRY, [frame(0)]))
    await _switch_read_only(settings, "on")
    try:
        for _ in range(2):  # At first on the old connection, then on a new one.
            with pytest.raises(UnavailableError, match="takes no writes now"):
                await sink.write(batch(TELEMETRY, [frame(1)], begin=1))
            assert sink._connection is None
    finally:
        await _switch_read_only(settings, "off")
    await sink.write(batch(TELEMETRY, [frame(1)], begin=1))
    await sink.close()

    assert _samples(settings) == 2


async def _switch_read_only(settings: DatabaseSettings, switch: str) -> None:
    """As a failover manager does before it promotes another; until new sessions know."""
    with connect_blocking(settings) as sql:
        sql.execute("SET default_transaction_read_only = off")
        sql.execute(f"ALTER SYSTEM SET default_transaction_read_only = {switch}".encode())
        sql.execute("SELECT pg_reload_conf()")

    def known() -> bool:
        with connect_blocking(settings) as sql:
            return ask(sql, "SHOW default_transaction_read_only") == [(switch,)]

    async with asyncio.timeout(LIMIT_S):
        await until(known, every_s=0.05)


def _samples(settings: DatabaseSettings) -> int:
    with connect_blocking(settings) as sql:
        return int(ask(sql, "SELECT count(*) FROM sample")[0][0])
