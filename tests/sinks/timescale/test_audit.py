"""The audit trail in the database: stored once, changed by nobody, and examined as its owner."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg import errors

from plantstream.runtime.settings import DatabaseSettings
from processors.audit.examine import Finding, examine
from schemas.audit import AuditRecord, record_hash
from schemas.topics import AUDIT
from sinks.timescale.audit import Span, stored_records
from sinks.timescale.connection import connect_blocking
from sinks.timescale.writer import TimescaleSink
from tests.processors.audit.trail import BEGIN, SITE, anchor, chained, entry, stored
from tests.sinks.records import batch
from tests.sinks.timescale.conftest import Database, ask, emptied

pytestmark = pytest.mark.integration

LENGTH = 8
RECORDS = chained([entry(n) for n in range(1, LENGTH + 1)])
ANCHORS = [anchor(stored(RECORDS[3])), anchor(stored(RECORDS[-1]), 30)]
CHANGES = (
    "UPDATE audit_record SET actor = 'Eve'",
    "DELETE FROM audit_record WHERE number = 1",
    "TRUNCATE audit_record",
)
Connect = Callable[[str], psycopg.Connection]


@pytest.fixture
async def filled(sink: TimescaleSink) -> TimescaleSink:
    await sink.write(batch(AUDIT, RECORDS))
    return sink


@pytest.fixture
def as_role(native: Database, request: pytest.FixtureRequest) -> Connect:
    """Connects to native PostgreSQL as a new user in a role; roles of a server outlive a test."""
    settings = emptied(native).settings

    def connect(role: str) -> psycopg.Connection:
        user = f"{role}_{request.node.name.partition('[')[0]}"[:60]
        with connect_blocking(settings) as owner:
            owner.execute(f"DROP ROLE IF EXISTS {user}".encode())
            owner.execute(f"CREATE USER {user} IN ROLE {role}".encode())
        made = connect_blocking(settings.model_copy(update={"user": user}))
        request.addfinalizer(made.close)
        return made

    return connect


def found(settings: DatabaseSettings) -> list[tuple[str, int, int]]:
    return [told(one) for one in examine(stored_records(settings), ANCHORS).found]


def told(finding: Finding) -> tuple[str, int, int]:
    return finding.kind, finding.number, finding.last


@pytest.mark.usefixtures("filled")
async def test_a_stored_trail_is_read_as_it_was_written(settings: DatabaseSettings):
    assert list(stored_records(settings)) == [stored(one) for one in RECORDS]
    findings = examine(stored_records(settings), ANCHORS)
    assert (findings.count, findings.records, findings.anchors) == (0, LENGTH, 2)


async def test_records_that_come_again_are_stored_once(
    sink: TimescaleSink, settings: DatabaseSettings
):
    await sink.write(batch(AUDIT, [*RECORDS, *RECORDS]))

    assert found(settings) == []


@pytest.mark.usefixtures("filled")
async def test_a_span_is_read_by_site_and_time(settings: DatabaseSettings):
    start, end = BEGIN + timedelta(minutes=3), BEGIN + timedelta(minutes=5)

    numbers = [one.number for one in stored_records(settings, Span(SITE, start, end))]

    assert numbers == [3, 4]
    assert list(stored_records(settings, Span("acme/south"))) == []


async def test_the_trail_is_a_view(sink: TimescaleSink, sql: psycopg.Connection):
    nul = entry(1, subject="a\0b", after={"x": "\0", "y": "\\u0000"}, before={"n": 1.50})
    await sink.write(batch(AUDIT, chained([nul])))

    assert ask(sql, "SELECT number, at, actor, subject, before, after FROM audit_trail") == [
        (
            *(1, nul.at, "Ana Ruiz", "a\u2400b"),
            *({"n": 1.5}, {"x": "\u2400", "y": "\\u0000"}),
        )
    ]
    undescribed = ask(
        sql,
        "SELECT attname FROM pg_attribute WHERE attrelid = 'audit_trail'::regclass AND attnum > 0"
        " AND col_description(attrelid, attnum) IS NULL",
    )
    assert undescribed == []


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("change", CHANGES)
async def test_the_owner_changes_nothing_by_mistake(
    sql: psycopg.Connection, settings: DatabaseSettings, change: str
):
    with pytest.raises(errors.InsufficientPrivilege, match="the audit trail is never changed"):
        sql.execute(change.encode())

    assert found(settings) == []


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("role", ["writer", "reader", "auditor", "owner"])
def test_no_role_changes_the_trail(as_role: Connect, role: str, change: str):
    with pytest.raises(errors.InsufficientPrivilege):
        as_role(f"plantstream_{role}").execute(change.encode())


@pytest.mark.parametrize(
    ("role", "question", "may"),
    [
        pytest.param("writer", "SELECT hash FROM audit_record", True, id="a sink knows repeats"),
        pytest.param("auditor", "SELECT hash FROM audit_record", True, id="an auditor verifies"),
        pytest.param("auditor", "SELECT after FROM audit_trail", True, id="and reads"),
        pytest.param("auditor", "INSERT INTO audit_record DEFAULT VALUES", False, id="no more"),
        pytest.param("reader", "SELECT after FROM audit_trail", False, id="acts are not for all"),
        pytest.param("reader", "SELECT oee FROM oee_by_shift", True, id="figures are"),
        pytest.param("reader", "DELETE FROM oee_cell", False, id="and stay as they are"),
        pytest.param("writer", "UPDATE audit_entry SET actor = 'Eve'", False, id="entries as well"),
    ],
)
def test_rights_are_those_of_the_page(as_role: Connect, role: str, question: str, may: bool):
    connection = as_role(f"plantstream_{role}")
    if may:
        assert connection.execute(question.encode()).fetchall() == []
    else:
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(question.encode())


async def test_a_sink_works_as_a_writer(native: Database, as_role: Connect):
    user = as_role("plantstream_writer").info.user
    sink = TimescaleSink(native.settings.model_copy(update={"user": user}))
    await sink.open()

    await sink.write(batch(AUDIT, RECORDS))
    await sink.close()

    assert found(native.settings) == []


DELETE_5 = "DELETE FROM audit_record WHERE number = 5"
ATTACKS = [
    pytest.param("UPDATE audit_record SET actor = 'Eve' WHERE number = 5", ("changed", 5, 5)),
    pytest.param("UPDATE audit_record SET at = 'infinity' WHERE number = 5", ("changed", 5, 5)),
    pytest.param("UPDATE audit_record SET at = '4000-1-1 BC' WHERE number = 5", ("changed", 5, 5)),
    pytest.param(
        "UPDATE audit_record SET entry = replace(entry, 'Ana', 'Eve') WHERE number = 5",
        ("changed", 5, 5),
    ),
    pytest.param(
        "UPDATE audit_record SET hash = translate(hash, '0', '1') WHERE number = 5",
        ("changed", 5, 5),
    ),
    pytest.param(DELETE_5, ("missing", 5, 5)),
    pytest.param("DELETE FROM audit_record WHERE number > 6", ("truncated", 7, 8)),
    pytest.param("TRUNCATE audit_record", ("truncated", 1, 8)),
    pytest.param(
        "INSERT INTO audit_record SELECT site, 5, previous, repeat('ab', 32), entry, at, id, actor,"
        " action, subject, reason FROM audit_record WHERE number = 6",
        ("inserted", 5, 5),
    ),
    pytest.param("UPDATE audit_record SET number = 9 WHERE number = 8", ("missing", 8, 8)),
]


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(("attack", "finding"), ATTACKS)
async def test_what_an_owner_does_on_purpose_is_found(
    settings: DatabaseSettings, attack: str, finding: tuple[str, int, int]
):
    forced(settings, attack)

    assert found(settings)[0] == finding


async def test_an_owner_who_makes_the_chain_anew_is_found_by_the_anchors(
    filled: TimescaleSink, settings: DatabaseSettings
):
    forced(settings, "DELETE FROM audit_record WHERE number > 5")
    forged, previous = [], RECORDS[4].hash
    for one in RECORDS[5:]:
        changed = replace_actor(one, previous)
        forged.append(changed)
        previous = changed.hash
    await filled.write(batch(AUDIT, forged, begin=LENGTH))

    assert found(settings) == [("forked", 5, 8)]


async def test_a_second_chain_is_kept_beside_the_first_and_found(
    filled: TimescaleSink, settings: DatabaseSettings
):
    await filled.write(batch(AUDIT, chained([entry(99)]), begin=LENGTH))

    assert found(settings) == [("forked", 1, 1)]


def forced(settings: DatabaseSettings, attack: str) -> None:
    """As the owner, who switches the trigger off and on again."""
    with connect_blocking(settings) as owner, owner.transaction():
        owner.execute("ALTER TABLE audit_record DISABLE TRIGGER USER")
        owner.execute(attack.encode())
        owner.execute("ALTER TABLE audit_record ENABLE TRIGGER USER")


def replace_actor(record: AuditRecord, previous: str) -> AuditRecord:
    told: dict[str, Any] = record.entry | {"actor": "Eve"}
    row = stored(record.model_copy(update={"entry": told}))
    hashed = record_hash(SITE, record.number, previous, row.entry)
    changes = {"entry": told, "previous": previous, "hash": hashed}
    return record.model_copy(update=changes)
