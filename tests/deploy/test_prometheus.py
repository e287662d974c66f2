"""What stands in deploy/prometheus: rules that can fire, of metrics that are there."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.core import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector
from ruamel.yaml import YAML

from plantstream.prometheus.files import alert_groups, rule_files
from plantstream.prometheus.rule import Rule
from tests.deploy.told import example, metrics_in, names, of_the_plant

ROOT = Path(__file__).parents[2]
HERE = ROOT / "deploy" / "prometheus"
ACCEPTED = (HERE / "promlint-accepted.txt").read_text(encoding="utf-8").splitlines()
PROMTOOL, AMTOOL = shutil.which("promtool"), shutil.which("amtool")
RULE_FILES = rule_files(example().plant).texts
ALERTS = [rule for rules in alert_groups(example().plant).values() for rule in rules]
TESTS = sorted((HERE / "tests").glob("*.yml"))
FROM_REQUIREMENTS = {
    *("LowFactoryEfficiency", "CriticalEfficiencyDrop", "ReactorTemperatureHigh"),
    *("ReactorCriticalTemperature", "COFEPRISComplianceViolation", "QualityTestFailure"),
    *("BatchReleaseDelayed", "CriticalAndon", "UnplannedDowntime", "SourceSilent"),
    *("DatabaseConnectionHigh", "HighResponseTime", "HighErrorRate", "AuthFailures"),
    *("HostCpuHigh", "HostMemoryHigh", "DatabaseWriteErrors", "ConsumerLag", "SpoolFilling"),
    *("DeadLetters", "ServiceDown", "CertificateExpiry"),
}
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="apt-get install prometheus")
needs_amtool = pytest.mark.skipif(AMTOOL is None, reason="apt-get install prometheus-alertmanager")


def ran(*command: str, text: bytes = b"") -> tuple[int, str]:
    """Exit code, and all that it said."""
    done = subprocess.run(command, input=text, capture_output=True, timeout=60, check=False)
    return done.returncode, (done.stdout + done.stderr).decode()


def test_every_alert_that_plants_ask_for_is_there():
    assert {rule.alert for rule in ALERTS} >= FROM_REQUIREMENTS


@pytest.mark.parametrize("name", RULE_FILES)
def test_committed_rules_are_those_of_the_example_plant(name: str):
    told = f"plantstream rules export --plant deploy/plants/ninu/plant.yaml --out {HERE.name}"
    assert (HERE / name).read_text(encoding="utf-8") == RULE_FILES[name], told


@pytest.mark.parametrize("name", RULE_FILES)
@needs_promtool
def test_promtool_has_nothing_against_the_rules(name: str):
    code, said = ran(str(PROMTOOL), "check", "rules", "--lint-fatal", str(HERE / name))
    assert code == 0, said


@needs_promtool
def test_promtool_has_nothing_against_the_configuration(tmp_path: Path):
    code, said = ran(str(PROMTOOL), "check", "config", str(placed("prometheus.yml", tmp_path)))
    assert code == 0, said


@needs_amtool
def test_amtool_has_nothing_against_the_configuration():
    code, said = ran(str(AMTOOL), "check-config", str(HERE / "alertmanager.yml"))
    assert code == 0, said


@needs_amtool
@pytest.mark.parametrize(
    ("alert", "receivers"),
    [
        ("alertname=LowFactoryEfficiency severity=warning", "plantstream"),
        ("alertname=NotifyUnreachable severity=critical", "mail,plantstream"),
        ("alertname=ServiceDown severity=critical", "mail,plantstream"),
    ],
)
def test_an_alert_goes_where_it_should(alert: str, receivers: str):
    file = f"--config.file={HERE / 'alertmanager.yml'}"
    code, said = ran(str(AMTOOL), "config", "routes", "test", file, *alert.split())
    assert code == 0
    assert receivers in said.splitlines()


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.name)
@needs_promtool
def test_rules_fire_when_they_should_and_only_then(file: Path):
    code, said = ran(str(PROMTOOL), "test", "rules", str(file))
    assert code == 0, said


@pytest.mark.parametrize("alert", [rule.alert for rule in ALERTS])
def test_every_alert_has_a_case_that_fires_and_one_that_does_not(alert: str):
    found = [case for file in TESTS for case in cases(file, alert)]
    assert {bool(case) for case in found} == {True, False}


def cases(file: Path, alert: str) -> Iterator[list[Any]]:
    """What is expected of this alert, case by case."""
    for test in YAML(typ="safe").load(file.read_text(encoding="utf-8"))["tests"]:
        for one in test.get("promql_expr_test", ()):
            if f'alertname="{alert}"' in one["expr"]:
                yield one["exp_samples"]


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule.alert)
def test_every_metric_of_a_rule_is_told_by_somebody(rule: Rule):
    asked = metrics_in(rule.expr)
    assert asked
    assert asked <= names()


@pytest.mark.parametrize("line", re.findall(r"expr: '(.+)'", RULE_FILES["recording.yml"]))
def test_every_metric_of_a_recording_rule_is_told_by_somebody(line: str):
    asked = metrics_in(line.replace("''", "'"))
    assert asked
    assert asked <= names()


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule.alert)
def test_no_rule_is_written_so_that_it_never_fires(rule: Rule):
    """Histograms have no quantiles of their own, and other exporters have other names."""
    assert "quantile=" not in rule.expr
    assert "postgresql_" not in rule.expr


@pytest.mark.parametrize(
    ("expr", "found"),
    [
        ('sum by (le) (rate(a_bucket{code=~"5.."}[5m])) > 2', {"a_bucket"}),
        ("100 * (1 - a / b) > 1e3 and on (x) c:d:e", {"a", "b", "c:d:e"}),
        ("max by (group, topic) (lag) offset 5m", {"lag"}),
    ],
)
def test_names_are_found_in_expressions(expr: str, found: set[str]):
    assert metrics_in(expr) == found


class OfThePlant(Collector):
    """The example plant as it is scraped first."""

    def collect(self) -> Any:
        return of_the_plant(example())


@needs_promtool
def test_promtool_has_nothing_to_say_of_metrics_but_of_accepted_units():
    registry = CollectorRegistry()
    registry.register(OfThePlant())
    _, said = ran(str(PROMTOOL), "check", "metrics", text=generate_latest(registry))
    accepted = [f"ninu_{line}" for line in ACCEPTED if line[:1] != "#"]

    lines = said.splitlines()

    assert [one for one in lines if "use base unit" not in one] == []
    assert sorted({one.split()[0] for one in lines}) == sorted(accepted)


def placed(name: str, folder: Path) -> Path:
    """The configuration with its rules in this folder; a token stands where it names one."""
    for file in HERE.glob("*.yml"):
        text = file.read_text(encoding="utf-8").replace("/run/secrets", str(folder))
        (folder / file.name).write_text(text, encoding="utf-8")
    for token in ("http_token_prometheus", "alertmanager_token"):
        (folder / token).write_text("token", encoding="utf-8")
    return folder / name
