"""The hour that is open: cycles by product, batch and shift, until nothing can be added."""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from processors.cycles.context import Context, Owner
from processors.cycles.sums import Sums, fits, is_possible, together
from processors.step import Output
from schemas.cycles import CycleCell
from schemas.record import EventId
from schemas.topics import KPI

MAX_CELLS = 8
"""So many cells of the hour stay open; the oldest is closed for another."""
HOUR = timedelta(hours=1)


class Place(NamedTuple):
    """What a cell is named by, but for the event that a late one is named by."""

    hour: datetime
    product: str | None
    batch: str | None
    shift: str | None


class Cell(NamedTuple):
    """What is known of one cell."""

    place: Place
    day: date
    sums: Sums
    late: EventId | None = None
    said: bool = False
    """Whether it was published as it is."""


class Cells(NamedTuple):
    """Open cells of the newest hour, in the order in which they were opened."""

    hour: datetime | None = None
    open: tuple[Cell, ...] = ()
    crowded: bool = False
    """Whether one of this hour was closed for another: it might be meant by whatever comes, so
    that a cell opened now is named by its event."""


class Fact(NamedTuple):
    """Cycles that ended in one place."""

    place: Place
    day: date
    sums: Sums
    event: EventId


def floor_hour(moment: datetime) -> datetime:
    """The hour this moment belongs to."""
    return moment.replace(minute=0, second=0, microsecond=0)


def place_of(at: datetime, context: Context) -> Place:
    """Where a cycle belongs that ended at this moment."""
    return Place(floor_hour(at), context.product, context.batch, context.shift)


def entered(cells: Cells, hour: datetime) -> Cells:
    """The cells once this hour has begun."""
    return cells if cells.hour is not None and hour <= cells.hour else Cells(hour)


def can_be(fact: Fact) -> bool:
    """Whether there can be such cycles, and a cell that holds them."""
    return is_possible(fact.sums.cycles, fact.sums.ideal_us) and fits(fact.sums)


def put(cells: Cells, fact: Fact) -> tuple[Cells, list[Cell]]:
    """Add cycles to the cell of their place, and what is to be said at once.

    An hour that is closed is not opened again, because its cells are forgotten and a cell's record
    replaces the one before: what comes for it is a cell of its own, named by its event. So is what
    the cell of its place cannot hold as well; what cannot be is left out.
    """
    if not can_be(fact):
        return cells, []
    if cells.hour is None or fact.place.hour != cells.hour:
        return cells, [Cell(fact.place, fact.day, fact.sums, late=fact.event)]
    for index, cell in enumerate(cells.open):
        if cell.place == fact.place:
            sums = together(cell.sums, fact.sums)
            if not fits(sums):
                return cells, [Cell(fact.place, fact.day, fact.sums, late=fact.event)]
            grown = cell._replace(sums=sums, said=False)
            opened = (*cells.open[:index], grown, *cells.open[index + 1 :])
            return cells._replace(open=opened), []
    cells, closed = _with_room(cells)
    cell = Cell(fact.place, fact.day, fact.sums, late=fact.event if cells.crowded else None)
    return cells._replace(open=(*cells.open, cell)), closed


def unsaid(cells: Cells) -> list[Cell]:
    """What is known and was not published."""
    return [cell for cell in cells.open if not cell.said]


def all_said(cells: Cells) -> Cells:
    """The cells after they were published."""
    if all(cell.said for cell in cells.open):
        return cells
    return cells._replace(open=tuple(cell._replace(said=True) for cell in cells.open))


def output(owner: Owner, cell: Cell) -> Output:
    """The cell as its record."""
    place, sums = cell.place, cell.sums
    record = CycleCell(
        run=owner.run,
        plant_version=owner.plant_version,
        equipment=owner.equipment,
        hour=place.hour,
        product=place.product,
        batch=place.batch,
        shift=place.shift,
        day=cell.day,
        late=cell.late,
        cycles=sums.cycles,
        total_ms=sums.total_ms,
        squares_ms2=sums.squares_ms2,
        shortest_ms=sums.shortest_ms,
        longest_ms=sums.longest_ms,
        slow=sums.slow,
        ideal_ms=round(sums.ideal_us / 1000),
        no_ideal=sums.no_ideal,
        sketch={str(bucket): times for bucket, times in sorted(sums.sketch.items())},
    )
    return Output(KPI, owner.equipment, record.record_id(), record)


def _with_room(cells: Cells) -> tuple[Cells, list[Cell]]:
    if len(cells.open) < MAX_CELLS:
        return cells, []
    oldest, *others = cells.open
    kept = cells._replace(open=tuple(others), crowded=True)
    return kept, [] if oldest.said else [oldest]
