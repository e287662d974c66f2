-- Quality: results as they are judged, compliance, deviations, releases, and what laboratories were
-- answered. Plain tables: a few thousand rows a day at most, looked up by product and batch and kept as
-- records; nothing of it is ever dropped by age. Views are the interface: columns are added, never changed.
-- migrate:up

ALTER TABLE test_result ADD COLUMN invalid boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN test_result.invalid IS 'A correction by which the result counts for nothing.';
ALTER TABLE plant_file ADD COLUMN quality jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN plant_file.quality IS
    'What the file asks of tests: {minimum_results, minimum_batches, specifications}, these an array of {product, test, since, lower, upper, accepted, area}; {} of files that were stored before there was this column.';

CREATE TABLE judged_result (
    run text NOT NULL,
    site text NOT NULL,
    product text NOT NULL,
    result text NOT NULL,
    statement text NOT NULL,
    revision bigint NOT NULL,
    test text NOT NULL,
    batch text,
    sample text,
    area text,
    at timestamptz NOT NULL,
    stated_at timestamptz NOT NULL,
    outcome text,
    because text NOT NULL,
    number double precision,
    text text,
    comparator text,
    unit text NOT NULL,
    plant_version text NOT NULL,
    PRIMARY KEY (run, site, product, result)
);
COMMENT ON TABLE judged_result IS
    'What each result comes to by its newest version; the newest record of a result holds. People read the view test_results.';
CREATE INDEX judged_result_by_batch ON judged_result (run, site, product, batch);
CREATE INDEX judged_result_by_time ON judged_result (run, site, product, at DESC);

CREATE TABLE judged_version (
    LIKE judged_result INCLUDING DEFAULTS,
    PRIMARY KEY (run, site, product, result, statement)
);
COMMENT ON TABLE judged_version IS
    'What each version of a result came to while it was the newest; the newest record of a version holds. People read the view test_results.';
CREATE INDEX judged_version_by_statement ON judged_version (run, statement);
CREATE INDEX judged_version_by_batch ON judged_version (run, site, product, batch);
CREATE INDEX judged_version_by_time ON judged_version (run, site, product, at DESC);

CREATE TABLE compliance_report (
    run text NOT NULL,
    site text NOT NULL,
    product text NOT NULL,
    "window" text NOT NULL,
    batch text NOT NULL,
    area text NOT NULL,
    test text NOT NULL,
    start timestamptz,
    "end" timestamptz NOT NULL,
    within bigint NOT NULL,
    judged bigint NOT NULL,
    compliance_rate double precision,
    batches_within bigint NOT NULL,
    batches_judged bigint NOT NULL,
    batch_compliance double precision,
    revision bigint NOT NULL,
    plant_version text NOT NULL,
    PRIMARY KEY (run, site, product, "window", batch, area, test)
);
COMMENT ON TABLE compliance_report IS
    'How much complies, as it was told last; '''' is no batch, all areas, all tests. People read the view compliance_by_product.';

CREATE TABLE capability_report (
    run text NOT NULL,
    site text NOT NULL,
    product text NOT NULL,
    test text NOT NULL,
    chart text NOT NULL,
    start timestamptz NOT NULL,
    "end" timestamptz NOT NULL,
    results bigint NOT NULL,
    unit text NOT NULL,
    lower_limit double precision,
    upper_limit double precision,
    mean double precision,
    within_sigma double precision,
    overall_sigma double precision,
    cp double precision,
    cpk double precision,
    cpk_lower double precision,
    cpk_upper double precision,
    pp double precision,
    ppk double precision,
    plant_version text NOT NULL,
    PRIMARY KEY (run, site, product, test)
);
COMMENT ON TABLE capability_report IS
    'Capability of each test of a product, as it was told last. People read the view process_capability.';

CREATE TABLE deviation (
    deviation text PRIMARY KEY,
    run text NOT NULL,
    site text NOT NULL,
    product text NOT NULL,
    cause text NOT NULL,
    severity text NOT NULL,
    state text NOT NULL,
    batch text,
    test text,
    result text,
    because text NOT NULL,
    opened_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    closed_at timestamptz,
    done_by text,
    reason text,
    recurrence bigint NOT NULL,
    withdrawn boolean NOT NULL,
    plant_version text NOT NULL
);
COMMENT ON TABLE deviation IS
    'Deviations as they are known by now; one that is withdrawn never was. People read deviations_open and batch_genealogy; their steps are in deviation_action.';
CREATE INDEX deviation_by_batch ON deviation (run, site, product, batch);
CREATE INDEX deviation_by_opening ON deviation (run, site, opened_at) WHERE state <> 'closed' AND NOT withdrawn;

CREATE TABLE deviation_action (
    run text NOT NULL,
    site text NOT NULL,
    product text NOT NULL,
    statement text NOT NULL,
    deviation text NOT NULL,
    action text NOT NULL,
    reason text NOT NULL,
    stated_by text NOT NULL,
    source text NOT NULL,
    epoch text NOT NULL,
    plant_version text NOT NULL,
    time timestamptz NOT NULL,
    ingest_time timestamptz NOT NULL,
    seq bigint NOT NULL,
    act jsonb NOT NULL
);
COMMENT ON TABLE deviation_action IS
    'What people did about deviations (investigate, capa, close, reopen), as they said it; whether it was accepted is in lab_answer. Live is run = ''''.';
