"""What an operator does on a secured cluster, by the rights of that role alone."""

import sys
from pathlib import Path

import pytest

from plantstream.commands.apply import published
from plantstream.embedded import child
from plantstream.runtime.kafka.broker import KafkaBroker
from plantstream.runtime.kafka.whole import read_partitions
from plantstream.runtime.ports import Record
from processors.streams.batch import dead_letter
from schemas.topics import Role
from tests.ingest.kit import PLANT
from tests.makers import MONDAY
from tests.parts import RunningKafka
from tests.security.services import environment

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="session"),
]

BURIED_AT = 3
"""A partition, and an offset far behind what the test itself sends there."""
WHO = ("--as", "Ana", "--reason", "the reader was mended", "--site", "acme/north")


@pytest.mark.parametrize("topic", ["plant.machine.v1", "plant.telemetry.v1"])
async def test_an_operator_replays_what_edges_wrote(
    kafka: RunningKafka, tmp_path: Path, topic: str
) -> None:
    record = Record(topic, BURIED_AT, BURIED_AT, b"key", b"{nope")
    async with KafkaBroker(kafka.embedded.settings(Role.PROCESSOR)) as broker:
        await broker.send([dead_letter(record, "oee", "no JSON", MONDAY)])
    letter = f"{topic}/{record.partition}/{record.offset}"
    operator = kafka.embedded.settings(Role.OPERATOR)
    argv = (sys.executable, "-m", "plantstream", "deadletters", "replay", letter, *WHO)
    log = tmp_path / "replay.log"

    assert await child.run(argv, log, environment(operator)) == 0, log.read_text()

    replayed = [one async for one in read_partitions(operator, topic, [BURIED_AT])]
    ours = [(one.key, one.value) for one in replayed if one.key == b"key"]
    assert ours == [(b"key", b"{nope")]


async def test_an_operator_applies_a_plant_file(kafka: RunningKafka, tmp_path: Path) -> None:
    file, log = tmp_path / "plant.yaml", tmp_path / "apply.log"
    file.write_text(PLANT)
    operator = kafka.embedded.settings(Role.OPERATOR)
    argv = (sys.executable, "-m", "plantstream", "apply", file)
    who = ("--as", "Ana", "--reason", "new calendar")

    assert await child.run((*map(str, argv), *who), log, environment(operator)) == 0, (
        log.read_text()
    )

    (applied,) = [one for one in await published(operator) if one.number == 1]
    assert (applied.applied_by, applied.text) == ("Ana", PLANT)
