"""The secured listener: who may come in, and what for."""

import asyncio

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import (
    KafkaError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)
from pydantic import SecretStr

from plantstream.embedded.errors import RefusedError
from plantstream.embedded.kafka_config import KafkaSecurity
from plantstream.runtime.acl import Grant, Operation, Resource, allow
from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.kafka.client import client_arguments
from plantstream.runtime.settings import KafkaSettings
from tests.parts import RunningKafka

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]

WRITE_PLANT = Grant("edge", Resource.TOPIC, "plant.", frozenset({Operation.WRITE}), prefixed=True)
TOPICS = ("plant.telemetry.v1", "other")


async def create_topics(settings: KafkaSettings) -> None:
    admin = AIOKafkaAdminClient(**client_arguments(settings))
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, 1, 1) for name in TOPICS])
    finally:
        await admin.close()


async def write(settings: KafkaSettings, topic: str) -> None:
    producer = AIOKafkaProducer(**client_arguments(settings))
    try:
        await producer.start()
        await producer.send_and_wait(topic, b"x")
    finally:
        await producer.stop()


async def write_once_granted(settings: KafkaSettings, topic: str) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                return await write(settings, topic)
            except TopicAuthorizationFailedError:
                await asyncio.sleep(0.05)


async def test_a_granted_write_is_taken_and_any_other_is_refused(
    secured_kafka: RunningKafka,
) -> None:
    await create_topics(secured_kafka.settings)
    edge = secured_kafka.embedded.settings("edge")
    with pytest.raises(TopicAuthorizationFailedError):
        await write(edge, "plant.telemetry.v1")
    await allow(secured_kafka.settings, [WRITE_PLANT])
    await write_once_granted(edge, "plant.telemetry.v1")
    with pytest.raises(TopicAuthorizationFailedError):
        await write(edge, "other")


async def test_a_wrong_password_is_refused(
    secured_kafka: RunningKafka, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = secured_kafka.settings.model_copy(update={"sasl_password": SecretStr("wrong")})
    with pytest.raises(KafkaError):
        await write(wrong, "plant.telemetry.v1")
    assert "SaslAuthenticationFailed" in caplog.text


async def test_a_client_without_login_is_refused(secured_kafka: RunningKafka) -> None:
    bare = secured_kafka.settings.model_copy(update={"security_protocol": "SSL"})
    with pytest.raises(KafkaError):
        await write(bare, "plant.telemetry.v1")


async def test_only_the_admin_gives_rights(secured_kafka: RunningKafka) -> None:
    with pytest.raises(MisconfiguredError, match="setting rights"):
        await allow(secured_kafka.embedded.settings("reader"), [WRITE_PLANT])


@pytest.mark.parametrize(
    "users",
    [
        pytest.param({"edge": "word"}, id="no admin"),
        pytest.param({"admin": "word", "broker": "word"}, id="the broker's own name"),
        pytest.param({"admin": 'quo"te'}, id="a quote in a password"),
        pytest.param({"admin": "word", "a,b": "word"}, id="a comma in a name"),
    ],
)
async def test_users_that_kafka_cannot_take_are_refused(
    security: KafkaSecurity, users: dict[str, str]
) -> None:
    with pytest.raises(RefusedError, match="embedded Kafka"):
        KafkaSecurity(
            security.keystore,
            security.truststore,
            {name: SecretStr(word) for name, word in users.items()},
        )


async def test_transactions_and_groups_have_rights_of_their_own(
    secured_kafka: RunningKafka,
) -> None:
    reader = secured_kafka.embedded.settings("reader")
    arguments = client_arguments(reader)
    producer = AIOKafkaProducer(transactional_id="process-0", **arguments)
    try:
        with pytest.raises(TransactionalIdAuthorizationFailed):
            await producer.start()
    finally:
        await producer.stop()
    transact = frozenset({Operation.WRITE, Operation.DESCRIBE})
    reads = frozenset({Operation.READ})
    await allow(
        secured_kafka.settings,
        [
            Grant("reader", Resource.TRANSACTIONAL_ID, "process-", transact, prefixed=True),
            Grant("reader", Resource.TOPIC, "other", transact | reads),
            Grant("reader", Resource.GROUP, "process", reads),
        ],
    )
    await write_once_granted(reader, "other")
    granted = AIOKafkaProducer(transactional_id="process-0", **arguments)
    async with granted, granted.transaction():
        await granted.send_and_wait("other", b"x")
        await granted.send_offsets_to_transaction({TopicPartition("other", 0): 1}, "process")
