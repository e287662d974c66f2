-- The audit trail: records in a chain, which nobody changes; and the roles that people and services
-- have in the database. Roles belong to the whole server, so going back leaves them.
-- migrate:up

DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['plantstream_owner', 'plantstream_writer', 'plantstream_reader', 'plantstream_auditor']
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role);
        END IF;
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), role);
    END LOOP;
END
$$;

CREATE TABLE audit_record (
    site text NOT NULL,
    number bigint NOT NULL,
    previous text NOT NULL,
    hash text NOT NULL,
    entry text NOT NULL,
    at timestamptz NOT NULL,
    id text NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    reason text,
    stored_at timestamptz NOT NULL DEFAULT now(),
    -- The hash is part of the key: a second chain is stored beside the first, and seen, never hidden.
    PRIMARY KEY (site, number, hash)
);
COMMENT ON TABLE audit_record IS
    'The audit trail of each site: number counts up from 1, and hash (SHA-256 of the canonical JSON of entry, number, previous and site) holds each record to the one before. Rows are added, never changed. People read the view audit_trail; `plantstream audit verify` examines it.';
COMMENT ON COLUMN audit_record.previous IS 'Hash of the record before it; 64 zeros in the first one.';
COMMENT ON COLUMN audit_record.entry IS
    'The entry as canonical JSON (RFC 8785), byte for byte what was hashed; the columns after it repeat parts of it.';
CREATE INDEX audit_record_by_time ON audit_record (site, at DESC);
CREATE INDEX audit_record_by_subject ON audit_record (subject, at DESC);

CREATE FUNCTION audit_record_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is never changed: % of % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege', HINT = 'What was wrong is corrected by a new act.';
END
$$;
CREATE TRIGGER audit_record_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_record
    FOR EACH STATEMENT EXECUTE FUNCTION audit_record_is_kept();

-- JSON may hold the character U+0000 and jsonb may not: it is shown as its sign, U+2400.
CREATE FUNCTION audit_json(entry text) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT regexp_replace(entry, '(?<!\\)((?:\\\\)*)\\u0000', '\1\\u2400', 'g')::jsonb
$$;
COMMENT ON FUNCTION audit_json IS 'The entry of an audit record, to ask for its parts.';

CREATE VIEW audit_trail AS
    SELECT site, number, at, actor, action, subject, reason,
           audit_json(entry) -> 'before' AS before, audit_json(entry) -> 'after' AS after,
           id, hash, stored_at
    FROM audit_record;
COMMENT ON VIEW audit_trail IS
    'Who changed what, when and why, as it was said. Order by site and number. A number that stands twice is a fork: run `plantstream audit verify`.';
COMMENT ON COLUMN audit_trail.site IS 'enterprise/site.';
COMMENT ON COLUMN audit_trail.number IS 'Place in the chain of the site, from 1 without holes.';
COMMENT ON COLUMN audit_trail.at IS 'When it was done, by the clock of whoever recorded it.';
COMMENT ON COLUMN audit_trail.actor IS 'The person''s printed name, or service:<name>.';
COMMENT ON COLUMN audit_trail.action IS 'What was done, such as alert.acknowledgement.';
COMMENT ON COLUMN audit_trail.subject IS 'What it was done to.';
COMMENT ON COLUMN audit_trail.reason IS 'Why, in the actor''s words.';
COMMENT ON COLUMN audit_trail.before IS 'What was so before, as an object; null where nothing was.';
COMMENT ON COLUMN audit_trail.after IS 'What is so since, as an object.';
COMMENT ON COLUMN audit_trail.id IS 'Id of the entry in plant.audit.entry.v1.';
COMMENT ON COLUMN audit_trail.hash IS 'SHA-256 that holds the record to the one before.';
COMMENT ON COLUMN audit_trail.stored_at IS 'When it came into this database.';

-- Who may what. A writer adds records and reads them, for that is how a repeat is known.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO plantstream_writer;
REVOKE UPDATE, DELETE ON audit_record, audit_entry FROM plantstream_writer;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO plantstream_reader, plantstream_auditor;
REVOKE SELECT ON audit_record, audit_entry, audit_trail FROM plantstream_reader;

-- migrate:down

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM plantstream_writer, plantstream_reader, plantstream_auditor;
DROP VIEW audit_trail;
DROP FUNCTION audit_json(text);
DROP TABLE audit_record;
DROP FUNCTION audit_record_is_kept();
