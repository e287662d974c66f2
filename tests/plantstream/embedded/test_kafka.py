"""The embedded broker, by the real one."""

import asyncio
import os
import signal
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from plantstream.embedded.kafka import new_cluster_id
from plantstream.embedded.kafka_config import broker_properties, render
from tests.parts import RunningKafka, eventually, running_kafka

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]

OURS = {
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    "offsets.retention.minutes": "129600",
    "log.message.timestamp.type": "LogAppendTime",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
}


async def create_topic(bootstrap: str, name: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, 1, 1)])
    finally:
        await admin.close()


async def publish(bootstrap: str, topic: str, values: list[bytes]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        for value in values:
            await producer.send_and_wait(topic, value)


async def read_all(bootstrap: str, topic: str) -> list[bytes]:
    partition = TopicPartition(topic, 0)
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap) as consumer:
        consumer.assign([partition])
        await consumer.seek_to_beginning(partition)
        end = (await consumer.end_offsets([partition]))[partition]
        found: list[bytes] = []
        async with asyncio.timeout(20):
            while len(found) < end:
                records = await consumer.getmany(partition, timeout_ms=500)
                found += [record.value for record in records.get(partition, [])]
        return found


async def test_it_answers_with_our_settings(kafka: RunningKafka) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.BROKER, "1")])
    finally:
        await admin.close()
    found = {entry[0]: entry[1] for entry in answer.resources[0][4]}
    assert {key: found[key] for key in OURS} == OURS


async def test_what_was_acknowledged_is_there_after_a_kill(kafka: RunningKafka) -> None:
    await create_topic(kafka.bootstrap, "killed")
    values = [b"%d" % number for number in range(50)]
    await publish(kafka.bootstrap, "killed", values)
    before = kafka.pid
    os.kill(before, signal.SIGKILL)
    await eventually(lambda: kafka.supervisor.pids().get("kafka", before) != before)
    await eventually_answers(kafka)
    assert await read_all(kafka.bootstrap, "killed") == values


async def test_what_was_acknowledged_is_there_after_a_stop(tmp_path: Path) -> None:
    async with running_kafka(tmp_path) as first:
        await create_topic(first.bootstrap, "kept")
        await publish(first.bootstrap, "kept", [b"a", b"b"])
    async with running_kafka(tmp_path) as second:
        assert await read_all(second.bootstrap, "kept") == [b"a", b"b"]


async def test_cluster_ids_are_as_kafka_wants_them() -> None:
    identifiers = {new_cluster_id() for _ in range(500)}
    assert len(identifiers) == 500
    assert all(len(one) == 22 and one[0] != "-" for one in identifiers)


async def test_backslashes_survive_a_properties_file() -> None:
    assert render({"log.dirs": "C:\\data"}) == "log.dirs=C:\\\\data\n"


async def test_it_listens_on_loopback_only() -> None:
    properties = broker_properties(Path("/data"), (1, 2))
    assert properties["listeners"] == "BROKER://127.0.0.1:1,CONTROLLER://127.0.0.1:2"
    assert properties["advertised.listeners"] == "BROKER://127.0.0.1:1"


async def eventually_answers(kafka: RunningKafka) -> None:
    probe = kafka.embedded.part().ready
    async with asyncio.timeout(30):
        while True:
            if await probe():
                return
            await asyncio.sleep(0.05)
