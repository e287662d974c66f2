-- States of machines as intervals, counts, OEE of any period, reports as first told and as restated, health
-- of the pipeline, dead letters, and functions for questions about moments. What the roles may, completed.
-- migrate:up

-- The question "in which state was it then?" is answered from one entry of this index.
CREATE INDEX machine_event_of_state ON machine_event (run, equipment, time DESC)
    WHERE type IN ('state_changed', 'gap');

CREATE VIEW machine_states AS
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
COMMENT ON VIEW machine_states IS
    'States of machines as intervals without holes, a row each, as the device said them and with what they count as. A gap, of which nothing trustworthy is known, is a state of its own (unknown). A machine that falls silent without a gap stays as it was said: heard_at of state_at tells, and oee_by_* count it as unknown. Give run and equipment. Live is run = ''''. For sums of time use oee_by_* and pareto: they know the calendar.';

CREATE FUNCTION state_at(moment timestamptz, of_run text DEFAULT '')
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

CREATE FUNCTION value_at(equipment text, tag text, moment timestamptz, of_run text DEFAULT '')
RETURNS TABLE (
    "time" timestamptz, value double precision, text text, quality bigint, unit text,
    age_s double precision
) LANGUAGE sql STABLE AS $$
    SELECT one.time, one.value, one.text, one.quality, one.unit,
           extract(epoch FROM moment - one.time)::double precision
    FROM telemetry AS one
    WHERE one.run = of_run AND one.equipment = value_at.equipment AND one.tag = value_at.tag
        AND one.time <= moment
    ORDER BY one.time DESC LIMIT 1
$$;
COMMENT ON FUNCTION value_at IS
    'The newest sample of a tag at this moment, good or bad (quality; 0 is Good), and age_s, how old it was then, s. No row: nothing had been sampled, or raw telemetry of that time is not kept any more; ask telemetry_1m and the coarser ones.';

CREATE FUNCTION telemetry_gapfill(
    equipment text, tag text, begins timestamptz, ends timestamptz, width interval,
    of_run text DEFAULT ''
) RETURNS TABLE (
    bucket timestamptz, samples bigint, average double precision, minimum double precision,
    maximum double precision, last_value double precision, carried double precision,
    interpolated double precision
) LANGUAGE sql STABLE AS $$
    WITH bins AS (
        SELECT one AS bin FROM generate_series(
            date_bin(width, begins, timestamptz '2000-01-01Z'), ends, width) AS one
        WHERE one < ends
    ), seen AS (
        SELECT date_bin(width, one.time, timestamptz '2000-01-01Z') AS bin, count(*) AS number,
               avg(one.value) AS mean, min(one.value) AS least, max(one.value) AS most,
               (array_agg(one.value ORDER BY one.time DESC))[1] AS newest
        FROM telemetry AS one
        WHERE one.run = of_run AND one.equipment = telemetry_gapfill.equipment
            AND one.tag = telemetry_gapfill.tag AND one.time >= begins AND one.time < ends
            AND one.value IS NOT NULL AND one.quality & 3221225472 = 0
        GROUP BY 1
    ), stretched AS (
        SELECT bins.bin, coalesce(seen.number, 0) AS number, seen.mean, seen.least, seen.most,
               seen.newest, count(seen.bin) OVER (ORDER BY bins.bin) AS from_last,
               count(seen.bin) OVER (ORDER BY bins.bin DESC) AS from_next
        FROM bins LEFT JOIN seen ON seen.bin = bins.bin
    ), held AS (
        SELECT stretched.*,
               max(newest) OVER last AS last_newest, max(mean) OVER last AS last_mean,
               min(bin) OVER last AS last_bin,
               max(mean) OVER next AS next_mean, max(bin) OVER next AS next_bin
        FROM stretched
        WINDOW last AS (PARTITION BY from_last), next AS (PARTITION BY from_next)
    )
    SELECT bin, number, mean, least, most, newest,
           CASE WHEN from_last > 0 THEN last_newest ELSE (
               SELECT one.value FROM telemetry AS one
               WHERE one.run = of_run AND one.equipment = telemetry_gapfill.equipment
                   AND one.tag = telemetry_gapfill.tag AND one.time < begins
                   AND one.value IS NOT NULL AND one.quality & 3221225472 = 0
               ORDER BY one.time DESC LIMIT 1) END,
           CASE WHEN number > 0 THEN mean
                WHEN from_last > 0 AND from_next > 0 THEN last_mean + (next_mean - last_mean)
                    * extract(epoch FROM bin - last_bin)::double precision
                    / extract(epoch FROM next_bin - last_bin)::double precision END
    FROM held ORDER BY bin
$$;
COMMENT ON FUNCTION telemetry_gapfill IS
    'Good samples of a tag in [begins, ends) in buckets of this width (of days at most; counted from 2000-01-01 UTC), a row each, also where there are none (samples = 0): average, minimum, maximum, last_value; carried, the newest value known at the end of the bucket, also from before begins; interpolated, the average, or in an empty bucket what lies on the line between the averages beside it. All in the tag''s unit.';

CREATE FUNCTION telemetry_beyond(
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
COMMENT ON FUNCTION telemetry_beyond IS
    'When a tag was above a value for so long at least, within [begins, ends), a row each: duration_s, s; maximum, the greatest value, in the tag''s unit; samples. A value holds until the next sample; one that is not good ends it. What began before begins or lasted beyond ends is cut there.';

CREATE FUNCTION oee_between(
    begins timestamptz, ends timestamptz, level text DEFAULT 'equipment', of_run text DEFAULT ''
) RETURNS TABLE (
    place text, machines bigint, planned_s double precision, apt_s double precision,
    unknown_s double precision, good bigint, scrap bigint, rework bigint,
    availability double precision, effectiveness double precision, quality_ratio double precision,
    oee double precision, coverage double precision, teep double precision,
    ideal_s double precision, ideal_good_s double precision,
    breakdown_loss_s double precision, setup_loss_s double precision,
    minor_stop_loss_s double precision, speed_loss_s double precision,
    defect_loss_s double precision, startup_loss_s double precision, unknown_loss_s double precision,
    mtbf_s double precision, mttr_s double precision
) LANGUAGE sql STABLE AS $$
    SELECT sums.place, sums.machines, of.planned_s, of.apt_s, of.unknown_s, sums.good, sums.scrap,
           sums.rework, of.availability, of.effectiveness, of.quality_ratio, of.oee, of.coverage,
           of.teep, (sums.ideal_us / 1e6)::double precision, (sums.ideal_good_us / 1e6)::double precision,
           of.breakdown_loss_s, of.setup_loss_s, of.minor_stop_loss_s, of.speed_loss_s,
           of.defect_loss_s, of.startup_loss_s, of.unknown_loss_s, of.mtbf_s, of.mttr_s
    FROM (
        SELECT array_to_string((string_to_array(cell.equipment, '/'))[1:CASE level
                   WHEN 'site' THEN 2 WHEN 'area' THEN 3 WHEN 'line' THEN 4 WHEN 'equipment' THEN 5 END],
                   '/') AS place,
               count(DISTINCT cell.equipment) AS machines,
               sum(not_scheduled_ms) AS not_scheduled_ms, sum(planned_stop_ms) AS planned_stop_ms,
               sum(setup_ms) AS setup_ms, sum(unplanned_stop_ms) AS unplanned_stop_ms,
               sum(delay_ms) AS delay_ms, sum(minor_stop_ms) AS minor_stop_ms,
               sum(running_ms) AS running_ms, sum(unknown_ms) AS unknown_ms,
               sum(unplanned_running_ms) AS unplanned_running_ms,
               sum(excluded_unknown_ms) AS excluded_unknown_ms, sum(no_ideal_ms) AS no_ideal_ms,
               sum(cell.good)::bigint AS good, sum(cell.scrap)::bigint AS scrap,
               sum(cell.rework)::bigint AS rework,
               sum(ideal_us) AS ideal_us, sum(ideal_good_us) AS ideal_good_us,
               sum(no_ideal_parts) AS no_ideal_parts, sum(producing_setup_ms) AS producing_setup_ms,
               sum(ideal_startup_us) AS ideal_startup_us, sum(breakdowns) AS breakdowns
        FROM oee_cell AS cell
        WHERE cell.run = of_run AND cell.minute >= begins AND cell.minute < ends
            AND level IN ('equipment', 'line', 'area', 'site')
        GROUP BY 1
    ) AS sums
    CROSS JOIN LATERAL oee_figures(
        not_scheduled_ms, planned_stop_ms, setup_ms, unplanned_stop_ms, delay_ms, minor_stop_ms,
        running_ms, unknown_ms, unplanned_running_ms, excluded_unknown_ms, no_ideal_ms, good, scrap,
        rework, ideal_us, ideal_good_us, no_ideal_parts, producing_setup_ms, ideal_startup_us,
        breakdowns) AS of
    ORDER BY sums.place
$$;
COMMENT ON FUNCTION oee_between IS
    'OEE of ISO 22400-2 over any period: the minutes of UTC that begin in [begins, ends), a row per equipment, line, area or site (level). Columns and formulas are those of oee_by_shift; those of a line are summed over its machines (oee_line_by_* knows its constraint). For long ranges read oee_daily: it has less to add up.';

DO $$
DECLARE
    view record;
    named record;
BEGIN
    FOR view IN SELECT * FROM (VALUES
        ('hour', $sql$date_trunc('hour', minute, 'UTC')$sql$, 'NULL::text', 'day', 'one hour of UTC',
         'true'),
        ('shift', 'min(start)', 'shift', 'day, shift', 'one shift; night shifts are whole, and belong to the day on which they began',
         $sql$shift <> ''$sql$),
        ('day', 'min(start)', 'NULL::text', 'day', 'one production day: all shifts that began on that local date',
         'true')
    ) AS v (period, window_start, shift, grouped_by, about, condition)
    LOOP
        EXECUTE format($sql$
            CREATE VIEW counts_by_%1$s AS
            SELECT run, equipment, %2$s AS window_start,
                   %3$s AS window_end, day, %4$s AS shift,
                   nullif(batch, '') AS batch, nullif(product, '') AS product,
                   sum(good)::bigint AS good, sum(scrap)::bigint AS scrap, sum(rework)::bigint AS rework,
                   sum(good + scrap + rework)::bigint AS produced,
                   sum(good)::double precision / nullif(sum(good + scrap + rework), 0)::double precision
                       AS quality_ratio,
                   sum(startup_scrap)::bigint AS startup_scrap,
                   sum(startup_rework)::bigint AS startup_rework,
                   sum(unplanned_good)::bigint AS unplanned_good,
                   sum(unplanned_scrap)::bigint AS unplanned_scrap,
                   sum(unplanned_rework)::bigint AS unplanned_rework,
                   count(DISTINCT nullif(late, '')) AS revision
            FROM oee_cell WHERE %5$s
            GROUP BY run, equipment, %6$s, oee_cell.batch, oee_cell.product $sql$,
            view.period, view.window_start,
            CASE view.period WHEN 'hour'
                THEN $sql$date_trunc('hour', minute, 'UTC') + interval '1 hour'$sql$
                ELSE 'max("end")' END,
            view.shift, view.condition,
            CASE view.period WHEN 'hour' THEN $sql$day, date_trunc('hour', minute, 'UTC')$sql$
                ELSE view.grouped_by END);
        EXECUTE format('COMMENT ON VIEW counts_by_%s IS %L', view.period,
            'Parts, in counting units, a row per run, equipment, batch, product and ' || view.about
            || '. They add up: sum them over whatever is asked. Live is run = ''''.');
        FOR named IN SELECT * FROM (VALUES
            ('run', 'The replay it belongs to; '''' is live.'),
            ('equipment', 'enterprise/site/area/line/equipment.'),
            ('window_start', 'First moment of the hour; of a shift or day, of its first fact.'),
            ('window_end', 'First moment after the hour; of a shift or day, after its last fact.'),
            ('day', 'Production day: the local date on which the shift began.'),
            ('shift', 'Shift, as 2026-03-01/night; null in windows that are none.'),
            ('batch', 'Batch; null without one.'),
            ('product', 'Product; null where none is known.'),
            ('good', 'Good parts in planned time.'),
            ('scrap', 'Scrap in planned time, parts.'),
            ('rework', 'Parts for rework in planned time.'),
            ('produced', 'good + scrap + rework.'),
            ('quality_ratio', 'good / produced; null while nothing was produced. Never average it: sum and divide.'),
            ('startup_scrap', 'The part of scrap that was made while starting up, parts.'),
            ('startup_rework', 'The part of rework that was made while starting up, parts.'),
            ('unplanned_good', 'Good parts outside planned time; enter no ratio.'),
            ('unplanned_scrap', 'Scrap outside planned time, parts; enters no ratio.'),
            ('unplanned_rework', 'Parts for rework outside planned time; enter no ratio.'),
            ('revision', 'How many late events have restated it.')
        ) AS c (column_name, about)
        LOOP
            EXECUTE format('COMMENT ON COLUMN counts_by_%s.%I IS %L', view.period, named.column_name,
                named.about);
        END LOOP;
    END LOOP;
END
$$;

CREATE VIEW oee_reports AS
    SELECT now_is.run, now_is.equipment, now_is.kind, now_is."window", now_is.start AS window_start,
           now_is."end" AS window_end, now_is.final, now_is.revision,
           first.availability AS first_availability, first.effectiveness AS first_effectiveness,
           first.quality_ratio AS first_quality_ratio, first.oee AS first_oee,
           now_is.availability, now_is.effectiveness, now_is.quality_ratio, now_is.oee,
           (first.report #>> '{quantities,good}')::bigint AS first_good,
           (first.report #>> '{quantities,scrap}')::bigint AS first_scrap,
           (first.report #>> '{quantities,rework}')::bigint AS first_rework,
           (now_is.report #>> '{quantities,good}')::bigint AS good,
           (now_is.report #>> '{quantities,scrap}')::bigint AS scrap,
           (now_is.report #>> '{quantities,rework}')::bigint AS rework,
           now_is.plant_version
    FROM oee_report AS now_is
    JOIN LATERAL (
        SELECT * FROM oee_report AS one
        WHERE one.run = now_is.run AND one.equipment = now_is.equipment AND one.kind = now_is.kind
            AND one."window" = now_is."window" AND one.start = now_is.start
        ORDER BY one.revision LIMIT 1
    ) AS first ON true
    WHERE NOT EXISTS (
        SELECT FROM oee_report AS newer
        WHERE newer.run = now_is.run AND newer.equipment = now_is.equipment
            AND newer.kind = now_is.kind AND newer."window" = now_is."window"
            AND newer.start = now_is.start AND newer.revision > now_is.revision);
COMMENT ON VIEW oee_reports IS
    'Reports of shifts and batches, a row each: as first reported (first_*) and as restated by now. Why is in oee_restatements. Formulas are those of oee_by_shift. Live is run = ''''.';

CREATE VIEW oee_restatements AS
    SELECT one.run, one.equipment, one.kind, one."window", one.start AS window_start,
           one."end" AS window_end, one.revision, one.cause,
           said.type AS cause_type, said.time AS cause_time, said.ingest_time AS cause_arrived_at,
           said.event ->> 'by' AS cause_by,
           coalesce(said.event ->> 'reason', said.event ->> 'comment') AS cause_reason, said.event AS cause_event,
           before.availability AS availability_before, before.effectiveness AS effectiveness_before,
           before.quality_ratio AS quality_ratio_before, before.oee AS oee_before,
           one.availability, one.effectiveness, one.quality_ratio, one.oee
    FROM oee_report AS one
    LEFT JOIN LATERAL (
        SELECT * FROM oee_report AS other
        WHERE other.run = one.run AND other.equipment = one.equipment AND other.kind = one.kind
            AND other."window" = one."window" AND other.start = one.start
            AND other.revision < one.revision
        ORDER BY other.revision DESC LIMIT 1
    ) AS before ON true
    LEFT JOIN LATERAL (
        -- What comes late speaks of the window; people may speak of it for weeks.
        SELECT * FROM machine_event AS event
        WHERE event.run = one.run AND event.equipment = one.equipment
            AND event.time >= one.start - interval '1 day'
            AND event.time < one."end" + interval '35 days'
            AND concat_ws('/', event.source, event.epoch, event.seq) = one.cause
        ORDER BY event.time LIMIT 1
    ) AS said ON true
    WHERE one.revision > 0;
COMMENT ON VIEW oee_restatements IS
    'Why reports of shifts and batches were restated, a row per revision: the late event that made it, and the ratios before and after it. What each moved is in oee_late_changes. Live is run = ''''.';

CREATE VIEW dead_letters AS
    SELECT id, service, buried_at, topic, partition, record_offset, file, line, size, reason
    FROM dead_letter;
COMMENT ON VIEW dead_letters IS
    'Records that no service could read or store, a row per record and service. Their bytes are in plant.deadletter.v1 and, for those who may, in dead_letter: nobody knows what is in them.';

CREATE VIEW pipeline_health AS
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
COMMENT ON VIEW pipeline_health IS
    'What the pipeline heard last from each of its parts, and how old that is, a row per part (kind and name), of live data. The database knows only what has come to it: metrics of the services say more (docs/metrics.md).';

DO $$
DECLARE
    named record;
BEGIN
    FOR named IN SELECT view_name, column_name, about FROM (VALUES
        ('', 'run', 'The replay it belongs to; '''' is live.'),
        ('', 'equipment', 'enterprise/site/area/line/equipment.'),
        ('', 'plant_version', 'Version of the plant file.'),
        ('', 'kind', 'shift or batch.'),
        ('', 'window', 'The shift, as 2026-03-01/night, or the batch.'),
        ('', 'window_start', 'First moment of the window.'),
        ('', 'window_end', 'First moment after it; of an open one, how far it is known.'),
        ('', 'availability', 'apt_s / planned_s.'),
        ('', 'effectiveness', 'ideal_s / apt_s; null without a known ideal cycle.'),
        ('', 'quality_ratio', 'good / (good + scrap + rework).'),
        ('', 'oee', 'ideal_good_s / planned_s; null without a known ideal cycle.'),
        ('machine_states', 'category', 'Where the plant file places the state: running, planned_stop, setup, unplanned_stop, delay; or unknown.'),
        ('machine_states', 'state', 'The device''s own word or number for it; null within a gap.'),
        ('machine_states', 'reason', 'Why, where the device says it; why nothing is known of a gap.'),
        ('machine_states', 'began_at', 'Its first moment, by source time.'),
        ('machine_states', 'ended_at', 'First moment after it; null while it goes on.'),
        ('machine_states', 'duration_s', 'From began_at to ended_at, s; null while it goes on.'),
        ('machine_states', 'is_open', 'Whether it still goes on, as far as anybody has said.'),
        ('machine_states', 'counted_as', 'Category of the stop that it belongs to, by rules, people and duration (minor_stop; not_scheduled outside planned time); else category.'),
        ('machine_states', 'counted_reason', 'Reason of that stop, as it is known by now; else reason.'),
        ('machine_states', 'reason_by', 'Who gave that reason, if a person did.'),
        ('oee_reports', 'final', 'Whether the window is over.'),
        ('oee_reports', 'revision', 'How often it was restated.'),
        ('oee_reports', 'first_availability', 'availability as it was first reported.'),
        ('oee_reports', 'first_effectiveness', 'effectiveness as it was first reported.'),
        ('oee_reports', 'first_quality_ratio', 'quality_ratio as it was first reported.'),
        ('oee_reports', 'first_oee', 'oee as it was first reported.'),
        ('oee_reports', 'first_good', 'Good parts in planned time, as first reported.'),
        ('oee_reports', 'first_scrap', 'Scrap in planned time, parts, as first reported.'),
        ('oee_reports', 'first_rework', 'Parts for rework in planned time, as first reported.'),
        ('oee_reports', 'good', 'Good parts in planned time.'),
        ('oee_reports', 'scrap', 'Scrap in planned time, parts.'),
        ('oee_reports', 'rework', 'Parts for rework in planned time.'),
        ('oee_restatements', 'revision', '1 for the first restatement, and so on.'),
        ('oee_restatements', 'cause', 'The late event: source/epoch/seq.'),
        ('oee_restatements', 'cause_type', 'What it is, such as parts_reported or stop_reason_given; null: it is not stored.'),
        ('oee_restatements', 'cause_time', 'The moment of which it speaks.'),
        ('oee_restatements', 'cause_arrived_at', 'When the edge was told.'),
        ('oee_restatements', 'cause_by', 'Who said it; null for a device.'),
        ('oee_restatements', 'cause_reason', 'Why, in their words, or the code of the reason.'),
        ('oee_restatements', 'cause_event', 'All of the event, as it was said.'),
        ('oee_restatements', 'availability_before', 'availability of the revision before.'),
        ('oee_restatements', 'effectiveness_before', 'effectiveness of the revision before.'),
        ('oee_restatements', 'quality_ratio_before', 'quality_ratio of the revision before.'),
        ('oee_restatements', 'oee_before', 'oee of the revision before.'),
        ('dead_letters', 'id', 'Its name in plant.deadletter.v1; `plantstream deadletters show` takes it.'),
        ('dead_letters', 'service', 'Which service buried it.'),
        ('dead_letters', 'buried_at', 'When.'),
        ('dead_letters', 'topic', 'Topic in which it stood; null: it came from a file.'),
        ('dead_letters', 'partition', 'Partition in which it stood.'),
        ('dead_letters', 'record_offset', 'Its offset there.'),
        ('dead_letters', 'file', 'File from which it came.'),
        ('dead_letters', 'line', 'Its line there, from 1.'),
        ('dead_letters', 'size', 'Size of its value, bytes.'),
        ('dead_letters', 'reason', 'Why it could not be read or stored.'),
        ('pipeline_health', 'kind', 'edge, source, equipment, topic (as the sink has stored it) or dead_letters (of 24 h, by the service that buried them).'),
        ('pipeline_health', 'site', 'enterprise/site; null of topics and dead letters.'),
        ('pipeline_health', 'name', 'Edge, source, equipment, topic or service.'),
        ('pipeline_health', 'newest_at', 'Newest sign of life of an edge, value of a source, event of an equipment, record of a topic, burial.'),
        ('pipeline_health', 'age_s', 'now() - newest_at, s.'),
        ('pipeline_health', 'connected', 'Whether the edge can read the source.'),
        ('pipeline_health', 'waiting', 'Records in the spool of the edge.'),
        ('pipeline_health', 'lost', 'Records that the edge has dropped since it started; number of dead letters.'),
        ('pipeline_health', 'trouble', 'Why a source cannot be read; why the newest dead letter was buried.')
    ) AS c (of_view, column_name, about)
    JOIN (SELECT unnest(ARRAY['machine_states', 'oee_reports', 'oee_restatements', 'dead_letters',
        'pipeline_health']) AS view_name) AS v ON of_view IN ('', view_name)
    JOIN pg_attribute ON attrelid = view_name::regclass AND attname = column_name
    ORDER BY of_view
    LOOP
        EXECUTE format('COMMENT ON COLUMN %I.%I IS %L', named.view_name, named.column_name, named.about);
    END LOOP;
