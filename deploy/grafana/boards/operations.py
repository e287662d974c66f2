"""Operations: where planned time goes, by machine, reason and shift."""

from typing import Any

from deploy.grafana import colours, sql
from deploy.grafana.boards.reactor import PROGRESS, UTILISATION
from deploy.grafana.boards.shared import machine_figures, states
from deploy.grafana.shapes import (
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

_SHIFTS = "split_part(shift, '/', 2) = ANY (ARRAY[${shift:sqlstring}]::text[])"
_LOSSES = """VALUES ('breakdown', breakdown_loss_s), ('setup', setup_loss_s), ('minor stops', minor_stop_loss_s),
    ('speed', speed_loss_s), ('defects', defect_loss_s), ('start-up', startup_loss_s), ('unknown', unknown_loss_s)"""

LINES = f"""SELECT substr(place, length(${{site:sqlstring}}) + 2) AS line, shift, window_start AS time, oee, line_oee, availability,
    effectiveness, quality_ratio, planned_s, regexp_replace(constraint_equipment, '^.*/', '') AS constraint_equipment
FROM oee_line_by_shift
WHERE run = '' AND place LIKE ${{site:sqlstring}} || '/%' AND {sql.DAYS_OVERLAP} AND {_SHIFTS}
    AND regexp_replace(place, '^.*/', '') = ANY (ARRAY[${{line:sqlstring}}]::text[])
ORDER BY window_start DESC, line LIMIT 30"""

REASONS = f"""SELECT category || coalesce(': ' || reason, '') AS reason, sum(seconds) AS seconds
FROM pareto
WHERE {sql.THESE} AND {_SHIFTS} AND category <> 'planned_stop'
    AND {sql.DAYS_AROUND} AND day IN (SELECT day FROM {sql.DAYS} WHERE {sql.THESE} AND {sql.DAYS_OVERLAP})
GROUP BY 1 HAVING sum(seconds) > 0 ORDER BY 2 DESC LIMIT 12"""

REASONS_BY_MACHINE = f"""SELECT {sql.NAME} AS equipment, category, reason, sum(seconds) AS seconds, sum(pareto.number) AS stops
FROM pareto {sql.NAMED}
WHERE {sql.THESE} AND {_SHIFTS} AND category <> 'planned_stop'
    AND {sql.DAYS_AROUND} AND day IN (SELECT day FROM {sql.DAYS} WHERE {sql.THESE} AND {sql.DAYS_OVERLAP})
GROUP BY 1, 2, 3 ORDER BY seconds DESC LIMIT 50"""

LOSSES = f"""{sql.facts()}
SELECT loss, sum(seconds) AS seconds FROM facts CROSS JOIN LATERAL ({_LOSSES}) AS of (loss, seconds)
GROUP BY loss ORDER BY seconds DESC"""

LOSSES_BY_MACHINE = f"""{sql.facts()}
SELECT {sql.NAME} AS equipment, sum(breakdown_loss_s) AS breakdown, sum(setup_loss_s) AS setup,
    sum(minor_stop_loss_s) AS minor_stops, sum(speed_loss_s) AS speed, sum(defect_loss_s) AS defects,
    sum(startup_loss_s) AS startup, sum(unknown_loss_s) AS unknown, sum(ideal_good_s) AS ideal_good_s,
    sum(planned_s) AS planned_s
FROM facts {sql.NAMED} GROUP BY 1 ORDER BY sum(planned_s) - sum(ideal_good_s) DESC NULLS LAST"""

REPAIRS = f"""{sql.facts()}
SELECT {sql.NAME} AS equipment, sum(breakdowns) AS breakdowns, sum(apt_s) / nullif(sum(breakdowns), 0) AS mtbf_s,
    sum(unplanned_stop_s) / nullif(sum(breakdowns), 0) AS mttr_s
FROM facts {sql.NAMED} GROUP BY 1 ORDER BY 2 DESC, 1"""

CYCLES = f"""SELECT {sql.NAME} AS equipment, product, sum(cycles) AS cycles, sum(mean_s * cycles) / nullif(sum(cycles), 0) AS mean_s,
    cycle_quantile_ms(merged_sketch(sketch), 0.5) / 1000 AS median_s,
    cycle_quantile_ms(merged_sketch(sketch), 0.95) / 1000 AS p95_s,
    sum(slow) / nullif(sum(cycles - no_ideal), 0)::double precision AS slow_share
FROM cycles_by_shift {sql.NAMED}
WHERE {sql.THESE} AND {sql.DAYS_OVERLAP} AND {_SHIFTS}
GROUP BY 1, 2 ORDER BY 1, 2"""

CYCLE_TREND = f"""SELECT window_start AS time, {sql.NAME} AS metric, sum(mean_s * cycles) / nullif(sum(cycles), 0) AS value
FROM cycles_by_hour {sql.NAMED}
WHERE {sql.THESE} AND {sql.OVERLAPS} GROUP BY 1, 2 ORDER BY 1"""

TIME = f"""{sql.facts()}
SELECT {sql.BUCKET.format("window_start")} AS time, {", ".join(f"sum({name}_s) AS {name}" for name in colours.CATEGORIES)}
FROM facts GROUP BY 1 ORDER BY 1"""

STOPS = f"""SELECT start AS time, {sql.NAME} AS equipment, category, reason, reason_by AS done_by,
    extract(epoch FROM coalesce("end", {sql.TO}) - start) AS duration_s, batch, regexp_replace(shift, '^.*/', '') AS shift, is_open
FROM stops {sql.NAMED}
WHERE {sql.THESE} AND $__timeFilter(start) AND category <> 'minor_stop'
    AND (shift IS NULL OR {_SHIFTS})
ORDER BY start DESC LIMIT 100"""

CALLS = f"""SELECT raised_at AS time, {sql.NAME} AS equipment, kind, priority, raised_by, cleared_at, cleared_by,
    extract(epoch FROM coalesce(cleared_at, {sql.TO}) - raised_at) AS duration_s, comment
FROM andon_calls {sql.NAMED}
WHERE {sql.THESE} AND $__timeFilter(raised_at) ORDER BY raised_at DESC LIMIT 50"""

_S: dict[str, Any] = {"unit": "s", "decimals": 0}

NOW = Row(
    "now",
    [
        Panel(
            "lines",
            Kind.TABLE,
            NoNumber("shifts of whole lines; their machines are held one by one below"),
            LINES,
            size=(16, 7),
            columns=[
                Column("line"),
                Column("shift"),
                Column("time", "dateTimeAsLocal", width=170),
                Column("line_oee", "percentunit", 1, steps=colours.OEE),
                Column("oee", "percentunit", 1, steps=colours.OEE),
                Column("availability", "percentunit", 1),
                Column("effectiveness", "percentunit", 1),
                Column("quality_ratio", "percentunit", 1, steps=colours.QUALITY),
                Column("planned_s", **_S),
                Column("constraint_equipment"),
            ],
        ),
        Panel(
            "utilisation",
            Kind.GAUGES,
            Equals(Number.AVAILABILITY, "availability", by="equipment"),
            UTILISATION,
            size=(8, 7),
            unit="percentunit",
            decimals=1,
            steps={None: colours.BLUE},
            at_least=0,
            at_most=1,
        ),
        states(8),
        machine_figures("performance", (24, 8)),
        Panel(
            "orders",
            Kind.TABLE,
            NoNumber("what is open at the end of the range; the demo ends with no batch"),
            PROGRESS,
            size=(24, 5),
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
)
LOST = Row(
    "lost",
    [
        Panel(
            "reasons",
            Kind.BARS,
            Equals(Number.WHY, "seconds", by="reason"),
            REASONS,
            size=(12, 10),
            steps={None: colours.ORANGE},
            columns=[Column("reason", begins_with="category")],
            **_S,
        ),
        Panel(
            "losses",
            Kind.BARS,
            Equals(Number.LOST, "seconds", by="loss"),
            LOSSES,
            size=(12, 10),
            steps={None: colours.RED},
            columns=[Column("loss", values="loss")],
            **_S,
        ),
        Panel(
            "losses_by_machine",
            Kind.TABLE,
            NoNumber("the same losses as in the chart, apart by machine"),
            LOSSES_BY_MACHINE,
            size=(24, 9),
            columns=[
                Column("equipment"),
                *(
                    Column(name, **_S)
                    for name in (
                        *("breakdown", "setup", "minor_stops", "speed", "defects", "startup"),
                        *("unknown", "ideal_good_s", "planned_s"),
                    )
                ),
            ],
        ),
        Panel(
            "time",
            Kind.SERIES,
            OVER_TIME,
            TIME,
            size=(24, 8),
            unit="s",
            least="1m",
            bars=True,
            stacked=True,
            columns=[Column(name) for name in colours.CATEGORIES],
        ),
    ],
)
STOOD = Row(
    "stood",
    [
        Panel(
            "reasons_by_machine",
            Kind.TABLE,
            NoNumber("the same seconds as in the chart, apart by machine"),
            REASONS_BY_MACHINE,
            size=(14, 9),
            columns=[
                Column("equipment"),
                Column("category", values="category"),
                Column("reason"),
                Column("seconds", **_S),
                Column("stops"),
            ],
        ),
        Panel(
            "repairs",
            Kind.TABLE,
            OVER_TIME,
            REPAIRS,
            size=(10, 9),
            columns=[
                Column("equipment"),
                Column("breakdowns"),
                Column("mtbf_s", "s", 0),
                Column("mttr_s", "s", 0),
            ],
        ),
        Panel(
            "stops",
            Kind.TABLE,
            PLANNED,
            STOPS,
            size=(14, 9),
            columns=[
                Column("time", "dateTimeAsLocal", width=170),
                Column("equipment"),
                Column("category", values="category"),
                Column("reason"),
                Column("done_by"),
                Column("duration_s", "s", 0),
                Column("batch"),
                Column("shift"),
                Column("is_open", "bool_yes_no"),
            ],
        ),
        Panel(
            "calls",
            Kind.TABLE,
            PLANNED,
            CALLS,
            size=(10, 9),
            columns=[
                Column("time", "dateTimeAsLocal", width=170),
                Column("equipment"),
                Column("kind"),
                Column("priority"),
                Column("raised_by"),
                Column("cleared_at", "dateTimeAsLocal", width=170),
                Column("cleared_by"),
                Column("duration_s", "s", 0),
                Column("comment"),
            ],
        ),
    ],
)
PACE = Row(
    "pace",
    [
        Panel(
            "cycles",
            Kind.TABLE,
            NoNumber("the ledger counts parts, and not the time from one to the next"),
            CYCLES,
            size=(14, 9),
            columns=[
                Column("equipment"),
                Column("product"),
                Column("cycles"),
                Column("mean_s", "s", 2),
                Column("median_s", "s", 2),
                Column("p95_s", "s", 2),
                Column("slow_share", "percentunit", 1),
            ],
        ),
        Panel(
            "cycle_trend",
            Kind.SERIES,
            OVER_TIME,
            CYCLE_TREND,
            size=(10, 9),
            unit="s",
            at_least=0,
        ),
    ],
)
OPERATIONS = Board(
    "operations", [NOW, LOST, STOOD, PACE], ["site", "line", "equipment", "shift"], span="now-24h"
)
