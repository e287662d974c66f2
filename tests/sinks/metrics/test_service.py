"""`plantstream metrics` with a real Kafka: what is known, what is news, and what promtool says."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from prometheus_client.exposition import generate_latest

from plantstream.runtime.kafka.admin import apply_topics
from plantstream.runtime.kafka.broker import KafkaBroker
from plantstream.runtime.ports import Outgoing
from plantstream.runtime.service import Service
from plantstream.runtime.settings import KafkaSettings
from schemas.codec import encode
from schemas.quality import QualityRecord
from schemas.topics import CATALOGUE, QUALITY
from sinks.metrics.service import MetricsOptions, run_metrics
from tests.parts import eventually, running_kafka
from tests.sinks.metrics.test_quality import PLANT, judged, opened, released, report

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]
LABELS = {"test_type": "ph", "product_id": "P1", "result": "pass"}
ACCEPTED = Path("deploy/prometheus/promlint-accepted.txt").read_text().splitlines()
PROMTOOL = shutil.which("promtool")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kafka(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[KafkaSettings]:
    async with running_kafka(tmp_path_factory.mktemp("kafka")) as running:
        await apply_topics(running.settings, CATALOGUE)
        yield running.settings


async def tell(kafka: KafkaSettings, *records: QualityRecord) -> None:
    async with KafkaBroker(kafka) as broker:
        await broker.send(
            [
                Outgoing(QUALITY.name, 0, one.record_id().encode(), encode(one))  # type: ignore[attr-defined]
                for one in records
            ]
        )


@asynccontextmanager
async def exporter(kafka: KafkaSettings, folder: Path) -> AsyncIterator[Service]:
    """It runs within the block, and has read all that stands there."""
    service = Service("metrics")
    running = asyncio.create_task(run_metrics(service, MetricsOptions(PLANT, folder), kafka))
    try:
        await eventually(lambda: service.ready or running.done(), 30)
        yield service
    finally:
        running.cancel()
        await asyncio.wait({running})


def passed(service: Service) -> float | None:
    return service.registry.get_sample_value("acme_quality_tests_total", LABELS)


async def test_counters_begin_with_what_is_news_and_gauges_with_what_is_known(
    kafka: KafkaSettings, tmp_path: Path
):
    await tell(kafka, judged("r1"), report(0.96), released("b1"))

    async with exporter(kafka, tmp_path) as service:
        rate = {"product_id": "P1", "compliance_area": "finished"}
        assert service.registry.get_sample_value("acme_cofepris_compliance_rate", rate) == 96
        assert passed(service) == 0
        await tell(kafka, judged("r2"))
        await eventually(lambda: passed(service) == 1, 10)

    await tell(kafka, judged("r3"), opened("d1"))

    async with exporter(kafka, tmp_path) as service:
        # r2 was seen less than 5 s before it was stopped: it may be news once more.
        assert passed(service) in {1, 2}
        opening = {"product_id": "P1", "severity": "major"}
        found = service.registry.get_sample_value("acme_quality_deviations_total", opening)
        assert found == 1


async def test_records_of_others_and_what_cannot_be_read_stop_nothing(
    kafka: KafkaSettings, tmp_path: Path
):
    async with exporter(kafka, tmp_path) as service:
        before = passed(service) or 0
        async with KafkaBroker(kafka) as broker:
            await broker.send([Outgoing(QUALITY.name, 0, b"k", b"{no json")])
        await tell(kafka, judged("r7", run="replay"), judged("r8", site="acme/south"), judged("r9"))
        await eventually(lambda: passed(service) == before + 1, 10)
        unreadable = "plantstream_metrics_unreadable_total"
        assert service.registry.get_sample_value(unreadable) == 1


@pytest.mark.skipif(PROMTOOL is None, reason="apt-get install prometheus")
async def test_promtool_has_nothing_to_say_but_of_accepted_units(
    kafka: KafkaSettings, tmp_path: Path
):
    async with exporter(kafka, tmp_path) as service:
        text = generate_latest(service.registry)
    said = await asyncio.to_thread(_promtool, text)
    accepted = [f"acme_{line}" for line in ACCEPTED if line[:1] != "#"]
    complaints = [
        line
        for line in said.splitlines()
        if not any(line.startswith(name) and "base unit" in line for name in accepted)
    ]
    assert complaints == []


def _promtool(text: bytes) -> str:
    command = [str(PROMTOOL), "check", "metrics"]
    done = subprocess.run(command, input=text, capture_output=True, timeout=30, check=False)
    return (done.stdout + done.stderr).decode()
