"""Records about alerts as rows: nothing is left out, nothing is stored twice."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from pydantic import BaseModel

from schemas.alerts import DeliveryAttempt
from schemas.site import EdgeHeartbeat, ExternalAlert, SourceHeartbeat
from schemas.stops import Stop
from schemas.topics import (
    ALERT,
    CATALOGUE,
    DELIVERY,
    KPI,
    NOTIFICATION,
    OPERATOR,
    QUALITY,
    SITE,
    Role,
    Topic,
)
from sinks.registry import TOPICS
from sinks.timescale.alert_tables import ALERTS, ATTEMPTS, HANDLINGS, TRANSITIONS
from sinks.timescale.record_tables import RECORDS
from sinks.timescale.rows import rows_of
from sinks.timescale.tables import EVENTS, tables_of
from sinks.timescale.writer import TimescaleSink
from tests.schemas.samples import SAMPLES
from tests.sinks import alert_story
from tests.sinks.alert_story import (
    HANDLED,
    STORY,
    TRANSITIONS as TOLD,
    at,
    attempt,
    notification,
)
from tests.sinks.doubles import NOW
from tests.sinks.records import batch, of_site
from tests.sinks.story import STOPS
from tests.sinks.timescale.conftest import ask


def _name(record: BaseModel) -> str:
    return type(record).__name__


OF_ALERTS = (ALERT, NOTIFICATION, DELIVERY, OPERATOR, SITE)


def test_the_sink_reads_all_of_it_and_may():
    for topic in TOPICS:
        assert Role.SINK in topic.readers
    assert set(OF_ALERTS) <= set(TOPICS)


@pytest.mark.parametrize("topic", OF_ALERTS, ids=lambda topic: topic.name)
def test_every_kind_of_record_has_its_table(topic: Topic):
    for kind in set(topic.types) - {*KPI.types, *QUALITY.types}:
        assert EVENTS not in (ALERTS.get(kind) or RECORDS[kind])


@pytest.mark.parametrize("record", [one for one in SAMPLES if type(one) in ALERTS], ids=_name)
def test_a_row_has_a_value_for_each_column(record: BaseModel):
    for table in tables_of(record):
        for row in table.rows_of(record):
            assert len(row) == len(table.columns)


@pytest.mark.parametrize(
    ("table", "records"),
    [
        pytest.param(TRANSITIONS, TOLD, id="transitions"),
        pytest.param(HANDLINGS, HANDLED, id="handlings"),
    ],
)
def test_the_key_is_the_record_id(table, records):
    at_key = [list(table.columns).index(name) for name in table.key]
    keys = {tuple(table.row_of(one)[index] for index in at_key) for one in records}

    assert len(keys) == len({one.record_id() for one in records}) == len(records)


def test_attempts_of_one_message_are_kept_apart():
    changes: list[dict[str, Any]] = [
        {},
        {"outcome": "failed"},
        {"attempt": 2},
        {"channel": "mail"},
        {"at": at(9)},
    ]
    one = attempt("n", "sms", 1, "intent", 0)
    at_key = [list(ATTEMPTS.columns).index(name) for name in ATTEMPTS.key]
    rows = [ATTEMPTS.row_of(one.model_copy(update=change)) for change in changes]

    assert len({tuple(row[index] for index in at_key) for row in rows}) == len(changes)


@pytest.mark.parametrize(
    ("value", "text"), [(82.0, "82"), (82.5, "82.5"), (1e-7, "1e-07"), ("hot", "hot"), (None, None)]
)
def test_values_are_stored_as_people_write_them(value: float | str | None, text: str | None):
    row = TRANSITIONS.row_of(alert_story.HOT.model_copy(update={"value": value}))

    assert row[list(TRANSITIONS.columns).index("value")] == text


def test_a_label_that_no_index_holds_is_cut_and_stands_in_full_beside():
    labels = {"alertname": "Hot", "area": "a" * 5000}
    row = TRANSITIONS.row_of(alert_story.HOT.model_copy(update={"labels": labels}))
    found = dict(zip(TRANSITIONS.columns, row, strict=True))

    assert found["area"] == "a" * 200
    assert "a" * 5000 in found["labels"]


def test_what_is_forwarded_to_the_site_is_stored_from_where_it_came():
    forwarded, first = rows_of(batch(SITE, STOPS).events), rows_of(batch(KPI, STOPS).events)

    assert isinstance(STOPS[0], Stop)
    assert (forwarded.counts, forwarded.seen) == ({}, set())
    assert first.counts == {"stop": len(STOPS)}


def test_a_message_makes_a_row_for_each_alert_that_it_lists():
    message = notification("n", 0, alert_story.HOT, alert_story.SLOW)

    assert rows_of(batch(NOTIFICATION, [message, message]).events).counts == {
        "notification": 2,
        "notification_alert": 4,
    }


@pytest.mark.integration
@pytest.mark.parametrize("topic", STORY, ids=lambda topic: topic.name)
async def test_what_is_told_again_is_stored_once(
    sink: TimescaleSink, sql: psycopg.Connection, topic: Topic
):
    await sink.write(batch(topic, STORY[topic]))
    before = {table: ask(sql, f"SELECT * FROM {table}") for table in TABLES[topic]}

    await sink.write(batch(topic, STORY[topic], begin=len(STORY[topic])))

    assert {table: ask(sql, f"SELECT * FROM {table}") for table in TABLES[topic]} == before


TABLES = {
    ALERT: ("alert_transition", "alert_handled"),
    NOTIFICATION: ("notification", "notification_alert"),
    DELIVERY: ("delivery_attempt",),
    OPERATOR: ("operator_act",),
}


@pytest.mark.integration
async def test_of_one_notification_the_newest_holds(sink: TimescaleSink, sql: psycopg.Connection):
    first = notification("n", 0, alert_story.HOT)
    await sink.write(batch(NOTIFICATION, [first]))
    await sink.write(batch(NOTIFICATION, [first.model_copy(update={"comment": "b"})], begin=1))

    assert ask(sql, "SELECT id, comment FROM notification") == [("n", "b")]


@pytest.mark.integration
async def test_of_a_delivery_all_is_kept(sink: TimescaleSink, sql: psycopg.Connection):
    told: list[DeliveryAttempt] = [
        attempt("n", "sms", 1, outcome, second)
        for second, outcome in enumerate(("intent", "accepted", "delivered"))
    ]
    for offset in (0, 7, 30):  # Compaction took away what stood in between.
        record = told[(0, 7, 30).index(offset)]
        whole = batch(DELIVERY, [record], begin=offset or None)
        await sink.write(whole)
        sql.execute("UPDATE sink_position SET next = %s", ({0: 7, 7: 30}.get(offset, 31),))

    assert ask(sql, "SELECT outcome, at FROM delivery_attempt ORDER BY at") == [
        (one.outcome, one.at) for one in told
    ]


@pytest.mark.integration
async def test_what_the_site_says_has_its_tables(sink: TimescaleSink, sql: psycopg.Connection):
    later = NOW + timedelta(seconds=5)
    records = [
        EdgeHeartbeat(**of_site(0), edge="e", spool_records=1, spool_bytes=2, dropped_records=3),
        SourceHeartbeat(**of_site(1), edge="e", name="plc", connected=True, clock_skew_s=-0.5),
        ExternalAlert(
            **of_site(2),
            sender="prometheus",
            status="firing",
            labels={"alertname": "Disk", "severity": "critical"},
            annotations={"summary": "full"},
            severity="critical",
            starts_at=NOW,
            ends_at=later,
        ),
    ]

    await sink.write(batch(SITE, [*records]))
    again = await sink.write(batch(SITE, [*records], begin=3))

    assert again.repeats == 3
    assert ask(
        sql, "SELECT edge, spool_records, spool_bytes, dropped_records FROM edge_heartbeat"
    ) == [("e", 1, 2, 3)]
    assert ask(sql, "SELECT name, connected, clock_skew_s, trouble FROM source_heartbeat") == [
        ("plc", True, -0.5, None)
    ]
    assert ask(
        sql, "SELECT sender, alertname, starts_at, ends_at, annotations FROM external_alert"
    ) == [("prometheus", "Disk", NOW, later, {"summary": "full"})]


@pytest.mark.integration
@pytest.mark.parametrize(
    ("where", "index"),
    [
        ("starts_at > '2026-03-01'", "alert_transition_by_time"),
        ("starts_at > '2026-03-01' AND area = 'hall'", "alert_transition_by_area"),
        ("starts_at > '2026-03-01' AND equipment = 'press'", "alert_transition_by_equipment"),
    ],
)
async def test_alerts_are_found_by_an_index(sql: psycopg.Connection, where: str, index: str):
    sql.execute(
        "INSERT INTO alert_transition SELECT '', 'a/b', 'f' || n, t, 'firing', 'info', t, 'x',"
        " 'area' || n % 50, 'one', 'machine' || n % 50, '{}', NULL, NULL, '', '{}', NULL, false,"
        " false, 'rule', 'v' FROM generate_series(1, 5000) AS n,"
        " LATERAL (SELECT timestamptz '2026-03-02Z' - n * interval '1 hour') AS of (t)"
    )
    sql.execute("ANALYZE alert_transition")

    plan = ask(sql, f"EXPLAIN SELECT fingerprint, state FROM alerts WHERE run = '' AND {where}")

    assert index in str(plan)


def test_no_topic_about_alerts_was_forgotten():
    stored = {topic.name for topic in TOPICS}
    of_alerts = {one.name for one in CATALOGUE if one.types and Role.SINK in one.readers}

    assert {name for name in of_alerts - stored if "latest" not in name} == set()