CREATE INDEX deviation_action_by_deviation ON deviation_action (run, deviation, time);
INSERT INTO deviation_action
    SELECT run, site, act ->> 'product', statement, act ->> 'deviation', act ->> 'action',
           act ->> 'reason', stated_by, source, epoch, plant_version, time, ingest_time, seq, act
    FROM operator_act WHERE type = 'deviation_action';
DELETE FROM operator_act WHERE type = 'deviation_action';

CREATE TABLE batch_progress (
    run text NOT NULL,
    site text NOT NULL,
    product text NOT NULL,
    batch text NOT NULL,
    started_at timestamptz,
    ended_at timestamptz,
    expected bigint NOT NULL,
    judged bigint NOT NULL,
    failed bigint NOT NULL,
    pending jsonb NOT NULL,
    overdue jsonb NOT NULL,
    open_deviations bigint NOT NULL,
    disposition text,
    disposed_at timestamptz,
    disposed_by text,
    release_time_h double precision,
    plant_version text NOT NULL,
    PRIMARY KEY (run, site, product, batch)
);
COMMENT ON TABLE batch_progress IS
    'How far each batch is on its way to its release, as it was told last. People read the view batch_release.';
CREATE INDEX batch_progress_by_end ON batch_progress (run, site, ended_at DESC);

CREATE TABLE lab_answer (
    run text NOT NULL,
    statement text NOT NULL,
    site text NOT NULL,
    product text NOT NULL,
    event text NOT NULL,
    stated_by text NOT NULL,
    at timestamptz NOT NULL,
    answer text NOT NULL,
    objections jsonb NOT NULL,
    plant_version text NOT NULL,
    PRIMARY KEY (run, statement)
);
COMMENT ON TABLE lab_answer IS
    'What laboratories were answered to each statement: accepted, or refused with objections, an array of {field, reason}; the newest answer holds.';
CREATE INDEX lab_answer_by_time ON lab_answer (run, site, product, at DESC);

CREATE TABLE batch_made (
    run text NOT NULL,
    site text NOT NULL,
    product text NOT NULL,
    equipment text NOT NULL,
    batch text NOT NULL,
    start timestamptz NOT NULL,
    "end" timestamptz,
    withdrawn boolean NOT NULL,
    plant_version text NOT NULL,
    PRIMARY KEY (run, site, product, equipment, batch, start)
);
COMMENT ON TABLE batch_made IS
    'When each equipment (enterprise/site/area/line/equipment) made a batch, as it was told last; "end" is null while it is made. People read the view batch_genealogy.';
CREATE INDEX batch_made_by_batch ON batch_made (run, site, product, batch);

