"""Who is not let in, and who tries what is not theirs: refused, and told why."""

import asyncio
import json
import os
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from plantstream.embedded import child
from plantstream.runtime.acl import APPLYING
from plantstream.runtime.errors import (
    EXIT_MISCONFIGURED,
    MisconfiguredError,
    PlantstreamError,
    UnavailableError,
)
from plantstream.runtime.kafka import client
from plantstream.runtime.kafka.admin import describe_cluster
from plantstream.runtime.kafka.broker import KafkaBroker
from plantstream.runtime.kafka.exclusive import exclusively
from plantstream.runtime.kafka.journal import KafkaJournal
from plantstream.runtime.kafka.reader import KafkaGroupReader
from plantstream.runtime.kafka.whole import read_partitions
from plantstream.runtime.ports import Outgoing
from plantstream.runtime.settings import KafkaSettings
from schemas.topics import CATALOGUE, Role
from tests.parts import RunningKafka, RunningTimescale, free_port
from tests.security.conftest import CONSUMER, READER, STRANGER
from tests.security.services import environment

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="session"),
]

REFUSED_WITHIN_S = 20.0


@dataclass(frozen=True)
class Attempt:
    """A user who writes or reads what is not theirs."""

    user: str
    topic: str


WRITES = [
    *(Attempt(READER, topic.name) for topic in CATALOGUE),
    Attempt(CONSUMER, "plant.machine.v1"),
    *(
        Attempt(role, topic.name)
        for role in Role
        for topic in CATALOGUE
        if role not in topic.writers
    ),
]


WRITERS = {role for topic in CATALOGUE for role in topic.writers}
WRITTEN = [Attempt(Role.EDGE, "plant.telemetry.v1")]
"""A writer sees its topic and where it ends; reading is refused once there is something to read."""


def told(attempt: Attempt) -> str:
    return f"{attempt.user} {attempt.topic}"


async def test_what_must_fail_is_among_the_attempts() -> None:
    for user, topic in [
        (Role.SINK, "plant.telemetry.v1"),
        (Role.EDGE, "plant.kpi.v1"),
        (Role.PROCESSOR, "plant.telemetry.v1"),
        (READER, "plant.machine.v1"),
    ]:
        assert Attempt(user, topic) in WRITES


@pytest.mark.parametrize("attempt", WRITES, ids=told)
async def test_nobody_writes_what_is_not_theirs(kafka: RunningKafka, attempt: Attempt) -> None:
    settings = kafka.embedded.settings(attempt.user)
    async with asyncio.timeout(REFUSED_WITHIN_S):
        with pytest.raises(MisconfiguredError, match=r"sending records .*refused") as why:
            await send(settings, attempt.topic)
    assert f"user {attempt.user}" in str(why.value)
    if attempt.user in WRITERS:  # who may write nothing at all is refused before any topic
        assert attempt.topic in str(why.value)


@pytest.mark.parametrize("role", [*Role, STRANGER])
async def test_nobody_sees_topics_that_are_not_theirs(kafka: RunningKafka, role: str) -> None:
    seen = await describe_cluster(kafka.embedded.settings(role))
    theirs = {
        topic.name
        for topic in CATALOGUE
        if role in {*topic.readers, *topic.writers} or role == Role.OPERATOR
    }
    assert set(seen.topics) == theirs


@pytest.mark.parametrize(
    "attempt",
    [
        pytest.param(Attempt(Role.EDGE, "plant.kpi.v1"), id="the edge reads no KPI"),
        pytest.param(*WRITTEN, id="nor what it has written"),
        pytest.param(Attempt(Role.SINK, "plant.oee.state.v1"), id="the sink reads no memory"),
        pytest.param(Attempt(CONSUMER, "plant.oee.state.v1"), id="a memory is no interface"),
        pytest.param(Attempt(STRANGER, "plant.machine.v1"), id="a stranger reads nothing"),
    ],
)
async def test_nobody_reads_what_is_not_theirs(
    kafka: RunningKafka, attempt: Attempt, monkeypatch: pytest.MonkeyPatch
) -> None:
    if attempt in WRITTEN:
        await send(kafka.embedded.settings(attempt.user), attempt.topic)
    monkeypatch.setattr(client, "REQUEST_TIMEOUT_MS", 2000)
    settings = kafka.embedded.settings(attempt.user)
    async with asyncio.timeout(REFUSED_WITHIN_S):
        with pytest.raises(MisconfiguredError, match=f"reading {attempt.topic} .*refused") as why:
            _ = [record async for record in read_partitions(settings, attempt.topic, [0])]
    assert f"user {attempt.user}" in str(why.value)


async def send(settings: KafkaSettings, topic: str) -> None:
    async with KafkaBroker(settings) as broker:
        await broker.send([Outgoing(topic, 0, b"key", b"value")])


async def test_nobody_else_claims_the_processors_transactions(kafka: RunningKafka) -> None:
    settings = kafka.embedded.settings(Role.SINK)
    async with KafkaJournal(settings, "oee", "plant.oee.state.v1") as journal:
        with pytest.raises(MisconfiguredError, match="TransactionalIdAuthorizationFailed"):
            await journal.claim([0])


