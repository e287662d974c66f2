-- What a batch summary needs: samples of critical tags kept with their batches, time zones
-- of plants. A batch ends long after its first samples came, and some come later still; so what
-- has arrived is noted in batch_sample_due, in the transaction that stores it, and copied soon after.
-- migrate:up

ALTER TABLE plant_file ADD COLUMN time_zone text;
COMMENT ON COLUMN plant_file.time_zone IS 'The plant''s, such as America/Mexico_City.';
UPDATE plant_file SET time_zone = substring(text FROM '(?n)^time_zone:\s*["'']?([A-Za-z0-9_+/-]+)');
ALTER TABLE plant_file ADD COLUMN products jsonb NOT NULL DEFAULT '[]';
COMMENT ON COLUMN plant_file.products IS
    'Array of {id, name, tests}, tests an array of {id, name}; empty of files that were stored before 011.';

CREATE TABLE critical_tag (
    site text NOT NULL,
    plant_version text NOT NULL,
    equipment text NOT NULL,
    tag text NOT NULL,
    unit text NOT NULL,
    lower double precision,
    upper double precision,
    PRIMARY KEY (equipment, tag, plant_version)
);
COMMENT ON TABLE critical_tag IS
    'Tags that a version of a plant file calls critical, with the limits that it gives them. What any version calls so is kept with batches.';

