"""The writer on real databases: fence, repeats, poison, lost connections."""

import asyncio
import json
from datetime import timedelta

import psycopg
import pytest
from pydantic import BaseModel
from structlog.testing import CapturingLogger

from plantstream.runtime.errors import FencedError, MisconfiguredError
from plantstream.runtime.ports import TopicPartition
from plantstream.runtime.settings import DatabaseSettings
from schemas.acts import Acknowledgement
from schemas.audit import AuditEntry
from schemas.codec import decode
from schemas.kpi import OeeReport, Quantities, TimeElements
from schemas.lab import Disposition, TestResult
from schemas.record import EventId
from schemas.telemetry import Column, TelemetryFrame
from schemas.topics import AUDIT_ENTRY, DEADLETTER, KPI, LAB, MACHINE, OPERATOR, TELEMETRY, Topic
from sinks.batch import Batch, outgoing
from sinks.sink import Written
from sinks.timescale import writer
from sinks.timescale.loss import accept_loss
from sinks.timescale.writer import TimescaleSink
from tests.sinks.doubles import NOW
from tests.sinks.records import (
    EVENTS,
    FRAMES,
    NUMBER,
    PRESS,
    batch,
    cell,
    counted,
    envelope,
    frame,
    state,
)
from tests.sinks.timescale.conftest import ask

pytestmark = pytest.mark.integration


async def test_samples_are_what_the_frame_said(sink: TimescaleSink, sql: psycopg.Connection):
    said = TelemetryFrame(
        **envelope(),
        columns=[
            Column(
                tag="n", unit="°C", offset_ms=[-5, 0], numbers=[1e-300, None], quality=[0, 2**31]
            ),
            Column(tag="t", offset_ms=[0, 1], texts=["ünï\0", None]),
        ],
    )

    written = await sink.write(batch(TELEMETRY, [said]))

    assert written == Written({"sample": 4})
    assert ask(sql, "SELECT tag, unit, time, value, text, quality FROM sample ORDER BY 1, 3") == [
        ("n", "°C", NOW - timedelta(milliseconds=5), 1e-300, None, 0),
        ("n", "°C", NOW, None, None, 2**31),
        ("t", "", NOW, None, "ünï\u2400", 0),
        ("t", "", NOW + timedelta(milliseconds=1), None, None, 0),
    ]


@pytest.mark.parametrize("year", [1, 1969, 1999, 2019, 2038, 9999])
async def test_times_of_all_years_are_kept(sink: TimescaleSink, sql: psycopg.Connection, year: int):
    at = NOW.replace(year=year, microsecond=123_456)

    await sink.write(batch(TELEMETRY, [frame(at=at), frame(1, at=at, run="r")]))

    assert ask(sql, "SELECT run, time FROM telemetry ORDER BY 1") == [("", at), ("r", at)]


async def test_every_kind_of_record_has_its_table(sink: TimescaleSink, sql: psycopg.Connection):
    report = OeeReport(
        plant_version="v",
        equipment=PRESS,
        kind="batch",
        window="7",
        start=NOW,
        end=NOW,
        final=True,
        revision=1,
        time=TimeElements(running_ms=5),
        quantities=Quantities(good=3),
        availability=1.0,
        effectiveness=None,
        quality_ratio=0.5,
        oee=None,
    )
    audit = AuditEntry(id="a1", site="acme/north", at=NOW, actor="Ana", action="x", subject="y")
    buried = batch(MACHINE, [b"\0"]).letters[0]
    letter = decode(DEADLETTER, outgoing(buried).value)

    said: dict[Topic, list[BaseModel | bytes]] = {
        MACHINE: [state(0, "setup"), counted(1)],
        KPI: [report, cell()],
        AUDIT_ENTRY: [audit, audit],
        DEADLETTER: [letter],
    }
    for topic, values in said.items():
        await sink.write(batch(topic, values))

    assert ask(sql, "SELECT type, category, good FROM machine_event ORDER BY seq") == [
        ("state_changed", "setup", None),
        ("parts_counted", None, 1),
    ]
    assert ask(sql, "SELECT availability, oee, report -> 'time' FROM oee_report") == [
        (1.0, None, json.loads(report.time.model_dump_json()))
    ]
    assert ask(sql, "SELECT id, actor, before FROM audit_entry") == [("a1", "Ana", None)]
    assert ask(sql, "SELECT service, value FROM dead_letter") == [("sink", b"\0")]


