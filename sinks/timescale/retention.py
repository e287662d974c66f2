"""Records of batches whose time is over: told to the audit trail, then deleted, batch by batch."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import dict_row

from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.faults import FaultPoint
from plantstream.runtime.ports import Broker, Outgoing, TopicPartition
from plantstream.runtime.settings import DatabaseSettings
from schemas.audit import AuditEntry
from schemas.codec import encode
from schemas.partitioning import partition_of
from schemas.topics import AUDIT_ENTRY, OPERATOR
from sinks.timescale.connection import connect, connect_writable, translated
from sinks.timescale.expiry import BatchFacts, Policy, ProductFacts, Verdict, Why, verdict
from sinks.timescale.policies import load_policies
from sinks.timescale.record import ALERTS, CELLS, FACTS, MESSAGES, RECORD

MOST_AT_ONCE = 1_000
"""Records deleted in one run; the others wait for the next one."""
ACTOR = "service:retention"
_EVER = datetime.max.replace(tzinfo=UTC)
_PENDING = """
    SELECT site, batch, number, entry FROM batch_deletion
    WHERE deleted_at IS NULL AND kept_at IS NULL
        AND (%(batch)s::text IS NULL OR (site = %(site)s AND batch = %(batch)s))
    ORDER BY site, batch, number
"""
_NUMBER = """
    SELECT coalesce(max(number), 0) + 1 FROM batch_deletion
    WHERE site = %(site)s AND batch = %(batch)s
"""
_DECIDE = """
    INSERT INTO batch_deletion (site, batch, number, decided_at, entry)
    VALUES (%(site)s, %(batch)s, %(number)s, %(now)s, %(entry)s) ON CONFLICT DO NOTHING
"""
_DONE = """
    UPDATE batch_deletion SET deleted_at = %(now)s, rows = %(rows)s
    WHERE site = %(site)s AND batch = %(batch)s AND number = %(number)s AND deleted_at IS NULL
"""
_KEPT = """
    UPDATE batch_deletion SET kept_at = %(now)s
    WHERE site = %(site)s AND batch = %(batch)s AND number = %(number)s
