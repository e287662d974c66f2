"""Rights in Kafka (ACLs): who may do what with which topics, groups and transactions."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import for_code
from aiokafka.protocol.admin import CreateAclsRequest

from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.kafka.client import client_arguments, translated
from plantstream.runtime.settings import KafkaSettings
from schemas.topics import CATALOGUE, Role, Topic

ANY_HOST = "*"
ENGINES = ("oee", "rules", "site", "dispatch", "quality", "audit")
"""Of the processor: each has a consumer group, and transactions per partition."""
APPLYING = "plantstream-apply-"
"""Of the transactions by which an operator applies plant files; the site follows."""
GROUPS = {
    Role.PROCESSOR: tuple(f"plantstream-{engine}" for engine in ENGINES),
    Role.SINK: ("plantstream-timescale",),
    Role.NOTIFIER: ("plantstream-notify",),
    Role.EXPORTER: ("plantstream-metrics",),
}
"""The consumer groups of each service; names of those that each site has begin so."""
_PER_SITE = frozenset({"plantstream-notify", "plantstream-metrics"})
_ALLOW = 3
_LITERAL = 3
_PREFIXED = 4
_NO_AUTHORIZER = 54


class Resource(IntEnum):
    """What a right is about; the numbers are Kafka's."""

    TOPIC = 2
    GROUP = 3
    CLUSTER = 4
    TRANSACTIONAL_ID = 5


class Operation(IntEnum):
    """What a right allows; the numbers are Kafka's. READ and WRITE include DESCRIBE."""

    ALL = 2
    READ = 3
    WRITE = 4
    CREATE = 5
    DELETE = 6
    ALTER = 7
    DESCRIBE = 8
    DESCRIBE_CONFIGS = 10
    ALTER_CONFIGS = 11
    IDEMPOTENT_WRITE = 12


@dataclass(frozen=True)
class Grant:
    """A user may do these operations on a resource, or on all whose names begin with `name`."""

    user: str
    resource: Resource
    name: str
    operations: frozenset[Operation]
    prefixed: bool = False


def grants(role: Role, user: str) -> list[Grant]:
    """What a user in this role needs, out of the catalogue, and no more.

    An idempotent producer needs no right of its own: since Kafka 3.0 the right to write a topic
    includes it. Faust needs none beside those of its group and its topics, because it creates no
    topic and elects no leader.
    """
    given = [
        Grant(user, Resource.TOPIC, topic.name, frozenset(operations))
        for topic in CATALOGUE
        if (operations := _on_topic(role, topic))
    ]
    joins = frozenset({Operation.READ})
    given += [_group(user, name, joins) for name in GROUPS.get(role, ())]
    if role is Role.PROCESSOR:
        given += [_transactions(user, f"plantstream-{engine}-") for engine in ENGINES]
    if role is Role.OPERATOR:
        # How far each service is: doctor and replay ask it.
        looks = frozenset({Operation.DESCRIBE})
        groups = [name for names in GROUPS.values() for name in names]
        given += [_group(user, name, looks) for name in groups]
        given.append(_transactions(user, APPLYING))
    return given


def reading(user: str, topics: Iterable[Topic]) -> list[Grant]:
    """What somebody else's program needs to read these topics, and no more.

    Its consumer groups begin with its own name and a dash, so that no two programs move each
    other's positions.
    """
    reads = frozenset({Operation.READ})
    return [
        *(Grant(user, Resource.TOPIC, topic.name, reads) for topic in topics),
        Grant(user, Resource.GROUP, groups_of(user), reads, prefixed=True),
    ]


def groups_of(user: str) -> str:
    """How the consumer groups of somebody else's program begin.

    Raises:
        MisconfiguredError: it could move the positions of our own services, or is everybody.
    """
    prefix = f"{user}-"
    ours = [name for names in GROUPS.values() for name in names if f"{name}-".startswith(prefix)]
    if ours:
        raise MisconfiguredError(
            f"user {user} would have rights to the group {ours[0]}, which is a service's: "
            "give the program a user of another name"
        )
    if not user.strip() or "*" in user:
        raise MisconfiguredError(
            f"user {user!r} is nobody in particular: name the user with which the program logs in"
        )
    return prefix


async def allow(settings: KafkaSettings, grants: Iterable[Grant]) -> None:
    """Give rights, as a user who may; giving one again changes nothing.

    A broker answers once its controller has stored the right, and applies it moments later.
    """
    client = AIOKafkaClient(**client_arguments(settings))
    with translated("setting rights", settings):
        try:
            await client.bootstrap()
            for grant in grants:
                for operation in sorted(grant.operations):
                    await _create(client, grant, operation)
        finally:
            await client.close()


def _group(user: str, name: str, operations: frozenset[Operation]) -> Grant:
    return Grant(user, Resource.GROUP, name, operations, prefixed=name in _PER_SITE)


def _transactions(user: str, prefix: str) -> Grant:
    transact = frozenset({Operation.WRITE, Operation.DESCRIBE})
    return Grant(user, Resource.TRANSACTIONAL_ID, prefix, transact, prefixed=True)


def _on_topic(role: Role, topic: Topic) -> set[Operation]:
    operations: set[Operation] = set()
    if role in topic.readers:
        operations.add(Operation.READ)
    if role in topic.writers:
        operations.add(Operation.WRITE)
    if role is Role.OPERATOR:
        # `topics apply` creates and configures all of them, and looks at where each ends.
        operations |= {Operation.CREATE, Operation.DESCRIBE, Operation.ALTER_CONFIGS}
    return operations


async def _create(client: AIOKafkaClient, grant: Grant, operation: Operation) -> None:
    request = CreateAclsRequest(
        resource_type=int(grant.resource),
        resource_name=grant.name,
        resource_pattern_type_filter=_PREFIXED if grant.prefixed else _LITERAL,
        principal=f"User:{grant.user}",
        host=ANY_HOST,
        operation=int(operation),
        permission_type=_ALLOW,
    )
    response = await client.send(client.get_random_node(), request)
    for answer in response.to_object()["creation_responses"]:
        if answer["error_code"] == _NO_AUTHORIZER:
            raise MisconfiguredError(
                f"this Kafka checks no rights, so everybody may do everything ({grant.user}, too): "
                "set authorizer.class.name on the brokers"
            )
        if answer["error_code"]:
            raise for_code(answer["error_code"])(f"{grant}: {answer['error_message']}")
