"""The plant file that is in force at a site: from its topic, or from the last copy on disk."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.logs import get_logger
from plantstream.runtime.ports import Record
from schemas.codec import UnreadableError, decode, encode
from schemas.mistakes import FileError
from schemas.model import PlantPublished, in_force
from schemas.plant.load import PlantFile, load_plant
from schemas.topics import MODEL

LOOK_EVERY_S = 1.0
"""How exactly a stated time is kept."""
RETRY_S = 5.0

_log = get_logger(__name__)

Clock = Callable[[], datetime]
Records = Callable[[], AsyncIterator[Record]]
"""All records of plant.model.v1 from the oldest on, without end."""


class FollowedPlant:
    """Gives the plant file of a site, and each later one when its time has come.

    What was read is kept in `copy`, so that a service starts without the broker.
    """

    def __init__(self, site: str, records: Records, copy: Path, now: Clock) -> None:
        self._site = site
        self._records = records
        self._copy = copy
        self._now = now
        self._known: dict[tuple[int, str], PlantPublished] = {}
        """By number and version: a text may come back under a later number."""
        self._used: PlantPublished | None = None
        self._unusable: set[str] = set()
        """Versions that this version of plantstream cannot read."""

    async def files(self) -> AsyncGenerator[PlantFile, None]:
        """The file in force, as soon as there is one, then each that comes into force.

        One that this version of plantstream cannot read is told and passed over. A clock that is
        set back brings no earlier file back.
        """
        await asyncio.to_thread(self._load)
        reading = asyncio.create_task(self._read(), name="plant files")
        try:
            while True:
                wanted = self._news()
                while wanted is not None:
                    with suppress(FileError):
                        file = self._loaded(wanted)
                        self._used = wanted
                        yield file
                    wanted = self._news()
                await asyncio.wait({reading}, timeout=LOOK_EVERY_S)
                if reading.done():
                    reading.result()
        finally:
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading

    def _news(self) -> PlantPublished | None:
        """The file to use now, if it is another one than the one in use."""
        used = self._used
        usable = (one for one in self._known.values() if one.plant_version not in self._unusable)
        wanted = in_force(usable, self._site, self._now())
        if wanted is None or used is None:
            return wanted
        is_later = wanted.number >= used.number and wanted.plant_version != used.plant_version
        return wanted if is_later else None

    def _loaded(self, published: PlantPublished) -> PlantFile:
        try:
            file = load_plant(published.text, published.file)
        except FileError as error:
            self._unusable.add(published.plant_version)
            _log.error(
                "the plant file cannot be used: upgrade plantstream here or apply another one",
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
            self._remember(published)
            try:
                self._save()
            except OSError as error:
                told = "the copy of the plant file is not written; make room, or let it be written"
                _log.warning(told, file=str(self._copy), reason=str(error))

    def _remember(self, published: PlantPublished) -> None:
        self._known[published.number, published.plant_version] = published

    def _load(self) -> None:
        if not self._copy.exists():
            return
        for line in self._copy.read_bytes().splitlines():
            try:
                published = decode(MODEL, line)
            except UnreadableError as error:
                _log.warning("copy not readable", file=str(self._copy), reason=str(error))
                continue
            self._remember(published)

    def _save(self) -> None:
        """What is used, and what may be used later."""
        first = self._used.number if self._used else 0
        kept = [one for one in self._known.values() if one.number >= first]
        self._copy.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._copy.with_suffix(".new")
        with fresh.open("wb") as file:
            file.writelines(encode(one) + b"\n" for one in kept)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._copy)
