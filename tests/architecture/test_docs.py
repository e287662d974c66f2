"""What the pages say of topics, variables and formulas is what the code does."""

import re
from dataclasses import asdict
from pathlib import Path
from typing import get_args

import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr
from pydantic_settings import BaseSettings

from ingest.metrics import EdgeMetrics, SourceMetrics
from plantstream.commands.durations import hours_minutes_seconds
from plantstream.commands.topics import kept
from plantstream.runtime.http_metrics import HttpMetrics
from plantstream.runtime.settings import (
    AuditSettings,
    DatabaseSettings,
    HttpSettings,
    KafkaSettings,
    LogSettings,
    WatchdogSettings,
)
from processors.oee.losses import further_ratios, in_units, losses
from processors.ratios import actual_production_ms, planned_busy_ms, ratios
from processors.streams.metrics import ProcessorMetrics
from schemas.kpi import Quantities, StopCounts, TimeElements
from schemas.machine import TimeCategory
from schemas.plant.alerts import conditions
from schemas.plant.alerts.channels import Channel, WhatsAppTemplate
from schemas.plant.alerts.people import (
    Chain,
    Layer,
    Override,
    Person,
    Schedule,
    Step,
    Window,
)
from schemas.plant.alerts.routing import (
    Alerts,
    Flood,
    Inhibition,
    MuteTiming,
    Receiver,
    RootRoute,
)
from schemas.plant.alerts.rules import AlertRule, Rung, Selection
from schemas.plant.load import load_plant
from schemas.plant.secrets import Secret
from schemas.topics import CATALOGUE, MODEL, Role
from sinks.keeping import KeepingMeters
from sinks.meters import SinkMeters

DOCS = Path(__file__).parents[2] / "docs"
SHIFT_S = 8 * 3600
STOPS_MS = {
    "planned_stop_ms": 1_800_000,
    "setup_ms": 1_200_000,
    "unplanned_stop_ms": 2_400_000,
    "minor_stop_ms": 120_000,
    "unknown_ms": 480_000,
}
TIME = TimeElements(**STOPS_MS, running_ms=SHIFT_S * 1000 - sum(STOPS_MS.values()))
PARTS = Quantities(
    good=40_000, scrap=1_000, rework=500, ideal_us=41_500 * 500_000, ideal_good_us=40_000 * 500_000
)


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def rows(name: str) -> dict[str, list[str]]:
    """The rows of all tables of a page by their first cell."""
    lines = re.findall(r"^\|(.+)\|$", page(name), re.MULTILINE)
    cells = [
        [cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line)]
        for line in lines
    ]
    return {first.strip("`"): rest for first, *rest in cells}


@pytest.mark.parametrize("topic", CATALOGUE, ids=lambda topic: topic.name)
def test_topics_are_those_of_the_catalogue(topic):
    types = ", ".join(kind.model_fields["type"].default for kind in topic.types)

    told = rows("topics.md")[topic.name]

    assert told[:4] == [
        types or "not an interface",
        topic.partition_by,
        topic.record_key,
        str(topic.partitions),
    ]
    assert told[4] == kept(topic).replace("newest per key", "newest of each key")


def test_no_topic_is_told_that_is_not_there():
    told = {name for name in rows("topics.md") if name.startswith("plant.")}

    assert told == {topic.name for topic in CATALOGUE}


def test_topics_written_in_transactions_are_named():
    (told,) = re.findall(r"topics they write \(([^)]*)\)", page("topics.md"))

    written = {topic.name for topic in CATALOGUE if Role.PROCESSOR in topic.writers and topic.types}
    written.add(MODEL.name)
    assert set(re.findall(r"`([^`]+)`", told)) == written


@pytest.mark.parametrize("role", Role)
def test_rights_are_those_of_the_catalogue(role):
    writes, reads = rows("operations.md")[role]

    assert writes == ", ".join(one.name for one in CATALOGUE if role in one.writers)
    assert reads.split(", ") == [one.name for one in CATALOGUE if role in one.readers]


@pytest.mark.parametrize(
    "settings",
    [
        KafkaSettings,
        DatabaseSettings,
        HttpSettings,
        AuditSettings,
        LogSettings,
        WatchdogSettings,
    ],
)
def test_variables_are_those_that_are_read(settings: type[BaseSettings]):
    prefix = settings.model_config["env_prefix"]
    told = {name: rest for name, rest in rows("operations.md").items() if name.startswith(prefix)}

    assert list(told) == [f"{prefix}{field}".upper() for field in settings.model_fields]
    for name, field in settings.model_fields.items():
        default = field.default
        if default is not None and not isinstance(default, SecretStr):
            assert told[f"{prefix}{name}".upper()][0] == str(default)


def test_metrics_of_edge_processors_and_sink_are_those_that_they_have():
    registries = edge, processor, sink = [CollectorRegistry() for _ in range(3)]
    EdgeMetrics(edge)
    SourceMetrics(edge)
    HttpMetrics(edge)
    ProcessorMetrics(processor)
    SinkMeters(sink)
    KeepingMeters(sink)
    has = {
        f"{one.name}_total" if one.type == "counter" else one.name: one.type
        for registry in registries
        for one in registry.collect()
    }

    told = {
        name: rest[0].split(",")[0]
        for name, rest in rows("operations.md").items()
        if name.startswith(("plantstream_", "http_"))
    }

    assert told == has


