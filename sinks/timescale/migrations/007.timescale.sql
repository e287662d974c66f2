-- Heartbeats as hypertables: they are many, and one day old ones may go. Alerts, answers and messages are
-- records of a few thousand rows a day that are looked up by alert, and stay plain tables.
-- migrate:up

-- One week: 20 sources that say every 5 s how they are make 2.4 million rows a week, 400 MB with the index.
SELECT create_hypertable('edge_heartbeat', by_range('time', INTERVAL '7 days'),
    create_default_indexes => false, migrate_data => true);
SELECT create_hypertable('source_heartbeat', by_range('time', INTERVAL '7 days'),
    create_default_indexes => false, migrate_data => true);

-- migrate:down

-- A hypertable cannot be turned back, so its rows move into a plain table of the same shape.
DO $$
DECLARE
    hyper text;
    about text;
BEGIN
    FOREACH hyper IN ARRAY ARRAY['edge_heartbeat', 'source_heartbeat'] LOOP
        about := obj_description(hyper::regclass);
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', hyper || '_plain', hyper);
        EXECUTE format('INSERT INTO %I SELECT * FROM %I', hyper || '_plain', hyper);
        EXECUTE format('DROP TABLE %I', hyper);
        EXECUTE format('ALTER TABLE %I RENAME TO %I', hyper || '_plain', hyper);
        EXECUTE format('COMMENT ON TABLE %I IS %L', hyper, about);
    END LOOP;
END
$$;
