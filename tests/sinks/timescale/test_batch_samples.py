"""Samples of critical tags stay with their batches, however late they come."""

from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.settings import DatabaseSettings
from schemas.lab import BatchMade
from schemas.model import PlantPublished
from schemas.record import EventId
from schemas.telemetry import Column, TelemetryFrame
from schemas.topics import LAB, MODEL, TELEMETRY
from sinks.timescale.connection import connect, connect_blocking
from sinks.timescale.keeper import BatchKeeper
from sinks.timescale.store import keep_batch_samples
from sinks.timescale.writer import TimescaleSink
from tests.parts import free_port
from tests.sinks.doubles import NOW
from tests.sinks.records import PRESS, batch
from tests.sinks.timescale.conftest import Database, ask, emptied

pytestmark = pytest.mark.integration

FILE = """
enterprise: acme
site: north
name: A plant with critical tags
time_zone: America/Mexico_City
calendars:
  daily: {shifts: [{name: day, days: all, start: "06:00", end: "14:00"}]}
equipment:
  - id: press
    area: hall
    line: one
    calendar: daily
    tags:
      - {name: heat, unit: °C, critical: true, limits: {lower: 60, upper: 80}}
      - {name: mode, critical: true}
      - {name: speed, unit: 1/h}
products:
  - {id: CREAM}
"""


def at(second: float) -> datetime:
    return NOW + timedelta(seconds=second)


class Story:
    """Tells the sink one thing after another, and keeps what is due when told to."""

    def __init__(self, sink: TimescaleSink, settings: DatabaseSettings) -> None:
        self.sink, self.settings = sink, settings
        self._told: dict[str, int] = {}

    async def _write(self, topic: Any, value: Any) -> None:
        begin = self._told.get(topic.name)
        await self.sink.write(batch(topic, [value], begin=begin))
        self._told[topic.name] = (begin or 0) + 1

    async def publish(self, text: str = FILE, version: str = "v1") -> None:
        number = int(version[1:])
        fields: dict[str, Any] = {
            "file": "p.yaml",
            "text": text,
            "published_at": NOW,
            "number": number,
        }
        await self._write(MODEL, PlantPublished(site="acme/north", plant_version=version, **fields))

    async def made(self, begin: float, end: float | None, name: str = "B-1", **said: Any) -> None:
        fields = {"site": "acme/north", "product": "CREAM", "equipment": PRESS, "batch": name}
        until = None if end is None else at(end)
        told = BatchMade(plant_version="v1", start=at(begin), end=until, **fields | said)
        await self._write(LAB, told)

    async def seen(self, tag: str, samples: dict[int, Any], run: str = "", **said: Any) -> None:
        kind = "texts" if isinstance(next(iter(samples.values())), str) else "numbers"
        offsets = [1000 * second for second in samples]
        values: dict[str, Any] = {kind: [*samples.values()]}
        column = Column(tag=tag, unit="°C", offset_ms=offsets, **values, **said)
        frame = TelemetryFrame(
            id=EventId(source="edge", epoch="e1", seq=self._told.get(TELEMETRY.name, 0)),
            run=run,
            plant_version="v1",
            source_time=NOW,
            ingest_time=NOW,
            equipment=PRESS,
            columns=[column],
        )
        await self._write(TELEMETRY, frame)

    async def keep(self) -> int:
        async def never(_: float) -> None: ...

        return await BatchKeeper(self.settings, never).turn()


@pytest.fixture
def story(sink: TimescaleSink, settings: DatabaseSettings) -> Story:
    return Story(sink, settings)


def kept(sql: psycopg.Connection, name: str = "B-1") -> list[tuple[Any, ...]]:
    return ask(
        sql,
        "SELECT tag, extract(epoch FROM time - '2026-03-02 06:00Z')::int,"
        " coalesce(text, value::text)"
        f" FROM batch_samples WHERE batch = '{name}' ORDER BY tag, time",
    )


async def test_samples_of_the_span_stay_when_telemetry_goes(
    story: Story, sql: psycopg.Connection
) -> None:
    await story.publish()
    await story.seen("heat", {-1: 1.0, 0: 65.0, 30: 70.0, 60: 99.0})
    await story.seen("mode", {10: "auto"})
    await story.seen("speed", {10: 5.0})
    await story.made(0, 60)

    assert await story.keep() == 3
    sql.execute("TRUNCATE sample")

    assert kept(sql) == [("heat", 0, "65"), ("heat", 30, "70"), ("mode", 10, "auto")]


async def test_an_open_batch_keeps_what_comes(story: Story, sql: psycopg.Connection) -> None:
    await story.publish()
    await story.made(0, None)
    await story.seen("heat", {5: 65.0})
    assert await story.keep() == 1
    await story.seen("heat", {6: 66.0})
    assert await story.keep() == 1

    assert [second for _, second, _ in kept(sql)] == [5, 6]


async def test_late_samples_follow(story: Story, sql: psycopg.Connection) -> None:
    await story.publish()
    await story.made(0, 60)
    await story.seen("heat", {70: 65.0})
    assert await story.keep() == 0

    await story.seen("heat", {20: 70.0, 65: 71.0})

    assert await story.keep() == 1
    assert kept(sql) == [("heat", 20, "70")]


