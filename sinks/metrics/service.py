"""The exporter as a service: the one place that wires it."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from plantstream.runtime import clock
from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.kafka.plant_files import plant_files
from plantstream.runtime.kafka.recall import Recall, recalling
from plantstream.runtime.kafka.watch import watched
from plantstream.runtime.logs import get_logger
from plantstream.runtime.reach import Reach
from plantstream.runtime.service import Service
from plantstream.runtime.settings import KafkaSettings
from schemas.plant.load import PlantFile
from sinks.metrics.exporter import Exporter
from sinks.metrics.quality import QualityFamily

GROUP = "plantstream-metrics"
"""What the name of each site's group begins with: how far it came is committed under it."""
AGAIN_AFTER_S = 1.0
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class MetricsOptions:
    """What an exporter is told at its start."""

    plant: PlantFile | str
    """A plant file to use as it is, or the site (enterprise/site) whose applied file it follows."""
    data_dir: Path

    @property
    def site(self) -> str:
        """Enterprise and site."""
        return self.plant if isinstance(self.plant, str) else self.plant.plant.site_path()

    @property
    def copy_file(self) -> Path:
        """Where the last plant file that was followed is kept."""
        return self.data_dir / "metrics" / f"{self.site.replace('/', '-')}.plant.jsonl"


def group_of(site: str) -> str:
    """Under which name is committed how far the exporter of a site came."""
    return f"{GROUP}-{site.replace('/', '-')}"


async def run_metrics(service: Service, options: MetricsOptions, settings: KafkaSettings) -> None:
    """Serve plant metrics until the task is cancelled.

    Raises:
        MisconfiguredError: a person has to do something first; the text says what.
    """
    exporter = Exporter([QualityFamily()], clock.now)
    service.registry.register(exporter)
    group, reach = group_of(options.site), Reach()
    recall = partial(recalling, settings, group, exporter.topics, reach)
    async with (
        watched(service, settings, {group: reach}),
        aclosing(plant_files(options.plant, options.copy_file, settings)) as files,
    ):
        exporter.use(await anext(files))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_follow(service, exporter, recall))
            async for file in files:
                exporter.use(file)


async def _follow(
    service: Service,
    exporter: Exporter,
    recalled: Callable[[], AbstractAsyncContextManager[Recall]],
) -> None:
    """Whatever becomes of the broker; while it is away no metric of the plant is told."""
    while True:
        try:
            async with recalled() as recall:
                async for batch in recall.batches():
                    for one in batch:
                        exporter.take(one.record, is_news=one.is_news)
                    exporter.is_complete = recall.is_complete
                    if recall.is_complete:
                        service.is_ready()
        except UnavailableError as error:
            _log.warning("reading again soon", reason=str(error))
        exporter.is_complete = False
        await asyncio.sleep(AGAIN_AFTER_S)
