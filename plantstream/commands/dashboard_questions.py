"""What dashboards ask of the database; the last column of each answer is a number."""
# ruff: noqa: S608 - constants

_MACHINES = "run = '' AND equipment = ANY (%(machines)s)"
_OEE = "sum(ideal_good_s) / nullif(sum(planned_s), 0)"


def _since(column: str, interval: str) -> str:
    return f"{column} > %(until)s::timestamptz - interval '{interval}' AND {column} <= %(until)s"


def _days(number: int) -> str:
    return f"day > %(day)s::date - {number} AND day <= %(day)s::date"


QUESTIONS = {
    "overview: OEE of the last hour, all machines": f"""
        SELECT {_OEE} AS oee FROM oee_by_minute
        WHERE {_MACHINES} AND {_since("window_start", "1 hour")}""",
    "overview: OEE of today by machine": f"""
        SELECT equipment, sum(good) AS good, {_OEE} AS oee FROM oee_daily
        WHERE {_MACHINES} AND {_days(1)} GROUP BY 1 ORDER BY 1""",
    "overview: newest values of all machines": f"""
        SELECT DISTINCT ON (equipment, tag) equipment, tag, value FROM telemetry
        WHERE {_MACHINES} AND tag IN ('temperature', 'pressure', 'mixing-speed')
            AND {_since("time", "1 hour")} ORDER BY equipment, tag, time DESC""",
    "overview: OEE and good parts by hour, 7 days": f"""
        SELECT window_start, sum(good) AS good, {_OEE} AS oee FROM oee_hourly
        WHERE {_MACHINES} AND {_since("window_start", "7 days")} GROUP BY 1 ORDER BY 1""",
    "overview: stops of the last 24 hours": f"""
        SELECT start, equipment, category, reason, duration_s FROM stops
        WHERE {_MACHINES} AND {_since("start", "24 hours")} ORDER BY start DESC LIMIT 50""",
    "reactor: temperature by minute, 24 hours": f"""
        SELECT bucket, minimum, maximum, average FROM telemetry_1m
        WHERE equipment = %(machine)s AND tag = 'temperature' AND {_since("bucket", "24 hours")}
        ORDER BY bucket""",
    "reactor: pressure by 5 minutes, 24 hours": f"""
        SELECT bucket, minimum, maximum, average FROM telemetry_5m
        WHERE equipment = %(machine)s AND tag = 'pressure' AND {_since("bucket", "24 hours")}
        ORDER BY bucket""",
    "reactor: raw temperature, 4 hours": f"""
        SELECT time, value FROM telemetry WHERE run = '' AND equipment = %(machine)s
            AND tag = 'temperature' AND {_since("time", "4 hours")} ORDER BY time""",
    "reactor: temperature by 15 minutes, 30 days": f"""
        SELECT bucket, minimum, maximum, average FROM telemetry_15m
        WHERE equipment = %(machine)s AND tag = 'temperature' AND {_since("bucket", "30 days")}
        ORDER BY bucket""",
    "reactor: temperature by hour, 90 days": f"""
        SELECT bucket, minimum, maximum, average FROM telemetry_1h
        WHERE equipment = %(machine)s AND tag = 'temperature' AND {_since("bucket", "89 days")}
        ORDER BY bucket""",
    "operations: Pareto of a machine, 30 days": f"""
        SELECT category, reason, sum(number) AS stops, sum(seconds) AS seconds FROM pareto
        WHERE run = '' AND equipment = %(machine)s AND {_days(30)} AND category <> 'planned_stop'
        GROUP BY 1, 2 ORDER BY 4 DESC LIMIT 12""",
    "operations: Pareto of all machines, today": f"""
        SELECT category, reason, sum(number) AS stops, sum(seconds) AS seconds FROM pareto
        WHERE {_MACHINES} AND {_days(1)} GROUP BY 1, 2 ORDER BY 4 DESC LIMIT 12""",
    "operations: Pareto of all machines, 30 days": f"""
        SELECT category, reason, sum(number) AS stops, sum(seconds) AS seconds FROM pareto
        WHERE {_MACHINES} AND {_days(30)} AND category <> 'planned_stop'
        GROUP BY 1, 2 ORDER BY 4 DESC LIMIT 12""",
    "operations: losses by machine, 30 days": f"""
        SELECT equipment, sum(breakdown_loss_s) AS breakdown, sum(setup_loss_s) AS setup,
            sum(minor_stop_loss_s) AS minor_stops, sum(speed_loss_s) AS speed,
            sum(defect_loss_s) AS defects
        FROM oee_hourly WHERE {_MACHINES} AND {_since("window_start", "30 days")} GROUP BY 1""",
    "executive: OEE by month, 90 days": f"""
        SELECT date_trunc('month', day::timestamp) AS month, sum(good) AS good, {_OEE} AS oee
        FROM oee_daily WHERE {_MACHINES} AND {_days(90)} GROUP BY 1 ORDER BY 1""",
    "executive: OEE by machine and week, 90 days": f"""
        SELECT equipment, date_trunc('week', day::timestamp) AS week, {_OEE} AS oee
        FROM oee_daily WHERE {_MACHINES} AND {_days(90)} GROUP BY 1, 2 ORDER BY 1, 2""",
}
