"""The audit trail as it is stored, record by record."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from plantstream.runtime.settings import DatabaseSettings
from schemas.audit import StoredRecord
from sinks.timescale.connection import connect_blocking, translated

_RECORDS = """
    COPY (SELECT site, number, previous, hash, entry,
        CASE WHEN at >= '0001-01-01Z' AND at < '10000-01-01Z' THEN at AT TIME ZONE 'UTC' END,
        id, actor, action, subject, reason
    FROM audit_record
    WHERE (%(site)s::text IS NULL OR site = %(site)s)
        AND (%(start)s::timestamptz IS NULL OR at >= %(start)s)
        AND (%(end)s::timestamptz IS NULL OR at < %(end)s)
    ORDER BY site, number, hash) TO STDOUT (FORMAT binary)
"""
"""COPY gives rows as they are read, three times as fast as a cursor."""
_TYPES = ("text", "int8", "text", "text", "text", "timestamp", *("text",) * 5)


@dataclass(frozen=True, slots=True)
class Span:
    """Which records; None is no limit."""

    site: str | None = None
    start: datetime | None = None
    end: datetime | None = None


def stored_records(settings: DatabaseSettings, span: Span | None = None) -> Iterator[StoredRecord]:
    """The records of a span as they stand at this moment, by site and number."""
    asked = span or Span()
    given = {"site": asked.site, "start": asked.start, "end": asked.end}
    with (
        connect_blocking(settings) as connection,
        translated(settings),
        connection.cursor() as cursor,
        cursor.copy(_RECORDS, given) as copy,
    ):
        copy.set_types(_TYPES)
        for site, number, previous, hashed, entry, at, *said in copy.rows():
            moment = at and at.replace(tzinfo=UTC)
            yield StoredRecord(site, number, previous, hashed, entry, moment, *said)
