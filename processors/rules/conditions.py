"""Whether a condition is true, false, or not known, at an instant, from what is known then."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from processors.ratios import ratios
from processors.rules import product_looks
from processors.rules.pieces import Node, Piece, heard_by
from processors.rules.sight import UNKNOWN, Seen, Sight, limited
from processors.rules.signals import (
    ALARMS,
    CALLS,
    MAINTAINED,
    STATE,
    Alarm,
    Call,
    Maintenance,
    counted,
    hour,
    tag,
    trace,
)
from processors.rules.times import HOUR, NEVER, span
from schemas.kpi import Quantities, TimeElements
from schemas.machine import TimeCategory
from schemas.plant.alerts.conditions import (
    Absent,
    AlarmIs,
    AllOf,
    AndonIs,
    AnyOf,
    CountIs,
    DeviationOpened,
    FigureIs,
    MaintenanceIs,
    Not,
    QualityIs,
    ReleasePending,
    StateLasts,
    TagChanges,
    TagDeviates,
    TagEquals,
    TagIs,
)
from schemas.plant.values import Strict

TIME_FIELDS, COUNT_FIELDS = tuple(TimeElements.model_fields), tuple(Quantities.model_fields)


@dataclass(slots=True)
class Look(Sight):
    """One look at what is known."""

    def see(self, condition: Piece | Node) -> Seen:
        """What the condition comes to; every piece is looked at, so that each remembers."""
        if isinstance(condition, Piece):
            look = _LOOKS.get(type(condition.condition))
            return UNKNOWN if look is None else look(self, condition.condition, condition)
        seen = [self.see(part) for part in condition.parts]
        match condition.condition:
            case AllOf():
                return _first(seen, decisive=False)
            case AnyOf():
                return _first(seen, decisive=True)
            case Not():
                truth = seen[0].truth
                return seen[0]._replace(truth=None if truth is None else not truth)


def _first(seen: Sequence[Seen], *, decisive: bool) -> Seen:
    """One that is so decides; else one that is not known; else the others agree."""
    for truth in (decisive, None, not decisive):
        those = [one for one in seen if one.truth is truth]
        if those:
            return next((one for one in those if one.value is not None), those[0])
    return UNKNOWN


def _tag_is(look: Look, condition: TagIs, piece: Piece) -> Seen:
    return limited(look, condition, piece, _number(look, condition.tag))


def _tag_changes(look: Look, condition: TagChanges, piece: Piece) -> Seen:
    """The value now less the one that held `per` ago; not known before there was one."""
    per = span(condition.per)
    known = look.signals.get(trace(condition.rate_of, per))
    if known is None or _number(look, condition.rate_of) is None:
        return UNKNOWN
    before = [(at, value) for at, value in known.value if at <= look.at - per]
    inside = [at for at, _ in known.value if at > look.at - per]
    if inside:
        look.wait_until(inside[0] + per)
    change = known.value[-1][1] - before[-1][1] if before else None
    is_number = change is not None and isfinite(change)
    return limited(look, condition, piece, change if is_number else None)


def _tag_deviates(look: Look, condition: TagDeviates, piece: Piece) -> Seen:
    value, target = _number(look, condition.deviation_of), condition.target
    aim = _number(look, target) if isinstance(target, str) else float(target)
    if value is None or aim is None:
        return UNKNOWN._replace(unit=piece.unit)
    is_off = condition.is_off(value, aim, was_off=bool(look.memory[piece.place]))
    look.memory[piece.place] = 1 if is_off else None
    limit = aim + condition.by if value >= aim else aim - condition.by
    return Seen(is_off, value, limit if isfinite(limit) else None, piece.unit)


def _tag_equals(look: Look, condition: TagEquals, piece: Piece) -> Seen:
    known = look.signals.get(tag(condition.tag))
    if known is None or known.value is None:
        return UNKNOWN._replace(unit=piece.unit)
    wanted = condition.equals
    limit = str(wanted).lower() if isinstance(wanted, bool) else wanted
    return Seen(known.value == wanted, known.value, limit, piece.unit)


def _absent(look: Look, condition: Absent, piece: Piece) -> Seen:
    known = look.signals.get(heard_by(condition, piece))
    last = max(known.at if known else look.born, look.floor)
    if last == NEVER:
        return UNKNOWN
    until = last + span(condition.after)
    look.wait_until(until)
    silent_s = condition.after.total_seconds()
    return Seen(look.at >= until, None, silent_s, "s")


def _state_lasts(look: Look, condition: StateLasts, piece: Piece) -> Seen:
    known = look.signals.get(STATE)
    if known is None or known.value is None:
        return UNKNOWN
    category, word = known.value
    wanted = {str(one) for one in condition.state}
    if category not in wanted and word not in wanted:
        if category == TimeCategory.UNKNOWN:
            return UNKNOWN
        look.memory[piece.place] = None
        return Seen(False, word or category)
    since = look.memory[piece.place]
    since = known.at if since is None else since
    look.memory[piece.place] = since
    until = max(since, look.floor) + span(condition.longer_than)
    look.wait_until(until)
    limit = condition.longer_than.total_seconds()
    return Seen(look.at >= until, word or category, limit or None, "s" if limit else "")


def _andon_is(look: Look, condition: AndonIs, piece: Piece) -> Seen:
    del piece
    known = look.signals.get(CALLS)
    calls = [Call(*one) for one in (known.value if known else ())]
    open_now = [
        one
        for one in calls
        if one.priority in condition.andon
        and (not condition.kinds or one.kind in condition.kinds)
        and one.raised_at <= look.at
        and (one.cleared_at is None or look.at < one.cleared_at)
    ]
    oldest = min(open_now, key=lambda one: (one.raised_at, one.name), default=None)
    return Seen(oldest is not None, oldest.kind if oldest else None)


def _alarm_is(look: Look, condition: AlarmIs, piece: Piece) -> Seen:
    del piece
    known = look.signals.get(ALARMS)
    alarms = [Alarm(*one) for one in (known.value if known else ())]
    active = [one for one in alarms if one.active and one.severity >= condition.alarm]
    worst = min(active, key=lambda one: (-one.severity, one.at, one.condition), default=None)
    return Seen(worst is not None, worst.text if worst else None)


def _maintenance_is(look: Look, condition: MaintenanceIs, piece: Piece) -> Seen:
    del piece
    known = look.signals.get(MAINTAINED)
    if known is None:
        return Seen(False)
    now = Maintenance(*known.value)
    kinds = {"any", "planned" if now.is_planned else "unplanned"}
    return Seen(now.is_on and condition.maintenance in kinds, now.told or None)


def _count_is(look: Look, condition: CountIs, piece: Piece) -> Seen:
    known = look.signals.get(counted(condition.count_of))
    within = span(condition.within)
    inside = [
        at
        for at, _, equipment in (known.value if known else ())
        if look.at - within < at <= look.at and (not piece.members or equipment in piece.members)
    ]
    if inside:
        look.wait_until(inside[0] + within)
    return Seen(len(inside) > condition.more_than, float(len(inside)), float(condition.more_than))


def _figure_is(look: Look, condition: FigureIs, piece: Piece) -> Seen:
    """Of the sums of those that had planned time in the hour before the newest of them."""
    told = (look.signals.get(hour(path)) for path in piece.members)
    known = [one for one in told if one and any(one.value)]
    newest = max((one.at for one in known), default=NEVER)
    facts = [one.value for one in known if one.at > newest - HOUR]
    if not facts:
        return UNKNOWN
    sums = [sum(numbers) for numbers in zip(*facts, strict=True)]
    split = len(TIME_FIELDS)
    time = TimeElements.model_construct(None, **dict(zip(TIME_FIELDS, sums[:split], strict=True)))
    parts = Quantities.model_construct(None, **dict(zip(COUNT_FIELDS, sums[split:], strict=True)))
    return limited(look, condition, piece, getattr(ratios(time, parts), condition.figure))


def _number(look: Look, name: str) -> float | None:
    known = look.signals.get(tag(name))
    return None if known is None or isinstance(known.value, str) else known.value


_LOOKS: dict[type[Strict], Callable[[Look, Any, Piece], Seen]] = {
    TagIs: _tag_is,
    TagChanges: _tag_changes,
    TagDeviates: _tag_deviates,
    TagEquals: _tag_equals,
    Absent: _absent,
    StateLasts: _state_lasts,
    AndonIs: _andon_is,
    AlarmIs: _alarm_is,
    MaintenanceIs: _maintenance_is,
    CountIs: _count_is,
    FigureIs: _figure_is,
    QualityIs: product_looks.quality_is,
    ReleasePending: product_looks.release_pending,
    DeviationOpened: product_looks.deviation_opened,
}
"""What is not listed is not known: scores of anomalies."""
