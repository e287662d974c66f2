"""The statements that make up a plant: facts, stops, telemetry; arithmetic of time, no chance.

Every 97 minutes a machine stops for 2 to 12 minutes; shifts of eight hours have a break of half an
hour; a batch takes a shift. Tags are sines of different periods with noise, to two decimals.
"""

SITE = "fill/plant"
_PATH = "'fill/plant/hall/line-' || (n - 1) / 5 + 1 || '/machine-' || lpad(n::text, 2, '0')"
_PRODUCTS = 5
_CATEGORIES = "(ARRAY['setup', 'unplanned_stop', 'delay', 'unplanned_stop'])"
_REASONS = "(ARRAY['jam', 'no_material', 'format', 'cleaning', 'sensor', 'quality'])"

CELLS = f"""
    INSERT INTO oee_cell (run, equipment, minute, batch, product, shift, late, day, start, "end",
        plant_version, not_scheduled_ms, planned_stop_ms, setup_ms, unplanned_stop_ms, delay_ms,
        minor_stop_ms, running_ms, unknown_ms, unplanned_running_ms, excluded_unknown_ms,
        no_ideal_ms, good, scrap, rework, unplanned_good, unplanned_scrap, unplanned_rework,
        ideal_us, ideal_good_us, no_ideal_parts, breakdowns, delays, setups, planned_stops, reasons)
    SELECT '', {_PATH}, at, 'b-' || n || '-' || (m - 360) / 480, 'p' || product,
        day || '/' || (ARRAY['early', 'late', 'night'])[1 + mod(m - 360, 1440) / 480], '', day,
        at, at + interval '1 minute', 'fill', 0,
        CASE WHEN is_break THEN 60000 ELSE 0 END,
        CASE WHEN category = 'setup' THEN 60000 ELSE 0 END,
        CASE WHEN category = 'unplanned_stop' THEN 60000 ELSE 0 END,
        CASE WHEN category = 'delay' THEN 60000 ELSE 0 END,
        CASE WHEN runs THEN minor ELSE 0 END, CASE WHEN runs THEN 60000 - minor ELSE 0 END,
        0, 0, 0, 0, made - scrap, scrap, 0, 0, 0, 0,
        made * (900000 + 20000 * product), (made - scrap) * (900000 + 20000 * product), 0,
        CASE WHEN category = 'unplanned_stop' AND begins_here THEN 1 ELSE 0 END,
        CASE WHEN category = 'delay' AND begins_here THEN 1 ELSE 0 END,
        CASE WHEN category = 'setup' AND begins_here THEN 1 ELSE 0 END,
        CASE WHEN is_break AND mod(m - 360, 480) = 240 THEN 1 ELSE 0 END,
        CASE WHEN category IS NULL THEN '[]'
            ELSE jsonb_build_array(jsonb_build_object(
                'category', category, 'reason', reason, 'ms', 60000)) END
    FROM (
        SELECT *, category IS NULL AND NOT is_break AS runs,
            CASE WHEN category IS NULL AND NOT is_break THEN 55 + mod(k * 31, 5) ELSE 0 END AS made,
            CASE WHEN category IS NULL AND NOT is_break AND mod(k * 17, 41) = 0
                THEN 1 ELSE 0 END AS scrap
        FROM (
            SELECT *, mod(k, 97) = 0 AS begins_here,
                CASE WHEN mod(k, 5) = 0 THEN 50 * mod(k, 89) ELSE 0 END AS minor,
                mod((m - 360) / 480, {_PRODUCTS}) AS product,
                ((at - interval '6 hours') AT TIME ZONE 'UTC')::date AS day,
                CASE WHEN is_break OR mod(k, 97) >= 2 + mod(k / 97 * 7919 + n * 13, 11) THEN NULL
                    ELSE {_CATEGORIES}[1 + mod(k / 97, 4)] END AS category,
                {_REASONS}[1 + mod(k / 97, 6)] AS reason
            FROM (
                SELECT n, at, extract(epoch FROM at)::bigint / 60 AS m,
                    extract(epoch FROM at)::bigint / 60 + n * 37 AS k,
                    mod(extract(epoch FROM at)::bigint / 60 - 360, 480) BETWEEN 240 AND 269
                        AS is_break
                FROM generate_series(1, %(machines)s) AS n, generate_series(
                    %(begins)s::timestamptz, %(ends)s - interval '1 minute', '1 minute') AS at
            ) AS minutes
        ) AS states
    ) AS told
"""  # noqa: S608 - a constant
STOPS = f"""
    INSERT INTO stop (run, equipment, start, "end", category, reason, batch, product, shift, day,
        plant_version)
    SELECT '', {_PATH}, at, at + (2 + mod(cycle * 7919 + n * 13, 11)) * interval '1 minute',
        {_CATEGORIES}[1 + mod(cycle, 4)], {_REASONS}[1 + mod(cycle, 6)],
        'b-' || n || '-' || (m - 360) / 480, 'p' || mod((m - 360) / 480, {_PRODUCTS}),
        day || '/' || (ARRAY['early', 'late', 'night'])[1 + mod(m - 360, 1440) / 480], day, 'fill'
    FROM (
        SELECT n, cycle, cycle * 97 - n * 37 AS m, to_timestamp((cycle * 97 - n * 37) * 60) AS at,
            (to_timestamp((cycle * 97 - n * 37) * 60 - 21600) AT TIME ZONE 'UTC')::date AS day
        FROM generate_series(1, %(machines)s) AS n, generate_series(
            (extract(epoch FROM %(begins)s::timestamptz)::bigint / 60 + n * 37 + 96) / 97,
            (extract(epoch FROM %(ends)s::timestamptz)::bigint / 60 + n * 37 - 1) / 97) AS cycle
    ) AS told
    ON CONFLICT DO NOTHING
"""  # noqa: S608 - a constant
_TAGS = f"""
    SELECT {_PATH} AS equipment, 20 + 7 * mod(i, 9) AS level, 300 + 97 * mod(i, 40) AS period,
        (ARRAY['°C', 'bar', '1/min', 'kW'])[1 + mod(i, 4)] AS unit,
        coalesce((ARRAY['temperature', 'pressure', 'mixing-speed', 'energy'])[i],
            'tag-' || lpad(i::text, 2, '0')) AS tag, n * 1000 + i AS seed
    FROM generate_series(1, %(machines)s) AS n, generate_series(1, %(tags)s / %(machines)s) AS i
"""  # noqa: S608 - a constant
SAMPLES = f"""
    INSERT INTO sample (equipment, tag, unit, time, value, quality)
    SELECT equipment, tag, unit, to_timestamp(s),
        round((level + 5 * sin(2 * pi() * s / period)
            + mod((s * 7919 + seed * 104729) / 10, 100) / 200.0)::numeric, 2), 0
    FROM ({_TAGS}) AS tags, generate_series(extract(epoch FROM %(begins)s::timestamptz)::bigint,
        extract(epoch FROM %(ends)s::timestamptz)::bigint - 1, %(every)s) AS s
"""  # noqa: S608 - a constant
QUARTERS = f"""
    INSERT INTO telemetry_15m_stored (bucket, equipment, tag, samples, total, minimum, maximum,
        first_value, last_value, first_at, last_at, bad_samples)
    SELECT bucket, equipment, tag, 900 / %(every)s, middle * 900 / %(every)s, middle - 5,
        middle + 5.5, middle - 1, middle + 1, bucket,
        bucket + interval '15 minutes' - %(every)s * interval '1 second', 0
    FROM (
        SELECT tags.*, bucket,
            level + sin(extract(epoch FROM bucket)::double precision / period) AS middle
        FROM ({_TAGS}) AS tags, generate_series(
            %(begins)s::timestamptz, %(ends)s - interval '1 second', '15 minutes') AS bucket
    ) AS told
"""  # noqa: S608 - a constant
RUNS = f"""
    INSERT INTO run_equipment (run, equipment)
    SELECT '', {_PATH} FROM generate_series(1, %(machines)s) AS n ON CONFLICT DO NOTHING
"""  # noqa: S608 - a constant
GONE = """
    UPDATE telemetry_retention
    SET dropped_before = greatest(dropped_before, %(before)s::timestamptz) WHERE level = '5m'
"""
"""Quarters of an hour before the raw samples stand for themselves: nothing computes them again."""
RAW_SIZE = b"SELECT (SELECT count(*) FROM sample), hypertable_size('sample')"
COMPRESS_RAW = b"""
    SELECT count(compress_chunk(chunk, if_not_compressed => true))
    FROM show_chunks('sample') AS chunk
"""
CELL_JOBS = b"""
    SELECT job_id FROM timescaledb_information.jobs
    WHERE proc_name = 'policy_compression' AND hypertable_name = 'oee_cell'
"""


def plant_text(machines: int) -> str:
    """The plant file: machines in lines of five, three shifts a day."""
    listed = "\n".join(
        f"  - {{id: machine-{n:02}, area: hall, line: line-{(n - 1) // 5 + 1}, calendar: shifts}}"
        for n in range(1, machines + 1)
    )
    products = "\n".join(
        f"  - {{id: p{number}, ideal_cycle_s: {0.9 + 0.02 * number:.2f}}}"
        for number in range(_PRODUCTS)
    )
    return f"""\
enterprise: fill
site: plant
name: A made-up plant
time_zone: UTC
calendars:
  shifts:
    shifts:
      - {{name: early, days: all, start: "06:00", end: "14:00"}}
      - {{name: late, days: all, start: "14:00", end: "22:00"}}
      - {{name: night, days: all, start: "22:00", end: "06:00"}}
reasons: {{jam: {{}}, no_material: {{}}, format: {{}}, cleaning: {{}}, sensor: {{}}, quality: {{}}}}
products:
{products}
equipment:
{listed}
"""
