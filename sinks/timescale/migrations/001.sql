-- Tables that the sink writes. People read the views of 002.
-- migrate:up

CREATE TABLE sink_position (
    topic text NOT NULL,
    partition integer NOT NULL,
    next bigint NOT NULL,
    cluster_id text NOT NULL,
    broker_time_ms bigint NOT NULL,
    checksum text NOT NULL,
    stored_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, partition)
);
COMMENT ON TABLE sink_position IS
    'Next offset to store per partition. It moves in the transaction that stores the rows, from the value the writer expects; a writer that finds another value has lost the partition.';
COMMENT ON COLUMN sink_position.checksum IS
    'SHA-256 of the last record stored (it stood at next - 1); it is read again before the sink goes on.';

CREATE TABLE sink_mark (
    source text NOT NULL,
    epoch text NOT NULL,
    topic text NOT NULL,
    key text NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (topic, key, source, epoch)
);
COMMENT ON TABLE sink_mark IS
    'Last seq stored per source, epoch, topic and partition key; an event at or below it is a repeat.';

CREATE TABLE run_equipment (
    run text NOT NULL,
    equipment text NOT NULL,
    first_stored timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (equipment, run)
);
COMMENT ON TABLE run_equipment IS
    'Which equipment has rows in which run, and since when. The run '''' is live.';

CREATE TABLE sample (
    equipment text NOT NULL,
    tag text NOT NULL,
    unit text NOT NULL,
    time timestamptz NOT NULL,
    value double precision,
    quality bigint NOT NULL,
    text text
);
COMMENT ON TABLE sample IS
    'Raw samples of live equipment. No unique index: the position fence makes appending exact.';
CREATE INDEX sample_by_tag ON sample (equipment, tag, time DESC);

CREATE TABLE run_sample (
    run text NOT NULL,
    equipment text NOT NULL,
    tag text NOT NULL,
    unit text NOT NULL,
    time timestamptz NOT NULL,
    value double precision,
    quality bigint NOT NULL,
    text text
);
COMMENT ON TABLE run_sample IS
    'Raw samples of runs (replays). A table of its own, because retention must never eat a recording of years ago.';
CREATE INDEX run_sample_by_tag ON run_sample (run, equipment, tag, time DESC);

CREATE TABLE machine_event (
    run text NOT NULL,
    equipment text NOT NULL,
    time timestamptz NOT NULL,
    type text NOT NULL,
    source text NOT NULL,
    epoch text NOT NULL,
    seq bigint NOT NULL,
    ingest_time timestamptz NOT NULL,
    plant_version text NOT NULL,
    category text,
    reason text,
    batch text,
    product text,
    good bigint,
    scrap bigint,
    rework bigint,
    event jsonb NOT NULL
);
COMMENT ON TABLE machine_event IS
    'Everything that moved an equipment''s numbers, as the edge said it. Columns are null where the type has no such field.';
CREATE INDEX machine_event_by_equipment ON machine_event (run, equipment, time DESC);

CREATE TABLE oee_cell (
    run text NOT NULL,
    equipment text NOT NULL,
    minute timestamptz NOT NULL,
    batch text NOT NULL,
    product text NOT NULL,
    shift text NOT NULL,
    late text NOT NULL,
    day date NOT NULL,
    start timestamptz NOT NULL,
    "end" timestamptz NOT NULL,
    plant_version text NOT NULL,
    not_scheduled_ms bigint NOT NULL,
    planned_stop_ms bigint NOT NULL,
    setup_ms bigint NOT NULL,
    unplanned_stop_ms bigint NOT NULL,
    delay_ms bigint NOT NULL,
    minor_stop_ms bigint NOT NULL,
    running_ms bigint NOT NULL,
    unknown_ms bigint NOT NULL,
    unplanned_running_ms bigint NOT NULL,
    excluded_unknown_ms bigint NOT NULL,
    no_ideal_ms bigint NOT NULL,
    good bigint NOT NULL,
    scrap bigint NOT NULL,
    rework bigint NOT NULL,
    unplanned_good bigint NOT NULL,
    unplanned_scrap bigint NOT NULL,
    unplanned_rework bigint NOT NULL,
    ideal_us bigint NOT NULL,
    ideal_good_us bigint NOT NULL,
    no_ideal_parts bigint NOT NULL,
    PRIMARY KEY (run, equipment, minute, batch, product, shift, late)
);
COMMENT ON TABLE oee_cell IS
    'Additive facts, one row per equipment, minute, batch, product and shift; '''' where there is none. A late fact is a row of its own, named by its event in `late`. The newest record of a cell replaces it.';
CREATE INDEX oee_cell_by_batch ON oee_cell (run, equipment, batch) WHERE batch <> '';
CREATE INDEX oee_cell_by_day ON oee_cell (run, equipment, day);

CREATE TABLE oee_report (
    run text NOT NULL,
    equipment text NOT NULL,
    kind text NOT NULL,
    "window" text NOT NULL,
    start timestamptz NOT NULL,
    revision bigint NOT NULL,
    "end" timestamptz NOT NULL,
    final boolean NOT NULL,
    plant_version text NOT NULL,
    availability double precision,
    effectiveness double precision,
    quality_ratio double precision,
    oee double precision,
    report jsonb NOT NULL,
    PRIMARY KEY (run, equipment, kind, "window", start, revision)
);
COMMENT ON TABLE oee_report IS
    'Shifts and batches as they were reported at the time; a higher revision restates, and does not erase, the one before.';

CREATE TABLE dead_letter (
    id text NOT NULL,
    service text NOT NULL,
    buried_at timestamptz NOT NULL,
    topic text,
    partition bigint,
    record_offset bigint,
    file text,
    line bigint,
    key bytea,
    value bytea,
    size bigint NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (id, service)
);
COMMENT ON TABLE dead_letter IS
    'Records that no service could read or store: where each stood, why, and its first 64 KiB.';

CREATE TABLE audit_entry (
    id text NOT NULL PRIMARY KEY,
    site text NOT NULL,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    before jsonb,
    after jsonb,
    reason text
);
COMMENT ON TABLE audit_entry IS 'Who changed what, when and why; never changed once stored.';
CREATE INDEX audit_entry_by_time ON audit_entry (site, at DESC);

-- migrate:down

DROP TABLE audit_entry, dead_letter, oee_report, oee_cell, machine_event, run_sample, sample,
    run_equipment, sink_mark, sink_position;
