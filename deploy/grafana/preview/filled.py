"""A dashboard's JSON together with what its questions came to."""

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from psycopg import Connection

from deploy.grafana.asking import Answer, answers, asked, marks, spanning
from deploy.grafana.assembled import dashboard
from deploy.grafana.generate import RUNBOOKS
from deploy.grafana.shapes import Board
from deploy.grafana.variables import LANGUAGE
from deploy.grafana.words import Language, Words

ROW_PX = 38
HEAD_PX = 90


def filled(
    connection: Connection, board: Board, language: Language, within: tuple[datetime, datetime]
) -> dict[str, Any]:
    """Everything that a picture needs, as JSON has it; times are epoch seconds."""
    made = dashboard(board, Words(language), RUNBOOKS)
    told = json.loads(json.dumps(made, cls=JSONEncoder))
    of = asked(connection, board, *within, language)
    found = {panel.id: answer for panel, answer in answers(connection, board, of)}
    drawn = iter(board.panels)
    for panel in told["panels"]:
        if panel["type"] != "row":
            one = next(drawn)
            panel["answer"] = _plain(found[one.id]) if one.id in found else None
            range_ = of if one.span is None else spanning(of, one.span)
            panel["range"] = [range_.begins.timestamp(), range_.ends.timestamp()]
    rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in told["panels"])
    return {
        "dashboard": told,
        "language": language,
        "marks": {name: _plain(one) for name, one in marks(connection, board, of).items()},
        "chosen": {name: list(values) for name, values in of.chosen.items() if name != LANGUAGE},
        "row_px": ROW_PX,
        "height": rows * ROW_PX + HEAD_PX,
    }


def _plain(answer: Answer) -> dict[str, Any]:
    return {
        "columns": list(answer.columns),
        "rows": [[_value(value) for value in row] for row in answer.rows],
    }


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    return str(value) if isinstance(value, date | list) else value
