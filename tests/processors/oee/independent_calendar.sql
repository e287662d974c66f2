-- Shifts as instants. A local time that exists twice is the first one; one that clocks leave out is
-- the instant at which they are put forward, on the hour in the zones that are used here.

CREATE OR REPLACE TEMP MACRO instant(zone, local) AS (
    SELECT CASE WHEN timezone(zone, later - INTERVAL 1 HOUR) = local
        THEN epoch_ms(later - INTERVAL 1 HOUR) WHEN timezone(zone, later) <> local
        THEN epoch_ms(date_trunc('hour', later)) ELSE epoch_ms(later) END
    FROM (SELECT timezone(zone, local) AS later));

CREATE OR REPLACE TEMP TABLE day AS
SELECT unnest(generate_series(
    timezone(zone, make_timestamptz(a * 1000)) - INTERVAL 3 DAY,
    timezone(zone, make_timestamptz(z * 1000)) + INTERVAL 2 DAY, INTERVAL 1 DAY))::DATE AS day
FROM whole, plant;

CREATE OR REPLACE TEMP TABLE slot AS
SELECT strftime(day, '%Y-%m-%d') || '/' || name AS shift, name, day,
    instant(zone, day + to_minutes(from_minute)) AS a, instant(zone, day + to_minutes(to_minute)) AS z
FROM day JOIN shift ON weekday = isodow(day), plant
WHERE day NOT IN (SELECT free.day::DATE FROM free);

-- Production stands still within a shift, because the calendar says so.
CREATE OR REPLACE TEMP TABLE still AS
SELECT instant(zone, day + to_minutes(from_minute)) AS a, instant(zone, day + to_minutes(to_minute)) AS z
FROM slot JOIN pause ON pause.shift = slot.name, plant
UNION ALL
SELECT instant(zone, from_local::TIMESTAMP), instant(zone, to_local::TIMESTAMP) FROM repair, plant;

CREATE OR REPLACE TEMP TABLE midnight AS
SELECT instant(zone, day::TIMESTAMP) AS a FROM day, plant;
