-- Stops that were taken back are left out; the value that held when a batch began counts; views with windows
-- find a day, shift or batch by an index; what people say is no sign of life of a machine.
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

CREATE OR REPLACE FUNCTION state_at(moment timestamptz, of_run text DEFAULT '')
RETURNS TABLE (
    equipment text, category text, state text, reason text, since timestamptz,
    batch text, product text, heard_at timestamptz
) LANGUAGE sql STABLE AS $$
    SELECT known.equipment, coalesce(missed.category, said.category, 'unknown'),
           CASE WHEN missed.category IS NULL THEN said.state END,
           coalesce(missed.reason, said.reason), coalesce(missed.since, said.since),
           made.batch, made.product, heard.at
    FROM run_equipment AS known
    LEFT JOIN LATERAL (
        SELECT one.category, one.event ->> 'state' AS state, one.reason, one.time AS since
        FROM machine_event AS one
        WHERE one.run = of_run AND one.equipment = known.equipment AND one.time <= moment
            AND one.type IN ('state_changed', 'gap') AND one.type = 'state_changed'
        ORDER BY one.time DESC, one.ingest_time DESC, one.seq DESC LIMIT 1
    ) AS said ON true
    LEFT JOIN LATERAL (
        -- A gap is told when it ends: the first one after the moment may be about it.
        SELECT 'unknown' AS category, one.event ->> 'reason' AS reason,
               (one.event ->> 'start')::timestamptz AS since
        FROM machine_event AS one
        WHERE one.run = of_run AND one.equipment = known.equipment AND one.time > moment
            AND one.type IN ('state_changed', 'gap') AND one.type = 'gap'
        ORDER BY one.time LIMIT 1
    ) AS missed ON missed.since <= moment AND (said.since IS NULL OR said.since <= missed.since)
    LEFT JOIN LATERAL (
        SELECT one.batch, one.product FROM batch_cycle AS one
        WHERE one.run = of_run AND one.equipment = known.equipment AND one.start <= moment
            AND (one."end" IS NULL OR one."end" > moment)
        ORDER BY one.start DESC LIMIT 1
    ) AS made ON true
    LEFT JOIN LATERAL (
        SELECT one.time AS at FROM machine_event AS one
        WHERE one.run = of_run AND one.equipment = known.equipment AND one.time <= moment
            AND one.type NOT IN ('stop_reason_given', 'parts_reported', 'maintenance_started',
                'maintenance_ended', 'andon_raised', 'andon_cleared')
        ORDER BY one.time DESC LIMIT 1
    ) AS heard ON true
    WHERE known.run = of_run
    ORDER BY known.equipment
$$;
COMMENT ON FUNCTION state_at IS
    'The state of every machine of the run at this moment, a row each: category (unknown within a gap, and before anything was said), state and reason in the device''s words, since when, the batch and product that it made, and heard_at, when the machine itself had said something last: what was said long before may not hold any more. What people say is no sign of its life. A local time is given as timestamp ''2026-03-02 03:00'' AT TIME ZONE ''America/Mexico_City''.';

CREATE OR REPLACE VIEW pipeline_health AS
    WITH RECURSIVE edges AS (
        (SELECT site, edge FROM edge_heartbeat ORDER BY site, edge LIMIT 1)
        UNION ALL
        SELECT next.site, next.edge FROM edges CROSS JOIN LATERAL (
            SELECT one.site, one.edge FROM edge_heartbeat AS one
            WHERE (one.site, one.edge) > (edges.site, edges.edge)
            ORDER BY one.site, one.edge LIMIT 1) AS next
    ), sources AS (
        (SELECT site, name FROM source_heartbeat ORDER BY site, name LIMIT 1)
        UNION ALL
        SELECT next.site, next.name FROM sources CROSS JOIN LATERAL (
            SELECT one.site, one.name FROM source_heartbeat AS one
            WHERE (one.site, one.name) > (sources.site, sources.name)
            ORDER BY one.site, one.name LIMIT 1) AS next
    ), told AS (
        SELECT 'edge' AS kind, edges.site, edges.edge AS name, beat.time AS newest_at,
               NULL::boolean AS connected, beat.spool_records AS waiting, beat.dropped_records AS lost,
               NULL::text AS trouble
        FROM edges CROSS JOIN LATERAL (
            SELECT * FROM edge_heartbeat AS one WHERE one.site = edges.site AND one.edge = edges.edge
            ORDER BY one.time DESC LIMIT 1) AS beat
        UNION ALL
        SELECT 'source', sources.site, sources.name, beat.last_value_at, beat.connected, NULL, NULL,
               beat.trouble
        FROM sources CROSS JOIN LATERAL (
            SELECT * FROM source_heartbeat AS one
            WHERE one.site = sources.site AND one.name = sources.name
            ORDER BY one.time DESC LIMIT 1) AS beat
        UNION ALL
        SELECT 'equipment', array_to_string((string_to_array(known.equipment, '/'))[1:2], '/'),
               known.equipment, heard.time, NULL, NULL, NULL, NULL
        FROM run_equipment AS known LEFT JOIN LATERAL (
            SELECT one.time FROM machine_event AS one
            WHERE one.run = known.run AND one.equipment = known.equipment
                AND one.type NOT IN ('stop_reason_given', 'parts_reported', 'maintenance_started',
                    'maintenance_ended', 'andon_raised', 'andon_cleared')
            ORDER BY one.time DESC LIMIT 1) AS heard ON true
        WHERE known.run = ''
        UNION ALL
        SELECT 'topic', NULL, topic, to_timestamp(max(broker_time_ms) / 1000.0), NULL, NULL, NULL, NULL
        FROM sink_position GROUP BY topic
        UNION ALL
        SELECT 'dead_letters', NULL, service, max(buried_at), NULL, NULL, count(*),
               (array_agg(reason ORDER BY buried_at DESC))[1]
        FROM dead_letter WHERE buried_at > now() - interval '1 day' GROUP BY service
    )
    SELECT kind, site, name, newest_at,
           CASE WHEN newest_at IS NOT NULL THEN extract(epoch FROM greatest(now() - newest_at, interval '0'))
           END::double precision AS age_s,
           connected, waiting, lost, trouble
    FROM told;