CREATE VIEW compliance_by_product AS
    SELECT run, site, product, nullif(area, '') AS area, nullif(test, '') AS test, "window" AS period,
           nullif(batch, '') AS batch, start AS window_start, "end" AS window_end,
           within AS passed, judged,
           CASE WHEN compliance_rate IS NOT NULL THEN within / nullif(judged, 0)::double precision
           END AS compliance_rate,
           batches_within AS batches_passed, batches_judged,
           CASE WHEN batch_compliance IS NOT NULL
               THEN batches_within / nullif(batches_judged, 0)::double precision
           END AS batch_compliance,
           revision, first_passed, first_judged,
           CASE WHEN first_judged >= CASE WHEN "window" = 'batch' THEN 1 ELSE minimum_results END
               THEN first_passed / nullif(first_judged, 0)::double precision
           END AS first_compliance_rate,
           minimum_results, plant_version
    FROM compliance_report AS told
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE outcome IN ('pass', 'out_of_trend')) AS first_passed,
               count(*) FILTER (WHERE outcome IN ('pass', 'out_of_trend', 'fail')) AS first_judged
        FROM (
            SELECT * FROM judged_version AS one
            WHERE told."window" = 'batch' AND one.run = told.run AND one.site = told.site
                AND one.product = told.product AND one.batch = told.batch
            UNION ALL
            SELECT * FROM judged_version AS one
            WHERE told."window" <> 'batch' AND one.run = told.run AND one.site = told.site
                AND one.product = told.product AND one.at > told.start AND one.at <= told."end"
        ) AS version
        WHERE (told.area = '' OR version.area = told.area)
            AND (told.test = '' OR version.test = told.test)
            AND NOT EXISTS (
                SELECT FROM judged_version AS earlier
                WHERE earlier.run = version.run AND earlier.site = version.site
                    AND earlier.product = version.product AND earlier.result = version.result
                    AND (earlier.revision, earlier.stated_at) < (version.revision, version.stated_at))
    ) AS first_versions
    LEFT JOIN LATERAL (
        SELECT (quality ->> 'minimum_results')::bigint AS minimum_results FROM plant_file AS file
        WHERE file.site = told.site AND file.plant_version = told.plant_version
        ORDER BY file.number DESC LIMIT 1
    ) AS asked ON true;
COMMENT ON VIEW compliance_by_product IS
    'How much of what was judged is within specification, by the newest version of each result and (first_*) by the first one, a row per run, product, period, batch, and area or test (both null: the product as a whole). To join products or periods, sum passed and judged and divide; never average rates. Live is run = ''''.';

CREATE VIEW deviations_open AS
    SELECT run, site, product, batch, test, cause, severity, state, because, opened_at,
           floor(extract(epoch FROM greatest(now() - opened_at, interval '0')) / 86400)::bigint AS age_days,
           recurrence, done_by, changed_at, reason, result, deviation, plant_version
    FROM deviation
    WHERE state <> 'closed' AND NOT withdrawn;
COMMENT ON VIEW deviations_open IS
    'Deviations that are not closed, a row each, and who did something about them last. Live is run = ''''.';

CREATE VIEW batch_release AS
    SELECT run, site, product, batch, started_at, ended_at, expected, judged, failed,
           ARRAY(SELECT jsonb_array_elements_text(pending)) AS pending,
           ARRAY(SELECT jsonb_array_elements_text(overdue)) AS overdue,
           ARRAY(
               SELECT DISTINCT one.test FROM judged_result AS one
               WHERE one.run = told.run AND one.site = told.site AND one.product = told.product
                   AND one.batch = told.batch AND one.outcome = 'fail'
               ORDER BY one.test
           ) AS failed_tests,
           open_deviations,
           CASE WHEN ended_at IS NOT NULL THEN
               floor(extract(epoch FROM greatest(interval '0',
                   CASE WHEN disposition IN ('approved', 'conditional', 'rejected') THEN disposed_at
                        ELSE now() END - ended_at)) / 3600)::bigint
           END AS hours_since_end,
           disposition, disposed_at, disposed_by,
           CASE WHEN disposition IN ('approved', 'conditional') THEN disposed_at END AS released_at,
           release_time_h AS release_hours, plant_version
    FROM batch_progress AS told
    WHERE NOT EXISTS (
        SELECT FROM batch_made AS made
        WHERE made.run = told.run AND made.site = told.site AND made.product = told.product
            AND made.batch = told.batch
        HAVING bool_and(made.withdrawn)
    ) OR EXISTS (
        SELECT FROM judged_result AS one
        WHERE one.run = told.run AND one.site = told.site AND one.product = told.product
            AND one.batch = told.batch
    );
