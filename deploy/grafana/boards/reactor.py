"""Reactors: what they are at, within which limits, and how the last batches went."""

from deploy.grafana import colours, sql, telemetry
from deploy.grafana.boards.shared import REACTOR_TAGS, alerts, states
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

PROGRESS = f"""WITH open AS (
    SELECT equipment, batch, product, start, extract(epoch FROM {sql.TO} - start) AS elapsed_s FROM batch_cycles
    WHERE {sql.THESE} AND is_open AND start <= {sql.TO}
), usual AS (
    SELECT equipment, product, sum(duration_s) / count(*) AS expected_s FROM batch_cycles
    WHERE {sql.THESE} AND NOT is_open GROUP BY equipment, product
)
SELECT {sql.NAME} AS equipment, open.batch, open.product, open.start AS began_at, elapsed_s, expected_s,
    elapsed_s / nullif(expected_s, 0) AS progress, greatest(expected_s - elapsed_s, 0) AS remaining_s
FROM open LEFT JOIN usual USING (equipment, product) {sql.NAMED}
ORDER BY 1"""

HISTORY = f"""WITH took AS (
    SELECT batch_cycles.*, machine.site, {sql.NAME} AS name FROM batch_cycles {sql.NAMED}
    WHERE {sql.THESE} AND $__timeFilter("end") ORDER BY "end" DESC LIMIT 50
), made AS (
    SELECT * FROM oee_by_batch WHERE {sql.THESE} AND batch = ANY (ARRAY(SELECT batch FROM took))
)
SELECT took."end" AS time, took.name AS equipment, took.batch, took.product, took.duration_s,
    made.good, made.scrap, made.planned_s, made.oee, coalesce(released.disposition, 'waiting') AS disposition,
    cardinality(released.failed_tests) AS failed_tests
FROM took LEFT JOIN made ON made.equipment = took.equipment AND made.batch = took.batch
LEFT JOIN batch_release AS released ON released.run = took.run AND released.site = took.site
    AND released.product = took.product AND released.batch = took.batch
ORDER BY took."end" DESC"""

RESULTS = f"""SELECT tested_at AS time, batch, product, test, value, unit, lower_limit, upper_limit, outcome
FROM test_results
WHERE {sql.AT_SITE} AND is_newest AND $__timeFilter(tested_at) AND batch IN (
    SELECT batch FROM batch_cycles WHERE {sql.THESE} AND start <= {sql.TO} AND coalesce("end", {sql.TO}) >= {sql.FROM})
ORDER BY tested_at DESC LIMIT 100"""

UTILISATION = f"""{sql.facts()}
SELECT {sql.NAME} AS equipment, {sql.AVAILABILITY} AS availability
FROM facts {sql.NAMED} GROUP BY 1 ORDER BY 1"""

MAINTENANCE = f"""SELECT start AS time, {sql.NAME} AS equipment, "end" AS until, duration_s, reason_by AS done_by
FROM stops {sql.NAMED}
WHERE {sql.THESE} AND reason = 'maintenance' AND $__timeFilter(start)
ORDER BY start DESC LIMIT 20"""

_ALERTS_HERE = f"""{sql.AT_SITE} AND equipment IN (SELECT id FROM plant_equipment
    WHERE in_force AND equipment = ANY (ARRAY[${{equipment:sqlstring}}]::text[]))"""


def _measured(panel: str, tag: str, unit: str, *, limits: bool = False) -> Panel:
    return Panel(
        panel,
        Kind.SERIES,
        MEASURED,
        telemetry.curve(tag),
        size=(8, 9),
        unit=unit,
        steps=colours.TEMPERATURE if limits else None,
        limits=limits,
        least="1s",
    )


REACTOR = Board(
    "reactor",
    [
        Row(
            "now",
            [
                Panel(
                    "reactor_now",
                    Kind.TABLE,
                    MEASURED,
                    telemetry.newest(REACTOR_TAGS),
                    size=(10, 5),
                    columns=[
                        Column("equipment"),
                        Column("temperature", "celsius", 1, steps=colours.TEMPERATURE),
                        Column("setpoint", "celsius", 1),
                        Column("pressure", "pressurebar", 2),
                        Column("mixing_speed", "rotrpm", 0),
                    ],
                ),
                Panel(
                    "temperature_range",
                    Kind.TABLE,
                    Equals(Number.OVERHEATED, "maximum", by="equipment"),
                    telemetry.extremes("temperature"),
                    size=(6, 5),
                    columns=[
                        Column("equipment"),
                        Column("minimum", "celsius", 1),
                        Column("maximum", "celsius", 1, steps=colours.TEMPERATURE),
                    ],
                ),
                Panel(
                    "utilisation",
                    Kind.GAUGES,
                    Equals(Number.AVAILABILITY, "availability", by="equipment"),
                    UTILISATION,
                    size=(8, 5),
                    unit="percentunit",
                    decimals=1,
                    steps={None: colours.BLUE},
                    at_least=0,
                    at_most=1,
                ),
                Panel(
                    "progress",
                    Kind.TABLE,
                    NoNumber("what is open at the end of the range; the demo ends with no batch"),
                    PROGRESS,
                    size=(24, 4),
                    columns=[
                        Column("equipment"),
                        Column("batch"),
                        Column("product"),
                        Column("began_at", "dateTimeAsLocal"),
                        Column("elapsed_s", "s"),
                        Column("expected_s", "s"),
                        Column("progress", "percentunit", 0),
                        Column("remaining_s", "s"),
                    ],
                ),
            ],
        ),
        Row(
            "measured",
            [
                _measured("temperature", "temperature", "celsius", limits=True),
                _measured("pressure", "pressure", "pressurebar"),
                _measured("mixing_speed", "mixing-speed", "rotrpm"),
                states(5),
            ],
        ),
        Row(
            "batches",
            [
                Panel(
                    "batch_history",
                    Kind.TABLE,
                    NoNumber("parts of a batch count where it was made; sums are in the figures"),
                    HISTORY,
                    size=(24, 9),
                    columns=[
                        Column("time", "dateTimeAsLocal", width=170),
                        Column("equipment"),
                        Column("batch"),
                        Column("product"),
                        Column("duration_s", "s"),
                        Column("good"),
                        Column("scrap"),
                        Column("planned_s", "s"),
                        Column("oee", "percentunit", 1, steps=colours.OEE),
                        Column("disposition", values="disposition"),
                        Column("failed_tests", steps=colours.ANY_IS_BAD),
                    ],
                ),
                Panel(
                    "batch_results",
                    Kind.TABLE,
                    PLANNED,
                    RESULTS,
                    size=(16, 9),
                    columns=[
                        Column("time", "dateTimeAsLocal", width=170),
                        Column("batch"),
                        Column("product"),
                        Column("test"),
                        Column("value"),
                        Column("unit"),
                        Column("lower_limit"),
                        Column("upper_limit"),
                        Column("outcome", values="outcome"),
                    ],
                ),
                Panel(
                    "maintenance",
                    Kind.TABLE,
                    OVER_TIME,
                    MAINTENANCE,
                    size=(8, 9),
                    columns=[
                        Column("time", "dateTimeAsLocal", width=170),
                        Column("equipment"),
                        Column("until", "dateTimeAsLocal", width=170),
                        Column("duration_s", "s"),
                        Column("done_by"),
                    ],
                ),
            ],
        ),
        Row("alerting", [alerts("reactor_alerts", _ALERTS_HERE)]),
    ],
    ["site", "reactor"],
)
