"""What can be wrong with the condition of an alert rule at the equipment that it is about."""

from collections.abc import Iterable, Iterator, Sequence

from schemas.machine import TimeCategory
from schemas.mistakes import Mistake, did_you_mean
from schemas.plant.alert_mistakes.unknown import unknowns
from schemas.plant.alerts.conditions import (
    Absent,
    AlarmIs,
    AllOf,
    AnomalyIs,
    AnyOf,
    CountIs,
    FigureIs,
    Limits,
    Not,
    QualityIs,
    StateLasts,
    TagChanges,
    TagDeviates,
    TagEquals,
    TagIs,
    scope_of,
)
from schemas.plant.alerts.templates import Told
from schemas.plant.equipment import Equipment
from schemas.plant.model import Plant
from schemas.plant.tags import Tag
from schemas.plant.values import Strict
from schemas.yaml_file import Document, Location

_PERCENT = 2.0
"""No ratio has a limit from here on; effectiveness may go beyond 1."""
_BY_ITSELF = frozenset({"equipment", "source"})
_NO_NUMBERS = frozenset({"string", "bool"})
_CATEGORIES = frozenset(map(str, TimeCategory))


def piece_mistakes(
    condition: Strict,
    place: Location,
    about: tuple[Plant, Sequence[Equipment]],
    document: Document,
) -> Iterator[Mistake]:
    """The mistakes in a condition, and in those that it is made of."""
    match condition:
        case AllOf(all=parts):
            yield from _in_parts(parts, (*place, "all"), about, document)
        case AnyOf(any=parts):
            yield from _in_parts(parts, (*place, "any"), about, document)
        case Not(not_=part):
            yield from piece_mistakes(part, (*place, "not"), about, document)
        case CountIs():
            known = [one.id for one in about[0].equipment]
            where = (*place, "equipment")
            yield from unknowns(document, where, "equipment", condition.equipment, known)
        case _:
            for key, told, hint in _of_tags(condition, about[1]):
                yield document.mistake((*place, key), told, hint)
            for key, told, hint in _of_others(condition, *about):
                yield document.mistake((*place, key), told, hint)


def _in_parts(
    parts: Iterable[Strict],
    place: Location,
    about: tuple[Plant, Sequence[Equipment]],
    document: Document,
) -> Iterator[Mistake]:
    for index, part in enumerate(parts):
        yield from piece_mistakes(part, (*place, index), about, document)


def tags_of(piece: Strict) -> list[str]:
    """The tags that a condition of one piece speaks of."""
    return [name for _, name in _keys(piece)]


def _keys(piece: Strict) -> list[tuple[str, str]]:
    """Keys and the tags that they name."""
    match piece:
        case TagIs(tag=name) | TagEquals(tag=name):
            return [("tag", name)]
        case TagChanges(rate_of=name):
            return [("rate_of", name)]
        case TagDeviates(deviation_of=name, target=target):
            return [("deviation_of", name)] + (
                [("target", target)] if isinstance(target, str) else []
            )
        case AnomalyIs(anomaly_of=name):
            return [("anomaly_of", name)]
        case Absent(absent=name) if name not in _BY_ITSELF:
            return [("absent", name)]
        case _:
            return []


def _of_tags(piece: Strict, equipment: Sequence[Equipment]) -> Iterator[tuple[str, str, str]]:
    """Keys, messages and hints about the tags of a condition."""
    needs_number = not isinstance(piece, TagEquals | Absent)
    for key, name in _keys(piece):
        tags = [tag for one in equipment for tag in one.tags if tag.name == name]
        if not tags:
            known = {tag.name for one in equipment for tag in one.tags if tag.means is None}
            yield key, f"no selected equipment has the tag {name}", did_you_mean(name, known)
            continue
        told = _unusable(tags, needs_number)
        if told is not None:
            yield key, *told
    if isinstance(piece, TagDeviates):
        yield from _of_target(piece, equipment)


def _unusable(tags: Sequence[Tag], needs_number: bool) -> Told | None:
    """Why none of these tags can be looked at."""
    measured = [tag for tag in tags if tag.means is None]
    if not measured:
        told = f"tag {tags[0].name} means {tags[0].means}: it makes events and has no samples"
        return told, "look at a tag without a meaning, or write state, count_of or figure"
    if needs_number and all(_is_no_number(tag) for tag in measured):
        kind = measured[0].register_.type if measured[0].register_ else ""
        return f"tag {tags[0].name} is a {kind} and has no number", "write tag and equals"
    return None


def _is_no_number(tag: Tag) -> bool:
    return tag.register_ is not None and tag.register_.type in _NO_NUMBERS


def _of_target(
    piece: TagDeviates, equipment: Sequence[Equipment]
) -> Iterator[tuple[str, str, str]]:
    for one in equipment:
        units = {tag.name: tag.unit for tag in one.tags}
        ours, target = units.get(piece.deviation_of), units.get(str(piece.target))
        if ours is not None and target is not None and ours != target:
            told = f"{piece.target} is in {target or 'no unit'}, {piece.deviation_of} in "
            told += f"{ours or 'no unit'} (on {one.id})"
            yield "target", told, "both need the same unit; convert one with source_unit"
            return


def _of_others(
    piece: Strict, plant: Plant, equipment: Sequence[Equipment]
) -> Iterator[tuple[str, str, str]]:
    """Keys, messages and hints about what a condition needs besides tags."""
    match piece:
        case FigureIs() | QualityIs() if any(limit >= _PERCENT for limit in _limits(piece)):
            key = "above" if piece.above is not None else "below"
            yield key, "is a ratio, not per cent", "write 0.75 for 75 %"
        case StateLasts():
            yield from _of_states(piece, equipment)
        case Absent(absent="source") if not plant.sources:
            yield "absent", "the plant file has no sources", "leave the rule out"
        case AlarmIs() if not any(_tells_alarms(one, plant) for one in equipment):
            told = "no selected equipment is read from OPC UA, so none reports alarms"
            yield "alarm", told, "write a condition on a tag"
        case _ if scope_of(piece) == "product" and not plant.products:
            yield _first_key(piece), "the plant file has no products", "leave the rule out"


def _limits(piece: Limits) -> list[float]:
    return [limit for limit in (piece.above, piece.below) if limit is not None]


def _of_states(piece: StateLasts, equipment: Iterable[Equipment]) -> Iterator[tuple[str, str, str]]:
    tags = [tag for one in equipment for tag in one.tags if tag.means == "state"]
    if not tags:
        hint = "give it a tag that means state"
        yield "state", "no selected equipment tells its state", hint
        return
    words = {word for tag in tags for word in tag.states or ()}
    for state in piece.state:
        if state not in _CATEGORIES and state not in words and all(tag.states for tag in tags):
            hint = did_you_mean(state, words | _CATEGORIES)
            hint = hint or f"write one of {', '.join(sorted(_CATEGORIES))}, or a word of `states`"
            yield "state", f"no such state: {state}", hint


def _tells_alarms(equipment: Equipment, plant: Plant) -> bool:
    sources = {equipment.source, *(tag.source for tag in equipment.tags)}
    found = (plant.sources.get(name) for name in sources if name is not None)
    return any(one is not None and one.type == "opcua" for one in found)


def _first_key(piece: Strict) -> str:
    return next(iter(type(piece).model_fields))
