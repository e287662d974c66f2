"""What a client is told before it looks for a broker, and what becomes of one that finds none."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.kafka.admin import apply_topics, describe_cluster, end_offsets
from plantstream.runtime.kafka.client import client_arguments, start, stop
from plantstream.runtime.settings import KafkaSettings
from schemas.topics import CATALOGUE

ANY_KEY = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"


def secured(**files: Path) -> KafkaSettings:
    return KafkaSettings(security_protocol="SSL").model_copy(update=files)


@pytest.fixture
def malformed(tmp_path: Path) -> Path:
    path = tmp_path / "malformed.pem"
    path.write_text("-----BEGIN CERTIFICATE-----\nnope\n-----END CERTIFICATE-----\n")
    return path


@pytest.mark.parametrize("field", ["ssl_ca_file", "ssl_cert_file"])
def test_a_malformed_certificate_is_a_setting_to_mend(malformed: Path, field: str):
    with pytest.raises(MisconfiguredError, match=r"malformed\.pem.*PLANTSTREAM_KAFKA_SSL_CA_FILE"):
        client_arguments(secured(**{field: malformed}))


def test_a_malformed_key_is_a_setting_to_mend(malformed: Path, tmp_path: Path):
    key = tmp_path / "key.pem"
    key.write_text(ANY_KEY)
    with pytest.raises(MisconfiguredError, match=r"key\.pem"):
        client_arguments(secured(ssl_cert_file=malformed, ssl_key_file=key))


@pytest.mark.parametrize("field", ["ssl_ca_file", "ssl_cert_file"])
def test_a_file_that_is_not_there_is_a_setting_to_mend(tmp_path: Path, field: str):
    with pytest.raises(MisconfiguredError, match=r"No such file.*absent\.pem"):
        client_arguments(secured(**{field: tmp_path / "absent.pem"}))


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(describe_cluster, id="describe"),
        pytest.param(lambda settings: apply_topics(settings, CATALOGUE), id="apply"),
        pytest.param(lambda settings: end_offsets(settings, CATALOGUE), id="end offsets"),
    ],
)
async def test_no_question_to_the_cluster_gives_the_drivers_error(ask, malformed: Path):
    with pytest.raises(MisconfiguredError, match="PEM"):
        await ask(secured(ssl_ca_file=malformed))


class Stubborn:
    """A client that does not start."""

    def __init__(self, why: BaseException) -> None:
        self._why = why
        self.is_stopped = False

    async def start(self) -> None:
        raise self._why

    async def stop(self) -> None:
        self.is_stopped = True


@pytest.mark.parametrize("why", [OSError("refused"), asyncio.CancelledError()], ids=repr)
async def test_a_client_that_does_not_start_leaves_no_connection(why: BaseException):
    client = Stubborn(why)

    with pytest.raises(type(why)):
        await start(client)

    assert client.is_stopped


class Connections:
    """Those of a client: they are closed at the second attempt."""

    def __init__(self) -> None:
        self.closing, self.are_closed = asyncio.Event(), False

    async def bootstrap(self) -> None:
        raise OSError("refused")

    async def close(self) -> None:
        if not self.closing.is_set():
            self.closing.set()
            await asyncio.Event().wait()
        self.are_closed = True


async def test_a_producer_whose_end_is_cut_off_leaves_no_connection_either():
    producer = AIOKafkaProducer()
    producer.client = connections = Connections()
    starting = asyncio.create_task(start(producer))
    await connections.closing.wait()

    starting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await starting
    assert connections.are_closed


class CutOff:
    """A client that ends with a cancellation of its own."""

    def __init__(self) -> None:
        self._client = Connections()
        self._client.closing.set()

    async def start(self) -> None:
        """It is."""

    async def stop(self) -> None:
        raise asyncio.CancelledError


async def test_what_a_task_was_told_before_does_not_make_the_drivers_cancellation_its_own():
    asking = asyncio.current_task()
    assert asking is not None
    asking.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.sleep(0)
    client = CutOff()

    await stop(client)

    assert client._client.are_closed
    assert asking.uncancel() == 0