COMMENT ON COLUMN pipeline_health.newest_at IS 'Newest sign of life of an edge, value of a source, event that an equipment told itself (not what people said of it), record of a topic, burial.';

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

-- Views by shift, batch and day: what they are grouped by is shown as it is, so that a condition on it is one on
-- the rows of the table, which an index answers. Rows and columns are the same.
DO $$
DECLARE
    arguments text := 'not_scheduled_ms, planned_stop_ms, setup_ms, unplanned_stop_ms, delay_ms,'
        ' minor_stop_ms, running_ms, unknown_ms, unplanned_running_ms, excluded_unknown_ms,'
        ' no_ideal_ms, good, scrap, rework, ideal_us, ideal_good_us, no_ideal_parts,'
        ' producing_setup_ms, ideal_startup_us, breakdowns';
    sums text;
    of_constraint text;
    arguments_of_constraint text;
    machine_hours text;
    view record;
    one_day text := 'CASE WHEN min(day) = max(day) THEN min(day) END AS day';
    one_shift text := $sql$CASE WHEN min(shift) = max(shift) THEN nullif(min(shift), '') END AS shift$sql$;
    one_batch text := $sql$CASE WHEN min(batch) = max(batch) THEN nullif(min(batch), '') END AS batch$sql$;
BEGIN
    SELECT string_agg(format('sum(%1$I) AS %1$I', name), ', ')
        INTO sums FROM unnest(string_to_array(arguments, ', ')) AS name
        WHERE name NOT IN ('good', 'scrap', 'rework', 'no_ideal_parts', 'breakdowns');
    SELECT sums || ', ' || string_agg(format('sum(%1$I)::bigint AS %1$I', name), ', ')
        INTO sums FROM unnest(ARRAY['good', 'scrap', 'rework', 'no_ideal_parts', 'unplanned_good',
            'unplanned_scrap', 'unplanned_rework', 'startup_scrap', 'startup_rework', 'breakdowns',
            'delays', 'setups', 'planned_stops', 'minor_stops']) AS name;
    SELECT string_agg(format('sum(%1$I) FILTER (WHERE bottleneck IS NOT NULL) AS of_%1$s', name), ', '),
           string_agg('of_' || name, ', ')
        INTO of_constraint, arguments_of_constraint
        FROM unnest(string_to_array(arguments, ', ')) AS name;
    -- Many cells of few machines: adding up minutes first leaves little to be told apart by place.
    machine_hours := format($sql$(
        SELECT run, equipment, plant_version, date_trunc('hour', minute, 'UTC') AS minute,
               min(start) AS start, max("end") AS "end", day, shift, batch, product, %s,
               count(*) FILTER (WHERE late <> '') AS late_cells
        FROM oee_cell GROUP BY run, equipment, plant_version, date_trunc('hour', minute, 'UTC'),
            day, shift, batch, product) AS machine_hour$sql$, sums);
    FOR view IN SELECT level.*, period.*, format('oee_%sby_%s', level.prefix, period.period) AS name
        FROM (VALUES
            ('', 'equipment', 'equipment', false),
            ('line_', 'place', $sql$substring(equipment, '^(?:[^/]+/){3}[^/]+')$sql$, true),
            ('area_', 'place', $sql$substring(equipment, '^(?:[^/]+/){2}[^/]+')$sql$, false),
            ('site_', 'place', $sql$substring(equipment, '^[^/]+/[^/]+')$sql$, false)
        ) AS level (prefix, who, who_is, is_line)
        CROSS JOIN (VALUES
            ('shift', 'day, shift', 'day, shift, ' || one_batch, $sql$shift <> ''$sql$),
            ('batch', 'batch', one_day || ', ' || one_shift || ', batch', $sql$batch <> ''$sql$),
            ('day', 'day', 'day, ' || one_shift || ', ' || one_batch, 'true')
        ) AS period (period, grouped_by, shown, condition)
    LOOP
        EXECUTE format($sql$
            CREATE OR REPLACE VIEW %1$I AS
            SELECT run, %2$I, window_start, window_end, day, shift, batch, product,
                   figures.planned_s, figures.running_s, figures.unknown_s, good, scrap, rework,
                   figures.availability, figures.effectiveness, figures.quality_ratio,
                   figures.oee, revision, figures.coverage,
                   figures.minor_stop_s, figures.setup_s, figures.unplanned_stop_s,
                   figures.delay_s, figures.planned_stop_s, figures.not_scheduled_s,
                   figures.unplanned_running_s, figures.excluded_unknown_s,
                   figures.no_ideal_s, no_ideal_parts,
                   unplanned_good, unplanned_scrap, unplanned_rework,
                   ideal_us / 1e6::double precision AS ideal_s,
                   ideal_good_us / 1e6::double precision AS ideal_good_s,
                   figures.producing_setup_s, figures.apt_s, figures.calendar_s,
                   startup_scrap, startup_rework,
                   ideal_startup_us / 1e6::double precision AS ideal_startup_s,
                   breakdowns, delays, setups, planned_stops, minor_stops,
                   figures.teep, figures.ooe, figures.nee, figures.utilization_efficiency,
                   figures.mtbf_s, figures.mttr_s,
                   figures.breakdown_loss_s, figures.setup_loss_s, figures.minor_stop_loss_s,
                   figures.speed_loss_s, figures.defect_loss_s, figures.startup_loss_s,
                   figures.unknown_loss_s, figures.ideal_cycle_s %3$s
            FROM (
                SELECT run, %4$s AS %2$I,
                       min(start) AS window_start, max("end") AS window_end, %5$s,
                       CASE WHEN min(product) = max(product)
                            THEN nullif(min(product), '') END AS product,
                       %6$s, %13$s AS revision,
                       count(DISTINCT equipment) AS machines %7$s
                FROM %8$s
                WHERE %9$s
                GROUP BY run, %4$s, %10$s
            ) AS sums
            CROSS JOIN LATERAL oee_figures(%11$s) AS figures %12$s
            $sql$,
            view.name, view.who,
            CASE WHEN view.prefix <> '' THEN ', machines' ELSE '' END
                || CASE WHEN view.is_line THEN ', constraint_equipment,'
                    ' CASE WHEN constraint_equipment IS NULL THEN figures.oee'
                    ' ELSE bottleneck.oee END AS line_oee' ELSE '' END,
            view.who_is, view.shown, sums,
            CASE WHEN view.is_line
                THEN ', min(bottleneck) AS constraint_equipment, ' || of_constraint ELSE '' END,
            CASE WHEN view.prefix = '' THEN 'oee_cell' ELSE machine_hours END
                || CASE WHEN view.is_line THEN ' LEFT JOIN (SELECT DISTINCT plant_version AS version,'
                    ' equipment AS bottleneck FROM plant_equipment WHERE is_constraint) AS bottlenecks'
                    ' ON version = plant_version AND bottleneck = equipment' ELSE '' END,
            view.condition, view.grouped_by, arguments,
            CASE WHEN view.is_line THEN
                format('CROSS JOIN LATERAL oee_figures(%s) AS bottleneck', arguments_of_constraint)
                ELSE '' END,
            CASE WHEN view.prefix = ''
                THEN $sql$count(*) FILTER (WHERE late <> '')$sql$ ELSE 'sum(late_cells)::bigint' END);
    END LOOP;
    FOR view IN SELECT * FROM (VALUES
        ('shift', 'day, shift', 'day, shift, ' || one_batch, $sql$shift <> ''$sql$),
        ('batch', 'batch', one_day || ', ' || one_shift || ', batch', $sql$batch <> ''$sql$),
        ('day', 'day', 'day, ' || one_shift || ', ' || one_batch, 'true')
    ) AS v (period, grouped_by, shown, condition)
    LOOP
        EXECUTE format($sql$
            CREATE OR REPLACE VIEW cycles_by_%1$s AS
            SELECT run, equipment, window_start, window_end, day, shift, batch, product, cycles,
                   (total_ms / cycles / 1000)::double precision AS mean_s,
                   (sqrt(greatest(0, squares_ms2 - total_ms * total_ms / cycles)
                       / nullif(cycles - 1, 0)) / 1000)::double precision AS deviation_s,
                   shortest_ms / 1e3::double precision AS shortest_s,
                   longest_ms / 1e3::double precision AS longest_s,
                   least(longest_ms, greatest(shortest_ms,
                       cycle_quantile_ms(sketch, 0.5))) / 1e3::double precision AS median_s,
                   least(longest_ms, greatest(shortest_ms,
                       cycle_quantile_ms(sketch, 0.9))) / 1e3::double precision AS p90_s,
                   least(longest_ms, greatest(shortest_ms,
                       cycle_quantile_ms(sketch, 0.95))) / 1e3::double precision AS p95_s,
                   least(longest_ms, greatest(shortest_ms,
                       cycle_quantile_ms(sketch, 0.99))) / 1e3::double precision AS p99_s, slow,
                   slow::double precision / nullif(cycles - no_ideal, 0) AS slow_share,
                   (ideal_ms / nullif(cycles - no_ideal, 0) / 1000)::double precision AS ideal_s,
                   no_ideal, CASE WHEN no_ideal = 0 THEN
                       (total_ms / nullif(ideal_ms, 0) - 1)::double precision END AS drift, sketch
            FROM (
                SELECT run, equipment, min(hour) AS window_start,
                       max(hour) + interval '1 hour' AS window_end, %4$s,
                       nullif(product, '') AS product, sum(cycles)::bigint AS cycles,
                       sum(total_ms) AS total_ms, sum(squares_ms2) AS squares_ms2,
                       min(shortest_ms) AS shortest_ms, max(longest_ms) AS longest_ms,
                       sum(slow)::bigint AS slow, sum(ideal_ms) AS ideal_ms,
                       sum(no_ideal)::bigint AS no_ideal, merged_sketch(sketch) AS sketch
                FROM cycle_cell
                WHERE cycles > 0 AND %3$s
                GROUP BY run, equipment, cycle_cell.product, %2$s
            ) AS sums
            $sql$, view.period,
            (SELECT string_agg('cycle_cell.' || name, ', ')
             FROM unnest(string_to_array(view.grouped_by, ', ')) AS name), view.condition, view.shown);
    END LOOP;
