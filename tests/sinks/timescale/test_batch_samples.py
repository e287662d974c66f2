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
from sinks.timescale.migrate import migrate, roll_back, scripts
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


HOT_BEFORE = {-120: 85.0}
WEEK_S = 7 * 86_400


def heat_of(sql: psycopg.Connection, name: str = "B-1") -> dict[str, Any]:
    """The row of the thermometer."""
    query = b"SELECT * FROM batch_critical_tags WHERE batch = %s AND tag = 'heat'"
    (found,) = sql.cursor(row_factory=dict_row).execute(query, (name,)).fetchall()
    return found


async def test_the_value_that_held_when_the_batch_began_counts_from_there(
    story: Story, sql: psycopg.Connection
) -> None:
    await story.publish()
    await story.seen("heat", HOT_BEFORE | {1200: 79.0})
    await story.made(0, 3600)
    await story.keep()
    sql.execute("TRUNCATE sample")

    heat = heat_of(sql)

    assert (heat["above_s"], heat["below_s"]) == (1200, 0)
    assert (heat["maximum"], heat["minimum"]) == (85, 79)
    assert heat["mean"] == pytest.approx((1200 * 85 + 2400 * 79) / 3600)
    assert heat["longest_gap_s"] == 2400
    assert (heat["samples"], heat["first_at"], heat["last_at"]) == (1, at(1200), at(1200))
    assert (heat["carried_at"], heat["carried_value"]) == (at(-120), 85)
    assert kept(sql) == [("heat", 1200, "79")]


async def test_a_value_that_did_not_change_held_all_the_time(
    story: Story, sql: psycopg.Connection
) -> None:
    await story.publish()
    await story.seen("heat", {-500: 70.0} | HOT_BEFORE)
    await story.seen("mode", {-9: "auto"})
    await story.made(0, 60)
    assert await story.keep() == 2

    heat = heat_of(sql)

    assert (heat["above_s"], heat["mean"], heat["longest_gap_s"]) == (60, 85, 60)
    assert (heat["samples"], heat["first_at"], heat["unit"]) == (0, None, "°C")
    told = "SELECT carried_at, carried_value FROM batch_critical_tags WHERE tag = 'mode'"
    assert ask(sql, told) == [(at(-9), None)]


@pytest.mark.parametrize(
    ("samples", "quality"),
    [
        pytest.param({90: 85.0}, [0], id="nothing was seen before"),
        pytest.param({-WEEK_S - 1: 85.0}, [0], id="what was seen is too old"),
        pytest.param({-120: 85.0, -60: None}, [0, 2**31], id="the newest is bad"),
    ],
)
async def test_of_what_is_not_known_no_time_is_told(
    story: Story, sql: psycopg.Connection, samples: dict[int, Any], quality: list[int]
) -> None:
    await story.publish()
    await story.seen("heat", samples, quality=quality)
    await story.made(0, 60)
    await story.keep()

    heat = heat_of(sql)

    assert (heat["above_s"], heat["below_s"], heat["maximum"]) == (None, None, None)
    assert (heat["samples"], heat["carried_at"], heat["longest_gap_s"]) == (0, None, None)


async def test_a_sample_of_the_first_moment_needs_none_from_before(
    story: Story, sql: psycopg.Connection
) -> None:
    await story.publish()
    await story.seen("heat", HOT_BEFORE)
    await story.made(0, 60)
    await story.keep()
    assert heat_of(sql)["above_s"] == 60

    await story.seen("heat", {0: 70.0})
    await story.keep()

    heat = heat_of(sql)
    assert (heat["above_s"], heat["maximum"], heat["samples"]) == (0, 70, 1)
    assert heat["carried_at"] is None


