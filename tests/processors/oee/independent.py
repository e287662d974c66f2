"""OEE facts of one machine by interval algebra in SQL, written from the design alone.

It knows nothing of the engine: raw events and the plant's settings go in as plain rows, sums per
production day, shift, batch and product come out.
"""

import atexit
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

SCRIPTS = ("spans", "calendar", "facts")
EVENT = {
    "seq": "BIGINT",
    "arrival": "BIGINT",
    "type": "VARCHAR",
    "source_time": "VARCHAR",
    "start": "VARCHAR",
    "end": "VARCHAR",
    "category": "VARCHAR",
    "state": "VARCHAR",
    "reason": "VARCHAR",
    "batch": "VARCHAR",
    "product": "VARCHAR",
    "good": "BIGINT",
    "scrap": "BIGINT",
    "rework": "BIGINT",
    "produced": "BIGINT",
    "startup": "BOOLEAN",
    "planned": "BOOLEAN",
}
"""Columns of what was said; `seq` tells which of two words at one moment came later, `arrival`
what was heard first."""

TABLES: Mapping[str, Mapping[str, str]] = {
    "shift": {
        "name": "VARCHAR",
        "weekday": "BIGINT",
        "from_minute": "BIGINT",
        "to_minute": "BIGINT",
    },
    "pause": {"shift": "VARCHAR", "from_minute": "BIGINT", "to_minute": "BIGINT"},
    "free": {"day": "VARCHAR"},
    "repair": {"from_local": "VARCHAR", "to_local": "VARCHAR"},
    "cycle": {"product": "VARCHAR", "valid_from": "VARCHAR", "us": "BIGINT"},
    "reason": {"code": "VARCHAR", "category": "VARCHAR"},
    "rule": {
        "place": "BIGINT",
        "when": "VARCHAR",
        "states": "VARCHAR[]",
        "category": "VARCHAR",
        "reason": "VARCHAR",
    },
}
"""Columns of the plant's tables. Minutes count from the local midnight of the shift's day; Monday
is weekday 1."""
SINGLE = {
    "zone": "VARCHAR",
    "during": "VARCHAR",
    "minor_stop_ms": "BIGINT",
    "min_run_ms": "BIGINT",
    "unknown_after_ms": "BIGINT",
    "startup_ms": "BIGINT",
    "excludes_unknown": "BOOLEAN",
    "setup_produces": "BOOLEAN",
    "has_produced_tag": "BOOLEAN",
}

Row = Mapping[str, Any]


class Where(NamedTuple):
    """What a sum is of."""

    day: str
    shift: str | None
    batch: str | None
    product: str | None


@dataclass(frozen=True)
class Settings:
    """What the plant says about one machine."""

    plant: Row
    tables: Mapping[str, Sequence[Row]] = field(default_factory=dict)


def sums(events: Iterable[Row], settings: Settings) -> dict[Where, dict[str, int]]:
    """Milliseconds, counts, ideal microseconds, stops; reasons as `reason:<category>:<code>`."""
    session = _session()
    _fill(session, "event", EVENT, events)
    _fill(session, "plant", SINGLE, [settings.plant])
    for name, columns in TABLES.items():
        _fill(session, name, columns, settings.tables.get(name, ()))
    for script in SCRIPTS:
        session.execute(_script(script))
    found: dict[Where, dict[str, int]] = {}
    for *where, name, amount in session.execute("FROM fact").fetchall():
        found.setdefault(Where(*where), {})[name] = amount
    return found


def stretches(events: Iterable[Row], settings: Settings) -> list[tuple[Any, ...]]:
    """From, to, category and reason of every stretch, for whoever looks for a disagreement."""
    sums(events, settings)
    asked = "SELECT a, z, category, reason, shift, batch, product FROM claimed ORDER BY a"
    return _session().execute(asked).fetchall()


def _fill(
    session: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, str], rows: Iterable[Row]
) -> None:
    kept = [{column: row.get(column) for column in columns} for row in rows]
    shape = json.dumps([dict(columns)])
    session.execute(
        f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM "
        f"(SELECT unnest(from_json(?::JSON, '{shape}'), recursive := true))",
        [json.dumps(kept)],
    )


@cache
def _session() -> duckdb.DuckDBPyConnection:
    session = duckdb.connect(":memory:")
    atexit.register(_session.cache_clear)
    session.execute("SET threads = 1; SET TimeZone = 'UTC'")
    session.execute("SET autoinstall_known_extensions = false")
    return session


@cache
def _script(name: str) -> str:
    return (Path(__file__).parent / f"independent_{name}.sql").read_text()
