"""The settings of the embedded broker, out of where it lives and how it is secured."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from plantstream.embedded.errors import RefusedError

HOST = "127.0.0.1"
NINETY_DAYS_MIN = 90 * 24 * 60
BROKER_USER = "broker"
PLAIN_LISTENERS = {"listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT"}
SAFE_WORD = re.compile(r"[A-Za-z0-9._~-]+")


@dataclass(frozen=True)
class KafkaSecurity:
    """A TLS listener with a login by SCRAM-SHA-512, and rights (ACLs) for everybody but the admin.

    Users are created when the data directory is formatted; later changes of them have no effect.
    """

    keystore: Path
    """PEM: certificate chain for 127.0.0.1 and the private key (PKCS#8, not encrypted)."""
    truststore: Path
    """PEM: the authority that signed the certificate."""
    users: Mapping[str, SecretStr]
    admin: str = "admin"
    """The one of the users that may do everything."""

    def __post_init__(self) -> None:
        """Refuse what Kafka's tools could not read back."""
        if self.admin not in self.users or BROKER_USER in self.users:
            raise RefusedError(
                f"The embedded Kafka needs a user {self.admin}, and {BROKER_USER} is its own:"
                " name the users otherwise."
            )
        words = [*self.users, *(one.get_secret_value() for one in self.users.values())]
        if not all(SAFE_WORD.fullmatch(word) for word in words):
            raise RefusedError(
                "A user or password of the embedded Kafka has a character that its tools cannot"
                " take: use letters, digits and . _ ~ - only."
            )


def broker_properties(
    log_dir: Path,
    ports: tuple[int, int],
    security: KafkaSecurity | None = None,
    broker_password: str = "",
) -> dict[str, str]:
    """Everything in `server.properties`; `ports` are those of the broker and the controller."""
    listeners = _secured(security, broker_password) if security else PLAIN_LISTENERS
    return _node(log_dir, *ports) | _data() | _small() | listeners


def render(properties: Mapping[str, str]) -> str:
    """The text of a Java properties file."""
    lines = (f"{key}={value}".replace("\\", "\\\\") for key, value in properties.items())
    return "\n".join(lines) + "\n"


def _node(log_dir: Path, port: int, controller_port: int) -> dict[str, str]:
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{HOST}:{controller_port}",
        "listeners": f"BROKER://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
        "advertised.listeners": f"BROKER://{HOST}:{port}",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "BROKER",
        "log.dirs": str(log_dir),
    }


def _data() -> dict[str, str]:
    """What DESIGN asks of any broker, with one replica of everything."""
    return {
        "auto.create.topics.enable": "false",
        "num.partitions": "12",
        "default.replication.factor": "1",
        "min.insync.replicas": "1",
        "log.message.timestamp.type": "LogAppendTime",
        "offsets.retention.minutes": str(NINETY_DAYS_MIN),
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "4",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "share.coordinator.state.topic.num.partitions": "1",
    }


def _small() -> dict[str, str]:
    """One machine, one plant: few threads, no waiting for members that will not come."""
    return {
        "group.initial.rebalance.delay.ms": "0",
        "group.min.session.timeout.ms": "6000",
        # A killed transactional producer blocks readers until its transaction is aborted.
        "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
        # After a kill the controller, in the same process, waits for the old session to run out.
        "broker.heartbeat.interval.ms": "500",
        "broker.session.timeout.ms": "3000",
        "num.network.threads": "1",
        "num.io.threads": "2",
        "num.recovery.threads.per.data.dir": "2",
        "background.threads": "2",
        "log.cleaner.dedupe.buffer.size": str(8 * 1024 * 1024),
        "controlled.shutdown.max.retries": "1",
    }


def _secured(security: KafkaSecurity, password: str) -> dict[str, str]:
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule"
    plain = "org.apache.kafka.common.security.plain.PlainLoginModule"
    login = f'required username="{BROKER_USER}" password="{password}"'
    return {
        "listener.security.protocol.map": "BROKER:SASL_SSL,CONTROLLER:SASL_SSL",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(security.keystore),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(security.truststore),
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
        # Users live in the controller's own log, so the road to the controller cannot need them.
        "sasl.mechanism.controller.protocol": "PLAIN",
        "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.broker.scram-sha-512.sasl.jaas.config": f"{scram} {login};",
        "listener.name.controller.plain.sasl.jaas.config": (
            f'{plain} {login} user_{BROKER_USER}="{password}";'
        ),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:{security.admin};User:{BROKER_USER}",
        "allow.everyone.if.no.acl.found": "false",
    }
