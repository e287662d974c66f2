"""Apache Kafka as an embedded part: one KRaft node out of Maven artifacts."""

import base64
import hashlib
import secrets
import shutil
import ssl
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pydantic import SecretStr

from plantstream.embedded import assets, cache, checks, child
from plantstream.embedded.endpoints import KAFKA
from plantstream.embedded.errors import EmbeddedError, ResolveError
from plantstream.embedded.kafka_config import (
    BROKER_USER,
    HOST,
    KafkaSecurity,
    broker_properties,
    render,
)
from plantstream.embedded.part import Part, Port, Probe
from plantstream.embedded.places import cache_dir
from plantstream.embedded.probes import kafka_answers, secured_kafka_answers
from plantstream.runtime.settings import KafkaSettings

VERSION = "4.3.0"
ASSETS = ("kafka/pom.xml", "kafka/SHA256SUMS", "kafka/log4j2.yaml")
JVM = ("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
FORMAT_JVM = ("-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")

Say = Callable[[str], None]


def silent(_: str) -> None:
    """Tell nobody."""


class EmbeddedKafka:
    """One broker in `<data_dir>/kafka` (`kafka-secured` with security), on loopback only.

    `await prepare()` once, then hand `part()` to a Supervisor.
    """

    def __init__(
        self,
        data_dir: Path,
        port: int = 29092,
        controller_port: int = 29093,
        security: KafkaSecurity | None = None,
        cache_root: Path | None = None,
    ) -> None:
        self._home = data_dir / ("kafka-secured" if security else "kafka")
        self._logs = data_dir / "logs"
        self._port = port
        self._controller_port = controller_port
        self._security = security
        self._cache = cache_root or cache_dir()
        self._java = "java"

    async def prepare(self, say: Say = silent) -> None:
        """Check the machine, fetch the jars, format the directory; what is there stays as it is."""
        checks.require_usable_dir(self._home)
        self._java = await checks.require_java()
        await resolve_jars(self._cache, say)
        if self._security:
            self._security = replace(self._security, broker_password=self._broker_password())
        if not (self._log_dir / "meta.properties").exists():
            await self._format()
        self._write_properties(self._properties_file, self._log_dir)

    def part(self) -> Part:
        """The program to supervise; call `prepare` first."""
        options = ("--kafka-port", "--controller-port")
        ports = (self._port, self._controller_port)
        return Part(
            name=KAFKA,
            argv=(*self._java_argv(JVM), "kafka.Kafka", str(self._properties_file)),
            ready=self._probe(),
            ports=tuple(Port(*pair) for pair in zip(ports, options, strict=True)),
            endpoint=f"{HOST}:{self._port}",
            stop_s=20.0,
        )

    def settings(self, user: str | None = None) -> KafkaSettings:
        """How a client reaches this broker; a secured one as one of its users, else as admin."""
        bootstrap = f"{HOST}:{self._port}"
        if self._security is None:
            return KafkaSettings(bootstrap_servers=bootstrap)
        name = user or self._security.admin
        return KafkaSettings(
            bootstrap_servers=bootstrap,
            security_protocol="SASL_SSL",
            sasl_username=name,
            sasl_password=self._security.users[name],
            ssl_ca_file=self._security.truststore,
        )

    @property
    def _log_dir(self) -> Path:
        return self._home / "log"

    @property
    def _properties_file(self) -> Path:
        return self._home / "server.properties"

    def _java_argv(self, options: tuple[str, ...]) -> tuple[str, ...]:
        jars = self._cache / f"kafka-{VERSION}"
        config = f"-Dlog4j2.configurationFile={jars / 'log4j2.yaml'}"
        return (self._java, *options, "-cp", str(jars / "libs" / "*"), config)

    def _probe(self) -> Probe:
        if self._security is None:
            return kafka_answers(HOST, self._port)
        trust = ssl.create_default_context(cafile=str(self._security.truststore))
        return secured_kafka_answers(HOST, self._port, trust)

    def _write_properties(self, path: Path, log_dir: Path) -> None:
        text = render(broker_properties(log_dir, self._port, self._controller_port, self._security))
        path.touch(mode=0o600)
        path.write_text(text)

    def _broker_password(self) -> SecretStr:
        path = self._home / "broker.password"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(24))
        return SecretStr(path.read_text())

    async def _format(self) -> None:
        """Format beside the place and rename, so that a directory is formatted or not there."""
        fresh = self._home / "log.new"
        shutil.rmtree(fresh, ignore_errors=True)
        properties = self._home / "format.properties"
        self._write_properties(properties, fresh)
        log = self._logs / "kafka-format.log"
        argv = (*self._java_argv(FORMAT_JVM), "kafka.tools.StorageTool", "format")
        chosen = ("--cluster-id", new_cluster_id(), "--config", str(properties))
        code = await child.run((*argv, *chosen, *self._scram_arguments()), log)
        properties.unlink()
        if code != 0:
            raise EmbeddedError(f"Kafka could not format {self._home} (exit {code}): see {log}.")
        fresh.replace(self._log_dir)

    def _scram_arguments(self) -> list[str]:
        if self._security is None:
            return []
        users = {**self._security.users, BROKER_USER: self._security.broker_password}
        return [
            word
            for name, password in users.items()
            for word in (
                "--add-scram",
                f"SCRAM-SHA-512=[name={name},password={password.get_secret_value()}]",
            )
        ]


def new_cluster_id() -> str:
    """A random id as Kafka makes them: 22 characters that do not begin with a dash."""
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not text.startswith("-"):
            return text


async def resolve_jars(cache_root: Path, say: Say = silent) -> Path:
    """The directory with `libs/`, fetched by Maven if need be, every jar as pinned."""

    async def build(directory: Path) -> None:
        say(f"Fetching Apache Kafka {VERSION} with mvn (45 MB, once)")
        maven = checks.require_maven()
        assets.copy_assets(ASSETS, directory)
        log = cache_root / f"kafka-{VERSION}.resolve.log"
        await _copy_dependencies(maven, directory, log)
        verify_jars(directory)

    recipe = cache.Recipe(f"kafka-{VERSION}", assets.digest_of(ASSETS), build)
    return await cache.ensure(cache_root, recipe)


def verify_jars(directory: Path) -> None:
    """Compare `libs/` with SHA256SUMS: nothing missing, nothing more, nothing changed."""
    pairs = (line.split() for line in (directory / "SHA256SUMS").read_text().splitlines())
    wanted = {name: checksum for checksum, name in pairs}
    found = {jar.name: _sha256(jar) for jar in (directory / "libs").iterdir()}
    wrong = sorted(
        name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name)
    )
    if wrong:
        raise ResolveError(
            f"Maven delivered other files than those pinned ({', '.join(wrong[:3])}):"
            " delete them from the local Maven repository (~/.m2) and try again."
        )


async def _copy_dependencies(maven: str, directory: Path, log: Path) -> None:
    child.rotate_log(log)
    goal = ("dependency:copy-dependencies", "-DincludeScope=runtime")
    where = ("-f", str(directory / "pom.xml"), f"-DoutputDirectory={directory / 'libs'}")
    code = await child.run((maven, "-B", *where, *goal), log)
    if code != 0:
        raise ResolveError(
            f"Maven could not fetch Apache Kafka {VERSION} (exit {code}, see {log}):"
            " check the network and ~/.m2/settings.xml, then run the same command again."
        )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
