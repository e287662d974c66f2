"""Parts of the panels' SQL: who is meant, which resolution is read, ratios from sums."""

MINUTES = "oee_by_minute"
HOURS = "oee_hourly"
DAYS = "oee_daily"
"""By how long the range is, a resolution is read; ratios are taken from its sums."""

MACHINES_CHOSEN = "equipment = ANY (ARRAY[${equipment:sqlstring}]::text[])"
THESE = f"run = '' AND {MACHINES_CHOSEN}"
AT_SITE = "run = '' AND site = ${site:sqlstring}"
THESE_PRODUCTS = f"{AT_SITE} AND product = ANY (ARRAY[${{product:sqlstring}}]::text[])"
FROM, TO = "$__timeFrom()::timestamptz", "$__timeTo()::timestamptz"
OVERLAPS = f"window_start < {TO} AND window_end > {FROM}"
DAYS_AROUND = f"day BETWEEN {FROM}::date - 2 AND {TO}::date + 1"
"""No other production day overlaps, whatever the time zone; by its day the database finds it fast."""
DAYS_OVERLAP = f"{OVERLAPS} AND {DAYS_AROUND}"
WITHIN = f"window_start >= {FROM} AND window_start < {TO}"
"""Of windows that begin in the range: the one that begins at its end is not in it."""
MACHINES = """(
    SELECT site, line, class, equipment,
        called || CASE WHEN count(*) OVER (PARTITION BY site, called) > 1 THEN ' (' || id || ')' ELSE '' END AS name
    FROM (SELECT *, coalesce(nullif(name, ''), id) AS called FROM plant_equipment WHERE in_force) AS known
) AS machine"""
"""The machines of the plant files in force; one without a name is called by its id, namesakes by both."""
NAMED = f"JOIN {MACHINES} USING (equipment)"
NAME = "machine.name"
BUCKET = "date_bin('$__interval', {}, TIMESTAMPTZ '2001-01-01 00:00Z')"

AVAILABILITY = "sum(apt_s) / nullif(sum(planned_s), 0)"
QUALITY_RATIO = "sum(good) / nullif(sum(good + scrap + rework), 0)::double precision"
COVERAGE = "1 - sum(unknown_s) / nullif(sum(planned_s) + sum(excluded_unknown_s), 0)"
_IDEAL_KNOWN = "sum(no_ideal_s) = 0 AND sum(no_ideal_parts) = 0"
EFFECTIVENESS = f"CASE WHEN {_IDEAL_KNOWN} THEN sum(ideal_s) / nullif(sum(apt_s), 0) END"
OEE = f"CASE WHEN {_IDEAL_KNOWN} THEN sum(ideal_good_s) / nullif(sum(planned_s), 0) END"
TEEP = f"CASE WHEN {_IDEAL_KNOWN} THEN sum(ideal_good_s) / nullif(sum(calendar_s), 0) END"

_SUMS = """equipment, window_start, planned_s, apt_s, calendar_s, good, scrap, rework, ideal_s, ideal_good_s,
        no_ideal_s, no_ideal_parts, running_s, minor_stop_s, setup_s, unplanned_stop_s, delay_s, planned_stop_s,
        unknown_s, not_scheduled_s, unplanned_running_s, breakdown_loss_s, setup_loss_s, minor_stop_loss_s,
        speed_loss_s, defect_loss_s, startup_loss_s, unknown_loss_s, breakdowns, excluded_unknown_s"""
LONG, _VERY_LONG = "interval '12 hours'", "interval '31 days'"


def facts(of: str = THESE) -> str:
    """A CTE `facts` of additive facts: minutes up to 12 h, hours up to 31 days, days beyond.

    The range is a constant when the question is planned, so two of the three are never read.
    """
    length = f"{TO} - {FROM}"
    parts = {
        MINUTES: f"{length} <= {LONG}",
        HOURS: f"{length} > {LONG} AND {length} <= {_VERY_LONG}",
        DAYS: f"{length} > {_VERY_LONG} AND {DAYS_AROUND}",
    }
    told = "\n    UNION ALL\n    ".join(
        f"SELECT {_SUMS}\n    FROM {view}\n    WHERE {of} AND {WITHIN} AND {when}"
        for view, when in parts.items()
    )
    return f"WITH facts AS (\n    {told}\n)"
