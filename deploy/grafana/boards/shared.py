"""Panels that several dashboards have."""

from deploy.grafana import colours, sql
from deploy.grafana.shapes import (
    BY_PEOPLE,
    OVER_TIME,
    Column,
    Equals,
    Kind,
    Number,
    Panel,
)

REACTOR_TAGS = {
    "temperature": "temperature",
    "setpoint": "temperature-setpoint",
    "pressure": "pressure",
    "mixing_speed": "mixing-speed",
}
"""What tables show of a reactor, by column."""
_PLACES = "VALUES " + ", ".join(
    f"({place}, {name}_s)" for place, name in enumerate(colours.CATEGORIES)
)
_PLACE = f"array_position(ARRAY[{', '.join(map(repr, colours.CATEGORIES))}], category) - 1"
_UNKNOWN = colours.CATEGORIES.index("unknown")
_KNOWN = ", ".join(f"{name}_s" for name in colours.CATEGORIES if name != "unknown")
_SHORT = f"{sql.TO} - {sql.FROM} <= {sql.LONG}"
_STOOD = f"FROM stops WHERE {sql.THESE} AND {_SHORT}"

STATES = f"""{sql.facts()}, told AS (
    SELECT greatest(start, {sql.FROM}) AS time, equipment, {_PLACE} AS place
    {_STOOD} AND start <= {sql.TO} AND ("end" IS NULL OR "end" > greatest(start, {sql.FROM}))
    UNION ALL
    SELECT "end", equipment, 0 {_STOOD} AND start < "end" AND $__timeFilter("end")
    UNION ALL
    SELECT greatest(min(window_start), {sql.FROM}), equipment, 0 FROM facts WHERE {_SHORT} GROUP BY equipment
), said AS (
    SELECT DISTINCT ON (time, equipment) time, equipment, place FROM told ORDER BY time, equipment, place DESC
), minutes AS (
    SELECT equipment, window_start, unknown_s > greatest({_KNOWN}) AS unseen,
        lag(unknown_s > greatest({_KNOWN})) OVER (PARTITION BY equipment ORDER BY window_start) AS before
    FROM facts WHERE {_SHORT}
), stretches AS (
    SELECT equipment, unseen, window_start AS begins,
        coalesce(lead(window_start) OVER (PARTITION BY equipment ORDER BY window_start), 'infinity') AS ends
    FROM minutes WHERE unseen IS DISTINCT FROM before
), shown AS (
    SELECT time, equipment, place FROM said WHERE NOT EXISTS (SELECT FROM stretches
        WHERE unseen AND stretches.equipment = said.equipment AND begins <= time AND ends > time)
    UNION
    SELECT begins, equipment, {_UNKNOWN} FROM stretches WHERE unseen
    UNION
    SELECT ends, equipment, (SELECT place FROM said
        WHERE said.equipment = stretches.equipment AND time <= ends ORDER BY time DESC LIMIT 1)
    FROM stretches WHERE unseen AND ends < 'infinity'
), spent AS (
    SELECT {sql.BUCKET.format("window_start")} AS time, equipment, place, sum(seconds) AS seconds
    FROM facts CROSS JOIN LATERAL ({_PLACES}) AS of (place, seconds) WHERE NOT {_SHORT} GROUP BY 1, 2, 3
)
SELECT time, {sql.NAME} AS metric, place AS value FROM (
    SELECT * FROM shown
    UNION ALL
    (SELECT DISTINCT ON (time, equipment) time, equipment, place FROM spent ORDER BY time, equipment, seconds DESC, place)
) AS shown {sql.NAMED}
ORDER BY time, metric"""


def states(height: int) -> Panel:
    """A band per machine; so many rows of the grid are its height."""
    return Panel(
        "states",
        Kind.STATES,
        OVER_TIME,
        STATES,
        size=(24, height),
        least="1m",
        columns=[Column("value", values="category")],
    )


MACHINE_FIGURES = f"""{sql.facts()}, newest AS (
    SELECT DISTINCT ON (equipment) equipment, batch, product FROM {sql.MINUTES}
    WHERE {sql.THESE} AND window_start >= {sql.TO} - interval '15 minutes' AND window_start < {sql.TO}
    ORDER BY equipment, window_start DESC
)
SELECT {sql.NAME} AS equipment, max(newest.product) AS product, max(newest.batch) AS batch,
    sum(good) AS good, sum(scrap) AS scrap, sum(rework) AS rework, {sql.AVAILABILITY} AS availability,
    {sql.EFFECTIVENESS} AS effectiveness, {sql.QUALITY_RATIO} AS quality_ratio, {sql.OEE} AS oee,
    {sql.COVERAGE} AS coverage
FROM facts {sql.NAMED} LEFT JOIN newest USING (equipment)
GROUP BY 1 ORDER BY 1"""


def machine_figures(panel: str, size: tuple[int, int]) -> Panel:
    """A row per machine: what it makes, and how well."""
    return Panel(
        panel,
        Kind.TABLE,
        Equals(Number.GOOD, "good", by="equipment"),
        MACHINE_FIGURES,
        also=[
            Equals(Number.SCRAP, "scrap", by="equipment"),
            Equals(Number.REWORK, "rework", by="equipment"),
            Equals(Number.AVAILABILITY, "availability", by="equipment"),
            Equals(Number.QUALITY_RATIO, "quality_ratio", by="equipment"),
            Equals(Number.OEE, "oee", by="equipment"),
        ],
        size=size,
        columns=[
            Column("equipment"),
            Column("product"),
            Column("batch"),
            Column("good"),
            Column("scrap"),
            Column("rework"),
            Column("availability", "percentunit", 1),
            Column("effectiveness", "percentunit", 1),
            Column("quality_ratio", "percentunit", 1, steps=colours.QUALITY),
            Column("oee", "percentunit", 1, steps=colours.OEE),
            Column("coverage", "percentunit", 1, steps=colours.COVERAGE),
        ],
    )


def alerts(panel: str, of: str) -> Panel:
    """Alerts of the range, those that fire first."""
    return Panel(
        panel,
        Kind.TABLE,
        BY_PEOPLE,
        f"""SELECT fired_at AS time, coalesce(current_severity, severity) AS severity, alertname,
    regexp_replace(equipment, '^.*/', '') AS equipment,
    coalesce(words -> ${{language:sqlstring}} ->> 'summary', summary) AS summary, state, acknowledged_by,
    time_to_acknowledge_s AS answered_within, escalations
FROM alerts
WHERE {of} AND starts_at <= {sql.TO} AND coalesce(resolved_at, {sql.TO}) >= {sql.FROM} AND fired_at IS NOT NULL
ORDER BY state = 'firing' DESC, array_position(ARRAY['critical', 'warning', 'info'], severity), fired_at DESC
LIMIT 50""",
        size=(24, 8),
        columns=[
            Column("time", "dateTimeAsLocal", width=170),
            Column("severity", values="severity", width=100),
            Column("alertname", link="runbook", width=230),
            Column("equipment", width=110),
            Column("summary"),
            Column("state", values="state", width=90),
            Column("acknowledged_by", width=140),
            Column("answered_within", "s", width=120),
            Column("escalations", width=110),
        ],
    )


ALERTS = alerts("alerts", sql.AT_SITE)
