"""One broker, one secured broker and one database for all tests of the embedded parts."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import trustme
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from pydantic import SecretStr

from plantstream.embedded.kafka_config import KafkaSecurity
from tests.parts import RunningKafka, RunningTimescale, running_kafka, running_timescale

shared = pytest_asyncio.fixture(scope="session", loop_scope="session")


@shared
async def kafka(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningKafka]:
    async with running_kafka(tmp_path_factory.mktemp("kafka")) as running:
        yield running


@shared
async def timescale(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningTimescale]:
    async with running_timescale(tmp_path_factory.mktemp("timescale")) as running:
        yield running


@pytest.fixture(scope="session")
def security(tmp_path_factory: pytest.TempPathFactory) -> KafkaSecurity:
    home = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(home / "ca.pem"))
    return KafkaSecurity(
        keystore=write_keystore(authority, home / "broker.pem"),
        truststore=home / "ca.pem",
        users={name: SecretStr(f"{name}-word") for name in ("admin", "edge", "reader")},
    )


@shared
async def secured_kafka(
    tmp_path_factory: pytest.TempPathFactory, security: KafkaSecurity
) -> AsyncIterator[RunningKafka]:
    async with running_kafka(tmp_path_factory.mktemp("secured"), security=security) as running:
        yield running


def write_keystore(authority: trustme.CA, path: Path) -> Path:
    """Certificate chain and key as Kafka wants them: PEM, the key in PKCS#8."""
    issued = authority.issue_cert("127.0.0.1", "localhost")
    key = load_pem_private_key(issued.private_key_pem.bytes(), None)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    chain = b"".join(one.bytes() for one in issued.cert_chain_pems)
    path.write_bytes(pem + chain)
    return path
