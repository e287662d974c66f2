-- Excursions that opened deviations: where, for how long and how far a value was beyond its limit.
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

-- migrate:down

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
