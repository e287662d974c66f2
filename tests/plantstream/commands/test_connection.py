import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from plantstream.commands.connection import database_settings, kafka_settings
from plantstream.embedded.endpoints import Endpoints, PartEndpoint, write_endpoints
from plantstream.embedded.lock import acquire
from plantstream.runtime.errors import MisconfiguredError


@pytest.fixture
async def up(tmp_path: Path):
    """A data directory in which `up` runs."""
    lock = await acquire(tmp_path)
    parts = {
        "kafka": PartEndpoint(1, "127.0.0.1:20001"),
        "timescale": PartEndpoint(2, "127.0.0.1:20002"),
    }
    write_endpoints(tmp_path, Endpoints(os.getpid(), datetime(2026, 3, 2, tzinfo=UTC), parts))
    yield tmp_path
    lock.release()


async def test_what_up_runs_is_used(up: Path):
    assert kafka_settings(up).bootstrap_servers == "127.0.0.1:20001"
    assert database_settings(up).port == 20002


async def test_the_environment_goes_before_what_up_runs(up: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PLANTSTREAM_KAFKA_BOOTSTRAP_SERVERS", "broker:9092")
    monkeypatch.setenv("PLANTSTREAM_DATABASE_HOST", "db")
    assert kafka_settings(up).bootstrap_servers == "broker:9092"
    assert database_settings(up).host == "db"
    assert database_settings(up).port == 25432


def test_where_nothing_runs_the_defaults_hold(tmp_path: Path):
    assert kafka_settings(tmp_path).bootstrap_servers == "127.0.0.1:29092"
    assert database_settings(tmp_path).port == 25432


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        pytest.param("PLANTSTREAM_DATABASE_PORT", "abc", id="no number"),
        pytest.param("PLANTSTREAM_DATABASE_SSLMODE", "maybe", id="none of the choices"),
        pytest.param("PLANTSTREAM_DATABASE_SSLROOTCERT", "/no/such/file", id="no such file"),
    ],
)
def test_a_wrong_variable_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, value: str
):
    monkeypatch.setenv(variable, value)
    with pytest.raises(MisconfiguredError, match=variable):
        database_settings(tmp_path)


@pytest.mark.parametrize(
    ("variable", "read"),
    [
        pytest.param(
            "PLANTSTREAM_KAFKA_SASL_PASSWORD",
            lambda home: kafka_settings(home).sasl_password,
            id="Kafka",
        ),
        pytest.param(
            "PLANTSTREAM_DATABASE_PASSWORD",
            lambda home: database_settings(home).password,
            id="the database",
        ),
    ],
)
def test_a_password_may_be_kept_in_a_file(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    variable: str,
    read: Callable[[Path], SecretStr],
):
    file = tmp_path / "word"
    file.write_text("a word\n")
    file.chmod(0o600)
    monkeypatch.setenv(f"{variable}_FILE", str(file))
    assert read(tmp_path).get_secret_value() == "a word"

    monkeypatch.setenv(variable, "another word")
    with pytest.raises(MisconfiguredError, match=f"{variable} and {variable}_FILE") as refused:
        read(tmp_path)
    assert "word" not in str(refused.value).replace("PASSWORD", "")

    monkeypatch.delenv(variable)
    file.write_text("")
    with pytest.raises(MisconfiguredError, match=f"{variable}_FILE.*is empty"):
        read(tmp_path)
