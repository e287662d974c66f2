"""Factory overview: how it goes now, on all machines of a site."""

from deploy.grafana import colours, sql, telemetry
from deploy.grafana.boards.shared import ALERTS, REACTOR_TAGS, machine_figures, states
from deploy.grafana.shapes import (
    MEASURED,
    OVER_TIME,
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

_CONSTRAINTS = f"""equipment IN (SELECT equipment FROM plant_equipment WHERE in_force AND is_constraint)
        AND {sql.THESE}"""

_THERE = f"{sql.THESE} AND {sql.DAYS_AROUND}"

PRODUCTION_TODAY = f"""WITH today AS (
    SELECT equipment, max(day) AS day FROM {sql.DAYS} WHERE {_CONSTRAINTS} AND {sql.DAYS_OVERLAP}
    GROUP BY equipment
), made AS (
    SELECT sum(good) AS good FROM {sql.DAYS} JOIN today USING (equipment, day) WHERE {_THERE}
), wanted AS (
    SELECT sum(demand_per_shift) AS target FROM (
        SELECT DISTINCT ON (equipment, shift) demand_per_shift
        FROM takt_by_shift JOIN today USING (equipment, day)
        WHERE {_THERE} ORDER BY equipment, shift, cycles DESC) AS shifts
)
SELECT good, target FROM made, wanted"""

OEE_NOW = f"""SELECT {sql.OEE} AS oee FROM {sql.MINUTES}
WHERE {sql.THESE} AND window_start >= {sql.TO} - interval '1 hour' AND window_start < {sql.TO}
HAVING sum(planned_s) > 0"""

QUALITY_NOW = f"""{sql.facts()}
SELECT {sql.QUALITY_RATIO} AS quality_ratio FROM facts"""

ACTIVE = f"""SELECT count(*) AS firing, count(*) FILTER (WHERE current_severity = 'critical') AS critical
FROM alerts WHERE {sql.AT_SITE} AND state = 'firing'"""

OEE_OF_RANGE = f"""{sql.facts()}
SELECT {sql.OEE} AS oee FROM facts"""

STATIONS_NOW = telemetry.newest(
    {"throughput": "throughput", "queue": "queue-length", "energy": "energy"}, must="throughput"
)

PRODUCTION_TREND = f"""SELECT {sql.BUCKET.format("window_start")} AS time, sum(good) AS good, sum(scrap + rework) AS rejects
FROM {sql.HOURS} WHERE {_CONSTRAINTS} AND {sql.WITHIN}
GROUP BY 1 ORDER BY 1"""

OEE_TREND = f"""SELECT {sql.BUCKET.format("window_start")} AS time, {sql.OEE} AS oee, {sql.QUALITY_RATIO} AS quality_ratio
FROM {sql.HOURS} WHERE {sql.THESE} AND {sql.WITHIN}
GROUP BY 1 ORDER BY 1"""

EVENTS = f"""SELECT at AS time, kind, {sql.NAME} AS equipment, what FROM (
    SELECT start AS at, 'stop' AS kind, equipment, category || coalesce(': ' || reason, '') AS what
    FROM stops WHERE {sql.THESE} AND $__timeFilter(start) AND category <> 'minor_stop'
    UNION ALL
    SELECT raised_at, 'andon', equipment, concat_ws(', ', kind, priority, comment)
    FROM andon_calls WHERE {sql.THESE} AND $__timeFilter(raised_at)
    UNION ALL
    SELECT start, 'finding', equipment, text FROM findings WHERE {sql.THESE} AND $__timeFilter(start)
) AS told {sql.NAMED}
ORDER BY at DESC LIMIT 50"""

COMPLIANCE = f"""SELECT product, passed, judged, passed / nullif(judged, 0)::double precision AS compliance_rate,
    CASE WHEN compliance_rate IS NULL THEN 'too_few' WHEN compliance_rate >= 1 THEN 'compliant'
        WHEN compliance_rate >= 0.95 THEN 'warning' ELSE 'violation' END AS status
FROM compliance_by_product
WHERE {sql.AT_SITE} AND period = '30d' AND area IS NULL AND test IS NULL ORDER BY product"""

NOW = Row(
    "now",
    [
        Panel(
            "production_today",
            Kind.STAT,
            Equals(Number.CONSTRAINT_GOOD, "good"),
            PRODUCTION_TODAY,
            size=(5, 5),
            columns=[Column("good"), Column("target")],
        ),
        Panel(
            "oee_now",
            Kind.STAT,
            Equals(Number.OEE, "oee"),
            OEE_NOW,
            size=(4, 5),
            unit="percentunit",
            decimals=1,
            steps=colours.OEE,
        ),
        Panel(
            "oee_of_range",
            Kind.STAT,
            Equals(Number.OEE, "oee"),
            OEE_OF_RANGE,
            size=(4, 5),
            unit="percentunit",
            decimals=1,
            steps=colours.OEE,
        ),
        Panel(
            "quality_now",
            Kind.STAT,
            Equals(Number.QUALITY_RATIO, "quality_ratio"),
            QUALITY_NOW,
            size=(4, 5),
            unit="percentunit",
            decimals=1,
            steps=colours.QUALITY,
        ),
        Panel(
            "alerts_active",
            Kind.STAT,
            NoNumber("what fires at the moment of asking; the demo holds what was told to people"),
            ACTIVE,
            size=(7, 5),
            columns=[
                Column("firing", steps=colours.ANY_IS_A_WARNING),
                Column("critical", steps=colours.ANY_IS_BAD),
            ],
        ),
    ],
)
MACHINES = Row(
    "machines",
    [
        states(8),
        machine_figures("machines_now", (24, 8)),
        Panel(
            "reactors_now",
            Kind.TABLE,
            MEASURED,
            telemetry.newest(REACTOR_TAGS, must="temperature"),
            size=(12, 5),
            columns=[
                Column("equipment"),
                Column("temperature", "celsius", 1, steps=colours.TEMPERATURE),
                Column("setpoint", "celsius", 1),
                Column("pressure", "pressurebar", 2),
                Column("mixing_speed", "rotrpm", 0),
            ],
        ),
        Panel(
            "stations_now",
            Kind.TABLE,
            MEASURED,
            STATIONS_NOW,
            size=(12, 5),
            columns=[
                Column("equipment"),
                Column("throughput", "short", 0),
                Column("queue", "short", 0),
                Column("energy", "kwatth", 1),
            ],
        ),
    ],
)
TRENDS = Row(
    "trends",
    [
        Panel(
            "production_trend",
            Kind.SERIES,
            Equals(Number.CONSTRAINT_GOOD, "good"),
            PRODUCTION_TREND,
            columns=[Column("good"), Column("rejects")],
            span="7d",
            least="1h",
            bars=True,
            stacked=True,
        ),
        Panel(
            "oee_trend",
            Kind.SERIES,
            OVER_TIME,
            OEE_TREND,
            unit="percentunit",
            steps={None: "transparent", 0.85: colours.GREEN},
            limits=True,
            columns=[Column("oee"), Column("quality_ratio")],
            span="7d",
            least="1h",
            at_least=0,
        ),
    ],
)
WATCHED = Row(
    "watched",
    [
        ALERTS,
        Panel(
            "events",
            Kind.TABLE,
            PLANNED,
            EVENTS,
            size=(14, 9),
            columns=[
                Column("time", "dateTimeAsLocal", width=170),
                Column("kind", values="kind", width=90),
                Column("equipment", width=110),
                Column("what", begins_with="category"),
            ],
        ),
        Panel(
            "compliance_now",
            Kind.TABLE,
            Equals(Number.JUDGED, "judged", by="product"),
            COMPLIANCE,
            size=(10, 9),
            columns=[
                Column("product"),
                Column("passed"),
                Column("judged"),
                Column("compliance_rate", "percentunit", 1, steps=colours.COMPLIANCE),
                Column("status", values="status"),
            ],
        ),
    ],
)

FACTORY = Board("factory", [NOW, MACHINES, TRENDS, WATCHED], ["site", "line", "equipment"])
