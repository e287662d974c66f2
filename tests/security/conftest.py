"""A broker that lets in whom it knows, for what the catalogue says, and a database beside it."""

import asyncio
from collections.abc import AsyncIterator
from itertools import chain
from pathlib import Path

import pytest
import pytest_asyncio
import trustme
from pydantic import SecretStr

from plantstream.embedded.kafka_config import KafkaSecurity
from plantstream.runtime.acl import GROUPS, Grant, Operation, Resource, allow, grants, reading
from plantstream.runtime.errors import PlantstreamError
from plantstream.runtime.kafka.admin import apply_topics, committed_offsets
from plantstream.runtime.settings import KafkaSettings
from schemas.topics import CATALOGUE, Role
from sinks.timescale.migrate import migrate
from tests.parts import (
    PlainLogins,
    RunningKafka,
    RunningTimescale,
    running_kafka,
    running_timescale,
)
from tests.plantstream.embedded.conftest import write_keystore

READER = "reader"
"""A user of no role, who may read every topic."""
CONSUMER = "consumer"
"""Somebody else's program: it reads what is an interface, in groups of its own."""
GUEST = "guest"
"""Without rights, until a test gives it some."""
STRANGER = "stranger"
"""A user without any right."""
USERS = ("admin", READER, CONSUMER, GUEST, STRANGER)
APPLIED_WITHIN_S = 10.0

shared = pytest_asyncio.fixture(scope="session", loop_scope="session")


@shared
async def kafka(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningKafka]:
    """A user per role, named like it, with its grants; all topics, made by the operator."""
    security = _security(tmp_path_factory.mktemp("certificates"))
    home = tmp_path_factory.mktemp("kafka")
    plain = PlainLogins({CONSUMER: security.users[CONSUMER]})
    async with running_kafka(home, security=security, beside=plain) as running:
        reads = frozenset({Operation.READ})
        given = [Grant(READER, Resource.TOPIC, topic.name, reads) for topic in CATALOGUE]
        given += reading(CONSUMER, [topic for topic in CATALOGUE if topic.types])
        for role in Role:
            given += grants(role, role)
        await allow(running.settings, given)
        operator = running.embedded.settings(Role.OPERATOR)
        await _until_applied(operator)
        await apply_topics(operator, CATALOGUE)
        yield running


@shared
async def timescale(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningTimescale]:
    async with running_timescale(tmp_path_factory.mktemp("timescale")) as running:
        await asyncio.to_thread(migrate, running.settings)
        yield running


def _security(home: Path) -> KafkaSecurity:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(home / "ca.pem"))
    trustme.CA().cert_pem.write_to_path(str(home / "other.pem"))
    return KafkaSecurity(
        keystore=write_keystore(authority, home / "broker.pem"),
        truststore=home / "ca.pem",
        users={
            name: SecretStr(f"{name}-word")
            for name in ("admin", READER, CONSUMER, GUEST, STRANGER, *Role)
        },
    )


async def _until_applied(operator: KafkaSettings) -> None:
    """Rights take effect in the order in which they were given; the operator's are the last.

    A new broker's groups need a moment, too.
    """
    async with asyncio.timeout(APPLIED_WITHIN_S):
        while True:
            try:
                for group in chain.from_iterable(GROUPS.values()):
                    await committed_offsets(operator, group)
            except PlantstreamError:
                await asyncio.sleep(0.1)
            else:
                return
