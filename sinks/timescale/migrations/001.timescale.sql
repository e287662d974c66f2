-- Hypertables. A chunk is what is dropped, compressed and held in memory at once.
-- migrate:up

CREATE EXTENSION IF NOT EXISTS timescaledb;

-- One day: retention is 7 days and drops whole chunks; a plant of 1,000 tags at 1/10 Hz fills
-- 8.6 million rows (1 GB with the index) a day, which fits in a quarter of a small server's memory.
SELECT create_hypertable('sample', by_range('time', INTERVAL '1 day'),
    create_default_indexes => false, migrate_data => true);

-- One week: recordings span days to months and are read whole; they are never dropped by age.
SELECT create_hypertable('run_sample', by_range('time', INTERVAL '7 days'),
    create_default_indexes => false, migrate_data => true);

-- One week: a few events per equipment and minute, kept as a record for years.
SELECT create_hypertable('machine_event', by_range('time', INTERVAL '7 days'),
    create_default_indexes => false, migrate_data => true);

-- Thirty days: 50 machines give 2.2 million cells a month (under 1 GB), kept for years; fewer
-- chunks keep planning of long queries cheap.
SELECT create_hypertable('oee_cell', by_range('minute', INTERVAL '30 days'),
    create_default_indexes => false, migrate_data => true);

-- migrate:down

-- A hypertable cannot be turned back, so its rows move into a plain table of the same shape.
DO $$
DECLARE
    hyper text;
    about text;
BEGIN
    FOREACH hyper IN ARRAY ARRAY['sample', 'run_sample', 'machine_event', 'oee_cell'] LOOP
        about := obj_description(hyper::regclass);
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', hyper || '_plain', hyper);
        EXECUTE format('INSERT INTO %I SELECT * FROM %I', hyper || '_plain', hyper);
        EXECUTE format('DROP TABLE %I', hyper);
        EXECUTE format('ALTER TABLE %I RENAME TO %I', hyper || '_plain', hyper);
        EXECUTE format('COMMENT ON TABLE %I IS %L', hyper, about);
    END LOOP;
END
$$;
