"""What cannot be read is a dead letter with reason and position; everything else goes on."""

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from plantstream.commands.scrape import total
from plantstream.runtime import clock
from plantstream.runtime.errors import RejectedError
from plantstream.runtime.kafka.broker import KafkaBroker
from plantstream.runtime.ports import Outgoing
from schemas.codec import encode
from schemas.machine import Heartbeat
from schemas.record import EventId
from schemas.telemetry import Column, TelemetryFrame
from schemas.topics import MACHINE, TELEMETRY, Topic
from tests.integration.line import Line, Running
from tests.integration.press import PLANT, RECORDING, excerpt, needs_recording, oracle, read_rows
from tests.integration.truth import assert_oee_is

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.timeout(180),
    pytest.mark.asyncio(loop_scope="session"),
]

GOOD_ROWS = (27_900, 28_200)
"""Rows around the end of one batch and the beginning of the next."""
LIMIT_S = 30.0
TEN_MB = 10_000_000
PARTITION = 3
LETTERS = """
    SELECT service, record_offset, reason, size FROM dead_letter
    WHERE topic = %s AND partition = %s AND record_offset >= %s ORDER BY service, record_offset
"""
NOBODY = "example/tabletting/compression/line-1/nobody"


def heartbeat() -> bytes:
    now = clock.now()
    about = {"plant_version": "v", "source_time": now, "ingest_time": now, "run": "bad"}
    named = EventId(source="test", epoch="e", seq=0)
    return encode(Heartbeat.model_validate({"id": named, "equipment": NOBODY, **about}))


def frame() -> bytes:
    now = clock.now()
    about = {"plant_version": "v", "source_time": now, "ingest_time": now, "run": "bad"}
    named = EventId(source="test", epoch="e", seq=0)
    column = Column(tag="t", offset_ms=[0], numbers=[1.0])
    whole = {"id": named, "equipment": NOBODY, "columns": [column], **about}
    return encode(TelemetryFrame.model_validate(whole))


def changed(value: bytes, **fields: object) -> bytes:
    return json.dumps(json.loads(value) | fields).encode()


@pytest.mark.parametrize(
    ("topic", "event", "services"),
    [
        pytest.param(
            MACHINE, heartbeat(), ["process/oee", "process/rules", "sink"], id="plant.machine.v1"
        ),
        pytest.param(TELEMETRY, frame(), ["process/rules", "sink"], id="plant.telemetry.v1"),
    ],
)
async def test_what_is_no_event_is_buried(
    line: Line, topic: Topic, event: bytes, services: list[str]
) -> None:
    bad = {
        b"no json": "no JSON",
        b"[1, 2]": "no JSON object",
        changed(event, version=7): "unknown version '7' of",
        changed(event, type="rumour"): "unknown type 'rumour'",
        changed(event, source_time="yesterday"): "source_time:",
        changed(event, source_time="2026-03-01T06:00:00"): "time has no zone",
        b"\xff\xfe" * 100: "no JSON",
    }
    records = [(b"key", value) for value in bad] + [(b"", event)]
    reasons = [*bad.values(), "the record has no key"]
    start = (await line.ends(topic))[PARTITION]
    counted = {service: await buried(line, service) for service in services}

    await send(line, topic, records)

    found = await letters(line, topic, start, len(records) * len(services))
    for service in services:
        of_service = [row[1:] for row in found if row[0] == service]
        assert [offset for offset, _, _ in of_service] == [*range(start, start + len(records))]
        assert [size for _, _, size in of_service] == [len(value) for _, value in records]
        for (_, reason, _), expected in zip(of_service, reasons, strict=True):
            assert expected in reason
        assert await buried(line, service) == counted[service] + len(records)


async def test_ten_megabytes_are_refused_and_others_are_sent(line: Line) -> None:
    with pytest.raises(RejectedError):
        await send(line, MACHINE, [(b"key", b"x" * TEN_MB)])
    await send(line, TELEMETRY, [(b"key", b"still there")])