@pytest.mark.parametrize("role", [one for one in Role if one is not Role.OPERATOR])
async def test_nobody_but_an_operator_applies_plant_files(kafka: RunningKafka, role: Role) -> None:
    settings = kafka.embedded.settings(role)
    with pytest.raises(MisconfiguredError, match="TransactionalIdAuthorizationFailed"):
        async with exclusively(settings, f"{APPLYING}acme/north"):
            pass


async def test_an_operator_claims_no_transactions_of_the_processor(kafka: RunningKafka) -> None:
    settings = kafka.embedded.settings(Role.OPERATOR)
    async with KafkaJournal(settings, "oee", "plant.oee.state.v1") as journal:
        with pytest.raises(MisconfiguredError, match="TransactionalIdAuthorizationFailed"):
            await journal.claim([0])


async def test_nobody_else_joins_the_sinks_group(kafka: RunningKafka) -> None:
    settings = kafka.embedded.settings(Role.PROCESSOR)
    topics = ["plant.machine.v1"]
    async with asyncio.timeout(REFUSED_WITHIN_S):
        with pytest.raises(MisconfiguredError, match="GroupAuthorizationFailed"):
            await read_as_member(settings, "plantstream-timescale", topics)


async def read_as_member(settings: KafkaSettings, group: str, topics: list[str]) -> None:
    async with KafkaGroupReader(settings, group, topics) as reader:
        while True:
            await reader.poll(1)


WRONG = "open-sesame"
WRONG_PASSWORD = {"sasl_password": SecretStr(WRONG)}
UNKNOWN_USER = {"sasl_username": "nobody"}


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        pytest.param(
            WRONG_PASSWORD,
            MisconfiguredError,
            "invalid credentials.*; see PLANTSTREAM_KAFKA_SASL_USERNAME and .*_PASSWORD",
            id="password",
        ),
        pytest.param(UNKNOWN_USER, MisconfiguredError, "invalid credentials", id="user"),
        pytest.param(
            {"sasl_mechanism": "SCRAM-SHA-256"},
            MisconfiguredError,
            "does not support|UnsupportedSaslMechanism",
            id="mechanism",
        ),
        pytest.param(
            {"ssl_ca_file": None},
            MisconfiguredError,
            "certificate is not trusted.*PLANTSTREAM_KAFKA_SSL_CA_FILE",
            id="no authority",
        ),
        pytest.param(
            {"ssl_ca_file": "other.pem"},
            MisconfiguredError,
            "certificate is not trusted.*PLANTSTREAM_KAFKA_SSL_CA_FILE",
            id="another authority",
        ),
        pytest.param(
            {"security_protocol": "PLAINTEXT"},
            UnavailableError,
            "does it speak PLAINTEXT.*PLANTSTREAM_KAFKA_SECURITY_PROTOCOL",
            id="plain text",
        ),
        pytest.param(
            {"security_protocol": "SSL"},
            UnavailableError,
            "does it speak SSL.*PLANTSTREAM_KAFKA_SECURITY_PROTOCOL",
            id="no login",
        ),
    ],
)
async def test_who_is_not_let_in_is_told_why(
    kafka: RunningKafka, changes: dict[str, object], error: type[PlantstreamError], said: str
) -> None:
    edge = kafka.embedded.settings(Role.EDGE)
    if changes.get("ssl_ca_file") == "other.pem":
        assert edge.ssl_ca_file
        changes = {"ssl_ca_file": edge.ssl_ca_file.with_name("other.pem")}
    async with asyncio.timeout(REFUSED_WITHIN_S):
        with pytest.raises(error, match=said) as caught:
            await send(edge.model_copy(update=changes), "plant.telemetry.v1")
    assert WRONG not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("name", ["process", "sink"])
async def test_a_service_with_a_wrong_password_stops_and_says_so(
    kafka: RunningKafka, timescale: RunningTimescale, tmp_path: Path, name: str
) -> None:
    user = Role.PROCESSOR if name == "process" else Role.SINK
    wrong = kafka.embedded.settings(user).model_copy(update=WRONG_PASSWORD)
    env = environment(wrong, timescale.settings)
    assert "invalid credentials" in await last_words(name, env, tmp_path)


@pytest.mark.parametrize("name", ["process", "sink"])
async def test_a_service_with_the_rights_of_another_stops_and_says_so(
    kafka: RunningKafka, timescale: RunningTimescale, tmp_path: Path, name: str
) -> None:
    user = Role.SINK if name == "process" else Role.PROCESSOR
    env = environment(kafka.embedded.settings(user), timescale.settings)
    assert "GroupAuthorizationFailed" in await last_words(name, env, tmp_path)


async def last_words(name: str, env: dict[str, str], home: Path) -> str:
    """Why a service cannot run."""
    argv = (sys.executable, "-m", "plantstream", name, "--port", str(free_port()))
    log = home / f"{name}.log"
    async with asyncio.timeout(REFUSED_WITHIN_S):
        code = await child.run(argv, log, os.environ | env)
    assert code == EXIT_MISCONFIGURED, log.read_text()
    assert WRONG not in log.read_text()
    said = json.loads(log.read_text().splitlines()[-1])
    assert said["event"] == "cannot run"
    return str(said["reason"])
