"""Creating topics, and looking at them."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from plantstream.runtime.errors import MisconfiguredError, UnavailableError
from plantstream.runtime.kafka.client import client_arguments, stop, translated
from plantstream.runtime.ports import TopicPartition as OurTopicPartition
from plantstream.runtime.settings import KafkaSettings
from schemas.topics import REPLICATION, Topic

_EXISTS = 36


@dataclass(frozen=True, slots=True)
class TopicDifference:
    """What applying the catalogue did to one topic."""

    topic: str
    what: str


async def apply_topics(
    settings: KafkaSettings, catalogue: Sequence[Topic]
) -> Sequence[TopicDifference]:
    """Create the topics that are missing and set the configuration of the others.

    Raises:
        MisconfiguredError: a topic has another number of partitions; a count never changes.
    """
    async with _admin(settings) as admin:
        known = {one["topic"]: one for one in await admin.describe_topics()}
        missing = [topic for topic in catalogue if topic.name not in known]
        for topic in catalogue:
            if topic not in missing:
                _same_partitions(topic, len(known[topic.name]["partitions"]))
        if missing:
            response = await admin.create_topics(
                [
                    NewTopic(
                        topic.name,
                        topic.partitions,
                        REPLICATION[settings.profile],
                        topic_configs=topic.configuration(settings.profile),
                    )
                    for topic in missing
                ]
            )
            _check_created(response.topic_errors)
        present = [topic for topic in catalogue if topic not in missing]
        if present:
            await admin.alter_configs(
                [
                    ConfigResource(
                        ConfigResourceType.TOPIC,
                        topic.name,
                        configs=topic.configuration(settings.profile),
                    )
                    for topic in present
                ]
            )
        return [
            TopicDifference(topic.name, "created" if topic in missing else "configured")
            for topic in catalogue
        ]


@dataclass(frozen=True, slots=True)
class ClusterState:
    """What a broker says of itself and its topics."""

    cluster_id: str
    brokers: int
    topics: Mapping[str, int]
    """Partitions per topic."""


async def describe_cluster(settings: KafkaSettings) -> ClusterState:
    """Ask the broker who it is and what it has."""
    async with _admin(settings) as admin:
        cluster = await admin.describe_cluster()
        topics = {one["topic"]: len(one["partitions"]) for one in await admin.describe_topics()}
        return ClusterState(str(cluster["cluster_id"]), len(cluster["brokers"]), topics)


async def end_offsets(
    settings: KafkaSettings, topics: Collection[Topic], *, committed_only: bool = True
) -> dict[OurTopicPartition, int]:
    """The next offset of every partition of these topics."""
    consumer = AIOKafkaConsumer(
        **client_arguments(settings),
        isolation_level="read_committed" if committed_only else "read_uncommitted",
    )
    with translated("asking for end offsets", settings):
        try:
            await consumer.start()
            wanted = [
                TopicPartition(topic.name, partition)
                for topic in topics
                for partition in range(topic.partitions)
            ]
            found = await consumer.end_offsets(wanted)
        finally:
            await stop(consumer)
    return {OurTopicPartition(tp.topic, tp.partition): offset for tp, offset in found.items()}


async def committed_offsets(settings: KafkaSettings, group: str) -> dict[OurTopicPartition, int]:
    """How far a consumer group says it is."""
    async with aclosing(Groups(settings)) as groups:
        return await groups.reached(group)


class Groups:
    """Asks consumer groups how far they are; after a failure the next question connects anew."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._admin: AIOKafkaAdminClient | None = None

    async def reached(self, group: str) -> dict[OurTopicPartition, int]:
        """The next offset of each partition that this group was ever told of.

        Raises:
            UnavailableError: no broker answers.
        """
        with translated("asking a consumer group", self._settings):
            try:
                if self._admin is None:
                    self._admin = AIOKafkaAdminClient(**client_arguments(self._settings))
                    await self._admin.start()
                found = await self._admin.list_consumer_group_offsets(group)
            except BaseException:
                await self.aclose()
                raise
        return {
            OurTopicPartition(tp.topic, tp.partition): meta.offset
            for tp, meta in found.items()
            if meta.offset >= 0
        }

    async def aclose(self) -> None:
        """Close the connection."""
        admin, self._admin = self._admin, None
        if admin is not None:
            await admin.close()


@asynccontextmanager
async def _admin(settings: KafkaSettings) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(**client_arguments(settings))
    with translated("administering", settings):
        try:
            await client.start()
            yield client
        finally:
            await client.close()


def _same_partitions(topic: Topic, partitions: int) -> None:
    if partitions != topic.partitions:
        raise MisconfiguredError(
            f"{topic.name} has {partitions} partitions, the catalogue says {topic.partitions}; a "
            "count never changes, because keys would move: create a new version of the topic"
        )


def _check_created(topic_errors: Sequence[tuple[str, int, str]]) -> None:
    for name, code, *message in topic_errors:
        if code not in {0, _EXISTS}:
            raise UnavailableError(
                f"{name} was not created (error {code}): {' '.join(map(str, message))}"
            )