CREATE TABLE batch_sample (
    run text NOT NULL,
    equipment text NOT NULL,
    tag text NOT NULL,
    unit text NOT NULL,
    time timestamptz NOT NULL,
    value double precision,
    quality bigint NOT NULL,
    text text,
    kept_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE batch_sample IS
    'Samples of critical tags from times in which their equipment made a batch: a record of the batch, never dropped by the age of telemetry. Copied from sample and run_sample by keep_batch_samples, so those have to keep a sample for an hour at least after it was stored. Several batches of one time share them. People read batch_samples and batch_critical_tags.';
COMMENT ON COLUMN batch_sample.kept_at IS 'When it was copied.';
CREATE UNIQUE INDEX batch_sample_once
    ON batch_sample (run, equipment, tag, time, value, quality, md5(text)) NULLS NOT DISTINCT;

CREATE TABLE batch_sample_due (
    run text NOT NULL,
    equipment text NOT NULL,
    first timestamptz NOT NULL,
    last timestamptz NOT NULL,
    due_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE batch_sample_due IS
    'Where keep_batch_samples has to look from due_at on: samples arrived, a batch was told anew, or a tag became critical. A row goes in the transaction that copies.';

CREATE FUNCTION batch_samples_are_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO batch_sample_due (run, equipment, first, last)
        VALUES (NEW.run, NEW.equipment, NEW.start, coalesce(NEW."end", 'infinity'));
    RETURN NULL;
END
$$;
CREATE TRIGGER batch_samples_are_due AFTER INSERT OR UPDATE ON batch_made
    FOR EACH ROW WHEN (NOT NEW.withdrawn) EXECUTE FUNCTION batch_samples_are_due();

-- Whoever stores samples at this moment does not see the tag yet and notes nothing: once more in a while.
CREATE FUNCTION critical_tag_is_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO batch_sample_due (run, equipment, first, last, due_at)
        SELECT run, equipment, start, coalesce("end", 'infinity'), now() + wait
        FROM batch_made CROSS JOIN unnest(ARRAY[interval '0', interval '10 minutes']) AS wait
        WHERE equipment = NEW.equipment AND NOT withdrawn;
    RETURN NULL;
END
$$;
CREATE TRIGGER critical_tag_is_due AFTER INSERT ON critical_tag
    FOR EACH ROW EXECUTE FUNCTION critical_tag_is_due();

CREATE INDEX batch_made_by_equipment ON batch_made (equipment, run, start);

CREATE FUNCTION keep_batch_samples(at_most integer DEFAULT 1000) RETURNS bigint LANGUAGE sql AS $$
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

CREATE VIEW batch_samples AS
    SELECT made.run, made.site, made.product, made.batch, made.equipment, kept.tag, kept.time,
           kept.value, kept.text, kept.quality, kept.unit
    FROM batch_made AS made
    JOIN batch_sample AS kept ON kept.run = made.run AND kept.equipment = made.equipment
        AND kept.time >= made.start AND kept.time < coalesce(made."end", 'infinity')
    WHERE NOT made.withdrawn;
COMMENT ON VIEW batch_samples IS
    'Samples of critical tags while their equipment made the batch, from its first moment up to and without its end. They are kept as long as the batch. Live is run = ''''.';

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
    FOR named IN SELECT view_name, column_name, about FROM (VALUES
        ('', 'run', 'The replay it belongs to; '''' is live.'),
        ('', 'site', 'enterprise/site.'),
        ('', 'product', 'Id of the product.'),
        ('', 'batch', 'Its batch.'),
        ('', 'equipment', 'enterprise/site/area/line/equipment.'),
        ('', 'tag', 'Name of the tag in the plant file.'),
        ('', 'unit', 'Unit of the values.'),
        ('batch_samples', 'time', 'When the source says it was sampled.'),
        ('batch_samples', 'value', 'The number, in `unit`; booleans are 0 and 1; null for texts and for bad samples without a value.'),
        ('batch_samples', 'text', 'The text, where the tag has texts.'),
        ('batch_samples', 'quality', 'OPC UA status code; 0 is Good.'),
        ('batch_critical_tags', 'samples', 'Samples kept, bad ones as well.'),
        ('batch_critical_tags', 'bad_samples', 'Of those, how many are not Good (OPC UA status code); they have no part in the figures.'),
        ('batch_critical_tags', 'minimum', 'Least value, in `unit`.'),
        ('batch_critical_tags', 'mean', 'Mean over time, in `unit`: values weighted with the time for which they held.'),
        ('batch_critical_tags', 'maximum', 'Greatest value, in `unit`.'),
        ('batch_critical_tags', 'first_at', 'Time of the first sample.'),
        ('batch_critical_tags', 'last_at', 'Time of the last sample.'),
        ('batch_critical_tags', 'longest_gap_s', 'Longest time without a sample, s, from the beginning of the batch to its end; null without any sample. Tags that tell changes only may be silent for long.'),
        ('batch_critical_tags', 'lower_limit', '`limits.lower` of the tag in the plant file of the batch, in `unit`; null: none, or that file is not stored.'),
        ('batch_critical_tags', 'upper_limit', 'As lower_limit, above.'),
        ('batch_critical_tags', 'below_s', 'Time below lower_limit, s; null without that limit.'),
        ('batch_critical_tags', 'above_s', 'Time above upper_limit, s; null without that limit.')
    ) AS c (of_view, column_name, about)
    JOIN (SELECT unnest(ARRAY['batch_samples', 'batch_critical_tags'])
        AS view_name) AS v ON of_view IN ('', view_name)
    JOIN pg_attribute ON attrelid = view_name::regclass AND attname = column_name
    ORDER BY of_view
    LOOP
        EXECUTE format('COMMENT ON COLUMN %I.%I IS %L', named.view_name, named.column_name, named.about);
    END LOOP;
END
$$;

-- Samples that are kept are never changed; rows of due come and go.
GRANT SELECT, INSERT ON batch_sample TO plantstream_writer;
GRANT SELECT, INSERT, UPDATE, DELETE ON batch_sample_due, critical_tag TO plantstream_writer;
GRANT SELECT ON batch_sample, critical_tag TO plantstream_reader, plantstream_auditor;
GRANT SELECT ON batch_samples, batch_critical_tags
    TO plantstream_writer, plantstream_reader, plantstream_auditor;

-- migrate:down

DROP VIEW batch_critical_tags, batch_samples;
DROP TRIGGER batch_samples_are_due ON batch_made;
DROP INDEX batch_made_by_equipment;
DROP FUNCTION keep_batch_samples;
DROP TABLE batch_sample_due, batch_sample, critical_tag;
DROP FUNCTION batch_samples_are_due, critical_tag_is_due;
ALTER TABLE plant_file DROP COLUMN products, DROP COLUMN time_zone;
