"""All that is stored of one batch, as its summary needs it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import dict_row

from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.settings import DatabaseSettings
from sinks.timescale.connection import connect, translated

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class BatchQuestion:
    """A batch; None is any, as long as there is only one."""

    batch: str
    site: str | None = None
    product: str | None = None
    run: str = ""


@dataclass(frozen=True, slots=True)
class BatchRows:
    """Rows of the views about one batch, in their order; times are UTC."""

    site: str
    product: str
    batch: str
    run: str
    release: Row | None
    results: tuple[Row, ...]
    known: tuple[Row, ...]
    """Of batch_genealogy."""
    reports: tuple[Row, ...]
    """The first OEE report of the batch on each equipment."""
    figures: tuple[Row, ...]
    """OEE as it is known by now, per equipment."""
    critical: tuple[Row, ...]
    gaps: tuple[Row, ...]
    """What edges told that they did not see, in the time of the batch."""
    signatures: tuple[Row, ...]
    seal_keys: tuple[str, ...]
    """Keys whose seals count, of all plant files of the site: middle lines of PEM files."""
    file: Row | None
    """The plant file by which it was judged: time zone and products."""
    audit_head: Row | None
    """The newest record of the site's audit trail."""
    may_read_audit: bool = True
    """Whether the database's user has the right to look for it."""


_PLACES = """
    SELECT DISTINCT site, product FROM (
        SELECT site, product FROM batch_progress WHERE run = %(run)s AND batch = %(batch)s
        UNION ALL
        SELECT site, product FROM batch_made
        WHERE run = %(run)s AND batch = %(batch)s AND NOT withdrawn
    ) AS known
    WHERE (%(site)s::text IS NULL OR site = %(site)s)
        AND (%(product)s::text IS NULL OR product = %(product)s)
    ORDER BY site, product
"""
_THIS = "run = %(run)s AND site = %(site)s AND product = %(product)s AND batch = %(batch)s"
_MAKING = f"""
    SELECT equipment, start, coalesce("end", 'infinity') AS until FROM batch_made
    WHERE {_THIS} AND NOT withdrawn
"""  # noqa: S608 - a constant
_RELEASE = f"SELECT * FROM batch_release WHERE {_THIS}"  # noqa: S608 - a constant
_RESULTS = f"""
    SELECT * FROM test_results WHERE {_THIS} ORDER BY test, tested_at, revision, statement
"""  # noqa: S608 - a constant
_KNOWN = f"SELECT * FROM batch_genealogy WHERE {_THIS}"  # noqa: S608 - a constant
_REPORTS = f"""
    SELECT DISTINCT ON (equipment) equipment, revision, availability, effectiveness,
        quality_ratio, oee, (report -> 'quantities' ->> 'good')::bigint AS good,
        (report -> 'quantities' ->> 'scrap')::bigint AS scrap
    FROM oee_report
    WHERE run = %(run)s AND kind = 'batch' AND "window" = %(batch)s AND final
        AND equipment IN (SELECT equipment FROM ({_MAKING}) AS making)
    ORDER BY equipment, revision
"""  # noqa: S608 - a constant
_FIGURES = f"""
    SELECT equipment, availability, effectiveness, quality_ratio, oee, good, scrap, rework, revision
    FROM oee_by_batch
    WHERE run = %(run)s AND batch = %(batch)s
        AND equipment = ANY (ARRAY(SELECT equipment FROM ({_MAKING}) AS making))
    ORDER BY equipment
"""  # noqa: S608 - a constant
_CRITICAL = f"""
    SELECT * FROM batch_critical_tags WHERE {_THIS} ORDER BY equipment, tag
"""  # noqa: S608 - a constant
_GAPS = f"""
    SELECT making.equipment, greatest(seen.begins, making.start) AS start,
        least(seen.time, making.until) AS "end", seen.event ->> 'reason' AS reason
    FROM ({_MAKING}) AS making
    CROSS JOIN LATERAL (
        SELECT one.time, one.event, (one.event ->> 'start')::timestamptz AS begins
        FROM machine_event AS one
        WHERE one.run = %(run)s AND one.equipment = making.equipment AND one.type = 'gap'
            AND one.time > making.start
    ) AS seen
    WHERE seen.begins < making.until
    ORDER BY 1, 2
"""  # noqa: S608 - a constant
_SIGNATURES = f"""
    SELECT CASE WHEN act = 'disposition' THEN act
                WHEN deviation IS NOT NULL THEN 'deviation step' ELSE 'result' END AS kind,
        statement, coalesce(decided.decision, step.action, found.test) AS what,
        signed_at, printed_name AS signed_by, login, roles, meaning, content_sha256, answer,
        signature_id, signed_local, time_zone, key, seal
    FROM (SELECT * FROM signatures WHERE {_THIS}) AS signed
    LEFT JOIN (SELECT run, statement, decision FROM disposition) AS decided USING (run, statement)
    LEFT JOIN (SELECT run, statement, action FROM deviation_action) AS step USING (run, statement)
    LEFT JOIN (SELECT run, statement, test FROM test_result) AS found USING (run, statement)
    ORDER BY signed_at, statement
"""  # noqa: S608 - a constant
_FILE = """
    SELECT plant_version, time_zone, products FROM plant_file
    WHERE site = %(site)s
    ORDER BY plant_version = %(plant_version)s DESC, number DESC LIMIT 1
"""
_SEAL_KEYS = """
    SELECT DISTINCT jsonb_array_elements_text(quality -> 'signature_keys') AS key FROM plant_file
    WHERE site = %(site)s ORDER BY key
"""
_MAY_READ_AUDIT = "SELECT has_table_privilege('audit_record', 'SELECT') AS allowed"
_AUDIT_HEAD = """
    SELECT number, hash, at FROM audit_record WHERE site = %(site)s
    ORDER BY number DESC, hash LIMIT 1
"""


