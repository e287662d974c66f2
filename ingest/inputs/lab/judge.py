"""Statements against the plant file: what it can tell is refused at once. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
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
from ingest.mapping import AHEAD
from ingest.values import number
from schemas.lab import SignedRecord
from schemas.mistakes import did_you_mean
from schemas.plant.model import Plant
from schemas.plant.products import LabTest, Product
from schemas.record import LARGEST_NUMBER, Envelope, EventId
from schemas.signature import content_digest
from schemas.topics import LAB, MACHINE, OPERATOR

_OF_THE_AUTHOR = {"id", "time", "type"}
"""What a record has under other names, or not at all."""
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

_Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Author:
    """Who states it, and the id under which it is known from now on."""

    by: str
    statement: str


_NOBODY = Author("-", "-")


def judged(said: Said, plant: Plant, author: Author, now: datetime) -> Stated:
    """The statement as a record without its id.

    Raises:
        RefusedError: with everything that the plant file contradicts.
    """
    stated, record = _read(said, plant, author, now)
    found = list(_unsigned(record, plant)) if isinstance(record, SignedRecord) else []
    if found:
        raise RefusedError(found)
    return stated


def signed_content(said: Said, plant: Plant, now: datetime) -> Mapping[str, Any]:
    """What a signature of this statement is made over; nothing of what nobody signs.

    Raises:
        RefusedError: it could not be stated.
    """
    _, record = _read(said, plant, _NOBODY, now)
    return record.signed_content() if isinstance(record, SignedRecord) else {}


def _read(said: Said, plant: Plant, author: Author, now: datetime) -> tuple[Stated, Envelope]:
    fields = vars(said)
    found = [*_early(fields, now), *_unknown(fields, plant)]
    if found:
        raise RefusedError(found)
    kind = BY_TYPE[fields["type"]]
    stated = _fields(fields, plant) | {"by": author.by, "statement": author.statement}
    try:
        record = kind.model_validate(_ENVELOPE | stated)
    except ValidationError as error:
        raise RefusedError(mistakes(error)) from None
    return Stated(_TOPICS[kind], record.partition_key(), kind, said.time, stated), record


def _unsigned(record: SignedRecord, plant: Plant) -> Iterator[Mistake]:
    """What can be told of its signature without the key that sealed it."""
    rules, signature = plant.quality.signatures, record.signature
    if signature is None:
        if rules is not None and rules.asked(record.act) is not None:
            told = f"is missing: a {record.act} has to be signed, see POST /v1/sign"
            yield Mistake("signature", told)
    elif content_digest(record.signed_content()) != signature.content_sha256:
        yield Mistake("signature.content_sha256", "was made over another content than is stated")


def _early(fields: _Fields, now: datetime) -> Iterator[Mistake]:
    for name, at in times_of(fields):
        if at > now + AHEAD and name not in _MAY_LIE_AHEAD:
            ahead = int((at - now).total_seconds())
            yield Mistake(name, f"lies {ahead} s in the future; check the clock and the time zone")
    sampled = fields.get("sample_time")
    if sampled is not None and fields["time"] < sampled <= now + AHEAD:
        yield Mistake("sample_time", "the sample was taken after the test; check both times")


def _unknown(fields: _Fields, plant: Plant) -> Iterator[Mistake]:
    equipment = fields.get("equipment")
    if equipment is not None and _path(equipment, plant) is None:
        yield _stranger("equipment", equipment, [one.id for one in plant.equipment])
    if "good" in fields and not any(fields[amount] for amount in ("good", "scrap", "rework")):
        yield Mistake("good", "good, scrap and rework are all 0")
    if fields.get("corrects") is not None and not fields.get("reason"):
        yield Mistake("reason", "a correction needs a reason")
    name = fields.get("product")
    if name is None:
        return
    product = _product(name, plant)
    if product is None:
        yield _stranger("product", name, [one.id for one in plant.products])
    elif "value" in fields:
        yield from _result(fields, product)


def _result(fields: _Fields, product: Product) -> Iterator[Mistake]:
    """A product without any tests in the plant file may be tested in every way."""
    test, value = _test(fields["test"], product), fields["value"]
    marked = _read_number(value)
    if test is None:
        if product.tests:
            yield _stranger("test", fields["test"], [one.id for one in product.tests])
        elif not isinstance(value, str) and marked is None:
            yield Mistake("value", f"a number is at most {LARGEST_NUMBER:g}")
        return
    if fields["unit"] != test.unit:
        wanted = test.unit or "no unit"
        yield Mistake("unit", f"{test.id} of {product.id} is reported in {wanted}")
    if test.kind == "number" and marked is None:
        told = f"{test.id} is a number, such as 6.5 or <0.05, with a point"
        yield Mistake("value", f"{told}, and at most {LARGEST_NUMBER:g}")
    if test.kind == "text" and not isinstance(value, str):
        yield Mistake("value", f"{test.id} is a text")
    if marked and marked[0] and fields["comparator"] not in {None, marked[0]}:
        yield Mistake("comparator", f"contradicts the value {value!r}")


def _stranger(field: str, name: str, known: Sequence[str]) -> Mistake:
    alike = [one for one in known if one.casefold() == name.casefold()]
    hint = f"did you mean {alike[0]}?" if alike else did_you_mean(name, known)
    told = f"the plant file has no {field} {name[:100]!r}"
    return Mistake(field, f"{told}; {hint}" if hint else told)


def _fields(given: _Fields, plant: Plant) -> dict[str, Any]:
    """The fields as the record has them."""
    fields = {name: field for name, field in given.items() if name not in _OF_THE_AUTHOR}
    fields["source_time"] = given["time"]
    if "equipment" in fields:
        fields["equipment"] = _path(fields["equipment"], plant)
    else:
        fields["site"] = plant.site_path()
    if "value" in fields:
        product = _product(fields["product"], plant)
        test = _test(fields["test"], product) if product else None
        fields |= _value(fields.pop("value"), fields, test)
    return fields


def _value(value: float | str, fields: _Fields, test: LabTest | None) -> dict[str, Any]:
    read = _read_number(value) if test is None or test.kind == "number" else None
    if read is None:
        return {"text": str(value)}
    return {"number": read[1], "comparator": read[0] or fields["comparator"]}


def _read_number(value: float | str) -> tuple[str | None, float] | None:
    """The comparator before it and the number; None for any other text, and for what is none."""
    mark = None
    if isinstance(value, str):
        found = _NUMBER.fullmatch(value)
        if found is None:
            return None
        mark, value = found[1], float(found[2])
    read = number(value)
    return None if read is None else (mark, read)


def _test(name: str, product: Product) -> LabTest | None:
    return next((one for one in product.tests if one.id == name), None)


def _product(name: str, plant: Plant) -> Product | None:
    return next((one for one in plant.products if one.id == name), None)


def _path(name: str, plant: Plant) -> str | None:
    """The path of the equipment with this id or this whole path."""
    for one in plant.equipment:
        if name in {one.id, plant.path_of(one)}:
            return plant.path_of(one)
    return None
