"""What Grafana's macros and variables become."""

from datetime import UTC, datetime, timedelta

import pytest

from deploy.grafana.macros import Asked

BEGINS = datetime(2026, 3, 3, 6, tzinfo=UTC)
FROM, TO = "'2026-03-03T06:00:00.000000Z'", "'2026-03-03T10:00:00.000000Z'"


def asked(hours=4, **chosen):
    return Asked(BEGINS, BEGINS + timedelta(hours=hours), chosen)


@pytest.mark.parametrize(
    ("sql", "becomes"),
    [
        pytest.param("$__timeFilter(at)", f"at BETWEEN {FROM} AND {TO}", id="a column"),
        pytest.param(
            "$__timeFilter(coalesce(a, b))",
            f"coalesce(a BETWEEN {FROM} AND {TO})",
            id="no calls, which Grafana does not take",
        ),
        pytest.param("$__timeFrom()::timestamptz", f"{FROM}::timestamptz", id="begin"),
        pytest.param("x < $__timeTo()", f"x < {TO}", id="end"),
        pytest.param("'$__interval'", "'30s'", id="an interval"),
        pytest.param("${one:sqlstring}", "'it''s'", id="a quote in a value"),
        pytest.param("ARRAY[${two:sqlstring}]", "ARRAY['a', 'b']", id="several values"),
        pytest.param("ARRAY[${none:sqlstring}]::text[]", "ARRAY[]::text[]", id="none"),
        pytest.param("date_trunc('${period}', x)", "date_trunc('week', x)", id="as it is"),
    ],
)
def test_macros_become_sql(sql, becomes):
    given = asked(one=["it's"], two=["a", "b"], none=[], period=["week"])

    assert given.expanded(sql) == becomes


@pytest.mark.parametrize(
    ("hours", "least", "interval"),
    [
        pytest.param(1, None, "10s", id="an hour"),
        pytest.param(1, "1m", "1m", id="no finer than facts"),
        pytest.param(24 * 7, "1h", "1h", id="a week"),
        pytest.param(24 * 365, None, "1d", id="a year"),
    ],
)
def test_intervals_leave_so_many_points_that_a_graph_can_show(hours, least, interval):
    assert asked(hours).expanded("$__interval", least) == interval


def test_a_variable_that_nobody_has_is_an_error():
    with pytest.raises(KeyError, match="line"):
        asked().expanded("${line:sqlstring}")
