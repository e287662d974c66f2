"""Telemetry as it grows old: every policy runs, late samples come, and no aggregate loses a row."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from sinks.timescale.connection import connect_blocking
from sinks.timescale.migrate import migrate, roll_back, scripts
from tests.sinks.timescale.conftest import Database, ask, emptied

pytestmark = pytest.mark.integration

BEGIN = datetime(2020, 3, 1, tzinfo=UTC)
ZONES = ("Asia/Kolkata", "America/Mexico_City")
JOBS = ("refresh_aggregates", "compress_telemetry", "drop_telemetry", "policy_compression")
SAMPLES = """
    INSERT INTO sample (equipment, tag, unit, time, value, quality, text)
    SELECT 'a/b/c/d/e' || n, 'heat', 'K', t, mod(extract(epoch FROM t)::bigint / 7, 1000) * n,
           CASE WHEN mod(extract(epoch FROM t)::bigint, 11) = 0 THEN 2147483648 ELSE 0 END, NULL
    FROM generate_series(%(begin)s::timestamptz, %(end)s, %(every)s) AS t,
         generate_series(1, 2) AS n
"""
TRUTH = """
    SELECT {bucket} AS bucket, equipment, tag, count(*) FILTER (WHERE quality = 0) AS samples,
           sum(value) FILTER (WHERE quality = 0), min(value) FILTER (WHERE quality = 0),
           max(value) FILTER (WHERE quality = 0),
           (array_agg(value ORDER BY time) FILTER (WHERE quality = 0))[1],
           (array_agg(value ORDER BY time DESC) FILTER (WHERE quality = 0))[1],
           count(*) FILTER (WHERE quality <> 0)
    FROM truth GROUP BY 1, 2, 3
"""
KEPT = """
    SELECT bucket, equipment, tag, samples, total, minimum, maximum, first_value, last_value,
           bad_samples
    FROM {view}
