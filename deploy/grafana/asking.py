"""Dashboards asked as Grafana asks them, of a database: for tests and for previews."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from deploy.grafana.macros import Asked
from deploy.grafana.shapes import Board, Panel
from deploy.grafana.variables import ANNOTATIONS, LANGUAGE, VARIABLES
from deploy.grafana.words import Language

_SPANS = {"h": timedelta(hours=1), "d": timedelta(days=1)}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question came to."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]

    def dicts(self) -> list[dict[str, Any]]:
        """Rows by name of their columns."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def asked(
    connection: Connection,
    board: Board,
    begins: datetime,
    ends: datetime,
    language: Language = "en",
) -> Asked:
    """The range with everything chosen that there is, as people find a dashboard."""
    chosen: dict[str, Sequence[str]] = {LANGUAGE: [language]}
    for name in board.variables:
        one = VARIABLES[name]
        found: Sequence[str] = one.values[:1]
        if one.sql:
            rows = answer(connection, Asked(begins, ends, chosen).expanded(one.sql)).rows
            found = [row[-1] for row in rows]
        chosen[one.name] = found if one.several else found[:1] or [""]
    return Asked(begins, ends, chosen)


def answers(connection: Connection, board: Board, of: Asked) -> Iterator[tuple[Panel, Answer]]:
    """What each panel with SQL shows."""
    for panel in board.panels:
        if panel.sql:
            range_ = of if panel.span is None else spanning(of, panel.span)
            yield panel, answer(connection, range_.expanded(panel.sql, panel.least))


def marks(connection: Connection, board: Board, of: Asked) -> Mapping[str, Answer]:
    """What is marked in the graphs of a board."""
    return {name: answer(connection, of.expanded(ANNOTATIONS[name])) for name in board.annotations}


def spanning(of: Asked, span: str) -> Asked:
    """The same, over a range of the panel's own up to the same end."""
    return Asked(of.ends - int(span[:-1]) * _SPANS[span[-1]], of.ends, of.chosen)


def answer(connection: Connection, sql: str) -> Answer:
    """Ask once."""
    cursor = connection.execute(sql.encode())
    return Answer([one.name for one in cursor.description or ()], cursor.fetchall())