END
$$;

-- The demand of a shift is looked for once, and in its own time.
CREATE OR REPLACE VIEW takt_by_shift AS
    SELECT run, equipment, windows.window_start, windows.window_end, day, shift, cycles.product,
           windows.planned_s, newest.demand_per_shift,
           windows.planned_s / newest.demand_per_shift AS takt_s, cycles.mean_s, cycles.cycles,
           windows.planned_s / newest.demand_per_shift / nullif(cycles.mean_s, 0) AS attainment
    FROM cycles_by_shift AS cycles
    JOIN oee_by_shift AS windows USING (run, equipment, day, shift)
    CROSS JOIN LATERAL (
        SELECT wanted.demand_per_shift FROM oee_cell AS cell
        JOIN plant_demand AS wanted USING (plant_version, equipment)
        WHERE cell.run = cycles.run AND equipment = cycles.equipment AND cell.shift = cycles.shift
            AND cell.day = cycles.day AND wanted.product = cycles.product
            AND cell.minute >= date_trunc('minute', windows.window_start, 'UTC')
            AND cell.minute <= windows.window_end
        ORDER BY cell.minute DESC, wanted.number DESC LIMIT 1
    ) AS newest
    WHERE newest.demand_per_shift IS NOT NULL;

-- Tags that tell changes only: what held when a batch began was told before.
CREATE TABLE batch_sample_before (
    run text NOT NULL,
    equipment text NOT NULL,
    tag text NOT NULL,
    start timestamptz NOT NULL,
    unit text NOT NULL,
    time timestamptz NOT NULL,
    value double precision,
    quality bigint NOT NULL,
    text text,
    kept_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE batch_sample_before IS
    'The newest sample of a critical tag, good or bad, from before its equipment began a batch (start), of seven days at most: a record of the batch. A newer one that came later stands beside it, and holds. Batches that began at one moment share it. People read batch_critical_tags.';
COMMENT ON COLUMN batch_sample_before.start IS 'When the batch began.';
COMMENT ON COLUMN batch_sample_before.kept_at IS 'When it was copied.';
CREATE UNIQUE INDEX batch_sample_before_once ON batch_sample_before
    (run, equipment, tag, start, time, value, quality, md5(text)) NULLS NOT DISTINCT;

ALTER TABLE batch_sample_due ADD COLUMN begins timestamptz;
COMMENT ON COLUMN batch_sample_due.begins IS
    'Beginning of a batch; then first is seven days before, for the value that held there. Null where samples arrived.';

CREATE OR REPLACE FUNCTION batch_samples_are_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO batch_sample_due (run, equipment, first, begins, last)
        VALUES (NEW.run, NEW.equipment, NEW.start - interval '7 days', NEW.start,
            coalesce(NEW."end", 'infinity'));
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION critical_tag_is_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO batch_sample_due (run, equipment, first, begins, last, due_at)
        SELECT run, equipment, start - interval '7 days', start, coalesce("end", 'infinity'), now() + wait
        FROM batch_made CROSS JOIN unnest(ARRAY[interval '0', interval '10 minutes']) AS wait
        WHERE equipment = NEW.equipment AND NOT withdrawn;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION keep_batch_samples(at_most integer DEFAULT 1000) RETURNS bigint LANGUAGE sql AS $$
    WITH due AS (
        DELETE FROM batch_sample_due WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM batch_sample_due WHERE due_at <= now()
            LIMIT at_most FOR UPDATE SKIP LOCKED))
        RETURNING run, equipment, first, begins, last
    ), making AS (
        SELECT made.run, made.equipment, made.start, made."end",
               min(greatest(made.start, coalesce(due.begins, due.first))) AS first, max(due.last) AS last,
               bool_or(made.start = due.begins OR (due.begins IS NULL AND made.start >= due.first)) AS is_begun
        FROM due JOIN batch_made AS made ON made.run = due.run AND made.equipment = due.equipment
        WHERE NOT made.withdrawn AND coalesce(made."end", 'infinity') > coalesce(due.begins, due.first)
            AND made.start <= due.last + CASE WHEN due.begins IS NULL THEN interval '7 days' ELSE interval '0' END
        GROUP BY made.run, made.equipment, made.start, made."end"
    ), critical AS (
        SELECT DISTINCT equipment, tag FROM critical_tag
    ), kept AS (
        INSERT INTO batch_sample (run, equipment, tag, unit, time, value, quality, text)
        SELECT making.run, making.equipment, critical.tag, seen.unit, seen.time, seen.value,
               seen.quality, seen.text
        FROM making
        JOIN critical USING (equipment)
        CROSS JOIN LATERAL (
            SELECT unit, time, value, quality, text FROM telemetry AS one
            WHERE one.run = making.run AND one.equipment = making.equipment
                AND one.tag = critical.tag AND one.time >= making.first AND one.time <= making.last
                AND one.time < coalesce(making."end", 'infinity')
            OFFSET 0  -- So each tag is asked for by its index, whatever else there is to be joined.
        ) AS seen
        WHERE making.first <= making.last
        ON CONFLICT DO NOTHING
        RETURNING 1
    ), kept_before AS (
        INSERT INTO batch_sample_before (run, equipment, tag, start, unit, time, value, quality, text)
        SELECT making.run, making.equipment, critical.tag, making.start, seen.unit, seen.time, seen.value,
               seen.quality, seen.text
        FROM making
        JOIN critical USING (equipment)
        CROSS JOIN LATERAL (
            SELECT * FROM (
                SELECT newest.* FROM (
                    SELECT unit, time, value, quality, text FROM telemetry AS one
                    WHERE one.run = making.run AND one.equipment = making.equipment
                        AND one.tag = critical.tag AND one.time <= making.start
                        AND one.time >= making.start - interval '7 days'
                    ORDER BY one.time DESC LIMIT 1
                ) AS newest
                -- What comes when others of its time are dropped may not be the newest of them.
                WHERE making.run <> '' OR newest.time >= coalesce((
                        SELECT dropped_before FROM telemetry_retention WHERE level = 'raw'), '-infinity')
                    OR EXISTS (
                        SELECT FROM batch_sample_before AS one
                        WHERE one.run = making.run AND one.equipment = making.equipment
                            AND one.tag = critical.tag AND one.start = making.start)
                UNION ALL
                -- A batch whose time holds this beginning has all samples up to it.
                SELECT known.* FROM batch_made AS other CROSS JOIN LATERAL (
                    (SELECT unit, time, value, quality, text FROM batch_sample AS one
                     WHERE one.run = other.run AND one.equipment = other.equipment
                         AND one.tag = critical.tag AND one.time >= other.start
                         AND one.time <= making.start
                     ORDER BY one.time DESC LIMIT 1)
                    UNION ALL
                    SELECT unit, time, value, quality, text FROM batch_sample_before AS one
                    WHERE one.run = other.run AND one.equipment = other.equipment
                        AND one.tag = critical.tag AND one.start = other.start
                ) AS known
                WHERE other.run = making.run AND other.equipment = making.equipment
                    AND other.start >= making.start - interval '7 days' AND other.start < making.start
                    AND coalesce(other."end", 'infinity') >= making.start
            ) AS found
            ORDER BY time DESC LIMIT 1
        ) AS seen
        WHERE making.is_begun AND seen.time < making.start AND seen.time >= making.start - interval '7 days'
        ON CONFLICT DO NOTHING
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM kept) + (SELECT count(*) FROM kept_before)
$$;
COMMENT ON FUNCTION keep_batch_samples IS
    'Copies samples of critical tags into batch_sample where at most so many rows of batch_sample_due say that something changed, and says how many it copied; to each beginning of a batch the newest sample from before it, of seven days at most. Twice, or killed and run again, it comes to the same. The sink calls it every 10 s.';

