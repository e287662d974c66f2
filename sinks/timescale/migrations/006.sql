-- What is wanted of each product in a shift, and whether cycles are fast enough for it.
-- migrate:up

CREATE VIEW plant_demand AS
    SELECT site, plant_version, number, path AS equipment, product, units::double precision AS demand_per_shift
    FROM plant_file
    CROSS JOIN LATERAL jsonb_to_recordset(plant_file.equipment) AS one (path text, demand jsonb)
    CROSS JOIN LATERAL jsonb_each_text(coalesce(demand, '{}'::jsonb)) AS wanted (product, units);
COMMENT ON VIEW plant_demand IS
    'Counting units that each version of a site''s plant file wants of a product in a shift, on each equipment.';

CREATE VIEW takt_by_shift AS
    SELECT run, equipment, window_start, window_end, day, shift, product, planned_s, demand_per_shift,
           planned_s / demand_per_shift AS takt_s, mean_s, cycles,
           planned_s / demand_per_shift / nullif(mean_s, 0) AS attainment
    FROM (
        SELECT cycles.run, cycles.equipment, windows.window_start, windows.window_end, cycles.day,
               cycles.shift, cycles.product, windows.planned_s, cycles.mean_s, cycles.cycles,
               (SELECT wanted.demand_per_shift FROM oee_cell AS cell JOIN plant_demand AS wanted
                    USING (plant_version, equipment)
                WHERE cell.run = cycles.run AND cell.equipment = cycles.equipment
                    AND cell.shift = cycles.shift AND cell.day = cycles.day
                    AND wanted.product = cycles.product
                ORDER BY cell.minute DESC, wanted.number DESC LIMIT 1) AS demand_per_shift
        FROM cycles_by_shift AS cycles
        JOIN oee_by_shift AS windows USING (run, equipment, day, shift)
    ) AS told
    WHERE demand_per_shift IS NOT NULL;
COMMENT ON VIEW takt_by_shift IS
    'Takt against demand, a row per run, equipment, shift and product with a demand: planned time of the shift / demand (Rother and Shook: Learning to See). Of a shift that is not over, planned time is what has passed of it. Live is run = ''''.';

DO $$
DECLARE
    named record;
BEGIN
    FOR named IN SELECT * FROM (VALUES
        ('plant_demand', 'site', 'enterprise/site.'),
        ('plant_demand', 'plant_version', 'Version of the plant file.'),
        ('plant_demand', 'number', '1 for the first file applied at the site, and so on; 0: an edge uses it unasked.'),
        ('plant_demand', 'equipment', 'enterprise/site/area/line/equipment.'),
        ('plant_demand', 'product', 'Id of the product.'),
        ('plant_demand', 'demand_per_shift', 'Counting units wanted in a shift.'),
        ('takt_by_shift', 'run', 'The replay it belongs to; '''' is live.'),
        ('takt_by_shift', 'equipment', 'enterprise/site/area/line/equipment.'),
        ('takt_by_shift', 'window_start', 'First moment of the shift.'),
        ('takt_by_shift', 'window_end', 'First moment after it, or up to which it is known.'),
        ('takt_by_shift', 'day', 'Production day: the local date on which the shift began.'),
        ('takt_by_shift', 'shift', 'Shift, as 2026-03-01/night.'),
        ('takt_by_shift', 'product', 'Id of the product.'),
        ('takt_by_shift', 'planned_s', 'Planned busy time of the shift, s.'),
        ('takt_by_shift', 'demand_per_shift', 'Counting units wanted in the shift, by the plant file that held at its end.'),
        ('takt_by_shift', 'takt_s', 'Planned time per unit wanted, s.'),
        ('takt_by_shift', 'mean_s', 'Mean cycle of the product in the shift, s.'),
        ('takt_by_shift', 'cycles', 'Cycles of the product in the shift.'),
        ('takt_by_shift', 'attainment', 'takt_s / mean_s: below 1 the cycles are too slow for the demand even without any stop.')
    ) AS c (view_name, column_name, about)
    LOOP
        EXECUTE format('COMMENT ON COLUMN %I.%I IS %L', named.view_name, named.column_name, named.about);
    END LOOP;
END
$$;

-- migrate:down

DROP VIEW takt_by_shift, plant_demand;
