-- What a stop was and why, start-up rejects, cycles, and which equipment a plant file knows. Plain
-- tables: a few thousand rows a day at most, looked up by equipment, never dropped by age.
-- migrate:up

ALTER TABLE oee_cell
    ADD COLUMN producing_setup_ms bigint NOT NULL DEFAULT 0,
    ADD COLUMN startup_scrap bigint NOT NULL DEFAULT 0,
    ADD COLUMN startup_rework bigint NOT NULL DEFAULT 0,
    ADD COLUMN ideal_startup_us bigint NOT NULL DEFAULT 0,
    ADD COLUMN breakdowns bigint NOT NULL DEFAULT 0,
    ADD COLUMN delays bigint NOT NULL DEFAULT 0,
    ADD COLUMN setups bigint NOT NULL DEFAULT 0,
    ADD COLUMN planned_stops bigint NOT NULL DEFAULT 0,
    ADD COLUMN minor_stops bigint NOT NULL DEFAULT 0,
    ADD COLUMN reasons jsonb NOT NULL DEFAULT '[]';
-- A column and no table beside it: the upsert that replaces a cell replaces its reasons with it, so
-- none of a former content can stay behind; most cells have none, and few have more than two.
COMMENT ON COLUMN oee_cell.reasons IS
    'Array of {category, reason, ms}: the part of the time of a category, in planned time, that has this reason. The rest of the category has none. View pareto sums it up.';
COMMENT ON COLUMN oee_cell.producing_setup_ms IS
    'The part of setup_ms that counts as production time without parts (changeover: performance), ms.';
COMMENT ON COLUMN oee_cell.startup_scrap IS 'The part of scrap that was made while starting up, parts.';
COMMENT ON COLUMN oee_cell.startup_rework IS 'The part of rework that was made while starting up, parts.';
COMMENT ON COLUMN oee_cell.ideal_startup_us IS 'Ideal time of start-up rejects, microseconds.';
COMMENT ON COLUMN oee_cell.breakdowns IS 'Unplanned stops, minor ones apart, that began here in planned time.';
COMMENT ON COLUMN oee_cell.delays IS 'Delays that began here in planned time.';
COMMENT ON COLUMN oee_cell.setups IS 'Setups that began here in planned time.';
COMMENT ON COLUMN oee_cell.planned_stops IS 'Planned stops that began here.';
COMMENT ON COLUMN oee_cell.minor_stops IS 'Minor stops that began here in planned time.';
CREATE INDEX oee_cell_by_production_day ON oee_cell (run, day);
CREATE INDEX oee_cell_late ON oee_cell (run, equipment, day) WHERE late <> '';

ALTER TABLE oee_report ADD COLUMN cause text;
COMMENT ON COLUMN oee_report.cause IS
    'The late event (source/epoch/seq) that made this revision; null in the first report of a window.';

CREATE TABLE stop (
    run text NOT NULL,
    equipment text NOT NULL,
    start timestamptz NOT NULL,
    "end" timestamptz,
    category text NOT NULL,
    state text,
    reason text,
    reason_by text,
    batch text,
    product text,
    shift text,
    day date NOT NULL,
    plant_version text NOT NULL,
    PRIMARY KEY (run, equipment, start)
);
COMMENT ON TABLE stop IS
    'Stops as they are known by now; a newer record of a stop replaces it. People read the view stops.';
CREATE INDEX stop_by_day ON stop (run, day);

CREATE TABLE andon_call (
    run text NOT NULL,
    equipment text NOT NULL,
    andon text NOT NULL,
    raised_at timestamptz NOT NULL,
    kind text NOT NULL,
    priority text NOT NULL,
    raised_by text NOT NULL,
    cleared_at timestamptz,
    cleared_by text,
    comment text,
    plant_version text NOT NULL,
    PRIMARY KEY (run, equipment, andon, raised_at)
);
COMMENT ON TABLE andon_call IS
    'Calls for help; a newer record of a call replaces it. People read the view andon_calls.';