-- Batches of which telemetry still has what was before.
INSERT INTO batch_sample_due (run, equipment, first, begins, last)
    SELECT run, equipment, start - interval '7 days', start, start FROM batch_made AS made
    WHERE NOT withdrawn AND EXISTS (SELECT FROM critical_tag AS one WHERE one.equipment = made.equipment);

CREATE OR REPLACE VIEW batch_critical_tags AS
    SELECT run, site, product, batch, equipment, tag, coalesce(max(unit), max(asked_unit)) AS unit,
           count(time) AS samples, count(time) FILTER (WHERE NOT good) AS bad_samples,
           min(value) FILTER (WHERE good) AS minimum,
           coalesce(
               sum(value * held_s) FILTER (WHERE good) / nullif(sum(held_s) FILTER (WHERE good AND value IS NOT NULL), 0),
               avg(value) FILTER (WHERE good)) AS mean,
           max(value) FILTER (WHERE good) AS maximum,
           min(time) AS first_at, max(time) AS last_at,
           max(greatest(held_s, before_s)) AS longest_gap_s,
           max(lower_limit) AS lower_limit, max(upper_limit) AS upper_limit,
           CASE WHEN max(lower_limit) IS NOT NULL AND count(value) FILTER (WHERE good) > 0 THEN
               coalesce(sum(held_s) FILTER (WHERE good AND value < lower_limit), 0) END AS below_s,
           CASE WHEN max(upper_limit) IS NOT NULL AND count(value) FILTER (WHERE good) > 0 THEN
               coalesce(sum(held_s) FILTER (WHERE good AND value > upper_limit), 0) END AS above_s,
           min(carried_at) AS carried_at,
           (array_agg(value ORDER BY carried_at) FILTER (WHERE carried_at IS NOT NULL))[1] AS carried_value
    FROM (
        SELECT made.run, made.site, made.product, made.batch, made.equipment, critical.tag,
               critical.unit AS asked_unit, critical.lower_limit, critical.upper_limit,
               kept.unit, kept.time, kept.carried_at, kept.value, kept.quality & 3221225472 = 0 AS good,
               extract(epoch FROM coalesce(lead(kept.at) OVER whole, made."end", kept.at)
                   - kept.at)::double precision AS held_s,
               extract(epoch FROM kept.at - coalesce(lag(kept.at) OVER whole, made.start)
                   )::double precision AS before_s
        FROM batch_made AS made
        JOIN LATERAL (
            SELECT one.tag, max(one.unit) AS unit,
                   max(one.lower) FILTER (WHERE one.plant_version = made.plant_version) AS lower_limit,
                   max(one.upper) FILTER (WHERE one.plant_version = made.plant_version) AS upper_limit
            FROM critical_tag AS one WHERE one.equipment = made.equipment GROUP BY one.tag
        ) AS critical ON true
        LEFT JOIN LATERAL (
            SELECT one.unit, one.time AS at, one.time, NULL::timestamptz AS carried_at, one.value, one.quality
            FROM batch_sample AS one
            WHERE one.run = made.run AND one.equipment = made.equipment AND one.tag = critical.tag
                AND one.time >= made.start AND one.time < coalesce(made."end", 'infinity')
            UNION ALL
            SELECT newest.unit, made.start, NULL, newest.time, newest.value, newest.quality
            FROM (
                SELECT * FROM batch_sample_before AS one
                WHERE one.run = made.run AND one.equipment = made.equipment AND one.tag = critical.tag
                    AND one.start = made.start
                ORDER BY one.time DESC, one.kept_at DESC LIMIT 1
            ) AS newest
            WHERE newest.quality & 3221225472 = 0 AND NOT EXISTS (
                SELECT FROM batch_sample AS first
                WHERE first.run = made.run AND first.equipment = made.equipment
                    AND first.tag = critical.tag AND first.time = made.start)
        ) AS kept ON true
        WHERE NOT made.withdrawn
        WINDOW whole AS (
            PARTITION BY made.run, made.site, made.product, made.equipment, made.batch, made.start,
                critical.tag
            ORDER BY kept.at)
    ) AS held
    GROUP BY run, site, product, batch, equipment, tag;
