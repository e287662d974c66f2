"""The plant files of a site as they were applied, or one that was given."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from pathlib import Path

from plantstream.runtime import clock
from plantstream.runtime.kafka.follow import Start, following
from plantstream.runtime.logs import get_logger
from plantstream.runtime.plant_files import FollowedPlant
from plantstream.runtime.ports import Record
from plantstream.runtime.settings import KafkaSettings
from schemas.plant.load import PlantFile
from schemas.topics import MODEL

_log = get_logger(__name__)


async def plant_files(
    plant: PlantFile | str, copy: Path, settings: KafkaSettings
) -> AsyncGenerator[PlantFile, None]:
    """The file itself; of a site (enterprise/site) the one in force, and each later one in time.

    The last one that was followed is kept in `copy`, for a start without the broker.
    """
    if isinstance(plant, PlantFile):
        yield plant
        return

    async def records() -> AsyncIterator[Record]:
        async with following(settings, MODEL.name, Start.OLDEST) as found:
            async for record in found:
                yield record

    _log.info("following the plant files of a site", site=plant)
    followed = FollowedPlant(plant, records, copy, clock.now)
    async with aclosing(followed.files()) as files:
        async for file in files:
            yield file
