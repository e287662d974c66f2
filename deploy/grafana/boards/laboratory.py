"""Rows of the dashboard of quality: tests, their limits, who signed and who corrected."""

from deploy.grafana import colours, sql
from deploy.grafana.shapes import OVER_TIME, PLANNED, Column, Equals, Kind, Number, Panel, Row

_JUDGED = "outcome IN ('pass', 'out_of_trend', 'fail')"
_WITHIN = "outcome IN ('pass', 'out_of_trend')"

TREND = f"""SELECT {sql.BUCKET.format("tested_at")} AS time, product AS metric,
    count(*) FILTER (WHERE {_WITHIN}) / nullif(count(*), 0)::double precision AS value
FROM test_results WHERE {sql.THESE_PRODUCTS} AND is_newest AND {_JUDGED} AND $__timeFilter(tested_at)
GROUP BY 1, 2 ORDER BY 1"""

TESTS = f"""SELECT {sql.BUCKET.format("tested_at")} AS time, count(*) FILTER (WHERE outcome = 'pass') AS pass,
    count(*) FILTER (WHERE outcome = 'out_of_trend') AS out_of_trend, count(*) FILTER (WHERE outcome = 'fail') AS fail
FROM test_results WHERE {sql.THESE_PRODUCTS} AND is_newest AND {_JUDGED} AND $__timeFilter(tested_at)
GROUP BY 1 ORDER BY 1"""

PARAMETERS = f"""SELECT product, test, unit, lower_limit, upper_limit, mean, cpk, ppk, results
FROM process_capability WHERE {sql.THESE_PRODUCTS} ORDER BY cpk NULLS LAST, product, test"""

IN_LIMITS = f"""SELECT tested_at AS time, product || ' ' || test AS metric,
    (number - lower_limit) / nullif(upper_limit - lower_limit, 0) AS value
FROM test_results
WHERE {sql.THESE_PRODUCTS} AND is_newest AND number IS NOT NULL AND lower_limit IS NOT NULL
    AND upper_limit IS NOT NULL AND $__timeFilter(tested_at)
ORDER BY tested_at"""

INSTRUMENTS = f"""SELECT instrument, max(tested_at) AS time, count(*) AS results,
    count(*) FILTER (WHERE outcome = 'fail') AS failed, count(*) FILTER (WHERE invalid) AS invalid
FROM test_results
WHERE {sql.THESE_PRODUCTS} AND instrument IS NOT NULL AND is_newest AND $__timeFilter(tested_at)
GROUP BY instrument ORDER BY max(tested_at) DESC LIMIT 30"""

SIGNED = f"""SELECT signed_at AS time, printed_name, meaning, act, batch, array_to_string(roles, ', ') AS roles, answer
FROM signatures WHERE {sql.AT_SITE} AND $__timeFilter(signed_at) ORDER BY signed_at DESC LIMIT 100"""

SIGNATURES = f"""SELECT count(*) AS signatures, count(*) FILTER (WHERE answer = 'refused') AS refused
FROM signatures WHERE {sql.AT_SITE} AND $__timeFilter(signed_at)"""

CORRECTED = f"""SELECT stated_at AS time, test, batch, corrected_from, value, unit, outcome, stated_by, reason
FROM test_results
WHERE {sql.THESE_PRODUCTS} AND corrects IS NOT NULL AND answer = 'accepted' AND $__timeFilter(stated_at)
ORDER BY stated_at DESC LIMIT 50"""

TESTED = Row(
    "tested",
    [
        Panel(
            "compliance_trend",
            Kind.SERIES,
            OVER_TIME,
            TREND,
            unit="percentunit",
            steps={None: "transparent", 0.95: colours.GREEN},
            limits=True,
            least="1m",
            at_least=0,
            at_most=1,
        ),
        Panel(
            "tests",
            Kind.SERIES,
            Equals(Number.WITHIN, "pass+out_of_trend"),
            TESTS,
            least="1m",
            bars=True,
            stacked=True,
            columns=[Column("pass"), Column("out_of_trend"), Column("fail")],
        ),
        Panel(
            "in_limits",
            Kind.SERIES,
            PLANNED,
            IN_LIMITS,
            unit="percentunit",
            steps={None: "transparent", 0: colours.RED, 1: colours.RED},
            limits=True,
            points=True,
            shows=(0.0, 1.0),
        ),
        Panel(
            "parameters",
            Kind.TABLE,
            PLANNED,
            PARAMETERS,
            columns=[
                Column("product"),
                Column("test"),
                Column("unit"),
                Column("lower_limit"),
                Column("upper_limit"),
                Column("mean", "short", 2),
                Column("cpk", "short", 2, steps=colours.CAPABILITY),
                Column("ppk", "short", 2),
                Column("results"),
            ],
        ),
    ],
)
TRAIL = Row(
    "trail",
    [
        Panel(
            "signatures",
            Kind.STAT,
            Equals(Number.SIGNED, "signatures"),
            SIGNATURES,
            size=(4, 8),
            columns=[Column("signatures"), Column("refused", steps=colours.ANY_IS_A_WARNING)],
        ),
        Panel(
            "signed",
            Kind.TABLE,
            PLANNED,
            SIGNED,
            size=(20, 8),
            columns=[
                Column("time", "dateTimeAsLocal", width=170),
                Column("printed_name"),
                Column("meaning"),
                Column("act"),
                Column("batch"),
                Column("roles"),
                Column("answer"),
            ],
        ),
        Panel(
            "corrected",
            Kind.TABLE,
            PLANNED,
            CORRECTED,
            size=(14, 8),
            columns=[
                Column("time", "dateTimeAsLocal", width=170),
                Column("test"),
                Column("batch"),
                Column("corrected_from"),
                Column("value"),
                Column("unit"),
                Column("outcome", values="outcome"),
                Column("stated_by"),
                Column("reason"),
            ],
        ),
        Panel(
            "instruments",
            Kind.TABLE,
            PLANNED,
            INSTRUMENTS,
            size=(10, 8),
            columns=[
                Column("instrument"),
                Column("time", "dateTimeAsLocal", width=170),
                Column("results"),
                Column("failed", steps=colours.ANY_IS_BAD),
                Column("invalid"),
            ],
        ),
    ],
)
