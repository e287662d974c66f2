"""compose.yaml names nothing that is not there: files, ports, variables, secrets, commands."""

import re
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from typer.main import get_command

from plantstream.cli import app
from plantstream.commands.stack import ENGINES, Ports
from plantstream.runtime.settings import DatabaseSettings, HttpSettings, KafkaSettings
from schemas.plant.load import load_plant
from schemas.topics import Role
from tests.deploy.compose import (
    DEPLOY,
    DOCUMENT,
    FILE,
    MADE_BY_SCRIPT,
    OURS,
    ROOT,
    RUNNING,
    SERVICES,
    VARIABLE,
    command,
    example,
    host_path,
    mounts,
    targets,
    texts,
)

PUBLISHED = {"grafana", "notify"}
SETTINGS = {
    f"{settings.model_config['env_prefix']}{field}".upper()
    for settings in (KafkaSettings, DatabaseSettings, HttpSettings)
    for field in settings.model_fields
}
OTHERS = {"OTEL_EXPORTER_OTLP_ENDPOINT"}

each = pytest.mark.parametrize("name", SERVICES)
each_of_ours = pytest.mark.parametrize("name", OURS)
each_running = pytest.mark.parametrize("name", RUNNING)


def test_everything_that_a_plant_needs_is_there():
    wanted = {
        *("kafka", "timescale", "grafana", "prometheus", "alertmanager", "loki", "alloy", "jaeger"),
        *("postgres-exporter", "node-exporter", "kafka-exporter"),
        *("ingest", "sink", "notify", "metrics"),
        *(f"process-{engine}" for engines in ENGINES.values() for engine in engines),
    }

    assert wanted <= RUNNING.keys()


@each
def test_an_image_has_a_pinned_tag(name: str):
    tag = SERVICES[name]["image"].rpartition(":")[2]

    assert re.fullmatch(r"v?\d+\.\d+\.\d+(-pg17)?", tag)


def test_ours_are_one_image_that_is_built_here():
    assert len({one["image"] for one in OURS.values()}) == 1
    for one in OURS.values():
        context = host_path(one["build"]["context"])
        assert context == ROOT
        assert (context / one["build"]["dockerfile"]).is_file()


@each_running
def test_it_is_asked_every_30_s_whether_it_is_well(name: str):
    check = SERVICES[name]["healthcheck"]

    assert check["test"][0] == "CMD"
    assert (check["interval"], check["timeout"], check["retries"]) == ("30s", "10s", 3)


@each
def test_it_has_limits_and_no_rights_that_it_does_not_need(name: str):
    service = SERVICES[name]
    limits = service["deploy"]["resources"]["limits"]

    assert set(limits) == {"cpus", "memory"}
    assert service["pids_limit"] <= 1024
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is True
    assert not service.get("privileged")
    assert service["logging"]["options"]["max-file"]
    assert not any("docker.sock" in text for text in texts(service))
    if name in OURS:
        assert "user" not in service  # The image's own, which is not root.
        assert service["tmpfs"] == ["/tmp"]
        assert "cap_add" not in service


def test_nothing_is_published_but_grafana_and_the_pages_of_people():
    assert {name for name, one in SERVICES.items() if one.get("ports")} == PUBLISHED
    assert SERVICES["grafana"]["ports"] == ["${GRAFANA_PORT:-3000}:3000"]
    assert SERVICES["notify"]["ports"] == [f"${{PAGES_PORT:-28084}}:{Ports().web}"]
    assert not any(one.get("network_mode") for one in SERVICES.values())
    networks = DOCUMENT["networks"]
    assert {name for name, one in networks.items() if not one.get("internal")} == {"outside"}
    assert {name for name, one in SERVICES.items() if "outside" in one["networks"]} == {
        *PUBLISHED,
        "ingest",
        "alertmanager",
    }


def parsed(words: list[str]) -> Any:
    """What the command line makes of these words, without doing it."""
    name, parent = "plantstream", None
    group: Any = get_command(app)
    while hasattr(group, "resolve_command"):
        parent = group.context_class(group, info_name=name, parent=parent)
        name, group, words = group.resolve_command(parent, words)
    return group.make_context(name, list(words), parent=parent)


