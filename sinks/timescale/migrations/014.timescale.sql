-- The aggregates of 014 as continuous aggregates, and the jobs that refresh, drop and compress them.
-- A job never computes a bucket again whose source is gone: see docs/adr/0006 and docs/telemetry.md.
-- migrate:up

-- Samples that came after their time was dropped, on their way into the aggregates; empty otherwise.
CREATE TABLE late_sample (LIKE sample);
COMMENT ON TABLE late_sample IS
    'Where refresh_aggregates adds up samples of times whose other samples are gone; empty between its runs.';

CREATE FUNCTION stored_table(aggregate text) RETURNS regclass LANGUAGE sql STABLE AS $$
    SELECT format('%I.%I', materialization_hypertable_schema, materialization_hypertable_name)::regclass
    FROM timescaledb_information.continuous_aggregates
    WHERE view_schema = current_schema() AND view_name = aggregate || '_stored'
$$;
COMMENT ON FUNCTION stored_table IS 'The hypertable that holds an aggregate.';

CREATE FUNCTION bucket_begin(aggregate stored_aggregate, at timestamptz) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN aggregate.zone IS NULL THEN date_bin(aggregate.width, at, '2000-01-03Z')
                ELSE date_trunc('day', at, aggregate.zone) END
$$;
COMMENT ON FUNCTION bucket_begin IS 'Beginning of the bucket that this moment is in.';

CREATE FUNCTION bucket_end(aggregate stored_aggregate, at timestamptz) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN bucket_begin(aggregate, at) = at THEN at
        WHEN aggregate.zone IS NULL THEN bucket_begin(aggregate, at) + aggregate.width
        ELSE (bucket_begin(aggregate, at) AT TIME ZONE aggregate.zone + aggregate.width) AT TIME ZONE aggregate.zone END
$$;
COMMENT ON FUNCTION bucket_end IS 'End of the bucket that this moment is in; the moment itself, if a bucket begins there.';

-- Chunks: the newest of an aggregate has 2.9 million rows of 1,000 tags (some 400 MB) whatever its resolution.
CREATE OR REPLACE PROCEDURE make_aggregate(aggregate stored_aggregate) LANGUAGE plpgsql AS $$
DECLARE
    stored text := aggregate.name || '_stored';
    of_telemetry boolean := aggregate.root = 'sample';
    named record;
    chunk interval := CASE WHEN aggregate.zone IS NOT NULL THEN interval '1800 days' ELSE CASE aggregate.name
        WHEN 'telemetry_1m' THEN interval '2 days' WHEN 'telemetry_5m' THEN interval '10 days'
        WHEN 'telemetry_15m' THEN interval '30 days' WHEN 'telemetry_1h' THEN interval '120 days'
        WHEN 'oee_1h' THEN interval '360 days' ELSE interval '1800 days' END END;
BEGIN
    EXECUTE format('CREATE MATERIALIZED VIEW %I WITH (timescaledb.continuous,'
        ' timescaledb.materialized_only = false, timescaledb.create_group_indexes = false) AS %s WITH NO DATA',
        stored, aggregate_sums(aggregate, true));
    EXECUTE format('COMMENT ON VIEW %I IS %L', stored, 'Continuous aggregate. People read ' || aggregate.name || '.');
    PERFORM set_chunk_time_interval(stored_table(aggregate.name), chunk);
    EXECUTE format('CREATE INDEX ON %I (%s, bucket DESC)', stored,
        CASE WHEN of_telemetry THEN 'equipment, tag' ELSE 'run, equipment' END);
    EXECUTE format('ALTER MATERIALIZED VIEW %I SET (timescaledb.compress, timescaledb.compress_segmentby = %L,'
        ' timescaledb.compress_orderby = ''bucket'')',
        stored, CASE WHEN of_telemetry THEN 'equipment, tag' ELSE 'run, equipment' END);
    IF NOT of_telemetry THEN
        EXECUTE format('CREATE INDEX ON %I (run, day)', stored);
    END IF;
    CALL show_aggregate(aggregate.name, format('SELECT * FROM %I', stored));
    FOR named IN SELECT attname AS name, col_description(attrelid, attnum) AS about FROM pg_attribute
        WHERE attrelid = format('%I', aggregate.name)::regclass AND attnum > 0 AND attname <> 'average'
    LOOP
        EXECUTE format('COMMENT ON COLUMN %I.%I IS %L', stored, named.name, named.about);
    END LOOP;
