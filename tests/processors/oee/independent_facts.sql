-- The stretches of time in which nothing changes, and the facts they add up to.

CREATE OR REPLACE TEMP TABLE stretch AS
WITH cut AS (
    SELECT a AS t FROM word UNION SELECT a FROM spell UNION SELECT z FROM spell
    UNION SELECT a FROM unknown UNION SELECT z FROM unknown
    UNION SELECT first // 10 FROM batch UNION SELECT last // 10 FROM batch
    UNION SELECT first // 10 FROM product
    UNION SELECT a FROM changeover UNION SELECT z FROM changeover
    UNION SELECT a FROM maintenance UNION SELECT z FROM maintenance
    UNION SELECT a FROM told UNION SELECT z FROM told
    UNION SELECT a FROM slot UNION SELECT z FROM slot
    UNION SELECT a FROM still UNION SELECT z FROM still
    UNION SELECT a FROM midnight
    UNION SELECT a FROM whole UNION SELECT z FROM whole),
pieces AS (
    SELECT t AS a, lead(t) OVER (ORDER BY t) AS z FROM cut, whole
    WHERE t BETWEEN whole.a AND whole.z)
SELECT * FROM pieces WHERE z > a;

CREATE OR REPLACE TEMP TABLE piece AS
SELECT p.a, p.z, s.spell, s.category AS raw, s.z - s.a AS lasts, CASE WHEN h.is_too_short THEN h.z END AS ran_to, w.held.s AS state, w.held.r AS said,
    b.batch, o.product, l.shift, l.a AS shift_begins,
    coalesce(l.day, timezone(zone, make_timestamptz(p.a * 1000))::DATE) AS day,
    l.shift IS NOT NULL AND (during = 'always' OR b.batch IS NOT NULL) AS is_planned,
    EXISTS (FROM unknown u WHERE p.a >= u.a AND p.a < u.z) AS is_unknown,
    EXISTS (FROM still u WHERE p.a >= u.a AND p.a < u.z) AND l.shift IS NOT NULL AS is_still,
    EXISTS (FROM changeover u WHERE p.a >= u.a AND p.a < u.z) AS is_changeover,
    (SELECT any_value(u.planned) FROM maintenance u WHERE p.a >= u.a AND p.a < u.z) AS upkeep
FROM stretch p CROSS JOIN plant
LEFT JOIN spell s ON p.a >= s.a AND p.a < s.z
LEFT JOIN held h ON p.a >= h.a AND p.a < h.z
ASOF LEFT JOIN word_held w ON p.a >= w.a
LEFT JOIN batch b ON p.a >= b.first // 10 AND p.a < b.last // 10
LEFT JOIN product o ON p.a >= o.first // 10 AND p.a < o.last // 10
LEFT JOIN slot l ON p.a >= l.a AND p.a < l.z;

CREATE OR REPLACE TEMP TABLE claimed AS
WITH begun AS (
    SELECT *, coalesce(bool_or(raw = 'running' AND NOT is_unknown)
        OVER (PARTITION BY shift ORDER BY a), FALSE)
        OR EXISTS (FROM piece q WHERE q.shift = p.shift AND q.ran_to <= p.a AND NOT q.is_unknown) AS has_run
    FROM piece p),
ruled AS (
    SELECT g.a, arg_min(struct_pack(category := r.category, reason := r.reason), r.place) AS rule
    FROM begun g JOIN rule r ON g.raw <> 'running'
        AND (len(r.states) = 0 OR list_contains(r.states, g.state))
        AND CASE r."when" WHEN 'no_batch' THEN g.batch IS NULL WHEN 'changeover' THEN g.is_changeover
            WHEN 'maintenance' THEN g.upkeep IS NOT NULL
            WHEN 'start_of_shift' THEN g.shift IS NOT NULL AND NOT g.has_run END
    GROUP BY g.a),
upkeep AS (
    SELECT a, CASE WHEN upkeep THEN 'planned_stop' ELSE 'unplanned_stop' END AS unruled
    FROM begun WHERE upkeep IS NOT NULL AND NOT EXISTS (FROM rule WHERE "when" = 'maintenance')),
people AS (
    SELECT g.a, arg_max(struct_pack(category := t.category, reason := t.reason),
        struct_pack(moment := t.moment, seq := t.seq)) AS person
    FROM piece g JOIN told t ON g.raw <> 'running' AND g.a >= t.a AND g.a < t.z GROUP BY g.a),
judged AS (
    SELECT g.*, CASE
        WHEN NOT is_planned THEN
            CASE WHEN raw = 'running' AND NOT is_unknown THEN 'unplanned_running'
            ELSE 'not_scheduled' END
        WHEN is_still THEN
            CASE WHEN raw = 'running' AND NOT is_unknown THEN 'unplanned_running'
            ELSE 'planned_stop' END
        WHEN is_unknown THEN 'unknown'
        WHEN raw = 'running' THEN 'running'
        ELSE coalesce(person.category, rule.category, unruled, raw) END AS judged,
        CASE WHEN is_planned AND NOT is_still AND NOT is_unknown AND raw <> 'running'
            THEN coalesce(person.reason, rule.reason, said) END AS reason,
        NOT is_unknown AND raw <> 'running' AND coalesce(rule.category, unruled, raw) = 'setup' AS is_setup
    FROM begun g LEFT JOIN ruled USING (a) LEFT JOIN people USING (a)
    LEFT JOIN upkeep USING (a))
SELECT j.*, CASE WHEN judged = 'unplanned_stop' AND lasts < minor_stop_ms THEN 'minor_stop'
    ELSE judged END AS category,
    (SELECT arg_max(us, valid_from) FROM cycle c
        WHERE c.product = j.product AND c.valid_from::DATE <= j.day) AS ideal