"""
_STORED = "SELECT topic, partition, next FROM sink_position WHERE topic = %s FOR UPDATE"
Ends = Callable[[], Awaitable[Mapping[TopicPartition, int]]]


@dataclass(frozen=True, slots=True)
class Run:
    """What one run found of old records, and what it deleted: rows by table."""

    verdicts: Sequence[Verdict]
    deleted: Mapping[tuple[str, str], Mapping[str, int]] = field(default_factory=dict)
    """By site and batch."""

    @property
    def deleted_records(self) -> int:
        """Records deleted."""
        return len(self.deleted)

    @property
    def held_records(self) -> int:
        """Records that only a hold keeps from being looked at."""
        return sum(one.why is Why.HELD for one in self.verdicts)


@dataclass(frozen=True, slots=True)
class _Decision:
    site: str
    batch: str
    number: int
    entry: AuditEntry

    @property
    def names(self) -> dict[str, Any]:
        return {"site": self.site, "batch": self.batch, "number": self.number}


class RecordRetention:
    """Deletes records that nobody has to keep; it may be killed anywhere and run twice at once.

    A decision is stored with its entry before the audit trail is told, so a repeat tells the same.
    """

    def __init__(self, settings: DatabaseSettings, broker: Broker, acts_end: Ends) -> None:
        """`acts_end` says where the partitions of plant.operator.v1 end, which brings holds."""
        self._settings, self._broker, self._acts_end = settings, broker, acts_end
        self.told = FaultPoint("retention.told")
        """The audit trail knows, and the record is still there."""

    async def look(self, now: datetime) -> Run:
        """What would become of old records."""
        async with await connect(self._settings) as connection:
            with translated(self._settings):
                return Run(await _verdicts(connection, now))

    async def run(self, now: datetime) -> Run:
        """Delete what is due.

        Raises:
            UnavailableError: broker or database do not answer, or holds may not be stored yet.
        """
        async with await connect_writable(self._settings) as connection:
            with translated(self._settings):
                async with connection.transaction():
                    await self._must_know_all_holds(connection)
                for decision in await _pending(connection):
                    await self._drop_if_kept(connection, decision, now)
                verdicts = await _verdicts(connection, now)
                return Run(verdicts, await self._delete_all(connection, verdicts, now))

    async def _delete_all(
        self, connection: AsyncConnection, verdicts: Sequence[Verdict], now: datetime
    ) -> dict[tuple[str, str], Mapping[str, int]]:
        deleted = {}
        for one in [one for one in verdicts if one.is_due][:MOST_AT_ONCE]:
            rows = await self._delete(connection, one, now)
            if rows is not None:
                deleted[one.site, one.batch] = rows
        return deleted

    async def _delete(
        self, connection: AsyncConnection, due: Verdict, now: datetime
    ) -> Mapping[str, int] | None:
        """The rows deleted by table; None: it is to be kept after all."""
        decision = await _decide(connection, due, now)
        await self._tell(decision.entry)
        await self.told.reached()
        async with connection.transaction():
            await self._must_know_all_holds(connection)
            if await _is_due(connection, decision, now):
                rows = await _delete_rows(connection, decision)
                given = decision.names | {"now": now, "rows": json.dumps(rows)}
                done = await connection.execute(_DONE, given)
                return rows if done.rowcount else None
        await self._drop_if_kept(connection, decision, now)
        return None

    async def _drop_if_kept(
        self, connection: AsyncConnection, decision: _Decision, now: datetime
    ) -> None:
        """Take back a decision that was not carried out before a hold or a new fact came.

        Killed in between, the audit trail is told so again.
        """
        found = await _verdicts(connection, now, decision)
        if not found or found[0].is_due:
            return
        told = {
            "id": f"{decision.entry.id}:kept",
            "at": now,
            "action": "record.keep",
            "after": None,
            "reason": str(found[0].why),
        }
        await self._tell(decision.entry.model_copy(update=told))
        await connection.execute(_KEPT, decision.names | {"now": now})

    async def _tell(self, entry: AuditEntry) -> None:
        partition = partition_of(entry.site.encode(), AUDIT_ENTRY.partitions)
        told = Outgoing(AUDIT_ENTRY.name, partition, entry.id.encode(), encode(entry))
        await self._broker.send([told])

    async def _must_know_all_holds(self, connection: AsyncConnection) -> None:
        """Let no hold be stored until this transaction ends, and have all that were said before.

        Raises:
            UnavailableError: acts wait to be stored; a hold may be among them.
        """
        cursor = await connection.execute(_STORED, (OPERATOR.name,))
        stored = {TopicPartition(*row[:2]): row[2] for row in await cursor.fetchall()}
        ends = await self._acts_end()
        behind = [str(one) for one, end in ends.items() if end > stored.get(one, 0)]
        if behind:
            raise UnavailableError(
                f"{', '.join(behind)} is not stored up to its end, and a hold may be in it:"
                " nothing is deleted until plantstream sink has stored it"
            )


async def _verdicts(
    connection: AsyncConnection, now: datetime, of: _Decision | None = None
) -> list[Verdict]:
    """Of all records about which nothing was said for long, oldest first; or of a single one."""
    policies = await load_policies(connection, now)
    before = _EVER if of is not None else _horizon(policies, now)
    given = {"site": of and of.site, "batch": of and of.batch, "before": before}
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(FACTS.encode(), given)
    rows = await cursor.fetchall()
    return [verdict(one, policies, now) for one in _by_batch(rows)]


def _horizon(policies: Mapping[str, Policy], now: datetime) -> datetime:
    """Of what was said after it nothing can be due."""
    return now - min((one.after_release for one in policies.values()), default=now - now)


def _by_batch(rows: Sequence[Mapping[str, Any]]) -> list[BatchFacts]:
    found = []
    of_batch = groupby(rows, lambda row: (row["site"], row["batch"]))
    for (site, batch), group in of_batch:
        members = list(group)
        products = tuple(
            ProductFacts(**{name: row[name] for name in ProductFacts.__slots__}) for row in members
        )
        first = members[0]
        found.append(BatchFacts(site, batch, products, first["holds"], first["deleted_at"]))
    return found


async def _is_due(connection: AsyncConnection, decision: _Decision, now: datetime) -> bool:
    found = await _verdicts(connection, now, decision)
    return not found or found[0].is_due


async def _pending(
    connection: AsyncConnection, site: str | None = None, batch: str | None = None
) -> list[_Decision]:
    cursor = await connection.execute(_PENDING, {"site": site, "batch": batch})
    return [
        _Decision(site, batch, number, AuditEntry.model_validate_json(entry))
        for site, batch, number, entry in await cursor.fetchall()
    ]


async def _decide(connection: AsyncConnection, due: Verdict, now: datetime) -> _Decision:
    """The decision as it is stored: an earlier one that was not carried out, or a new one."""
    names = {"site": due.site, "batch": due.batch}
    if not await _pending(connection, **names):
        row = await (await connection.execute(_NUMBER, names)).fetchone()
        number = row[0] if row else 1
        entry = _entry(due, number, now).model_dump_json(exclude_none=True)
        given = names | {"number": number, "now": now, "entry": entry}
        await connection.execute(_DECIDE, given)
    return (await _pending(connection, **names))[0]


def _entry(due: Verdict, number: int, now: datetime) -> AuditEntry:
    until = None if due.until is None else due.until.isoformat()
    return AuditEntry(
        id=f"retention:{due.site}|{due.batch}|{number}",
        site=due.site,
        at=now,
        actor=ACTOR,
        action="record.delete",
        subject=due.batch,
        before={"kept_until": until, "number": number},
        reason=str(due.why),
    )


async def _delete_rows(connection: AsyncConnection, decision: _Decision) -> dict[str, int]:
    """Delete every part of the record, and count."""
    given: dict[str, Any] = {"site": decision.site, "batch": decision.batch}
    alerts = await (await connection.execute(ALERTS.encode(), given)).fetchall()
    given |= {"fingerprints": [one for one, _ in alerts], "starts": [at for _, at in alerts]}
    cursor = await connection.execute(MESSAGES.encode(), given)
    given["messages"] = [one for (one,) in await cursor.fetchall()]
    await connection.execute(CELLS.encode(), given)
    deleted = {}
    for part in RECORD:
        query = f"DELETE FROM {part.table} WHERE {part.which}"  # noqa: S608 - our own tables
        deleted[part.table] = (await connection.execute(query.encode(), given)).rowcount
    return {table: rows for table, rows in deleted.items() if rows}