COMMENT ON VIEW batch_critical_tags IS
    'What each critical tag came to while its equipment made the batch, a row each, also without any sample. A value holds until the next sample, the last one until the end of the batch; the first one known is that from before the batch (carried_at). Live is run = ''''.';
COMMENT ON COLUMN batch_critical_tags.samples IS
    'Samples kept from the time of the batch, bad ones as well; the one from before it (carried_at) is not counted.';
COMMENT ON COLUMN batch_critical_tags.longest_gap_s IS
    'Longest time without a sample, s, from the beginning of the batch to its end; null without any sample and any value from before. Tags that tell changes only may be silent for long.';
COMMENT ON COLUMN batch_critical_tags.below_s IS
    'Time known to be below lower_limit, s; null without that limit, and where no value is known.';
COMMENT ON COLUMN batch_critical_tags.above_s IS
    'Time known to be above upper_limit, s; null without that limit, and where no value is known.';
COMMENT ON COLUMN batch_critical_tags.carried_at IS
    'When the value was sampled that held as the batch began, if that was before and the sample was Good; null: the first sample is as old as the batch, or nothing is known of the seven days before.';
COMMENT ON COLUMN batch_critical_tags.carried_value IS
    'That value, in `unit`; it counts from the beginning of the batch. Null for texts.';

GRANT SELECT, INSERT, DELETE ON batch_sample_before TO plantstream_writer;
GRANT SELECT ON batch_sample_before TO plantstream_reader, plantstream_auditor;
DO $$
BEGIN
    EXECUTE (SELECT format('ALTER TABLE batch_sample_before OWNER TO %I', pg_get_userbyid(relowner))
        FROM pg_class WHERE oid = 'batch_sample'::regclass);
END
$$;

-- migrate:down

CREATE OR REPLACE VIEW takt_by_shift AS
    SELECT run, equipment, window_start, window_end, day, shift, product, planned_s, demand_per_shift,
           planned_s / demand_per_shift AS takt_s, mean_s, cycles,
           planned_s / demand_per_shift / nullif(mean_s, 0) AS attainment
    FROM (
        SELECT cycles.run, cycles.equipment, windows.window_start, windows.window_end, cycles.day,
               cycles.shift, cycles.product, windows.planned_s, cycles.mean_s, cycles.cycles,
               (SELECT wanted.demand_per_shift FROM oee_cell AS cell JOIN plant_demand AS wanted
                    USING (plant_version, equipment)
                WHERE cell.run = cycles.run AND cell.equipment = cycles.equipment
                    AND cell.shift = cycles.shift AND cell.day = cycles.day
                    AND wanted.product = cycles.product
                ORDER BY cell.minute DESC, wanted.number DESC LIMIT 1) AS demand_per_shift
        FROM cycles_by_shift AS cycles
        JOIN oee_by_shift AS windows USING (run, equipment, day, shift)
    ) AS told
    WHERE demand_per_shift IS NOT NULL;

-- The other views by shift, batch and day stay: they show the same rows as before.
SELECT set_config('plantstream.said', jsonb_object_agg(attname, col_description(attrelid, attnum))::text, true)
    FROM pg_attribute
    WHERE attrelid = 'batch_critical_tags'::regclass AND attnum > 0 AND attname NOT LIKE 'carried%';
DROP VIEW batch_critical_tags;
CREATE VIEW batch_critical_tags AS
    SELECT run, site, product, batch, equipment, tag, coalesce(max(unit), max(asked_unit)) AS unit,
           count(time) AS samples, count(time) FILTER (WHERE NOT good) AS bad_samples,
           min(value) FILTER (WHERE good) AS minimum,
           coalesce(
               sum(value * held_s) FILTER (WHERE good) / nullif(sum(held_s) FILTER (WHERE good AND value IS NOT NULL), 0),
               avg(value) FILTER (WHERE good)) AS mean,
           max(value) FILTER (WHERE good) AS maximum,
           min(time) AS first_at, max(time) AS last_at,
           max(greatest(held_s, before_s)) AS longest_gap_s,
           max(lower_limit) AS lower_limit, max(upper_limit) AS upper_limit,
           CASE WHEN max(lower_limit) IS NOT NULL THEN
               coalesce(sum(held_s) FILTER (WHERE good AND value < lower_limit), 0) END AS below_s,
           CASE WHEN max(upper_limit) IS NOT NULL THEN
               coalesce(sum(held_s) FILTER (WHERE good AND value > upper_limit), 0) END AS above_s
    FROM (
        SELECT made.run, made.site, made.product, made.batch, made.equipment, critical.tag,
               critical.unit AS asked_unit, critical.lower_limit, critical.upper_limit,
               kept.unit, kept.time, kept.value, kept.quality & 3221225472 = 0 AS good,
               extract(epoch FROM coalesce(lead(kept.time) OVER whole, made."end", kept.time)
                   - kept.time)::double precision AS held_s,
               extract(epoch FROM kept.time - coalesce(lag(kept.time) OVER whole, made.start)
                   )::double precision AS before_s
        FROM batch_made AS made
        JOIN LATERAL (
            SELECT one.tag, max(one.unit) AS unit,
                   max(one.lower) FILTER (WHERE one.plant_version = made.plant_version) AS lower_limit,
                   max(one.upper) FILTER (WHERE one.plant_version = made.plant_version) AS upper_limit
            FROM critical_tag AS one WHERE one.equipment = made.equipment GROUP BY one.tag
        ) AS critical ON true
        LEFT JOIN batch_sample AS kept ON kept.run = made.run AND kept.equipment = made.equipment
            AND kept.tag = critical.tag AND kept.time >= made.start
            AND kept.time < coalesce(made."end", 'infinity')
        WHERE NOT made.withdrawn
        WINDOW whole AS (
            PARTITION BY made.run, made.site, made.product, made.equipment, made.batch, made.start,
                critical.tag
            ORDER BY kept.time)
    ) AS held
    GROUP BY run, site, product, batch, equipment, tag;
COMMENT ON VIEW batch_critical_tags IS
    'What each critical tag came to while its equipment made the batch, a row each, also without any sample. A value holds until the next sample, the last one until the end of the batch. Live is run = ''''.';
