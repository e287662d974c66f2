"""The committed contracts are those that the code makes, and they hold together."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from schemas.asyncapi import asyncapi_document
from schemas.generate import ASYNCAPI, GENERATED, PAGE, contracts
from schemas.json_schema import plant_schema, record_types
from schemas.plant_page import plant_page
from schemas.topics import BY_NAME, CATALOGUE, MODEL, Role
from tests.schemas.samples import SAMPLES

ROOT = Path(__file__).parents[2]
PLANTS = [file for file in ROOT.glob("deploy/plants/*/*.yaml") if file.stem != "map"]
CONTRACTS = contracts()
KPI = asyncapi_document()["channels"]["plant.kpi.v1"]


def test_committed_contracts_are_those_that_the_code_makes():
    committed = {file.name: file.read_text(encoding="utf-8") for file in GENERATED.iterdir()}

    assert committed == contracts(), "run `python -m schemas.generate`"


def test_the_page_of_the_plant_file_is_the_one_that_the_models_make():
    assert PAGE.read_text(encoding="utf-8") == plant_page(), "run `python -m schemas.generate`"


def test_the_page_explains_each_key_of_a_plant_file_and_links_its_parts():
    page = plant_page()

    parts = set(re.findall(r"^## (\w+)$", page, re.MULTILINE))
    assert {"Plant", "Tag", "Equipment", "OpcUaSource", "AlertRule", "Calendar"} <= parts
    assert set(re.findall(r"\[(\w+)\]\(#", page)) == parts - {"Plant"}
    assert "| `register` | [Register](#register) | - | Address on a Modbus line. |" in page
    assert "| `max_interval_s` | number above 0 to 86,400 | - | After so long" in page
    assert "any keys" not in page
    assert not re.search(r"^\| `\w+` \| any value", page, re.MULTILINE)


@pytest.mark.parametrize("name", sorted(CONTRACTS))
def test_every_schema_is_one(name):
    document = json.loads(CONTRACTS[name])

    if name != ASYNCAPI:
        Draft202012Validator.check_schema(document)
    assert not [ref for ref in set(references(document)) if not resolves(ref, document)]


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for part in node.values():
            yield from references(part)
    elif isinstance(node, list):
        for part in node:
            yield from references(part)


def resolves(reference: str, document: dict[str, Any]) -> bool:
    file, _, pointer = reference.partition("#")
    node: Any = json.loads(CONTRACTS[file.removeprefix("./")]) if file else document
    for key in filter(None, pointer.split("/")):
        if not isinstance(node, dict) or key not in node:
            return False
        node = node[key]
    return True


def test_a_reference_to_nothing_is_seen():
    assert not resolves("#/channels/plant.nothing.v1", asyncapi_document())
    assert resolves("#/channels/plant.kpi.v1", asyncapi_document())


def test_every_topic_is_a_channel_with_its_types():
    channels = asyncapi_document()["channels"]

    assert list(channels) == [topic.name for topic in CATALOGUE]
    for topic in CATALOGUE:
        channel = channels[topic.name]
        types = [kind.model_fields["type"].default for kind in topic.types]
        assert channel["address"] == topic.name
        assert list(channel["messages"]) == types
        assert channel["bindings"]["kafka"]["partitions"] == topic.partitions


def test_every_writer_and_reader_is_an_operation():
    operations = asyncapi_document()["operations"].values()
    said = {
        (one["action"], one["channel"]["$ref"].split("/")[-1], one["summary"]) for one in operations
    }

    assert len(said) == sum(len(topic.writers) + len(topic.readers) for topic in CATALOGUE)
    assert ("send", "plant.telemetry.v1", "Written by edge agents.") in said
    assert ("receive", "plant.kpi.v1", "Read by sinks.") in said


def test_a_channel_says_how_its_topic_is_kept_and_read():
    assert KPI["x-partition-by"] == "equipment"
    assert KPI["x-isolation-level"] == "read_committed"
    assert KPI["bindings"]["kafka"]["topicConfiguration"] == {
        "cleanup.policy": ["delete"],
        "retention.ms": 30 * 24 * 3600 * 1000,
    }


@pytest.mark.parametrize("topic", CATALOGUE, ids=lambda topic: topic.name)
def test_what_is_written_in_transactions_is_read_committed(topic):
    channel = asyncapi_document()["channels"][topic.name]

    committed = channel["x-isolation-level"] == "read_committed"
    assert committed == (Role.PROCESSOR in topic.writers or topic is MODEL)


def test_every_type_has_a_sample_and_all_its_fields_are_set_in_one():
    seen: dict[str, set[str]] = {}
    for sample in SAMPLES:
        written = set(sample.model_dump(exclude_none=True))
        seen.setdefault(sample.model_dump()["type"], set()).update(written)

    assert seen == {name: set(kind.model_fields) for name, kind in record_types().items()}


def test_every_topic_of_the_catalogue_is_found_by_its_name():
    assert list(BY_NAME.values()) == list(CATALOGUE)


@pytest.mark.parametrize("file", PLANTS, ids=lambda file: f"{file.parent.name} {file.stem}")
def test_editors_accept_the_example_plants(file):
    plant = plain(file.read_text(encoding="utf-8"))

    assert list(Draft202012Validator(plant_schema()).iter_errors(plant)) == []


@pytest.mark.parametrize(
    ("was", "is_now", "at"),
    [
        pytest.param("time_zone:", "timezone:", "", id="an unknown key"),
        pytest.param('"00:00"', '"0:00"', "calendars.batches.shifts.0.start", id="a time"),
        pytest.param("days: all", "days: ever", "calendars.batches.shifts.0.days", id="days"),
        pytest.param("means: batch", "means: lot", "equipment.0.tags.0.means", id="a meaning"),
    ],
)
def test_editors_mark_a_mistake_where_it_is(was, is_now, at):
    text = (ROOT / "deploy/plants/tablet_press/plant.yaml").read_text(encoding="utf-8")
    wrong = plain(text.replace(was, is_now, 1))

    errors = Draft202012Validator(plant_schema()).iter_errors(wrong)

    assert {".".join(map(str, error.path)) for error in errors} == {at}


def test_editors_show_what_a_field_means():
    tag = plant_schema()["$defs"]["Tag"]["properties"]

    assert "`{id}` stands for the equipment's id" in tag["node"]["description"]
    assert "title" not in tag["node"]


def plain(text: str) -> Any:
    """The file as JSON has it: keys are texts."""
    return json.loads(json.dumps(YAML(typ="safe").load(text)))
