-- What was said, as spans of milliseconds since 1970. Tables `event` and the plant's are given.

CREATE OR REPLACE TEMP TABLE said AS
SELECT *,
    epoch_ms(source_time::TIMESTAMPTZ) AS moment,
    epoch_ms("start"::TIMESTAMPTZ) AS start_at,
    epoch_ms("end"::TIMESTAMPTZ) AS end_at,
    -- At one moment: product, batch begins, counts, batch ends.
    epoch_ms(source_time::TIMESTAMPTZ) * 10 + CASE type
        WHEN 'product_changed' THEN 0 WHEN 'batch_started' THEN 1
        WHEN 'batch_ended' THEN 3 ELSE 2 END AS turn,
    type IN ('state_changed', 'parts_counted', 'batch_started', 'batch_ended', 'product_changed',
        'phase_changed', 'cycle_completed', 'gap', 'counter_reset', 'heartbeat') AS is_life
FROM event;

-- A count that comes when later time is settled: what is 5 s older than the newest word is.
CREATE OR REPLACE TEMP TABLE overdue AS
WITH heard AS (
    SELECT arrival, moment, type, max(moment) OVER (ORDER BY arrival
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS newest
    FROM said WHERE is_life)
SELECT h.arrival FROM heard h WHERE h.type = 'parts_counted' AND EXISTS (
    FROM heard e WHERE e.arrival < h.arrival AND e.moment > h.moment AND e.moment <= h.newest - 5000);

CREATE OR REPLACE TEMP TABLE whole AS
SELECT min(moment) AS a, max(moment) AS z FROM said WHERE is_life;

-- The device's own word: the last one said at a moment holds.
CREATE OR REPLACE TEMP TABLE word AS
SELECT moment AS a, category, state, reason,
    coalesce(lead(moment) OVER (ORDER BY moment), (SELECT z FROM whole)) AS z
FROM (SELECT * FROM said WHERE type = 'state_changed'
      QUALIFY row_number() OVER (PARTITION BY moment ORDER BY seq DESC) = 1);

-- Runs and stops: as long as one raw category lasts.
CREATE OR REPLACE TEMP TABLE raw AS
WITH changes AS (
    SELECT *, (category IS DISTINCT FROM lag(category) OVER (ORDER BY a))::INT AS is_new FROM word),
numbered AS (SELECT *, sum(is_new) OVER (ORDER BY a) AS island FROM changes)
SELECT island, min(a) AS a, max(z) AS z, any_value(category) AS category
FROM numbered GROUP BY island;

-- A run that is too short between two stops ends no stop.
CREATE OR REPLACE TEMP TABLE held AS
WITH beside AS (
    SELECT r.*, category = 'running' AND z - a < plant.min_run_ms
        AND lag(category) OVER (ORDER BY a) IS NOT NULL
        AND lead(category) OVER (ORDER BY a) IS NOT NULL AS is_too_short
    FROM raw r, plant)
SELECT a, z, last_value(CASE WHEN is_too_short THEN NULL ELSE category END IGNORE NULLS)
    OVER (ORDER BY a) AS category, is_too_short
FROM beside;

CREATE OR REPLACE TEMP TABLE spell AS
WITH changes AS (
    SELECT *, (category IS DISTINCT FROM lag(category) OVER (ORDER BY a))::INT AS is_new FROM held),
numbered AS (SELECT *, sum(is_new) OVER (ORDER BY a) AS spell FROM changes)
SELECT spell, min(a) AS a, max(z) AS z, any_value(category) AS category
FROM numbered GROUP BY spell;

-- The word that holds: during a run that ends no stop, the one before it.
CREATE OR REPLACE TEMP TABLE word_held AS
WITH said_words AS (
    SELECT w.a, CASE WHEN NOT h.is_too_short THEN struct_pack(s := w.state, r := w.reason) END AS kept
    FROM word w JOIN held h ON w.a >= h.a AND w.a < h.z)
SELECT a, last_value(kept IGNORE NULLS) OVER (ORDER BY a) AS held FROM said_words;

-- Nobody knows: before the first word, in silence, and in a gap since the last word of its time.
CREATE OR REPLACE TEMP TABLE unknown AS
WITH life AS (SELECT DISTINCT moment FROM said WHERE is_life),
silence AS (SELECT moment + unknown_after_ms AS a, lead(moment) OVER (ORDER BY moment) AS z FROM life, plant)
SELECT a, z FROM silence WHERE z > a
UNION ALL SELECT greatest(start_at,
        (SELECT max(e.moment) FROM said e WHERE e.is_life AND e.moment < g.moment
            AND e.arrival NOT IN (SELECT arrival FROM overdue))), moment
    FROM said g WHERE type = 'gap'
UNION ALL SELECT whole.a, coalesce((SELECT min(a) FROM word), whole.z) FROM whole;

-- A batch is open until it ends or the next one begins.
CREATE OR REPLACE TEMP TABLE batch AS
WITH begun AS (
    SELECT batch, turn AS first, seq,
        lead(turn) OVER (ORDER BY turn, seq) AS next, lead(batch) OVER (ORDER BY turn, seq) AS next_batch
    FROM said WHERE type = 'batch_started'),
ended AS (
    SELECT begun.*, (SELECT min(e.turn) FROM said e
        WHERE e.type = 'batch_ended' AND e.batch = begun.batch AND e.turn > begun.first) AS its_end
    FROM begun)
SELECT batch, first, coalesce(least(its_end, next), 9e18::BIGINT) AS last,
    coalesce(its_end < next OR next IS NULL, FALSE) OR next_batch <> batch AS is_end
FROM ended;

CREATE OR REPLACE TEMP TABLE product AS
SELECT product, turn AS first, coalesce(lead(turn) OVER w, 9e18::BIGINT) AS last,
    coalesce(product IS DISTINCT FROM lag(product) OVER w, FALSE)
        AND lag(product) OVER w IS NOT NULL AS is_change
FROM said WHERE type = 'product_changed' WINDOW w AS (ORDER BY turn, seq);

-- Another product is being prepared: to the first part after it.
CREATE OR REPLACE TEMP TABLE changeover AS
WITH begun AS (
    SELECT last AS turn FROM batch WHERE is_end AND last < 9e18
    UNION SELECT first FROM product WHERE is_change),
parts AS (
    SELECT turn FROM said WHERE type = 'parts_counted' AND good + scrap + rework + produced > 0
        AND arrival NOT IN (SELECT arrival FROM overdue))
SELECT begun.turn // 10 AS a,
    (SELECT coalesce(min(p.turn) // 10, z) FROM parts p WHERE p.turn > begun.turn) AS z
FROM begun, whole;

-- At one moment the one that ends comes before the one that begins.
CREATE OR REPLACE TEMP TABLE maintenance AS
SELECT moment AS a, z, planned FROM (
    SELECT moment, type, planned,
        coalesce(lead(moment) OVER (ORDER BY moment, type, seq), (SELECT z FROM whole)) AS z
    FROM said WHERE type IN ('maintenance_started', 'maintenance_ended'))
WHERE type = 'maintenance_started';

-- Of two words of people on the same time the later one holds.
CREATE OR REPLACE TEMP TABLE told AS
SELECT s.reason, s.moment, s.seq, r.category,
    coalesce(s.start_at, c.a) AS a,
    -- Without an end: to the end of the stop in which it was said, or else until then.
    coalesce(s.end_at, c.z, s.moment) AS z
FROM said s
LEFT JOIN spell c ON c.category <> 'running' AND s.moment >= c.a AND s.moment < c.z
LEFT JOIN reason r ON r.code = s.reason
WHERE s.type = 'stop_reason_given';
