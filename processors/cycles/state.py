"""What is remembered of one equipment's cycles, and how it is written down in small rows."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

from processors.cycles.batches import Batch, Vat
from processors.cycles.cells import Cell, Cells, Place
from processors.cycles.sums import Sums, Yardstick
from processors.cycles.timing import Watch
from schemas.machine import TimeCategory
from schemas.record import EventId

PREFIX = "cycles|"
"""What the names of all rows begin with."""
_HEAD = PREFIX + "head"
_BATCH = PREFIX + "batch"
_CELL = PREFIX + "cell|"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_COMPACT = json.JSONEncoder(separators=(",", ":"))
_MILLISECOND = timedelta(milliseconds=1)


class Waiting(NamedTuple):
    """Units counted at one moment, until it is certain that no others were."""

    at: datetime
    since: datetime
    units: int
    yardstick: Yardstick
    place: Place
    day: date
    event: EventId
    said: bool = False


class CycleState(NamedTuple):
    """One equipment in one run."""

    at: datetime | None = None
    """The newest event."""
    watch: Watch = Watch()
    waiting: Waiting | None = None
    cells: Cells = Cells()
    vat: Vat = Vat()
    complained: datetime | None = None
    """The hour of which was said last that something came too late for it."""


def dump(state: CycleState) -> dict[str, bytes]:
    """The state as rows: a head, one row per open cell, and one for the open batch."""
    if state == CycleState():
        return {}
    watch, waiting, cells, vat = state.watch, state.waiting, state.cells, state.vat
    head = [
        _ms(state.at),
        [watch.category, watch.made, *map(_ms, _moments(watch))],
        None if waiting is None else _waiting_fields(waiting),
        [_ms(cells.hour), cells.crowded],
        [vat.phase, _ms(vat.phase_at), _ms(vat.ended_at)],
        _ms(state.complained),
    ]
    rows = {_HEAD: _json(head)}
    rows |= {f"{_CELL}{index}": _json(_cell_fields(cell)) for index, cell in enumerate(cells.open)}
    if vat.batch is not None:
        rows[_BATCH] = _json(_batch_fields(vat.batch))
    return rows


def load(rows: Mapping[str, bytes]) -> CycleState:
    """The state that these rows hold; rows of others are left alone."""
    if _HEAD not in rows:
        return CycleState()
    at, watch, waiting, cells, vat, complained = json.loads(rows[_HEAD])
    named = sorted(name for name in rows if name.startswith(_CELL))
    return CycleState(
        at=_moment(at),
        watch=_watch(watch),
        waiting=None if waiting is None else _waiting(waiting),
        cells=Cells(
            _moment(cells[0]), tuple(_cell(json.loads(rows[name])) for name in named), cells[1]
        ),
        vat=Vat(
            batch=_batch(json.loads(rows[_BATCH])) if _BATCH in rows else None,
            phase=vat[0],
            phase_at=_moment(vat[1]),
            ended_at=_moment(vat[2]),
        ),
        complained=_moment(complained),
    )


def _moments(watch: Watch) -> tuple[datetime | None, ...]:
    return watch.signal_at, watch.run_since, watch.counted_at, watch.stop_since


def _watch(fields: list[Any]) -> Watch:
    category, made, *moments = fields
    return Watch(
        None if category is None else TimeCategory(category),
        None if made is None else (made[0], made[1]),
        *map(_moment, moments),
    )


def _waiting_fields(waiting: Waiting) -> list[Any]:
    yardstick, event = waiting.yardstick, waiting.event
    return [
        *(_ms(waiting.at), _ms(waiting.since), waiting.units),
        *(yardstick.ideal_us, yardstick.slow_above_us),
        *(_place_fields(waiting.place), waiting.day.isoformat(), _id_fields(event), waiting.said),
    ]


def _waiting(fields: list[Any]) -> Waiting:
    at, since, units, ideal, slow, place, day, event, said = fields
    return Waiting(
        _instant(at),
        _instant(since),
        units,
        Yardstick(ideal, slow),
        _place(place),
        date.fromisoformat(day),
        _id(event),
        said,
    )


def _cell_fields(cell: Cell) -> list[Any]:
    sums = cell.sums
    late = None if cell.late is None else _id_fields(cell.late)
    buckets = sorted(sums.sketch)
    steps = [later - earlier for earlier, later in pairwise([0, *buckets])]
    return [
        *(_place_fields(cell.place), cell.day.isoformat(), late, cell.said),
        [sums.cycles, sums.total_ms, sums.squares_ms2, sums.shortest_ms, sums.longest_ms],
        [sums.slow, sums.ideal_us, sums.no_ideal],
        *(steps, [sums.sketch[bucket] for bucket in buckets]),
    ]


def _cell(fields: list[Any]) -> Cell:
    place, day, late, said, lengths, ideals, steps, times = fields
    sketch = dict(zip(accumulate(steps), times, strict=True))
    sums = replace(Sums(*lengths, *ideals), sketch=sketch)
    event = None if late is None else _id(late)
    return Cell(_place(place), date.fromisoformat(day), sums, event, said)


def _batch_fields(batch: Batch) -> list[Any]:
    return [
        *(batch.name, _ms(batch.start)),
        [(_ms(at), phase) for at, phase in batch.marks],
        *(batch.left_out, batch.product, _ms(batch.product_since)),
        *(batch.usual, batch.usual_for // _MILLISECOND, batch.told_of),
    ]


def _batch(fields: list[Any]) -> Batch:
    name, start, marks, left_out, product, since, usual, usual_ms, told_of = fields
    batch = Batch(name, _instant(start), tuple((_instant(at), phase) for at, phase in marks))
    return batch._replace(
        left_out=left_out,
        product=product,
        product_since=_moment(since),
        usual=usual,
        usual_for=usual_ms * _MILLISECOND,
        told_of=told_of,
    )


def _place_fields(place: Place) -> list[Any]:
    return [_ms(place.hour), place.product, place.batch, place.shift]


def _place(fields: list[Any]) -> Place:
    hour, *names = fields
    return Place(_instant(hour), *names)


def _id_fields(event: EventId) -> list[Any]:
    return [event.source, event.epoch, event.seq]


def _id(fields: list[Any]) -> EventId:
    source, epoch, seq = fields
    return EventId(source=source, epoch=epoch, seq=seq)


def _json(value: Any) -> bytes:
    return _COMPACT.encode(value).encode()


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else (moment - _EPOCH) // _MILLISECOND


def _instant(milliseconds: int) -> datetime:
    return _EPOCH + milliseconds * _MILLISECOND


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else _instant(milliseconds)
