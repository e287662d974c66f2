"""Quality and compliance: what was judged, what waits, what deviates, who signed."""

from deploy.grafana import colours, sql
from deploy.grafana.boards.laboratory import TESTED, TRAIL
from deploy.grafana.shapes import (
    PLANNED,
    Board,
    Column,
    Equals,
    Kind,
    NoNumber,
    Number,
    Panel,
    Row,
)

_WINDOW = f"{sql.THESE_PRODUCTS} AND period = '30d' AND area IS NULL AND test IS NULL"
_STATUS = """CASE WHEN {rate} IS NULL THEN 'too_few' WHEN {rate} >= 1 THEN 'compliant'
        WHEN {rate} >= 0.95 THEN 'warning' ELSE 'violation' END AS status"""
_RELEASES = f"FROM batch_release WHERE {sql.THESE_PRODUCTS}"

OVERALL = f"""SELECT sum(passed) / nullif(sum(judged), 0)::double precision AS compliance_rate
FROM compliance_by_product WHERE {_WINDOW}"""

BY_PRODUCT = f"""SELECT product, passed, judged, passed / nullif(judged, 0)::double precision AS compliance_rate,
    first_passed / nullif(first_judged, 0)::double precision AS first_rate, minimum_results,
    {_STATUS.format(rate="compliance_rate")}
FROM compliance_by_product WHERE {_WINDOW} ORDER BY product"""

BY_AREA = f"""SELECT area, sum(passed) / nullif(sum(judged), 0)::double precision AS compliance_rate
FROM compliance_by_product
WHERE {sql.THESE_PRODUCTS} AND period = '30d' AND area IS NOT NULL AND test IS NULL
GROUP BY area ORDER BY area"""

PENDING = f"""SELECT coalesce(sum(cardinality(pending)), 0) AS pending,
    coalesce(sum(cardinality(pending)) FILTER (WHERE hours_since_end > 24), 0) AS urgent,
    coalesce(sum(cardinality(overdue)), 0) AS overdue
{_RELEASES} AND ended_at IS NOT NULL AND (disposition IS NULL OR disposition = 'held')"""

RELEASES = f"""SELECT count(*) FILTER (WHERE ended_at IS NOT NULL) AS ended,
    count(*) FILTER (WHERE ended_at IS NOT NULL AND (disposition IS NULL OR disposition = 'held')) AS waiting,
    count(*) FILTER (WHERE disposition IN ('approved', 'conditional')) AS approved,
    count(*) FILTER (WHERE disposition = 'rejected') AS rejected
FROM (SELECT *, coalesce(disposed_at, ended_at, started_at) AS newest_at {_RELEASES}) AS batches
WHERE $__timeFilter(newest_at)"""

DEVIATION_COUNT = f"""SELECT count(*) FILTER (WHERE cause <> 'excursion') AS by_tests,
    count(*) FILTER (WHERE cause = 'excursion') AS by_excursions
FROM deviations_open WHERE {sql.THESE_PRODUCTS}"""

WAITING = f"""SELECT batch, product, ended_at AS time, hours_since_end * 3600 AS waits_s, judged, expected,
    array_to_string(pending, ', ') AS pending, array_to_string(overdue, ', ') AS overdue,
    array_to_string(failed_tests, ', ') AS failed_tests, open_deviations, coalesce(disposition, 'waiting') AS disposition
{_RELEASES} AND ended_at IS NOT NULL AND (disposition IS NULL OR disposition = 'held')
ORDER BY ended_at LIMIT 50"""

DEVIATIONS = f"""SELECT opened_at AS time, severity, cause, product, batch, test, because, state, age_days, recurrence, done_by
FROM deviations_open WHERE {sql.THESE_PRODUCTS}
ORDER BY array_position(ARRAY['critical', 'major', 'minor'], severity), opened_at LIMIT 50"""

FIGURES = Row(
    "now",
    [
        Panel(
            "compliance_overall",
            Kind.STAT,
            NoNumber("the ratio of the two columns of the table by product, which are held"),
            OVERALL,
            size=(4, 5),
            unit="percentunit",
            decimals=1,
            steps=colours.COMPLIANCE,
        ),
        Panel(
            "tests_pending",
            Kind.STAT,
            NoNumber("what waits at the moment of asking; ages count on after the demo's end"),
            PENDING,
            size=(7, 5),
            columns=[
                Column("pending"),
                Column("urgent", steps=colours.ANY_IS_A_WARNING),
                Column("overdue", steps=colours.ANY_IS_BAD),
            ],
        ),
        Panel(
            "releases",
            Kind.STAT,
            Equals(Number.APPROVED, "approved"),
            RELEASES,
            also=[
                Equals(Number.BATCHES_ENDED, "ended"),
                Equals(Number.REJECTED, "rejected"),
            ],
            size=(8, 5),
            columns=[
                Column("ended"),
                Column("waiting", steps=colours.ANY_IS_A_WARNING),
                Column("approved"),
                Column("rejected", steps=colours.ANY_IS_BAD),
            ],
        ),
        Panel(
            "deviations_open",
            Kind.STAT,
            Equals(Number.OPEN_DEVIATIONS, "by_tests"),
            DEVIATION_COUNT,
            size=(5, 5),
            columns=[
                Column("by_tests", steps=colours.ANY_IS_A_WARNING),
                Column("by_excursions", steps=colours.ANY_IS_A_WARNING),
            ],
        ),
        Panel(
            "compliance_by_product",
            Kind.TABLE,
            Equals(Number.WITHIN, "passed", by="product"),
            BY_PRODUCT,
            also=[Equals(Number.JUDGED, "judged", by="product")],
            size=(14, 5),
            columns=[
                Column("product"),
                Column("passed"),
                Column("judged"),
                Column("compliance_rate", "percentunit", 1, steps=colours.COMPLIANCE),
                Column("first_rate", "percentunit", 1),
                Column("minimum_results"),
                Column("status", values="status"),
            ],
        ),
        Panel(
            "compliance_by_area",
            Kind.GAUGES,
            NoNumber("areas are parts of the products, which are held"),
            BY_AREA,
            size=(10, 5),
            unit="percentunit",
            decimals=1,
            steps=colours.COMPLIANCE,
            at_least=0,
            at_most=1,
        ),
    ],
)
WAITS = Row(
    "waits",
    [
        Panel(
            "releases_waiting",
            Kind.TABLE,
            PLANNED,
            WAITING,
            size=(24, 8),
            columns=[
                Column("batch"),
                Column("product"),
                Column("time", "dateTimeAsLocal", width=170),
                Column("waits_s", "s"),
                Column("judged"),
                Column("expected"),
                Column("pending"),
                Column("overdue"),
                Column("failed_tests"),
                Column("open_deviations", steps=colours.ANY_IS_BAD),
                Column("disposition", values="disposition"),
            ],
        ),
        Panel(
            "deviations",
            Kind.TABLE,
            PLANNED,
            DEVIATIONS,
            size=(24, 8),
            columns=[
                Column("time", "dateTimeAsLocal", width=170),
                Column("severity", values="severity", width=100),
                Column("cause", values="cause", width=150),
                Column("product"),
                Column("batch"),
                Column("test"),
                Column("because"),
                Column("state", values="state"),
                Column("age_days", "d", width=90),
                Column("recurrence", width=100),
                Column("done_by"),
            ],
        ),
    ],
)
QUALITY = Board(
    "quality",
    [FIGURES, WAITS, TESTED, TRAIL],
    ["site", "product"],
    span="now-7d",
    refresh="1m",
    annotations=("alerts",),
)