async def test_what_people_say_has_its_tables(sink: TimescaleSink, sql: psycopg.Connection):
    shared = {name: value for name, value in envelope().items() if name != "equipment"}
    shared |= {"site": "acme/north", "by": "ana"}
    result = TestResult(
        **shared,
        statement="s1",
        product="P-1",
        test="lead",
        batch="B-1",
        number=0.05,
        comparator="<",
        unit="mg/l",
    )
    decided = Disposition(
        **shared | {"id": envelope(1)["id"]},
        statement="s2",
        product="P-1",
        batch="B-1",
        decision="hold",
    )
    seen = Acknowledgement(**shared, statement="s3", fingerprint="f1")

    await sink.write(batch(LAB, [result, decided]))
    again = await sink.write(batch(LAB, [result], begin=2))
    await sink.write(batch(OPERATOR, [seen]))

    assert again == Written({}, repeats=1)
    rows = "SELECT statement, test, number, comparator, unit, revision, stated_by FROM test_result"
    assert ask(sql, rows) == [("s1", "lead", 0.05, "<", "mg/l", 1, "ana")]
    assert ask(sql, "SELECT batch, decision, seq FROM disposition") == [("B-1", "hold", 1)]
    assert ask(sql, "SELECT type, act ->> 'fingerprint' FROM operator_act") == [
        ("acknowledgement", "f1")
    ]


async def test_repeats_are_dropped_and_holes_counted_and_told(
    sink: TimescaleSink, sql: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
):
    told = CapturingLogger()
    monkeypatch.setattr(writer, "_log", told)
    await sink.write(batch(MACHINE, [counted(0), counted(1), counted(0)]))

    again = await sink.write(batch(MACHINE, [counted(0), counted(1), counted(4)], begin=3))

    (lost,) = [one.kwargs for one in told.calls]
    assert (lost["number"], lost["before"], lost["topic"]) == (2, 4, MACHINE.name)
    assert again == Written({"machine_event": 1}, repeats=2, holes=2)
    assert ask(sql, "SELECT seq FROM machine_event ORDER BY 1") == [(0,), (1,), (4,)]


async def test_a_batch_of_nothing_but_repeats_moves_the_position(sink: TimescaleSink):
    await sink.write(batch(TELEMETRY, [frame(0)]))

    assert await sink.write(batch(TELEMETRY, [frame(0)], begin=1)) == Written({}, repeats=1)
    assert (await sink.positions([FRAMES]))[FRAMES].next == 2


async def test_the_same_batch_twice_is_stored_once(sink: TimescaleSink, sql: psycopg.Connection):
    for again in (batch(TELEMETRY, [frame(0)]), batch(TELEMETRY, [frame(1)], begin=1)):
        await sink.write(again)
        with pytest.raises(FencedError, match=f"{FRAMES}@{again.spans[0].begin}"):
            await sink.write(again)

    assert ask(sql, "SELECT count(*) FROM sample") == [(2,)]


async def test_of_two_writers_the_second_loses_and_nothing_is_lost(
    sink: TimescaleSink, settings: DatabaseSettings, sql: psycopg.Connection
):
    other = TimescaleSink(settings)
    first, second = batch(TELEMETRY, [frame(0)]), batch(TELEMETRY, [frame(0), frame(1)])

    outcomes = await asyncio.gather(sink.write(first), other.write(second), return_exceptions=True)
    (lost,) = (one for one in outcomes if isinstance(one, BaseException))
    stored = (await other.positions([FRAMES]))[FRAMES].next
    await other.write(batch(TELEMETRY, [frame(seq) for seq in range(stored, 3)], begin=stored))
    await other.close()

    assert isinstance(lost, FencedError)
    assert ask(sql, "SELECT count(*) FROM sample") == [(3,)]


