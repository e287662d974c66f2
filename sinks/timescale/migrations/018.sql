-- Stops that were taken back are left out; a value from before a beginning counts once.
-- migrate:up

-- A stop that was told too early is told again with its start as its end: it never was.
COMMENT ON TABLE stop IS
    'Stops as they are known by now; a newer record of a stop replaces it, and one that ends where it begins was taken back. People read the view stops.';

CREATE OR REPLACE VIEW stops AS
    SELECT run, equipment, start, "end",
           extract(epoch FROM "end" - start)::double precision AS duration_s,
           category, state, reason, reason_by, batch, product, shift, day, "end" IS NULL AS is_open,
           plant_version
    FROM stop
    WHERE "end" IS DISTINCT FROM start;

CREATE OR REPLACE VIEW pareto AS
    SELECT run, equipment, day, nullif(shift, '') AS shift, nullif(batch, '') AS batch,
           nullif(product, '') AS product, category, nullif(reason, '') AS reason,
           (sum(ms) / 1000)::double precision AS seconds, sum(number)::bigint AS number
    FROM (
        SELECT run, equipment, day, shift, batch, product, of.category, '' AS reason, of.ms, 0 AS number
        FROM (
            SELECT run, equipment, day, shift, batch, product,
                   sum(planned_stop_ms) AS planned_stop_ms, sum(setup_ms) AS setup_ms,
                   sum(unplanned_stop_ms) AS unplanned_stop_ms, sum(delay_ms) AS delay_ms,
                   sum(minor_stop_ms) AS minor_stop_ms, sum(unknown_ms) AS unknown_ms
            FROM oee_cell
            WHERE planned_stop_ms <> 0 OR setup_ms <> 0 OR unplanned_stop_ms <> 0 OR delay_ms <> 0
                OR minor_stop_ms <> 0 OR unknown_ms <> 0
            GROUP BY run, equipment, day, shift, batch, product
        ) AS cells
        CROSS JOIN LATERAL (
            VALUES ('planned_stop', planned_stop_ms), ('setup', setup_ms),
                   ('unplanned_stop', unplanned_stop_ms), ('delay', delay_ms),
                   ('minor_stop', minor_stop_ms), ('unknown', unknown_ms)
        ) AS of (category, ms)
        WHERE of.ms <> 0
        UNION ALL
        SELECT run, equipment, day, shift, batch, product, of.category, of.reason, of.ms, 0
        FROM oee_cell CROSS JOIN LATERAL (
            SELECT category, reason, ms::numeric
            FROM jsonb_to_recordset(reasons) AS said (category text, reason text, ms bigint)
            UNION ALL
            SELECT category, '', -ms
            FROM jsonb_to_recordset(reasons) AS said (category text, reason text, ms bigint)
        ) AS of (category, reason, ms)
        WHERE reasons <> '[]' AND of.ms <> 0
        UNION ALL
        SELECT run, equipment, day, coalesce(shift, ''), coalesce(batch, ''), coalesce(product, ''),
               category, coalesce(reason, ''), 0, 1
        FROM stop
        WHERE category IN ('planned_stop', 'setup', 'unplanned_stop', 'delay', 'minor_stop', 'unknown')
            AND "end" IS DISTINCT FROM start
    ) AS told
    GROUP BY run, equipment, day, told.shift, told.batch, told.product, category, told.reason
    HAVING sum(ms) <> 0 OR sum(number) <> 0;

