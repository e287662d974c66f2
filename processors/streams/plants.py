"""The plant files that were published, by version."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

from plantstream.runtime.logs import get_logger
from plantstream.runtime.ports import Record
from schemas.codec import UnreadableError, decode
from schemas.mistakes import FileError
from schemas.model import PlantPublished
from schemas.plant.load import PlantFile, load_plant
from schemas.topics import MODEL

PATIENCE_S = 10.0
"""How long an event may be ahead of its plant file."""
_RETRY_S = 0.5

log = get_logger()


class PublishedPlants:
    """Reads plant.model.v1 whole whenever an event names a version that is not known yet."""

    def __init__(self, read_all: Callable[[], AsyncIterator[Record]]) -> None:
        self._read_all = read_all
        self._known: dict[str, PlantFile] = {}
        self._absent: set[str] = set()

    async def known(self, versions: set[str]) -> Mapping[str, PlantFile]:
        """The plant files of these versions; those never published are left out."""
        tries = int(PATIENCE_S / _RETRY_S)
        while versions - self._known.keys() - self._absent:
            await self._refresh()
            missing = versions - self._known.keys()
            tries -= 1
            if missing and tries <= 0:
                self._absent |= missing
            elif missing:
                await asyncio.sleep(_RETRY_S)
        return {version: self._known[version] for version in versions & self._known.keys()}

    async def _refresh(self) -> None:
        async for record in self._read_all():
            try:
                published = decode(MODEL, record.value)
                self._add(published)
            except (UnreadableError, FileError):
                log.exception("plant file not readable", offset=record.offset)

    def _add(self, published: PlantPublished) -> None:
        if published.plant_version not in self._known:
            self._known[published.plant_version] = load_plant(published.text, published.file)
