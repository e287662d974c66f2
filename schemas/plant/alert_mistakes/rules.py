"""What can be wrong with alert rules that each value for itself does not show."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from schemas.mistakes import Mistake
from schemas.plant.alert_mistakes.deviations import deviation_mistakes
from schemas.plant.alert_mistakes.pieces import piece_mistakes, tags_of
from schemas.plant.alert_mistakes.unknown import unknowns
from schemas.plant.alerts.conditions import CountIs, FigureIs, parts_of
from schemas.plant.alerts.rules import AlertRule
from schemas.plant.alerts.templates import RULE_FIELDS, mistakes_in
from schemas.plant.equipment import Equipment
from schemas.plant.model import Plant
from schemas.yaml_file import Document, Location


@dataclass(frozen=True, slots=True)
class _Placed:
    """A rule, where it stands, and the equipment it is about."""

    rule: AlertRule
    place: Location
    equipment: Sequence[Equipment]


def rule_mistakes(
    plant: Plant, equipment: Sequence[Equipment], document: Document
) -> Iterator[Mistake]:
    """The mistakes in all rules; the equipment has what its classes say."""
    rules = [
        _Placed(rule, ("alert_rules", index), [one for one in equipment if rule.on.takes(one)])
        for index, rule in enumerate(plant.alert_rules)
    ]
    for one in rules:
        found = list(_in_selection(one, plant, document))
        yield from found
        if one.equipment:
            yield from _in_condition(one, plant, document)
        elif not found:
            where = (*one.place, "on")
            told = "selects no equipment: nothing fits all that is named"
            yield document.mistake(where, told, "name fewer of ids, classes, lines and areas")
        yield from deviation_mistakes(one.rule, one.place, (plant, one.equipment), document)
        yield from _in_templates(one, document)
    yield from _twins(rules, document)


def _in_selection(one: _Placed, plant: Plant, document: Document) -> Iterator[Mistake]:
    place, on = (*one.place, "on"), one.rule.on
    known = {
        "ids": ("equipment", [each.id for each in plant.equipment], on.ids),
        "classes": ("class", list(plant.equipment_classes), on.classes),
        "lines": ("line", sorted({each.line for each in plant.equipment}), on.lines),
        "areas": ("area", sorted({each.area for each in plant.equipment}), on.areas),
    }
    for key, (what, names, given) in known.items():
        yield from unknowns(document, (*place, key), what, given, names)
    is_given = any(given for _, _, given in known.values())
    if is_given and not _is_about_equipment(one.rule):
        told = f"the rule is about the whole {one.rule.scope}, and selects no equipment"
        hint = "leave `on` out"
        if any(isinstance(piece, CountIs) for piece in parts_of(one.rule.when)):
            hint += "; count_of has `equipment` of its own"
        yield document.mistake(place, told, hint)


def _is_about_equipment(rule: AlertRule) -> bool:
    pieces = parts_of(rule.when)
    levels = [piece.of for piece in pieces if isinstance(piece, FigureIs)]
    return rule.scope == "equipment" or any(level != "site" for level in levels)


def _in_condition(one: _Placed, plant: Plant, document: Document) -> Iterator[Mistake]:
    place = (*one.place, "when")
    found = list(piece_mistakes(one.rule.when, place, (plant, one.equipment), document))
    yield from found
    names = {name for piece in parts_of(one.rule.when) for name in tags_of(piece)}
    have = [{tag.name for tag in each.tags} for each in one.equipment]
    if not found and not any(names <= tags for tags in have):
        told = f"no selected equipment has all of the tags {', '.join(sorted(names))}"
        yield document.mistake(place, told, "a rule looks at one equipment at a time")


def _in_templates(one: _Placed, document: Document) -> Iterator[Mistake]:
    for key, given in (("summary", one.rule.summary), ("description", one.rule.description)):
        if key == "summary" and not given:
            yield document.mistake((*one.place, key), "says nothing: write it in en or es")
        written = given.items() if isinstance(given, dict) else [(None, given)]
        for language, template in written:
            place = (*one.place, key, *([language] if language else []))
            for told, hint in mistakes_in(template, RULE_FIELDS, one.rule.label_names):
                yield document.mistake(place, told, hint)


def _twins(rules: Iterable[_Placed], document: Document) -> Iterator[Mistake]:
    """Rules whose alerts could not be told apart."""
    for first, second in combinations(rules, 2):
        if first.rule.alert != second.rule.alert or first.rule.labels != second.rule.labels:
            continue
        ids = {one.id for one in first.equipment}
        both = sorted(one.id for one in second.equipment if one.id in ids)
        if both:
            place = (*second.place, "alert")
            told = f"a second rule {second.rule.alert} with the same labels"
            if second.rule.scope == "equipment":
                told += f" on {', '.join(both[:3])}{', …' if len(both) > 3 else ''}"  # noqa: PLR2004
            hint = "give it another name or label; one rule may rise in severity by its ladder"
            yield document.mistake(place, told, hint)