"""
WIDTHS = {"1m": "1 minute", "5m": "5 minutes", "15m": "15 minutes", "1h": "1 hour"}
LEVELS: dict[str, tuple[str, str]] = {
    f"telemetry_{level}": (level, f"date_bin('{width}', time, '2000-01-01Z')")
    for level, width in WIDTHS.items()
} | {
    f"telemetry_1d_{zone.lower().replace('/', '_')}": ("1d", f"date_trunc('day', time, '{zone}')")
    for zone in ZONES
}


class Plant:
    """Samples that are stored, the truth about them, and the jobs at a moment of their time."""

    def __init__(self, sql: psycopg.Connection) -> None:
        self.sql = sql

    def stores(self, begin: datetime, end: datetime, every: str = "30 s") -> None:
        """What the sink does: rows, and what they touch, in one transaction."""
        given = {"begin": begin, "end": end, "every": every}
        with self.sql.transaction():
            for table in ("sample", "truth"):
                self.sql.execute(SAMPLES.replace("INTO sample", f"INTO {table}").encode(), given)
            self.sql.execute(
                "SELECT queue_refresh(ARRAY(SELECT DISTINCT extract(epoch FROM t)::bigint / 900"
                " FROM generate_series(%(begin)s::timestamptz, %(end)s, %(every)s) AS t), '{}')",
                given,
            )

    def runs_jobs(self, now: datetime, *names: str) -> None:
        """Every job once, as if it were then."""
        for name in names or JOBS:
            found = "SELECT job_id FROM timescaledb_information.jobs WHERE proc_name = %s"
            for (job,) in self.sql.execute(found, (name,)).fetchall():
                if not name.startswith("policy"):
                    config = f'{{"now": "{now.isoformat()}"}}'
                    self.sql.execute("SELECT alter_job(%s, config => %s)", (job, config))
                self.sql.execute(f"CALL run_job({job})".encode())

    def gone(self, level: str) -> datetime | None:
        row = self.sql.execute(
            "SELECT dropped_before FROM telemetry_retention WHERE level = %s", (level,)
        ).fetchone()
        assert row is not None
        found: datetime | None = row[0]
        return found

    def must_be_true(self, late: str = "late_sample") -> None:
        """All that is not dropped says what was ever stored, late or not; nothing waits."""
        for view, (level, bucket) in LEVELS.items():
            gone = self.gone(level) or BEGIN - timedelta(days=1)
            truth = self.sql.execute(TRUTH.format(bucket=bucket).encode()).fetchall()
            kept = ask(self.sql, KEPT.format(view=view))
            assert sorted(kept) == sorted(row for row in truth if row[0] >= gone), view
        assert ask(self.sql, f"SELECT FROM refresh_queue UNION ALL SELECT FROM {late}") == []


@pytest.fixture
def plant(timescale: Database) -> Iterator[Plant]:
    """Two time zones, nothing stored, nothing ever refreshed."""
    emptied(timescale)
    afresh(timescale)
    with connect_blocking(timescale.settings) as sql:
        sql.execute("CREATE TABLE truth (LIKE sample)")
        for zone in ZONES:
            sql.execute("CALL telemetry_days_in(%s)", (zone,))
        yield Plant(sql)
        sql.execute("DROP TABLE truth")
    emptied(timescale)
    afresh(timescale)


def afresh(database: Database) -> None:
    """What jobs keep is made anew: emptying tables does not empty it."""
    roll_back(database.settings, keep=[one.name for one in scripts() if one.order < ("014",)])
    migrate(database.settings)


def test_no_aggregate_loses_a_row_while_all_it_is_made_of_goes(plant: Plant):
    plant.stores(BEGIN, BEGIN + timedelta(days=3), "2 min")
    for days in (3, 10, 100, 400, 1200):
        now = BEGIN + timedelta(days=days)
        plant.stores(now - timedelta(hours=3), now)
        plant.runs_jobs(now)
        plant.must_be_true()
        # Two samples from the first night, of which ever less is left.
        late = BEGIN + timedelta(hours=20, minutes=days % 7, seconds=days % 60)
        plant.stores(late, late + timedelta(seconds=1), "1 s")
        plant.runs_jobs(now + timedelta(minutes=5))
        plant.must_be_true()

    gone = {level: plant.gone(level) for level in ("raw", *WIDTHS, "1d")}
    assert [level for level, before in gone.items() if before is None] == ["1h", "1d"]
    assert ask(plant.sql, "SELECT min(time) FROM sample") > [(gone["raw"],)]


def test_what_nobody_noted_is_added_up_before_it_is_dropped(plant: Plant):
    plant.stores(BEGIN, BEGIN + timedelta(days=1), "10 min")
    plant.runs_jobs(BEGIN + timedelta(days=2), "refresh_aggregates")
    late = BEGIN + timedelta(hours=3)
    plant.stores(late, late + timedelta(seconds=2), "1 s")
    plant.sql.execute("TRUNCATE refresh_queue")
    plant.runs_jobs(BEGIN + timedelta(days=5), "refresh_aggregates")
    assert ask(plant.sql, "SELECT sum(samples) FROM telemetry_1m") < ask(
        plant.sql, "SELECT count(*) FROM sample WHERE quality = 0"
    )

    plant.runs_jobs(BEGIN + timedelta(days=9), "drop_telemetry")

    assert plant.gone("raw") == BEGIN + timedelta(days=2)
    plant.must_be_true()


def test_a_refresh_looks_back_behind_the_one_before_it(plant: Plant):
    """However long ago that was: the machine may have been switched off."""
    plant.stores(BEGIN, BEGIN + timedelta(days=1), "10 min")
    plant.runs_jobs(BEGIN + timedelta(days=1), "refresh_aggregates")
    recent = BEGIN + timedelta(hours=22, minutes=30)
    plant.stores(recent, recent + timedelta(seconds=2), "1 s")
    plant.sql.execute("TRUNCATE refresh_queue")

    plant.runs_jobs(BEGIN + timedelta(days=4), "refresh_aggregates")

    plant.must_be_true()


def test_rows_that_come_while_retention_works_wait_for_the_next_time(plant: Plant):
    """Their number in the queue may be smaller than one that is done: they were not committed."""
    plant.stores(BEGIN, BEGIN + timedelta(days=1), "10 min")
    plant.runs_jobs(BEGIN + timedelta(days=2))
    plant.sql.execute(
        "CREATE FUNCTION too_late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " INSERT INTO refresh_queue (number, source, bucket) OVERRIDING SYSTEM VALUE"
        " VALUES (-random() * 1e9, 'sample', '2020-03-01 03:00Z'); RETURN NULL; END $$;"
        "CREATE TRIGGER too_late AFTER UPDATE ON stored_aggregate EXECUTE FUNCTION too_late()"
    )
    late = BEGIN + timedelta(hours=5)
    plant.stores(late, late + timedelta(seconds=2), "1 s")
    plant.runs_jobs(BEGIN + timedelta(days=9), "drop_telemetry")
    assert plant.gone("raw") is None

    plant.sql.execute("DROP FUNCTION too_late CASCADE")
    plant.runs_jobs(BEGIN + timedelta(days=9), "drop_telemetry")

    assert plant.gone("raw") == BEGIN + timedelta(days=2)
    plant.must_be_true()


def test_old_chunks_are_compressed_and_take_late_samples(plant: Plant):
    plant.stores(BEGIN, BEGIN + timedelta(days=1), "1 min")
    plant.runs_jobs(BEGIN + timedelta(days=6))
    compressed = (
        "SELECT hypertable_name FROM timescaledb_information.chunks"
        " WHERE is_compressed AND hypertable_name = 'sample'"
    )
    assert ask(plant.sql, compressed)

    late = BEGIN + timedelta(hours=5)
    plant.stores(late, late + timedelta(seconds=2), "1 s")
    plant.runs_jobs(BEGIN + timedelta(days=6, hours=1))

    plant.must_be_true()


def test_samples_of_critical_tags_are_with_their_batch_before_they_go(plant: Plant):
    end = BEGIN + timedelta(hours=1)
    plant.stores(BEGIN, end, "1 min")
    plant.sql.execute(
        "INSERT INTO critical_tag (site, plant_version, equipment, tag, unit)"
        " VALUES ('a/b', 'v1', 'a/b/c/d/e1', 'heat', 'K')"
    )
    plant.sql.execute(
        "INSERT INTO batch_made VALUES ('', 'a/b', 'gel', 'a/b/c/d/e1', 'B1', %s, %s, false, 'v1')",
        (BEGIN, end),
    )

    plant.runs_jobs(BEGIN + timedelta(days=10))

    assert ask(plant.sql, "SELECT count(*) FROM sample") == [(0,)]
    assert ask(plant.sql, "SELECT count(*) FROM batch_samples WHERE batch = 'B1'") == [(60,)]


def test_what_held_as_a_batch_began_is_with_it_before_it_goes(plant: Plant):
    """The batch began minutes after midnight: its own samples stay, those of the day before go."""
    midnight = BEGIN + timedelta(days=1)
    plant.stores(midnight - timedelta(minutes=10), midnight - timedelta(minutes=9), "1 min")
    plant.stores(midnight + timedelta(hours=1), midnight + timedelta(hours=2), "10 min")
    plant.sql.execute(
        "INSERT INTO critical_tag (site, plant_version, equipment, tag, unit)"
        " VALUES ('a/b', 'v1', 'a/b/c/d/e1', 'heat', 'K')"
    )
    plant.sql.execute(
        "INSERT INTO batch_made VALUES ('', 'a/b', 'gel', 'a/b/c/d/e1', 'B1', %s, %s, false, 'v1')",
        (midnight + timedelta(minutes=10), midnight + timedelta(minutes=20)),
    )

    plant.runs_jobs(BEGIN + timedelta(days=8, hours=1))

    assert plant.gone("raw") == midnight
    assert ask(plant.sql, "SELECT carried_at FROM batch_critical_tags") == [
        (midnight - timedelta(minutes=9),)
    ]


def test_going_back_keeps_samples_and_going_forth_fills_the_aggregates_again(
    plant: Plant, timescale: Database
):
    plant.stores(BEGIN, BEGIN + timedelta(days=1), "1 min")
    plant.runs_jobs(BEGIN + timedelta(days=6))
    before = ask(plant.sql, "SELECT count(*), sum(value) FROM sample")

    kept = [one.name for one in scripts() if one.order <= ("014", False)]
    assert roll_back(timescale.settings, keep=kept)[-1] == "014.timescale.sql"
    assert ask(plant.sql, "SELECT count(*), sum(value) FROM sample") == before
    plant.must_be_true(late="refresh_queue")

    migrate(timescale.settings)
    plant.must_be_true()
    plant.runs_jobs(BEGIN + timedelta(days=6))
    plant.must_be_true()