async def test_a_span_that_is_corrected_takes_its_samples_with_it(
    story: Story, sql: psycopg.Connection
) -> None:
    await story.publish()
    await story.seen("heat", {20: 70.0, 50: 71.0, 80: 72.0})
    await story.made(0, 60)
    await story.keep()

    await story.made(0, 100)
    await story.keep()
    assert [second for _, second, _ in kept(sql)] == [20, 50, 80]

    await story.made(0, 100, withdrawn=True)
    await story.made(40, 100)
    await story.keep()
    assert [second for _, second, _ in kept(sql)] == [50, 80]


async def test_a_tag_that_becomes_critical_later_is_kept_from_the_beginning(
    story: Story, sql: psycopg.Connection
) -> None:
    await story.publish(
        FILE.replace("unit: °C, critical: true, limits: {lower: 60, upper: 80}", "")
    )
    await story.made(0, 60)
    await story.seen("heat", {20: 70.0})
    assert await story.keep() == 0

    await story.publish(version="v2")

    assert await story.keep() == 1
    assert len(ask(sql, "SELECT FROM batch_sample_due WHERE due_at > now()")) == 2


async def test_twice_is_once_and_repeats_change_nothing(
    story: Story, sql: psycopg.Connection
) -> None:
    await story.publish()
    await story.made(0, 60)
    await story.seen("heat", {20: 70.0, 30: None}, quality=[0, 2147483648])
    assert await story.keep() == 2

    await story.seen("heat", {20: 70.0, 30: None}, quality=[0, 2147483648])
    await story.made(0, 60)

    assert await story.keep() == 0
    assert len(kept(sql)) == 2
    assert ask(sql, "SELECT count(*) FROM batch_sample_due") == [(0,)]


async def test_what_was_killed_while_copying_is_copied_by_the_next(
    story: Story, settings: DatabaseSettings, sql: psycopg.Connection
) -> None:
    await story.publish()
    await story.made(0, 60)
    await story.seen("heat", {20: 70.0})
    async with await connect(settings) as dying, dying.transaction(force_rollback=True):
        assert await keep_batch_samples(dying, 1000) == 1
    assert kept(sql) == []

    assert await story.keep() == 1


async def test_a_replay_keeps_its_own(story: Story, sql: psycopg.Connection) -> None:
    await story.publish()
    await story.made(0, 60, run="again")
    await story.seen("heat", {20: 70.0})
    await story.seen("heat", {21: 71.0}, run="again")

    assert await story.keep() == 1
    assert ask(sql, "SELECT run, value FROM batch_samples") == [("again", 71.0)]


async def test_more_notes_than_one_transaction_takes(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sinks.timescale.keeper.AT_ONCE", 2)
    await story.publish()
    await story.made(0, 60)
    for second in range(5):
        await story.seen("heat", {second: 65.0})

    assert await story.keep() == 5


async def test_figures_of_a_critical_tag(story: Story, sql: psycopg.Connection) -> None:
    await story.publish()
    await story.seen(
        "heat", {10: 70.0, 20: 85.0, 30: 50.0, 35: 1000.0, 40: 60.0}, quality=[0, 0, 0, 2**31, 0]
    )
    await story.made(0, 60)
    await story.made(0, None, "B-2", equipment=f"{PRESS}-2")
    await story.keep()

    query = b"SELECT * FROM batch_critical_tags WHERE batch = 'B-1' ORDER BY tag"
    heat, mode = sql.cursor(row_factory=dict_row).execute(query).fetchall()

    assert (heat["samples"], heat["bad_samples"], heat["unit"]) == (5, 1, "°C")
    assert (heat["minimum"], heat["maximum"]) == (50, 85)
    assert heat["mean"] == pytest.approx((10 * 70 + 10 * 85 + 5 * 50 + 20 * 60) / 45)
    assert (heat["first_at"], heat["last_at"]) == (at(10), at(40))
    assert heat["longest_gap_s"] == 20
    assert (heat["lower_limit"], heat["upper_limit"]) == (60, 80)
    assert (heat["below_s"], heat["above_s"]) == (5, 10)
    assert (mode["tag"], mode["samples"], mode["mean"], mode["longest_gap_s"]) == (
        "mode",
        0,
        None,
        None,
    )


async def test_a_keeper_goes_on_when_the_database_is_back(settings: DatabaseSettings) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 2:
            raise TimeoutError

    nobody = settings.model_copy(update={"port": free_port()})
    with pytest.raises(TimeoutError):
        await BatchKeeper(nobody, sleep).run()
    with pytest.raises(UnavailableError):
        await BatchKeeper(nobody, sleep).turn()
    assert waited == [10.0, 10.0]


async def test_a_writer_keeps_samples_and_cannot_change_them(native: Database) -> None:
    settings = emptied(native).settings
    with connect_blocking(settings) as owner:
        owner.execute("DROP ROLE IF EXISTS batch_keeper")
        owner.execute("CREATE USER batch_keeper IN ROLE plantstream_writer")
    settings = settings.model_copy(update={"user": "batch_keeper"})
    sink = TimescaleSink(settings)
    await sink.open()
    story = Story(sink, settings)
    await story.publish()
    await story.made(0, 60)
    await story.seen("heat", {20: 70.0})

    assert await story.keep() == 1
    await sink.close()

    with connect_blocking(settings) as writer:
        for change in ("TRUNCATE batch_sample", "UPDATE batch_sample SET value = 0"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                writer.execute(change.encode())
