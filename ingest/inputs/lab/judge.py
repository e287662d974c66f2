"""Statements against the plant file: what it can tell is refused at once. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import ValidationError

from ingest.input import Stated
from ingest.inputs.lab.statements import (
    BY_TYPE,
    Mistake,
    RefusedError,
    Said,
    mistakes,
    times_of,
)
from schemas.mistakes import did_you_mean
from schemas.plant.model import Plant
from schemas.plant.products import LabTest, Product
from schemas.record import EventId
from schemas.topics import LAB, MACHINE, OPERATOR

AHEAD = timedelta(minutes=5)
"""How far a clock may be ahead of the edge's."""
_MAY_LIE_AHEAD = {"starts_at", "ends_at"}
_NUMBER = re.compile(r"\s*([<>])?\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?)\s*")
_TOPICS = {kind: topic.name for topic in (MACHINE, LAB, OPERATOR) for kind in topic.types}
_NOW = datetime(2000, 1, 1, tzinfo=UTC)
_ENVELOPE: dict[str, Any] = {
    "id": EventId(source="-", epoch="-", seq=0),
    "plant_version": "-",
    "source_time": _NOW,
    "ingest_time": _NOW,
}
"""Stands in for the edge's own, to see whether the rest is a record."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who states it, and the id under which it is known from now on."""

    by: str
    statement: str


def judged(said: Said, plant: Plant, author: Author, now: datetime) -> Stated:
    """The statement as a record without its id.

    Raises:
        RefusedError: with everything that the plant file contradicts.
    """
    found = [*_early(said, now), *_unknown(said, plant)]
    if found:
        raise RefusedError(found)
    kind = BY_TYPE[said.type]  # type: ignore[attr-defined] # every kind of Said has one
    fields = _fields(said, plant) | {"by": author.by, "statement": author.statement}
    try:
        record = kind.model_validate(_ENVELOPE | fields)
    except ValidationError as error:
        raise RefusedError(mistakes(error)) from None
    return Stated(_TOPICS[kind], record.partition_key(), kind, said.time, fields)


def _early(said: Said, now: datetime) -> Iterator[Mistake]:
    for name, at in times_of(said):
        if at > now + AHEAD and name not in _MAY_LIE_AHEAD:
            ahead = int((at - now).total_seconds())
            yield Mistake(name, f"lies {ahead} s in the future; check the clock and the time zone")
    sampled = getattr(said, "sample_time", None)
    if sampled is not None and said.time < sampled <= now + AHEAD:
        yield Mistake("sample_time", "the sample was taken after the test; check both times")


def _unknown(said: Said, plant: Plant) -> Iterator[Mistake]:
    equipment = getattr(said, "equipment", None)
    if equipment is not None and _path(equipment, plant) is None:
        yield _stranger("equipment", equipment, [one.id for one in plant.equipment])
    parts = [getattr(said, amount, 0) for amount in ("good", "scrap", "rework")]
    if hasattr(said, "good") and not any(parts):
        yield Mistake("good", "good, scrap and rework are all 0")
    name = getattr(said, "product", None)
    if name is None:
        return
    product = _product(name, plant)
    if product is None:
        yield _stranger("product", name, [one.id for one in plant.products])
    elif hasattr(said, "value"):
        yield from _result(said, product)


def _result(said: Any, product: Product) -> Iterator[Mistake]:
    """A product without any tests in the plant file may be tested in every way."""
    tests = {one.id: one for one in product.tests}
    test = tests.get(said.test)
    if test is None:
        if tests:
            yield _stranger("test", said.test, list(tests))
        return
    if said.unit != test.unit:
        wanted = test.unit or "no unit"
        yield Mistake("unit", f"{test.id} of {product.id} is reported in {wanted}")
    if test.kind == "number" and _read_number(said.value) is None:
        yield Mistake("value", f"{test.id} is a number, such as 6.5 or <0.05, with a point")
    if test.kind == "text" and not isinstance(said.value, str):
        yield Mistake("value", f"{test.id} is a text")
    marked = _read_number(said.value)
    if marked and marked[0] and said.comparator not in {None, marked[0]}:
        yield Mistake("comparator", f"contradicts the value {said.value!r}")


def _stranger(field: str, name: str, known: Sequence[str]) -> Mistake:
    alike = [one for one in known if one.casefold() == name.casefold()]
    hint = f"did you mean {alike[0]}?" if alike else did_you_mean(name, known)
    told = f"the plant file has no {field} {name[:100]!r}"
    return Mistake(field, f"{told}; {hint}" if hint else told)


def _fields(said: Said, plant: Plant) -> dict[str, Any]:
    fields = dict(said)
    fields.pop("id")
    fields["source_time"] = fields.pop("time")
    fields.pop("type")
    if "equipment" in fields:
        fields["equipment"] = _path(fields["equipment"], plant)
    else:
        fields["site"] = plant.site_path()
    if "value" in fields:
        fields |= _value(fields.pop("value"), fields, _test(fields, plant))
    return fields


def _value(value: float | str, fields: dict[str, Any], test: LabTest | None) -> dict[str, Any]:
    read = _read_number(value) if test is None or test.kind == "number" else None
    if read is None:
        return {"text": str(value)}
    return {"number": read[1], "comparator": read[0] or fields["comparator"]}


def _read_number(value: float | str) -> tuple[str | None, float] | None:
    """The comparator before it and the number; None for any other text."""
    if not isinstance(value, str):
        return None, value
    found = _NUMBER.fullmatch(value)
    if found is None:
        return None
    number = float(found[2])
    return (found[1], number) if abs(number) != float("inf") else None


def _test(fields: dict[str, Any], plant: Plant) -> LabTest | None:
    product = _product(fields["product"], plant)
    tests = product.tests if product else []
    return next((one for one in tests if one.id == fields["test"]), None)


def _product(name: str, plant: Plant) -> Product | None:
    return next((one for one in plant.products if one.id == name), None)


def _path(name: str, plant: Plant) -> str | None:
    """The path of the equipment with this id or this whole path."""
    for one in plant.equipment:
        if name in {one.id, plant.path_of(one)}:
            return plant.path_of(one)
    return None
