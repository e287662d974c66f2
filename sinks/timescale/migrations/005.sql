-- Losses, further ratios, reasons, roll-ups, stops and cycles for people who read SQL. Columns of the
-- views of 002 stay as they are; new ones stand behind them.
-- migrate:up

CREATE VIEW plant_equipment AS
    SELECT site, plant_version, number,
           rank = 1 AS in_force, since AS in_force_from, path AS equipment, id, name, area, line, line_name, class,
           is_constraint
    FROM (
        SELECT site, plant_version, number, equipment AS known,
               coalesce(in_force_from, published_at) AS since,
               row_number() OVER (PARTITION BY site ORDER BY
                   number > 0 AND coalesce(in_force_from, published_at) <= now() DESC,
                   number = 0 DESC, number DESC, published_at DESC) AS rank
        FROM plant_file
    ) AS files
    CROSS JOIN LATERAL jsonb_to_recordset(known) AS one (
        path text, id text, name text, area text, line text, line_name text, class text,
        is_constraint boolean);
COMMENT ON VIEW plant_equipment IS
    'The equipment that each version of a site''s plant file knows. WHERE in_force is the plant of now; join plant_version of facts for what held then.';

-- The one place of the formulas: every view below gives its sums to this function.
CREATE FUNCTION oee_figures(
    not_scheduled_ms numeric, planned_stop_ms numeric, setup_ms numeric, unplanned_stop_ms numeric,
    delay_ms numeric, minor_stop_ms numeric, running_ms numeric, unknown_ms numeric,
    unplanned_running_ms numeric, excluded_unknown_ms numeric, no_ideal_ms numeric,
    good numeric, scrap numeric, rework numeric,
    ideal_us numeric, ideal_good_us numeric, no_ideal_parts numeric,
    producing_setup_ms numeric DEFAULT 0, ideal_startup_us numeric DEFAULT 0,
    breakdowns numeric DEFAULT 0
) RETURNS TABLE (
    planned_s double precision, running_s double precision, unknown_s double precision,
    minor_stop_s double precision, setup_s double precision, unplanned_stop_s double precision,
    delay_s double precision, planned_stop_s double precision, not_scheduled_s double precision,
    unplanned_running_s double precision, excluded_unknown_s double precision,
    no_ideal_s double precision, coverage double precision, availability double precision,
    effectiveness double precision, quality_ratio double precision, oee double precision,
    producing_setup_s double precision, apt_s double precision, calendar_s double precision,
    teep double precision, ooe double precision, nee double precision,
    utilization_efficiency double precision, mtbf_s double precision, mttr_s double precision,
    breakdown_loss_s double precision, setup_loss_s double precision,
    minor_stop_loss_s double precision, speed_loss_s double precision,
    defect_loss_s double precision, startup_loss_s double precision,
    unknown_loss_s double precision, ideal_cycle_s double precision
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
        CASE WHEN known THEN
            ideal_us::double precision / nullif(apt_ms * 1000, 0)::double precision END,
        good::double precision / nullif(produced, 0)::double precision,
        CASE WHEN known THEN
            ideal_good_us::double precision / nullif(pbt_ms * 1000, 0)::double precision END,
        (producing_setup_ms / 1000)::double precision, (apt_ms / 1000)::double precision,
        (calendar_ms / 1000)::double precision,
        CASE WHEN known THEN
            ideal_good_us::double precision / nullif(calendar_ms * 1000, 0)::double precision END,
        CASE WHEN known THEN ideal_good_us::double precision
            / nullif((pbt_ms + planned_stop_ms) * 1000, 0)::double precision END,
        CASE WHEN known THEN (ideal_good_us * (apt_ms + idle_setup_ms))::double precision
            / nullif(pbt_ms * apt_ms * 1000, 0)::double precision END,
        apt_ms::double precision / nullif(apt_ms + idle_setup_ms + delay_ms, 0)::double precision,
        apt_ms::double precision / nullif(breakdowns * 1000, 0)::double precision,
        unplanned_stop_ms::double precision / nullif(breakdowns * 1000, 0)::double precision,
        ((unplanned_stop_ms + delay_ms) / 1000)::double precision,
        (setup_ms / 1000)::double precision, (minor_stop_ms / 1000)::double precision,
        CASE WHEN known THEN (running_ms * 1000 - ideal_us)::double precision / 1e6 END,
        CASE WHEN known THEN
            (ideal_us - ideal_good_us - ideal_startup_us)::double precision / 1e6 END,
        CASE WHEN known THEN ideal_startup_us::double precision / 1e6 END,
        ((unknown_ms - excluded_unknown_ms) / 1000)::double precision,
        CASE WHEN known THEN
            ideal_us::double precision / nullif(produced * 1000000, 0)::double precision END
    FROM (SELECT running_ms + minor_stop_ms + producing_setup_ms AS apt_ms,
                 running_ms + minor_stop_ms + setup_ms + unplanned_stop_ms + delay_ms
                     + unknown_ms - excluded_unknown_ms AS pbt_ms,
                 running_ms + minor_stop_ms + setup_ms + unplanned_stop_ms + delay_ms + unknown_ms
                     + not_scheduled_ms + unplanned_running_ms + planned_stop_ms AS calendar_ms,
                 setup_ms - producing_setup_ms AS idle_setup_ms,
                 good + scrap + rework AS produced,
                 no_ideal_ms = 0 AND no_ideal_parts = 0 AS known) AS busy
$$;

-- Windows of machines as in 002, and of lines, areas and sites: the same sums over more machines.
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
    named record;
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
            ('', 'equipment', 'equipment', 'equipment', false, ''),
            ('line_', 'place', $sql$substring(equipment, '^(?:[^/]+/){3}[^/]+')$sql$, 'line', true,
             ' Facts are summed over all machines of the line; line_oee is what is to be said of it.'),
            ('area_', 'place', $sql$substring(equipment, '^(?:[^/]+/){2}[^/]+')$sql$, 'area',
             false, ' Facts are summed over all machines of the area.'),
            ('site_', 'place', $sql$substring(equipment, '^[^/]+/[^/]+')$sql$, 'site',
             false, ' Facts are summed over all machines of the site.')
        ) AS level (prefix, who, who_is, what, is_line, note)
        CROSS JOIN (VALUES
            ('minute', 'minute', $sql$minute$sql$, $sql$minute + interval '1 minute'$sql$,
             'true', 'one minute of UTC'),
            ('hour', $sql$date_trunc('hour', minute, 'UTC')$sql$,
             $sql$date_trunc('hour', minute, 'UTC')$sql$,
             $sql$date_trunc('hour', minute, 'UTC') + interval '1 hour'$sql$,
             'true', 'one hour of UTC'),
            ('shift', 'day, shift', 'min(start)', 'max("end")', $sql$shift <> ''$sql$,
             'one shift; night shifts are whole, and belong to the day on which they began'),
            ('batch', 'batch', 'min(start)', 'max("end")', $sql$batch <> ''$sql$, 'one batch'),
            ('day', 'day', 'min(start)', 'max("end")', 'true',
             'one production day: all shifts that began on that local date')
        ) AS period (period, grouped_by, window_start, window_end, condition, about)
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
                       %5$s AS window_start, %6$s AS window_end,
                       CASE WHEN min(day) = max(day) THEN min(day) END AS day,
                       CASE WHEN min(shift) = max(shift) THEN nullif(min(shift), '') END AS shift,
                       CASE WHEN min(batch) = max(batch) THEN nullif(min(batch), '') END AS batch,
                       CASE WHEN min(product) = max(product)
                            THEN nullif(min(product), '') END AS product,
                       %7$s, %14$s AS revision,
                       count(DISTINCT equipment) AS machines %8$s
                FROM %9$s
                WHERE %10$s
                GROUP BY run, %4$s, %11$s
            ) AS sums
            CROSS JOIN LATERAL oee_figures(%12$s) AS figures %13$s
            $sql$,
            view.name, view.who,
            CASE WHEN view.prefix <> '' THEN ', machines' ELSE '' END
                || CASE WHEN view.is_line THEN ', constraint_equipment,'
                    ' CASE WHEN constraint_equipment IS NULL THEN figures.oee'
                    ' ELSE bottleneck.oee END AS line_oee' ELSE '' END,
            view.who_is, view.window_start, view.window_end, sums,
            CASE WHEN view.is_line
                THEN ', min(bottleneck) AS constraint_equipment, ' || of_constraint ELSE '' END,
            CASE WHEN view.prefix = '' OR view.period = 'minute' THEN 'oee_cell' ELSE machine_hours END
                || CASE WHEN view.is_line THEN ' LEFT JOIN (SELECT DISTINCT plant_version AS version,'
                    ' equipment AS bottleneck FROM plant_equipment WHERE is_constraint) AS bottlenecks'
                    ' ON version = plant_version AND bottleneck = equipment' ELSE '' END,
            view.condition, view.grouped_by, arguments,
            CASE WHEN view.is_line THEN
                format('CROSS JOIN LATERAL oee_figures(%s) AS bottleneck', arguments_of_constraint)
                ELSE '' END,
            CASE WHEN view.prefix = '' OR view.period = 'minute'
                THEN $sql$count(*) FILTER (WHERE late <> '')$sql$ ELSE 'sum(late_cells)::bigint' END);
        EXECUTE format('COMMENT ON VIEW %I IS %L', view.name,
            'OEE of ISO 22400-2, a row per run, ' || view.what || ' and ' || view.about
            || '.' || view.note
            || ' Live is run = ''''. OEE = availability * effectiveness * quality_ratio'
            || ' = ideal_good_s / planned_s. The seven *_loss_s and ideal_good_s add up to'
            || ' planned_s. Values over 1 are kept: an ideal cycle or a counter'
            || ' is wrong. To join windows, sum seconds and counts and divide; never average ratios.');
        FOR named IN SELECT * FROM (VALUES
            ('place', 'enterprise/site/area/line, or its beginning.'),
            ('producing_setup_s', 'The part of setup_s that counts as production time without parts, s; part of apt_s.'),
            ('apt_s', 'APT, s: running_s + minor_stop_s + producing_setup_s.'),
            ('calendar_s', 'T, s: all of the time, whatever it was meant for.'),
            ('startup_scrap', 'The part of scrap that was made while starting up, parts.'),
            ('startup_rework', 'The part of rework that was made while starting up, parts.'),
            ('ideal_startup_s', 'Ideal time of start-up rejects, s.'),
            ('breakdowns', 'Unplanned stops, minor ones apart, that began in the window, in planned time.'),
            ('delays', 'Delays that began in the window, in planned time.'),
            ('setups', 'Setups that began in the window, in planned time.'),
            ('planned_stops', 'Planned stops that began in the window.'),
            ('minor_stops', 'Minor stops that began in the window, in planned time.'),
            ('teep', 'ideal_good_s / calendar_s; null if an ideal cycle is unknown.'),
            ('ooe', 'ideal_good_s / (planned_s + planned_stop_s); null if an ideal cycle is unknown.'),
            ('nee', 'Net equipment effectiveness: (apt_s + setup_s - producing_setup_s) / planned_s * ideal_good_s / apt_s; null if an ideal cycle is unknown.'),
            ('utilization_efficiency', 'apt_s / (apt_s + setup_s - producing_setup_s + delay_s).'),
            ('mtbf_s', 'Mean operating time between failures, s: apt_s / breakdowns; null without a breakdown.'),
            ('mttr_s', 'Mean time to repair, s: unplanned_stop_s / breakdowns; null without a breakdown.'),
            ('breakdown_loss_s', 'unplanned_stop_s + delay_s, s.'),
            ('setup_loss_s', 'setup_s, s.'),
            ('minor_stop_loss_s', 'minor_stop_s, s.'),
            ('speed_loss_s', 'running_s - ideal_s, s; below 0 where production was faster than ideal; null if an ideal cycle is unknown.'),
            ('defect_loss_s', 'ideal_s - ideal_good_s - ideal_startup_s, s; null if an ideal cycle is unknown.'),
            ('startup_loss_s', 'ideal_startup_s, s; null if an ideal cycle is unknown.'),
            ('unknown_loss_s', 'unknown_s - excluded_unknown_s, s.'),
            ('ideal_cycle_s', 'Mean ideal cycle of what was produced, s per part: ideal_s / (good + scrap + rework). A loss in parts is its seconds over this.'),
            ('machines', 'Number of machines with facts in the window.'),
            ('constraint_equipment', 'The machine that the plant file of the time names as the constraint of the line, if it does.'),
            ('line_oee', 'OEE of constraint_equipment; where none is named, oee.')
        ) AS c (column_name, about) JOIN pg_attribute
            ON attrelid = view.name::regclass AND attname = column_name
        LOOP
            EXECUTE format('COMMENT ON COLUMN %I.%I IS %L', view.name, named.column_name, named.about);
        END LOOP;
        FOR named IN SELECT ours.attname, col_description('oee_by_shift'::regclass, theirs.attnum) AS about
            FROM pg_attribute AS ours JOIN pg_attribute AS theirs USING (attname)
            WHERE ours.attrelid = view.name::regclass AND ours.attnum > 0
                AND theirs.attrelid = 'oee_by_shift'::regclass AND view.prefix <> ''
        LOOP
            EXECUTE format('COMMENT ON COLUMN %I.%I IS %L', view.name, named.attname, named.about);
        END LOOP;
        EXECUTE format('COMMENT ON COLUMN %I.availability IS %L', view.name,
            'apt_s / planned_s; null while nothing was planned.');
        EXECUTE format('COMMENT ON COLUMN %I.effectiveness IS %L', view.name,
            'ideal_s / apt_s; null if no_ideal_s or no_ideal_parts is above 0.');
    END LOOP;
END
$$;

DROP FUNCTION oee_figures(numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric,
    numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric);
COMMENT ON FUNCTION oee_figures IS
    'Ratios of ISO 22400-2 and losses from sums. APT = running + minor stops + producing setup; PBT = running + minor stops + setup + unplanned stop + delay + unknown - excluded unknown; T = all time; A = APT / PBT; E = ideal time of what was produced / APT; Q = good / (good + scrap + rework); OEE = ideal time of the good parts / PBT; TEEP = that / T; OOE = that / (PBT + planned stops); NEE = (APT + other setup) / PBT * ideal time of the good parts / APT; utilization efficiency = APT / (APT + other setup + delay); MTBF = APT / breakdowns; MTTR = unplanned stop / breakdowns. Losses: breakdown = unplanned stop + delay; setup; minor stops; speed = running - ideal time; defects = ideal time of rejects but those of start-up; start-up = ideal time of start-up rejects; unknown = unknown - excluded unknown; with the ideal time of the good parts they are PBT. What needs an ideal cycle is null while one is unknown for some time or part. Never average ratios: sum, then divide.';

DO $$
DECLARE
    period text;
    named record;
BEGIN
    FOREACH period IN ARRAY ARRAY['shift', 'batch', 'day'] LOOP
        EXECUTE format($sql$
            CREATE VIEW oee_losses_by_%1$s AS
            SELECT run, equipment, window_start, window_end, day, shift, batch, product, planned_s,
                   position, loss, lowers, seconds, seconds / nullif(ideal_cycle_s, 0) AS units,
                   seconds / nullif(planned_s, 0) AS share
            FROM oee_by_%1$s CROSS JOIN LATERAL (VALUES
                (1, 'breakdown', 'availability', breakdown_loss_s),
                (2, 'setup', CASE WHEN setup_s > 0 AND producing_setup_s = setup_s
                    THEN 'effectiveness' ELSE 'availability' END, setup_loss_s),
                (3, 'minor stops', 'effectiveness', minor_stop_loss_s),
                (4, 'speed', 'effectiveness', speed_loss_s),
                (5, 'defects', 'quality_ratio', defect_loss_s),
                (6, 'start-up', 'quality_ratio', startup_loss_s),
                (7, 'unknown', 'availability', unknown_loss_s)
            ) AS losses (position, loss, lowers, seconds)
            $sql$, period);
        EXECUTE format('COMMENT ON VIEW oee_losses_by_%s IS %L', period,
            'Where planned time went, if not into good parts: seven rows per run, equipment and '
            || period || '. The seconds of a window and ideal_good_s add up to planned_s, so they'
            || ' may be summed over windows and machines. Live is run = ''''.');
        FOR named IN SELECT attname, coalesce(
                col_description(format('oee_by_%s', period)::regclass, (SELECT attnum FROM pg_attribute
                    WHERE attrelid = format('oee_by_%s', period)::regclass AND attname = ours.attname)),
                CASE attname
                    WHEN 'position' THEN 'From 1 to 7, in the order in which losses are told.'
                    WHEN 'loss' THEN 'breakdown (unplanned stops and delays), setup, minor stops, speed, defects, start-up (rejects), unknown.'
                    WHEN 'lowers' THEN 'The ratio that this loss makes smaller.'
                    WHEN 'seconds' THEN 'The loss, s of planned time; below 0 where production was faster than ideal; null if it needs an ideal cycle that is unknown.'
                    WHEN 'units' THEN 'The loss in parts: seconds / mean ideal cycle of what was produced.'
                    WHEN 'share' THEN 'seconds / planned_s.'
                END) AS about
            FROM pg_attribute AS ours
            WHERE attrelid = format('oee_losses_by_%s', period)::regclass AND attnum > 0
        LOOP
            EXECUTE format('COMMENT ON COLUMN oee_losses_by_%s.%I IS %L', period, named.attname, named.about);
        END LOOP;
    END LOOP;
