"""All facts of a place in some windows: sums, reasons, reports, and what late events moved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import class_row, dict_row

from plantstream.runtime.settings import DatabaseSettings
from schemas.kpi import OeeReport, Quantities, StopCounts, TimeElements
from sinks.timescale.answers import (
    BadParts,
    EventFacts,
    Facts,
    FactsAnswer,
    FactsQuestion,
    LateChange,
    Place,
    ReasonFacts,
    WindowKind,
)
from sinks.timescale.connection import connect, translated
from sinks.timescale.places import find_place

_PARTS = (TimeElements, Quantities, StopCounts)
_SUMS = ", ".join(f"sum({name})::bigint AS {name}" for part in _PARTS for name in part.model_fields)
_BEFORE, _AFTER = timedelta(days=1), timedelta(days=45)
"""Around the windows: where the event of a late change is looked for by its own time."""


async def facts(settings: DatabaseSettings, question: FactsQuestion) -> FactsAnswer:
    """The facts of these windows; none where the place has no such window.

    Raises:
        MisconfiguredError: nothing is stored of this place or run.
    """
    async with await connect(settings) as connection:
        with translated(settings):
            place = await find_place(connection, question.level, question.name, question.run)
            asked = _Asking(
                connection, place, question.by, await _keys(connection, place, question)
            )
            return await _answer(asked)


@dataclass(frozen=True, slots=True)
class _Asking:
    """Windows of a place, and the connection to ask about them."""

    connection: AsyncConnection
    place: Place
    by: WindowKind
    keys: Sequence[str | date]

    def given(self, **more: Any) -> dict[str, Any]:
        machines = list(self.place.machines)
        return {"run": self.place.run, "machines": machines, "keys": list(self.keys)} | more

    @property
    def which(self) -> str:
        """The condition that picks the windows."""
        kind = "date" if self.by == "day" else "text"
        of_place = "run = %(run)s AND equipment = ANY(%(machines)s)"
        return f"{of_place} AND {self.by} = ANY(%(keys)s::{kind}[])"

    @property
    def reported(self) -> str:
        """The column that names the windows which are reported."""
        return "batch" if self.by == "batch" else "shift"

    async def rows(self, query: str, **more: Any) -> list[dict[str, Any]]:
        cursor = self.connection.cursor(row_factory=dict_row)
        await cursor.execute(query.encode(), self.given(**more))
        return await cursor.fetchall()


async def _keys(
    connection: AsyncConnection, place: Place, question: FactsQuestion
) -> list[str | date]:
    """The names of the windows, oldest first."""
    if question.window is not None:
        return [question.window]
    if question.start is None and question.end is None:
        query = _NEWEST_SHIFTS if question.by == "shift" else _newest(question.by)
    else:
        query = _in_span(question.by)
    given = {"run": place.run, "machines": list(place.machines)}
    span = {"start": question.start, "end": question.end}
    cursor = await connection.execute(query.encode(), given | span)
    return [name for (name,) in await cursor.fetchall()]


_NEWEST_SHIFTS = """
    WITH newest AS (
        SELECT DISTINCT ON (equipment) equipment, shift, day, minute FROM oee_cell
        WHERE run = %(run)s AND equipment = ANY(%(machines)s) AND shift <> ''
        ORDER BY equipment, minute DESC
    )
    SELECT shift FROM newest WHERE day = (SELECT max(day) FROM newest)
    GROUP BY shift ORDER BY min(minute), shift
    """


def _newest(by: WindowKind) -> str:
    return f"{_windows(by)} ORDER BY min(minute) DESC LIMIT 1"


def _in_span(by: WindowKind) -> str:
    return f"{_windows(by)} ORDER BY min(minute)"


def _windows(by: WindowKind) -> str:
    real = "" if by == "day" else f"AND {by} <> ''"
    return f"""
        SELECT {by} FROM oee_cell
        WHERE run = %(run)s AND equipment = ANY(%(machines)s) {real}
            AND (%(start)s::timestamptz IS NULL OR "end" > %(start)s)
            AND (%(end)s::timestamptz IS NULL OR start < %(end)s)
        GROUP BY {by}
        """  # noqa: S608 - names of our own columns


async def _answer(asked: _Asking) -> FactsAnswer:
    found = await _sums(asked, asked.which)
    reports = await _reports(asked, sorted({one.window for one in found}))
    late = await _late(asked)
    causes = {(one.equipment, str(one.cause)) for one in reports if one.cause is not None}
    named = causes | {(one.equipment, one.event) for one in late}
    return FactsAnswer(
        place=asked.place,
        by=asked.by,
        windows=tuple(map(str, asked.keys)),
        facts=found,
        booked=await _sums(asked, f"{asked.which} AND late = ''"),
        reasons=await _reasons(asked),
        bad=await _bad(asked),
        reports=reports,
        late=late,
        events=await _events(asked, found, named) if named else {},
        constraint=await _constraint(asked, found),
    )


async def _sums(asked: _Asking, which: str) -> tuple[Facts, ...]:
    query = f"""
        SELECT equipment, {asked.reported} AS window, {_SUMS}, count(*) AS cells,
            count(*) FILTER (WHERE late <> '') AS late_cells,
            array_agg(DISTINCT plant_version) AS plant_versions,
            min(start) AS start, max("end") AS end
        FROM oee_cell WHERE {which} GROUP BY equipment, {asked.reported} ORDER BY 1, 2
        """  # noqa: S608 - names of our own columns
    return tuple([_facts(row) for row in await asked.rows(query)])


def _facts(row: dict[str, Any]) -> Facts:
    time, quantities, stops = (
        {name: row.pop(name) for name in part.model_fields} for part in _PARTS
    )
    versions = tuple(row.pop("plant_versions"))
    return Facts(
        time=TimeElements(**time),
        quantities=Quantities(**quantities),
        stops=StopCounts(**stops),
        plant_versions=versions,
        **row,
    )


async def _reasons(asked: _Asking) -> tuple[ReasonFacts, ...]:
    query = f"""
        SELECT equipment, category, reason, sum(seconds) AS seconds, sum(number)::bigint AS number
        FROM pareto WHERE {asked.which}
        GROUP BY equipment, category, reason HAVING sum(seconds) <> 0 OR sum(number) <> 0
        ORDER BY seconds DESC, category, reason
        """  # noqa: S608 - names of our own columns
    return tuple([ReasonFacts(**row) for row in await asked.rows(query)])


async def _bad(asked: _Asking) -> tuple[BadParts, ...]:
    """What people reported in a minute of these windows; a counter gives no reasons."""
    query = f"""
        SELECT equipment, said.reason, coalesce((event ->> 'startup')::boolean, false) AS startup,
            sum(coalesce(scrap, 0) + coalesce(rework, 0))::bigint AS parts
        FROM machine_event said
        WHERE run = %(run)s AND equipment = ANY(%(machines)s) AND type = 'parts_reported'
            AND EXISTS (
                SELECT FROM oee_cell
                WHERE {asked.which} AND oee_cell.equipment = said.equipment
                    AND minute = date_trunc('minute', said.time))
        GROUP BY 1, 2, 3 HAVING sum(coalesce(scrap, 0) + coalesce(rework, 0)) <> 0
        ORDER BY parts DESC, reason
        """  # noqa: S608 - names of our own columns
    return tuple([BadParts(**row) for row in await asked.rows(query)])


async def _reports(asked: _Asking, windows: Sequence[str]) -> tuple[OeeReport, ...]:
    query = """
        SELECT report FROM oee_report
        WHERE run = %(run)s AND equipment = ANY(%(machines)s) AND kind = %(kind)s
            AND "window" = ANY(%(windows)s) AND final
        ORDER BY equipment, start, revision
        """
    rows = await asked.rows(query, kind=asked.reported, windows=list(windows))
    return tuple([OeeReport.model_validate(row["report"]) for row in rows])


async def _late(asked: _Asking) -> tuple[LateChange, ...]:
    query = f"SELECT equipment, event, moved FROM oee_late_changes WHERE {asked.which}"  # noqa: S608 - a constant
    return tuple([LateChange(**row) for row in await asked.rows(query)])


async def _events(
    asked: _Asking, found: Sequence[Facts], named: set[tuple[str, str]]
) -> dict[tuple[str, str], EventFacts]:
    query = """
        SELECT equipment, source || '/' || epoch || '/' || seq AS event, type, time, ingest_time,
            event AS said
        FROM machine_event
        WHERE run = %(run)s AND equipment = ANY(%(machines)s) AND seq = ANY(%(seqs)s)
            AND time BETWEEN %(first)s AND %(last)s
        """
    cursor = asked.connection.cursor(row_factory=class_row(EventFacts))
    given = asked.given(
        seqs=[int(event.rpartition("/")[2]) for _, event in named],
        first=min(one.start for one in found) - _BEFORE,
        last=max(one.end for one in found) + _AFTER,
    )
    await cursor.execute(query, given)
    events = {(one.equipment, one.event): one for one in await cursor.fetchall()}
    return {key: one for key, one in events.items() if key in named}


async def _constraint(asked: _Asking, found: Sequence[Facts]) -> str | None:
    if asked.place.level != "line":
        return None
    query = """
        SELECT equipment FROM plant_equipment
        WHERE is_constraint AND equipment = ANY(%(machines)s) AND plant_version = ANY(%(versions)s)
        ORDER BY number DESC LIMIT 1
        """
    versions = sorted({version for one in found for version in one.plant_versions})
    rows = await asked.rows(query, versions=versions)
    return rows[0]["equipment"] if rows else None
