-- What laboratories and people said. No hypertables: a few thousand rows a day at most, looked up by
-- batch and kept as records; nothing of it is ever dropped by age.
-- migrate:up

CREATE TABLE test_result (
    run text NOT NULL,
    site text NOT NULL,
    product text NOT NULL,
    statement text NOT NULL,
    test text NOT NULL,
    batch text,
    sample text,
    text text,
    comparator text,
    unit text NOT NULL,
    method text,
    instrument text,
    analyst text,
    corrects text,
    reason text,
    stated_by text NOT NULL,
    source text NOT NULL,
    epoch text NOT NULL,
    plant_version text NOT NULL,
    time timestamptz NOT NULL,
    sample_time timestamptz,
    ingest_time timestamptz NOT NULL,
    revision bigint NOT NULL,
    seq bigint NOT NULL,
    number double precision,
    retest boolean NOT NULL
);
COMMENT ON TABLE test_result IS
    'Results of laboratory tests as they were stated. Never changed: a correction is a row of its own that names the statement it corrects. Live is run = ''''.';
COMMENT ON COLUMN test_result.time IS 'When the test was made.';
COMMENT ON COLUMN test_result.ingest_time IS 'When the edge was told.';
COMMENT ON COLUMN test_result.number IS
    'The result, in `unit`; with comparator < or > the limit below or above which the true value lies.';
CREATE INDEX test_result_by_product ON test_result (site, product, test, time DESC);
CREATE INDEX test_result_by_batch ON test_result (batch, test);
CREATE INDEX test_result_by_statement ON test_result (statement);

CREATE TABLE disposition (
    run text NOT NULL,
    site text NOT NULL,
    product text NOT NULL,
    statement text NOT NULL,
    batch text NOT NULL,
    decision text NOT NULL,
    reason text,
    stated_by text NOT NULL,
    source text NOT NULL,
    epoch text NOT NULL,
    plant_version text NOT NULL,
    time timestamptz NOT NULL,
    ingest_time timestamptz NOT NULL,
    seq bigint NOT NULL
);
COMMENT ON TABLE disposition IS
    'What was decided on batches (release, reject, hold), each decision a row. Live is run = ''''.';
CREATE INDEX disposition_by_batch ON disposition (batch, time DESC);

CREATE TABLE operator_act (
    run text NOT NULL,
    site text NOT NULL,
    statement text NOT NULL,
    type text NOT NULL,
    stated_by text NOT NULL,
    source text NOT NULL,
    epoch text NOT NULL,
    plant_version text NOT NULL,
    time timestamptz NOT NULL,
    ingest_time timestamptz NOT NULL,
    seq bigint NOT NULL,
    act jsonb NOT NULL
);
COMMENT ON TABLE operator_act IS
    'What people did about alerts (acknowledgement, silence), as they said it. Live is run = ''''.';
CREATE INDEX operator_act_by_time ON operator_act (site, time DESC);

-- migrate:down

DROP TABLE operator_act, disposition, test_result;
