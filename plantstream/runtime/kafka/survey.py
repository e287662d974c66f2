"""What a cluster says of itself in one visit: brokers, topics, consumer groups, what waits."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import GroupCoordinatorNotAvailableError

from plantstream.runtime.kafka.admin import end_offsets
from plantstream.runtime.kafka.client import client_arguments, translated
from plantstream.runtime.kafka.whole import read_partitions
from plantstream.runtime.ports import TopicPartition
from plantstream.runtime.settings import KafkaSettings
from schemas.topics import Topic

MARKERS = 50
"""So few offsets may all be markers of transactions: look at what they are."""
COORDINATOR_TRIES = 5
BETWEEN_TRIES_S = 0.3
"""The first question for a coordinator makes a new broker create the topic of offsets."""


@dataclass(frozen=True, slots=True)
class TopicState:
    """A topic as the broker has it."""

    partitions: int
    replication: int
    """Replicas of the partition that has the fewest."""
    leaderless: int
    """Partitions that nobody can write or read now."""
    out_of_sync: int
    """Partitions with a replica that lags or is lost."""
    configuration: Mapping[str, str]
    """What was asked for; nothing where we may not read it."""


@dataclass(frozen=True, slots=True)
class GroupState:
    """A consumer group as its coordinator has it."""

    state: str
    members: int
    reached: Mapping[TopicPartition, int]
    """The next offset of each partition, as the group says."""


NO_GROUP = GroupState("Dead", 0, {})


@dataclass(frozen=True, slots=True)
class Survey:
    """All answers."""

    cluster_id: str
    brokers: Mapping[int, Mapping[str, str]]
    """What was asked for of each broker's configuration."""
    topics: Mapping[str, TopicState]
    groups: Mapping[str, GroupState]


async def survey(
    settings: KafkaSettings,
    topic_keys: Iterable[str],
    broker_keys: Iterable[str],
    groups: Iterable[str],
) -> Survey:
    """Look at all topics and brokers (with these configuration keys) and at these groups."""
    with translated("looking at the cluster", settings):
        admin = AIOKafkaAdminClient(**client_arguments(settings))
        try:
            await admin.start()
            cluster = await admin.describe_cluster()
            described = {one["topic"]: one["partitions"] for one in await admin.describe_topics()}
            configured = await _configurations(
                admin, ConfigResourceType.TOPIC, described, topic_keys
            )
            nodes = [str(one["node_id"]) for one in cluster["brokers"]]
            brokers = await _configurations(admin, ConfigResourceType.BROKER, nodes, broker_keys)
            return Survey(
                cluster_id=str(cluster["cluster_id"]),
                brokers={int(node): brokers.get(node, {}) for node in nodes},
                topics={
                    name: _topic(partitions, configured.get(name, {}))
                    for name, partitions in described.items()
                },
                groups={group: await _group(admin, group) for group in groups},
            )
        finally:
            await admin.close()


async def group_names(settings: KafkaSettings) -> list[str]:
    """All consumer groups that the brokers know of and show us."""
    admin = AIOKafkaAdminClient(**client_arguments(settings))
    with translated("asking for consumer groups", settings):
        try:
            await admin.start()
            return sorted(name for name, *_ in await admin.list_consumer_groups())
        finally:
            await admin.close()


async def waiting_records(
    settings: KafkaSettings, topics: Collection[Topic], reached: Mapping[TopicPartition, int]
) -> int:
    """How many records a group still has to read; markers of transactions are none."""
    return await unread(settings, await end_offsets(settings, topics), reached)


async def unread(
    settings: KafkaSettings,
    ends: Mapping[TopicPartition, int],
    reached: Mapping[TopicPartition, int],
) -> int:
    """How many records lie between both; markers of transactions are none."""
    behind = {where: end - reached.get(where, 0) for where, end in ends.items()}
    few = {where for where, records in behind.items() if 0 < records <= MARKERS}
    waiting = sum(records for records in behind.values() if records > MARKERS)
    for topic in {where.topic for where in few}:
        starts = {one.partition: reached.get(one, 0) for one in few if one.topic == topic}
        records = [record async for record in read_partitions(settings, topic, starts)]
        waiting += sum(1 for one in records if one.offset < ends[one.source])
    return waiting


def _topic(partitions: list[dict[str, Any]], configuration: Mapping[str, str]) -> TopicState:
    return TopicState(
        partitions=len(partitions),
        replication=min((len(one["replicas"]) for one in partitions), default=0),
        leaderless=sum(1 for one in partitions if one["leader"] < 0),
        out_of_sync=sum(1 for one in partitions if len(one["isr"]) < len(one["replicas"])),
        configuration=configuration,
    )


async def _configurations(
    admin: AIOKafkaAdminClient, kind: ConfigResourceType, names: Iterable[str], keys: Iterable[str]
) -> dict[str, dict[str, str]]:
    wanted = dict.fromkeys(keys, "")
    resources = [ConfigResource(kind, name, configs=wanted) for name in names]
    answers = await admin.describe_configs(resources) if resources else []
    return {
        resource["resource_name"]: {
            entry["config_names"]: entry["config_value"] for entry in resource["config_entries"]
        }
        for answer in answers
        for resource in answer.to_object()["resources"]
    }


async def _group(admin: AIOKafkaAdminClient, group: str) -> GroupState:
    for _ in range(COORDINATOR_TRIES):
        try:
            described = (await admin.describe_consumer_groups([group]))[0].to_object()["groups"][0]
            offsets = await admin.list_consumer_group_offsets(group)
        except GroupCoordinatorNotAvailableError:
            await asyncio.sleep(BETWEEN_TRIES_S)
            continue
        reached = {
            TopicPartition(tp.topic, tp.partition): meta.offset
            for tp, meta in offsets.items()
            if meta.offset >= 0
        }
        return GroupState(described["state"], len(described["members"]), reached)
    return NO_GROUP
