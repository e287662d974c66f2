"""The report of what changed says the same as jsoncompat, and which field it is."""

import json
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import Field

from schemas.compare import Change, Contracts, changes, of_files, of_the_code, record_changes
from schemas.fields import fields
from schemas.generate import ASYNCAPI, GENERATED, RELEASED
from schemas.json_schema import record_schema, record_types
from schemas.record import EventId, Frozen
from tests.schemas.test_compatibility import BREAKING, HARMLESS, Pressed, changed

CODE = of_the_code()
PRESSED = record_schema(Pressed)


@pytest.mark.parametrize(("new", "field"), BREAKING)
def test_a_change_that_breaks_readers_is_incompatible_and_names_its_field(new, field):
    found = record_changes("pressed", PRESSED, new)

    assert [one.subject for one in found] == [f"pressed.{field}"]
    assert not found[0].compatible


@pytest.mark.parametrize("new", HARMLESS)
def test_a_change_that_readers_stand_is_compatible(new):
    found = record_changes("pressed", PRESSED, new)

    assert all(one.compatible for one in found)
    added = sorted(new["properties"].keys() - PRESSED["properties"].keys())
    assert [one.subject for one in found] == [f"pressed.{name}" for name in added]


@pytest.mark.parametrize("kind", record_types().values(), ids=lambda kind: kind.__name__)
def test_every_field_of_a_record_is_in_the_table(kind):
    assert fields(record_schema(kind)).keys() >= kind.model_fields.keys()


class Crate(Frozen):
    lot: EventId
    weights: dict[str, float] = Field(default_factory=dict)
    both: EventId | Pressed | None = None


class Boxed(Frozen):
    type: Literal["boxed"] = "boxed"
    crates: list[Crate]


def test_fields_inside_lists_maps_and_choices_have_paths_of_their_own():
    found = fields(record_schema(Boxed))

    assert found["crates"].shape == "array of object"
    assert found["crates[].lot.seq"].shape == "integer maximum 9223372036854775807 minimum 0"
    assert found["crates[].weights"].shape == "object of number"
    assert found["crates[].both<EventId>.seq"].required
    assert not found["crates[].both"].always


def test_what_is_inside_a_new_field_or_one_that_is_gone_is_told_once():
    more = changed(lot2=(list[EventId], Field(default_factory=list)))

    came, went = record_changes("pressed", PRESSED, more), record_changes("pressed", more, PRESSED)

    assert came == [
        Change("pressed.lot2", "optional field is new: array of object", compatible=True)
    ]
    assert went == [Change("pressed.lot2", "field is gone", compatible=False)]


def test_the_committed_contracts_are_those_of_the_code():
    assert changes(of_files(GENERATED), CODE) == []
    assert changes(of_files(GENERATED / ASYNCAPI), CODE) == []
    assert changes(of_files(GENERATED / "stop.v1.schema.json"), CODE) == []


@pytest.mark.parametrize(
    "release", [one for one in RELEASED.iterdir() if one.is_dir()], ids=lambda one: one.name
)
def test_what_was_released_is_still_kept(release: Path):
    assert [one for one in changes(of_files(release), CODE) if not one.compatible] == []


def with_channel(**differently: Any) -> Contracts:
    """The contracts of the code, but for what is said of `plant.kpi.v1`."""
    channels = json.loads(json.dumps(CODE.channels))
    for path, value in differently.items():
        node = channels["plant.kpi.v1"]
        *way, last = path.split("__")
        for key in way:
            node = node[key]
        node[last.replace("_", ".") if "Configuration" in path else last.replace("_", "-")] = value
    return Contracts(channels, CODE.records)


KAFKA = "bindings__kafka__"


@pytest.mark.parametrize(
    ("then", "what", "compatible"),
    [
        ({"x_partition_by": "site"}, "partition by: site -> equipment", False),
        ({"x_record_key": "id"}, "record key: id -> cell or report id", False),
        ({f"{KAFKA}partitions": 6}, "partitions: 6 -> 12", False),
        (
            {f"{KAFKA}topicConfiguration__retention_ms": 86_400_000},
            "kept: delete, 1 days -> delete, 30 days",
            True,
        ),
        (
            {"x_isolation_level": "read_uncommitted"},
            "isolation level: read_uncommitted -> read_committed",
            True,
        ),
    ],
)
def test_what_a_topic_promises_is_compared(then, what, compatible):
    assert changes(with_channel(**then), CODE) == [Change("plant.kpi.v1", what, compatible)]


def without(node: Any, name: str) -> dict[str, Any]:
    return {key: value for key, value in node.items() if key != name}


def test_a_topic_or_type_that_came_is_compatible_and_one_that_went_is_not():
    channel = CODE.channels["plant.kpi.v1"]
    fewer = {**channel, "messages": without(channel["messages"], "stop")}
    channels = {**without(CODE.channels, "plant.alert.v1"), "plant.kpi.v1": fewer}
    smaller = Contracts(channels, without(CODE.records, "stop"))

    assert changes(smaller, CODE) == [
        Change("plant.kpi.v1", "carries stop, too", compatible=True),
        Change("plant.alert.v1", "topic is new", compatible=True),
        Change("stop", "type is new", compatible=True),
    ]
    assert changes(CODE, smaller) == [
        Change("plant.kpi.v1", "carries stop no more", compatible=False),
        Change("plant.alert.v1", "topic is gone", compatible=False),
        Change("stop", "type is gone", compatible=False),
    ]


def test_a_file_that_is_no_contract_is_refused(tmp_path: Path):
    (tmp_path / ASYNCAPI).write_text("{}")
    with pytest.raises(ValueError, match="has no channels"):
        of_files(tmp_path)