DO $$
DECLARE
    named record;
BEGIN
    FOR named IN SELECT key, value FROM jsonb_each_text(current_setting('plantstream.said')::jsonb) LOOP
        EXECUTE format('COMMENT ON COLUMN batch_critical_tags.%I IS %L', named.key, named.value);
    END LOOP;
END
$$;
COMMENT ON COLUMN batch_critical_tags.samples IS 'Samples kept, bad ones as well.';
COMMENT ON COLUMN batch_critical_tags.longest_gap_s IS
    'Longest time without a sample, s, from the beginning of the batch to its end; null without any sample. Tags that tell changes only may be silent for long.';
COMMENT ON COLUMN batch_critical_tags.below_s IS 'Time below lower_limit, s; null without that limit.';
COMMENT ON COLUMN batch_critical_tags.above_s IS 'Time above upper_limit, s; null without that limit.';
GRANT SELECT ON batch_critical_tags TO plantstream_writer, plantstream_reader, plantstream_auditor;
DO $$
BEGIN
    EXECUTE (SELECT format('ALTER VIEW batch_critical_tags OWNER TO %I', pg_get_userbyid(relowner))
        FROM pg_class WHERE oid = 'batch_sample'::regclass);
END
$$;

CREATE OR REPLACE FUNCTION keep_batch_samples(at_most integer DEFAULT 1000) RETURNS bigint LANGUAGE sql AS $$
    WITH due AS (
        DELETE FROM batch_sample_due WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM batch_sample_due WHERE due_at <= now()
            LIMIT at_most FOR UPDATE SKIP LOCKED))
        RETURNING run, equipment, first, last
    ), making AS (
        SELECT made.run, made.equipment, made."end",
               min(greatest(made.start, due.first)) AS first, max(due.last) AS last
        FROM due JOIN batch_made AS made ON made.run = due.run AND made.equipment = due.equipment
        WHERE NOT made.withdrawn AND made.start <= due.last
            AND coalesce(made."end", 'infinity') > due.first
        GROUP BY made.run, made.equipment, made.start, made."end"
    ), kept AS (
        INSERT INTO batch_sample (run, equipment, tag, unit, time, value, quality, text)
        SELECT making.run, making.equipment, critical.tag, seen.unit, seen.time, seen.value,
               seen.quality, seen.text
        FROM making
        JOIN (SELECT DISTINCT equipment, tag FROM critical_tag) AS critical USING (equipment)
        CROSS JOIN LATERAL (
            SELECT unit, time, value, quality, text FROM telemetry AS one
            WHERE one.run = making.run AND one.equipment = making.equipment
                AND one.tag = critical.tag AND one.time >= making.first AND one.time <= making.last
                AND one.time < coalesce(making."end", 'infinity')
        ) AS seen
        ON CONFLICT DO NOTHING
        RETURNING 1
    )
    SELECT count(*) FROM kept
