"""The edge agent as a service: the one place that wires it."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ingest.agent import Plan, run_agent
from ingest.heartbeats import Heartbeats, Pulse
from ingest.input import Input
from ingest.inputs.registry import Keeping, build_inputs
from ingest.metrics import SourceMetrics
from ingest.options import World
from ingest.spool import DiskSpool
from ingest.spool_file import Limits
from plantstream.runtime import clock
from plantstream.runtime.beside import beside
from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.kafka.broker import KafkaBroker
from plantstream.runtime.kafka.follow import Start, following
from plantstream.runtime.logs import get_logger
from plantstream.runtime.plant_files import FollowedPlant
from plantstream.runtime.ports import Record
from plantstream.runtime.service import Service
from plantstream.runtime.settings import KafkaSettings
from schemas.plant.load import PlantFile
from schemas.topics import LAB_ANSWER, MODEL

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class EdgeOptions:
    """What an edge is told at its start."""

    plant: PlantFile | str
    """A plant file to use as it is, or the site (enterprise/site) whose applied file it follows."""
    data_dir: Path
    limits: Limits

    @property
    def site(self) -> str:
        """Enterprise and site."""
        return self.plant if isinstance(self.plant, str) else self.plant.plant.site_path()

    @property
    def spool_file(self) -> Path:
        """Where the spool is."""
        return self.data_dir / "spool" / f"{self.site.rpartition('/')[2]}.sqlite"

    @property
    def copy_file(self) -> Path:
        """Where the last plant file that was followed is kept."""
        return self.spool_file.with_suffix(".plant.jsonl")


async def run_edge(service: Service, options: EdgeOptions, settings: KafkaSettings) -> None:
    """Read and publish until the service is told to stop."""
    options.spool_file.parent.mkdir(parents=True, exist_ok=True)
    source = f"{options.site}/edge"
    spool = DiskSpool.open(options.spool_file, source, clock.now, limits=options.limits)
    try:
        await service.until_stopped(_run(service, options, settings, spool))
    finally:
        await spool.close()


async def _run(
    service: Service, options: EdgeOptions, settings: KafkaSettings, spool: DiskSpool
) -> None:
    sources = SourceMetrics(service.registry, service.http)
    world = World(registry=service.registry, sources=sources, tracing=service.tracing)
    plans = _Plans(options, settings, world)
    async with (
        KafkaBroker(settings) as broker,
        KafkaBroker(settings) as fast_lane,
        aclosing(plans.all()) as found,
    ):
        plan = await anext(found)
        heartbeats = Heartbeats(spool, sources, fast_lane, Pulse(world.now, world.entropy))
        async with beside(heartbeats.run(plans.current)):
            service.is_ready()
            changes = found if plans.follow else None
            await run_agent(plan, spool, broker, world=world, changes=changes)


class _Plans:
    """The plant file that is used now, with its inputs, and each that follows it."""

    def __init__(self, options: EdgeOptions, settings: KafkaSettings, world: World) -> None:
        self._options = options
        self._settings = settings
        self._world = world
        self._current: PlantFile | None = None
        self.follow = isinstance(options.plant, str)

    def current(self) -> PlantFile | None:
        """The plant file that is used now."""
        return self._current

    async def all(self) -> AsyncGenerator[Plan, None]:
        """Each plan as its time comes; one that names nothing to read is passed over."""
        if isinstance(self._options.plant, PlantFile):
            self._current = self._options.plant
            yield self._current, self._inputs(self._current)
            return
        _log.info("following the plant files of a site", site=self._options.site)
        followed = FollowedPlant(
            self._options.site, self._records, self._options.copy_file, clock.now
        )
        async with aclosing(followed.files()) as files:
            async for plant in files:
                try:
                    inputs = self._inputs(plant)
                except MisconfiguredError as error:
                    _log.error("the plant file cannot be used", reason=str(error))
                    continue
                self._current = plant
                yield plant, inputs

    def _inputs(self, plant: PlantFile) -> dict[str, Input]:
        world = self._world
        answers = partial(following, self._settings, LAB_ANSWER.name, Start.OLDEST)
        keeping = Keeping(self._options.data_dir, answers)
        return build_inputs(plant, world.sources, keeping, world.urgency)

    async def _records(self) -> AsyncIterator[Record]:
        async with following(self._settings, MODEL.name, Start.OLDEST) as found:
            async for record in found:
                yield record