COMMENT ON VIEW batch_release IS
    'How far each batch is on its way to its release, a row each; batches that turned out to be of another product are left out. Live is run = ''''.';

CREATE VIEW test_results AS
    SELECT said.run, said.site, said.product, said.test, said.batch, said.sample,
           verdict.result, said.statement, said.revision,
           coalesce(verdict.is_newest, false) AS is_newest,
           said.time AS tested_at, said.sample_time AS sampled_at, said.ingest_time AS stated_at,
           said.stated_by, said.analyst, said.instrument, said.method,
           coalesce(said.text, coalesce(said.comparator, '') || said.number::text) AS value,
           said.number, said.unit, asked.lower AS lower_limit, asked.upper AS upper_limit,
           asked.accepted AS accepted_values, verdict.outcome, verdict.because, verdict.area,
           said.corrects,
           coalesce(earlier.text, coalesce(earlier.comparator, '') || earlier.number::text)
               AS corrected_from,
           said.retest, said.invalid, said.reason, told.answer, told.objections,
           verdict.plant_version AS judged_by
    FROM test_result AS said
    LEFT JOIN LATERAL (
        SELECT one.result, one.outcome, one.because, one.area, one.plant_version,
               now_is.statement = one.statement
                   AND NOT (now_is.outcome IS NULL AND now_is.because = 'withdrawn') AS is_newest
        FROM judged_version AS one
        LEFT JOIN judged_result AS now_is USING (run, site, product, result)
        WHERE one.run = said.run AND one.statement = said.statement
            AND one.site = said.site AND one.product = said.product
        ORDER BY one.outcome IS NULL AND one.because = 'withdrawn', one.stated_at DESC, one.result
        LIMIT 1
    ) AS verdict ON true
    LEFT JOIN LATERAL (
        SELECT one.text, one.number, one.comparator FROM test_result AS one
        WHERE one.run = said.run AND one.site = said.site AND one.product = said.product
            AND one.statement = said.corrects
        LIMIT 1
    ) AS earlier ON true
    LEFT JOIN LATERAL (
        WITH RECURSIVE versions AS (
            SELECT said.corrects, said.sample_time, said.time
            UNION
            SELECT one.corrects, one.sample_time, one.time
            FROM versions JOIN test_result AS one ON one.statement = versions.corrects
            WHERE one.run = said.run AND one.site = said.site AND one.product = said.product
        )
        SELECT coalesce(sample_time, time) AS sampled_at FROM versions WHERE corrects IS NULL LIMIT 1
    ) AS root ON true
    LEFT JOIN LATERAL (
        SELECT one.lower, one.upper,
               ARRAY(SELECT jsonb_array_elements_text(one.accepted)) AS accepted
        FROM (
            SELECT quality FROM plant_file AS file
            WHERE file.site = said.site AND file.plant_version = verdict.plant_version
            ORDER BY file.number DESC LIMIT 1
        ) AS file
        CROSS JOIN LATERAL jsonb_to_recordset(coalesce(file.quality -> 'specifications', '[]'))
            AS one (product text, test text, since timestamptz, lower double precision,
                upper double precision, accepted jsonb)
        WHERE one.product = said.product AND one.test = said.test
            AND one.since <= coalesce(said.sample_time, root.sampled_at, said.time)
        ORDER BY one.since DESC LIMIT 1
    ) AS asked ON true
    LEFT JOIN lab_answer AS told ON told.run = said.run AND told.statement = said.statement;
COMMENT ON VIEW test_results IS
    'Every result of a test with all its versions, a row each, as they were stated; what they were judged by and came to. WHERE is_newest is one row per result: the version that counts. Live is run = ''''.';

