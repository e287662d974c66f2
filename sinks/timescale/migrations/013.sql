-- Excursions that opened deviations: where, for how long and how far a value was beyond its limit.
-- Signatures of results, dispositions and steps of deviations.
-- migrate:up

ALTER TABLE deviation
    ADD COLUMN area text,
    ADD COLUMN rule text,
    ADD COLUMN equipment text,
    ADD COLUMN tag text,
    ADD COLUMN unit text,
    ADD COLUMN excursion_start timestamptz,
    ADD COLUMN excursion_end timestamptz,
    ADD COLUMN worst double precision,
    ADD COLUMN limit_value double precision;

CREATE OR REPLACE VIEW deviations_open AS
    SELECT run, site, product, batch, test, cause, severity, state, because, opened_at,
           floor(extract(epoch FROM greatest(now() - opened_at, interval '0')) / 86400)::bigint AS age_days,
           recurrence, done_by, changed_at, reason, result, deviation, plant_version,
           area, rule, equipment, tag, excursion_start, excursion_end,
           extract(epoch FROM coalesce(excursion_end, now()) - excursion_start)::double precision
               AS excursion_s,
           worst, limit_value, unit
    FROM deviation
    WHERE state <> 'closed' AND NOT withdrawn;

COMMENT ON COLUMN deviations_open.area IS 'Compliance area of the specification or of the rule.';
COMMENT ON COLUMN deviations_open.rule IS 'Of an excursion (so are all after it): name of the alert rule.';
COMMENT ON COLUMN deviations_open.equipment IS 'enterprise/site/area/line/equipment whose tag it was; a room, where the rule concerns the batches of its line or area.';
COMMENT ON COLUMN deviations_open.tag IS 'The tag that was beyond its limit.';
COMMENT ON COLUMN deviations_open.excursion_start IS 'When the value went beyond the limit, which may be before the batch was begun.';
COMMENT ON COLUMN deviations_open.excursion_end IS 'When the alert was resolved; null: it fires.';
COMMENT ON COLUMN deviations_open.excursion_s IS 'Seconds from excursion_start to excursion_end, or until now.';
COMMENT ON COLUMN deviations_open.worst IS 'The value furthest beyond the limit, in `unit`: of the time until the alert fired while it fires, then of all of it.';
COMMENT ON COLUMN deviations_open.limit_value IS 'The limit that `worst` is beyond, in `unit`.';
COMMENT ON COLUMN deviations_open.unit IS 'Unit of worst and limit_value.';
COMMENT ON COLUMN deviations_open.recurrence IS 'Others of the same cause and test, or of the same rule and equipment, that were opened in the span before (quality.recurrence of the plant file).';

CREATE TABLE signature (
    run text NOT NULL,
    site text NOT NULL,
    product text NOT NULL,
    plant_version text NOT NULL,
    statement text NOT NULL,
    act text,
    batch text,
    deviation text,
    signature_id text NOT NULL,
    printed_name text NOT NULL,
    login text NOT NULL,
    roles jsonb NOT NULL,
    signed_at timestamptz NOT NULL,
    local_time text NOT NULL,
    time_zone text NOT NULL,
    meaning text NOT NULL,
    content_sha256 text NOT NULL,
    key text NOT NULL,
    seal text NOT NULL,
    stated_at timestamptz NOT NULL,
    PRIMARY KEY (run, statement)
);
COMMENT ON TABLE signature IS
    'Signatures as they were stated, valid or not. People read the view signatures.';
CREATE INDEX signature_by_batch ON signature (run, site, product, batch);
INSERT INTO signature
    SELECT run, site, product, plant_version, statement,
           CASE WHEN action = 'close' THEN 'closing' END, NULL, deviation,
           signed ->> 'id', signed ->> 'name', signed ->> 'login', coalesce(signed -> 'roles', '[]'),
           (signed ->> 'at')::timestamptz, signed ->> 'local_time', signed ->> 'time_zone',
           signed ->> 'meaning', signed ->> 'content_sha256', signed ->> 'key', signed ->> 'seal',
           ingest_time
    FROM deviation_action CROSS JOIN LATERAL (SELECT act -> 'signature' AS signed) AS one
    WHERE signed IS NOT NULL
    ON CONFLICT DO NOTHING;

