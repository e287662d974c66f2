-- Aggregates for long ranges: telemetry by 1, 5 and 15 minutes, hours and local days, OEE by hours and
-- days. Here all of them are views over what they add up; 014.timescale keeps what they come to.
-- migrate:up

CREATE TABLE telemetry_retention (
    level text PRIMARY KEY,
    "position" integer NOT NULL,
    keep interval,
    compress_after interval,
    dropped_before timestamptz,
    CHECK (keep >= interval '2 days'),
    CHECK (compress_after >= interval '1 day')
);
COMMENT ON TABLE telemetry_retention IS
    'How long live telemetry is kept at each resolution. `plantstream db telemetry --set 1m=180d` changes it. Records and runs are not telemetry: nothing here drops them.';
COMMENT ON COLUMN telemetry_retention.level IS 'raw (table sample), 1m, 5m, 15m, 1h or 1d.';
COMMENT ON COLUMN telemetry_retention."position" IS 'Order of refreshing: a level is made of the one before it, 1d of 15m.';
COMMENT ON COLUMN telemetry_retention.keep IS 'Age after which it is dropped; null: never.';
COMMENT ON COLUMN telemetry_retention.compress_after IS 'Age after which it is compressed; null: never.';
COMMENT ON COLUMN telemetry_retention.dropped_before IS
    'All of the level before this moment is gone: no aggregate is computed again from there. Only drop_telemetry moves it.';
INSERT INTO telemetry_retention (level, "position", keep, compress_after) VALUES
    ('raw', 0, '7 days', '2 days'),
    ('1m', 1, '90 days', '7 days'),
    ('5m', 2, '1 year', '30 days'),
    ('15m', 3, '3 years', '90 days'),
    ('1h', 4, NULL, '1 year'),
    ('1d', 5, NULL, NULL);