CREATE OR REPLACE VIEW machine_states AS
    WITH told AS (
        SELECT run, equipment, time AS at, ingest_time, seq, category, event ->> 'state' AS state, reason,
               plant_version
        FROM machine_event WHERE type = 'state_changed'
        UNION ALL
        SELECT run, equipment, (event ->> 'start')::timestamptz, ingest_time, seq, 'unknown', NULL,
               event ->> 'reason', plant_version
        FROM machine_event WHERE type = 'gap'
        UNION ALL
        SELECT gap.run, gap.equipment, gap.time, gap.ingest_time, gap.seq, before.category, before.state,
               before.reason, gap.plant_version
        FROM machine_event AS gap
        CROSS JOIN LATERAL (
            SELECT one.category, one.event ->> 'state' AS state, one.reason FROM machine_event AS one
            WHERE one.run = gap.run AND one.equipment = gap.equipment AND one.time <= gap.time
                AND one.type = 'state_changed'
            ORDER BY one.time DESC, one.ingest_time DESC, one.seq DESC LIMIT 1
        ) AS before
        WHERE gap.type = 'gap'
    ), changed AS (
        SELECT told.*, (category, state, reason) IS DISTINCT FROM (
                   lag(category) OVER same, lag(state) OVER same, lag(reason) OVER same)
                   OR lag(at) OVER same IS NULL AS is_other
        FROM told WINDOW same AS (PARTITION BY run, equipment ORDER BY at, ingest_time, seq)
    ), followed AS (
        SELECT changed.*, lead(at) OVER same AS next_at
        FROM changed WHERE is_other
        WINDOW same AS (PARTITION BY run, equipment ORDER BY at, ingest_time, seq)
    )
    SELECT said.run, said.equipment, said.category, said.state, said.reason, said.at AS began_at,
           said.next_at AS ended_at,
           extract(epoch FROM said.next_at - said.at)::double precision AS duration_s,
           said.next_at IS NULL AS is_open, coalesce(judged.category, said.category) AS counted_as,
           CASE WHEN judged.start IS NULL THEN said.reason ELSE judged.reason END AS counted_reason,
           judged.reason_by, said.plant_version
    FROM followed AS said
    LEFT JOIN LATERAL (
        SELECT one.start, one."end", one.category, one.reason, one.reason_by FROM stop AS one
        WHERE one.run = said.run AND one.equipment = said.equipment AND one.start <= said.at
            AND one."end" IS DISTINCT FROM one.start
        ORDER BY one.start DESC LIMIT 1
    ) AS judged ON said.category NOT IN ('running', 'unknown')
        AND (judged."end" IS NULL OR judged."end" > said.at)
    WHERE said.next_at IS NULL OR said.next_at > said.at;

-- What held before counts only as long as no sample is as old as the beginning.
CREATE OR REPLACE FUNCTION telemetry_beyond(
    equipment text, tag text, above double precision, at_least interval,
    begins timestamptz, ends timestamptz, of_run text DEFAULT ''
) RETURNS TABLE (
    began_at timestamptz, ended_at timestamptz, duration_s double precision,
    maximum double precision, samples bigint
) LANGUAGE sql STABLE AS $$
    WITH known AS (
        (SELECT begins AS at, one.value, one.quality FROM telemetry AS one
         WHERE one.run = of_run AND one.equipment = telemetry_beyond.equipment
             AND one.tag = telemetry_beyond.tag AND one.time < begins
             AND NOT EXISTS (
                 SELECT FROM telemetry AS first
                 WHERE first.run = of_run AND first.equipment = telemetry_beyond.equipment
                     AND first.tag = telemetry_beyond.tag AND first.time = begins)
         ORDER BY one.time DESC LIMIT 1)
        UNION ALL
        SELECT one.time, one.value, one.quality FROM telemetry AS one
        WHERE one.run = of_run AND one.equipment = telemetry_beyond.equipment
            AND one.tag = telemetry_beyond.tag AND one.time >= begins AND one.time < ends
    ), marked AS (
        SELECT at, value, lead(at, 1, ends) OVER in_time AS until,
               coalesce(value > above AND quality & 3221225472 = 0, false) AS is_beyond,
               row_number() OVER in_time AS place
        FROM known WINDOW in_time AS (ORDER BY at)
    ), islands AS (
        SELECT at, value, until, place - row_number() OVER (ORDER BY at, place) AS island
        FROM marked WHERE is_beyond
    )
    SELECT min(at), max(until), extract(epoch FROM max(until) - min(at))::double precision,
           max(value), count(*)
    FROM islands GROUP BY island
    HAVING max(until) - min(at) >= at_least
    ORDER BY 1
