"""The examples of docs/topics.md, run as somebody else's program that may only read."""

import asyncio
import json
import os
import re
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from plantstream.embedded import child
from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.kafka.admin import describe_cluster
from plantstream.runtime.kafka.broker import KafkaBroker
from plantstream.runtime.kafka.whole import read_partitions
from plantstream.runtime.ports import Outgoing
from plantstream.runtime.settings import KafkaSettings
from schemas.codec import encode
from schemas.machine import MachineEvent
from schemas.partitioning import partition_of
from schemas.topics import KPI, MACHINE, Role
from tests.makers import Machine
from tests.parts import RunningKafka, eventually
from tests.security.conftest import CONSUMER, GUEST
from tests.security.services import environment

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="session"),
]

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
WITHIN_S = 30.0


async def say(kafka: RunningKafka, events: list[MachineEvent]) -> None:
    """As an edge that sends each event twice, and the first once more at the end."""
    repeated = [one for event in events for one in (event, event)] + [events[0]]
    async with KafkaBroker(kafka.embedded.settings(Role.EDGE)) as broker:
        for event in repeated:
            key = event.equipment.encode()
            place = partition_of(key, MACHINE.partitions)
            await broker.send([Outgoing(MACHINE.name, place, key, encode(event))])


def stored(file: Path, equipment: str) -> list[str]:
    if not file.exists():
        return []
    with closing(sqlite3.connect(file)) as db:
        try:
            found = db.execute("SELECT type FROM event WHERE equipment = ?", (equipment,))
        except sqlite3.OperationalError:
            return []
        return [kind for (kind,) in found]


def login(kafka: KafkaSettings) -> dict[str, str]:
    assert kafka.sasl_username
    assert kafka.sasl_password
    return {
        "KAFKA_SERVERS": kafka.bootstrap_servers,
        "KAFKA_CA": str(kafka.ssl_ca_file),
        "KAFKA_USER": kafka.sasl_username,
        "KAFKA_PASSWORD": kafka.sasl_password.get_secret_value(),
    }


async def test_the_consumer_is_a_page_and_needs_nothing_of_ours() -> None:
    text = (EXAMPLES / "consumer.py").read_text(encoding="utf-8")
    imported = re.findall(r"^(?:import|from) (\w+)", text, re.MULTILINE)
    assert set(imported) <= {*sys.stdlib_module_names, "aiokafka"}
    assert len([line for line in text.splitlines() if line.strip()]) <= 40


async def test_the_python_consumer_stores_every_event_once_also_after_a_restart(
    kafka: RunningKafka, tmp_path: Path
) -> None:
    env = login(kafka.embedded.settings(CONSUMER))
    file = tmp_path / "events.sqlite"
    argv = (sys.executable, str(EXAMPLES / "consumer.py"), str(file))
    press = Machine(equipment="acme/north/hall/one/consumed")
    for _ in range(2):
        await say(kafka, [press.state(0, "running"), press.parts(10, good=5)])
        process = await child.spawn(argv, tmp_path / "consumer.log", env)
        try:
            await eventually(
                lambda: len(stored(file, press.equipment)) >= len(press.said), WITHIN_S
            )
        finally:
            await child.end(process, stop_s=5)
        assert stored(file, press.equipment) == [event.type for event in press.said]


@pytest.fixture
def kcat(kafka: RunningKafka, tmp_path: Path) -> dict[str, str]:
    """The environment of kcat, with the committed configuration filled in."""
    if shutil.which("kcat") is None:
        pytest.skip("kcat is missing")
    settings = kafka.embedded.settings(CONSUMER)
    assert settings.sasl_password
    told = {
        "bootstrap.servers": settings.bootstrap_servers,
        "ssl.ca.location": str(settings.ssl_ca_file),
        "sasl.password": settings.sasl_password.get_secret_value(),
    }
    text = (EXAMPLES / "kcat.conf").read_text(encoding="utf-8")
    for name, value in told.items():
        text, changed = re.subn(
            rf"^{re.escape(name)}=.*$", f"{name}={value}", text, flags=re.MULTILINE
        )
        assert changed == 1
    (tmp_path / "kcat.conf").write_text(text, encoding="utf-8")
    return os.environ | {"KCAT_CONFIG": str(tmp_path / "kcat.conf")}


async def ran(*argv: object, env: dict[str, str], said: bytes = b"") -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *map(str, argv),
        env=env,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(WITHIN_S):
        out, err = await process.communicate(said)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_kcat_prints_every_event_once(kafka: RunningKafka, kcat: dict[str, str]) -> None:
    press = Machine(equipment="acme/north/hall/one/printed")
    events = [press.state(0, "running"), press.parts(10, good=5)]
    await say(kafka, events)

    code, out, err = await ran(EXAMPLES / "kcat.sh", MACHINE.name, "-e", env=kcat)

    assert (code, err) == (0, "")
    lines = [line for line in out.splitlines() if press.equipment in line]
    assert lines == [encode(event).decode() for event in events]


async def test_kcat_follows_a_topic_and_prints_at_once(
    kafka: RunningKafka, kcat: dict[str, str]
) -> None:
    press = Machine(equipment="acme/north/hall/one/followed")
    process = await asyncio.create_subprocess_exec(
        EXAMPLES / "kcat.sh",
        MACHINE.name,
        env=kcat,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        assert process.stdout
        async with asyncio.timeout(WITHIN_S):
            await say(kafka, [press.state(0, "running")])
            while press.equipment.encode() not in await process.stdout.readline():
                pass
    finally:
        await child.end(process, stop_s=5)


async def test_what_a_reader_writes_with_kcat_is_refused(kcat: dict[str, str]) -> None:
    code, _, err = await ran("kcat", "-P", "-t", MACHINE.name, env=kcat, said=b"{}\n")
    assert "Topic authorization failed" in err
    assert code == 1


async def test_a_grant_lets_a_user_read_that_topic_and_says_what_it_gave(
    kafka: RunningKafka,
) -> None:
    guest = kafka.embedded.settings(GUEST)
    assert KPI.name not in (await describe_cluster(guest)).topics
    grant = (sys.executable, "-m", "plantstream", "topics", "grant", GUEST, "kpi", "--json")

    refused = await ran(*grant, env=os.environ | environment(kafka.embedded.settings(Role.EDGE)))
    code, out, err = await ran(*grant, env=os.environ | environment(kafka.settings))

    assert refused[0] == 78
    assert "refused: " in refused[2]
    assert code == 0, err
    assert [(one["may"], one["what"], one["name"]) for one in json.loads(out)] == [
        ("read", "topic", KPI.name),
        ("read", "group", f"{GUEST}-*"),
    ]
    await _until_it_may(guest)
    assert {one.source.topic async for one in read_partitions(guest, KPI.name, [0])} <= {KPI.name}
    with pytest.raises(MisconfiguredError, match="refused"):
        async with KafkaBroker(guest) as broker:
            await broker.send([Outgoing(KPI.name, 0, b"key", b"{}")])


async def _until_it_may(guest: KafkaSettings) -> None:
    """A broker applies a right moments after it took it."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            if set((await describe_cluster(guest)).topics) == {KPI.name}:
                return
            await asyncio.sleep(0.1)
