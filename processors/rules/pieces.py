"""Conditions made ready to be looked at: pieces that know their tags, units and members."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from processors.rules.signals import (
    ALARMS,
    CALLS,
    DEVIATIONS,
    EQUIPMENT_HEARD,
    MAINTAINED,
    RELEASE,
    STATE,
    counted,
    heard,
    hour,
    quality,
    source_heard,
    tag,
    trace,
)
from processors.rules.times import span
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
from schemas.plant.equipment import Equipment
from schemas.plant.model import Plant
from schemas.plant.values import Strict


@dataclass(frozen=True, slots=True)
class Piece:
    """A condition of one piece: its place in the memory, and what it speaks of."""

    condition: Strict
    place: int
    unit: str = ""
    members: tuple[str, ...] = ()
    """Equipment whose facts are summed, or that is counted; a source, or a compliance area."""


@dataclass(frozen=True, slots=True)
class Node:
    """A condition that is made of others."""

    condition: AllOf | AnyOf | Not
    parts: tuple["Piece | Node", ...]


def built(
    condition: Strict,
    places: Iterator[int],
    units: Mapping[str, str],
    about: tuple[Mapping[str, str], tuple[Plant, Sequence[Equipment]]],
) -> Piece | Node:
    """The condition with what it needs of the plant file; `places` numbers its pieces."""
    match condition:
        case AllOf(all=parts) | AnyOf(any=parts):
            parts_built = tuple(built(part, places, units, about) for part in parts)
            return Node(condition, parts_built)
        case Not(not_=part):
            return Node(condition, (built(part, places, units, about),))
        case _:
            name = next(names_in(condition), "")
            members = tuple(_members(condition, *about))
            return Piece(condition, next(places), units.get(name, ""), members)


def _members(
    condition: Strict, labels: Mapping[str, str], place: tuple[Plant, Sequence[Equipment]]
) -> Iterator[str]:
    plant, members = place
    match condition:
        case Absent(absent="source"):
            yield labels["source"]
        case CountIs(equipment=ids):
            yield from (plant.path_of(one) for one in plant.equipment if one.id in ids)
        case FigureIs(of="line"):
            yield from (plant.path_of(one) for one in _constraint_of(members, plant))
        case FigureIs():
            yield from (plant.path_of(one) for one in members)
        case QualityIs(area=area):
            yield area or labels.get("compliance_area", "")
        case _:
            return


def _constraint_of(members: Sequence[Equipment], plant: Plant) -> Sequence[Equipment]:
    """Of a line with a constraint its figures are the line's."""
    names = {line.constraint for name, line in plant.lines.items() if line.constraint}
    return [one for one in members if one.id in names] or members


def pieces_of(condition: Piece | Node) -> Iterator[Piece]:
    """All pieces, in the order of their places."""
    if isinstance(condition, Piece):
        yield condition
        return
    for part in condition.parts:
        yield from pieces_of(part)


def names_in(condition: Strict) -> Iterator[str]:
    """The tags that a condition of one piece speaks of."""
    match condition:
        case TagIs(tag=name) | TagEquals(tag=name) | TagChanges(rate_of=name):
            yield name
        case TagDeviates(deviation_of=name, target=target):
            yield name
            if isinstance(target, str):
                yield target
        case Absent(absent=name) if name not in {"equipment", "source"}:
            yield name
        case _:
            return


def watched_by(piece: Piece) -> Iterator[str]:
    """The signals that a condition of one piece looks at."""
    match piece.condition:
        case TagChanges(rate_of=name, per=per):
            yield from (tag(name), trace(name, span(per)))
        case Absent() as absent:
            yield heard_by(absent, piece)
        case CountIs(count_of=kind):
            yield counted(kind)
        case FigureIs():
            yield from map(hour, piece.members)
        case QualityIs(over=window):
            yield quality(window, piece.members[0])
        case condition if type(condition) in _ONE_SIGNAL:
            yield _ONE_SIGNAL[type(condition)]
        case condition:
            yield from map(tag, names_in(condition))


_ONE_SIGNAL: dict[type[Strict], str] = {
    StateLasts: STATE,
    AndonIs: CALLS,
    AlarmIs: ALARMS,
    MaintenanceIs: MAINTAINED,
    ReleasePending: RELEASE,
    DeviationOpened: DEVIATIONS,
}


def heard_by(condition: Absent, piece: Piece) -> str:
    """The signal of which the silence is waited for."""
    match condition.absent:
        case "source":
            return source_heard(piece.members[0])
        case "equipment":
            return EQUIPMENT_HEARD
        case name:
            return heard(name)