async def test_what_comes_late_from_before_the_batch_replaces_what_is_older(
    story: Story, sql: psycopg.Connection
) -> None:
    await story.publish()
    await story.made(0, 60)
    await story.seen("heat", {-200: 70.0})
    await story.keep()
    assert heat_of(sql)["above_s"] == 0

    await story.seen("heat", HOT_BEFORE)
    await story.keep()
    await story.seen("heat", {-150: 75.0})
    await story.keep()

    assert (heat_of(sql)["above_s"], heat_of(sql)["carried_at"]) == (60, at(-120))


async def test_a_beginning_that_is_corrected_has_a_value_of_its_own(
    story: Story, sql: psycopg.Connection
) -> None:
    await story.publish()
    await story.seen("heat", {-120: 70.0, -30: 85.0, 20: 75.0})
    await story.made(0, 60)
    await story.keep()

    await story.made(0, 60, withdrawn=True)
    await story.made(-60, 60)
    await story.keep()

    assert (heat_of(sql)["above_s"], heat_of(sql)["carried_value"]) == (50, 70)


@pytest.mark.parametrize(
    ("begins", "expected"),
    [
        pytest.param(10, (50, at(-120)), id="before its first sample: what held then holds"),
        pytest.param(40, (20, at(30)), id="later: a sample of the batch is the one before"),
        pytest.param(-60, (30, None), id="earlier: nothing is known of what was before"),
    ],
)
async def test_a_beginning_that_is_corrected_when_telemetry_is_gone(
    story: Story, sql: psycopg.Connection, begins: float, expected: tuple[Any, ...]
) -> None:
    await story.publish()
    await story.seen("heat", HOT_BEFORE | {30: 90.0})
    await story.made(0, 60)
    await story.keep()
    sql.execute("TRUNCATE sample")

    await story.made(0, 60, withdrawn=True)
    await story.made(begins, 60)
    await story.keep()

    assert (heat_of(sql)["above_s"], heat_of(sql)["carried_at"]) == expected


async def test_samples_of_another_batch_tell_nothing_of_the_time_after_it(
    story: Story, sql: psycopg.Connection
) -> None:
    await story.publish()
    await story.seen("heat", {-80: 85.0})
    await story.made(-90, -50, "B-0")
    await story.keep()
    sql.execute("TRUNCATE sample")

    await story.made(0, 60)
    await story.made(-50, -40, "B-2")
    await story.keep()

    assert heat_of(sql)["carried_at"] is None
    assert heat_of(sql, "B-2")["carried_at"] == at(-80)


async def test_a_sample_from_before_that_comes_when_the_others_are_dropped_is_not_believed(
    story: Story, sql: psycopg.Connection
) -> None:
    """One that was newer may have been dropped, unless it was kept."""
    await story.publish()
    await story.made(0, 60)
    await story.keep()
    try:
        sql.execute(
            "UPDATE telemetry_retention SET dropped_before = %s WHERE level = 'raw'", (at(90),)
        )
        await story.seen("heat", HOT_BEFORE)
        assert await story.keep() == 0
    finally:
        sql.execute("UPDATE telemetry_retention SET dropped_before = NULL WHERE level = 'raw'")

    assert heat_of(sql)["carried_at"] is None


async def test_batches_of_before_the_migration_get_what_telemetry_still_has(
    story: Story, database: Database, sql: psycopg.Connection
) -> None:
    await story.publish()
    await story.seen("heat", HOT_BEFORE)
    await story.made(0, 60)
    await story.keep()
    roll_back(database.settings, keep=[one.name for one in scripts() if one.order < ("018",)])

    migrate(database.settings, plain=database.plain)
    assert await story.keep() == 1

    assert (heat_of(sql)["above_s"], heat_of(sql)["samples"]) == (60, 0)


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
    await story.seen("heat", {-5: 65.0, 20: 70.0})

    assert await story.keep() == 2
    await sink.close()

    with connect_blocking(settings) as writer:
        for table in ("batch_sample", "batch_sample_before"):
            for change in (f"TRUNCATE {table}", f"UPDATE {table} SET value = 0"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    writer.execute(change.encode())
