"""Facts of a small plant as rows, and what a panel makes of them for somebody who may only read."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import psycopg

from deploy.grafana.asking import answer, asked, marks
from deploy.grafana.assembled import BOARDS
from deploy.grafana.macros import Asked
from deploy.grafana.variables import LANGUAGE, VARIABLES

SITE = "acme/town"
MINUTE = timedelta(minutes=1)
_ZEROS = {"text": "", "bigint": 0, "boolean": False, "jsonb": "[]"}


class Floor:
    """A database with the rows of a plant."""

    def __init__(self, sql: psycopg.Connection) -> None:
        self.sql = sql

    def has(self, table: str, **fields: Any) -> None:
        """A row with these fields; what must be there beside them is empty or 0."""
        row = {**self._least(table), **fields}
        names = ", ".join(f'"{name}"' for name in row)
        given = ", ".join(f"%({name})s" for name in row)
        self.sql.execute(f"INSERT INTO {table} ({names}) VALUES ({given})".encode(), row)

    def knows(self, *machines: tuple[str, str], zone: str = "UTC", **fields: Any) -> None:
        """A plant file in force, with machines by id and name, each on a line of its own."""
        known = [
            {"path": path(id_), "id": id_, "name": name, "area": "hall", "line": f"of-{id_}"}
            | {"line_name": "", "class": "reactor", "is_constraint": True}
            for id_, name in machines
        ]
        self.has(
            "plant_file",
            site=SITE,
            plant_version="v1",
            published_at=datetime.fromisoformat("2020-01-01T00:00Z"),
            time_zone=zone,
            equipment=json.dumps(known),
            **fields,
        )

    def minutes(self, id_: str, begins: datetime, number: int, **fields: Any) -> None:
        """So many minutes, alike."""
        for place in range(number):
            at = begins + place * MINUTE
            row = {"minute": at, "start": at, "end": at + MINUTE, "day": at.date()} | fields
            self.has("oee_cell", equipment=path(id_), **row)

    def stood(self, id_: str, start: datetime, end: datetime | None, category: str) -> None:
        """A stop."""
        row = {"start": start, "end": end, "category": category, "day": start.date()}
        self.has("stop", equipment=path(id_), **row)

    def measured(self, id_: str, tag: str, at: datetime, value: float, quality: int = 0) -> None:
        """A sample."""
        self.has(
            "sample", equipment=path(id_), tag=tag, time=at, value=value, quality=quality, unit=""
        )

    def tested(self, *results: tuple[str, datetime, str]) -> None:
        """Results by statement, time and outcome, each the newest of its kind."""
        for statement, at, outcome in results:
            row = {"site": SITE, "product": "P", "statement": statement}
            self.has("test_result", **row, time=at, ingest_time=at)
            judged = row | {"result": statement, "at": at, "stated_at": at, "outcome": outcome}
            self.has("judged_result", **judged)
            self.has("judged_version", **judged)

    def asked(self, board: str, begins: datetime, ends: datetime, **chosen: Sequence[str]) -> Asked:
        """The range with all there is chosen, but for what is given."""
        (one,) = [one for one in BOARDS if one.id == board]
        self.sql.execute("SET ROLE plantstream_reader")
        found = asked(self.sql, one, begins, ends)
        self.sql.execute("RESET ROLE")
        return Asked(begins, ends, {**found.chosen, **chosen})

    def shown(
        self, panel: str, begins: datetime, ends: datetime, **chosen: Sequence[str]
    ) -> list[dict[str, Any]]:
        """What the panel `board/panel` shows of a range."""
        return self._rows(self.expanded(panel, begins, ends, **chosen))

    def expanded(
        self, panel: str, begins: datetime, ends: datetime, **chosen: Sequence[str]
    ) -> str:
        """What the panel asks of a range."""
        board, _, name = panel.partition("/")
        of = self.asked(board, begins, ends, **chosen)
        (one,) = [
            one for which in BOARDS if which.id == board for one in which.panels if one.id == name
        ]
        return of.expanded(one.sql, one.least)

    def planned(self, sql: str) -> list[str]:
        """How the database would answer it, line by line."""
        return [line for (line,) in self.sql.execute(f"EXPLAIN {sql}".encode()).fetchall()]

    def choices(self, variable: str) -> list[dict[str, Any]]:
        """What people may choose of, at the site."""
        of = Asked(
            datetime.fromisoformat("2026-03-03T00:00Z"),
            datetime.fromisoformat("2026-03-04T00:00Z"),
            {LANGUAGE: ["en"], "site": [SITE], "line": []},
        )
        return self._rows(of.expanded(VARIABLES[variable].sql))

    def marked(self, name: str, board: str, begins: datetime, ends: datetime) -> list[str]:
        """The texts of what is marked in the graphs of a board."""
        (one,) = [one for one in BOARDS if one.id == board]
        of = self.asked(board, begins, ends)
        return [mark["text"] for mark in marks(self.sql, one, of)[name].dicts()]

    def _rows(self, sql: str) -> list[dict[str, Any]]:
        self.sql.execute("SET ROLE plantstream_reader")
        found = answer(self.sql, sql).dicts()
        self.sql.execute("RESET ROLE")
        return found

    def _least(self, table: str) -> dict[str, Any]:
        rows = self.sql.execute(
            "SELECT column_name, data_type FROM information_schema.columns"
            " WHERE table_name = %s AND is_nullable = 'NO' AND column_default IS NULL",
            (table,),
        ).fetchall()
        return {name: _ZEROS[kind] for name, kind in rows if kind in _ZEROS}


def path(id_: str) -> str:
    """Of the machine with this id."""
    return f"{SITE}/hall/of-{id_}/{id_}"
