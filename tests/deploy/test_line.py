"""The commands of compose.yaml against Kafka and PostgreSQL that are set up as its containers."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial

import psycopg
import pytest

from plantstream.embedded import child
from plantstream.embedded.part import Part
from plantstream.embedded.supervise import Supervisor
from plantstream.runtime.errors import PlantstreamError, UnavailableError
from plantstream.runtime.kafka.admin import committed_offsets, describe_cluster
from plantstream.runtime.kafka.broker import KafkaBroker
from plantstream.runtime.ports import Outgoing
from plantstream.runtime.probe import is_ready
from plantstream.runtime.settings import KafkaSettings
from schemas.topics import CATALOGUE, KPI
from tests.deploy.compose import OURS
from tests.deploy.conftest import Line, shared
from tests.parts import free_port

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="session"),
]

ONCE = ("rights", "topics", "migrations", "plant")
AGAIN = ("plant",)
GROUPS_WITHIN_S = 20.0
READY_WITHIN_S = 120.0
SERVICES = ("ingest", "process-oee", "sink", "notify", "metrics")


async def run(line: Line, service: str, *more: str, as_user: str | None = None) -> tuple[int, str]:
    """Exit code and words of a command; as another user of Kafka if one is named."""
    log = line.home / f"{service}-{as_user}.log"
    told = dict(line.environment(service))
    if as_user is not None:
        told["PLANTSTREAM_KAFKA_SASL_USERNAME"] = as_user
        told["PLANTSTREAM_KAFKA_SASL_PASSWORD_FILE"] = str(line.secrets / f"kafka_{as_user}")
    argv = (sys.executable, "-m", "plantstream", *line.words(service), *more)
    code = await child.run(argv, log, told)
    return code, log.read_text()


@shared
async def ready(line: Line) -> AsyncIterator[Line]:
    """What is done once is done; twice changes nothing."""
    for service in (*ONCE, *AGAIN):
        more = ("--plain",) if service == "migrations" else ()
        code, said = await run(line, service, *more)
        assert code == 0, said
    assert "is what was applied last at acme/town, as number 1" in said
    yield line


async def test_every_service_becomes_ready(ready: Line) -> None:
    ports = {service: free_port() for service in SERVICES}
    async with Supervisor(ready.home / "services") as supervisor:
        await asyncio.gather(
            *(supervisor.start(_part(ready, service, port)) for service, port in ports.items())
        )
        *probe, _ = OURS["sink"]["healthcheck"]["test"][2:]
        asked = (sys.executable, *probe, str(ports["sink"]))
        assert await child.run(asked, ready.home / "probe.log") == 0


def _part(line: Line, service: str, port: int) -> Part:
    words = [*line.words(service), "--port", str(port)]
    if service == "notify":
        words += ["--web-port", str(free_port())]
    return Part(
        name=service,
        argv=(sys.executable, "-m", "plantstream", *words),
        ready=partial(asyncio.to_thread, is_ready, port),
        env=line.environment(service),
        ready_s=READY_WITHIN_S,
    )


async def test_a_service_may_not_do_what_is_the_operators(ready: Line) -> None:
    code, said = await run(ready, "topics", as_user="sink")

    assert code != 0
    assert "uthorization failed" in said


async def _until_known(settings: KafkaSettings, group: str) -> None:
    """Who coordinates groups is not known before somebody has asked for it."""
    async with asyncio.timeout(GROUPS_WITHIN_S):
        while True:
            with suppress(UnavailableError):
                await committed_offsets(settings, group)
                return
            await asyncio.sleep(0.1)


async def test_who_watches_sees_how_far_groups_are_and_writes_nothing(ready: Line) -> None:
    watching = KafkaSettings(
        bootstrap_servers=f"127.0.0.1:{ready.kafka_port}",
        security_protocol="SASL_SSL",
        sasl_mechanism="PLAIN",
        sasl_username="monitor",
        sasl_password=(ready.secrets / "kafka_monitor").read_text().strip(),  # type: ignore[arg-type] # a setting reads text
        ssl_ca_file=ready.secrets / "ca.pem",
    )

    assert {topic.name for topic in CATALOGUE} <= set((await describe_cluster(watching)).topics)
    await _until_known(watching, "plantstream-timescale")
    async with KafkaBroker(watching) as broker:
        with pytest.raises(PlantstreamError, match="uthoriz"):
            await broker.send([Outgoing(KPI.name, 0, b"key", b"{}")])


@pytest.mark.parametrize(
    ("user", "secret", "may", "may_not"),
    [
        pytest.param(
            *("sink", "database_writer", "SELECT count(*) FROM sample", "DROP TABLE sample"),
            id="the sink",
        ),
        pytest.param(
            *("grafana", "database_reader", "SELECT count(*) FROM sample", "DELETE FROM sample"),
            id="Grafana",
        ),
        pytest.param(
            *("monitor", "database_monitor", "SELECT count(*) FROM pg_stat_activity"),
            "SELECT count(*) FROM sample",
            id="who watches",
        ),
    ],
)
async def test_each_user_of_the_database_may_what_it_needs(
    ready: Line, user: str, secret: str, may: str, may_not: str
) -> None:
    where = f"host=127.0.0.1 port={ready.database_port} dbname=plantstream user={user}"
    password = (ready.secrets / secret).read_text().strip()

    with psycopg.connect(where, password=password) as connection:
        assert connection.execute(may.encode()).fetchone() is not None
        with pytest.raises(psycopg.Error):
            connection.execute(may_not.encode())
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(where, password="another")