END
$$;

-- Explanations that were missing, so that docs/sql-reference.md has them all.
COMMENT ON FUNCTION audit_record_is_kept IS 'Trigger: refuses every change of the audit trail.';
COMMENT ON FUNCTION batch_samples_are_due IS 'Trigger: notes that samples of a batch are to be kept.';
COMMENT ON FUNCTION critical_tag_is_due IS 'Trigger: notes that samples of a tag that became critical are to be kept.';

GRANT SELECT ON machine_states, counts_by_hour, counts_by_shift, counts_by_day, oee_reports,
    oee_restatements, dead_letters, pipeline_health
    TO plantstream_writer, plantstream_reader, plantstream_auditor;

-- What readers had no need of: bytes of dead letters, which nobody has read, and plant files word for word,
-- with addresses and telephone numbers of people.
REVOKE SELECT ON dead_letter, plant_file FROM plantstream_reader;
GRANT SELECT (site, plant_version, number, published_at, in_force_from, applied_by, reason, file,
    equipment, quality, time_zone, products) ON plant_file TO plantstream_reader;

-- Which migrations were applied is the owner's word.
REVOKE INSERT, UPDATE, DELETE ON schema_migration FROM plantstream_writer;

-- The owner runs migrations: what is ours is its own, and it may make more. Continuous aggregates stay whose
-- they are, for TimescaleDB hands over only their shells; views over them need to read them.
DO $$
BEGIN
    EXECUTE format('GRANT CREATE ON SCHEMA %I TO plantstream_owner', current_schema());
