"""Prometheus and Alertmanager themselves: a rule fires and is resolved, and both stand in Kafka."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from plantstream.runtime import clock
from plantstream.runtime.http_server import Listening, serving
from schemas.topics import SITE as SITE_TOPIC
from tests.parts import eventually, free_port
from tests.sinks.notify.web.kit import House, house, sender_token

PROMETHEUS, ALERTMANAGER = shutil.which("prometheus"), shutil.which("prometheus-alertmanager")
WITHIN_S = 45.0
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        PROMETHEUS is None or ALERTMANAGER is None,
        reason="apt-get install prometheus prometheus-alertmanager",
    ),
]
RULES = """
groups:
  - name: factory
    interval: 1s
    rules:
      - alert: DatabaseConnectionHigh
        expr: connections > 80
        labels: {severity: warning, area: database}
        annotations: {summary: "{{ $value }} connections"}
"""


class Exporter:
    """A number that Prometheus looks at."""

    def __init__(self) -> None:
        self.value = 90.0

    async def metrics(self, _: Any) -> Response:
        return PlainTextResponse(f"connections {self.value}\n")

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/metrics", self.metrics)])


@asynccontextmanager
async def process(*command: str) -> AsyncIterator[None]:
    """A program, as long as the block runs."""
    quiet = asyncio.subprocess.DEVNULL
    started = await asyncio.create_subprocess_exec(*command, stdout=quiet, stderr=quiet)
    try:
        yield
        assert started.returncode is None, f"{command[0]} has ended by itself"
    finally:
        with suppress(ProcessLookupError):
            started.terminate()
        await asyncio.wait_for(started.wait(), 20)


@asynccontextmanager
async def prometheus(folder: Path, exporter: str, alertmanagers: str) -> AsyncIterator[None]:
    """It looks at the exporter every second and tells these Alertmanagers."""
    (folder / "rules.yml").write_text(RULES)
    (folder / "prometheus.yml").write_text(
        f"""
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [rules.yml]
scrape_configs: [{{job_name: plant, static_configs: [{{targets: ["{exporter}"]}}]}}]
alerting: {{alertmanagers: [{alertmanagers}]}}
"""
    )
    async with process(
        str(PROMETHEUS),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{free_port()}",
        "--rules.alert.resend-delay=1s",
    ):
        yield


@asynccontextmanager
async def alertmanager(folder: Path, home: House, token: str) -> AsyncIterator[str]:
    """It tells our webhook; gives its address."""
    port = free_port()
    (folder / "alertmanager.yml").write_text(
        f"""
route: {{receiver: us, group_by: [alertname], group_wait: 0s, group_interval: 1s}}
receivers:
  - name: us
    webhook_configs:
      - url: {home.client.base_url}/in/alertmanager
        send_resolved: true
        http_config: {{authorization: {{credentials: {token}}}}}
"""
    )
    async with process(
        str(ALERTMANAGER),
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ):
        yield f"127.0.0.1:{port}"


def told(home: House) -> list[tuple[str, str, str]]:
    """Sender, alert and status, without the repeats."""
    found = [(one.sender, one.labels["alertname"], one.status) for one in home.records(SITE_TOPIC)]
    return list(dict.fromkeys(found))


async def fires_and_is_resolved(home: House, exporter: Exporter, sender: str) -> None:
    await eventually(lambda: len(told(home)) == 1, WITHIN_S)
    exporter.value = 10.0
    await eventually(lambda: len(told(home)) == 2, WITHIN_S)

    assert told(home) == [
        (sender, "DatabaseConnectionHigh", "firing"),
        (sender, "DatabaseConnectionHigh", "resolved"),
    ]
    first, last = home.records(SITE_TOPIC)[0], home.records(SITE_TOPIC)[-1]
    assert first.starts_at == last.starts_at
    assert first.severity == "warning"
    assert first.annotations == {"summary": "90 connections"}


@pytest.mark.timeout(150)
async def test_through_alertmanager_a_rule_fires_and_is_resolved(tmp_path: Path):
    token, exporter = sender_token(tmp_path, "alertmanager-1"), Exporter()
    async with (
        house(tmp_path) as home,
        serving(exporter.app(), Listening("127.0.0.1", 0)) as metrics,
        alertmanager(tmp_path, home, token) as between,
        prometheus(
            tmp_path,
            metrics.url.removeprefix("http://"),
            f'{{static_configs: [{{targets: ["{between}"]}}]}}',
        ),
    ):
        home.office.now = clock.now
        await fires_and_is_resolved(home, exporter, "alertmanager-1")


@pytest.mark.timeout(150)
async def test_without_alertmanager_a_rule_fires_and_is_resolved(tmp_path: Path):
    token, exporter = sender_token(tmp_path, "prometheus-1"), Exporter()
    async with (
        house(tmp_path) as home,
        serving(exporter.app(), Listening("127.0.0.1", 0)) as metrics,
        prometheus(
            tmp_path,
            metrics.url.removeprefix("http://"),
            f"{{authorization: {{credentials: {token}}}, static_configs: "
            f'[{{targets: ["{home.client.base_url.netloc.decode()}"]}}]}}',
        ),
    ):
        home.office.now = clock.now
        await fires_and_is_resolved(home, exporter, "prometheus-1")