@needs_recording
async def test_bad_rows_are_letters_and_the_others_are_counted(line: Line, tmp_path: Path) -> None:
    rows = read_rows(excerpt(tmp_path / "good.csv", *GOOD_ROWS))
    recording, expected = with_bad_rows(tmp_path / "bad.csv", tmp_path / "good.csv")

    # Held at its second batch, so that its metrics can be read when everything is read.
    replay = await line.start_replay(recording, "bad-rows", fault="publisher.acknowledged@2")
    try:
        await unreadable(replay, len(expected))
        found = await replay.metrics()
        problem = "plantstream_edge_problems_total"
        assert found[problem, (("reason", "wrong_value"),)] == 3
        assert found[problem, (("reason", "counter_not_a_number"),)] == 2
    finally:
        await replay.stop()
    await line.replay(recording, "bad-rows")

    stored = await line.sql(
        "SELECT line, reason FROM dead_letter WHERE service = 'ingest' AND file = %s ORDER BY line",
        recording.name,
    )
    assert [number for number, _ in stored] == list(expected)
    for (_, reason), wanted in zip(stored, expected.values(), strict=True):
        assert wanted in reason
    bad_values = await line.one(
        "SELECT count(*) FROM telemetry"
        " WHERE run = 'bad-rows' AND tag = 'ejection' AND value IS NULL AND quality <> 0"
    )
    assert bad_values == 3
    await assert_oee_is(line, "bad-rows", oracle(rows))


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(("up", "--plant"), id="up"),
        pytest.param(("ingest", "--plant"), id="ingest"),
        pytest.param(("replay", RECORDING, "--map", PLANT, "--embedded", "--plant"), id="replay"),
    ],
)
@needs_recording
async def test_a_wrong_plant_file_starts_nothing(
    line: Line, tmp_path: Path, command: tuple[str | Path, ...]
) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(PLANT.read_text().replace("ideal_cycle_s: 0.03", "ideal_cycle: 0.03"))
    number = next(
        number
        for number, text in enumerate(wrong.read_text().splitlines(), 1)
        if "ideal_cycle:" in text
    )

    done = await line.command(*command, wrong, "--data-dir", tmp_path / "data")

    assert done.code == 78
    assert f"wrong.yaml:{number}:" in done.err
    assert "ideal_cycle: unknown key; did you mean ideal_cycle_s?" in done.err
    assert "Traceback" not in done.err
    assert not (tmp_path / "data").exists()


def with_bad_rows(path: Path, good: Path) -> tuple[Path, dict[int, str]]:
    """The good recording with bad lines in between, and what is said of each by line number."""
    header, first, *rest = good.read_bytes().splitlines()
    cells = first.split(b";")
    bad = {
        b"\xff\xfe\xfd": "not UTF-8 at byte 1",
        b";".join(cells[:-1]): "15 columns instead of 16",
        b";".join([*cells, b"1"]): "17 columns instead of 16",
        b";".join([b"yesterday", *cells[1:]]): "no time as",
        b";".join([b"2019-09-01 00:00:00", *cells[1:]]): "time runs backwards",
        b"x" * TEN_MB: f"a line of {TEN_MB + 1} bytes",
    }
    values = with_bad_values(rest[:5])
    lines = [header, first, *bad, *values, *rest[5:]]
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path, dict(enumerate(bad.values(), 3))


def with_bad_values(lines: Iterable[bytes]) -> list[bytes]:
    """Three wrong numbers in a plain column, two in a counter's; the next row makes up for it."""
    rows = [line.split(b";") for line in lines]
    for row, value in zip(rows, (b"nan", b"-inf", b"three"), strict=False):
        row[15] = value
    for row, value in zip(rows, (b"inf", b"many"), strict=False):
        row[10] = value
    return [b";".join(row) for row in rows]


async def send(line: Line, topic: Topic, records: Iterable[tuple[bytes, bytes]]) -> None:
    async with KafkaBroker(line.kafka) as broker:
        await broker.send([Outgoing(topic.name, PARTITION, key, value) for key, value in records])


async def letters(line: Line, topic: Topic, start: int, number: int) -> list[tuple[Any, ...]]:
    """The dead letters of what was put there, once all are in SQL."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            found = await line.sql(LETTERS, topic.name, PARTITION, start)
            if len(found) >= number:
                return found
            await asyncio.sleep(0.1)


async def buried(line: Line, service: str) -> float:
    if service == "sink":
        return await line.metric("sink", "plantstream_sink_dead_letters_total")
    records = "plantstream_processor_records_total"
    engine = service.removeprefix("process/")
    page = "process" if engine == "oee" else "alerts"
    return await line.metric(page, records, engine=engine, outcome="buried")


async def unreadable(replay: Running, number: int) -> None:
    """Wait until so many lines were given up."""
    async with asyncio.timeout(LIMIT_S):
        while total(await replay.metrics(), "plantstream_edge_unreadable_total") < number:
            replay.must_live()
            await asyncio.sleep(0.05)