async def batch_rows(settings: DatabaseSettings, question: BatchQuestion) -> BatchRows:
    """What is stored of the batch at one moment.

    Raises:
        MisconfiguredError: nothing is stored of it, or several batches have this id.
    """
    async with await connect(settings) as connection:
        with translated(settings):
            async with connection.transaction():
                await connection.execute(
                    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
                )
                return await _rows(connection, question)


async def _rows(connection: AsyncConnection, question: BatchQuestion) -> BatchRows:
    site, product = await _place(connection, question)
    named = {"run": question.run, "site": site, "product": product, "batch": question.batch}

    async def ask(query: str, **more: Any) -> tuple[Row, ...]:
        cursor = connection.cursor(row_factory=dict_row)
        await cursor.execute(query.encode(), named | more)
        return tuple(map(_in_utc, await cursor.fetchall()))

    release = _first(await ask(_RELEASE))
    version = release and release["plant_version"]
    may_read = (await ask(_MAY_READ_AUDIT))[0]["allowed"]
    return BatchRows(
        **named,
        release=release,
        results=await ask(_RESULTS),
        known=await ask(_KNOWN),
        reports=await ask(_REPORTS),
        figures=await ask(_FIGURES),
        critical=await ask(_CRITICAL),
        gaps=await ask(_GAPS),
        signatures=await ask(_SIGNATURES),
        seal_keys=tuple(one["key"] for one in await ask(_SEAL_KEYS)),
        file=_first(await ask(_FILE, plant_version=version)),
        audit_head=_first(await ask(_AUDIT_HEAD)) if may_read else None,
        may_read_audit=may_read,
    )


async def _place(connection: AsyncConnection, question: BatchQuestion) -> tuple[str, str]:
    given = {"run": question.run, "batch": question.batch, "site": question.site}
    cursor = await connection.execute(_PLACES.encode(), given | {"product": question.product})
    found = await cursor.fetchall()
    if len(found) == 1:
        return str(found[0][0]), str(found[0][1])
    if not found:
        raise MisconfiguredError(_unknown(question))
    named = ", ".join(f"product {product} at {site}" for site, product in found[:10])
    raise MisconfiguredError(
        f"several batches are called {question.batch!r}: {named};"
        " say which with --site and --product"
    )


def _unknown(question: BatchQuestion) -> str:
    places = [
        f"{word} {name!r}"
        for word, name in (("site", question.site), ("product", question.product))
        if name is not None
    ]
    where = f" of {' and '.join(places)}" if places else ""
    run = f"run {question.run!r}" if question.run else "live data (--run names a replay)"
    return f"nothing is stored of batch {question.batch!r}{where} in {run}"


def _first(rows: Sequence[Row]) -> Row | None:
    return rows[0] if rows else None


def _in_utc(row: Row) -> Row:
    return {
        name: value.astimezone(UTC) if isinstance(value, datetime) else value
        for name, value in row.items()
    }
