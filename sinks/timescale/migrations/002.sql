-- Views that people read. They are the interface: columns are added, never changed.
-- migrate:up

CREATE VIEW telemetry AS
    SELECT '' AS run, equipment, tag, time, value, text, quality, unit FROM sample
    UNION ALL
    SELECT run, equipment, tag, time, value, text, quality, unit FROM run_sample;
COMMENT ON VIEW telemetry IS
    'Raw samples as the edge saw them. Live is run = ''''; give run, equipment, tag and a range of time to be answered by the index.';
COMMENT ON COLUMN telemetry.run IS 'The replay it belongs to; '''' is live.';
COMMENT ON COLUMN telemetry.equipment IS 'enterprise/site/area/line/equipment.';
COMMENT ON COLUMN telemetry.tag IS 'Name of the tag in the plant file.';
COMMENT ON COLUMN telemetry.time IS 'When the source says it was sampled.';
COMMENT ON COLUMN telemetry.value IS 'The number, in `unit`; booleans are 0 and 1; null for texts and for bad samples without a value.';
COMMENT ON COLUMN telemetry.text IS 'The text, where the tag has texts.';
COMMENT ON COLUMN telemetry.quality IS 'OPC UA status code; 0 is Good.';
COMMENT ON COLUMN telemetry.unit IS 'Unit of `value`.';

-- The one place of the formulas: every view below gives its sums to this function.
CREATE FUNCTION oee_figures(
    not_scheduled_ms numeric, planned_stop_ms numeric, setup_ms numeric, unplanned_stop_ms numeric,
    delay_ms numeric, minor_stop_ms numeric, running_ms numeric, unknown_ms numeric,
    unplanned_running_ms numeric, excluded_unknown_ms numeric, no_ideal_ms numeric,
    good numeric, scrap numeric, rework numeric,
    ideal_us numeric, ideal_good_us numeric, no_ideal_parts numeric
) RETURNS TABLE (
    planned_s double precision, running_s double precision, unknown_s double precision,
    minor_stop_s double precision, setup_s double precision, unplanned_stop_s double precision,
    delay_s double precision, planned_stop_s double precision, not_scheduled_s double precision,
    unplanned_running_s double precision, excluded_unknown_s double precision,
    no_ideal_s double precision, coverage double precision, availability double precision,
    effectiveness double precision, quality_ratio double precision, oee double precision
) LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT
        (pbt_ms / 1000)::double precision, (running_ms / 1000)::double precision,
        (unknown_ms / 1000)::double precision, (minor_stop_ms / 1000)::double precision,
        (setup_ms / 1000)::double precision, (unplanned_stop_ms / 1000)::double precision,
        (delay_ms / 1000)::double precision, (planned_stop_ms / 1000)::double precision,
        (not_scheduled_ms / 1000)::double precision,
        (unplanned_running_ms / 1000)::double precision,
        (excluded_unknown_ms / 1000)::double precision, (no_ideal_ms / 1000)::double precision,
        (1 - unknown_ms / nullif(pbt_ms + excluded_unknown_ms, 0))::double precision,
        apt_ms::double precision / nullif(pbt_ms, 0)::double precision,
        CASE WHEN no_ideal_ms = 0 AND no_ideal_parts = 0 THEN
            ideal_us::double precision / nullif(apt_ms * 1000, 0)::double precision END,
        good::double precision / nullif(good + scrap + rework, 0)::double precision,
        CASE WHEN no_ideal_ms = 0 AND no_ideal_parts = 0 THEN
            ideal_good_us::double precision / nullif(pbt_ms * 1000, 0)::double precision END
    FROM (SELECT running_ms + minor_stop_ms AS apt_ms,
                 running_ms + minor_stop_ms + setup_ms + unplanned_stop_ms + delay_ms
                     + unknown_ms - excluded_unknown_ms AS pbt_ms) AS busy
$$;
COMMENT ON FUNCTION oee_figures IS
    'Ratios of ISO 22400-2 from sums. APT = running + minor stops; PBT = APT + setup + unplanned stop + delay + unknown - excluded unknown; A = APT / PBT; E = ideal time of what was produced / APT; Q = good / (good + scrap + rework); OEE = ideal time of the good parts / PBT. E and OEE are null while an ideal cycle is unknown for some time or part. Never average ratios: sum, then divide.';

