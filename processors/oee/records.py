"""What is said of the book: cells, reports, stops and findings as records of their topics."""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from processors.oee.amounts import facts
from processors.oee.book import Book, Cell, CellKey, Found, Window
from processors.oee.plan import EquipmentPlan
from processors.oee.restate import key_at, outside
from processors.oee.stops import StopLog
from processors.ratios import ratios
from processors.step import Output
from schemas.kpi import OeeCell, OeeReport
from schemas.record import EquipmentPath, EventId, site_of
from schemas.stops import AndonCall, Finding, Stop
from schemas.topics import KPI, KPI_LATEST, SITE

Record = OeeCell | OeeReport | Stop | AndonCall | Finding


class Named(NamedTuple):
    """Of which equipment, in which run, under which plant file."""

    run: str
    plant_version: str
    equipment: EquipmentPath


def differences(
    named: Named, shown: tuple[Book, Book], superseded: Sequence[Window], plan: EquipmentPlan
) -> Iterator[Record]:
    """Everything that is true in the second book and was not in the first one.

    `superseded`: closed windows as they were before they were restated.
    """
    before, after = shown
    for key, cell in after.cells.items():
        old = before.cells.get(key)
        if old is not cell and old != cell:
            yield cell_record(named, key, cell)
    for key, cell in before.cells.items():
        if key not in after.cells:
            yield cell_record(named, key, Cell(cell.start, cell.start))
    if before.late or after.late:
        yield from _late_cells(named, before, after)
    if superseded or before.closed is not after.closed:
        yield from _closed(named, before, after, superseded)
    if _have_changed(before, after):
        yield from _stops(named, before, after, plan)


def _have_changed(before: Book, after: Book) -> bool:
    """Whether there may be news of stops."""
    is_same = before.stop is after.stop and before.run_since == after.run_since
    return not is_same or before.stops is not after.stops or _has_come_to_a_claim(before, after)


def _has_come_to_a_claim(before: Book, after: Book) -> bool:
    """Whether time has come to what somebody said of the rest of a stop."""
    if after.stop is None or before.at is None or after.at is None:
        return False
    begins = (claim.start for claim in after.stop.claims if claim.start is not None)
    return any(before.at <= start < after.at for start in begins)


def _late_cells(named: Named, before: Book, after: Book) -> Iterator[OeeCell]:
    for (key, event), cell in after.late.items():
        if before.late.get((key, event)) != cell:
            yield cell_record(named, key, cell, event)
    for (key, event), cell in before.late.items():
        if (key, event) not in after.late:
            yield cell_record(named, key, Cell(cell.start, cell.start), event)


def _closed(
    named: Named, before: Book, after: Book, superseded: Sequence[Window]
) -> Iterator[OeeReport]:
    windows, others = after.closed.unlike(before.closed)
    known = {(one.kind, one.name, one.start): one for one in others}
    for window in (*superseded, *windows):
        if known.get((window.kind, window.name, window.start)) != window:
            yield report(named, window, window.kind, final=True)


def _stops(named: Named, before: Book, after: Book, plan: EquipmentPlan) -> Iterator[Stop]:
    ours, theirs = after.stops.unlike(before.stops)
    told = {
        log.start: stop_record(named, before, log, plan) for log in (*theirs, before.stop) if log
    }
    for log in (*ours, after.stop):
        if log is not None:
            old = told.pop(log.start, None)
            stop = stop_record(named, after, log, plan)
            if stop is not None and stop != old:
                yield stop
            elif stop is None and old is not None:
                yield old.model_copy(update={"end": old.start})
    for old in told.values():
        if old is not None:
            yield old.model_copy(update={"end": old.start})


def stop_record(named: Named, book: Book, log: StopLog, plan: EquipmentPlan) -> Stop | None:
    """The stop as it is known by now; None before any time has passed in it."""
    if not log.spans:
        return None
    first = log.spans[0]
    key, slot = key_at(log.start, first.batch, first.product, plan)
    judged = log.judged_at(log.planned_at or log.start)
    category = (
        judged.category if log.planned_at else outside(judged.category, slot, key.batch, plan)
    )
    reason, by = log.told_reason(log.end or book.at or log.start)
    return Stop(
        run=named.run,
        plant_version=named.plant_version,
        equipment=named.equipment,
        start=log.start,
        end=book.run_since if log is book.stop else log.end,
        category=category,
        state=log.state,
        reason=reason,
        reason_by=by,
        batch=key.batch,
        product=key.product,
        shift=key.shift,
        day=key.day,
    )


def cell_record(named: Named, key: CellKey, cell: Cell, late: EventId | None = None) -> OeeCell:
    """A cell with its absolute content."""
    return OeeCell(
        run=named.run,
        plant_version=named.plant_version,
        equipment=named.equipment,
        minute=key.minute,
        batch=key.batch,
        product=key.product,
        shift=key.shift,
        day=key.day,
        start=cell.start,
        end=cell.end,
        late=late,
        **facts(cell.amounts),
    )


def report(
    named: Named, window: Window, kind: Literal["shift", "batch", "hour"], *, final: bool
) -> OeeReport:
    """Sums and ratios of a window."""
    said = facts(window.amounts)
    found = ratios(said["time"], said["quantities"])
    return OeeReport(
        run=named.run,
        plant_version=named.plant_version,
        equipment=named.equipment,
        kind=kind,
        window=window.name,
        start=window.start,
        end=window.end,
        final=final,
        revision=window.revision,
        cause=window.cause,
        **said,
        availability=found.availability,
        effectiveness=found.effectiveness,
        quality_ratio=found.quality_ratio,
        oee=found.oee,
    )


def open_reports(named: Named, book: Book, hour: Window | None) -> Iterator[OeeReport]:
    """The open windows as they stand, and the rolling hour."""
    for window in book.windows.values():
        yield report(named, window, window.kind, final=False)
    if hour is not None:
        yield report(named, hour, "hour", final=False)


def finding(named: Named, found: Found) -> Finding:
    """What does not fit."""
    kind, start, end, text, event = found
    return Finding(**named._asdict(), kind=kind, start=start, end=end, text=text, event=event)


def outputs(named: Named, record: Record) -> Sequence[Output]:
    """Where the record goes: facts to their topic, reports to the newest ones as well.

    What rules of the whole site look at goes to the site, too.
    """
    match record:
        case OeeCell():
            return (_fact(named, record),)
        case OeeReport(kind="hour"):
            return _latest(named, record), _to_site(named, record)
        case OeeReport(final=True):
            return _fact(named, record), _latest(named, record)
        case OeeReport():
            return (_latest(named, record),)
        case _:
            return _fact(named, record), _to_site(named, record)


def _fact(named: Named, record: Record) -> Output:
    return Output(KPI, named.equipment, record.record_id(), record)


def _latest(named: Named, report: OeeReport) -> Output:
    name = f"{named.run}|{named.equipment}/{report.kind}"
    return Output(KPI_LATEST, named.equipment, name, report)


def _to_site(named: Named, record: Record) -> Output:
    return Output(SITE, site_of(named.equipment), record.record_id(), record)
