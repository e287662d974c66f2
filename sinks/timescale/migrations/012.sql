-- Records of batches: holds that keep them, and what became of those whose time is over. Nobody deletes or
-- changes a hold; that a record was deleted stays known. Which rows are a record: sinks/timescale/record.py.
-- migrate:up

CREATE TABLE batch_hold (
    site text NOT NULL,
    hold text NOT NULL,
    batch text NOT NULL,
    reason text NOT NULL,
    held_by text NOT NULL,
    held_at timestamptz NOT NULL,
    plant_version text NOT NULL,
    PRIMARY KEY (site, hold)
);
COMMENT ON TABLE batch_hold IS
    'Holds on records of batches, as people said them. Rows are added, never changed. People read the view batch_holds.';
CREATE INDEX batch_hold_by_batch ON batch_hold (site, batch);

CREATE TABLE batch_hold_release (
    site text NOT NULL,
    hold text NOT NULL,
    statement text NOT NULL,
    batch text NOT NULL,
    reason text NOT NULL,
    released_by text NOT NULL,
    released_at timestamptz NOT NULL,
    plant_version text NOT NULL,
    PRIMARY KEY (site, hold)
);
COMMENT ON TABLE batch_hold_release IS
    'What ended holds, the first word on each. Rows are added, never changed. People read the view batch_holds.';

CREATE TABLE batch_deletion (
    site text NOT NULL,
    batch text NOT NULL,
    number bigint NOT NULL,
    decided_at timestamptz NOT NULL,
    entry text NOT NULL,
    deleted_at timestamptz,
    kept_at timestamptz,
    rows jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (site, batch, number)
);
COMMENT ON TABLE batch_deletion IS
    'Records that were to be deleted: entry is what the audit trail was told before, word for word, so that a repeat says the same. People read the view batch_deletions.';

CREATE VIEW batch_holds AS
    SELECT hold.site, hold.batch, ended.hold IS NULL AS stands, hold.reason, hold.held_by, hold.held_at,
           ended.reason AS release_reason, ended.released_by, ended.released_at, hold.hold
    FROM batch_hold AS hold
    LEFT JOIN batch_hold_release AS ended
        ON ended.site = hold.site AND ended.hold = hold.hold AND ended.batch = hold.batch;
COMMENT ON VIEW batch_holds IS
    'Holds on records of batches, a row each. While one stands, nothing of its batch is deleted, however old it is.';

CREATE VIEW batch_deletions AS
    SELECT site, batch, number,
           CASE WHEN deleted_at IS NOT NULL THEN 'deleted' WHEN kept_at IS NOT NULL THEN 'kept'
                ELSE 'decided' END AS state,
           decided_at, deleted_at, kept_at, rows, entry::jsonb ->> 'id' AS audit_entry
    FROM batch_deletion;
COMMENT ON VIEW batch_deletions IS
    'What became of records whose time was over, a row for each decision. What is stored of a batch after its deletion came later.';

DO $$
DECLARE
    named record;
BEGIN
    FOR named IN SELECT * FROM (VALUES
        ('batch_holds', 'site', 'enterprise/site.'),
        ('batch_holds', 'batch', 'The batch, of whatever product of the site.'),
        ('batch_holds', 'stands', 'Whether it holds the record now.'),
        ('batch_holds', 'reason', 'Why it is held.'),
        ('batch_holds', 'held_by', 'Who holds it.'),
        ('batch_holds', 'held_at', 'Since when.'),
        ('batch_holds', 'release_reason', 'Why it is held no longer.'),
        ('batch_holds', 'released_by', 'Who released it.'),
        ('batch_holds', 'released_at', 'When; null while it stands.'),
        ('batch_holds', 'hold', 'Its id.'),
        ('batch_deletions', 'site', 'enterprise/site.'),
        ('batch_deletions', 'batch', 'The batch, of whatever product of the site.'),
        ('batch_deletions', 'number', '1, and one more with each decision on the batch.'),
        ('batch_deletions', 'state', 'decided: it is in the audit trail and about to be done; deleted; kept: a hold or a new fact came between.'),
        ('batch_deletions', 'decided_at', 'When its time was found to be over.'),
        ('batch_deletions', 'deleted_at', 'When its rows were deleted.'),
        ('batch_deletions', 'kept_at', 'When it was found that it is to be kept.'),
        ('batch_deletions', 'rows', 'Rows deleted, by table.'),
        ('batch_deletions', 'audit_entry', 'Id of its entry in the audit trail.')
    ) AS c (view_name, column_name, about)
    LOOP
        EXECUTE format('COMMENT ON COLUMN %I.%I IS %L', named.view_name, named.column_name, named.about);
    END LOOP;
END
$$;

-- Only these columns and tables name the batch; the others find it by their keys.
CREATE INDEX machine_event_by_batch ON machine_event (run, equipment, batch) WHERE batch IS NOT NULL;
CREATE INDEX cycle_cell_by_batch ON cycle_cell (run, equipment, batch) WHERE batch <> '';
CREATE INDEX stop_by_batch ON stop (run, equipment, batch) WHERE batch IS NOT NULL;

GRANT SELECT, INSERT ON batch_hold, batch_hold_release, batch_deletion TO plantstream_writer;
GRANT DELETE ON batch_sample TO plantstream_writer;
GRANT UPDATE (deleted_at, kept_at, rows) ON batch_deletion TO plantstream_writer;
GRANT SELECT ON batch_hold, batch_hold_release, batch_deletion TO plantstream_reader, plantstream_auditor;
GRANT SELECT ON batch_holds, batch_deletions TO plantstream_writer, plantstream_reader, plantstream_auditor;

-- migrate:down

REVOKE DELETE ON batch_sample FROM plantstream_writer;
DROP INDEX stop_by_batch, cycle_cell_by_batch, machine_event_by_batch;
DROP VIEW batch_deletions, batch_holds;
DROP TABLE batch_deletion, batch_hold_release, batch_hold;