CREATE TABLE finding (
    run text NOT NULL,
    equipment text NOT NULL,
    kind text NOT NULL,
    start timestamptz NOT NULL,
    event text NOT NULL,
    "end" timestamptz NOT NULL,
    text text NOT NULL,
    plant_version text NOT NULL,
    PRIMARY KEY (run, equipment, kind, start, event)
);
COMMENT ON TABLE finding IS
    'What does not fit in what an equipment and its people say; event is source/epoch/seq of what showed it, or ''''. People read the view findings.';

CREATE TABLE cycle_cell (
    run text NOT NULL,
    equipment text NOT NULL,
    hour timestamptz NOT NULL,
    product text NOT NULL,
    batch text NOT NULL,
    shift text NOT NULL,
    late text NOT NULL,
    day date NOT NULL,
    plant_version text NOT NULL,
    cycles bigint NOT NULL,
    total_ms bigint NOT NULL,
    squares_ms2 bigint NOT NULL,
    shortest_ms bigint NOT NULL,
    longest_ms bigint NOT NULL,
    slow bigint NOT NULL,
    ideal_ms bigint NOT NULL,
    no_ideal bigint NOT NULL,
    sketch jsonb NOT NULL,
    PRIMARY KEY (run, equipment, hour, product, batch, shift, late)
);
COMMENT ON TABLE cycle_cell IS
    'Cycles that ended in an hour of UTC, a row per equipment, hour, product, batch, shift ('''' where there is none) and late event ('''' for cycles that came in time). All of it adds up. People read the views cycles_by_*.';
COMMENT ON COLUMN cycle_cell.sketch IS
    'Cycles per bucket: bucket i holds lengths in (1.02^(i-1), 1.02^i] ms. See cycle_quantile_ms.';
CREATE INDEX cycle_cell_by_day ON cycle_cell (run, equipment, day);

CREATE TABLE batch_cycle (
    run text NOT NULL,
    equipment text NOT NULL,
    batch text NOT NULL,
    start timestamptz NOT NULL,
    "end" timestamptz,
    product text,
    phases jsonb NOT NULL,
    phases_left_out bigint NOT NULL,
    plant_version text NOT NULL,
    PRIMARY KEY (run, equipment, batch, start)
);
COMMENT ON TABLE batch_cycle IS
    'How long each batch took, and its phases as an array of {name, start, end}. People read the views batch_cycles and batch_phases.';

CREATE TABLE plant_file (
    site text NOT NULL,
    plant_version text NOT NULL,
    number bigint NOT NULL,
    published_at timestamptz NOT NULL,
    in_force_from timestamptz,
    applied_by text,
    reason text,
    file text NOT NULL,
    text text NOT NULL,
    equipment jsonb NOT NULL,
    PRIMARY KEY (site, plant_version, number)
);
COMMENT ON TABLE plant_file IS
    'Plant files, word for word, as plant.model.v1 has them; number 0: an edge uses it unasked.';
COMMENT ON COLUMN plant_file.equipment IS
    'What the file says of equipment: an array of {path, id, name, area, line, line_name, class, is_constraint}. People read the view plant_equipment.';

-- migrate:down

DROP TABLE plant_file, batch_cycle, cycle_cell, finding, andon_call, stop;
ALTER TABLE oee_report DROP COLUMN cause;
DROP INDEX oee_cell_by_production_day, oee_cell_late;
ALTER TABLE oee_cell
    DROP COLUMN producing_setup_ms, DROP COLUMN startup_scrap, DROP COLUMN startup_rework,
    DROP COLUMN ideal_startup_us, DROP COLUMN breakdowns, DROP COLUMN delays, DROP COLUMN setups,
    DROP COLUMN planned_stops, DROP COLUMN minor_stops, DROP COLUMN reasons;