CREATE VIEW batch_genealogy AS
    SELECT run, site, product, batch, at, kind, name, state, severity, test, value, unit, equipment,
           until, done_by, because, accepted, id
    FROM (
        SELECT run, site, product, batch, start AS at, 1 AS place, 'made' AS kind,
               split_part(equipment, '/', 5) AS name,
               CASE WHEN "end" IS NULL THEN 'making' ELSE 'made' END AS state,
               NULL::text AS severity, NULL::text AS test, NULL::text AS value, NULL::text AS unit,
               equipment, "end" AS until, NULL::text AS done_by, NULL::text AS because,
               NULL::boolean AS accepted, NULL::text AS id
        FROM batch_made
        WHERE NOT withdrawn
        UNION ALL
        SELECT run, site, product, batch, at, 3, 'test', test, coalesce(outcome, 'not judged'), NULL,
               test, coalesce(text, coalesce(comparator, '') || number::text), nullif(unit, ''), NULL,
               NULL, (
                   SELECT coalesce(said.analyst, said.stated_by) FROM test_result AS said
                   WHERE said.run = one.run AND said.site = one.site AND said.product = one.product
                       AND said.statement = one.statement
                   LIMIT 1
               ), nullif(because, ''), NULL, result
        FROM judged_result AS one
        WHERE batch IS NOT NULL AND NOT (outcome IS NULL AND because = 'withdrawn')
        UNION ALL
        SELECT run, site, product, batch, opened_at, 4, 'deviation', cause, state, severity, test,
               NULL, NULL, NULL, closed_at, done_by, nullif(because, ''), NULL, deviation
        FROM deviation
        WHERE batch IS NOT NULL AND NOT withdrawn
        UNION ALL
        SELECT found.run, found.site, found.product, found.batch, step.time, 5, 'deviation step',
               step.action, NULL, NULL, found.test, NULL, NULL, NULL, NULL, step.stated_by,
               step.reason, told.answer = 'accepted', found.deviation
        FROM deviation AS found
        JOIN deviation_action AS step USING (run, deviation)
        LEFT JOIN lab_answer AS told ON told.run = step.run AND told.statement = step.statement
        WHERE found.batch IS NOT NULL AND NOT found.withdrawn
        UNION ALL
        SELECT said.run, said.site, said.product, said.batch, said.time, 6, 'disposition',
               said.decision, NULL, NULL, NULL, NULL, NULL, NULL, NULL, said.stated_by, said.reason,
               told.answer = 'accepted', said.statement
        FROM disposition AS said
        LEFT JOIN lab_answer AS told ON told.run = said.run AND told.statement = said.statement
        UNION ALL
        SELECT DISTINCT made.run, made.site, made.product, made.batch, alert.fired_at, 2, 'alert',
               alert.alertname, alert.state, alert.severity, NULL, alert.value, nullif(alert.unit, ''),
               made.equipment, alert.resolved_at, alert.acknowledged_by, alert.summary,
               NULL::boolean, alert.fingerprint
        FROM batch_made AS made
        CROSS JOIN LATERAL (
            SELECT * FROM alerts AS one
            WHERE one.run = made.run AND one.site = made.site
                AND one.equipment = split_part(made.equipment, '/', 5)
                AND one.starts_at < coalesce(made."end", 'infinity')
        ) AS alert
        WHERE NOT made.withdrawn AND alert.fired_at < coalesce(made."end", 'infinity')
            AND coalesce(alert.resolved_at, 'infinity') > made.start
    ) AS known
    ORDER BY at, place, name, id;
COMMENT ON VIEW batch_genealogy IS
    'All that is known of a batch in the order of its time: the equipment that made it and alerts that fired there meanwhile, its tests, its deviations with their steps, and what was decided. Give run, site, product and batch to be answered by indexes. Live is run = ''''.';

CREATE VIEW process_capability AS
    SELECT run, site, product, test, chart, results, start AS first_at, "end" AS last_at, unit,
           lower_limit, upper_limit, mean, within_sigma, overall_sigma,
           cp, cpk, cpk_lower, cpk_upper, pp, ppk, plant_version
    FROM capability_report
    WHERE results > 0;
COMMENT ON VIEW process_capability IS
    'How much of its specification each test of a product needs, by its newest results; formulas in docs/control-charts.md. An index is null without variation, and cp and pp with one limit only. Live is run = ''''.';

