"""What people read of alerts, against a story of which every figure is computed by hand."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from sinks.timescale.writer import TimescaleSink
from tests.sinks.alert_story import SITE, TUESDAY, at, tell
from tests.sinks.timescale.conftest import ask

pytestmark = pytest.mark.integration

ALERTS = "SELECT * FROM alerts WHERE run = '' AND alertname = %s ORDER BY starts_at"


@pytest.fixture
async def told(sink: TimescaleSink, sql: psycopg.Connection) -> psycopg.Connection:
    await tell(sink)
    return sql


def rows(sql: psycopg.Connection, query: str, *given: Any) -> list[dict[str, Any]]:
    return sql.cursor(row_factory=dict_row).execute(query.encode(), given).fetchall()


async def test_an_alert_from_its_beginning_to_its_end(told: psycopg.Connection):
    found, _ = rows(told, ALERTS, "Hot")

    assert (found["site"], found["fingerprint"], found["starts_at"]) == (SITE, "f-Hot", at(0))
    assert (found["equipment"], found["area"], found["line"]) == ("reactor", "process", "one")
    assert found["labels"]["alertname"] == "Hot"
    assert (found["severity"], found["current_severity"]) == ("critical", "critical")
    assert found["state"] == "resolved"
    assert (found["fired_at"], found["resolved_at"]) == (at(30), at(1230))
    assert (found["acknowledged_at"], found["acknowledged_by"]) == (at(390), "ana")
    assert found["told_at"] == at(34)
    assert (found["time_to_notify_s"], found["time_to_acknowledge_s"]) == (4.0, 360.0)
    assert (found["time_to_resolve_s"], found["escalations"]) == (1200.0, 1)
    assert (found["value"], found["limit_value"], found["unit"]) == ("96", "80", "°C")
    assert (found["summary"], found["words"]["es"]["summary"]) == ("82.5 °C", "82,5 °C")
    assert (found["late"], found["flapping"], found["is_acknowledged"]) == (False, False, True)


async def test_an_alert_that_nobody_takes_care_of_any_more(told: psycopg.Connection):
    _, found = rows(told, ALERTS, "Hot")

    assert (found["state"], found["resolved_at"]) == ("firing", None)
    assert (found["acknowledged_at"], found["is_acknowledged"]) == (at(TUESDAY + 60), False)
    assert (found["told_at"], found["time_to_notify_s"]) == (None, None)
    assert (found["value"], found["summary"]) == ("too hot", None)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("Never", {"state": "pending", "fired_at": None}, id="it never fired"),
        pytest.param("Silent", {"state": "resolved", "late": True}, id="late"),
        pytest.param("Slow", {"told_at": None, "time_to_notify_s": None}, id="nobody was told"),
        pytest.param("Leak", {"time_to_notify_s": 2.0, "acknowledged_by": "ben"}, id="told"),
    ],
)
async def test_an_alert(told: psycopg.Connection, name: str, expected: dict[str, Any]):
    (found,) = rows(told, ALERTS, name)

    assert {name: found[name] for name in expected} == expected


async def test_runs_are_kept_apart(told: psycopg.Connection):
    assert ask(told, "SELECT run, severity, state FROM alerts WHERE run <> ''") == [
        ("replay", "info", "firing")
    ]


async def test_what_fires_anew_is_no_longer_what_it_was(told: psycopg.Connection):
    told.execute(
        "DELETE FROM alert_transition WHERE run = '' AND fingerprint = 'f-Hot'"
        " AND state = 'resolved'"
    )

    found, _ = rows(told, ALERTS, "Hot")

    assert (found["state"], found["resolved_at"]) == ("resolved", at(TUESDAY))


async def test_all_that_happened_in_its_order(told: psycopg.Connection):
    history = (
        "SELECT kind, what, severity, done_by, because FROM alert_history"
        f" WHERE run = '' AND fingerprint = 'f-Hot' AND starts_at = '{at(0)}'"
    )

    assert ask(told, history) == [
        ("transition", "pending", "warning", None, None),
        ("transition", "firing", "warning", None, None),
        ("transition", "firing", "critical", None, None),
        ("handling", "escalated", None, None, "step 2 of 2: nobody acknowledged"),
        ("act", "acknowledgement", None, "ana", "on my way"),
        ("handling", "acknowledged", None, "ana", None),
        ("transition", "resolved", "critical", None, None),
    ]


async def test_acts_without_an_alert_are_history_too(told: psycopg.Connection):
    acts = (
        "SELECT what, done_by, starts_at, until FROM alert_history WHERE kind = 'act' AND at > %s"
    )
    found = told.execute(acts.encode(), (at(7300),)).fetchall()

    assert found == [
        ("silence", "luis", None, at(9000)),
        ("on_call_taken", "cai", None, at(6 * 3600)),
        ("acknowledgement", "ana", at(TUESDAY), None),
        ("unacknowledgement", "ana", at(TUESDAY), None),
    ]


@pytest.mark.parametrize(
    ("id", "expected"),
    [
        pytest.param(
            "n1",
            {
                "outcome": "accepted",
                "channel": "sms",
                "channel_used": "mail",
                "attempts": 3,
                "repeated": False,
                "sent_at": at(34),
                "delivered_at": None,
                "time_to_send_s": 4.0,
                "provider_id": "m-1",
            },
            id="the fallback",
        ),
        pytest.param(
            "n2",
            {
                "outcome": "delivered",
                "channel_used": "mail",
                "attempts": 2,
                "repeated": True,
                "sent_at": at(340),
                "delivered_at": at(340),
                "step": 1,
                "why": "escalated",
                "recipient": "ben",
            },
            id="sent again, and its arrival told before it was accepted",
        ),
        pytest.param(
            "n3",
            {"outcome": "expired", "channel_used": None, "sent_at": None, "time_to_send_s": None},
            id="never sent",
        ),
        pytest.param("n5", {"outcome": "intent", "attempts": 1}, id="on its way"),
    ],
)
async def test_a_notification(told: psycopg.Connection, id: str, expected: dict[str, Any]):
    (found,) = rows(told, "SELECT * FROM notifications WHERE id = %s", id)

    assert {name: found[name] for name in expected} == expected


async def test_a_message_of_which_nothing_is_known_waits(told: psycopg.Connection):
    told.execute("DELETE FROM delivery_attempt WHERE notification = 'n5'")

    waits = "SELECT outcome, attempts, repeated FROM notifications WHERE id = 'n5'"
    assert ask(told, waits) == [("waiting", 0, False)]


async def test_who_is_on_call(told: psycopg.Connection):
    hour = timedelta(hours=1)
    shifts = "SELECT (starts_at - %s) / 3600, (ends_at - %s) / 3600, called FROM on_call ORDER BY 1"
    found = told.execute(shifts.encode(), (at(0), at(0))).fetchall()

    assert [(begin * 3600 / hour, end and end * 3600 / hour, who) for begin, end, who in found] == [
        (0, 4, "ana"),
        (4, 6, "cai"),
        (6, 24, "ana"),
        (24, None, "dan"),
    ]


@pytest.mark.parametrize(
    ("second", "people"),
    [(-1, []), (0, [["ana", "ben"]]), (4 * 3600, [["cai"]]), (6 * 3600, [["ana", "ben"]])],
)
async def test_who_was_on_call_at_a_moment(
    told: psycopg.Connection, second: int, people: list[list[str]]
):
    found = told.execute("SELECT people FROM on_call_at(%s)", (at(second),)).fetchall()

    assert found == [(one,) for one in people]


async def test_who_is_on_call_now(told: psycopg.Connection):
    assert ask(told, "SELECT schedule, called FROM on_call_now") == [("mechanics", "dan")]


async def test_nobody_is_on_call_where_a_shift_has_nobody(told: psycopg.Connection):
    told.execute("DELETE FROM on_call_shift WHERE people = '[\"dan\"]'")

    assert ask(told, "SELECT called, people FROM on_call_now") == [(None, [])]


async def test_means_are_sums_by_counts(told: psycopg.Connection):
    query = "SELECT * FROM alert_figures(%s, %s) ORDER BY day, severity"
    critical, warning, tuesday = rows(told, query, at(0), at(2 * TUESDAY))

    assert (critical["severity"], critical["alerts"], critical["escalations"]) == ("critical", 1, 1)
    assert (critical["mttn_s"], critical["mtta_s"], critical["mttr_s"]) == (4.0, 360.0, 1200.0)
    assert (warning["severity"], warning["alerts"], warning["late"]) == ("warning", 3, 1)
    assert (warning["notified"], warning["notify_s"], warning["mttn_s"]) == (1, 2.0, 2.0)
    assert (warning["acknowledged"], warning["mtta_s"]) == (1, 60.0)
    assert (warning["resolved"], warning["resolve_s"], warning["mttr_s"]) == (2, 620.0, 310.0)
    assert (tuesday["alerts"], tuesday["resolved"], tuesday["mttr_s"]) == (1, 0, None)
    assert (tuesday["notify_s"], tuesday["mttn_s"], tuesday["mtta_s"]) == (0, None, 60.0)


async def test_days_are_those_of_the_zone(told: psycopg.Connection):
    query = "SELECT DISTINCT day::text FROM alert_figures(%s, %s, %s)"
    found = told.execute(query, (at(0), at(TUESDAY), "Pacific/Honolulu")).fetchall()

    assert found == [("2026-03-01",)]
    of_run = "SELECT sum(alerts) FROM alert_figures(%s, %s, of_run => 'replay')"
    assert told.execute(of_run, (at(0), at(TUESDAY))).fetchall() == [(1,)]


async def test_told_again_all_figures_stay(sink: TimescaleSink, sql: psycopg.Connection):
    queries = [
        "SELECT * FROM alerts ORDER BY run, fingerprint, starts_at",
        "SELECT * FROM alert_history",
        "SELECT * FROM notifications ORDER BY id",
        "SELECT * FROM on_call ORDER BY starts_at",
        f"SELECT * FROM alert_figures('{at(0)}', '{at(2 * TUESDAY)}') ORDER BY day, severity",
    ]
    await tell(sink, times=2)
    twice = [ask(sql, query) for query in queries]
    sql.execute(
        "TRUNCATE alert_transition, alert_handled, on_call_shift, notification, notification_alert,"
        " delivery_attempt, operator_act, sink_position, sink_mark"
    )
    await tell(sink)

    assert [ask(sql, query) for query in queries] == twice
