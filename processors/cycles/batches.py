"""The open batch: since when, of which product, and its phases."""

from datetime import datetime, timedelta
from typing import NamedTuple

from processors.cycles.context import Context, Owner
from processors.step import Output
from schemas.cycles import BatchCycle, Phase
from schemas.lab import BatchMade
from schemas.machine import BatchEnded, BatchStarted, MachineRecord, PhaseChanged
from schemas.record import site_of
from schemas.topics import KPI, LAB

MAX_PHASES = 50
"""So many phases of a batch are listed; the rest is counted."""
_NOTHING = timedelta(0)
_HEARD = frozenset({BatchStarted, BatchEnded, PhaseChanged})

Mark = tuple[datetime, str]
"""From this moment on, this phase."""


class Batch(NamedTuple):
    """A batch that is open."""

    name: str
    start: datetime
    marks: tuple[Mark, ...]
    """Beginnings of phases; one more than are listed, to know where the last of those ends."""
    left_out: int = 0
    """Marks that are not kept."""
    product: str | None = None
    product_since: datetime | None = None
    usual: str | None = None
    """The product that was made for longest at a stretch, of those before this one."""
    usual_for: timedelta = _NOTHING
    told_of: str | None = None
    """The product of which quality was told that this is a batch."""


class Vat(NamedTuple):
    """What an equipment says of its batches."""

    batch: Batch | None = None
    phase: str = ""
    """As last said, whatever batch is open."""
    phase_at: datetime | None = None
    ended_at: datetime | None = None
    """The end of the last batch."""


def make(vat: Vat, at: datetime, context: Context) -> tuple[Vat, list[Output]]:
    """From now on this product is made."""
    batch, product = vat.batch, context.product
    if batch is None or product == batch.product or product is None:
        return vat, []
    usual, usual_for = _usual(batch, at)
    changed = batch._replace(product=product, product_since=at, usual=usual, usual_for=usual_for)
    told, outputs = _forwarded(context.owner, changed)
    return vat._replace(batch=told), outputs


def hear(
    vat: Vat, event: MachineRecord, at: datetime, context: Context
) -> tuple[Vat, list[Output]]:
    """What an event says of batches and phases, in whatever order it comes.

    A beginning ends the open batch. What is older than the open batch, or than the end of the last
    one, is no news.
    """
    if type(event) not in _HEARD:
        return vat, []
    owner = context.owner
    match event:
        case BatchStarted(batch=name):
            return _start(vat, name, at, context)
        case BatchEnded(batch=name):
            batch = vat.batch
            if batch is None or batch.name != name or at < batch.start:
                return vat, []
            return vat._replace(batch=None, ended_at=at), _told(owner, batch, at)[1]
        case PhaseChanged(phase=phase):
            return _change_phase(vat, phase or "", at, owner)
        case _:
            return vat, []


def _start(vat: Vat, name: str, at: datetime, context: Context) -> tuple[Vat, list[Output]]:
    before, owner = vat.batch, context.owner
    if before is not None and (before.name == name or at < before.start):
        return vat, []
    if before is None and vat.ended_at is not None and at < vat.ended_at:
        return vat, []
    ended = [] if before is None else _told(owner, before, at)[1]
    ended_at = vat.ended_at if before is None else at
    made = context.product
    batch = Batch(name, at, _first_marks(vat, at), product=made, product_since=at)
    batch, begun = _told(owner, batch)
    return vat._replace(batch=batch, ended_at=ended_at), [*ended, *begun]


def _first_marks(vat: Vat, start: datetime) -> tuple[Mark, ...]:
    """What was said last holds in the new batch as well, until something else is said."""
    if vat.phase_at is None or vat.phase_at <= start:
        return ((start, vat.phase),)
    return _in_order(((start, ""), (vat.phase_at, vat.phase)))