$$;

-- migrate:down

CREATE OR REPLACE FUNCTION telemetry_beyond(
    equipment text, tag text, above double precision, at_least interval,
    begins timestamptz, ends timestamptz, of_run text DEFAULT ''
) RETURNS TABLE (
    began_at timestamptz, ended_at timestamptz, duration_s double precision,
    maximum double precision, samples bigint
) LANGUAGE sql STABLE AS $$
    WITH known AS (
        (SELECT greatest(one.time, begins) AS at, one.value, one.quality FROM telemetry AS one
         WHERE one.run = of_run AND one.equipment = telemetry_beyond.equipment
             AND one.tag = telemetry_beyond.tag AND one.time < begins
         ORDER BY one.time DESC LIMIT 1)
        UNION ALL
        SELECT one.time, one.value, one.quality FROM telemetry AS one
        WHERE one.run = of_run AND one.equipment = telemetry_beyond.equipment
            AND one.tag = telemetry_beyond.tag AND one.time >= begins AND one.time < ends
    ), marked AS (
        SELECT at, value, lead(at, 1, ends) OVER in_time AS until,
               coalesce(value > above AND quality & 3221225472 = 0, false) AS is_beyond,
               row_number() OVER in_time AS place
        FROM known WINDOW in_time AS (ORDER BY at)
    ), islands AS (
        SELECT at, value, until, place - row_number() OVER (ORDER BY at, place) AS island
        FROM marked WHERE is_beyond
    )
    SELECT min(at), max(until), extract(epoch FROM max(until) - min(at))::double precision,
           max(value), count(*)
    FROM islands GROUP BY island
    HAVING max(until) - min(at) >= at_least
    ORDER BY 1
$$;

CREATE OR REPLACE VIEW machine_states AS
    WITH told AS (
        SELECT run, equipment, time AS at, ingest_time, seq, category, event ->> 'state' AS state, reason,
               plant_version
        FROM machine_event WHERE type = 'state_changed'
        UNION ALL
        SELECT run, equipment, (event ->> 'start')::timestamptz, ingest_time, seq, 'unknown', NULL,
               event ->> 'reason', plant_version
        FROM machine_event WHERE type = 'gap'
        UNION ALL
        SELECT gap.run, gap.equipment, gap.time, gap.ingest_time, gap.seq, before.category, before.state,
               before.reason, gap.plant_version
        FROM machine_event AS gap
        CROSS JOIN LATERAL (
            SELECT one.category, one.event ->> 'state' AS state, one.reason FROM machine_event AS one
            WHERE one.run = gap.run AND one.equipment = gap.equipment AND one.time <= gap.time
                AND one.type = 'state_changed'
            ORDER BY one.time DESC, one.ingest_time DESC, one.seq DESC LIMIT 1
        ) AS before
        WHERE gap.type = 'gap'
    ), changed AS (
        SELECT told.*, (category, state, reason) IS DISTINCT FROM (
                   lag(category) OVER same, lag(state) OVER same, lag(reason) OVER same)
                   OR lag(at) OVER same IS NULL AS is_other
        FROM told WINDOW same AS (PARTITION BY run, equipment ORDER BY at, ingest_time, seq)
    ), followed AS (
        SELECT changed.*, lead(at) OVER same AS next_at
        FROM changed WHERE is_other
        WINDOW same AS (PARTITION BY run, equipment ORDER BY at, ingest_time, seq)
    )
    SELECT said.run, said.equipment, said.category, said.state, said.reason, said.at AS began_at,
           said.next_at AS ended_at,
           extract(epoch FROM said.next_at - said.at)::double precision AS duration_s,
           said.next_at IS NULL AS is_open, coalesce(judged.category, said.category) AS counted_as,
           CASE WHEN judged.start IS NULL THEN said.reason ELSE judged.reason END AS counted_reason,
           judged.reason_by, said.plant_version
    FROM followed AS said
    LEFT JOIN LATERAL (
        SELECT one.start, one."end", one.category, one.reason, one.reason_by FROM stop AS one
        WHERE one.run = said.run AND one.equipment = said.equipment AND one.start <= said.at
        ORDER BY one.start DESC LIMIT 1
    ) AS judged ON said.category NOT IN ('running', 'unknown')
        AND (judged."end" IS NULL OR judged."end" > said.at)
    WHERE said.next_at IS NULL OR said.next_at > said.at;

