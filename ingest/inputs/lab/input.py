"""The input of a laboratory: an HTTP interface and a folder, one stream of statements."""

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ingest.input import Chunk
from ingest.inputs.lab.answered import Answered, Answers
from ingest.inputs.lab.app import ANSWER_WITHIN_S, Office, create_app
from ingest.inputs.lab.desk import Desk, FilePlace, remembered
from ingest.inputs.lab.folder import WatchedFolder
from ingest.inputs.lab.signing import Signing
from ingest.inputs.lab.sorting import sort
from ingest.inputs.lab.store import LedgerThread
from ingest.inputs.lab.tokens import FILE, lab_tokens
from ingest.metrics import SourceMeters
from plantstream.runtime import clock
from plantstream.runtime.errors import PlantstreamError
from plantstream.runtime.faults import FaultPoint
from plantstream.runtime.http_server import Listening, serving
from plantstream.runtime.logs import get_logger
from schemas.plant.lab_source import LabFolder, LabHttp, LabSource
from schemas.plant.load import PlantFile

CHUNK_STATEMENTS = 500
SERVICE = "lab"
"""What the interface is called in the metrics of HTTP."""
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """The position: the number of the last chunk, and how far files were read."""

    number: int = 0
    files: tuple[FilePlace, ...] = ()
    """The newest, and those that have not ended."""

    def next(self, file: FilePlace | None) -> "Place":
        """The place of the next chunk, after which a file is read so far."""
        files = remembered(self.files, file) if file else self.files
        return Place(self.number + 1, files)

    def dump(self) -> str:
        """As JSON that `load` reads."""
        return json.dumps({"number": self.number, "files": [asdict(one) for one in self.files]})

    @classmethod
    def load(cls, stored: str) -> "Place":
        """The place that `dump` wrote."""
        found = json.loads(stored)
        return cls(found["number"], tuple(FilePlace(**one) for one in found.get("files", ())))


class LabInput:
    """Implements `ingest.input.Input` for one laboratory source of a plant file.

    Nothing is opened before `chunks` is asked for its first chunk.
    """

    def __init__(
        self,
        name: str,
        source: LabSource,
        plant: PlantFile,
        data_dir: Path,
        meters: SourceMeters | None = None,
        answers: Answers | None = None,
    ) -> None:
        self._name = name
        self._source = source
        self._plant = plant
        self._data_dir = data_dir
        self._meters = meters or SourceMeters.unseen()
        self._answers = answers
        self.answer_within_s = ANSWER_WITHIN_S
        """So long a request waits for the disk."""
        self.noted = FaultPoint("lab.noted")
        """The keys of a chunk are on disk, and the chunk is not."""
        self.stored = FaultPoint("lab.stored")
        """A chunk is on disk, and nobody was answered."""
        self.address: tuple[str, int] | None = None
        """Where the HTTP interface listens, once it does."""

    async def chunks(self, position: str | None) -> AsyncIterator[Chunk]:
        """What is stated from now on, and files from where the last one was left.

        Raises:
            MisconfiguredError: a port, a certificate, the tokens or the ledger needs a person.
        """
        place = Place() if position is None else Place.load(position)
        site = self._plant.plant.site
        ledger = LedgerThread(self._data_dir / "spool" / f"{site}.lab.{self._name}.sqlite")
        desk = Desk()
        async with AsyncExitStack() as stack:
            stack.push_async_callback(ledger.close)
            number = await ledger.open(None if position is None else place.number)
            place = replace(place, number=max(number, place.number))
            stack.callback(desk.close)
            working = [
                asyncio.create_task(work, name=f"lab {self._name}")
                for work in self._work(desk, ledger, place.files)
            ]
            stack.push_async_callback(_ended, working)
            for one in working:
                one.add_done_callback(lambda _: desk.close())
            while groups := await desk.take(CHUNK_STATEMENTS):
                keys = [item.key for group in groups for item in group.items if item.key]
                found = sort(groups, await ledger.known(keys))
                if found.told or found.place:
                    place = place.next(found.place)
                    await ledger.note(place.number, found.noted, clock.now())
                    await self.noted.reached()
                    yield Chunk(tuple(found.told), place.dump())
                    await self.stored.reached()
                for group, contradicting in found.answers.items():
                    group.say(contradicting)
            ended, _ = await asyncio.wait(working, return_when=asyncio.FIRST_COMPLETED)
            for one in ended:
                await one

    def _work(
        self, desk: Desk, ledger: LedgerThread, files: Sequence[FilePlace]
    ) -> Iterator[Coroutine[Any, Any, None]]:
        if self._source.http is not None:
            answered = Answered(self._plant.plant.site_path())
            yield self._serve(self._source.http, (desk, ledger), answered)
            if self._answers is not None:
                yield answered.follow(self._answers)
        if self._source.folder is not None:
            yield self._watch(self._source.folder, desk, ledger, files)

    async def _serve(
        self, http: LabHttp, storing: tuple[Desk, LedgerThread], answered: Answered
    ) -> None:
        desk, ledger = storing
        tokens = lab_tokens(token_file(http, self._data_dir))
        if not await asyncio.to_thread(tokens.tokens):
            told = "nobody can state anything yet: give out tokens with `plantstream lab-token add`"
            _log.warning(told, source=self._name, file=str(tokens.path))
        office = Office(
            self._plant.plant,
            tokens,
            ledger,
            desk,
            http.requests_per_s,
            self._meters,
            Signing.of(self._plant.plant, self._data_dir, self._name),
            answered,
            self.answer_within_s,
        )
        app = self._meters.http.measured(create_app(office), SERVICE)
        async with serving(app, _listening(http)) as server:
            self.address = server.address
            self._meters.connected()
            _log.info("laboratory interface listens", source=self._name, address=server.url)
            await server.ended()

    async def _watch(
        self, folder: LabFolder, desk: Desk, ledger: LedgerThread, files: Sequence[FilePlace]
    ) -> None:
        watched = WatchedFolder(folder, self._plant.plant, desk, ledger, self._meters)
        await watched.watch(files)


def _listening(http: LabHttp) -> Listening:
    return Listening(
        http.listen, http.port, http.certificate, http.private_key, owner="the lab source"
    )


def token_file(http: LabHttp, data_dir: Path) -> Path:
    """Where the tokens of this interface are."""
    return Path(http.tokens).expanduser() if http.tokens else data_dir / FILE


async def _ended(tasks: list[asyncio.Task[None]]) -> None:
    for one in tasks:
        one.cancel()
    for one in tasks:
        with suppress(asyncio.CancelledError, PlantstreamError):
            await one
