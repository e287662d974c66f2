"""What the record of a batch is: the rows to keep whole or to delete, table by table. Pure.

This is the one list. A table that names batches and is missing here fails a test.
"""

from dataclasses import dataclass

_OF_BATCH = "run = '' AND site = %(site)s AND batch = %(batch)s"
_MADE_HERE = """
    run = '' AND batch = %(batch)s AND equipment IN (
        SELECT equipment FROM run_equipment
        WHERE run = '' AND starts_with(equipment, %(site)s || '/'))
"""
_AMONG_ITS_ALERTS = """
    run = '' AND (fingerprint, starts_at) IN
        (SELECT * FROM unnest(%(fingerprints)s::text[], %(starts)s::timestamptz[]))
"""
_ITS_SAMPLES = """
    run = '' AND EXISTS (
        SELECT FROM batch_made AS made
        WHERE made.run = '' AND made.site = %(site)s AND made.batch = %(batch)s
            AND made.equipment = batch_sample.equipment
            AND batch_sample.time >= made.start AND batch_sample.time < made."end")
    AND NOT EXISTS (
        SELECT FROM batch_made AS other
        WHERE other.run = '' AND other.site = %(site)s AND other.batch <> %(batch)s
            AND other.equipment = batch_sample.equipment AND NOT other.withdrawn
            AND batch_sample.time >= other.start
            AND batch_sample.time < coalesce(other."end", 'infinity'))
"""
"""Of critical tags, where no other batch was made at the same time."""
_HELD_AT_ITS_BEGINNING = """
    run = '' AND EXISTS (
        SELECT FROM batch_made AS made
        WHERE made.run = '' AND made.site = %(site)s AND made.batch = %(batch)s
            AND made.equipment = batch_sample_before.equipment
            AND made.start = batch_sample_before.start)
    AND NOT EXISTS (
        SELECT FROM batch_made AS other
        WHERE other.run = '' AND other.site = %(site)s AND other.batch <> %(batch)s
            AND other.equipment = batch_sample_before.equipment AND NOT other.withdrawn
            AND other.start = batch_sample_before.start)
"""
_ITS_ALERTS = f"site = %(site)s AND {_AMONG_ITS_ALERTS}"
_ITS_MESSAGES = "site = %(site)s AND {} = ANY(%(messages)s)"
_ITS_DEVIATIONS = f"SELECT deviation FROM deviation WHERE {_OF_BATCH}"  # noqa: S608 - a constant
_OF_DEVIATIONS = f"run = '' AND deviation IN ({_ITS_DEVIATIONS})"
_VERSIONS = f"SELECT statement FROM judged_version WHERE {_OF_BATCH}"  # noqa: S608 - a constant
_RESULTS = f"run = '' AND site = %(site)s AND (batch = %(batch)s OR statement IN ({_VERSIONS}))"
_STATEMENTS = f"""
    SELECT statement FROM test_result WHERE {_RESULTS}
    UNION ALL SELECT statement FROM disposition WHERE {_OF_BATCH}
    UNION ALL SELECT statement FROM deviation_action WHERE {_OF_DEVIATIONS}
"""  # noqa: S608 - constants
_ANSWERS_TO_ALERTS = f"""
    run = '' AND site = %(site)s AND type IN ('acknowledgement', 'unacknowledgement', 'snooze')
    AND statement IN (SELECT statement FROM alert_handled WHERE {_ITS_ALERTS})
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one table that belong to a batch."""

    table: str
    which: str
    """The condition, in the parameters of `ALERTS` and `MESSAGES`."""


RECORD: tuple[Part, ...] = (
    Part("operator_act", _ANSWERS_TO_ALERTS),
    Part("delivery_attempt", _ITS_MESSAGES.format("notification")),
    Part("notification", _ITS_MESSAGES.format("id")),
    Part("notification_alert", _ITS_ALERTS),
    Part("alert_handled", _ITS_ALERTS),
    Part("alert_transition", _ITS_ALERTS),
    Part("lab_answer", f"run = '' AND statement IN ({_STATEMENTS})"),
    Part("signature", f"run = '' AND statement IN ({_STATEMENTS})"),
    Part("deviation_action", _OF_DEVIATIONS),
    Part("deviation", _OF_BATCH),
    Part("test_result", _RESULTS),
    Part("judged_version", _OF_BATCH),
    Part("judged_result", _OF_BATCH),
    Part("disposition", _OF_BATCH),
    Part("compliance_report", _OF_BATCH),
    Part("batch_progress", _OF_BATCH),
    Part("batch_sample", _ITS_SAMPLES),
    Part("batch_sample_before", _HELD_AT_ITS_BEGINNING),
    Part("batch_made", _OF_BATCH),
    Part("batch_cycle", _MADE_HERE),
    Part("cycle_cell", _MADE_HERE),
    Part("stop", _MADE_HERE),
    Part("oee_report", _MADE_HERE.replace("batch =", "kind = 'batch' AND \"window\" =")),
    Part("oee_cell", _MADE_HERE),
    Part("machine_event", _MADE_HERE),
)
"""In the order of deletion: what is found by other rows goes before them."""

