"""The edge agent as a service: the one place that wires it."""

from pathlib import Path

from ingest.agent import World, run_agent
from ingest.inputs.registry import build_inputs
from ingest.spool import DiskSpool
from plantstream.runtime import clock
from plantstream.runtime.kafka.broker import KafkaBroker
from plantstream.runtime.service import Service
from plantstream.runtime.settings import KafkaSettings
from schemas.plant.load import PlantFile


async def run_edge(
    service: Service, plant: PlantFile, settings: KafkaSettings, data_dir: Path
) -> None:
    """Read and publish until the service is told to stop."""
    inputs = build_inputs(plant, service.registry)
    file = data_dir / "spool" / f"{plant.plant.site}.sqlite"
    file.parent.mkdir(parents=True, exist_ok=True)
    source = f"{plant.plant.site_path()}/edge"
    spool = DiskSpool.open(file, source, clock.now)
    try:
        async with KafkaBroker(settings) as broker:
            world = World(registry=service.registry)
            service.is_ready()
            await service.until_stopped(run_agent(plant, inputs, spool, broker, world=world))
    finally:
        await spool.close()