@each_of_ours
def test_a_command_is_one_that_we_have(name: str, tmp_path: Path):
    if name == "senders":
        assert OURS[name]["entrypoint"][0] == "cp"
        return
    plant = tmp_path / "plant.yaml"
    plant.touch()
    words = [one.replace("/etc/plantstream/plant.yaml", str(plant)) for one in command(OURS[name])]

    context = parsed(words)

    assert not context.args
    if "listen" in context.params:
        assert context.params["listen"] == "0.0.0.0"
        assert OURS[name]["environment"]["PLANTSTREAM_HTTP_TOKEN_FILE"] in targets(OURS[name])
        *probe, port = OURS[name]["healthcheck"]["test"]
        assert probe == ["CMD", "python", "-m", "plantstream.runtime.probe"]
        assert port == str(context.params["port"])


@pytest.mark.parametrize("words", ["sing", "topics sing", "sink --sing", "process --engine sing"])
def test_a_command_that_we_do_not_have_would_be_found_out(words: str):
    with pytest.raises(Exception, match="sing"):
        parsed(words.split())


def test_each_engine_has_a_process_of_its_own():
    started = Counter(
        command(one)[2] for one in OURS.values() if command(one)[:2] == ["process", "--engine"]
    )

    assert started == Counter(engine for engines in ENGINES.values() for engine in engines)


@each_of_ours
def test_a_variable_is_one_that_is_read(name: str):
    environment = OURS[name].get("environment", {})
    ours = {one for one in environment if one not in OTHERS}

    assert ours <= SETTINGS
    assert not {one for one in ours if one.endswith(("PASSWORD", "TOKEN"))}
    for variable, value in environment.items():
        if variable.endswith("_FILE"):
            assert value in targets(OURS[name])


def test_each_service_logs_in_as_its_own_user_of_kafka():
    users = {
        name: one["environment"]["PLANTSTREAM_KAFKA_SASL_USERNAME"]
        for name, one in OURS.items()
        if "PLANTSTREAM_KAFKA_SASL_USERNAME" in one.get("environment", {})
    }
    for name, user in users.items():
        file = OURS[name]["environment"]["PLANTSTREAM_KAFKA_SASL_PASSWORD_FILE"]
        assert PurePosixPath(file).name == f"kafka_{user}"

    roles = {
        "ingest": Role.EDGE,
        "sink": Role.SINK,
        "notify": Role.NOTIFIER,
        "metrics": Role.EXPORTER,
        "topics": Role.OPERATOR,
        "plant": Role.OPERATOR,
        "cli": Role.OPERATOR,
        "rights": "admin",
    }
    processors = {name: Role.PROCESSOR for name in OURS if name.startswith("process-")}
    assert users == {**roles, **processors}


@each
def test_a_file_that_it_mounts_is_there(name: str):
    for source, _, _ in mounts(SERVICES[name]):
        if not source.startswith("."):
            assert source.startswith("/") or source in DOCUMENT["volumes"]
            continue
        if source.startswith(MADE_BY_SCRIPT):
            continue
        assert host_path(source).exists()


def test_volumes_networks_and_what_one_waits_for_are_there_and_used():
    used = {source for one in SERVICES.values() for source, _, _ in mounts(one)}
    networks = {network for one in SERVICES.values() for network in one["networks"]}

    assert used >= set(DOCUMENT["volumes"])
    assert networks == set(DOCUMENT["networks"])
    for one in SERVICES.values():
        for other, how in one.get("depends_on", {}).items():
            wanted = "service_healthy" if other in RUNNING else "service_completed_successfully"
            assert how["condition"] == wanted
            assert set(one["networks"]) & set(SERVICES[other]["networks"])


def test_variables_of_people_have_a_default_or_stand_in_the_example():
    named = {found[0]: found[1] for found in VARIABLE.findall(FILE.read_text())}

    assert named.keys() <= example().keys() | {"GRAFANA_PORT"}
    assert set(example()) == set(named)
    for name, kind in named.items():
        assert kind in {"-", "?"}, name


def test_the_example_names_a_plant_file_and_its_site():
    file = host_path(example()["PLANT_FILE"])

    assert load_plant(file.read_text(), str(file)).plant.site_path() == example()["PLANT_SITE"]


def test_hosts_that_are_spoken_to_are_services():
    said = "\n".join(
        [
            *texts(SERVICES),
            *(file.read_text() for file in (DEPLOY / "compose").rglob("*") if file.is_file()),
        ]
    )
    asked = set(re.findall(r"(?:https?://|//|@|=)([a-z-]+):\d{4,5}", said)) - {"localhost"}

    assert asked <= SERVICES.keys()
    assert {"kafka", "jaeger", "loki"} <= asked