CREATE TABLE refresh_queue (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text NOT NULL CHECK (source IN ('sample', 'oee_cell')),
    bucket timestamptz NOT NULL,
    queued_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE refresh_queue IS
    'Quarters of an hour in which rows were stored that the next refresh would not look at, because they are too old for its window. Noted in the transaction that stores the rows; refresh_aggregates takes them out once all aggregates have them.';
COMMENT ON COLUMN refresh_queue.source IS 'The table of the rows.';
COMMENT ON COLUMN refresh_queue.bucket IS 'Beginning of the quarter of an hour.';

CREATE TABLE stored_aggregate (
    name text PRIMARY KEY,
    "position" integer NOT NULL,
    root text NOT NULL,
    source text NOT NULL,
    source_level text REFERENCES telemetry_retention,
    level text REFERENCES telemetry_retention,
    width interval NOT NULL,
    zone text,
    refreshed_at timestamptz
);
COMMENT ON TABLE stored_aggregate IS
    'Aggregates that exist, in the order of refreshing. People read the views of the same name.';
COMMENT ON COLUMN stored_aggregate.root IS 'The table whose rows it adds up in the end, as refresh_queue.source.';
COMMENT ON COLUMN stored_aggregate.source IS 'The table or aggregate that it is computed from.';
COMMENT ON COLUMN stored_aggregate.source_level IS 'Level of the source, if retention drops it.';
COMMENT ON COLUMN stored_aggregate.width IS 'Of a bucket.';
COMMENT ON COLUMN stored_aggregate.zone IS 'Time zone of days.';
COMMENT ON COLUMN stored_aggregate.refreshed_at IS
    'When the last refresh began that reached its end; null: it was never filled, and is computed from its source when it is read.';

-- The one place of what aggregates of telemetry are. Of samples those count that are Good and have a number.
CREATE FUNCTION telemetry_sums(source text, width interval, zone text, stored boolean)
RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    of_samples boolean := source IN ('sample', 'late_sample');
    at text := CASE WHEN of_samples THEN 'time' ELSE 'bucket' END;
    bucket text := CASE
        WHEN stored AND zone IS NOT NULL THEN format('time_bucket(%L::interval, %s, %L)', width, at, zone)
        WHEN stored THEN format('time_bucket(%L::interval, %s)', width, at)
        WHEN zone IS NOT NULL THEN format('date_trunc(''day'', %s, %L)', at, zone)
        ELSE format('date_bin(%L, %s, timestamptz ''2000-01-03Z'')', width, at) END;
    counts text := CASE WHEN of_samples THEN 'value IS NOT NULL AND quality & 3221225472 = 0' ELSE 'samples > 0' END;
    -- The trial build and native TimescaleDB have first and last, PostgreSQL has not.
    ends text := CASE WHEN stored
        THEN 'first(%1$s, %2$s) FILTER (WHERE %4$s) AS first_value, last(%3$s, %5$s) FILTER (WHERE %4$s) AS last_value'
        ELSE '(array_agg(%1$s ORDER BY %2$s) FILTER (WHERE %4$s))[1] AS first_value,'
            ' (array_agg(%3$s ORDER BY %5$s DESC) FILTER (WHERE %4$s))[1] AS last_value' END;
BEGIN
    IF of_samples THEN
        RETURN format($sql$
            SELECT %1$s AS bucket, equipment, tag, count(*) FILTER (WHERE %2$s) AS samples,
                   sum(value) FILTER (WHERE %2$s) AS total,
                   min(value) FILTER (WHERE %2$s) AS minimum, max(value) FILTER (WHERE %2$s) AS maximum,
                   %3$s, min(time) FILTER (WHERE %2$s) AS first_at, max(time) FILTER (WHERE %2$s) AS last_at,
                   count(*) FILTER (WHERE NOT quality & 3221225472 = 0) AS bad_samples
            FROM %4$I WHERE text IS NULL GROUP BY 1, equipment, tag$sql$,
            bucket, counts, format(ends, 'value', 'time', 'value', counts, 'time'), source);
    END IF;
    RETURN format($sql$
        SELECT %1$s AS bucket, equipment, tag, sum(samples)::bigint AS samples, sum(total) AS total,
               min(minimum) AS minimum, max(maximum) AS maximum, %2$s,
               min(first_at) AS first_at, max(last_at) AS last_at, sum(bad_samples)::bigint AS bad_samples
        FROM %3$I GROUP BY 1, equipment, tag$sql$,
        bucket, format(ends, 'first_value', 'first_at', 'last_value', counts, 'last_at'), source);
END
$$;
COMMENT ON FUNCTION telemetry_sums IS
    'The query of an aggregate of telemetry: over samples, or over a finer aggregate; stored: in the words of TimescaleDB.';

-- Cells of several days may share an hour, in time zones of half hours too: the production day stays apart.
CREATE FUNCTION oee_sums(source text, width interval, stored boolean)
RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    of_cells boolean := source = 'oee_cell';
    at text := CASE WHEN of_cells THEN 'minute' ELSE 'bucket' END;
    bucket text := CASE WHEN stored THEN format('time_bucket(%L::interval, %s)', width, at)
        ELSE format('date_bin(%L, %s, timestamptz ''2000-01-03Z'')', width, at) END;
    sums text;
    ends text;
BEGIN
    SELECT string_agg(format('sum(%1$I)::bigint AS %1$I', name), ', ') INTO sums
        FROM unnest(oee_facts()) AS name;
    SELECT string_agg(format('min(%2$s) AS lowest_%1$s, max(%3$s) AS highest_%1$s', name,
            CASE WHEN of_cells THEN name ELSE 'lowest_' || name END,
            CASE WHEN of_cells THEN name ELSE 'highest_' || name END), ', ') INTO ends
        FROM unnest(ARRAY['shift', 'batch', 'product']) AS name;
    RETURN format($sql$
        SELECT %1$s AS bucket, run, equipment, day, min(start) AS start, max("end") AS "end", %2$s, %3$s,
               %4$s::bigint AS late_facts
        FROM %5$I GROUP BY 1, run, equipment, day$sql$,
        bucket, ends, sums,
        CASE WHEN of_cells THEN $sql$count(*) FILTER (WHERE late <> '')$sql$ ELSE 'sum(late_facts)' END, source);
END
$$;
COMMENT ON FUNCTION oee_sums IS
    'The query of an aggregate of OEE: over cells, or over a finer aggregate; stored: in the words of TimescaleDB.';

CREATE FUNCTION oee_facts() RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ARRAY['not_scheduled_ms', 'planned_stop_ms', 'setup_ms', 'unplanned_stop_ms', 'delay_ms',
        'minor_stop_ms', 'running_ms', 'unknown_ms', 'unplanned_running_ms', 'excluded_unknown_ms',
        'no_ideal_ms', 'good', 'scrap', 'rework', 'unplanned_good', 'unplanned_scrap', 'unplanned_rework',
        'ideal_us', 'ideal_good_us', 'no_ideal_parts', 'producing_setup_ms', 'startup_scrap',
        'startup_rework', 'ideal_startup_us', 'breakdowns', 'delays', 'setups', 'planned_stops', 'minor_stops']
$$;
COMMENT ON FUNCTION oee_facts IS 'Columns of oee_cell that add up.';

-- What people read. 014.timescale replaces where the rows come from, never the columns.
CREATE PROCEDURE show_aggregate(shown text, sums text) LANGUAGE plpgsql AS $$
DECLARE
    of_telemetry boolean := shown LIKE 'telemetry%';
    named record;
BEGIN
    EXECUTE format('CREATE OR REPLACE VIEW %I AS SELECT %s FROM (%s) AS sums', shown,
        CASE WHEN of_telemetry THEN 'bucket, equipment, tag, samples, total, minimum, maximum, first_value,'
            ' last_value, total / nullif(samples, 0) AS average, first_at, last_at, bad_samples'
        ELSE 'bucket, run, equipment, day, start, "end", lowest_shift, highest_shift, lowest_batch,'
            ' highest_batch, lowest_product, highest_product, late_facts, '
            || array_to_string(oee_facts(), ', ') END, sums);
    EXECUTE format('COMMENT ON VIEW %I IS %L', shown, CASE
        WHEN of_telemetry THEN 'Live telemetry, a row per equipment, tag and bucket of '
            || substring(shown FROM '_(\d+[mhd])') || coalesce((SELECT ' in ' || zone FROM stored_aggregate
                WHERE name = shown), '') || '. Only samples of quality Good count. Give a range of bucket.'
            ' To join buckets sum total and samples and divide; never average averages.'
        ELSE 'Sums of oee_cell, a row per run, equipment, bucket of UTC and production day. Live is run = ''''.'
            ' Times in ms (_ms) and microseconds (_us), the others are counts. Ratios: oee_hourly and oee_daily.' END);
    FOR named IN SELECT column_name, about FROM (VALUES
        ('bucket', 'Beginning of the bucket.'),
        ('run', 'The replay it belongs to; '''' is live.'),
        ('equipment', 'enterprise/site/area/line/equipment.'),
        ('tag', 'Name of the tag in the plant file.'),
        ('samples', 'Good samples with a number.'),
        ('total', 'Their sum, in the unit of the tag.'),
        ('average', 'total / samples: the mean of samples, not weighted by time.'),
        ('minimum', 'Least value.'),
        ('maximum', 'Greatest value.'),
        ('first_value', 'Value of the first good sample.'),
        ('last_value', 'Value of the last good sample.'),
        ('first_at', 'Time of the first good sample.'),
        ('last_at', 'Time of the last good sample.'),
        ('bad_samples', 'Samples of another quality than Good; they count nowhere else.'),
        ('day', 'Production day: the local date on which the shift began.'),
        ('start', 'First moment that the facts are of.'),
        ('end', 'First moment after them.'),
        ('lowest_shift', 'Least name of a shift; '''' for none. The same as highest_shift: there is one only.'),
        ('highest_shift', 'Greatest name of a shift.'),
        ('lowest_batch', 'Least name of a batch; '''' for none.'),
        ('highest_batch', 'Greatest name of a batch.'),
        ('lowest_product', 'Least id of a product; '''' for none.'),
        ('highest_product', 'Greatest id of a product.'),
        ('late_facts', 'Late facts among the cells.')
    ) AS known (column_name, about)
    WHERE EXISTS (SELECT FROM pg_attribute WHERE attrelid = format('%I', shown)::regclass AND attname = column_name)
    UNION ALL SELECT fact, 'Sum of oee_cell.' || fact || '.' FROM unnest(oee_facts()) AS fact WHERE NOT of_telemetry
    LOOP
        EXECUTE format('COMMENT ON COLUMN %I.%I IS %L', shown, named.column_name, named.about);
    END LOOP;
    EXECUTE format('GRANT SELECT ON %I TO plantstream_writer, plantstream_reader, plantstream_auditor', shown);
END
$$;
COMMENT ON PROCEDURE show_aggregate IS 'Makes the view that people read of an aggregate, with its comments and rights.';

INSERT INTO stored_aggregate (name, "position", root, source, source_level, level, width) VALUES
    ('telemetry_1m', 1, 'sample', 'sample', 'raw', '1m', '1 minute'),
    ('telemetry_5m', 2, 'sample', 'telemetry_1m', '1m', '5m', '5 minutes'),
    ('telemetry_15m', 3, 'sample', 'telemetry_5m', '5m', '15m', '15 minutes'),
    ('telemetry_1h', 4, 'sample', 'telemetry_15m', '15m', '1h', '1 hour'),
    ('oee_1h', 6, 'oee_cell', 'oee_cell', NULL, NULL, '1 hour'),
    ('oee_1d', 7, 'oee_cell', 'oee_1h', NULL, NULL, '1 day');

CREATE FUNCTION aggregate_sums(aggregate stored_aggregate, stored boolean) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    source text := aggregate.source || CASE WHEN stored AND aggregate.source <> aggregate.root THEN '_stored' ELSE '' END;
BEGIN
    IF aggregate.root = 'sample' THEN
        RETURN telemetry_sums(source, aggregate.width, aggregate.zone, stored);
    END IF;
    RETURN oee_sums(source, aggregate.width, stored);
END
$$;
COMMENT ON FUNCTION aggregate_sums IS 'The query of an aggregate.';

-- Days stand on 15 minutes, because the offset of a time zone is a multiple of those and not of an hour.
CREATE PROCEDURE telemetry_days_in(of_zone text) LANGUAGE plpgsql AS $$
DECLARE
    aggregate stored_aggregate;
    shown text := 'telemetry_1d_' || replace(lower(of_zone), '/', '_');
BEGIN
    IF EXISTS (SELECT FROM stored_aggregate WHERE name = shown) THEN
        RETURN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_timezone_names WHERE pg_timezone_names.name = of_zone) THEN
        RAISE EXCEPTION 'there is no time zone %', of_zone USING HINT = 'Names are those of IANA, such as America/Mexico_City.';
    END IF;
    INSERT INTO stored_aggregate (name, "position", root, source, source_level, level, width, zone)
        VALUES (shown, 5, 'sample', 'telemetry_15m', '15m', '1d', '1 day', of_zone)
        RETURNING * INTO aggregate;
    CALL make_aggregate(aggregate);
END
$$;
COMMENT ON PROCEDURE telemetry_days_in IS
    'Makes the view telemetry_1d_<zone>, with days of this time zone, unless there is one. refresh_aggregates calls it for the time zones of all plant files.';

CREATE PROCEDURE make_aggregate(aggregate stored_aggregate) LANGUAGE plpgsql AS $$
BEGIN
    CALL show_aggregate(aggregate.name, aggregate_sums(aggregate, false));
END
$$;
COMMENT ON PROCEDURE make_aggregate IS 'Makes an aggregate, and the view of it.';

DO $$
DECLARE
    aggregate stored_aggregate;
BEGIN
    FOR aggregate IN SELECT * FROM stored_aggregate ORDER BY "position" LOOP
        CALL make_aggregate(aggregate);
    END LOOP;
END
$$;

-- The same columns, with the same meaning, as oee_by_hour and oee_by_day; a day is looked for by its name.
DO $$
DECLARE
    arguments text := 'not_scheduled_ms, planned_stop_ms, setup_ms, unplanned_stop_ms, delay_ms,'
        ' minor_stop_ms, running_ms, unknown_ms, unplanned_running_ms, excluded_unknown_ms,'
        ' no_ideal_ms, good, scrap, rework, ideal_us, ideal_good_us, no_ideal_parts,'
        ' producing_setup_ms, ideal_startup_us, breakdowns';
    counts text[] := ARRAY['good', 'scrap', 'rework', 'no_ideal_parts', 'unplanned_good', 'unplanned_scrap',
        'unplanned_rework', 'startup_scrap', 'startup_rework', 'breakdowns', 'delays', 'setups',
        'planned_stops', 'minor_stops'];
    sums text;
    one text;
    view record;
    named record;
BEGIN
    SELECT string_agg(format('sum(%1$I)%2$s AS %1$I', name,
            CASE WHEN name = ANY (counts) THEN '::bigint' ELSE '' END), ', ')
        INTO sums FROM unnest(oee_facts()) AS name;
    SELECT string_agg(format('CASE WHEN min(lowest_%1$s) = max(highest_%1$s)'
            ' THEN nullif(min(lowest_%1$s), '''') END AS %1$s', name), ', ')
        INTO one FROM unnest(ARRAY['shift', 'batch', 'product']) AS name;
    FOR view IN SELECT * FROM (VALUES
        ('oee_hourly', 'oee_by_hour', 'oee_1h', 'bucket', 'bucket', $sql$bucket + interval '1 hour'$sql$,
         'CASE WHEN min(day) = max(day) THEN min(day) END', 'hour of UTC'),
        ('oee_daily', 'oee_by_day', 'oee_1d', 'day', 'min(start)', 'max("end")', 'day', 'production day')
    ) AS v (name, model, source, grouped_by, window_start, window_end, day, about)
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
                   ideal_good_us / 1e6::double precision AS ideal_good_s,
                   figures.producing_setup_s, figures.apt_s, figures.calendar_s,
                   startup_scrap, startup_rework,
                   ideal_startup_us / 1e6::double precision AS ideal_startup_s,
                   breakdowns, delays, setups, planned_stops, minor_stops,
                   figures.teep, figures.ooe, figures.nee, figures.utilization_efficiency,
                   figures.mtbf_s, figures.mttr_s,
                   figures.breakdown_loss_s, figures.setup_loss_s, figures.minor_stop_loss_s,
                   figures.speed_loss_s, figures.defect_loss_s, figures.startup_loss_s,
                   figures.unknown_loss_s, figures.ideal_cycle_s
            FROM (
                SELECT run, equipment, %2$s AS window_start, %3$s AS window_end, %4$s AS day, %5$s, %6$s,
                       sum(late_facts)::bigint AS revision
                FROM %7$I GROUP BY run, equipment, %8$s
            ) AS sums
            CROSS JOIN LATERAL oee_figures(%9$s) AS figures$sql$,
            view.name, view.window_start, view.window_end, view.day, one, sums, view.source,
            view.grouped_by, arguments);
        EXECUTE format('COMMENT ON VIEW %I IS %L', view.name,
            'The same as ' || view.model || ', for long ranges: a row per run, equipment and ' || view.about
            || ', from the sums of ' || view.source || '. Live is run = ''''. To join windows, sum seconds'
            || ' and counts and divide; never average ratios.');
        FOR named IN SELECT attname AS name, col_description(attrelid, attnum) AS about FROM pg_attribute
            WHERE attrelid = view.model::regclass AND attnum > 0
        LOOP
            EXECUTE format('COMMENT ON COLUMN %I.%I IS %L', view.name, named.name, named.about);
        END LOOP;
    END LOOP;
END
$$;

CREATE FUNCTION queue_refresh(samples bigint[], cells bigint[]) RETURNS void LANGUAGE sql AS $$
    SELECT WHERE false
$$;
COMMENT ON FUNCTION queue_refresh IS
    'Notes in which quarters of an hour (numbered since 1970 UTC) samples and cells were stored, if the next refresh would not look at them. The sink calls it in its transaction. Without TimescaleDB nothing is to be refreshed.';

GRANT SELECT, INSERT ON refresh_queue TO plantstream_writer;
GRANT SELECT ON telemetry_retention, stored_aggregate, refresh_queue
    TO plantstream_writer, plantstream_reader, plantstream_auditor;
GRANT SELECT ON oee_hourly, oee_daily TO plantstream_writer, plantstream_reader, plantstream_auditor;

-- migrate:down

DO $$
DECLARE
    shown text;
BEGIN
    DROP VIEW oee_hourly, oee_daily;
    FOR shown IN SELECT name FROM stored_aggregate ORDER BY "position" DESC, name LOOP
        EXECUTE format('DROP VIEW %I', shown);
    END LOOP;
END
$$;
DROP PROCEDURE telemetry_days_in, make_aggregate, show_aggregate;
DROP FUNCTION queue_refresh, aggregate_sums, telemetry_sums, oee_sums, oee_facts;
DROP TABLE stored_aggregate, refresh_queue, telemetry_retention;
