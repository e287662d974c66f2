"""Where Kafka and the database are: environment, then what `up` has running, then defaults."""

import os
from pathlib import Path
from typing import TypeVar

from plantstream.embedded.endpoints import read_endpoints
from plantstream.embedded.places import default_data_dir
from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.settings import (
    AuditSettings,
    DatabaseSettings,
    KafkaSettings,
    environment,
)

Settings = TypeVar("Settings", KafkaSettings, DatabaseSettings)


def kafka_settings(data_dir: Path | None = None) -> KafkaSettings:
    """The broker that the environment names, or the one that `up` runs in this data directory.

    Raises:
        MisconfiguredError: a variable of the environment says what no setting can be.
    """
    with environment("PLANTSTREAM_KAFKA_"):
        running = read_endpoints(data_dir or default_data_dir())
        named = "PLANTSTREAM_KAFKA_BOOTSTRAP_SERVERS" in os.environ
        if running is None or running.kafka is None or named:
            return _with_files(KafkaSettings())
        return _with_files(KafkaSettings(bootstrap_servers=running.kafka))


def database_settings(data_dir: Path | None = None) -> DatabaseSettings:
    """The database that the environment names, or the one that `up` runs in this data directory.

    Raises:
        MisconfiguredError: a variable of the environment says what no setting can be.
    """
    with environment("PLANTSTREAM_DATABASE_"):
        running = read_endpoints(data_dir or default_data_dir())
        named = {"PLANTSTREAM_DATABASE_HOST", "PLANTSTREAM_DATABASE_PORT"} & os.environ.keys()
        if running is None or running.database is None or named:
            return _with_files(DatabaseSettings())
        host, port = running.database
        return _with_files(DatabaseSettings(host=host, port=port))


def audit_settings() -> AuditSettings:
    """How chains are anchored, as the environment says.

    Raises:
        MisconfiguredError: a variable of the environment says what no setting can be.
    """
    with environment("PLANTSTREAM_AUDIT_"):
        return AuditSettings()


def _with_files(settings: Settings) -> Settings:
    """The settings, if every file that they name is there."""
    for name, value in settings:
        if isinstance(value, Path) and not value.is_file():
            variable = f"{settings.model_config.get('env_prefix', '')}{name}".upper()
            raise MisconfiguredError(f"{variable} in the environment: {value} is no file")
    return settings
