"""How a service reaches Kafka and the database: one factory, secured from the first line."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from plantstream.runtime.errors import MisconfiguredError


@contextmanager
def environment(prefix: str) -> Iterator[None]:
    """Say which variable is wrong, and never what it holds: it may be a password.

    Raises:
        MisconfiguredError: in place of what pydantic would raise.
    """
    try:
        yield
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise MisconfiguredError(
            "\n".join(
                f"{prefix}{'.'.join(map(str, one['loc'])).upper()} in the environment: "
                f"{one['msg'][:1].lower()}{one['msg'][1:]}"
                for one in found
            )
        ) from None


class KafkaSettings(BaseSettings):
    """Where the broker is and who we are to it; environment variables `PLANTSTREAM_KAFKA_…`."""

    model_config = SettingsConfigDict(env_prefix="PLANTSTREAM_KAFKA_", frozen=True, extra="forbid")

    bootstrap_servers: str = "127.0.0.1:29092"
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    ssl_ca_file: Path | None = None
    ssl_cert_file: Path | None = None
    ssl_key_file: Path | None = None
    profile: Literal["embedded", "production"] = "embedded"
    """Replication of the topics: embedded 1, production 3 with min.insync.replicas 2."""


class DatabaseSettings(BaseSettings):
    """Where TimescaleDB is and who we are to it; environment variables `PLANTSTREAM_DATABASE_…`."""

    model_config = SettingsConfigDict(
        env_prefix="PLANTSTREAM_DATABASE_", frozen=True, extra="forbid"
    )

    host: str = "127.0.0.1"
    port: int = 25432
    name: str = "postgres"
    user: str = "postgres"
    password: SecretStr | None = None
    sslmode: Literal["disable", "prefer", "require", "verify-ca", "verify-full"] = "prefer"
    sslrootcert: Path | None = None
    sslcert: Path | None = None
    sslkey: Path | None = None

    def connect_arguments(self) -> dict[str, str | int]:
        """Keyword arguments for `psycopg.connect`, without those that are not set."""
        found: dict[str, str | int | None] = {
            "host": self.host,
            "port": self.port,
            "dbname": self.name,
            "user": self.user,
            "password": self.password.get_secret_value() if self.password else None,
            "sslmode": self.sslmode,
            "sslrootcert": str(self.sslrootcert) if self.sslrootcert else None,
            "sslcert": str(self.sslcert) if self.sslcert else None,
            "sslkey": str(self.sslkey) if self.sslkey else None,
        }
        return {key: value for key, value in found.items() if value is not None}


class AuditSettings(BaseSettings):
    """How the heads of audit chains are anchored; environment variables `PLANTSTREAM_AUDIT_…`."""

    model_config = SettingsConfigDict(env_prefix="PLANTSTREAM_AUDIT_", frozen=True, extra="forbid")

    anchor_every_s: float = Field(default=3600.0, gt=0)
    anchor_receiver: str | None = None
    """URL to which each anchor is posted; None: only the file has them."""
    anchor_token: SecretStr | None = None
    """What the receiver knows us by: `Authorization: Bearer …`."""


class WatchdogSettings(BaseSettings):
    """When a service ends itself to be started anew; variables `PLANTSTREAM_WATCHDOG_…`."""

    model_config = SettingsConfigDict(
        env_prefix="PLANTSTREAM_WATCHDOG_", frozen=True, extra="forbid"
    )

    consumer_s: float = Field(default=120.0, ge=0)
    """So long a consumer may stand still while something is unread; 0: for ever."""
    loop_s: float = Field(default=30.0, ge=0)
    """So long nothing of a service may answer; 0: for ever."""


class LogSettings(BaseSettings):
    """What services log, and how; environment variables `PLANTSTREAM_LOG_…`."""

    model_config = SettingsConfigDict(env_prefix="PLANTSTREAM_LOG_", frozen=True, extra="forbid")

    level: Literal["debug", "info", "warning", "error"] = "info"
    """`debug` tells of every batch."""
    format: Literal["auto", "json", "text"] = "auto"
    """`auto` is text on a terminal, and one JSON object per line elsewhere."""
