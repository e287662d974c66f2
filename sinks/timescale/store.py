"""The statements of one transaction: fence, marks, rows. The caller commits or rolls back."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, LiteralString

from psycopg import AsyncConnection

from plantstream.runtime.errors import FencedError
from plantstream.runtime.ports import TopicPartition
from sinks.batch import Span
from sinks.marks import Mark
from sinks.position import Position
from sinks.timescale import binary
from sinks.timescale.rows import Rows
from sinks.timescale.table import Table, storable

_SPANS = """
    SELECT * FROM unnest(
        %s::text[], %s::integer[], %s::bigint[], %s::bigint[], %s::text[], %s::bigint[], %s::text[]
    ) AS given (topic, partition, begins, next, cluster_id, broker_time_ms, checksum)
"""
_MOVE = f"""
    UPDATE sink_position AS stored
    SET next = given.next, cluster_id = given.cluster_id, checksum = given.checksum,
        broker_time_ms = given.broker_time_ms, stored_at = now()
    FROM ({_SPANS}) AS given
    WHERE stored.topic = given.topic AND stored.partition = given.partition
        AND stored.next = given.begins
"""  # noqa: S608 - a constant
_CLAIM = f"""
    INSERT INTO sink_position (topic, partition, next, cluster_id, broker_time_ms, checksum)
    SELECT topic, partition, next, cluster_id, broker_time_ms, checksum
    FROM ({_SPANS}) AS given
    ON CONFLICT DO NOTHING
"""  # noqa: S608 - a constant
_POSITIONS = """
    SELECT topic, partition, next, cluster_id, broker_time_ms, checksum FROM sink_position
    WHERE (topic, partition) IN (SELECT * FROM unnest(%s::text[], %s::integer[]))
"""
_MARKS = """
    SELECT source, epoch, topic, key, seq FROM sink_mark
    WHERE (source, epoch, topic, key) IN
        (SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]))
"""
_REMEMBER = """
    INSERT INTO sink_mark (source, epoch, topic, key, seq)
    SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[])
    ON CONFLICT (topic, key, source, epoch) DO UPDATE SET seq = excluded.seq
"""
_RUNS = """
    INSERT INTO run_equipment (run, equipment) SELECT * FROM unnest(%s::text[], %s::text[])
    ON CONFLICT DO NOTHING
"""
_DUE = """
    INSERT INTO batch_sample_due (run, equipment, first, last)
    SELECT run, equipment, first, last
    FROM unnest(%s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[])
        AS given (run, equipment, first, last)
    WHERE EXISTS (SELECT FROM critical_tag AS one WHERE one.equipment = given.equipment)
"""
_DUE_ROUNDS = """
    SELECT ceil(count(*) / %s::numeric) FROM batch_sample_due WHERE due_at <= now()