END
$$;
DO $$
DECLARE
    one record;
BEGIN
    IF NOT pg_has_role(current_user, 'plantstream_owner', 'USAGE') THEN
        RAISE NOTICE 'what plantstream has stays %''s: it is no member of plantstream_owner', current_user;
        RETURN;
    END IF;
    FOR one IN
        SELECT CASE WHEN EXISTS (
                   SELECT FROM pg_rewrite AS rule
                   JOIN pg_depend AS on_it ON on_it.classid = 'pg_rewrite'::regclass AND on_it.objid = rule.oid
                   JOIN pg_class AS used ON used.oid = on_it.refobjid
                       AND on_it.refclassid = 'pg_class'::regclass
                   JOIN pg_namespace AS place ON place.oid = used.relnamespace
                   WHERE rule.ev_class = c.oid AND place.nspname = '_timescaledb_internal'
               ) THEN 'GRANT SELECT ON %s TO plantstream_owner'
               ELSE 'ALTER TABLE %s OWNER TO plantstream_owner' END AS change,
               c.oid::regclass::text AS name
        FROM pg_class AS c
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
            AND c.relowner = (SELECT relowner FROM pg_class WHERE oid = 'schema_migration'::regclass)
            AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass
                AND objid = c.oid AND deptype = 'e')
        UNION ALL
        SELECT 'ALTER ROUTINE %s OWNER TO plantstream_owner', p.oid::regprocedure::text FROM pg_proc AS p
        WHERE p.pronamespace = current_schema()::regnamespace
            AND p.proowner = (SELECT relowner FROM pg_class WHERE oid = 'schema_migration'::regclass)
            AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass
                AND objid = p.oid AND deptype = 'e')
    LOOP
        EXECUTE format(one.change, one.name);
    END LOOP;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'what plantstream has stays %''s: %', current_user, SQLERRM;
