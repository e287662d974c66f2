"""The edge agent as a service: the one place that wires it."""

import asyncio
from pathlib import Path

from ingest.agent import World, run_agent
from ingest.heartbeats import Heartbeats, Pulse
from ingest.inputs.registry import build_inputs
from ingest.metrics import SourceMetrics
from ingest.spool import DiskSpool
from ingest.spool_file import Limits
from plantstream.runtime import clock
from plantstream.runtime.kafka.broker import KafkaBroker
from plantstream.runtime.service import Service
from plantstream.runtime.settings import KafkaSettings
from schemas.plant.load import PlantFile


async def run_edge(
    service: Service,
    plant: PlantFile,
    settings: KafkaSettings,
    data_dir: Path,
    limits: Limits | None = None,
) -> None:
    """Read and publish until the service is told to stop."""
    sources = SourceMetrics(service.registry)
    inputs = build_inputs(plant, sources)
    file = data_dir / "spool" / f"{plant.plant.site}.sqlite"
    file.parent.mkdir(parents=True, exist_ok=True)
    source = f"{plant.plant.site_path()}/edge"
    spool = DiskSpool.open(file, source, clock.now, limits=limits)
    try:
        async with KafkaBroker(settings) as broker, KafkaBroker(settings) as fast_lane:
            world = World(registry=service.registry, sources=sources)
            heartbeats = Heartbeats(spool, sources, fast_lane, Pulse(world.now, world.entropy))
            beating = asyncio.create_task(heartbeats.run(plant), name="heartbeats")
            service.is_ready()
            try:
                await service.until_stopped(run_agent(plant, inputs, spool, broker, world=world))
            finally:
                beating.cancel()
                await asyncio.wait({beating})
    finally:
        await spool.close()