$$;
COMMENT ON FUNCTION keep_batch_samples IS
    'Copies samples of critical tags into batch_sample where at most so many rows of batch_sample_due say that something changed, and says how many it copied. Twice, or killed and run again, it comes to the same. The sink calls it every 10 s.';
CREATE OR REPLACE FUNCTION batch_samples_are_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO batch_sample_due (run, equipment, first, last)
        VALUES (NEW.run, NEW.equipment, NEW.start, coalesce(NEW."end", 'infinity'));
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION critical_tag_is_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO batch_sample_due (run, equipment, first, last, due_at)
        SELECT run, equipment, start, coalesce("end", 'infinity'), now() + wait
        FROM batch_made CROSS JOIN unnest(ARRAY[interval '0', interval '10 minutes']) AS wait
        WHERE equipment = NEW.equipment AND NOT withdrawn;
    RETURN NULL;
END
$$;

UPDATE batch_sample_due SET first = begins WHERE begins IS NOT NULL;
ALTER TABLE batch_sample_due DROP COLUMN begins;
DROP TABLE batch_sample_before;

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

CREATE OR REPLACE VIEW pipeline_health AS
    WITH RECURSIVE edges AS (
        (SELECT site, edge FROM edge_heartbeat ORDER BY site, edge LIMIT 1)
        UNION ALL
        SELECT next.site, next.edge FROM edges CROSS JOIN LATERAL (
            SELECT one.site, one.edge FROM edge_heartbeat AS one
            WHERE (one.site, one.edge) > (edges.site, edges.edge)
            ORDER BY one.site, one.edge LIMIT 1) AS next
    ), sources AS (
        (SELECT site, name FROM source_heartbeat ORDER BY site, name LIMIT 1)
        UNION ALL
        SELECT next.site, next.name FROM sources CROSS JOIN LATERAL (
            SELECT one.site, one.name FROM source_heartbeat AS one
            WHERE (one.site, one.name) > (sources.site, sources.name)
            ORDER BY one.site, one.name LIMIT 1) AS next
    ), told AS (
        SELECT 'edge' AS kind, edges.site, edges.edge AS name, beat.time AS newest_at,
               NULL::boolean AS connected, beat.spool_records AS waiting, beat.dropped_records AS lost,
               NULL::text AS trouble
        FROM edges CROSS JOIN LATERAL (
            SELECT * FROM edge_heartbeat AS one WHERE one.site = edges.site AND one.edge = edges.edge
            ORDER BY one.time DESC LIMIT 1) AS beat
        UNION ALL
        SELECT 'source', sources.site, sources.name, beat.last_value_at, beat.connected, NULL, NULL,
               beat.trouble
        FROM sources CROSS JOIN LATERAL (
            SELECT * FROM source_heartbeat AS one
            WHERE one.site = sources.site AND one.name = sources.name
            ORDER BY one.time DESC LIMIT 1) AS beat
        UNION ALL
        SELECT 'equipment', array_to_string((string_to_array(known.equipment, '/'))[1:2], '/'),
               known.equipment, heard.time, NULL, NULL, NULL, NULL
        FROM run_equipment AS known LEFT JOIN LATERAL (
            SELECT one.time FROM machine_event AS one
            WHERE one.run = known.run AND one.equipment = known.equipment
            ORDER BY one.time DESC LIMIT 1) AS heard ON true
        WHERE known.run = ''
        UNION ALL
        SELECT 'topic', NULL, topic, to_timestamp(max(broker_time_ms) / 1000.0), NULL, NULL, NULL, NULL
        FROM sink_position GROUP BY topic
        UNION ALL
        SELECT 'dead_letters', NULL, service, max(buried_at), NULL, NULL, count(*),
               (array_agg(reason ORDER BY buried_at DESC))[1]
        FROM dead_letter WHERE buried_at > now() - interval '1 day' GROUP BY service
    )
    SELECT kind, site, name, newest_at,
           CASE WHEN newest_at IS NOT NULL THEN extract(epoch FROM greatest(now() - newest_at, interval '0'))
           END::double precision AS age_s,
           connected, waiting, lost, trouble
    FROM told;