FROM judged j, plant;

-- Where each count stands, and how long it has run since setup (whatever people say of why it stood)
-- or unplanned time.
CREATE OR REPLACE TEMP TABLE counted AS
WITH counts AS (
    SELECT type, moment, seq, turn, startup, coalesce(good, 0) AS good, coalesce(produced, 0) AS produced,
        coalesce(scrap, 0) AS scrap, coalesce(rework, 0) AS rework,
        CASE WHEN type = 'parts_reported' THEN batch END AS told_batch
    FROM said WHERE type IN ('parts_counted', 'parts_reported')),
placed AS (
    SELECT c.*, b.batch, o.product, l.shift, l.a AS shift_begins,
        coalesce(l.day, timezone(zone, make_timestamptz(c.moment * 1000))::DATE) AS day,
        l.shift IS NOT NULL AND (during = 'always' OR coalesce(told_batch, b.batch) IS NOT NULL)
            AND NOT EXISTS (FROM still u WHERE c.moment >= u.a AND c.moment < u.z) AS is_planned,
        has_produced_tag AND type = 'parts_counted' AS takes_out
    FROM counts c CROSS JOIN plant
    LEFT JOIN batch b ON c.turn >= b.first AND c.turn < b.last
    LEFT JOIN product o ON c.turn >= o.first AND c.turn < o.last
    LEFT JOIN slot l ON c.moment >= l.a AND c.moment < l.z),
begun AS (
    SELECT p.*, (SELECT max(least(q.z, p.moment)) FROM claimed q
        WHERE q.a < p.moment AND (q.is_setup OR NOT q.is_planned OR q.is_still)) AS since
    FROM placed p),
run AS (
    SELECT b.*, (SELECT coalesce(sum(least(q.z, b.moment) - q.a), 0) FROM claimed q
        WHERE q.category = 'running' AND q.a >= b.since AND q.a < b.moment) AS run_ms
    FROM begun b)
SELECT day, shift, coalesce(told_batch, batch) AS batch, product, is_planned,
    good + produced - CASE WHEN takes_out THEN scrap + rework ELSE 0 END AS good, scrap, rework,
    CASE WHEN type = 'parts_reported' THEN coalesce(startup, FALSE)
        ELSE since IS NOT NULL AND run_ms < startup_ms END AS is_startup,
    (SELECT arg_max(us, valid_from) FROM cycle c
        WHERE c.product = r.product AND c.valid_from::DATE <= r.day) AS ideal
FROM run r, plant;

-- A stop counts where it began, unless that was in a break.
CREATE OR REPLACE TEMP TABLE begun AS
SELECT * FROM claimed
QUALIFY a = min(a) OVER (PARTITION BY spell)
    AND is_planned AND NOT is_still AND raw <> 'running' AND category <> 'unknown';

CREATE OR REPLACE TEMP TABLE fact AS
WITH facts AS (
    SELECT day, shift, batch, product, category || '_ms' AS name, z - a AS amount FROM claimed
    UNION ALL SELECT day, shift, batch, product, 'excluded_unknown_ms', z - a FROM claimed, plant
        WHERE category = 'unknown' AND excludes_unknown
    UNION ALL SELECT day, shift, batch, product, 'producing_setup_ms', z - a FROM claimed, plant
        WHERE category = 'setup' AND setup_produces
    UNION ALL SELECT day, shift, batch, product, 'no_ideal_ms', z - a FROM claimed, plant
        WHERE ideal IS NULL AND (category IN ('running', 'minor_stop')
            OR category = 'setup' AND setup_produces)
    UNION ALL SELECT day, shift, batch, product, 'reason:' || category || ':' || reason, z - a
        FROM claimed WHERE reason IS NOT NULL
    UNION ALL SELECT day, shift, batch, product, CASE category WHEN 'unplanned_stop' THEN 'breakdowns'
        ELSE category || 's' END, 1 FROM begun
    UNION ALL SELECT day, shift, batch, product, 'unplanned_good', good FROM counted WHERE NOT is_planned
    UNION ALL SELECT day, shift, batch, product, 'unplanned_scrap', scrap FROM counted WHERE NOT is_planned
    UNION ALL SELECT day, shift, batch, product, 'unplanned_rework', rework FROM counted
        WHERE NOT is_planned
    UNION ALL SELECT day, shift, batch, product, 'good', good FROM counted WHERE is_planned
    UNION ALL SELECT day, shift, batch, product, 'scrap', scrap FROM counted WHERE is_planned
    UNION ALL SELECT day, shift, batch, product, 'rework', rework FROM counted WHERE is_planned
    UNION ALL SELECT day, shift, batch, product, 'startup_scrap', scrap FROM counted
        WHERE is_planned AND is_startup
    UNION ALL SELECT day, shift, batch, product, 'startup_rework', rework FROM counted
        WHERE is_planned AND is_startup
    UNION ALL SELECT day, shift, batch, product, 'ideal_us', ideal * (good + scrap + rework) FROM counted
        WHERE is_planned
    UNION ALL SELECT day, shift, batch, product, 'ideal_good_us', ideal * good FROM counted
        WHERE is_planned
    UNION ALL SELECT day, shift, batch, product, 'ideal_startup_us', ideal * (scrap + rework) FROM counted
        WHERE is_planned AND is_startup
    UNION ALL SELECT day, shift, batch, product, 'no_ideal_parts', good + scrap + rework FROM counted
        WHERE is_planned AND ideal IS NULL)
SELECT strftime(day, '%Y-%m-%d') AS day, shift, batch, product, name, sum(amount)::BIGINT AS amount
FROM facts WHERE amount IS NOT NULL GROUP BY ALL HAVING sum(amount) <> 0 ORDER BY ALL;