-- The five views differ in what a window is, and in nothing else.
DO $$
DECLARE
    view record;
    named record;
BEGIN
    FOR view IN SELECT * FROM (VALUES
        ('oee_by_minute', 'minute', $sql$minute$sql$, $sql$minute + interval '1 minute'$sql$,
         'true', 'one minute of UTC'),
        ('oee_by_hour', $sql$date_trunc('hour', minute, 'UTC')$sql$,
         $sql$date_trunc('hour', minute, 'UTC')$sql$,
         $sql$date_trunc('hour', minute, 'UTC') + interval '1 hour'$sql$,
         'true', 'one hour of UTC'),
        ('oee_by_shift', 'day, shift', 'min(start)', 'max("end")', $sql$shift <> ''$sql$,
         'one shift; night shifts are whole, and belong to the day on which they began'),
        ('oee_by_batch', 'batch', 'min(start)', 'max("end")', $sql$batch <> ''$sql$, 'one batch'),
        ('oee_by_day', 'day', 'min(start)', 'max("end")', 'true',
         'one production day: all shifts that began on that local date')
    ) AS v (name, grouped_by, window_start, window_end, condition, about)
    LOOP
        EXECUTE format($sql$
            CREATE VIEW %1$I AS
            SELECT run, equipment, window_start, window_end, day, shift, batch, product,
                   figures.planned_s, figures.running_s, figures.unknown_s, good, scrap, rework,
                   figures.availability, figures.effectiveness, figures.quality_ratio,
                   figures.oee, revision, figures.coverage,
                   figures.minor_stop_s, figures.setup_s, figures.unplanned_stop_s,
                   figures.delay_s, figures.planned_stop_s, figures.not_scheduled_s,
                   figures.unplanned_running_s, figures.excluded_unknown_s,
                   figures.no_ideal_s, no_ideal_parts,
                   unplanned_good, unplanned_scrap, unplanned_rework,
                   ideal_us / 1e6::double precision AS ideal_s,
                   ideal_good_us / 1e6::double precision AS ideal_good_s
            FROM (
                SELECT run, equipment,
                       %3$s AS window_start, %4$s AS window_end,
                       CASE WHEN min(day) = max(day) THEN min(day) END AS day,
                       CASE WHEN min(shift) = max(shift) THEN nullif(min(shift), '') END AS shift,
                       CASE WHEN min(batch) = max(batch) THEN nullif(min(batch), '') END AS batch,
                       CASE WHEN min(product) = max(product)
                            THEN nullif(min(product), '') END AS product,
                       sum(not_scheduled_ms) AS not_scheduled_ms,
                       sum(planned_stop_ms) AS planned_stop_ms,
                       sum(setup_ms) AS setup_ms,
                       sum(unplanned_stop_ms) AS unplanned_stop_ms,
                       sum(delay_ms) AS delay_ms,
                       sum(minor_stop_ms) AS minor_stop_ms,
                       sum(running_ms) AS running_ms,
                       sum(unknown_ms) AS unknown_ms,
                       sum(unplanned_running_ms) AS unplanned_running_ms,
                       sum(excluded_unknown_ms) AS excluded_unknown_ms,
                       sum(no_ideal_ms) AS no_ideal_ms,
                       sum(good)::bigint AS good,
                       sum(scrap)::bigint AS scrap,
                       sum(rework)::bigint AS rework,
                       sum(unplanned_good)::bigint AS unplanned_good,
                       sum(unplanned_scrap)::bigint AS unplanned_scrap,
                       sum(unplanned_rework)::bigint AS unplanned_rework,
                       sum(ideal_us) AS ideal_us,
                       sum(ideal_good_us) AS ideal_good_us,
                       sum(no_ideal_parts)::bigint AS no_ideal_parts,
                       count(*) FILTER (WHERE late <> '') AS revision
                FROM oee_cell
                WHERE %5$s
                GROUP BY run, equipment, %2$s
            ) AS sums
            CROSS JOIN LATERAL oee_figures(
                not_scheduled_ms, planned_stop_ms, setup_ms, unplanned_stop_ms, delay_ms,
                minor_stop_ms, running_ms, unknown_ms, unplanned_running_ms, excluded_unknown_ms,
                no_ideal_ms, good, scrap, rework, ideal_us, ideal_good_us, no_ideal_parts
            ) AS figures
        $sql$, view.name, view.grouped_by, view.window_start, view.window_end, view.condition);
        EXECUTE format('COMMENT ON VIEW %I IS %L', view.name,
            'OEE of ISO 22400-2, a row per run, equipment and ' || view.about
            || '. Live is run = ''''. OEE = availability * effectiveness * quality_ratio'
            || ' = ideal_good_s / planned_s. Values over 1 are kept: an ideal cycle or a counter'
            || ' is wrong. To join windows, sum seconds and counts and divide; never average ratios.');
        FOR named IN SELECT * FROM (VALUES
            ('run', 'The replay it belongs to; '''' is live.'),
            ('equipment', 'enterprise/site/area/line/equipment.'),
            ('window_start', 'First moment of the window.'),
            ('window_end', 'First moment after the window; for an open one, how far it is known.'),
            ('day', 'Production day (local date on which the shift began), if there is only one.'),
            ('shift', 'Shift, as 2026-03-01/night, if all of the window is of one.'),
            ('batch', 'Batch, if all of the window is of one.'),
            ('product', 'Product, if all of the window is of one.'),
            ('planned_s', 'PBT, s: running + minor stops + setup + unplanned stop + delay + unknown - excluded unknown.'),
            ('running_s', 'Running in planned time, s; without minor stops.'),
            ('unknown_s', 'No trustworthy signal in planned time, s.'),
            ('good', 'Good parts in planned time.'),
            ('scrap', 'Scrap in planned time, parts.'),
            ('rework', 'Parts for rework in planned time.'),
            ('availability', '(running_s + minor_stop_s) / planned_s; null while nothing was planned.'),
            ('effectiveness', 'ideal_s / (running_s + minor_stop_s); null if no_ideal_s or no_ideal_parts is above 0.'),
            ('quality_ratio', 'good / (good + scrap + rework); null while nothing was produced.'),
            ('oee', 'ideal_good_s / planned_s; null if no_ideal_s or no_ideal_parts is above 0, or nothing was planned.'),
            ('revision', 'How many late facts have restated the window.'),
            ('coverage', '1 - unknown_s / (planned_s + excluded_unknown_s): share of planned time with a signal.'),
            ('minor_stop_s', 'Stops shorter than the equipment''s threshold, s; part of APT.'),
            ('setup_s', 'Setup, s.'),
            ('unplanned_stop_s', 'Unplanned stops, s.'),
            ('delay_s', 'Delay (waiting for material, people, the next machine), s.'),
            ('planned_stop_s', 'Planned stops, s; no part of planned_s.'),
            ('not_scheduled_s', 'Outside the calendar, s; no part of planned_s.'),
            ('unplanned_running_s', 'Running outside planned time, s; enters no ratio.'),
            ('excluded_unknown_s', 'The part of unknown_s that the plant file keeps out of planned_s.'),
            ('no_ideal_s', 'Running and minor stops without a known ideal cycle, s.'),
            ('no_ideal_parts', 'Parts in planned time without a known ideal cycle.'),
            ('unplanned_good', 'Good parts outside planned time; enter no ratio.'),
            ('unplanned_scrap', 'Scrap outside planned time, parts; enters no ratio.'),
            ('unplanned_rework', 'Parts for rework outside planned time; enter no ratio.'),
            ('ideal_s', 'Ideal time of all that was produced in planned time, s.'),
            ('ideal_good_s', 'Ideal time of the good parts produced in planned time, s.')
        ) AS c (column_name, about)
        LOOP
            EXECUTE format('COMMENT ON COLUMN %I.%I IS %L', view.name, named.column_name, named.about);
        END LOOP;
    END LOOP;
END
$$;

-- migrate:down

DROP VIEW oee_by_minute, oee_by_hour, oee_by_shift, oee_by_batch, oee_by_day, telemetry;
DROP FUNCTION oee_figures;
