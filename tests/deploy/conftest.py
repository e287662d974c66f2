"""Kafka and PostgreSQL as the containers of compose.yaml are set up, with the script's secrets."""

import os
import shutil
import ssl
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from plantstream.embedded import assets, child
from plantstream.embedded.kafka_jars import jars_dir, resolve_jars
from plantstream.embedded.part import Part
from plantstream.embedded.places import cache_dir
from plantstream.embedded.probes import secured_kafka_answers
from plantstream.embedded.supervise import Supervisor
from tests.deploy.compose import DEPLOY, OURS, command
from tests.parts import free_port

NATIVE = Path("/usr/lib/postgresql/15/bin")
LOG4J = "kafka/log4j2.yaml"
VALUES = {"PLANT_SITE": "acme/town", "PLANT_APPLIED_BY": "Ana Ruiz", "PLANT_FILE": "plant.yaml"}
PLANT = """
enterprise: acme
site: town
name: A plant whose machine does not answer
time_zone: UTC
sources: {plc: {type: modbus, host: 127.0.0.1, port: 1}}
calendars: {daily: {shifts: [{name: day, start: "06:00", end: "22:00"}]}}
equipment_classes:
  oven: {source: plc, calendar: daily, tags: [{name: heat, register: {address: 1}, unit: °C}]}
equipment: [{id: oven, class: oven, unit_id: 1, area: hall, line: one}]
"""

shared = pytest_asyncio.fixture(scope="session", loop_scope="session")


@pytest.fixture(scope="session")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make-secrets.sh` makes."""
    if os.getuid() != 0:
        pytest.skip("the script gives each secret to its container's user, which only root can")
    home = tmp_path_factory.mktemp("deploy") / "secrets"
    run_script(home)
    return home


def run_script(home: Path, *names: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [DEPLOY / "make-secrets.sh", *names],
        env=os.environ | {"PLANTSTREAM_SECRETS": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )


@dataclass(frozen=True)
class Line:
    """A server as compose.yaml makes it, with ports of its own on loopback."""

    home: Path
    secrets: Path
    kafka_port: int
    database_port: int

    def here(self, text: str) -> str:
        """What a container is told, as it is on this machine."""
        places = {
            "/run/secrets/": f"{self.secrets}/",
            "/etc/plantstream/ca.pem": str(self.secrets / "ca.pem"),
            "/etc/plantstream/plant.yaml": str(self.home / "plant.yaml"),
            "kafka:9092": f"127.0.0.1:{self.kafka_port}",
            "0.0.0.0": "127.0.0.1",
        }
        for there, here in places.items():
            text = text.replace(there, here)
        return text

    def environment(self, service: str) -> Mapping[str, str]:
        """The variables of a service, and a data directory of its own."""
        told = {name: self.here(str(one)) for name, one in OURS[service]["environment"].items()}
        told.pop("OTEL_EXPORTER_OTLP_ENDPOINT", None)
        if "PLANTSTREAM_DATABASE_HOST" in told:
            told["PLANTSTREAM_DATABASE_HOST"] = "127.0.0.1"
            told["PLANTSTREAM_DATABASE_PORT"] = str(self.database_port)
        return {**told, "PLANTSTREAM_DATA_DIR": str(self.home / service)}

    def words(self, service: str) -> list[str]:
        return [self.here(word) for word in command(OURS[service], VALUES)]


@shared
async def line(secrets: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Line]:
    made = Line(tmp_path_factory.mktemp("line"), secrets, free_port(), free_port())
    (made.home / "plant.yaml").write_text(PLANT)
    async with Supervisor(made.home) as supervisor:
        await supervisor.start(await _kafka(made))
        with _database(made):
            yield made


async def _kafka(line: Line) -> Part:
    """The broker of the container: its settings and its JAAS file, only places and ports differ."""
    home = line.home / "kafka"
    home.mkdir()
    controller = free_port()
    settings = line.here((DEPLOY / "compose/kafka/server.properties").read_text())
    settings = settings.replace("kafka:9093", f"127.0.0.1:{controller}")
    settings = settings.replace("/var/lib/kafka/data", str(home))
    file = home / "server.properties"
    file.write_text(settings)
    assets.copy_assets([LOG4J], home)
    await resolve_jars(cache_dir())
    java = ["java", "-Xmx512m", f"-Djava.security.auth.login.config={line.secrets / 'kafka_jaas'}"]
    java += [
        f"-Dlog4j2.configurationFile={home / 'log4j2.yaml'}",
        "-cp",
        f"{jars_dir(cache_dir())}/*",
    ]
    cluster = (line.secrets / "kafka_cluster_id").read_text().strip()
    steps = ("kafka.tools.StorageTool", "format", "--ignore-formatted", "--config", str(file))
    feature = ("--feature", "eligible.leader.replicas.version=0")
    log = line.home / "format.log"
    assert await child.run((*java, *steps, "--cluster-id", cluster, *feature), log) == 0, (
        log.read_text()
    )
    trust = ssl.create_default_context(cafile=str(line.secrets / "ca.pem"))
    return Part(
        name="kafka",
        argv=(*java, "kafka.Kafka", str(file)),
        ready=secured_kafka_answers("127.0.0.1", line.kafka_port, trust),
        stop_s=20.0,
    )


@contextmanager
def _database(line: Line) -> Iterator[None]:
    """PostgreSQL with the script that the container runs while its volume is empty."""
    if not NATIVE.is_dir():
        pytest.skip(f"native PostgreSQL is not installed: {NATIVE} is missing")
    home = Path(tempfile.mkdtemp(prefix="plantstream-test-"))
    for name in ("database_superuser", "database_passwords"):
        shutil.chown(shutil.copy(line.secrets / name, home / name), "postgres")
    shutil.chown(home, "postgres")
    word = ("--pwfile", home / "database_superuser")
    _postgres("initdb", "-D", home / "data", "-U", "postgres", "-A", "scram-sha-256", *word)
    options = f"-p {line.database_port} -c listen_addresses=127.0.0.1 -c fsync=off"
    options += " -c unix_socket_directories="
    _postgres("pg_ctl", "-D", home / "data", "-w", "-l", home / "log", "-o", options, "start")
    try:
        script = (DEPLOY / "compose/timescale/020_roles.sql").read_text()
        _psql(line, "postgres", "CREATE DATABASE plantstream")
        _psql(line, "plantstream", script.replace("/run/secrets", str(home)))
        yield
    finally:
        _postgres("pg_ctl", "-D", home / "data", "-w", "-m", "immediate", "stop")
        shutil.rmtree(home)


def _psql(line: Line, database: str, script: str) -> None:
    where = ("-h", "127.0.0.1", "-p", str(line.database_port), "-U", "postgres", "-d", database)
    password = (line.secrets / "database_superuser").read_text().strip()
    done = subprocess.run(
        ["psql", "-v", "ON_ERROR_STOP=1", "-qAt", *where],
        input=script,
        env=os.environ | {"PGPASSWORD": password},
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _postgres(program: str, *words: object) -> None:
    argv = [str(NATIVE / program), *map(str, words)]
    done = subprocess.run(
        argv, user="postgres", cwd="/", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