def test_the_example_of_oee_is_what_the_formulas_give():
    told = {name: rest[-1] for name, rest in rows("oee.md").items()}
    found = ratios(TIME, PARTS)

    assert told["running"] == f"{TIME.running_ms // 1000:,} s"
    assert told["APT"] == f"{actual_production_ms(TIME) // 1000:,} s"
    assert told["PBT"] == f"{planned_busy_ms(TIME) // 1000:,} s"
    assert told["availability"] == f"{found.availability:.4f}"
    assert told["effectiveness"] == f"{found.effectiveness:.4f}"
    assert told["quality ratio"] == f"{found.quality_ratio:.4f}"
    assert told["OEE"] == f"{found.oee:.4f}"


def test_the_losses_of_the_example_are_what_the_formulas_give():
    told = rows("oee.md")
    parts = PARTS.model_copy(update={"startup_scrap": 300, "ideal_startup_us": 300 * 500_000})

    for name, us in asdict(losses(TIME, parts)).items():
        *_, seconds, units = told[
            {"minor_stops": "minor stops", "startup": "start-up"}.get(name, name)
        ]
        assert seconds == f"{us // 1_000_000:,}"
        assert units == f"{in_units(us, TIME, parts):,.0f}"


def test_the_further_ratios_of_the_example_are_what_the_formulas_give():
    told = {name.partition(",")[0]: rest[-1] for name, rest in rows("oee.md").items()}
    found = further_ratios(TIME, PARTS, StopCounts(breakdowns=1))

    assert told["TEEP"] == f"{found.teep:.4f}"
    assert told["OOE"] == f"{found.ooe:.4f}"
    assert told["NEE"] == f"{found.nee:.4f}"
    assert told["utilization efficiency"] == f"{found.utilization_efficiency:.4f}"
    assert told["MTBF"] == hours_minutes_seconds(found.mtbf_s)
    assert told["MTTR"] == hours_minutes_seconds(found.mttr_s)


def test_the_example_with_unknown_time_left_out_too():
    excluded = TIME.model_copy(update={"excluded_unknown_ms": TIME.unknown_ms})

    told = (
        f"PBT is {planned_busy_ms(excluded) // 1000:,} s and OEE {ratios(excluded, PARTS).oee:.4f}"
    )
    assert told in page("oee.md")


def test_every_time_category_is_explained():
    assert {str(category) for category in TimeCategory} <= rows("oee.md").keys()


def test_every_page_is_in_the_index():
    for index in DOCS.rglob("README.md"):
        linked = set(re.findall(r"\]\(([^)#]+\.md)", index.read_text(encoding="utf-8")))
        for file in index.parent.rglob("*.md"):
            has_its_own = file.parent != index.parent and (file.parent / "README.md").exists()
            if file.name != "README.md" and not has_its_own:
                assert str(file.relative_to(index.parent)) in linked


def test_the_example_of_alerts_is_a_plant_file_once_there_is_a_plant():
    (example,) = re.findall(r"^```yaml\n(.*?)^```", page("alerts.md"), re.MULTILINE | re.DOTALL)
    head = """\
enterprise: acme
site: north
name: A plant
time_zone: America/Mexico_City
sources: {plc: {type: modbus, host: 127.0.0.1}}
calendars: {daily: {shifts: [{name: day, start: "06:00", end: "22:00"}]}}
equipment_classes:
  oven: {source: plc, calendar: daily, tags: [{name: heat, register: {address: 1}, unit: °C}]}
equipment: [{id: oven, class: oven, unit_id: 1, area: hall, line: one}]
"""

    plant = load_plant(head + example, "alerts.md").plant

    assert plant.alerts is not None
    assert [one.alert for one in plant.alert_rules] == ["OvenTooHot"]


PARTS_OF_ALERTS = [
    *(AlertRule, Selection, Rung, Person, Schedule, Layer, Window, Override, Chain, Step),
    *(*conditions._MODELS.values(), *get_args(get_args(Channel)[0]), WhatsAppTemplate, Secret),
    *(Alerts, Receiver, RootRoute, Inhibition, MuteTiming, Flood),
]


@pytest.mark.parametrize("part", PARTS_OF_ALERTS, ids=lambda part: part.__name__)
def test_every_option_of_alerts_is_explained(part):
    text = re.sub(r"^```.*?^```", "", page("alerts.md"), flags=re.MULTILINE | re.DOTALL)
    told = set(re.findall(r"`([^`]+)`", text))
    words = {word for one in told for word in re.findall(r"[a-z_]+", one)}

    assert {field.alias or name for name, field in part.model_fields.items()} <= words


def test_the_example_of_a_calendar_is_a_plant_file_once_there_is_a_plant():
    (example,) = re.findall(r"^```yaml\n(.*?)^```", page("calendar.md"), re.MULTILINE | re.DOTALL)
    head = "enterprise: acme\nsite: north\nname: A plant\ntime_zone: America/Tijuana\n"
    tail = "equipment:\n  - {id: filler, area: packaging, line: line-1, calendar: packaging}\n"

    calendar = load_plant(head + example + tail, "calendar.md").plant.calendars["packaging"]

    assert {one.kind for one in calendar.exceptions} == {"no_shift", "shift", "maintenance"}
