"""Apache Kafka as an embedded part: one KRaft node out of Maven artifacts."""

import base64
import secrets
import shutil
import ssl
import uuid
from pathlib import Path

from plantstream.embedded import assets, checks, child
from plantstream.embedded.endpoints import KAFKA
from plantstream.embedded.errors import PartFailedError
from plantstream.embedded.kafka_config import (
    BROKER_USER,
    HOST,
    KafkaSecurity,
    broker_properties,
    render,
)
from plantstream.embedded.kafka_jars import jars_dir, resolve_jars
from plantstream.embedded.part import Part, Port, Probe
from plantstream.embedded.places import cache_dir
from plantstream.embedded.probes import kafka_answers, secured_kafka_answers
from plantstream.embedded.progress import Say, silent
from plantstream.runtime.settings import KafkaSettings

LOG_ASSET = "kafka/log4j2.yaml"
JVM = ("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
# One replica is never out of sync with itself: a kill must not look like an unclean election.
FEATURES = ("--feature", "eligible.leader.replicas.version=0")
FORMAT_JVM = ("-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


class EmbeddedKafka:
    """One broker in `<data_dir>/kafka` (`kafka-secured` with security), on loopback only.

    Inside the block of a Supervisor, which holds the lock: `await prepare()`, then start `part()`.
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
        self._ports = (port, controller_port)
        self._security = security
        self._cache = cache_root or cache_dir()
        self._java = "java"

    async def prepare(self, say: Say = silent) -> None:
        """Check the machine, fetch the jars, format the directory; what is there stays as it is."""
        checks.require_usable_dir(self._home)
        self._java = await checks.require_java()
        await resolve_jars(self._cache, say)
        assets.copy_assets([LOG_ASSET], self._home)
        if not self._log_dir.exists():
            await self._format()
        self._write_properties(self._properties_file, self._log_dir)

    def part(self) -> Part:
        """The program to supervise; call `prepare` first."""
        options = ("--kafka-port", "--controller-port")
        return Part(
            name=KAFKA,
            argv=(*self._java_argv(JVM), "kafka.Kafka", str(self._properties_file)),
            ready=self._probe(),
            ports=tuple(Port(*pair) for pair in zip(self._ports, options, strict=True)),
            endpoint=f"{HOST}:{self._ports[0]}",
            stop_s=20.0,
        )

    def settings(self, user: str | None = None) -> KafkaSettings:
        """How a client reaches this broker, whatever the environment says; secured as admin."""
        security = self._security
        name = user or (security.admin if security else None)
        return KafkaSettings(
            bootstrap_servers=f"{HOST}:{self._ports[0]}",
            security_protocol="SASL_SSL" if security else "PLAINTEXT",
            sasl_mechanism="SCRAM-SHA-512",
            sasl_username=name,
            sasl_password=security.users[name] if security and name else None,
            ssl_ca_file=security.truststore if security else None,
            ssl_cert_file=None,
            ssl_key_file=None,
            profile="embedded",
        )

    @property
    def _log_dir(self) -> Path:
        return self._home / "log"

    @property
    def _properties_file(self) -> Path:
        return self._home / "server.properties"

    def _java_argv(self, options: tuple[str, ...]) -> tuple[str, ...]:
        config = f"-Dlog4j2.configurationFile={self._home / Path(LOG_ASSET).name}"
        return (self._java, *options, "-cp", str(jars_dir(self._cache) / "*"), config)

    def _probe(self) -> Probe:
        if self._security is None:
            return kafka_answers(HOST, self._ports[0])
        trust = ssl.create_default_context(cafile=str(self._security.truststore))
        return secured_kafka_answers(HOST, self._ports[0], trust)

    def _write_properties(self, path: Path, log_dir: Path) -> None:
        password = self._broker_password() if self._security else ""
        text = render(broker_properties(log_dir, self._ports, self._security, password))
        path.touch(mode=0o600)
        path.write_text(text)

    def _broker_password(self) -> str:
        """What the broker shows to itself; made once, it never leaves the data directory."""
        path = self._home / "broker.password"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(24))
        return path.read_text()

    async def _format(self) -> None:
        """Format beside the place and rename, so that a directory is formatted or not there."""
        fresh = self._home / "log.new"
        shutil.rmtree(fresh, ignore_errors=True)
        properties = self._home / "format.properties"
        self._write_properties(properties, fresh)
        log = self._logs / "kafka-format.log"
        argv = (*self._java_argv(FORMAT_JVM), "kafka.tools.StorageTool", "format")
        chosen = ("--cluster-id", new_cluster_id(), "--config", str(properties), *FEATURES)
        code = await child.run((*argv, *chosen, *self._scram_arguments()), log)
        properties.unlink()
        if code != 0:
            raise PartFailedError(
                f"Kafka could not format {self._home} (exit {code}): see {log}.",
                child.log_tail(log),
            )
        fresh.replace(self._log_dir)

    def _scram_arguments(self) -> list[str]:
        if self._security is None:
            return []
        users = {name: one.get_secret_value() for name, one in self._security.users.items()}
        users[BROKER_USER] = self._broker_password()
        pairs = [f"SCRAM-SHA-512=[name={name},password={word}]" for name, word in users.items()]
        return [argument for pair in pairs for argument in ("--add-scram", pair)]


def new_cluster_id() -> str:
    """A random id as Kafka makes them: 22 characters that do not begin with a dash."""
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not text.startswith("-"):
            return text