END
$$;

DO $$
DECLARE
    aggregate stored_aggregate;
BEGIN
    FOR aggregate IN SELECT * FROM stored_aggregate ORDER BY "position" LOOP
        CALL make_aggregate(aggregate);
    END LOOP;
END
$$;

-- A refresh looks two hours back behind the one before it. What is an hour old when it is stored is
-- queued: the other hour is for transactions that take long.
CREATE OR REPLACE FUNCTION queue_refresh(samples bigint[], cells bigint[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO refresh_queue (source, bucket)
    SELECT source, to_timestamp(slot * 900)
    FROM (SELECT 'sample' AS source, unnest(samples) AS slot UNION ALL SELECT 'oee_cell', unnest(cells)) AS touched
    WHERE to_timestamp(slot * 900) < now() - interval '1 hour'
$$;

CREATE PROCEDURE refresh_between(aggregate stored_aggregate, begins timestamptz, ends timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
    gone timestamptz := (SELECT dropped_before FROM telemetry_retention WHERE level = aggregate.source_level);
    lower timestamptz := greatest(bucket_begin(aggregate, begins), bucket_end(aggregate, gone));
BEGIN
    IF lower IS NULL OR lower < ends THEN
        CALL refresh_continuous_aggregate(format('%I', aggregate.name || '_stored')::regclass, lower, ends);
        -- What changed is told to the aggregates that are made of this one when the transaction ends.
        COMMIT;
    END IF;
END
$$;
COMMENT ON PROCEDURE refresh_between IS
    'Computes the buckets of an aggregate anew in which something changed, from the bucket of begins (null: the first) to ends; never those whose source is dropped.';

CREATE PROCEDURE refresh_aggregates(job_id integer DEFAULT 0, config jsonb DEFAULT '{}') LANGUAGE plpgsql AS $$
DECLARE
    moment timestamptz := coalesce((config ->> 'now')::timestamptz, now());
    aggregate stored_aggregate;
    complete timestamptz;
    given text;
    taken bigint[];
    parts tstzrange[];
    part tstzrange;
BEGIN
    PERFORM pg_advisory_lock(7140292);
    FOREACH given IN ARRAY ARRAY(SELECT DISTINCT time_zone FROM plant_file
        WHERE time_zone NOT IN (SELECT zone FROM stored_aggregate WHERE zone IS NOT NULL)
            AND time_zone IN (SELECT name FROM pg_timezone_names))
    LOOP
        CALL telemetry_days_in(given);
    END LOOP;
    COMMIT;
    CALL merge_late_samples();
    COMMIT;
    -- By number, not up to one: a transaction that is still open may hold a smaller one.
    taken := ARRAY(SELECT number FROM refresh_queue ORDER BY number LIMIT 100000);
    FOREACH aggregate IN ARRAY ARRAY(SELECT one FROM stored_aggregate AS one ORDER BY "position", name) LOOP
        complete := bucket_begin(aggregate, moment);
        CALL refresh_between(aggregate, aggregate.refreshed_at - interval '2 hours', complete);
        parts := ARRAY(SELECT unnest(range_agg(tstzrange(bucket_begin(aggregate, bucket),
                bucket_end(aggregate, bucket + interval '15 minutes'))))
            FROM refresh_queue WHERE number = ANY (taken) AND source = aggregate.root);
        FOREACH part IN ARRAY parts LOOP
            CALL refresh_between(aggregate, lower(part), least(upper(part), complete));
        END LOOP;
        UPDATE stored_aggregate SET refreshed_at = greatest(refreshed_at, moment) WHERE name = aggregate.name;
        IF aggregate.refreshed_at IS NULL THEN
            EXECUTE format('ANALYZE %s', stored_table(aggregate.name));
        END IF;
        COMMIT;
    END LOOP;
    DELETE FROM refresh_queue WHERE number = ANY (taken);
    PERFORM pg_advisory_unlock(7140292);
END
$$;
COMMENT ON PROCEDURE refresh_aggregates IS
    'Refreshes all aggregates, finest first: what is new since the last time, and what refresh_queue names. Makes daily aggregates for time zones of new plant files. A job calls it every 5 minutes; killed and called again it comes to the same.';

CREATE PROCEDURE merge_late_samples() LANGUAGE plpgsql AS $$
DECLARE
    gone timestamptz := (SELECT dropped_before FROM telemetry_retention WHERE level = 'raw');
    aggregate stored_aggregate;
BEGIN
    -- Samples of critical tags have to be with their batches before they go.
    WHILE EXISTS (SELECT FROM batch_sample_due WHERE run = '' AND first < gone AND due_at <= now()) LOOP
        PERFORM keep_batch_samples(1000);
    END LOOP;
    WITH late AS (DELETE FROM sample WHERE time < gone RETURNING *)
    INSERT INTO late_sample (equipment, tag, unit, time, value, quality, text)
        SELECT equipment, tag, unit, time, value, quality, text FROM late;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    INSERT INTO refresh_queue (source, bucket)
        SELECT DISTINCT 'sample', date_bin('15 minutes', time, '2000-01-03Z') FROM late_sample;
    FOR aggregate IN SELECT * FROM stored_aggregate WHERE root = 'sample' ORDER BY "position", name LOOP
        CALL merge_into(aggregate);
    END LOOP;
    DELETE FROM late_sample;
END
$$;
COMMENT ON PROCEDURE merge_late_samples IS
    'Takes samples of times whose other samples are dropped out of the table sample, and adds them to those aggregates that cannot be computed again, in one transaction. The others follow by refresh_queue.';

CREATE PROCEDURE merge_into(aggregate stored_aggregate) LANGUAGE plpgsql AS $$
DECLARE
    source_gone timestamptz := (SELECT dropped_before FROM telemetry_retention WHERE level = aggregate.source_level);
    own_gone timestamptz := (SELECT dropped_before FROM telemetry_retention WHERE level = aggregate.level);
    columns text := 'bucket, equipment, tag, samples, total, minimum, maximum, first_value, last_value,'
        ' first_at, last_at, bad_samples';
    bounds tstzrange;
BEGIN
    CREATE TEMPORARY TABLE IF NOT EXISTS late_bucket (
        bucket timestamptz, equipment text, tag text, samples bigint, total double precision,
        minimum double precision, maximum double precision, first_value double precision,
        last_value double precision, first_at timestamptz, last_at timestamptz, bad_samples bigint);
    DELETE FROM late_bucket;
    EXECUTE format('INSERT INTO late_bucket (%1$s) SELECT %1$s FROM (%2$s) AS sums'
        ' WHERE bucket < $1 AND bucket >= coalesce($2, ''-infinity'')', columns,
        telemetry_sums('late_sample', aggregate.width, aggregate.zone, true)) USING source_gone, own_gone;
    SELECT tstzrange(min(bucket), max(bucket), '[]') INTO bounds FROM late_bucket HAVING count(*) > 0;
    IF bounds IS NULL THEN
        RETURN;
    END IF;
    EXECUTE format($sql$
        WITH joined AS (
            UPDATE %1$s AS kept SET
                samples = kept.samples + late.samples, bad_samples = kept.bad_samples + late.bad_samples,
                total = coalesce(kept.total + late.total, kept.total, late.total),
                minimum = least(kept.minimum, late.minimum), maximum = greatest(kept.maximum, late.maximum),
                first_value = CASE WHEN kept.first_at <= late.first_at OR late.first_at IS NULL
                    THEN kept.first_value ELSE late.first_value END,
                last_value = CASE WHEN kept.last_at > late.last_at OR late.last_at IS NULL
                    THEN kept.last_value ELSE late.last_value END,
                first_at = least(kept.first_at, late.first_at), last_at = greatest(kept.last_at, late.last_at)
            FROM late_bucket AS late
            WHERE kept.bucket BETWEEN lower($1) AND upper($1) AND kept.bucket = late.bucket
                AND kept.equipment = late.equipment AND kept.tag = late.tag
            RETURNING kept.bucket, kept.equipment, kept.tag
        )
        INSERT INTO %1$s (%2$s) SELECT %2$s FROM late_bucket AS late
        WHERE NOT EXISTS (SELECT FROM joined WHERE joined.bucket = late.bucket
            AND joined.equipment = late.equipment AND joined.tag = late.tag)
        $sql$, stored_table(aggregate.name), columns) USING bounds;
END
$$;
COMMENT ON PROCEDURE merge_into IS
    'Adds late_sample to an aggregate: to the buckets whose source is dropped, and which are not dropped themselves.';

CREATE PROCEDURE drop_telemetry(job_id integer DEFAULT 0, config jsonb DEFAULT '{}') LANGUAGE plpgsql AS $$
DECLARE
    moment timestamptz := coalesce((config ->> 'now')::timestamptz, now());
    one telemetry_retention;
    aggregate stored_aggregate;
    begins timestamptz;
    ends timestamptz;
BEGIN
    PERFORM pg_advisory_lock(7140292);
    CALL refresh_aggregates(job_id, config);
    FOREACH one IN ARRAY ARRAY(SELECT r FROM telemetry_retention AS r WHERE keep IS NOT NULL ORDER BY "position") LOOP
        SELECT min(range_start), max(range_end) INTO begins, ends
            FROM timescaledb_information.chunks
            WHERE format('%I.%I', hypertable_schema, hypertable_name)::regclass = ANY (telemetry_tables(one.level))
                AND range_end <= moment - one.keep;
        CONTINUE WHEN ends IS NULL;
        -- Samples of critical tags have to be with their batches before they go.
        WHILE one.level = 'raw'
            AND EXISTS (SELECT FROM batch_sample_due WHERE run = '' AND first < ends AND due_at <= now())
        LOOP
            PERFORM keep_batch_samples(1000);
        END LOOP;
        COMMIT;
        -- What changed there and was never asked for is added up now: it is the last time.
        FOREACH aggregate IN ARRAY ARRAY(SELECT a FROM stored_aggregate AS a
            WHERE root = 'sample' AND "position" > one."position" ORDER BY "position", name)
        LOOP
            CALL refresh_between(aggregate, begins, bucket_end(aggregate, ends));
        END LOOP;
        -- Nobody stores samples for a moment, so what is stored is either added up or queued.
        PERFORM set_config('lock_timeout', '10s', true);
        LOCK TABLE sample IN SHARE ROW EXCLUSIVE MODE;
        IF NOT EXISTS (SELECT FROM refresh_queue WHERE source = 'sample' AND bucket < ends)
            AND NOT EXISTS (SELECT FROM batch_sample_due WHERE one.level = 'raw' AND run = '' AND first < ends)
        THEN
            IF one.level = 'raw' THEN
                PERFORM drop_chunks('sample', older_than => ends);
            END IF;
            PERFORM drop_chunks(format('%I', name || '_stored')::regclass, older_than => ends)
                FROM stored_aggregate WHERE level = one.level;
            UPDATE telemetry_retention SET dropped_before = greatest(dropped_before, ends) WHERE level = one.level;
        END IF;
        COMMIT;
    END LOOP;
    PERFORM pg_advisory_unlock(7140292);
END
$$;
COMMENT ON PROCEDURE drop_telemetry IS
    'Drops telemetry that is older than telemetry_retention says, in whole chunks, once all that is made of it has it. What rows came for meanwhile waits for the next time. A job calls it every 6 hours.';

CREATE FUNCTION telemetry_tables(of_level text) RETURNS regclass[] LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN of_level = 'raw' THEN ARRAY['sample'::regclass]
        ELSE ARRAY(SELECT stored_table(name) FROM stored_aggregate WHERE level = of_level ORDER BY name) END
$$;
COMMENT ON FUNCTION telemetry_tables IS 'The hypertables of a level of telemetry.';

CREATE PROCEDURE compress_telemetry(job_id integer DEFAULT 0, config jsonb DEFAULT '{}') LANGUAGE plpgsql AS $$
DECLARE
    moment timestamptz := coalesce((config ->> 'now')::timestamptz, now());
    chunk regclass;
BEGIN
    PERFORM pg_advisory_lock(7140292);
    FOREACH chunk IN ARRAY ARRAY(
        SELECT format('%I.%I', chunk_schema, chunk_name)::regclass
        FROM telemetry_retention JOIN timescaledb_information.chunks
            ON format('%I.%I', hypertable_schema, hypertable_name)::regclass = ANY (telemetry_tables(level))
        WHERE range_end <= moment - compress_after ORDER BY range_end)
    LOOP
        PERFORM compress_chunk(chunk, if_not_compressed => true);
        COMMIT;
    END LOOP;
    PERFORM pg_advisory_unlock(7140292);
END
$$;
COMMENT ON PROCEDURE compress_telemetry IS
    'Compresses chunks of telemetry that are older than telemetry_retention says. A job calls it every 12 hours.';

-- One series of a tag after the other, in the order of time: so are they asked for, and so they compress best.
ALTER TABLE sample SET (timescaledb.compress, timescaledb.compress_segmentby = 'equipment, tag',
    timescaledb.compress_orderby = 'time');
ALTER TABLE oee_cell SET (timescaledb.compress, timescaledb.compress_segmentby = 'run, equipment',
    timescaledb.compress_orderby = 'minute, batch, product, shift, late');
-- Two months: late facts and corrections of the last weeks still find rows that are changed in place.
SELECT add_compression_policy('oee_cell', compress_after => INTERVAL '60 days');

SELECT add_job('refresh_aggregates', '5 minutes');
SELECT add_job('drop_telemetry', '6 hours');
SELECT add_job('compress_telemetry', '12 hours');

-- migrate:down

DO $$
DECLARE
    aggregate stored_aggregate;
    job integer;
BEGIN
    FOR job IN SELECT job_id FROM timescaledb_information.jobs
        WHERE proc_schema = current_schema() AND proc_name IN ('refresh_aggregates', 'drop_telemetry', 'compress_telemetry')
    LOOP
        PERFORM delete_job(job);
    END LOOP;
    PERFORM remove_compression_policy('oee_cell');
    PERFORM decompress_chunk(format('%I.%I', chunk_schema, chunk_name)::regclass, if_compressed => true)
        FROM timescaledb_information.chunks
        WHERE hypertable_schema = current_schema() AND hypertable_name IN ('sample', 'oee_cell');
    FOR aggregate IN SELECT * FROM stored_aggregate ORDER BY "position" LOOP
        CALL show_aggregate(aggregate.name, aggregate_sums(aggregate, false));
    END LOOP;
    FOR aggregate IN SELECT * FROM stored_aggregate ORDER BY "position" DESC LOOP
        EXECUTE format('DROP MATERIALIZED VIEW %I', aggregate.name || '_stored');
    END LOOP;
    -- All of it is computed from what there is from now on.
    UPDATE stored_aggregate SET refreshed_at = NULL;
    UPDATE telemetry_retention SET dropped_before = NULL;
END
$$;
ALTER TABLE sample SET (timescaledb.compress = false);
ALTER TABLE oee_cell SET (timescaledb.compress = false);
DELETE FROM refresh_queue;
DROP PROCEDURE refresh_aggregates, drop_telemetry, compress_telemetry, merge_late_samples, merge_into, refresh_between;
CREATE OR REPLACE PROCEDURE make_aggregate(aggregate stored_aggregate) LANGUAGE plpgsql AS $$
BEGIN
    CALL show_aggregate(aggregate.name, aggregate_sums(aggregate, false));
END
$$;
CREATE OR REPLACE FUNCTION queue_refresh(samples bigint[], cells bigint[]) RETURNS void LANGUAGE sql AS $$
    SELECT WHERE false
$$;
DROP FUNCTION telemetry_tables, bucket_begin, bucket_end, stored_table;
DROP TABLE late_sample;