async def test_what_another_writer_stored_meanwhile_is_no_news(
    sink: TimescaleSink, settings: DatabaseSettings, sql: psycopg.Connection
):
    other = TimescaleSink(settings)
    await sink.write(batch(TELEMETRY, [frame(0)]))
    await other.write(batch(TELEMETRY, [frame(1)], begin=1))
    await other.close()
    with pytest.raises(FencedError):
        await sink.write(batch(TELEMETRY, [frame(1)], begin=1))

    again = await sink.write(batch(TELEMETRY, [frame(1), frame(2)], begin=2))

    assert again.repeats == 1
    assert ask(sql, "SELECT count(*) FROM sample") == [(3,)]


async def test_a_database_that_was_set_back_gets_everything_again(
    sink: TimescaleSink, sql: psycopg.Connection
):
    first = batch(MACHINE, [counted(0)])
    await sink.write(first)
    sql.execute("TRUNCATE sink_position, sink_mark, run_equipment, machine_event")
    with pytest.raises(FencedError):
        await sink.write(batch(MACHINE, [counted(1)], begin=1))

    await sink.positions([first.spans[0].partition])
    await sink.write(first)

    assert ask(sql, "SELECT run, equipment FROM run_equipment") == [("", PRESS)]


async def test_one_lost_partition_takes_the_whole_batch_back(
    sink: TimescaleSink, sql: psycopg.Connection
):
    await sink.write(batch(MACHINE, [counted(0)]))
    mine, lost = batch(TELEMETRY, [frame(0)]), batch(MACHINE, [counted(1)], begin=7)

    with pytest.raises(FencedError):
        await sink.write(Batch((*mine.spans, *lost.spans), (*mine.events, *lost.events)))

    assert ask(sql, "SELECT count(*) FROM sample") == [(0,)]
    assert await sink.positions([FRAMES]) == {}


async def test_positions_keep_what_the_last_record_was(sink: TimescaleSink):
    written = batch(MACHINE, [counted(0), counted(1)])
    await sink.write(written)

    other = TopicPartition(MACHINE.name, NUMBER + 1)
    assert await sink.positions([EVENTS, other]) == {EVENTS: written.spans[0].after}


async def test_cells_replace_their_former_content(sink: TimescaleSink, sql: psycopg.Connection):
    late = EventId(source="s", epoch="e", seq=9)
    await sink.write(batch(KPI, [cell(good=1), cell(good=2), cell(good=10, late=late)]))

    await sink.write(batch(KPI, [cell(good=3, plant_version="v2")], begin=3))

    assert ask(sql, "SELECT good, late, plant_version FROM oee_cell ORDER BY 1") == [
        (3, "", "v2"),
        (10, "s/e/9", "v1"),
    ]


async def test_an_accepted_loss_starts_anew_and_still_drops_repeats(
    sink: TimescaleSink, settings: DatabaseSettings, sql: psycopg.Connection
):
    written = batch(TELEMETRY, [frame(0), frame(1)])
    await sink.write(written)

    assert await accept_loss(settings, FRAMES) == written.spans[0].after
    again = await sink.write(batch(TELEMETRY, [frame(1), frame(2)]))

    assert again.repeats == 1
    assert ask(sql, "SELECT count(*) FROM sample") == [(3,)]


async def test_there_is_no_loss_to_accept(settings: DatabaseSettings):
    with pytest.raises(MisconfiguredError, match="no position"):
        await accept_loss(settings, TopicPartition("plant.nothing.v1", 0))


@pytest.mark.parametrize("count", [1, 7, 63, 500])
async def test_any_size_of_batch_arrives(sink: TimescaleSink, sql: psycopg.Connection, count: int):
    cells = [cell(minute, batch="b" * (minute % 90)) for minute in range(count)]

    await sink.write(batch(KPI, cells))

    assert ask(sql, "SELECT count(*) FROM oee_cell") == [(count,)]
