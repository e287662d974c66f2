"""Executive: volume, OEE and TEEP against target, and compliance, by periods."""

from typing import Any

from deploy.grafana import colours, sql
from deploy.grafana.shapes import (
    OVER_TIME,
    Board,
    Column,
    Equals,
    Kind,
    NoNumber,
    Number,
    Panel,
    Row,
)

_DAYS = f"FROM {sql.DAYS} WHERE {sql.THESE} AND {sql.DAYS_OVERLAP}"
_PERIOD = "date_trunc('${period}', day::timestamp)"
_CONSTRAINTS = (
    "equipment IN (SELECT equipment FROM plant_equipment WHERE in_force AND is_constraint)"
)
_ZONE = """coalesce((SELECT time_zone FROM plant_file JOIN plant_equipment USING (site, plant_version, number)
    WHERE in_force AND site = ${site:sqlstring} LIMIT 1), 'UTC')"""

VOLUME = f"SELECT sum(good) AS good {_DAYS} AND {_CONSTRAINTS}"
OEE = f"SELECT {sql.OEE} AS oee {_DAYS}"
TEEP = f"SELECT {sql.TEEP} AS teep {_DAYS}"
QUALITY = f"SELECT {sql.QUALITY_RATIO} AS quality_ratio {_DAYS}"

COMPLIANCE = f"""SELECT count(*) FILTER (WHERE outcome IN ('pass', 'out_of_trend')) / nullif(count(*), 0)::double precision
    AS compliance_rate
FROM test_results
WHERE {sql.AT_SITE} AND is_newest AND outcome IN ('pass', 'out_of_trend', 'fail') AND $__timeFilter(tested_at)"""

VOLUME_BY = f"""SELECT min(window_start) AS time, sum(good) AS good, sum(scrap + rework) AS rejects
{_DAYS} AND {_CONSTRAINTS} GROUP BY {_PERIOD} ORDER BY 1"""

OEE_BY = f"""SELECT min(window_start) AS time, {sql.OEE} AS oee, {sql.TEEP} AS teep
{_DAYS} GROUP BY {_PERIOD} ORDER BY 1"""

FACTORS_BY = f"""SELECT min(window_start) AS time, {sql.AVAILABILITY} AS availability, {sql.EFFECTIVENESS} AS effectiveness,
    {sql.QUALITY_RATIO} AS quality_ratio
{_DAYS} GROUP BY {_PERIOD} ORDER BY 1"""

COMPLIANCE_BY = f"""SELECT min(tested_at) AS time,
    count(*) FILTER (WHERE outcome IN ('pass', 'out_of_trend')) / nullif(count(*), 0)::double precision AS compliance_rate
FROM test_results
WHERE {sql.AT_SITE} AND is_newest AND outcome IN ('pass', 'out_of_trend', 'fail') AND $__timeFilter(tested_at)
GROUP BY date_trunc('${{period}}', tested_at AT TIME ZONE {_ZONE}) ORDER BY 1"""

PERIODS = f"""SELECT to_char(min(day), 'YYYY-MM-DD') || CASE WHEN max(day) > min(day) THEN to_char(max(day), ' - YYYY-MM-DD')
    ELSE '' END AS production_days, sum(good) AS good, sum(scrap) AS scrap, sum(rework) AS rework,
    sum(planned_s) AS planned_s, sum(calendar_s) AS calendar_s, {sql.AVAILABILITY} AS availability,
    {sql.EFFECTIVENESS} AS effectiveness, {sql.QUALITY_RATIO} AS quality_ratio, {sql.OEE} AS oee, {sql.TEEP} AS teep,
    {sql.COVERAGE} AS coverage
{_DAYS} GROUP BY {_PERIOD} ORDER BY min(day) DESC LIMIT 100"""

_RATIOS: dict[str, Any] = {"unit": "percentunit", "decimals": 1}
_AXIS: dict[str, Any] = {"least": "1h", "at_least": 0}

EXECUTIVE = Board(
    "executive",
    [
        Row(
            "range",
            [
                Panel(
                    "volume",
                    Kind.STAT,
                    Equals(Number.CONSTRAINT_GOOD, "good"),
                    VOLUME,
                    size=(4, 5),
                ),
                Panel(
                    "oee_of_days",
                    Kind.STAT,
                    Equals(Number.OEE, "oee"),
                    OEE,
                    size=(5, 5),
                    steps=colours.OEE,
                    **_RATIOS,
                ),
                Panel(
                    "teep",
                    Kind.STAT,
                    NoNumber("of all time, which in the ledger begins with its first entry"),
                    TEEP,
                    size=(5, 5),
                    **_RATIOS,
                ),
                Panel(
                    "quality_of_days",
                    Kind.STAT,
                    Equals(Number.QUALITY_RATIO, "quality_ratio"),
                    QUALITY,
                    size=(5, 5),
                    steps=colours.QUALITY,
                    **_RATIOS,
                ),
                Panel(
                    "compliance_of_range",
                    Kind.STAT,
                    NoNumber("the ratio of results that the dashboard of quality holds"),
                    COMPLIANCE,
                    size=(5, 5),
                    steps=colours.COMPLIANCE,
                    **_RATIOS,
                ),
            ],
        ),
        Row(
            "periods",
            [
                Panel(
                    "volume_by",
                    Kind.SERIES,
                    Equals(Number.CONSTRAINT_GOOD, "good"),
                    VOLUME_BY,
                    columns=[Column("good"), Column("rejects")],
                    bars=True,
                    stacked=True,
                    **_AXIS,
                ),
                Panel(
                    "oee_by",
                    Kind.SERIES,
                    OVER_TIME,
                    OEE_BY,
                    unit="percentunit",
                    steps={None: "transparent", 0.85: colours.GREEN},
                    limits=True,
                    columns=[Column("oee"), Column("teep")],
                    **_AXIS,
                ),
                Panel(
                    "factors_by",
                    Kind.SERIES,
                    OVER_TIME,
                    FACTORS_BY,
                    unit="percentunit",
                    columns=[
                        Column("availability"),
                        Column("effectiveness"),
                        Column("quality_ratio"),
                    ],
                    **_AXIS,
                ),
                Panel(
                    "compliance_by",
                    Kind.SERIES,
                    OVER_TIME,
                    COMPLIANCE_BY,
                    unit="percentunit",
                    steps={None: "transparent", 0.95: colours.GREEN},
                    limits=True,
                    columns=[Column("compliance_rate")],
                    at_most=1,
                    **_AXIS,
                ),
                Panel(
                    "periods",
                    Kind.TABLE,
                    Equals(Number.GOOD, "good"),
                    PERIODS,
                    also=[Equals(Number.SCRAP, "scrap"), Equals(Number.REWORK, "rework")],
                    size=(24, 9),
                    columns=[
                        Column("production_days", width=200),
                        Column("good"),
                        Column("scrap"),
                        Column("rework"),
                        Column("planned_s", "s"),
                        Column("calendar_s", "s"),
                        Column("availability", **_RATIOS),
                        Column("effectiveness", **_RATIOS),
                        Column("quality_ratio", steps=colours.QUALITY, **_RATIOS),
                        Column("oee", steps=colours.OEE, **_RATIOS),
                        Column("teep", **_RATIOS),
                        Column("coverage", steps=colours.COVERAGE, **_RATIOS),
                    ],
                ),
            ],
        ),
    ],
    ["site", "line", "equipment", "period"],
    span="now-90d",
    refresh="5m",
    annotations=(),
)
