"""What does not fit in what a plant file says of an equipment."""

from collections.abc import Iterable, Iterator

from schemas.mistakes import Mistake, did_you_mean
from schemas.plant.equipment import Equipment, EquipmentClass, StateRule
from schemas.plant.model import Plant
from schemas.plant.sources import Register
from schemas.plant.tags import Tag
from schemas.yaml_file import Document, Location

Names = dict[str, list[str]]
"""What the plant file describes, by kind."""


def unknown_names(
    document: Document, location: Location, one: EquipmentClass, known: Names
) -> Iterator[Mistake]:
    """Names in an equipment or a class that nothing stands for, and tags that stand there twice."""
    for index, rule in enumerate(one.rules):
        if rule.reason is not None and rule.reason not in known["reason"]:
            place = (*location, "rules", index, "reason")
            hint = did_you_mean(rule.reason, known["reason"])
            yield document.mistake(place, f"no such reason: {rule.reason}", hint)
    named = {"calendar": one.calendar, "source": one.source}
    if isinstance(one, Equipment):
        named["class"] = one.equipment_class
    for key, name in named.items():
        if name is not None and name not in known[key]:
            hint = did_you_mean(name, known[key])
            yield document.mistake((*location, key), f"no such {key}: {name}", hint)
    yield from _of_tags(document, (*location, "tags"), one.tags, known["source"])


def misfits(
    document: Document, location: Location, equipment: Equipment, plant: Plant
) -> Iterator[Mistake]:
    """What an equipment, complete with what its class says, cannot do or contradicts."""
    if equipment.calendar is None:
        yield document.mistake(location, "calendar is missing")
    yield from _unreachable(document, location, equipment, plant)
    for told, hint in (*_of_counters(equipment), *_of_cycles(equipment)):
        yield document.mistake(location, told, hint)
    words = _state_words(equipment.tags)
    for rule in equipment.rules if words is not None else ():
        for told, hint in _unknown_states(rule, words or []):
            yield document.mistake(location, told, hint)


def _of_tags(
    document: Document, location: Location, tags: Iterable[Tag], sources: list[str]
) -> Iterator[Mistake]:
    names: set[str] = set()
    meanings: set[str] = set()
    for index, tag in enumerate(tags):
        if tag.name in names:
            yield document.mistake((*location, index), f"tag {tag.name} stands here twice")
        if tag.source is not None and tag.source not in sources:
            hint = did_you_mean(tag.source, sources)
            place = (*location, index, "source")
            yield document.mistake(place, f"no such source: {tag.source}", hint)
        if tag.means in meanings and not tag.is_counter:
            yield document.mistake((*location, index), f"a second tag means {tag.means}")
        names.add(tag.name)
        meanings |= {tag.means} if tag.means else set()


def _unreachable(
    document: Document, location: Location, equipment: Equipment, plant: Plant
) -> Iterator[Mistake]:
    """Tags that their source cannot read."""
    for tag in equipment.tags:
        source = plant.sources.get(tag.source or "")
        if source is None:
            continue
        given = tag.addresses()
        told = f"tag {tag.name} is read from {tag.source} ({source.type})"
        if not source.addresses:
            yield document.mistake(location, f"{told}, which has no tags: name another source")
            continue
        if len(given) != 1 or not given.keys() <= set(source.addresses):
            said = f"it has {' and '.join(given)}" if given else "it has none"
            wanted = " or ".join(source.addresses)
            yield document.mistake(location, f"{told} and needs a {wanted}: {said}")
        elif isinstance(tag.register_, Register) and _unit_of(tag.register_, equipment) is None:
            yield document.mistake(location, f"{told}: unit_id is missing")


def _unit_of(register: Register, equipment: Equipment) -> int | None:
    return equipment.unit_id if register.unit_id is None else register.unit_id


def _of_counters(equipment: Equipment) -> Iterator[tuple[str, str]]:
    """Messages with hints."""
    told = {tag.means for tag in equipment.tags if tag.is_counter}
    if {"produced_count", "good_count"} <= told:
        yield (
            "produced_count and good_count contradict each other: both tell the good parts",
            "keep good_count, or produced_count with scrap_count and rework_count",
        )
    if equipment.frozen_after_s is not None and not told:
        yield "frozen_after_s needs a counter", "give it a tag that means good_count"


_CYCLES = {
    "states": ("a tag that means state", "give it one, or choose cycles: counters or events"),
    "counters": ("a counter", "give it a tag that means good_count or produced_count"),
    "events": ("a tag that means cycle_time", "give it one, or choose cycles: states or counters"),
}


def _of_cycles(equipment: Equipment) -> Iterator[tuple[str, str]]:
    """Messages with hints."""
    given = {
        "states": any(tag.means == "state" for tag in equipment.tags),
        "counters": any(tag.is_counter for tag in equipment.tags),
        "events": any(tag.means == "cycle_time" for tag in equipment.tags),
    }
    if equipment.cycles is not None and not given[equipment.cycles]:
        needed, hint = _CYCLES[equipment.cycles]
        yield f"cycles: {equipment.cycles} needs {needed}", hint


def _state_words(tags: Iterable[Tag]) -> list[str] | None:
    """The words that the state tag knows; None without a state tag."""
    state = next((tag for tag in tags if tag.means == "state"), None)
    return None if state is None else [_written(word) for word in state.states or ()]


def _unknown_states(rule: StateRule, words: list[str]) -> Iterator[tuple[str, str]]:
    """Messages with hints."""
    for state in rule.states:
        if _written(state) not in words:
            hint = did_you_mean(state, words) or "name it in `states` of the state tag"
            told = f"a rule for {rule.when} names the state {state}, which the state tag does not"
            yield told, hint


def _written(state: str) -> str:
    """YAML's `true` arrives as `True`."""
    return state.lower() if state.lower() in {"true", "false"} else state
