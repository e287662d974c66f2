"""What compose.yaml mounts into containers of others: it can be read, and fits the rest."""

import copy
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from tests.deploy.compose import DEPLOY, DOCUMENT, SERVICES, command, targets, texts
from tests.deploy.schema import compose_schema

PROMETHEUS = DEPLOY / "prometheus" / "prometheus.yml"
ALERTMANAGER = DEPLOY / "prometheus" / "alertmanager.yml"
PROVISIONING = DEPLOY / "grafana" / "provisioning"
PORTS_OF_OTHERS = {
    "prometheus": 9090,
    "alertmanager": 9093,
    "grafana": 3000,
    "loki": 3100,
    "postgres-exporter": 9187,
    "node-exporter": 9100,
    "kafka-exporter": 9308,
}
SERVED_BY = {"loki.yaml": "loki", "jaeger.yaml": "jaeger", "config.alloy": "alloy"}


def read(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def port_of(name: str) -> str:
    """On which port a service answers Prometheus, as its health check says."""
    (port, *_) = re.findall(r"\d{4,5}", SERVICES[name]["healthcheck"]["test"][-1])
    return str(port)


def required(file: Any) -> str:
    text: str = file.read_text("utf-8")
    return text


async def test_compose_is_what_its_specification_allows():
    specification = jsonschema.Draft201909Validator(await compose_schema())
    # The schema that npm has is older than the name of a project.
    known = {key: part for key, part in DOCUMENT.items() if key != "name"}
    specification.validate(known)

    wrong = copy.deepcopy(known)
    wrong["services"]["sink"]["heathcheck"] = {}
    with pytest.raises(jsonschema.ValidationError, match="heathcheck"):
        specification.validate(wrong)


@pytest.mark.parametrize("name", PORTS_OF_OTHERS)
def test_health_checks_of_others_ask_the_port_on_which_they_listen(name: str):
    assert port_of(name) == str(PORTS_OF_OTHERS[name])


def test_jaeger_takes_traces_where_services_send_them():
    found = read((DEPLOY / "compose/jaeger.yaml").read_text())
    endpoint = SERVICES["sink"]["environment"]["OTEL_EXPORTER_OTLP_ENDPOINT"]
    host, port = endpoint.removeprefix("http://").split(":")

    assert host == "jaeger"
    assert found["receivers"]["otlp"]["protocols"]["http"]["endpoint"] == f"0.0.0.0:{port}"
    health = found["extensions"]["healthcheckv2"]["http"]["endpoint"]
    assert health.endswith(f":{port_of('jaeger')}")
    backends = found["extensions"]["jaeger_storage"]["backends"]
    stored = found["exporters"]["jaeger_storage_exporter"]["trace_storage"]
    assert stored in backends
    assert found["extensions"]["jaeger_query"]["storage"]["traces"] == stored
    assert set(found["service"]["extensions"]) == set(found["extensions"])
    (pipeline,) = found["service"]["pipelines"].values()
    for kind, names in pipeline.items():
        assert set(names) == set(found[kind])


def test_loki_keeps_its_logs_in_its_volume_for_a_limited_time():
    found = read((DEPLOY / "compose/loki.yaml").read_text())
    places = [text for text in texts([found["common"], found["compactor"]]) if text.startswith("/")]

    assert places
    assert all(place.startswith("/loki") for place in places)
    assert str(found["server"]["http_listen_port"]) == port_of("loki")
    assert found["limits_config"]["retention_period"] == "720h"
    assert found["compactor"]["retention_enabled"] is True


def test_alloy_sends_logs_of_docker_to_loki():
    text = (DEPLOY / "compose/config.alloy").read_text()
    code = re.sub(r"//[^\n\"]*\n", "\n", text)
    parts = {
        f"{kind}.{name}" for kind, name in re.findall(r'^([a-z_.]+) "(\w+)" \{', code, re.MULTILINE)
    }

    named = set(re.findall(r"\b((?:local|loki)\.\w+(?:\.\w+)?)\.(?:targets|receiver)\b", code))
    assert named <= parts
    assert code.count("{") == code.count("}")
    (watched,) = re.findall(r'__path__ = "([^"*]+)', code)
    assert watched.rstrip("/") in targets(SERVICES["alloy"])
    assert f'"http://loki:{port_of("loki")}/' in code
    # The name of the container that Docker writes beside each line.
    assert "attrs.tag" in code
    for one in SERVICES.values():
        assert one["logging"]["options"]["tag"] == "{{.Name}}"


@pytest.mark.parametrize(("file", "name"), SERVED_BY.items())
def test_a_configuration_is_the_one_that_is_read(file: str, name: str):
    (mounted,) = [one for one in SERVICES[name]["volumes"] if one.startswith(f"./compose/{file}:")]
    target = mounted.split(":")[1]

    assert any(target in word for word in command(SERVICES[name]))


def test_kafka_is_started_by_its_own_settings():
    settings = dict(
        line.split("=", 1)
        for line in (DEPLOY / "compose/kafka/server.properties").read_text().splitlines()
        if line and not line.startswith("#")
    )
    paths = {value for value in settings.values() if value.startswith("/")}

    mounted = targets(SERVICES["kafka"])
    assert all(any(path.startswith(target) for target in mounted) for path in paths)
    environment = SERVICES["kafka"]["environment"]
    for variable in ("KAFKA_OPTS", "KAFKA_LOG4J_OPTS"):
        assert environment[variable].split("=", 1)[1] in mounted
    script = DEPLOY / "compose/kafka/start.sh"
    for path in re.findall(r"/(?:etc/plantstream|run/secrets)/[\w.]+", script.read_text()):
        assert path in mounted
    assert SERVICES["kafka"]["command"][-1] in mounted
    checked = subprocess.run(["sh", "-n", script], capture_output=True, text=True, check=False)
    assert checked.stderr == ""
    assert environment.get("CLUSTER_ID") is None


def scraped() -> Iterator[tuple[str, str, Any]]:
    """Host, port and job of all that Prometheus scrapes."""
    for job in read(required(PROMETHEUS))["scrape_configs"]:
        for group in job["static_configs"]:
            for target in group["targets"]:
                host, port = target.split(":")
                yield host, port, job


def test_prometheus_scrapes_services_on_their_ports_with_a_token():
    scrapes = [one for one in scraped() if one[0] != "localhost"]
    asked = {host for host, _, _ in scrapes}
    ours = {name for name in SERVICES if "http_token" in SERVICES[name].get("secrets", ())}

    assert asked <= SERVICES.keys()
    assert ours <= asked
    for host, port, job in scrapes:
        assert port == port_of(host), host
        if host in ours:
            file = job["authorization"]["credentials_file"]
            assert file in targets(SERVICES["prometheus"])


def test_alertmanager_tells_notify_by_tls_with_a_token():
    found = read(required(ALERTMANAGER))
    hooks = [hook for one in found["receivers"] for hook in one.get("webhook_configs", ())]
    ours = [hook for hook in hooks if "//notify:" in hook["url"]]

    assert ours
    for hook in ours:
        assert hook["url"] == "https://notify:28084/in/alertmanager"
        how = hook["http_config"]
        assert how["authorization"]["credentials_file"] in targets(SERVICES["alertmanager"])
        assert how["tls_config"]["ca_file"] in targets(SERVICES["alertmanager"])


def test_grafana_asks_the_database_prometheus_logs_and_traces_of_compose():
    sources = required(PROVISIONING / "datasources" / "plantstream.yaml")

    for file in re.findall(r"\$__file\{([^}]+)\}", sources):
        assert file in targets(SERVICES["grafana"])
    hosts = dict(re.findall(r"url: (?:http://)?([\w-]+):(\d+)", sources))
    assert hosts == {
        "timescale": "5432",
        "prometheus": "9090",
        "loki": "3100",
        "jaeger": "16686",
    }
    assert hosts.keys() <= SERVICES.keys()
    boards = required(PROVISIONING / "dashboards" / "plantstream.yaml")
    for path in re.findall(r"path: (/\S+?)[}\s]", boards):
        assert any(path.startswith(target) for target in targets(SERVICES["grafana"]))