DO $$
DECLARE
    named record;
BEGIN
    FOR named IN SELECT view_name, column_name, about FROM (VALUES
        ('', 'run', 'The replay it belongs to; '''' is live.'),
        ('', 'site', 'enterprise/site.'),
        ('', 'product', 'Id of the product.'),
        ('', 'batch', 'Its batch; null for what belongs to none.'),
        ('', 'test', 'Id of the test; null for what is not about a single one.'),
        ('', 'unit', 'Unit of the value.'),
        ('', 'plant_version', 'Version of the plant file by which it was computed.'),
        ('', 'severity', 'Of a deviation: minor, major or critical.'),
        ('', 'because', 'Why it is so, in words: the limit that was broken, or what opened it.'),
        ('compliance_by_product', 'area', 'Compliance area; null where the row is not about a single one.'),
        ('compliance_by_product', 'period', '24h, 7d or 30d: the time up to window_end; or batch.'),
        ('compliance_by_product', 'window_start', 'The window holds what was after this; null of a batch that no equipment has begun.'),
        ('compliance_by_product', 'window_end', 'Up to and with this: when the figures last changed; of a batch its end, or its newest result.'),
        ('compliance_by_product', 'passed', 'Results within specification (pass, out_of_trend), the newest version of each.'),
        ('compliance_by_product', 'judged', 'Results judged (pass, out_of_trend, fail), the newest version of each.'),
        ('compliance_by_product', 'compliance_rate', 'passed / judged, from 0 to 1; null below the minimum number of results.'),
        ('compliance_by_product', 'batches_passed', 'Batches of which every required test passed.'),
        ('compliance_by_product', 'batches_judged', 'Batches of which every required test is judged.'),
        ('compliance_by_product', 'batch_compliance', 'batches_passed / batches_judged, from 0 to 1; null below the minimum number of batches, and of a test or area.'),
        ('compliance_by_product', 'revision', 'Corrections and retests that stand in passed and judged; 0: they are as they were first reported.'),
        ('compliance_by_product', 'first_passed', 'Results within specification, the first version of each: as it was reported before anything was corrected.'),
        ('compliance_by_product', 'first_judged', 'Results judged, the first version of each, by when it was tested.'),
        ('compliance_by_product', 'first_compliance_rate', 'first_passed / first_judged, from 0 to 1; null below the minimum number of results, or where the plant file is not stored.'),
        ('compliance_by_product', 'minimum_results', 'So many results judged before a window has a rate, by the plant file; of a batch one is enough.'),
        ('deviations_open', 'cause', 'out_of_specification, out_of_trend, excursion or missed_test.'),
        ('deviations_open', 'state', 'open, investigating or capa.'),
        ('deviations_open', 'opened_at', 'When it was opened, by event time.'),
        ('deviations_open', 'age_days', 'Whole days from opened_at until now.'),
        ('deviations_open', 'recurrence', 'Others of the same test and cause that were opened in the span before (quality.recurrence of the plant file).'),
        ('deviations_open', 'done_by', 'Who took its newest step; null: nobody has.'),
        ('deviations_open', 'changed_at', 'When its newest step was taken, or else when it was opened.'),
        ('deviations_open', 'reason', 'Why the newest step was taken.'),
        ('deviations_open', 'result', 'The result that opened it: result of test_results.'),
        ('deviations_open', 'deviation', 'Its id, by which steps name it.'),
        ('process_capability', 'chart', 'individuals (I-MR) or subgroups (X̄-R): from which ranges within_sigma follows.'),
        ('process_capability', 'results', 'Results from which it follows: the newest under one specification, quality.capability_results of the plant file at most; with subgroups those of complete ones.'),
        ('process_capability', 'first_at', 'When the oldest of them was tested.'),
        ('process_capability', 'last_at', 'When the newest of them was tested.'),
        ('process_capability', 'lower_limit', 'Of the specification, in `unit`; null: it has none.'),
        ('process_capability', 'upper_limit', 'As lower_limit, above.'),
        ('process_capability', 'mean', 'Of the results, in `unit`.'),
        ('process_capability', 'within_sigma', 'Mean moving range / 1.128, or mean range / d2, in `unit`.'),
        ('process_capability', 'overall_sigma', 'Standard deviation of the sample of all of them, in `unit`.'),
        ('process_capability', 'cp', '(upper_limit - lower_limit) / 6 within_sigma.'),
        ('process_capability', 'cpk', 'The smaller one of (mean - lower_limit) / 3 within_sigma and (upper_limit - mean) / 3 within_sigma.'),
        ('process_capability', 'cpk_lower', 'Lower bound of the 95 % interval of cpk (Bissell 1990).'),
        ('process_capability', 'cpk_upper', 'Upper bound of the 95 % interval of cpk (Bissell 1990).'),
        ('process_capability', 'pp', 'As cp, by overall_sigma.'),
        ('process_capability', 'ppk', 'As cpk, by overall_sigma.'),
        ('batch_release', 'started_at', 'When the first equipment began it; null if none has.'),
        ('batch_release', 'ended_at', 'When the last equipment had made it; null while one makes it.'),
        ('batch_release', 'expected', 'Required results.'),
        ('batch_release', 'judged', 'Of those, how many are judged.'),
        ('batch_release', 'failed', 'Required results of which the newest version is out of specification.'),
        ('batch_release', 'pending', 'Tests of which required results are not there yet.'),
        ('batch_release', 'overdue', 'Of those, tests that are late (turnaround of the specification).'),
        ('batch_release', 'failed_tests', 'Tests of which a result is out of specification by its newest version, required or not.'),
        ('batch_release', 'open_deviations', 'Deviations of the batch that are not closed.'),
        ('batch_release', 'hours_since_end', 'Whole hours from ended_at to its approval or rejection, or until now; null while it is made.'),
        ('batch_release', 'disposition', 'approved, conditional, rejected or held; null: nothing that stands was decided.'),
        ('batch_release', 'disposed_at', 'When that was decided.'),
        ('batch_release', 'disposed_by', 'Who decided it.'),
        ('batch_release', 'released_at', 'disposed_at of an approval, conditional or not; else null.'),
        ('batch_release', 'release_hours', 'Hours from ended_at to released_at.'),
        ('test_results', 'sample', 'Id of the sample that was tested.'),
        ('test_results', 'result', 'Names the result: statement of its first version, the same in all of them; null while it is not judged, or where it was refused.'),
        ('test_results', 'statement', 'Names this version: corrections name it.'),
        ('test_results', 'revision', 'As it was stated: 1, and one more with each correction.'),
        ('test_results', 'is_newest', 'Whether it is the version that counts.'),
        ('test_results', 'tested_at', 'When it was tested.'),
        ('test_results', 'sampled_at', 'When the sample was taken; null: nobody said it, and tested_at of the first version counts.'),
        ('test_results', 'stated_at', 'When the edge was told.'),
        ('test_results', 'stated_by', 'Who stated it.'),
        ('test_results', 'analyst', 'Who tested it, where somebody else stated it.'),
        ('test_results', 'instrument', 'With which instrument.'),
        ('test_results', 'method', 'By which method.'),
        ('test_results', 'value', 'The result as text, in `unit`; < and > stand before a limit of the method.'),
        ('test_results', 'number', 'The result as a number, in `unit`, without < and >; null of a text.'),
        ('test_results', 'lower_limit', 'Of the specification that held for its sample, in `unit`; a value at the limit is within it. Null: no such limit, not judged yet, or its plant file is not stored.'),
        ('test_results', 'upper_limit', 'As lower_limit, above.'),
        ('test_results', 'accepted_values', 'Of a test whose results are texts, those that pass; else empty.'),
        ('test_results', 'outcome', 'pass, fail, out_of_trend (within specification) or invalid (counts for nothing), when it was the newest version; null: nothing is specified for it, it does not stand, or it never was the newest that was told.'),
        ('test_results', 'area', 'Compliance area of its specification.'),
        ('test_results', 'corrects', 'statement of the version whose place it takes; null of a first one and of a retest.'),
        ('test_results', 'corrected_from', 'value of that version.'),
        ('test_results', 'retest', 'Whether the sample was tested again: it takes the place of all that was found before.'),
        ('test_results', 'invalid', 'Whether it declares that the result counts for nothing.'),
        ('test_results', 'reason', 'Why it was corrected or tested again.'),
        ('test_results', 'answer', 'accepted or refused; null while nothing was answered.'),
        ('test_results', 'objections', 'Why it was refused: an array of {field, reason}.'),
        ('test_results', 'judged_by', 'Version of the plant file by which it was judged.'),
        ('batch_genealogy', 'at', 'When it began or was done, by event time.'),
        ('batch_genealogy', 'kind', 'made, alert, test, deviation, deviation step or disposition.'),
        ('batch_genealogy', 'name', 'Id of the equipment; name of the alert''s rule; test; cause of the deviation; step; decision.'),
        ('batch_genealogy', 'state', 'making or made; state of the alert or deviation; outcome of the test by its newest version, or not judged.'),
        ('batch_genealogy', 'severity', 'Of a deviation (minor, major, critical) or an alert (info, warning, critical; the highest).'),
        ('batch_genealogy', 'value', 'Result of the test, or what the alert saw, as text in `unit`.'),
        ('batch_genealogy', 'equipment', 'enterprise/site/area/line/equipment that made it, and where an alert fired.'),
        ('batch_genealogy', 'until', 'When it was made, resolved or closed; null: not yet.'),
        ('batch_genealogy', 'done_by', 'Who tested, acknowledged, took the newest step, or decided.'),
        ('batch_genealogy', 'because', 'The limit that was broken, the summary of an alert, or the reason that somebody gave.'),
        ('batch_genealogy', 'accepted', 'Whether a step or decision was accepted; null while nothing was answered, and of all else.'),
        ('batch_genealogy', 'id', 'statement of a decision, result of a test (test_results), deviation, or fingerprint of an alert.')
    ) AS c (of_view, column_name, about)
    JOIN (SELECT unnest(ARRAY['compliance_by_product', 'deviations_open', 'batch_release',
        'test_results', 'batch_genealogy', 'process_capability']) AS view_name) AS v ON of_view IN ('', view_name)
    JOIN pg_attribute ON attrelid = view_name::regclass AND attname = column_name
    ORDER BY of_view
    LOOP
        EXECUTE format('COMMENT ON COLUMN %I.%I IS %L', named.view_name, named.column_name, named.about);
    END LOOP;
END
$$;

-- Rights of tables are given one by one: 009 gave those of the tables that there were.
GRANT SELECT, INSERT, UPDATE, DELETE ON judged_result, judged_version, compliance_report,
    capability_report, deviation, deviation_action, batch_progress, lab_answer, batch_made TO plantstream_writer;
GRANT SELECT ON judged_result, judged_version, compliance_report, capability_report,
    deviation, deviation_action, batch_progress, lab_answer, batch_made TO plantstream_reader, plantstream_auditor;
GRANT SELECT ON compliance_by_product, deviations_open, batch_release, test_results, batch_genealogy,
    process_capability
    TO plantstream_writer, plantstream_reader, plantstream_auditor;

-- migrate:down

DROP VIEW process_capability, batch_genealogy, test_results, batch_release, deviations_open,
    compliance_by_product;
INSERT INTO operator_act
    (run, site, statement, type, stated_by, source, epoch, plant_version, time, ingest_time, seq, act)
    SELECT run, site, statement, 'deviation_action', stated_by, source, epoch, plant_version, time,
           ingest_time, seq, act
    FROM deviation_action;
DROP TABLE batch_made, lab_answer, batch_progress, deviation_action, deviation, capability_report,
    compliance_report, judged_version, judged_result;
ALTER TABLE plant_file DROP COLUMN quality;
ALTER TABLE test_result DROP COLUMN invalid;