CELLS = f"""
    SELECT queue_refresh('{{}}', ARRAY(
        SELECT DISTINCT floor(extract(epoch FROM minute) / 900)::bigint FROM oee_cell
        WHERE {_MADE_HERE}))
"""  # noqa: S608 - a constant
"""Notes where the aggregates of OEE have to forget the batch."""

HOLDING = ("batch_hold", "batch_hold_release", "batch_deletion")
"""Tables that name batches and are never deleted from."""

ALERTS = """
    SELECT DISTINCT alert.fingerprint, alert.starts_at
    FROM batch_made AS made
    JOIN alerts AS alert ON alert.run = made.run AND alert.site = made.site
        AND alert.equipment = split_part(made.equipment, '/', 5)
        AND alert.starts_at < made."end"
    WHERE made.run = '' AND made.site = %(site)s AND made.batch = %(batch)s AND NOT made.withdrawn
        AND alert.fired_at < made."end" AND alert.resolved_at > made.start
        AND NOT EXISTS (
            SELECT FROM batch_made AS other
            WHERE other.run = made.run AND other.site = made.site AND other.batch <> made.batch
                AND split_part(other.equipment, '/', 5) = alert.equipment AND NOT other.withdrawn
                AND alert.fired_at < coalesce(other."end", 'infinity')
                AND alert.resolved_at > other.start)
"""
"""Alerts that fired while it was made and are resolved, of its genealogy and of no other one."""

MESSAGES = f"""
    SELECT notification FROM notification_alert
    WHERE site = %(site)s AND notification IN (
        SELECT notification FROM notification_alert WHERE {_ITS_ALERTS})
    GROUP BY notification HAVING bool_and({_AMONG_ITS_ALERTS})
"""  # noqa: S608 - constants
"""Messages that tell of no other alerts."""

_SITE_OF_EQUIPMENT = "split_part(equipment, '/', 1) || '/' || split_part(equipment, '/', 2)"
FACTS = f"""
    WITH said AS (
        SELECT site, batch, product, "end" IS NULL AS is_open, "end" AS ended_at,
               false AS is_tested, NULL::text AS disposition, 0::bigint AS open_deviations,
               coalesce("end", start) AS at
        FROM batch_made WHERE run = '' AND NOT withdrawn
        UNION ALL
        SELECT {_SITE_OF_EQUIPMENT}, batch, coalesce(product, ''), "end" IS NULL, "end", false,
               NULL, 0, coalesce("end", start)
        FROM batch_cycle WHERE run = ''
        UNION ALL
        SELECT site, batch, product, started_at IS NOT NULL AND ended_at IS NULL, ended_at,
               expected > 0, disposition, open_deviations,
               greatest(started_at, ended_at, disposed_at)
        FROM batch_release WHERE run = ''
        UNION ALL
        SELECT said.site, said.batch, said.product, false, NULL,
               told.answer IS DISTINCT FROM 'refused', NULL, 0, said.time
        FROM test_result AS said LEFT JOIN lab_answer AS told USING (run, statement)
        WHERE run = '' AND batch IS NOT NULL
        UNION ALL
        SELECT said.site, said.batch, said.product, false, NULL,
               told.answer IS DISTINCT FROM 'refused', NULL, 0, said.time
        FROM disposition AS said LEFT JOIN lab_answer AS told USING (run, statement)
        WHERE run = ''
        UNION ALL
        SELECT site, batch, product, false, NULL, NOT withdrawn, NULL,
               (state <> 'closed' AND NOT withdrawn)::integer, greatest(opened_at, changed_at)
        FROM deviation WHERE run = '' AND batch IS NOT NULL
    ), by_product AS (
        SELECT site, batch, product, bool_or(is_open) AS is_open, max(ended_at) AS ended_at,
               bool_or(is_tested) AS is_tested, max(disposition) AS disposition,
               sum(open_deviations)::bigint AS open_deviations, max(at) AS last_at
        FROM said
        WHERE %(batch)s::text IS NULL OR (site = %(site)s AND batch = %(batch)s)
        GROUP BY site, batch, product
    ), dated AS (
        SELECT *, max(last_at) OVER (PARTITION BY site, batch) AS newest FROM by_product
    )
    SELECT site, batch, product, is_open, ended_at, is_tested, disposition, open_deviations,
           last_at,
           (SELECT count(*) FROM batch_holds AS hold
            WHERE hold.site = dated.site AND hold.batch = dated.batch AND stands) AS holds,
           (SELECT max(deleted_at) FROM batch_deletion AS gone
            WHERE gone.site = dated.site AND gone.batch = dated.batch) AS deleted_at
    FROM dated
    WHERE newest <= %(before)s
    ORDER BY newest, site, batch, product
"""  # noqa: S608 - constants
"""What decides on records about which nothing was done or said since `before`."""