END
$$;

CREATE VIEW stops AS
    SELECT run, equipment, start, "end",
           extract(epoch FROM "end" - start)::double precision AS duration_s,
           category, state, reason, reason_by, batch, product, shift, day, "end" IS NULL AS is_open,
           plant_version
    FROM stop;
COMMENT ON VIEW stops IS
    'Every stop as it is known by now, also outside planned time. Live is run = ''''. For sums use pareto: it cuts stops at the borders of shifts and batches.';

CREATE VIEW pareto AS
    SELECT run, equipment, day, nullif(shift, '') AS shift, nullif(batch, '') AS batch,
           nullif(product, '') AS product, category, nullif(reason, '') AS reason,
           (sum(ms) / 1000)::double precision AS seconds, sum(number)::bigint AS number
    FROM (
        SELECT run, equipment, day, shift, batch, product, of.category, of.reason, of.ms, 0 AS number
        FROM oee_cell CROSS JOIN LATERAL (
            VALUES ('planned_stop', '', planned_stop_ms), ('setup', '', setup_ms),
                   ('unplanned_stop', '', unplanned_stop_ms), ('delay', '', delay_ms),
                   ('minor_stop', '', minor_stop_ms), ('unknown', '', unknown_ms)
            UNION ALL
            SELECT category, reason, ms
            FROM jsonb_to_recordset(reasons) AS said (category text, reason text, ms bigint)
            UNION ALL
            SELECT category, '', -ms
            FROM jsonb_to_recordset(reasons) AS said (category text, reason text, ms bigint)
        ) AS of (category, reason, ms)
        WHERE of.ms <> 0
        UNION ALL
        SELECT run, equipment, day, coalesce(shift, ''), coalesce(batch, ''), coalesce(product, ''),
               category, coalesce(reason, ''), 0, 1
        FROM stop
        WHERE category IN ('planned_stop', 'setup', 'unplanned_stop', 'delay', 'minor_stop', 'unknown')
    ) AS told
    GROUP BY run, equipment, day, told.shift, told.batch, told.product, category, told.reason
    HAVING sum(ms) <> 0 OR sum(number) <> 0;
COMMENT ON VIEW pareto IS
    'Why planned time was lost: seconds and number of stops per run, equipment, production day, shift, batch, product, category and reason. They add up: sum them over whatever is asked, ORDER BY sum(seconds) DESC. Live is run = ''''.';

