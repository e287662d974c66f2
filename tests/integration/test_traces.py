"""One event from the field to the row and the page: one trace, and one name in every log."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from structlog.testing import capture_logs

from ingest.agent import run_agent
from ingest.input import Chunk, Sample
from ingest.memory_spool import MemorySpool
from ingest.options import World
from plantstream.embedded.checks import HOST
from plantstream.runtime import clock
from plantstream.runtime.kafka.broker import KafkaBroker
from plantstream.runtime.otel import OtelTracing
from schemas.plant.alerts.channels import EmailChannel
from schemas.plant.load import PlantFile
from tests.integration.collector import Collector, Told
from tests.integration.line import Line
from tests.integration.overheating import REACTOR, hot_plant, until
from tests.parts import free_port
from tests.sinks.notify.channels.mailbox import Mailbox

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]

SITE, LIMIT_S = "traced", 60.0
WHOLE = {
    ("ingest", "publish plant.telemetry.v1"),
    ("process", "process rules"),
    ("process", "process dispatch"),
    ("sink", "store rows"),
    ("notify", "notify mail"),
}


@dataclass
class Thermometer:
    """Tells of a reactor that was cold and is hot."""

    equipment: str

    async def chunks(self, position: str | None) -> AsyncIterator[Chunk]:
        del position
        yield Chunk((Sample(self.equipment, "temperature", 20.0, clock.now()),))
        yield Chunk((Sample(self.equipment, "temperature", 81.5, clock.now()),), urgent=True)


async def edge(line: Line, plant: PlantFile, collector: Collector) -> None:
    """The edge's own loops, on a broker."""
    tracing = OtelTracing("ingest", OTLPSpanExporter(f"{collector.url}/v1/traces"))
    source = Thermometer(f"{plant.plant.site_path()}/hall/one/{REACTOR}")
    async with KafkaBroker(line.kafka) as broker:
        spool = MemorySpool(f"{plant.plant.site_path()}/edge", f"{clock.now():%H%M%S%f}")
        await run_agent((plant, {"plc": source}), spool, broker, world=World(tracing=tracing))
    await tracing.close()


def logged(line: Line, name: str, event: str) -> list[dict[str, object]]:
    """Lines of a service's log that name this event."""
    text = (line.data_dir / "logs" / f"{name}.log").read_text()
    found = [json.loads(one) for one in text.splitlines() if one.startswith("{")]
    return [one for one in found if event in one.get("events", ())]


@asynccontextmanager
async def notifier(line: Line, plant: PlantFile, directory: Path) -> AsyncIterator[Mailbox]:
    """People are told by mail; gives what they get."""
    mailbox = Mailbox()
    mail = plant.plant.channels["mail"]
    assert isinstance(mail, EmailChannel)
    server = Controller(mailbox, hostname=HOST, port=mail.port)
    file = directory / "plant.yaml"
    file.write_text(plant.text)
    port = free_port()
    ports = ("--port", str(port), "--web-port", str(free_port()))
    server.start()
    notify = await line.start(
        "notify", "--plant", file, "--data-dir", line.data_dir, *ports, port=port
    )
    try:
        await notify.ready()
        yield mailbox
    finally:
        await notify.stop()
        await asyncio.to_thread(server.stop)


async def test_one_trace_and_one_name_lead_from_the_field_to_row_and_page(
    line: Line, collector: Collector, tmp_path: Path, say: Callable[[str], None]
):
    plant = hot_plant(SITE, wait="60s", smtp=free_port())

    async def is_whole() -> bool:
        return any(found(collector, one.trace) >= WHOLE for one in paged(collector))

    async with notifier(line, plant, tmp_path) as mailbox:
        with capture_logs() as told:
            await edge(line, plant, collector)
        await until(is_whole, LIMIT_S)
        (event,) = [name for one in told for name in one.get("events", ())]

        async def all_logs() -> bool:
            names = ("alerts", "sink", "test-notify")
            return all(logged(line, name, event) for name in names)

        await until(all_logs, LIMIT_S)
    (page,) = paged(collector)
    first, *rest = spans = collector.trace(page.trace)
    say("\n".join(as_line(one, first) for one in spans))
    assert (first.name, first.parent) == ("publish plant.telemetry.v1", "")
    assert {one.parent for one in rest} <= {one.span for one in spans}
    assert [mail["To"] for mail in mailbox.mails] == ["ana@example.com"]
    assert event.startswith(f"acme/{SITE}/edge/")
    assert {one["engine"] for one in logged(line, "alerts", event)} == {"rules", "dispatch"}


def paged(collector: Collector) -> list[Told]:
    return collector.named("notify mail")


def found(collector: Collector, trace: str) -> set[tuple[str, str]]:
    return {(one.service, one.name) for one in collector.trace(trace)}


def as_line(span: Told, first: Told) -> str:
    """When it began and how long it took, in ms."""
    begun_ms = (span.start_ns - first.start_ns) / 1e6
    took_ms = (span.end_ns - span.start_ns) / 1e6
    return f"{begun_ms:8.1f} ms {took_ms:8.1f} ms  {span.service:8} {span.name}"
