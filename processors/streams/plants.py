"""The plant files that were published, by version."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime

from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.logs import get_logger
from plantstream.runtime.ports import Record
from processors.step import InForce, Sites
from schemas.codec import UnreadableError, decode
from schemas.mistakes import FileError
from schemas.model import PlantPublished, in_force
from schemas.plant.load import PlantFile, load_plant
from schemas.topics import MODEL

PATIENCE_S = 10.0
"""How long an event may be ahead of its plant file."""
LOOK_AGAIN_S = 30.0
"""So long one that was never published is taken to be so: what was buried may be sent again."""
READ_EVERY_S = 3600.0
"""So often it is read for files that were applied, if no event has named one before."""
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
        self._applied: list[PlantPublished] = []
        """Without their texts."""
        self._read_at: float | None = None

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

    async def in_force(self, now: datetime) -> Sites:
        """The plant files in force, of sites where one was applied, as was read lately.

        Where no broker answers they are those that are known.
        """
        if self._read_at is None or _seconds() - self._read_at >= READ_EVERY_S:
            with suppress(UnavailableError):
                await self._refresh()
        return dict(self._in_force(now))

    def _in_force(self, now: datetime) -> Iterator[tuple[str, InForce]]:
        for site in {one.site for one in self._applied}:
            found = in_force(self._applied, site, now)
            if found is None:
                continue
            if found.plant_version in self._published:
                self._look_into(self._published.pop(found.plant_version))
            file = self._known.get(found.plant_version)
            if file is not None:
                since = max(found.published_at, found.in_force_from or found.published_at)
                yield site, InForce(file, since)

    def _missing(self, versions: set[str]) -> set[str]:
        return versions - self._published.keys() - self._known.keys()

    def _absent_by_now(self) -> set[str]:
        since = _seconds() - LOOK_AGAIN_S
        return {version for version, at in self._absent.items() if at > since}

    async def _refresh(self) -> None:
        applied: list[PlantPublished] = []
        async for record in self._read_all():
            try:
                published = decode(MODEL, record.value)
            except UnreadableError as error:
                log.warning("plant file not readable", offset=record.offset, reason=str(error))
            else:
                if published.plant_version not in self._known:
                    self._published.setdefault(published.plant_version, published)
                if published.number:
                    applied.append(published.model_copy(update={"text": ""}))
        self._applied, self._read_at = applied, _seconds()

    def _look_into(self, published: PlantPublished) -> None:
        version = published.plant_version
        try:
            self._known[version] = load_plant(published.text, published.file)
        except FileError as error:
            log.warning("plant file not readable", plant_version=version, reason=str(error))
            self._absent[version] = _seconds()


def _seconds() -> float:
    return asyncio.get_running_loop().time()