"""
_KEEP = "SELECT keep_batch_samples(%s)"
_QUEUE = "SELECT queue_refresh(%s::bigint[], %s::bigint[])"
_COPY_LIVE = (
    "COPY sample (equipment, tag, unit, time, value, quality, text) FROM STDIN (FORMAT binary)"
)
_COPY_RUN = (
    "COPY run_sample (run, equipment, tag, unit, time, value, quality, text)"
    " FROM STDIN (FORMAT binary)"
)


async def load_positions(
    connection: AsyncConnection, partitions: Collection[TopicPartition]
) -> dict[TopicPartition, Position]:
    """The stored positions of these partitions."""
    topics, numbers = [one.topic for one in partitions], [one.partition for one in partitions]
    cursor = await connection.execute(_POSITIONS, (topics, numbers))
    return {
        TopicPartition(topic, partition): Position(*rest)
        for topic, partition, *rest in await cursor.fetchall()
    }


async def move_positions(connection: AsyncConnection, spans: Iterable[Span]) -> None:
    """Move the positions from where the batch begins to where it ends.

    Raises:
        FencedError: one of them stands elsewhere: another writer owns the partition.
    """
    for query, of_new in ((_MOVE, False), (_CLAIM, True)):
        chosen = [span for span in spans if span.new is of_new]
        if not chosen:
            continue
        cursor = await connection.execute(query, _transposed(map(_span_row, chosen)))
        if cursor.rowcount != len(chosen):
            names = ", ".join(f"{span.partition}@{span.begin}" for span in chosen[:5])
            raise FencedError(f"the stored position is not where this batch begins: {names}")


async def load_marks(connection: AsyncConnection, marks: Collection[Mark]) -> dict[Mark, int]:
    """The last `seq` stored, for those of these marks that exist."""
    if not marks:
        return {}
    cursor = await connection.execute(_MARKS, _transposed(map(_storable_mark, marks)))
    found = {Mark(*names): seq for *names, seq in await cursor.fetchall()}
    return {mark: found[stored] for mark in marks if (stored := _storable_mark(mark)) in found}


async def save_marks(connection: AsyncConnection, marks: Mapping[Mark, int]) -> None:
    """Remember how far each source was stored."""
    if marks:
        rows = {_storable_mark(mark): seq for mark, seq in marks.items()}
        await connection.execute(_REMEMBER, _transposed((*mark, seq) for mark, seq in rows.items()))


async def store_rows(connection: AsyncConnection, rows: Rows) -> None:
    """Append the samples, and write the rows of all other tables."""
    for query, blocks in ((_COPY_LIVE, rows.live), (_COPY_RUN, rows.of_runs)):
        if blocks:
            await _copy(connection, query, blocks)
    if rows.sampled:
        due = sorted((*who, *span) for who, span in rows.sampled.items())
        await connection.execute(_DUE, _transposed(due))
    if rows.sample_slots or rows.cell_slots:
        await connection.execute(_QUEUE, (sorted(rows.sample_slots), sorted(rows.cell_slots)))
    for table, of_table in rows.by_table.items():
        newest = table.newest(of_table)
        await connection.execute(_insert(table), _transposed(newest))
    if rows.seen:
        await connection.execute(_RUNS, _transposed(sorted(rows.seen)))


async def due_rounds(connection: AsyncConnection, at_most: int) -> int:
    """How many times `keep_batch_samples` takes at most so many notes until none is left."""
    cursor = await connection.execute(_DUE_ROUNDS, (at_most,))
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def keep_batch_samples(connection: AsyncConnection, at_most: int) -> int:
    """Copy samples of critical tags to where they stay; says how many that were."""
    cursor = await connection.execute(_KEEP, (at_most,))
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def _copy(connection: AsyncConnection, query: LiteralString, blocks: Sequence[bytes]) -> None:
    async with connection.cursor() as cursor, cursor.copy(query) as copy:
        await copy.write(binary.HEADER)
        for block in blocks:
            await copy.write(block)
        await copy.write(binary.TRAILER)


@cache
def _insert(table: Table) -> bytes:
    """One statement for any number of rows: a parameter holds a column as an array."""
    names = [f'"{name}"' for name in table.columns]
    arrays = ", ".join(f"%s::{_array_type(kind)}[]" for kind in table.columns.values())
    given = ", ".join(
        f"{name}::{kind}" for name, kind in zip(names, table.columns.values(), strict=True)
    )
    conflict = ""
    if table.key:
        key = ", ".join(f'"{name}"' for name in table.key)
        others = [name for name in names if name not in key.split(", ")]
        news = ", ".join(f"{name} = excluded.{name}" for name in others)
        action = f"UPDATE SET {news}" if table.replaces else "NOTHING"
        conflict = f"ON CONFLICT ({key}) DO {action}"
    columns = ", ".join(names)
    return (
        f"INSERT INTO {table.name} ({columns})"  # noqa: S608 - names of our own tables
        f" SELECT {given} FROM unnest({arrays}) AS given ({columns}) {conflict}"
    ).encode()


def _array_type(kind: str) -> str:
    return "text" if kind == "jsonb" else kind


def _span_row(span: Span) -> tuple[Any, ...]:
    after = span.after
    return (
        *(span.partition.topic, span.partition.partition, span.begin, after.next),
        *(after.cluster_id, after.timestamp_ms, after.checksum),
    )


def _storable_mark(mark: Mark) -> Mark:
    return Mark(*map(storable, mark))


def _transposed(rows: Iterable[tuple[Any, ...]]) -> list[list[Any]]:
    """Rows as columns, the shape of `unnest`."""
    return [list(column) for column in zip(*rows, strict=True)]
