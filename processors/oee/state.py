"""What the OEE engine remembers of one equipment, and how it is written down in small rows."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from typing import Any

from pydantic import TypeAdapter

from processors.oee.book import Book, Cell, CellKey, Making, Undecided, Window
from schemas.machine import MachineEvent, TimeCategory

_EVENTS: TypeAdapter[list[MachineEvent]] = TypeAdapter(list[MachineEvent])
_HEAD = "head"
_PENDING = "pending"
_CELL = "cell|"
_WINDOW = "window|"
_CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class OeeState:
    """One equipment in one run.

    Events wait in `pending` for those that are late by less than the allowed lateness; `book` holds
    what is settled. What was published is always the book with the pending events applied.
    """

    run: str
    equipment: str
    plant_version: str = ""
    book: Book = field(default_factory=Book)
    pending: tuple[Any, ...] = ()
    seen: datetime | None = None
    """The newest source time."""
    ticked: datetime | None = None
    """Until when cells were published for time in which no event came."""
    late_facts: int = 0


def dump(state: OeeState) -> dict[str, bytes]:
    """The state as rows: a head, the waiting events, and one row per open cell and window."""
    book = state.book
    head = {
        "plant_version": state.plant_version,
        "at": _text(book.at),
        "category": book.category,
        "category_since": _text(book.category_since),
        "state_at": _text(book.state_at),
        "signal_at": _text(book.signal_at),
        "making": [(_text(one.since), one.batch, one.product) for one in book.making],
        "undecided": [
            (_key_fields(piece.key), _text(piece.start), piece.milliseconds)
            for piece in book.undecided
        ],
        "seen": _text(state.seen),
        "ticked": _text(state.ticked),
        "late_facts": state.late_facts,
    }
    rows = {_HEAD: _json(head)}
    if state.pending:
        rows[_PENDING] = _EVENTS.dump_json(list(state.pending), exclude_none=True)
    if book.closed:
        rows[_CLOSED] = _json([_window_fields(window) for window in book.closed])
    for key, cell in book.cells.items():
        fields = [_key_fields(key), _text(cell.start), _text(cell.end), cell.amounts]
        rows[_CELL + _json(_key_fields(key)).decode()] = _json(fields)
    for kind, window in book.windows.items():
        rows[_WINDOW + kind] = _json(_window_fields(window))
    return rows


def load(run: str, equipment: str, rows: Mapping[str, bytes]) -> OeeState:
    """The state that these rows hold."""
    if _HEAD not in rows:
        return OeeState(run, equipment)
    head = json.loads(rows[_HEAD])
    cells = [json.loads(row) for name, row in rows.items() if name.startswith(_CELL)]
    windows = [_window(json.loads(row)) for name, row in rows.items() if name.startswith(_WINDOW)]
    book = Book(
        at=_moment(head["at"]),
        category=TimeCategory(head["category"]),
        category_since=_moment(head["category_since"]),
        state_at=_moment(head["state_at"]),
        signal_at=_moment(head["signal_at"]),
        making=tuple(Making(_instant(since), *names) for since, *names in head["making"]),
        cells={
            _key(key): Cell(_instant(start), _instant(end), amounts)
            for key, start, end, amounts in sorted(cells, key=lambda cell: str(cell[0][0]))
        },
        windows={window.kind: window for window in windows},
        closed=tuple(_window(one) for one in json.loads(rows.get(_CLOSED, b"[]"))),
        undecided=tuple(
            Undecided(_key(key), _instant(start), amount)
            for key, start, amount in head["undecided"]
        ),
    )
    return OeeState(
        run=run,
        equipment=equipment,
        plant_version=head["plant_version"],
        book=book,
        pending=tuple(_EVENTS.validate_json(rows.get(_PENDING, b"[]"))),
        seen=_moment(head["seen"]),
        ticked=_moment(head["ticked"]),
        late_facts=head["late_facts"],
    )


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else _instant(text)


def _key_fields(key: CellKey) -> list[str | None]:
    return [key.minute.isoformat(), key.batch, key.product, key.shift, key.day.isoformat()]


def _key(fields: list[Any]) -> CellKey:
    minute, batch, product, shift, day = fields
    return CellKey(_instant(minute), batch, product, shift, date.fromisoformat(day))


def _window_fields(window: Window) -> dict[str, Any]:
    return asdict(window) | {"start": _text(window.start), "end": _text(window.end)}


def _window(fields: dict[str, Any]) -> Window:
    window = Window(**fields)
    return replace(window, start=_instant(fields["start"]), end=_instant(fields["end"]))
