"""What was released stays readable: old records by new code, new records by old readers."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, TypeAdapter, create_model

from schemas.asyncapi import asyncapi_document
from schemas.codec import decode
from schemas.generate import ASYNCAPI, RELEASED
from schemas.json_schema import record_schema, record_types
from schemas.machine import MachineEvent
from schemas.record import EventId, Frozen, UtcTime
from schemas.topics import CATALOGUE
from tests.schemas.compatibility import as_reader, as_writer, breaks, is_subset

RECORDS = sorted(RELEASED.glob("*/*.schema.json"))


class Pressed(Frozen):
    """A small record like those of the catalogue."""

    type: Literal["pressed"] = "pressed"
    id: EventId
    at: UtcTime
    tablets: int = Field(ge=0)
    force: float | None = None
    tool: int | str = 0
    lot: str = Field(default="", pattern=r"^[a-z]*$")
    columns: list[EventId] = Field(default_factory=list)


def changed(gone: tuple[str, ...] = (), **fields: Any) -> dict[str, Any]:
    """The schema of `Pressed` as somebody changed it."""
    kept = {
        name: (field.annotation, field)
        for name, field in Pressed.model_fields.items()
        if name not in gone
    }
    return record_schema(create_model("Pressed", __base__=Frozen, **(kept | fields)))


class LongId(EventId):
    run: str


class BroadId(EventId):
    seq: float  # type: ignore[assignment]


BREAKING = [
    pytest.param(changed(weight=(float, ...)), "weight", id="a required field added"),
    pytest.param(changed(gone=("tablets",)), "tablets", id="a required field removed"),
    pytest.param(changed(gone=("force",)), "force", id="an optional field removed"),
    pytest.param(
        changed(tablets=(int, Field(ge=0, le=9))), "tablets", id="a type narrowed for readers"
    ),
    pytest.param(changed(tablets=(float, ...)), "tablets", id="a type widened for writers"),
    pytest.param(changed(tablets=(str, ...)), "tablets", id="another type"),
    pytest.param(changed(at=(str, ...)), "at", id="another format"),
    pytest.param(
        changed(lot=(str, Field(default="", pattern="^[A-Z]*$"))), "lot", id="another pattern"
    ),
    pytest.param(changed(force=(float, ...)), "force", id="an optional field made required"),
    pytest.param(
        changed(tool=(int | str | float, 0)), "tool", id="a field that may be more than it was"
    ),
    pytest.param(changed(tool=(int, 0)), "tool", id="a field that may be less than it was"),
    pytest.param(changed(id=(LongId, ...)), "id.run", id="a required field added deep inside"),
    pytest.param(changed(id=(BroadId, ...)), "id.seq", id="a type widened deep inside"),
    pytest.param(
        changed(columns=(list[LongId], [])), "columns[].run", id="a required field in a list"
    ),
    pytest.param(changed(type=(Literal["squeezed"], "squeezed")), "type", id="a type renamed"),
]


@pytest.mark.parametrize(("new", "field"), BREAKING)
def test_a_change_that_breaks_readers_names_its_field(new, field):
    found = breaks(record_schema(Pressed), new)

    assert found
    assert {line.partition(": ")[0] for line in found} == {field}


HARMLESS = [
    pytest.param(changed(), id="the same"),
    pytest.param(changed(colour=(str | None, None)), id="an optional field added"),
    pytest.param(changed(colour=(str, "white")), id="a field with a default added"),
    pytest.param(changed(gone=("id",), id=(EventId, ...)), id="another order of fields"),
]


@pytest.mark.parametrize("new", HARMLESS)
def test_a_change_that_readers_stand_passes(new):
    assert breaks(record_schema(Pressed), new) == []


class Squeezed(Frozen):
    type: Literal["squeezed"] = "squeezed"


def union(*kinds: type[BaseModel]) -> dict[str, Any]:
    choice: Any = Annotated[kinds[0] | kinds[1], Field(discriminator="type")]
    for kind in kinds[2:]:
        choice = Annotated[choice | kind, Field(discriminator="type")]
    return TypeAdapter(choice).json_schema(mode="serialization")


def test_a_reader_of_a_larger_union_reads_what_writers_of_the_smaller_one_write():
    small, large = union(Pressed, Squeezed), union(Pressed, Squeezed, EventIdRecord)

    assert is_subset(as_writer(small), as_reader(large))
    assert not is_subset(as_writer(large), as_reader(small))


class EventIdRecord(Frozen):
    type: Literal["event_id"] = "event_id"
    id: EventId


def test_jsoncompat_needs_unions_without_a_discriminator():
    schema = TypeAdapter(MachineEvent).json_schema(mode="serialization")

    assert "oneOf" in schema
    assert is_subset(as_writer(schema), as_reader(schema))


@pytest.mark.parametrize("file", RECORDS, ids=lambda file: f"{file.parent.name} {file.name}")
def test_released_records_and_todays_read_each_other(file: Path):
    released = json.loads(file.read_text(encoding="utf-8"))
    kind = record_types().get(released["properties"]["type"]["const"])

    assert kind, "a released type is gone"
    assert breaks(released, record_schema(kind)) == []


@pytest.mark.parametrize(
    "file", sorted(RELEASED.glob(f"*/{ASYNCAPI}")), ids=lambda f: f.parent.name
)
def test_released_topics_keep_their_place_and_their_types(file: Path):
    released = json.loads(file.read_text(encoding="utf-8"))["channels"]
    today = asyncapi_document()["channels"]

    for name, channel in released.items():
        assert name in today, "a released topic is gone"
        for promise in ("x-partition-by", "x-record-key"):
            assert today[name][promise] == channel[promise]
        for promise in ("topic", "partitions"):
            kafka = "bindings", "kafka"
            assert _at(today[name], *kafka, promise) == _at(channel, *kafka, promise)
        assert channel["messages"].keys() <= today[name]["messages"].keys()


def _at(node: Any, *keys: str) -> Any:
    for key in keys:
        node = node[key]
    return node


@pytest.mark.parametrize(
    "file", sorted(RELEASED.glob("*/samples.jsonl")), ids=lambda f: f.parent.name
)
def test_records_of_a_release_are_read_today(file: Path):
    topics = {kind: topic for topic in CATALOGUE for kind in topic.types}
    lines = file.read_bytes().splitlines()

    types = {json.loads(line)["type"] for line in lines}
    assert types == {path.name.partition(".")[0] for path in file.parent.glob("*.schema.json")}
    for line in lines:
        kind = record_types()[json.loads(line)["type"]]
        assert isinstance(decode(topics[kind], line), kind)