CREATE VIEW signatures AS
    SELECT one.run, one.site, one.product, coalesce(one.batch, found.batch) AS batch, one.act,
           one.statement, one.deviation, one.printed_name, one.signed_at, one.local_time AS signed_local,
           one.time_zone, one.meaning, one.content_sha256, one.signature_id, one.login,
           ARRAY(SELECT jsonb_array_elements_text(one.roles)) AS roles,
           one.stated_at, told.answer, told.objections, one.key, one.seal, one.plant_version
    FROM signature AS one
    LEFT JOIN deviation AS found ON found.deviation = one.deviation
    LEFT JOIN lab_answer AS told ON told.run = one.run AND told.statement = one.statement;
COMMENT ON VIEW signatures IS
    'Who signed what, with what meaning and when: a row per signed result, disposition or step of a deviation. WHERE answer = ''accepted'' leaves those that stand. statement is that of test_results, batch_genealogy (id) and audit entries. Live is run = ''''.';
COMMENT ON COLUMN signatures.run IS 'The replay it belongs to; '''' is live.';
COMMENT ON COLUMN signatures.site IS 'enterprise/site.';
COMMENT ON COLUMN signatures.product IS 'Id of the product.';
COMMENT ON COLUMN signatures.batch IS 'The batch of the result, disposition or deviation; null: of none.';
COMMENT ON COLUMN signatures.act IS 'disposition, correction or closing; null of anything else that was signed.';
COMMENT ON COLUMN signatures.statement IS 'The statement that was signed.';
COMMENT ON COLUMN signatures.deviation IS 'The deviation whose step it is; null of results and dispositions.';
COMMENT ON COLUMN signatures.printed_name IS 'Name of the person, as it is printed.';
COMMENT ON COLUMN signatures.signed_at IS 'When it was signed (UTC).';
COMMENT ON COLUMN signatures.signed_local IS 'The same instant by the clocks of the site, with its offset.';
COMMENT ON COLUMN signatures.time_zone IS 'Time zone of those clocks.';
COMMENT ON COLUMN signatures.meaning IS 'What the signature says of the content, such as released.';
COMMENT ON COLUMN signatures.content_sha256 IS 'SHA-256 of what was signed.';
COMMENT ON COLUMN signatures.signature_id IS 'Of the signature: id of its entry in the audit trail.';
COMMENT ON COLUMN signatures.login IS 'With which the person signed.';
COMMENT ON COLUMN signatures.roles IS 'Of the person when it was signed.';
COMMENT ON COLUMN signatures.stated_at IS 'When what was signed was stated.';
COMMENT ON COLUMN signatures.answer IS 'accepted or refused, which is also for a signature that is not valid; null: not answered yet.';
COMMENT ON COLUMN signatures.objections IS 'Why it was refused: an array of {field, reason}.';
COMMENT ON COLUMN signatures.key IS 'SHA-256 of the public key that verifies the seal.';
COMMENT ON COLUMN signatures.seal IS 'Ed25519 over the canonical JSON of the other fields of the signature, as base64.';
COMMENT ON COLUMN signatures.plant_version IS 'Version of the plant file under which it was stated.';

GRANT SELECT, INSERT, UPDATE, DELETE ON signature TO plantstream_writer;
GRANT SELECT ON signature TO plantstream_reader, plantstream_auditor;
GRANT SELECT ON signatures TO plantstream_writer, plantstream_reader, plantstream_auditor;

-- migrate:down

DROP VIEW signatures;
DROP TABLE signature;
DROP VIEW deviations_open;
CREATE VIEW deviations_open AS
    SELECT run, site, product, batch, test, cause, severity, state, because, opened_at,
           floor(extract(epoch FROM greatest(now() - opened_at, interval '0')) / 86400)::bigint AS age_days,
           recurrence, done_by, changed_at, reason, result, deviation, plant_version
    FROM deviation
    WHERE state <> 'closed' AND NOT withdrawn;
GRANT SELECT ON deviations_open TO plantstream_writer, plantstream_reader, plantstream_auditor;
ALTER TABLE deviation
    DROP COLUMN area, DROP COLUMN rule, DROP COLUMN equipment, DROP COLUMN tag, DROP COLUMN unit,
    DROP COLUMN excursion_start, DROP COLUMN excursion_end, DROP COLUMN worst, DROP COLUMN limit_value;
