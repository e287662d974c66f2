"""Pipeline: whether what happens arrives, how late, and what does not."""

from deploy.grafana import colours
from deploy.grafana.shapes import BY_PEOPLE, OF_THE_PIPELINE, Board, Column, Kind, Panel, Row

_RATE = "[$__rate_interval]"

DEAD_LETTERS = "SELECT count(*) AS letters FROM dead_letters WHERE $__timeFilter(buried_at)"

LETTERS = """SELECT buried_at AS time, service, topic, partition, record_offset, reason
FROM dead_letters WHERE $__timeFilter(buried_at) ORDER BY buried_at DESC LIMIT 50"""

NOTIFICATIONS = """SELECT channel, outcome, count(*) AS messages, sum(attempts) AS attempts,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY time_to_send_s) AS median_s, max(time_to_send_s) AS longest_s
FROM notifications WHERE site = ${site:sqlstring} AND $__timeFilter(decided_at)
GROUP BY channel, outcome ORDER BY channel, outcome"""

PARTS = """SELECT kind, name, newest_at AS time, CASE WHEN newest_at IS NOT NULL THEN age_s END AS age_s, connected, waiting, lost, trouble FROM pipeline_health
WHERE site = ${site:sqlstring} OR site IS NULL
ORDER BY array_position(ARRAY['edge', 'source', 'equipment', 'topic', 'dead_letters'], kind), name"""

JOBS = """SELECT job.job_id::text AS job, job.proc_name AS procedure, job.hypertable_name AS hypertable,
    job.schedule_interval::text AS every, told.last_run_status AS last_status, nullif(told.last_successful_finish, '-infinity') AS time,
    nullif(told.next_start, '-infinity') AS next, told.total_runs AS runs, told.total_failures AS failures
FROM timescaledb_information.jobs AS job LEFT JOIN timescaledb_information.job_stats AS told USING (job_id)
ORDER BY told.total_failures DESC NULLS LAST, job.job_id"""


def _quantiles(metric: str) -> dict[str, str]:
    """Median and 99th percentile of a histogram."""
    return {
        name: f"histogram_quantile({share}, sum by (le) (rate({metric}_bucket{_RATE})))"
        for name, share in (("p50", 0.5), ("p99", 0.99))
    }


def _told(panel: str, promql: dict[str, str], unit: str = "short", **more: object) -> Panel:
    """A curve of what services tell of themselves."""
    return Panel(
        panel,
        Kind.SERIES,
        OF_THE_PIPELINE,
        promql=promql,
        size=(8, 8),
        unit=unit,
        **more,  # type: ignore[arg-type]
    )


def _one(panel: str, promql: str, unit: str, steps: colours.Steps) -> Panel:
    """A number of now."""
    return Panel(
        panel,
        Kind.STAT,
        OF_THE_PIPELINE,
        promql={"now": promql},
        size=(4, 4),
        unit=unit,
        steps=steps,
    )


PIPELINE = Board(
    "pipeline",
    [
        Row(
            "now",
            [
                _one("lag_now", "max(plantstream_consumer_lag_seconds)", "s", colours.LAG),
                _one(
                    "stale_now",
                    "max(plantstream_equipment_fresh_seconds)",
                    "s",
                    colours.LAG,
                ),
                _one(
                    "sources_now",
                    "count(plantstream_source_connected == 0) or vector(0)",
                    "short",
                    colours.ANY_IS_BAD,
                ),
                _one("spool_now", "sum(plantstream_edge_spool_depth)", "short", colours.PLAIN),
                _one("down_now", "count(up == 0) or vector(0)", "short", colours.ANY_IS_BAD),
                Panel(
                    "letters_now",
                    Kind.STAT,
                    OF_THE_PIPELINE,
                    DEAD_LETTERS,
                    size=(4, 4),
                    steps=colours.ANY_IS_BAD,
                ),
            ],
        ),
        Row(
            "flow",
            [
                _told(
                    "lag",
                    {"{{topic}}": "max by (topic) (plantstream_consumer_lag_seconds)"},
                    "s",
                ),
                _told(
                    "lag_records",
                    {"{{topic}}": "sum by (topic) (plantstream_consumer_lag_records)"},
                ),
                _told(
                    "fresh",
                    {"{{equipment}}": "max by (equipment) (plantstream_equipment_fresh_seconds)"},
                    "s",
                ),
                _told(
                    "throughput",
                    {
                        "edge": f"sum(rate(plantstream_edge_events_total{_RATE}))",
                        "process": f"sum(rate(plantstream_processor_records_total{_RATE}))",
                        "sink": f"sum(rate(plantstream_sink_rows_total{_RATE}))",
                    },
                    "cps",
                ),
                _told("to_row", _quantiles("plantstream_sink_event_to_row_seconds"), "s"),
                _told("write", _quantiles("plantstream_sink_write_seconds"), "s"),
                _told(
                    "spool",
                    {
                        "depth": "sum(plantstream_edge_spool_depth)",
                        "dropped": f"sum(increase(plantstream_edge_spool_dropped_total{_RATE}))",
                    },
                ),
                _told(
                    "problems",
                    {
                        "{{reason}}": f"sum by (reason) (increase(plantstream_edge_problems_total{_RATE}))"
                    },
                ),
                _told(
                    "restarts",
                    {
                        "{{instance}}": f"sum by (instance) (increase(plantstream_watchdog_restarts_total{_RATE}))"
                    },
                ),
            ],
        ),
        Row(
            "told",
            [
                _told("to_sent", _quantiles("plantstream_notify_decided_to_sent_seconds"), "s"),
                Panel(
                    "notifications",
                    Kind.TABLE,
                    BY_PEOPLE,
                    NOTIFICATIONS,
                    size=(16, 8),
                    columns=[
                        Column("channel"),
                        Column("outcome", values="outcome"),
                        Column("messages"),
                        Column("attempts"),
                        Column("median_s", "s", 2),
                        Column("longest_s", "s", 2),
                    ],
                ),
            ],
        ),
        Row(
            "stored",
            [
                Panel(
                    "parts",
                    Kind.TABLE,
                    OF_THE_PIPELINE,
                    PARTS,
                    size=(24, 9),
                    columns=[
                        Column("kind", values="part", width=110),
                        Column("name"),
                        Column("time", "dateTimeAsLocal", width=170),
                        Column("age_s", "s", 0, width=90),
                        Column("connected", "bool_yes_no", width=90),
                        Column("waiting", width=90),
                        Column("lost", width=90),
                        Column("trouble"),
                    ],
                ),
                Panel(
                    "jobs",
                    Kind.TABLE,
                    OF_THE_PIPELINE,
                    JOBS,
                    size=(24, 7),
                    columns=[
                        Column("job", width=70),
                        Column("procedure"),
                        Column("hypertable"),
                        Column("every", width=100),
                        Column("last_status", width=110),
                        Column("time", "dateTimeAsLocal", width=170),
                        Column("next", "dateTimeAsLocal", width=170),
                        Column("runs"),
                        Column("failures", steps=colours.ANY_IS_BAD),
                    ],
                ),
                Panel(
                    "letters",
                    Kind.TABLE,
                    OF_THE_PIPELINE,
                    LETTERS,
                    size=(24, 8),
                    columns=[
                        Column("time", "dateTimeAsLocal", width=170),
                        Column("service"),
                        Column("topic"),
                        Column("partition"),
                        Column("record_offset"),
                        Column("reason"),
                    ],
                ),
            ],
        ),
    ],
    ["site"],
    span="now-4h",
    annotations=("alerts",),
)