def _change_phase(vat: Vat, phase: str, at: datetime, owner: Owner) -> tuple[Vat, list[Output]]:
    newest = vat.phase_at is None or at >= vat.phase_at
    known = newest and phase == vat.phase and vat.phase_at is not None
    if newest and not known:
        vat = vat._replace(phase=phase, phase_at=at)
    batch = vat.batch
    if known or batch is None or at < batch.start:
        return vat, []
    changed = _marked(batch, (at, phase))
    if changed == batch:
        return vat, []
    changed, outputs = _told(owner, changed)
    return vat._replace(batch=changed), outputs


def _marked(batch: Batch, mark: Mark) -> Batch:
    if len(batch.marks) > MAX_PHASES and mark[0] > batch.marks[-1][0]:
        return batch._replace(left_out=batch.left_out + 1)
    marks = _in_order((*batch.marks, mark))
    kept = marks[: MAX_PHASES + 1]
    return batch._replace(marks=kept, left_out=batch.left_out + len(marks) - len(kept))


def _in_order(marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
    """By time, without those that change nothing; of one moment the last that was said holds."""
    found: list[Mark] = []
    for at, phase in sorted(dict(marks).items()):
        if not found or found[-1][1] != phase:
            found.append((at, phase))
    return tuple(found)


def _usual(batch: Batch, at: datetime) -> tuple[str | None, timedelta]:
    lasted = at - (batch.product_since or at)
    if batch.product is None or lasted < batch.usual_for:
        return batch.usual, batch.usual_for
    return batch.product, lasted


def _told(owner: Owner, batch: Batch, end: datetime | None = None) -> tuple[Batch, list[Output]]:
    """How long the batch took, as is known by now; quality hears of its beginning and its end."""
    batch, outputs = _forwarded(owner, batch, end)
    return batch, [_output(owner, batch, end), *outputs]


def _forwarded(
    owner: Owner, batch: Batch, end: datetime | None = None
) -> tuple[Batch, list[Output]]:
    """What quality has to hear of, once; of another product, it is withdrawn there."""
    product, before = _product(batch, end), batch.told_of
    if product == before and end is None:
        return batch, []
    outputs = []
    if before is not None and before != product:
        outputs.append(_made(owner, batch, before, end, withdrawn=True))
    if product is not None:
        outputs.append(_made(owner, batch, product, end))
    return batch._replace(told_of=product), outputs


def _made(
    owner: Owner, batch: Batch, product: str, end: datetime | None, *, withdrawn: bool = False
) -> Output:
    record = BatchMade(
        run=owner.run,
        plant_version=owner.plant_version,
        site=site_of(owner.equipment),
        product=product,
        equipment=owner.equipment,
        batch=batch.name,
        start=batch.start,
        end=end,
        withdrawn=withdrawn,
    )
    return Output(LAB, record.partition_key(), record.record_id(), record)


def _product(batch: Batch, end: datetime | None) -> str | None:
    """What was made of it for longest at a stretch, as is known by now."""
    known_until = end or max(batch.start, batch.marks[-1][0], batch.product_since or batch.start)
    return _usual(batch, known_until)[0]


def _output(owner: Owner, batch: Batch, end: datetime | None = None) -> Output:
    record = BatchCycle(
        run=owner.run,
        plant_version=owner.plant_version,
        equipment=owner.equipment,
        batch=batch.name,
        product=_product(batch, end),
        start=batch.start,
        end=end,
        phases=_phases(batch, end),
        phases_left_out=batch.left_out + max(0, len(batch.marks) - MAX_PHASES),
    )
    return Output(KPI, owner.equipment, record.record_id(), record)


def _phases(batch: Batch, end: datetime | None) -> tuple[Phase, ...]:
    """The phases; the last of an open batch ends where it began, because no more is known."""
    marks = [mark for mark in batch.marks if end is None or mark[0] < end]
    if all(not phase for _, phase in marks):
        return ()
    ends = [at for at, _ in marks[1:]] + [end or marks[-1][0]]
    listed = list(zip(marks, ends, strict=True))[:MAX_PHASES]
    return tuple(Phase(name=name, start=at, end=until) for (at, name), until in listed)