END
$$;

-- migrate:down

DO $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT 'TABLE' AS kind, c.oid::regclass::text AS name FROM pg_class AS c
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
            AND c.relowner = 'plantstream_owner'::regrole
        UNION ALL
        SELECT 'ROUTINE', p.oid::regprocedure::text FROM pg_proc AS p
        WHERE p.pronamespace = current_schema()::regnamespace AND p.proowner = 'plantstream_owner'::regrole
    LOOP
        EXECUTE format('ALTER %s %s OWNER TO %I', one.kind, one.name, current_user);
    END LOOP;
    EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM plantstream_owner', current_schema());
END
$$;
REVOKE SELECT (site, plant_version, number, published_at, in_force_from, applied_by, reason, file,
    equipment, quality, time_zone, products) ON plant_file FROM plantstream_reader;
GRANT SELECT ON dead_letter, plant_file TO plantstream_reader;
GRANT INSERT, UPDATE, DELETE ON schema_migration TO plantstream_writer;
DROP VIEW pipeline_health, dead_letters, oee_restatements, oee_reports, counts_by_hour, counts_by_shift,
    counts_by_day, machine_states;
DROP FUNCTION oee_between, telemetry_beyond, telemetry_gapfill, value_at, state_at;
DROP INDEX machine_event_of_state;