CREATE VIEW oee_late_changes AS
    SELECT run, equipment, day, nullif(shift, '') AS shift, nullif(batch, '') AS batch,
           nullif(product, '') AS product, event, first_minute, last_minute,
           jsonb_strip_nulls(moved || jsonb_build_object('reasons', summed_up)) AS moved
    FROM (
        SELECT run, equipment, day, shift, batch, product, late AS event,
               min(minute) AS first_minute, max(minute) AS last_minute,
               jsonb_agg(reasons) AS said,
               jsonb_build_object(
                   'not_scheduled_ms', nullif(sum(not_scheduled_ms), 0),
                   'planned_stop_ms', nullif(sum(planned_stop_ms), 0),
                   'setup_ms', nullif(sum(setup_ms), 0),
                   'unplanned_stop_ms', nullif(sum(unplanned_stop_ms), 0),
                   'delay_ms', nullif(sum(delay_ms), 0),
                   'minor_stop_ms', nullif(sum(minor_stop_ms), 0),
                   'running_ms', nullif(sum(running_ms), 0),
                   'unknown_ms', nullif(sum(unknown_ms), 0),
                   'unplanned_running_ms', nullif(sum(unplanned_running_ms), 0),
                   'good', nullif(sum(good), 0), 'scrap', nullif(sum(scrap), 0),
                   'rework', nullif(sum(rework), 0),
                   'startup_scrap', nullif(sum(startup_scrap), 0),
                   'startup_rework', nullif(sum(startup_rework), 0),
                   'unplanned_good', nullif(sum(unplanned_good), 0),
                   'unplanned_scrap', nullif(sum(unplanned_scrap), 0),
                   'unplanned_rework', nullif(sum(unplanned_rework), 0),
                   'breakdowns', nullif(sum(breakdowns), 0), 'delays', nullif(sum(delays), 0),
                   'setups', nullif(sum(setups), 0),
                   'planned_stops', nullif(sum(planned_stops), 0),
                   'minor_stops', nullif(sum(minor_stops), 0)) AS moved
        FROM oee_cell
        WHERE late <> ''
        GROUP BY run, equipment, day, oee_cell.shift, oee_cell.batch, oee_cell.product, late
    ) AS changes
    CROSS JOIN LATERAL (
        SELECT jsonb_agg(jsonb_build_object('category', category, 'reason', reason, 'ms', ms)
                         ORDER BY category, reason) AS summed_up
        FROM (
            SELECT category, reason, sum(ms) AS ms
            FROM jsonb_array_elements(said) AS one
            CROSS JOIN jsonb_to_recordset(one) AS told (category text, reason text, ms bigint)
            GROUP BY category, reason
            HAVING sum(ms) <> 0
        ) AS summed
    ) AS reasons;
