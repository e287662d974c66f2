"""Which entries of a spool are sent next: partition keys take turns, each in its own order."""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol

from ingest.ports import Entry, Spooled

BATCH_BYTES = 4 * 1024 * 1024
"""What is handed out at most, beyond the first entry."""

AFTER = """
SELECT number, topic, partition_key, record_key, value, at, seq FROM entry
WHERE number > ? ORDER BY number LIMIT ?
"""
_PLANT_FILES = """
SELECT number, topic, partition_key, record_key, value, at, seq FROM entry
WHERE topic = 'plant.model.v1' ORDER BY number LIMIT ?
"""
_OLDEST_OF_KEY = """
SELECT number, topic, partition_key, record_key, value, at, seq FROM entry
WHERE partition_key = ? ORDER BY number LIMIT ?
"""
_NEXT_KEY = "SELECT min(partition_key) FROM entry WHERE partition_key > ?"


class Select(Protocol):
    """Runs a statement, and gives its rows."""

    def __call__(self, sql: str, *values: object) -> list[Any]:
        """All rows of the statement with these values."""


def next_entries(select: Select, limit: int, turn: str) -> tuple[list[Spooled], str]:
    """About `limit` entries of at most `BATCH_BYTES` together, but at least one.

    Plant files first, then the oldest entries of each partition key, beginning behind `turn`,
    then the oldest of all: of each key the oldest, without a hole. Gives the partition key that
    had the last turn as well.
    """
    found = {row[0]: row for row in select(_PLANT_FILES, limit)}
    everything = select(AFTER, 0, limit + 1)
    in_turn: dict[int, str] = {}
    if len(everything) > limit:
        rows = _in_turn(select, limit // 2, turn)
        in_turn = {row[0]: row[2] for row in rows}
        found |= {row[0]: row for row in rows}
    found |= {row[0]: row for row in everything[:limit]}
    given = bite(found.values())
    # Who had no room this time comes first the next time.
    had_turn = [in_turn[one.number] for one in given if one.number in in_turn]
    return given, had_turn[-1] if had_turn else turn


def bite(rows: Iterable[Any]) -> list[Spooled]:
    """The first of these rows, in their order, that together are no larger than `BATCH_BYTES`."""
    found: list[Spooled] = []
    size = 0
    for number, topic, key, record_key, value, at, seq in rows:
        size += len(value)
        if found and size > BATCH_BYTES:
            break
        found.append(Spooled(number, Entry(topic, key, record_key, value, moment(at), seq)))
    return found


def moment(text: object) -> datetime:
    """The moment that a row holds."""
    return datetime.fromisoformat(str(text))


def _in_turn(select: Select, limit: int, turn: str) -> list[Any]:
    keys = _keys(select)
    behind = bisect_right(keys, turn)
    in_turn = [*keys[behind:], *keys[:behind]][: max(1, limit)]
    share = max(1, limit // len(in_turn))
    return [row for key in in_turn for row in select(_OLDEST_OF_KEY, key, share)]


def _keys(select: Select) -> list[str]:
    """The partition keys that have entries, by jumping from one to the next in the index."""
    keys: list[str] = []
    while (found := select(_NEXT_KEY, keys[-1] if keys else "")[0][0]) is not None:
        keys.append(found)
    return keys