CREATE OR REPLACE VIEW pareto AS
    SELECT run, equipment, day, nullif(shift, '') AS shift, nullif(batch, '') AS batch,
           nullif(product, '') AS product, category, nullif(reason, '') AS reason,
           (sum(ms) / 1000)::double precision AS seconds, sum(number)::bigint AS number
    FROM (
        SELECT run, equipment, day, shift, batch, product, of.category, '' AS reason, of.ms, 0 AS number
        FROM (
            SELECT run, equipment, day, shift, batch, product,
                   sum(planned_stop_ms) AS planned_stop_ms, sum(setup_ms) AS setup_ms,
                   sum(unplanned_stop_ms) AS unplanned_stop_ms, sum(delay_ms) AS delay_ms,
                   sum(minor_stop_ms) AS minor_stop_ms, sum(unknown_ms) AS unknown_ms
            FROM oee_cell
            WHERE planned_stop_ms <> 0 OR setup_ms <> 0 OR unplanned_stop_ms <> 0 OR delay_ms <> 0
                OR minor_stop_ms <> 0 OR unknown_ms <> 0
            GROUP BY run, equipment, day, shift, batch, product
        ) AS cells
        CROSS JOIN LATERAL (
            VALUES ('planned_stop', planned_stop_ms), ('setup', setup_ms),
                   ('unplanned_stop', unplanned_stop_ms), ('delay', delay_ms),
                   ('minor_stop', minor_stop_ms), ('unknown', unknown_ms)
        ) AS of (category, ms)
        WHERE of.ms <> 0
        UNION ALL
        SELECT run, equipment, day, shift, batch, product, of.category, of.reason, of.ms, 0
        FROM oee_cell CROSS JOIN LATERAL (
            SELECT category, reason, ms::numeric
            FROM jsonb_to_recordset(reasons) AS said (category text, reason text, ms bigint)
            UNION ALL
            SELECT category, '', -ms
            FROM jsonb_to_recordset(reasons) AS said (category text, reason text, ms bigint)
        ) AS of (category, reason, ms)
        WHERE reasons <> '[]' AND of.ms <> 0
        UNION ALL
        SELECT run, equipment, day, coalesce(shift, ''), coalesce(batch, ''), coalesce(product, ''),
               category, coalesce(reason, ''), 0, 1
        FROM stop
        WHERE category IN ('planned_stop', 'setup', 'unplanned_stop', 'delay', 'minor_stop', 'unknown')
    ) AS told
    GROUP BY run, equipment, day, told.shift, told.batch, told.product, category, told.reason
    HAVING sum(ms) <> 0 OR sum(number) <> 0;

CREATE OR REPLACE VIEW stops AS
    SELECT run, equipment, start, "end",
           extract(epoch FROM "end" - start)::double precision AS duration_s,
           category, state, reason, reason_by, batch, product, shift, day, "end" IS NULL AS is_open,
           plant_version
    FROM stop;

COMMENT ON TABLE stop IS
    'Stops as they are known by now; a newer record of a stop replaces it. People read the view stops.';