COMMENT ON VIEW oee_late_changes IS
    'What each event that came too late for its minute has changed, a row per run, equipment, production day, shift, batch, product and event. The cells of an event are differences; summed with the others they give what is known now. Live is run = ''''.';

CREATE VIEW andon_calls AS
    SELECT run, equipment, andon, kind, priority, raised_at, raised_by, cleared_at, cleared_by,
           extract(epoch FROM cleared_at - raised_at)::double precision AS duration_s, comment,
           cleared_at IS NULL AS is_open, plant_version
    FROM andon_call;
COMMENT ON VIEW andon_calls IS 'Calls for help from their raising to their clearing. Live is run = ''''.';

CREATE VIEW findings AS
    SELECT run, equipment, kind, start, "end", text, nullif(event, '') AS event, plant_version
    FROM finding;
COMMENT ON VIEW findings IS
    'What does not fit in what machines and people say, and what to do about it. Live is run = ''''.';

CREATE FUNCTION cycle_quantile_ms(sketch jsonb, quantile double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT power(1.02::double precision, bucket) * 2 / 2.02::double precision
    FROM (
        SELECT key::integer AS bucket, sum(value::bigint) OVER (ORDER BY key::integer) AS up_to,
               sum(value::bigint) OVER () AS cycles
        FROM jsonb_each_text(sketch)
    ) AS counted
    WHERE up_to >= greatest(1, ceil(quantile::numeric * cycles))
    ORDER BY bucket
    LIMIT 1
$$;
COMMENT ON FUNCTION cycle_quantile_ms IS
    'The length, ms, that so many cycles (0.95: 95 of 100) did not exceed, from a sketch whose bucket i counts lengths in (1.02^(i-1), 1.02^i] ms: the middle of the bucket, at most 1 % off. Null without cycles.';

CREATE FUNCTION merge_sketches(one jsonb, other jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(jsonb_object_agg(bucket, cycles), '{}')
    FROM (
        SELECT bucket, sum(cycles::bigint) AS cycles
        FROM (SELECT * FROM jsonb_each_text(one) UNION ALL SELECT * FROM jsonb_each_text(other))
            AS both_of (bucket, cycles)
        GROUP BY bucket
    ) AS summed
$$;
COMMENT ON FUNCTION merge_sketches IS 'The sketch of the cycles of both: counts are summed per bucket.';
CREATE AGGREGATE merged_sketch(jsonb) (
    sfunc = merge_sketches, stype = jsonb, initcond = '{}', combinefunc = merge_sketches,
    parallel = safe
);
COMMENT ON AGGREGATE merged_sketch(jsonb) IS 'The sketch of all cycles; give it to cycle_quantile_ms.';

DO $$
DECLARE
    view record;
    named record;
BEGIN
    FOR view IN SELECT * FROM (VALUES
        ('hour', 'hour', 'true'), ('shift', 'day, shift', $sql$shift <> ''$sql$),
        ('batch', 'batch', $sql$batch <> ''$sql$), ('day', 'day', 'true')
    ) AS v (period, grouped_by, condition)
    LOOP
        EXECUTE format($sql$
            CREATE VIEW cycles_by_%1$s AS
            SELECT run, equipment, window_start, window_end, day, shift, batch, product, cycles,
                   (total_ms / cycles / 1000)::double precision AS mean_s,
                   (sqrt(greatest(0, squares_ms2 - total_ms * total_ms / cycles)
                       / nullif(cycles - 1, 0)) / 1000)::double precision AS deviation_s,
                   shortest_ms / 1e3::double precision AS shortest_s,
                   longest_ms / 1e3::double precision AS longest_s,
                   least(longest_ms, greatest(shortest_ms,
                       cycle_quantile_ms(sketch, 0.5))) / 1e3::double precision AS median_s, least(longest_ms, greatest(shortest_ms,
                       cycle_quantile_ms(sketch, 0.9))) / 1e3::double precision AS p90_s, least(longest_ms, greatest(shortest_ms,
                       cycle_quantile_ms(sketch, 0.95))) / 1e3::double precision AS p95_s,
                   least(longest_ms, greatest(shortest_ms,
                       cycle_quantile_ms(sketch, 0.99))) / 1e3::double precision AS p99_s, slow,
                   slow::double precision / nullif(cycles - no_ideal, 0) AS slow_share,
                   (ideal_ms / nullif(cycles - no_ideal, 0) / 1000)::double precision AS ideal_s,
                   no_ideal, CASE WHEN no_ideal = 0 THEN
                       (total_ms / nullif(ideal_ms, 0) - 1)::double precision END AS drift, sketch
            FROM (
                SELECT run, equipment, min(hour) AS window_start,
                       max(hour) + interval '1 hour' AS window_end,
                       CASE WHEN min(day) = max(day) THEN min(day) END AS day,
                       CASE WHEN min(shift) = max(shift) THEN nullif(min(shift), '') END AS shift,
                       CASE WHEN min(batch) = max(batch) THEN nullif(min(batch), '') END AS batch,
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
             FROM unnest(string_to_array(view.grouped_by, ', ')) AS name), view.condition);
        EXECUTE format('COMMENT ON VIEW cycles_by_%s IS %L', view.period,
            'Cycle times, a row per run, equipment, product and ' || view.period
            || ' in which cycles ended (by the hour, UTC, in which they did). Live is run = ''''.');
        FOR named IN SELECT * FROM (VALUES
            ('run', 'The replay it belongs to; '''' is live.'),
            ('equipment', 'enterprise/site/area/line/equipment.'),
            ('window_start', 'Begin of the first hour with a cycle.'),
            ('window_end', 'End of the last hour with a cycle.'),
            ('day', 'Production day, if there is only one.'),
            ('shift', 'Shift, if all of the window is of one.'),
            ('batch', 'Batch, if all of the window is of one.'),
            ('product', 'Product; null where none is known.'),
            ('cycles', 'Number of cycles.'),
            ('mean_s', 'Mean length, s: total / cycles.'),
            ('deviation_s', 'Standard deviation of the lengths (n - 1), s; null of one cycle.'),
            ('shortest_s', 'Shortest cycle, s.'),
            ('longest_s', 'Longest cycle, s.'),
            ('median_s', 'Half of the cycles were not longer, s; at most 1 % off.'),
            ('p90_s', '90 of 100 cycles were not longer, s; at most 1 % off.'),
            ('p95_s', '95 of 100 cycles were not longer, s; at most 1 % off.'),
            ('p99_s', '99 of 100 cycles were not longer, s; at most 1 % off.'),
            ('slow', 'Cycles longer than slow_cycle (plant file) times the ideal one.'),
            ('slow_share', 'slow / cycles with a known ideal one.'),
            ('ideal_s', 'Mean ideal cycle of those that have one, s.'),
            ('no_ideal', 'Cycles without a known ideal one.'),
            ('drift', 'By which part cycles are longer than their ideal ones: 0.1 is 10 % slower; null if one has no known ideal.'),
            ('sketch', 'Merged sketch, for cycle_quantile_ms and merged_sketch.')
        ) AS c (column_name, about)
        LOOP
            EXECUTE format('COMMENT ON COLUMN cycles_by_%s.%I IS %L', view.period, named.column_name, named.about);
        END LOOP;
    END LOOP;
END
$$;

CREATE VIEW batch_cycles AS
    SELECT run, equipment, batch, product, start, "end",
           extract(epoch FROM "end" - start)::double precision AS duration_s,
           jsonb_array_length(phases) AS phases, phases_left_out, "end" IS NULL AS is_open,
           plant_version
    FROM batch_cycle;
COMMENT ON VIEW batch_cycles IS 'How long each batch took. Live is run = ''''.';

CREATE VIEW batch_phases AS
    SELECT run, equipment, batch, product, batch_cycle.start AS batch_start, number::integer,
           phase ->> 'name' AS phase, (phase ->> 'start')::timestamptz AS start,
           (phase ->> 'end')::timestamptz AS "end",
           extract(epoch FROM (phase ->> 'end')::timestamptz - (phase ->> 'start')::timestamptz)
               ::double precision AS duration_s
    FROM batch_cycle CROSS JOIN LATERAL jsonb_array_elements(phases) WITH ORDINALITY
        AS listed (phase, number);
COMMENT ON VIEW batch_phases IS 'The phases of each batch, in their order. Live is run = ''''.';

DO $$
DECLARE
    named record;
BEGIN
    FOR named IN SELECT view_name, column_name, about FROM (VALUES
        ('', 'run', 'The replay it belongs to; '''' is live.'),
        ('', 'equipment', 'enterprise/site/area/line/equipment.'),
        ('', 'day', 'Production day: the local date on which the shift began.'),
        ('', 'shift', 'Shift, as 2026-03-01/night; null outside of one.'),
        ('', 'batch', 'Batch; null without one.'),
        ('', 'product', 'Product; null where none is known.'),
        ('', 'plant_version', 'Version of the plant file.'),
        ('', 'start', 'Its first moment.'),
        ('', 'end', 'First moment after it; null while it goes on.'),
        ('', 'duration_s', 'From its first to its last moment, s; null while it goes on.'),
        ('', 'is_open', 'Whether it still goes on.'),
        ('', 'category', 'Where its time goes: planned_stop, setup, unplanned_stop, delay, minor_stop, unknown; outside planned time not_scheduled.'),
        ('', 'reason', 'Code of the reason; null where none was given.'),
        ('stops', 'state', 'The device''s own word for the state in which it began.'),
        ('stops', 'reason_by', 'Who gave the reason, if a person did.'),
        ('stops', 'shift', 'Shift in which it began.'),
        ('stops', 'batch', 'Batch in which it began.'),
        ('pareto', 'seconds', 'Time of this category and reason in planned time, s.'),
        ('pareto', 'number', 'Stops of this category and reason that began then.'),
        ('oee_late_changes', 'event', 'source/epoch/seq of the late event; see machine_event.'),
        ('oee_late_changes', 'first_minute', 'First minute that it changed.'),
        ('oee_late_changes', 'last_minute', 'Last minute that it changed.'),
        ('oee_late_changes', 'moved', 'What it added to sums (ms and parts), or took from them; reasons is an array of {category, reason, ms}.'),
        ('andon_calls', 'andon', 'Name of the call.'),
        ('andon_calls', 'kind', 'What was needed, the plant''s code.'),
        ('andon_calls', 'priority', 'low, medium, high or critical.'),
        ('andon_calls', 'raised_at', 'When help was called.'),
        ('andon_calls', 'raised_by', 'Who called.'),
        ('andon_calls', 'cleared_at', 'When it was over; null while it is open.'),
        ('andon_calls', 'cleared_by', 'Who said that it was over.'),
        ('andon_calls', 'comment', 'What was said of it.'),
        ('findings', 'kind', 'What it is: overlapping_stops, reason_without_stop, unknown_reason, unknown_product, counter_frozen, too_late.'),
        ('findings', 'text', 'What was found, and what to do.'),
        ('findings', 'event', 'source/epoch/seq of the event that showed it.'),
        ('batch_cycles', 'phases', 'Number of phases that batch_phases lists.'),
        ('batch_cycles', 'phases_left_out', 'Phases that are not listed, because there were too many.'),
        ('batch_phases', 'batch_start', 'When the batch began.'),
        ('batch_phases', 'number', 'Its place among the phases, from 1.'),
        ('batch_phases', 'phase', 'Name of the phase; '''' where none was said.'),
        ('plant_equipment', 'site', 'enterprise/site.'),
        ('plant_equipment', 'number', '1 for the first file applied at the site, and so on; 0: an edge uses it unasked.'),
        ('plant_equipment', 'in_force', 'Whether the file is the one in force now: the one applied last of those whose time has come.'),
        ('plant_equipment', 'in_force_from', 'From when on.'),
        ('plant_equipment', 'id', 'Its id, unique in the plant.'),
        ('plant_equipment', 'name', 'Its name.'),
        ('plant_equipment', 'area', 'Area.'),
        ('plant_equipment', 'line', 'Line.'),
        ('plant_equipment', 'line_name', 'Name of the line.'),
        ('plant_equipment', 'class', 'Class of equipment.'),
        ('plant_equipment', 'is_constraint', 'Whether its OEE is that of its line.')
    ) AS c (of_view, column_name, about)
    JOIN (SELECT unnest(ARRAY['stops', 'pareto', 'oee_late_changes', 'andon_calls', 'findings',
        'batch_cycles', 'batch_phases', 'plant_equipment']) AS view_name) AS v
        ON of_view IN ('', view_name)
    JOIN pg_attribute ON attrelid = view_name::regclass AND attname = column_name
    ORDER BY of_view
    LOOP
        EXECUTE format('COMMENT ON COLUMN %I.%I IS %L', named.view_name, named.column_name, named.about);
    END LOOP;
END
$$;

-- migrate:down

DROP VIEW batch_phases, batch_cycles, cycles_by_hour, cycles_by_shift, cycles_by_batch, cycles_by_day;
DROP AGGREGATE merged_sketch(jsonb);
DROP FUNCTION merge_sketches, cycle_quantile_ms;
DROP VIEW findings, andon_calls, oee_late_changes, pareto, stops,
    oee_losses_by_shift, oee_losses_by_batch, oee_losses_by_day,
    oee_line_by_minute, oee_line_by_hour, oee_line_by_shift, oee_line_by_batch, oee_line_by_day,
    oee_area_by_minute, oee_area_by_hour, oee_area_by_shift, oee_area_by_batch, oee_area_by_day,
    oee_site_by_minute, oee_site_by_hour, oee_site_by_shift, oee_site_by_batch, oee_site_by_day,
    plant_equipment;

-- The function and the five views as 002 made them.
ALTER FUNCTION oee_figures RENAME TO oee_figures_of_005;
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

DO $$
DECLARE
    view record;
    named record;
    known jsonb;
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
        -- What columns mean is kept; the two whose formula was another are told again.
        SELECT jsonb_object_agg(attname, col_description(attrelid, attnum)) INTO known
            FROM pg_attribute WHERE attrelid = view.name::regclass AND attnum > 0;
        known := known || jsonb_build_object(
            'availability', '(running_s + minor_stop_s) / planned_s; null while nothing was planned.',
            'effectiveness', 'ideal_s / (running_s + minor_stop_s); null if no_ideal_s or no_ideal_parts is above 0.');
        EXECUTE format('DROP VIEW %I', view.name);
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
        FOR named IN SELECT attname FROM pg_attribute
            WHERE attrelid = view.name::regclass AND attnum > 0
        LOOP
            EXECUTE format('COMMENT ON COLUMN %I.%I IS %L', view.name, named.attname, known ->> named.attname);
        END LOOP;
    END LOOP;
END
$$;

DROP FUNCTION oee_figures_of_005;
COMMENT ON FUNCTION oee_figures IS
    'Ratios of ISO 22400-2 from sums. APT = running + minor stops; PBT = APT + setup + unplanned stop + delay + unknown - excluded unknown; A = APT / PBT; E = ideal time of what was produced / APT; Q = good / (good + scrap + rework); OEE = ideal time of the good parts / PBT. E and OEE are null while an ideal cycle is unknown for some time or part. Never average ratios: sum, then divide.';
