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
LOOK_AGAIN_S = 30.0
"""So long one that was never published is taken to be so: what was buried may be sent again."""
_RETRY_S = 0.5

log = get_logger()


class PublishedPlants:
    """Reads plant.model.v1 whole whenever an event names a version that is not known yet.

    Of the files only those are looked into that somebody asks for: a log holds each that ever was.
    """

    def __init__(self, read_all: Callable[[], AsyncIterator[Record]]) -> None:
        self._read_all = read_all
        self._published: dict[str, PlantPublished] = {}
        self._known: dict[str, PlantFile] = {}
        self._absent: dict[str, float] = {}
        """When it was looked for last, by the event loop."""

    async def known(self, versions: set[str]) -> Mapping[str, PlantFile]:
        """The plant files of these versions; those never published are left out."""
        tries = int(PATIENCE_S / _RETRY_S)
        while self._missing(versions) - self._absent_by_now():
            await self._refresh()
            missing = self._missing(versions)
            tries -= 1
            if tries <= 0 or missing <= self._absent.keys():
                self._absent |= dict.fromkeys(missing, _seconds())
            else:
                await asyncio.sleep(_RETRY_S)
        for version in versions & self._published.keys():
            self._look_into(self._published.pop(version))
        return {version: self._known[version] for version in versions & self._known.keys()}

    def _missing(self, versions: set[str]) -> set[str]:
        return versions - self._published.keys() - self._known.keys()

    def _absent_by_now(self) -> set[str]:
        since = _seconds() - LOOK_AGAIN_S
        return {version for version, at in self._absent.items() if at > since}

    async def _refresh(self) -> None:
        async for record in self._read_all():
            try:
                published = decode(MODEL, record.value)
            except UnreadableError as error:
                log.warning("plant file not readable", offset=record.offset, reason=str(error))
            else:
                if published.plant_version not in self._known:
                    self._published.setdefault(published.plant_version, published)

    def _look_into(self, published: PlantPublished) -> None:
        version = published.plant_version
        try:
            self._known[version] = load_plant(published.text, published.file)
        except FileError as error:
            log.warning("plant file not readable", plant_version=version, reason=str(error))
            self._absent[version] = _seconds()


def _seconds() -> float:
    return asyncio.get_running_loop().time()
