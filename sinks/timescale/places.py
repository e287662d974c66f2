"""Which equipment a name stands for: one machine, or all of a line, an area or a site."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from psycopg import AsyncConnection

from plantstream.runtime.errors import MisconfiguredError
from sinks.timescale.answers import Level, Place

DEPTH: dict[Level, int] = {"equipment": 5, "line": 4, "area": 3, "site": 2}
"""How many levels of the path name it."""

_RUNS = """
    SELECT run, equipment, first_stored FROM run_equipment
    WHERE starts_with(equipment || '/', %(name)s || '/')
        OR split_part(equipment, '/', %(depth)s) = %(name)s
    ORDER BY run <> '', first_stored DESC, run, equipment
"""


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run that has rows of an equipment; '' is live."""

    run: str
    equipment: str
    first_stored: datetime


async def stored_runs(connection: AsyncConnection, level: Level, name: str) -> list[StoredRun]:
    """The runs of what has this id or path: live first, then the newest."""
    cursor = await connection.execute(_RUNS, {"name": name, "depth": DEPTH[level]})
    return [
        StoredRun(run, path, stored.astimezone(UTC))
        for run, path, stored in await cursor.fetchall()
        if _names(path, level, name)
    ]


async def find_place(
    connection: AsyncConnection, level: Level, name: str, run: str | None
) -> Place:
    """The place of this id or path; without a run the live one, or else the newest.

    Raises:
        MisconfiguredError: nothing is stored of it, or several places have this id.
    """
    found = await stored_runs(connection, level, name)
    chosen = next((one.run for one in found if run is None or one.run == run), None)
    if chosen is None:
        raise _nothing_stored(found, level, name, run)
    machines = tuple(one.equipment for one in found if one.run == chosen)
    paths = sorted({place_of(path, level) for path in machines})
    if len(paths) > 1:
        raise MisconfiguredError(f"several places have the {level} {name!r}: {', '.join(paths)}")
    return Place(level, paths[0], chosen, machines)


def place_of(equipment: str, level: Level) -> str:
    """The part of an equipment's path that names its line, area or site."""
    return "/".join(equipment.split("/")[: DEPTH[level]])


def _names(path: str, level: Level, name: str) -> bool:
    place = place_of(path, level)
    return name in {place, place.rpartition("/")[2]}


def _nothing_stored(
    found: Sequence[StoredRun], level: Level, name: str, run: str | None
) -> MisconfiguredError:
    names = ", ".join(dict.fromkeys(one.run or "live" for one in found)) or "none"
    of_run = f" in run {run!r}" if run is not None else ""
    return MisconfiguredError(f"nothing is stored of {level} {name!r}{of_run}; its runs: {names}")
