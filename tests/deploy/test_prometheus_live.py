"""Prometheus and Alertmanager by our files: a call for help in Kafka ends as an alert in notify."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.applications import Starlette

from plantstream.prometheus.files import rule_files
from plantstream.runtime import clock
from plantstream.runtime.http_server import Listening, serving
from plantstream.runtime.kafka.admin import apply_topics
from plantstream.runtime.kafka.broker import KafkaBroker
from plantstream.runtime.ports import Outgoing
from plantstream.runtime.service import Service, health_routes
from plantstream.runtime.settings import KafkaSettings
from schemas.codec import encode
from schemas.plant.load import load_plant
from schemas.topics import CATALOGUE, SITE
from sinks.metrics.service import MetricsOptions, run_metrics
from tests.parts import eventually, free_port, running_kafka
from tests.sinks.metrics.telling import TEXT
from tests.sinks.metrics.test_stops import call
from tests.sinks.notify.web.kit import House, house, sender_token
from tests.sinks.notify.web.test_prometheus import process

PROMETHEUS, ALERTMANAGER = shutil.which("prometheus"), shutil.which("prometheus-alertmanager")
HERE = Path(__file__).parents[2] / "deploy" / "prometheus"
WITHIN_S = 45.0
PLANT = load_plant(
    TEXT + "alert_rules: [{alert: CriticalAndon, when: {andon: [critical]}, severity: critical,"
    " labels: {area: production}, summary: help, on: {ids: [press]}}]",
    "plant.yaml",
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.integration,
    pytest.mark.skipif(
        PROMETHEUS is None or ALERTMANAGER is None,
        reason="apt-get install prometheus prometheus-alertmanager",
    ),
]


@asynccontextmanager
async def exporter(kafka: KafkaSettings, folder: Path) -> AsyncIterator[str]:
    """`plantstream metrics` of the plant; gives where it is scraped."""
    service = Service("metrics")
    running = asyncio.create_task(run_metrics(service, MetricsOptions(PLANT, folder), kafka))
    pages = service.http.measured(Starlette(routes=health_routes(service)), "metrics")
    try:
        async with serving(pages, Listening("127.0.0.1", 0)) as server:
            await eventually(lambda: service.ready or running.done(), 30)
            yield server.url.removeprefix("http://")
    finally:
        running.cancel()
        await asyncio.wait({running})


def placed(folder: Path, home: House, target: str, alertmanager: str) -> None:
    """Our files, with addresses of this test, and in a hurry."""
    for name, text in rule_files(PLANT.plant).texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    text = (HERE / "prometheus.yml").read_text(encoding="utf-8")
    text = text.replace("metrics:28087", target).replace("alertmanager:9093", alertmanager)
    text = re.sub(r"\"[a-z-]+:\d{4,5}\"", '"127.0.0.1:1"', text)
    text = text.replace("15s", "1s").replace("10s", "1s").replace("/run/secrets", str(folder))
    (folder / "prometheus.yml").write_text(text, encoding="utf-8")
    text = (HERE / "alertmanager.yml").read_text(encoding="utf-8")
    text = text.replace("https://notify:28084", str(home.client.base_url).rstrip("/"))
    text = re.sub(r"^ *tls_config: .*\n", "", text, flags=re.MULTILINE)
    (folder / "alertmanager.yml").write_text(
        text.replace("/run/secrets", str(folder)), encoding="utf-8"
    )
    (folder / "http_token_prometheus").write_text("none", encoding="utf-8")


def told(home: House) -> set[tuple[str, str]]:
    """Alerts that notify has in Kafka, and how they stand."""
    return {(one.labels["alertname"], one.status) for one in home.records(SITE)}


async def says(kafka: KafkaSettings) -> None:
    """A call for help, as its engine tells it."""
    record = call()
    async with KafkaBroker(kafka) as broker:
        await broker.send([Outgoing(SITE.name, 0, record.record_id().encode(), encode(record))])


@pytest.mark.timeout(150)
async def test_a_call_for_help_comes_through_to_notify(tmp_path: Path):
    port = free_port()
    token = sender_token(tmp_path, "alertmanager")
    (tmp_path / "alertmanager_token").write_text(token, encoding="utf-8")
    async with (
        running_kafka(tmp_path / "kafka") as kafka,
        house(tmp_path) as home,
    ):
        await apply_topics(kafka.settings, CATALOGUE)
        home.office.now = clock.now
        async with exporter(kafka.settings, tmp_path) as target:
            placed(tmp_path, home, target, f"127.0.0.1:{port}")
            async with (
                process(
                    str(ALERTMANAGER),
                    f"--config.file={tmp_path / 'alertmanager.yml'}",
                    f"--storage.path={tmp_path / 'alertmanager'}",
                    f"--web.listen-address=127.0.0.1:{port}",
                    "--cluster.listen-address=",
                ),
                process(
                    str(PROMETHEUS),
                    f"--config.file={tmp_path / 'prometheus.yml'}",
                    f"--storage.tsdb.path={tmp_path / 'tsdb'}",
                    f"--web.listen-address=127.0.0.1:{free_port()}",
                ),
            ):
                await says(kafka.settings)
                await eventually(lambda: ("CriticalAndon", "firing") in told(home), WITHIN_S)

    found = next(one for one in home.records(SITE) if one.labels["alertname"] == "CriticalAndon")
    assert found.sender == "alertmanager"
    assert found.annotations["runbook_url"] == "docs/runbooks/CriticalAndon.md"
    assert found.annotations["summary"] == "1 open andon calls of priority critical"
    labels = {"severity": "critical", "area": "production", "priority": "critical"}
    assert labels.items() <= found.labels.items()
