import asyncio
from typing import Any

import pytest

from plantstream.runtime.kafka.whole import read_partitions
from plantstream.runtime.settings import DatabaseSettings
from schemas.codec import decode
from schemas.topics import AUDIT_ENTRY
from sinks.timescale.connection import connect_blocking
from sinks.timescale.migrate import roll_back
from tests.parts import free_port
from tests.plantstream.commands.conftest import Line, Run

pytestmark = pytest.mark.integration

STORED = """
    INSERT INTO sink_position (topic, partition, next, cluster_id, broker_time_ms, checksum)
    VALUES ('plant.kpi.v1', %s, 42, 'a-lost-cluster', 0, '')
"""


def stored(settings: DatabaseSettings, partition: int) -> None:
    with connect_blocking(settings) as connection:
        connection.execute(STORED, (partition,))


def positions(settings: DatabaseSettings) -> list[int]:
    with connect_blocking(settings) as connection:
        rows = connection.execute("SELECT partition FROM sink_position ORDER BY 1").fetchall()
    return [partition for (partition,) in rows]


def test_migrate_applies_what_is_missing_once_and_status_shows_it(run: Run, line: Line):
    undone = roll_back(line.database)
    missing = run("db", "status")
    assert missing.code == 0
    assert "apply them with: plantstream db migrate" in missing.err
    assert all(row.endswith("not yet") for row in missing.lines[1:])

    assert sorted(run("db", "migrate", "--json").json) == sorted(undone)
    again = run("db", "migrate")
    assert again.code == 0
    assert again.err == "nothing to migrate\n"
    assert all(row["applied_at"] for row in run("db", "status", "--json").json)


def test_plain_leaves_out_what_needs_timescaledb(run: Run, line: Line):
    roll_back(line.database)
    applied = run("db", "migrate", "--plain", "--json").json
    assert applied
    assert not any(".timescale." in file for file in applied)
    roll_back(line.database)
    run("db", "migrate")


def test_an_accepted_loss_forgets_one_position_and_stands_in_the_audit_trail(run: Run, line: Line):
    stored(line.database, 3)
    stored(line.database, 4)
    who = ("--as", "Ana", "--reason", "disk was replaced", "--site", "acme/north")
    ran = run("db", "accept-loss", "kpi", 3, *who)
    assert ran.code == 0
    assert "plant.kpi.v1/3: accepted" in ran.err
    assert positions(line.database) == [4]
    (entry,) = [one for one in _entries(line) if one.subject == "plant.kpi.v1/3"]
    assert (entry.actor, entry.action) == ("Ana", "db.accept_loss")
    assert entry.before == {"next": 42, "cluster_id": "a-lost-cluster"}
    assert run("db", "accept-loss", "kpi", 4, *who).code == 0


def test_where_nothing_is_stored_there_is_no_loss_and_no_entry(run: Run, line: Line):
    who = ("--as", "Ana", "--reason", "why", "--site", "acme/north")
    ran = run("db", "accept-loss", "plant.kpi.v1", 11, *who)
    assert ran.code == 78
    assert "no position of plant.kpi.v1/11 is stored" in ran.err
    assert not [one for one in _entries(line) if one.subject == "plant.kpi.v1/11"]


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["kip", "3", "--as", "A", "--reason", "b"], id="no such topic"),
        pytest.param(["kpi", "-1", "--as", "A", "--reason", "b"], id="no such partition"),
        pytest.param(["kpi", "3", "--reason", "b"], id="nobody"),
        pytest.param(["kpi", "3", "--as", "A"], id="no reason"),
    ],
)
def test_wrong_usage_exits_2(run: Run, words: list[str]):
    assert run("db", "accept-loss", *words).code == 2


def test_without_a_database_it_is_one_sentence_and_exit_1(
    run: Run, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PLANTSTREAM_DATABASE_PORT", str(free_port()))
    ran = run("db", "status")
    assert ran.code == 1
    assert "Traceback" not in ran.err


def _entries(line: Line) -> list[Any]:
    async def read() -> list[Any]:
        records = read_partitions(line.kafka, AUDIT_ENTRY.name, [0])
        return [decode(AUDIT_ENTRY, one.value) async for one in records]

    return asyncio.run(read())


def test_telemetry_shows_what_is_kept_and_for_how_long(run: Run, line: Line):
    run("db", "migrate")
    with connect_blocking(line.database) as connection:
        connection.execute("INSERT INTO sample VALUES ('e', 't', 'K', now(), 1, 0, NULL)")
        connection.execute("CALL refresh_aggregates()")

    levels = {one["level"]: one for one in run("db", "telemetry", "--json").json}

    kept = {name: one["keep_days"] for name, one in levels.items()}
    assert kept == {"raw": 7, "1m": 90, "5m": 365, "15m": 1095, "1h": None, "1d": None}
    assert levels["raw"]["bytes"] > 0
    assert levels["1m"]["refreshed_at"] is not None
    shown = run("db", "telemetry")
    assert shown.code == 0
    assert shown.lines[2].split()[:3] == ["1m", "90", "days"]


@pytest.mark.usefixtures("line")
def test_telemetry_is_kept_for_as_long_as_one_says(run: Run):
    run("db", "migrate")
    changed = run("db", "telemetry", "--set", "1m=180d", "--set", "15m=forever", "--json")
    assert [one["keep_days"] for one in changed.json] == [7, 180, 365, None, None, None]

    back = run("db", "telemetry", "--set", "1m=90d", "--set", "15m=3y")
    assert "what is older is dropped when the job drop_telemetry runs next" in back.err


@pytest.mark.parametrize(
    ("change", "code", "told"),
    [
        pytest.param("1m=1d", 78, "for 2 days at least", id="too short for a day"),
        pytest.param("2m=9d", 78, "there is no level '2m': raw, 1m", id="no such level"),
        pytest.param("1m=long", 2, "write LEVEL=SPAN, such as 1m=180d", id="no span"),
    ],
)
@pytest.mark.usefixtures("line")
def test_what_telemetry_does_not_take_changes_nothing(run: Run, change: str, code: int, told: str):
    run("db", "migrate")
    ran = run("db", "telemetry", "--set", "raw=30d", "--set", change)

    assert ran.code == code
    assert told in " ".join(ran.err.split())
    assert run("db", "telemetry", "--json").json[0]["keep_days"] == 7


def test_a_database_with_live_rows_is_not_filled_unless_it_is_told_to(run: Run, line: Line):
    row = "('acme/north/hall/one/press', 'heat', '', now(), 0)"
    with connect_blocking(line.database) as connection:
        connection.execute(
            f"INSERT INTO sample (equipment, tag, unit, time, quality) VALUES {row}".encode()
        )
        ran = run("db", "fill", "--days", 1, "--scale", 0.001)
        connection.execute(b"DELETE FROM sample WHERE equipment LIKE 'acme/north/hall/one/press'")
    assert ran.code == 78
    assert "holds live rows already" in ran.err
    assert "--force" in ran.err
