"""The plant file that is in force at a site: from its topic, or from the last copy on disk."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import structlog

from ingest.ports import Clock
from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.ports import Record
from schemas.codec import UnreadableError, decode, encode
from schemas.mistakes import FileError
from schemas.model import PlantPublished, in_force
from schemas.plant.load import PlantFile, load_plant
from schemas.topics import MODEL

LOOK_EVERY_S = 1.0
"""How exactly a stated time is kept."""
RETRY_S = 5.0

_log = structlog.get_logger(__name__)

Records = Callable[[], AsyncIterator[Record]]
"""All records of plant.model.v1 from the oldest on, without end."""


class FollowedPlant:
    """Gives the plant file of a site, and each later one when its time has come.

    What was read is kept in `copy`, so that an edge starts without the broker.
    """

    def __init__(self, site: str, records: Records, copy: Path, now: Clock) -> None:
        self._site = site
        self._records = records
        self._copy = copy
        self._now = now
        self._known: dict[str, PlantPublished] = {}

    async def files(self) -> AsyncGenerator[PlantFile, None]:
        """The file in force, as soon as there is one, then each that comes into force.

        One that this version of plantstream cannot read is told and passed over.
        """
        await asyncio.to_thread(self._load)
        reading = asyncio.create_task(self._read(), name="plant files")
        used: str | None = None
        try:
            while True:
                wanted = in_force(self._known.values(), self._site, self._now())
                if wanted is not None and wanted.plant_version != used:
                    used = wanted.plant_version
                    with suppress(FileError):
                        yield self._loaded(wanted)
                await asyncio.wait({reading}, timeout=LOOK_EVERY_S)
                if reading.done():
                    reading.result()
        finally:
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading

    def _loaded(self, published: PlantPublished) -> PlantFile:
        try:
            file = load_plant(published.text, published.file)
        except FileError as error:
            _log.error(
                "the plant file cannot be used: upgrade this edge or apply another one",
                site=self._site,
                number=published.number,
                reason=str(error),
            )
            raise
        _log.info("plant file", site=self._site, number=published.number, version=file.version)
        return file

    async def _read(self) -> None:
        while True:
            try:
                async for record in self._records():
                    self._take(record)
            except UnavailableError as error:
                _log.warning("plant files are not followed, trying again", reason=str(error))
            await asyncio.sleep(RETRY_S)

    def _take(self, record: Record) -> None:
        try:
            published = decode(MODEL, record.value)
        except UnreadableError as error:
            _log.warning("plant file not readable", offset=record.offset, reason=str(error))
            return
        if published.site == self._site and published.number > 0:
            self._known[published.plant_version] = published
            self._save()

    def _load(self) -> None:
        if not self._copy.exists():
            return
        for line in self._copy.read_bytes().splitlines():
            try:
                published = decode(MODEL, line)
            except UnreadableError as error:
                _log.warning("copy not readable", file=str(self._copy), reason=str(error))
                continue
            self._known[published.plant_version] = published

    def _save(self) -> None:
        """What is in force, and what will be."""
        current = in_force(self._known.values(), self._site, self._now())
        first = current.number if current else 0
        kept = [one for one in self._known.values() if one.number >= first]
        self._copy.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._copy.with_suffix(".new")
        with fresh.open("wb") as file:
            file.writelines(encode(one) + b"\n" for one in kept)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._copy)
