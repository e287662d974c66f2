"""Where Kafka and the database are: environment, then what `up` has running, then defaults."""

import os
from pathlib import Path

from plantstream.embedded.endpoints import read_endpoints
from plantstream.embedded.places import default_data_dir
from plantstream.runtime.settings import DatabaseSettings, KafkaSettings


def kafka_settings(data_dir: Path | None = None) -> KafkaSettings:
    """The broker that the environment names, or the one that `up` runs in this data directory."""
    running = read_endpoints(data_dir or default_data_dir())
    if (
        running is None
        or running.kafka is None
        or "PLANTSTREAM_KAFKA_BOOTSTRAP_SERVERS" in os.environ
    ):
        return KafkaSettings()
    return KafkaSettings(bootstrap_servers=running.kafka)


def database_settings(data_dir: Path | None = None) -> DatabaseSettings:
    """The database that the environment names, or the one that `up` runs in this data directory."""
    running = read_endpoints(data_dir or default_data_dir())
    named = {"PLANTSTREAM_DATABASE_HOST", "PLANTSTREAM_DATABASE_PORT"} & os.environ.keys()
    if running is None or running.database is None or named:
        return DatabaseSettings()
    host, port = running.database
    return DatabaseSettings(host=host, port=port)