COMMENT ON COLUMN pipeline_health.newest_at IS 'Newest sign of life of an edge, value of a source, event of an equipment, record of a topic, burial.';

CREATE OR REPLACE FUNCTION state_at(moment timestamptz, of_run text DEFAULT '')
RETURNS TABLE (
    equipment text, category text, state text, reason text, since timestamptz,
    batch text, product text, heard_at timestamptz
) LANGUAGE sql STABLE AS $$
    SELECT known.equipment, coalesce(missed.category, said.category, 'unknown'),
           CASE WHEN missed.category IS NULL THEN said.state END,
           coalesce(missed.reason, said.reason), coalesce(missed.since, said.since),
           made.batch, made.product, heard.at
    FROM run_equipment AS known
    LEFT JOIN LATERAL (
        SELECT one.category, one.event ->> 'state' AS state, one.reason, one.time AS since
        FROM machine_event AS one
        WHERE one.run = of_run AND one.equipment = known.equipment AND one.time <= moment
            AND one.type IN ('state_changed', 'gap') AND one.type = 'state_changed'
        ORDER BY one.time DESC, one.ingest_time DESC, one.seq DESC LIMIT 1
    ) AS said ON true
    LEFT JOIN LATERAL (
        -- A gap is told when it ends: the first one after the moment may be about it.
        SELECT 'unknown' AS category, one.event ->> 'reason' AS reason,
               (one.event ->> 'start')::timestamptz AS since
        FROM machine_event AS one
        WHERE one.run = of_run AND one.equipment = known.equipment AND one.time > moment
            AND one.type IN ('state_changed', 'gap') AND one.type = 'gap'
        ORDER BY one.time LIMIT 1
    ) AS missed ON missed.since <= moment AND (said.since IS NULL OR said.since <= missed.since)
    LEFT JOIN LATERAL (
        SELECT one.batch, one.product FROM batch_cycle AS one
        WHERE one.run = of_run AND one.equipment = known.equipment AND one.start <= moment
            AND (one."end" IS NULL OR one."end" > moment)
        ORDER BY one.start DESC LIMIT 1
    ) AS made ON true
    LEFT JOIN LATERAL (
        SELECT one.time AS at FROM machine_event AS one
        WHERE one.run = of_run AND one.equipment = known.equipment AND one.time <= moment
        ORDER BY one.time DESC LIMIT 1
    ) AS heard ON true
    WHERE known.run = of_run
    ORDER BY known.equipment
$$;
COMMENT ON FUNCTION state_at IS
    'The state of every machine of the run at this moment, a row each: category (unknown within a gap, and before anything was said), state and reason in the device''s words, since when, the batch and product that it made, and heard_at, when it had been heard of last: what was said long before may not hold any more. A local time is given as timestamp ''2026-03-02 03:00'' AT TIME ZONE ''America/Mexico_City''.';

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
