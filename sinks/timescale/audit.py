"""The audit trail as it is stored, record by record."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from plantstream.runtime.settings import DatabaseSettings
from schemas.audit import StoredRecord
from sinks.timescale.connection import connect_blocking, translated

_AT_ONCE = 5_000
"""Records; so much of the trail is in memory."""
_RECORDS = """
    SELECT site, number, previous, hash, entry,
        CASE WHEN at >= '0001-01-01Z' AND at < '10000-01-01Z' THEN at AT TIME ZONE 'UTC' END,
        id, actor, action, subject, reason
    FROM audit_record
    WHERE (%(site)s::text IS NULL OR site = %(site)s)
        AND (%(start)s::timestamptz IS NULL OR at >= %(start)s)
        AND (%(end)s::timestamptz IS NULL OR at < %(end)s)
    ORDER BY site, number, hash
"""


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
        connection.transaction(),
        connection.cursor("plantstream_audit", binary=True) as cursor,
    ):
        cursor.itersize = _AT_ONCE
        cursor.execute(_RECORDS, given)
        for site, number, previous, hashed, entry, at, *said in cursor:
            moment = at and at.replace(tzinfo=UTC)
            yield StoredRecord(site, number, previous, hashed, entry, moment, *said)
