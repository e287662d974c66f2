"""Rates, floods and nuisances of ISA-18.2, against sequences of alarms counted by hand."""

from typing import Any

import psycopg
import pytest

from schemas.alerts import AlertTransition
from schemas.topics import ALERT, NOTIFICATION
from sinks.timescale.writer import TimescaleSink
from tests.sinks.alert_story import at, notification, transition
from tests.sinks.records import batch
from tests.sinks.timescale.conftest import ask

pytestmark = pytest.mark.integration

MINUTE = 60


def firing(counts: list[int]) -> list[AlertTransition]:
    """So many alarms in each interval of 10 minutes, a second apart."""
    return [
        transition(f"A{interval}-{number}", second, "firing", second)
        for interval, count in enumerate(counts)
        for number in range(count)
        for second in [600 * interval + number]
    ]


def floods(sql: psycopg.Connection, operator: str = "") -> list[tuple[Any, ...]]:
    query = (
        "SELECT begins_at, ends_at, alarms, peak FROM alarm_floods(%s, %s)"
        " WHERE operator = %s ORDER BY begins_at"
    )
    found = sql.execute(query, (at(0), at(7200), operator)).fetchall()
    return [
        ((begin - at(0)).total_seconds() / 60, (end - at(0)).total_seconds() / 60, *rest)
        for begin, end, *rest in found
    ]


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        pytest.param([10, 10], [], id="ten are no flood"),
        pytest.param([11], [(0, 10, 11, 11)], id="eleven are one"),
        pytest.param([11, 5, 4], [(0, 20, 16, 11)], id="it goes on with five, and ends with four"),
        pytest.param([9, 5, 11], [(20, 30, 11, 11)], id="five do not begin one"),
        pytest.param([11, 12, 11], [(0, 30, 34, 12)], id="one and not three"),
        pytest.param([11, 0, 11], [(0, 10, 11, 11), (20, 30, 11, 11)], id="silence ends it"),
        pytest.param([11, 4, 9], [(0, 10, 11, 11)], id="what ended does not go on"),
        pytest.param(
            [3, 11, 7, 12, 5, 4, 11, 0, 11],
            [(10, 50, 35, 12), (60, 70, 11, 11), (80, 90, 11, 11)],
            id="three in a morning",
        ),
    ],
)
async def test_floods_begin_above_ten_and_end_below_five(
    sink: TimescaleSink,
    sql: psycopg.Connection,
    counts: list[int],
    expected: list[tuple[int, ...]],
):
    await sink.write(batch(ALERT, [*firing(counts)]))

    assert floods(sql) == expected


async def test_rates_of_a_morning(sink: TimescaleSink, sql: psycopg.Connection):
    await sink.write(batch(ALERT, [*firing([3, 11, 7, 12, 5, 4, 11, 0, 11])]))

    (found,) = sql.execute(
        "SELECT operator, alarms, hours, alarms_per_hour, alarms_per_10min, peak_per_10min,"
        " intervals_over_10, share_over_10, floods, flood_s, flood_share"
        " FROM alarm_figures(%s, %s)",
        (at(0), at(7200)),
    ).fetchall()

    assert found == pytest.approx(("", 64, 2.0, 32.0, 64 / 12, 12, 4, 4 / 12, 3, 3600.0, 0.5))


async def test_a_flood_counts_within_the_range_and_is_judged_by_what_was_before(
    sink: TimescaleSink, sql: psycopg.Connection
):
    await sink.write(batch(ALERT, [*firing([11, 6, 6, 6])]))

    (found,) = sql.execute(
        "SELECT alarms, floods, flood_s, flood_share FROM alarm_figures(%s, %s)",
        (at(1200), at(2400)),
    ).fetchall()

    assert found == (12, 1, 1200.0, 1.0)


async def test_an_alert_that_rises_is_one_alarm(sink: TimescaleSink, sql: psycopg.Connection):
    one = transition("Hot", 0, "firing", 0)
    risen = transition("Hot", 0, "firing", 700, severity="critical")
    await sink.write(batch(ALERT, [one, risen]))

    assert intervals(sql) == [("", 0, 1)]


async def test_an_operator_counts_an_alarm_once(sink: TimescaleSink, sql: psycopg.Connection):
    one, other = transition("Hot", 0, "firing", 0), transition("Cold", 0, "firing", 0)
    over = transition("Late", 0, "resolved", 1800)
    messages = [
        notification("a", 0, one, channel="mail"),
        notification("b", 0, one, channel="sms"),
        notification("c", 700, one, other, why="changed"),
        notification("d", 700, one, other, why="escalated", recipient="ben"),
        notification("e", 1800, over, why="resolved"),
    ]
    await sink.write(batch(NOTIFICATION, [*messages]))

    assert intervals(sql) == [("ana", 0, 1), ("ana", 10, 1), ("ben", 10, 2)]


async def test_what_a_summary_counts_and_does_not_list_is_counted(
    sink: TimescaleSink, sql: psycopg.Connection
):
    listed = [transition(f"A{number}", 0, "firing", 0) for number in range(10)]
    messages = [
        notification(channel, 30, *listed, why="summary", channel=channel, total=500)
        for channel in ("mail", "sms")
    ]
    await sink.write(batch(NOTIFICATION, [*messages]))

    assert intervals(sql) == [("ana", 0, 500)]
    assert floods(sql, "ana") == [(0, 10, 500, 500)]


def intervals(sql: psycopg.Connection) -> list[tuple[Any, ...]]:
    found = sql.execute(
        "SELECT operator, interval_start, alarms FROM alarm_intervals(%s, %s) ORDER BY 1, 2",
        (at(0), at(7200)),
    ).fetchall()
    return [(who, (begin - at(0)).total_seconds() / 60, alarms) for who, begin, alarms in found]


async def test_chattering_fleeting_standing_and_stale(sink: TimescaleSink, sql: psycopg.Connection):
    day = 24 * 3600
    lives: list[tuple[str, float, float | None]] = [
        *(("Chatters", 0, 5), ("Chatters", 20, 25), ("Chatters", 60, 65), ("Chatters", 121, 126)),
        *(("Twice", 0, 70), ("Twice", 80, 150)),
        *(("Long", 0, day + 1), ("Day", 0, day), ("Stands", 0, None)),
    ]
    told = [
        transition(name, since, state, second)
        for name, since, end in lives
        for state, second in (("firing", since), ("resolved", end))
        if second is not None
    ]
    await sink.write(batch(ALERT, [*told]))

    query = (
        "SELECT alertname, chattering, fleeting, standing, stale FROM alarm_behaviour"
        " ORDER BY alertname, fired_at"
    )
    assert ask(sql, query) == [
        ("Chatters", True, False, False, False),
        ("Chatters", True, False, False, False),
        ("Chatters", True, False, False, False),
        ("Chatters", False, True, False, False),
        ("Day", False, False, False, False),
        ("Long", False, False, False, True),
        ("Stands", False, False, True, True),
        ("Twice", False, False, False, False),
        ("Twice", False, False, False, False),
    ]
