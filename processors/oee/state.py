"""What the OEE engine remembers of one equipment, and how it is written down in small rows."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from pydantic import TypeAdapter

from processors.cycles.state import CycleState, dump as dump_cycles, load as load_cycles
from processors.oee import packing
from processors.oee.andon import Calls
from processors.oee.book import Book, Cell, CellKey, Partless
from processors.oee.events import Order, in_order, order_of
from processors.oee.reported import Reported
from schemas.machine import MachineRecord, TimeCategory
from schemas.manual import AndonCleared, StopReasonGiven
from schemas.stops import AndonCall
from schemas.topics import MACHINE

_COMPACT = json.JSONEncoder(separators=(",", ":"))
_HEAD = "head"
_PENDING = "pending"
_CELL = "cell|"
_WINDOW = "window|"
_STOP = "stop"
_WAITING = "waiting"
_AHEAD = "ahead"
_CALLS = "calls"
_FOUND = "found"

_TYPES: dict[str, type[MachineRecord]] = {
    kind.model_fields["type"].default: kind
    for kind in MACHINE.types
    if issubclass(kind, MachineRecord)
}
_WAIT: TypeAdapter[list[StopReasonGiven]] = TypeAdapter(list[StopReasonGiven])
_CALLED: TypeAdapter[tuple[list[AndonCall], list[AndonCleared]]] = TypeAdapter(
    tuple[list[AndonCall], list[AndonCleared]]
)


Pending = tuple[tuple[Order, MachineRecord], ...]


class OeeState(NamedTuple):
    """One equipment in one run.

    Events wait in `pending` for those that are late by less than the allowed lateness; `book` holds
    what is settled, and `trail` the book after each of the pending events whose time has come.
    """

    run: str
    equipment: str
    book: Book
    plant_version: str = ""
    pending: Pending = ()
    seen: datetime | None = None
    """The newest source time of what the equipment itself says."""
    ticked: datetime | None = None
    """Until when cells were published for time in which no event came."""
    reported: Reported | None = None
    """The last report of open windows."""
    calls: Calls = Calls()
    cycles: CycleState = CycleState()
    trail: tuple[Book, ...] | None = None
    """Not written down: it follows from the others."""

    @property
    def newest(self) -> Book:
        """The book with all that has happened."""
        return self.trail[-1] if self.trail else self.book


def dump(state: OeeState) -> dict[str, bytes]:
    """The state as rows: a head, the waiting events, one per open cell and window, and the past."""
    book = state.book
    rows = {_HEAD: _json(_head(state))}
    if state.pending:
        events = (event.model_dump_json(exclude_none=True) for _, event in state.pending)
        rows[_PENDING] = f"[{','.join(events)}]".encode()
    if book.stop is not None:
        rows[_STOP] = packing.STOPS.pack([book.stop])
    rows |= _reasons(book)
    if book.found:
        rows[_FOUND] = _json(book.found)
    calls = state.calls
    if calls.calls or calls.cleared:
        rows[_CALLS] = _CALLED.dump_json((list(calls.calls), list(calls.cleared)))
    for key, cell in book.cells.items():
        named = _key_fields(key)
        fields = [named, _text(cell.start), _text(cell.end), cell.amounts, cell.restated]
        rows[_CELL + _json(named).decode()] = _json(fields)
    for kind, window in book.windows.items():
        rows[_WINDOW + kind] = packing.WINDOWS.pack([window])
    return (
        rows
        | book.made.rows("made|", packing.MADE)
        | book.closed.rows("closed|", packing.WINDOWS)
        | book.stops.rows("stops|", packing.STOPS)
        | book.startups.rows("startups|", packing.STARTUPS)
        | book.silences.rows("silences|", packing.SILENCES)
        | book.hour.rows("hour|", packing.MINUTES)
        | dump_cycles(state.cycles)
    )


def _reasons(book: Book) -> dict[str, bytes]:
    kept = {_WAITING: book.waiting, _AHEAD: book.ahead}
    return {
        name: _WAIT.dump_json(list(some), exclude_none=True) for name, some in kept.items() if some
    }


def load(run: str, equipment: str, rows: Mapping[str, bytes]) -> OeeState:
    """The state that these rows hold."""
    if _HEAD not in rows:
        return OeeState(run, equipment, Book(), calls=_calls(rows))
    head = json.loads(rows[_HEAD])
    pending = (_event(fields) for fields in json.loads(rows.get(_PENDING, b"[]")))
    return OeeState(
        run=run,
        equipment=equipment,
        plant_version=head["plant_version"],
        book=_book(head, rows),
        pending=in_order((order_of(event), event) for event in pending),
        seen=_moment(head["seen"]),
        ticked=_moment(head["ticked"]),
        reported=_reported(head),
        cycles=load_cycles(rows),
        calls=_calls(rows),
    )


def _head(state: OeeState) -> dict[str, Any]:
    book = state.book
    return {
        "plant_version": state.plant_version,
        "seen": _text(state.seen),
        "ticked": _text(state.ticked),
        "reported": _text(state.reported and state.reported.minute),
        "hour_end": _text(state.reported and state.reported.hour_end),
        "category": book.category,
        **{name: _text(getattr(book, name)) for name in _MOMENTS},
        **{name: getattr(book, name) for name in _PLAIN},
        "partless_ms": book.partless.ms,
        "partless_since": _text(book.partless.since),
    }


_MOMENTS = ("at", "state_at", "signal_at", "startup_since", "run_since")
_PLAIN = ("state", "reason", "maintenance", "changeover", "ran_in", "startup_ms")


def _reported(head: Mapping[str, Any]) -> Reported | None:
    minute = _moment(head["reported"])
    return None if minute is None else Reported(minute, _moment(head.get("hour_end")))


def _book(head: Mapping[str, Any], rows: Mapping[str, bytes]) -> Book:
    empty = Book()
    stops = packing.STOPS.unpack(rows[_STOP]) if _STOP in rows else [None]
    windows = [
        window
        for name, row in rows.items()
        if name.startswith(_WINDOW)
        for window in packing.WINDOWS.unpack(row)
    ]
    named: dict[str, Any] = {name: _moment(head[name]) for name in _MOMENTS}
    named |= {name: head[name] for name in _PLAIN}
    return Book(
        **named,
        category=TimeCategory(head["category"]),
        partless=Partless(head["partless_ms"], _moment(head["partless_since"])),
        stop=stops[0],
        waiting=tuple(_WAIT.validate_json(rows.get(_WAITING, b"[]"))),
        ahead=tuple(_WAIT.validate_json(rows.get(_AHEAD, b"[]"))),
        cells=_cells(rows),
        windows={window.kind: window for window in windows},
        made=empty.made.read("made|", rows, packing.MADE),
        closed=empty.closed.read("closed|", rows, packing.WINDOWS),
        stops=empty.stops.read("stops|", rows, packing.STOPS),
        startups=empty.startups.read("startups|", rows, packing.STARTUPS),
        silences=empty.silences.read("silences|", rows, packing.SILENCES),
        hour=empty.hour.read("hour|", rows, packing.MINUTES),
        found=tuple(json.loads(rows.get(_FOUND, b"[]"))),
    )


def _cells(rows: Mapping[str, bytes]) -> dict[CellKey, Cell]:
    found = [json.loads(row) for name, row in rows.items() if name.startswith(_CELL)]
    return {
        _key(key): Cell(_instant(start), _instant(end), amounts, restated=restated)
        for key, start, end, amounts, restated in sorted(found, key=lambda cell: str(cell[0][0]))
    }


def _calls(rows: Mapping[str, bytes]) -> Calls:
    if _CALLS not in rows:
        return Calls()
    calls, cleared = _CALLED.validate_json(rows[_CALLS])
    return Calls(tuple(calls), tuple(cleared))


def _event(fields: dict[str, Any]) -> MachineRecord:
    return _TYPES[fields["type"]].model_validate(fields)


def _json(value: Any) -> bytes:
    return _COMPACT.encode(value).encode()


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
