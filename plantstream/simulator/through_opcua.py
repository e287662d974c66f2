"""A recording that takes the way of a machine: out of an OPC UA server, in by a subscription."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

from ingest.backlog import Holding
from ingest.input import GOOD, Alive, Chunk, Input, Missed, Sample, Told, Unreadable
from ingest.inputs.opcua.input import OpcUaInput
from ingest.inputs.opcua.subscription import queue_size
from ingest.inputs.recording.recording import Recording
from ingest.metrics import SourceMeters
from plantstream.runtime import clock
from plantstream.runtime.errors import UnavailableError
from plantstream.simulator.playback import HEARTBEAT, WAITING, PlaybackServer, Shown
from schemas.plant.equipment import Equipment
from schemas.plant.load import PlantFile
from schemas.plant.sources import OpcUaSource, Security
from schemas.plant.tags import Tag

SAMPLING_MS = 10
PUBLISHING_MS = 20
BUFFER_S = 20.0
"""The server queues what comes in so long at `SAMPLING_MS`: 2,000 values of each tag."""
HEARTBEAT_S = 0.5
STALLED_AFTER_S = 30.0
"""Without a value, while some are on their way."""

_AGAIN = "run the same command again: it goes on where it was"


@dataclass(frozen=True, slots=True)
class _Sent:
    """A chunk of the recording on its way through the server."""

    chunk: Chunk
    shown: Sequence[Shown]
    needed: Mapping[str, int]
    """Values by node."""

    @property
    def longest(self) -> int:
        """The most values that one node has to queue."""
        return max(self.needed.values(), default=0)


class ThroughOpcUa:
    """Plays chunks at a server of its own and gives them as the OPC UA input heard them.

    A chunk comes out once each of its values was heard: the same samples in the same order as the
    player gave them, so the ids are those of a replay without a server in between. A value that
    does not come, or comes at another time, ends it with an error.
    """

    def __init__(
        self, player: Input, recording: Recording, plant: PlantFile, meters: SourceMeters
    ) -> None:
        self._player = player
        self._path = recording.layout.equipment
        self._equipment = _addressed(recording, plant)
        self._names = [tag.name for tag in self._equipment.tags]
        self._meters = meters

    async def chunks(self, position: str | None) -> AsyncIterator[Chunk]:
        """The recording from this position on.

        Raises:
            MisconfiguredError: OPC UA cannot carry a value of the recording.
            UnavailableError: a value got lost on the way; what was before it is stored.
        """
        server = PlaybackServer(self._names)
        await server.start()
        try:
            source = _source(server.endpoint)
            journey = _Journey(self._names, queue_size(source, PUBLISHING_MS) // 2)
            listening = OpcUaInput(
                "recording",
                source,
                [(self._path, self._equipment)],
                self._meters,
                Holding(limit=2 * journey.room * len(self._names)),
            )
            playing = asyncio.create_task(journey.play(self._player.chunks(position), server))
            try:
                async with aclosing(listening.chunks(None)) as heard:  # type: ignore[type-var]
                    async for chunk in journey.arrivals(heard, playing):
                        yield chunk
            finally:
                playing.cancel()
                await asyncio.wait({playing})
        finally:
            await server.close()


class _Journey:
    """What is on its way from the player to the agent."""

    def __init__(self, names: Sequence[str], room: int) -> None:
        self.room = room
        """Values of one node that may be on their way: half of what the server queues."""
        self._silent = set(names)
        """Nodes of which the subscription has told nothing yet."""
        self._due: dict[str, deque[datetime]] = {name: deque() for name in names}
        """When the values on their way were shown, by node."""
        self._heard: dict[str, deque[Sample]] = {name: deque() for name in names}
        self._sent: deque[_Sent] = deque()
        self._moved = asyncio.Event()

    async def play(self, chunks: AsyncIterator[Chunk], server: PlaybackServer) -> None:
        """Show all chunks, no faster than they arrive."""
        while self._silent:
            await self._move()
        async for chunk in chunks:
            shown = tuple(_shown(chunk.observations))
            sent = _Sent(chunk, shown, Counter(one.node for one in shown))
            while self._sent and self._flying + sent.longest > self.room:
                await self._move()
            self._sent.append(sent)
            for one in shown:
                self._due[one.node].append(one.at)
                await server.show(one)
                if one.node == HEARTBEAT:
                    await asyncio.sleep(0)

    async def arrivals(
        self, heard: AsyncIterator[Chunk], playing: "asyncio.Task[None]"
    ) -> AsyncIterator[Chunk]:
        """The chunks that were heard in full, until all were."""
        arrived_at = clock.monotonic()
        while self._sent or not playing.done():
            try:
                async with asyncio.timeout(STALLED_AFTER_S):
                    for seen in (await anext(heard)).observations:
                        self._take(seen)
            except TimeoutError:
                raise UnavailableError(f"the recording's server is silent: {_AGAIN}") from None
            self._moved.set()
            if playing.done():
                await playing
            while self._sent and self._is_whole(self._sent[0]):
                yield self._arrived(self._sent[0])
                self._sent.popleft()
                self._moved.set()
                arrived_at = clock.monotonic()
            if self._sent and clock.monotonic() - arrived_at > STALLED_AFTER_S:
                raise UnavailableError(f"values of the recording did not arrive: {_AGAIN}")
        await playing

    @property
    def _flying(self) -> int:
        return sum(one.longest for one in self._sent)

    async def _move(self) -> None:
        self._moved.clear()
        await self._moved.wait()

    def _take(self, seen: Told) -> None:
        match seen:
            case Sample(tag=name, quality=quality) if quality == WAITING:
                self._silent.discard(name)
            case Sample(tag=name, source_time=at):
                if at != (due := self._due[name].popleft()):
                    moment = due.isoformat()
                    raise UnavailableError(f"{name} of {moment} got lost on its way: {_AGAIN}")
                self._heard[name].append(seen)
            case Missed(reason=reason) | Unreadable(reason=reason):
                raise UnavailableError(f"values of the recording got lost ({reason}): {_AGAIN}")
            case _:
                """The server's own signs of life have its time, not the recording's."""

    def _is_whole(self, sent: _Sent) -> bool:
        return all(len(self._heard[node]) >= number for node, number in sent.needed.items())

    def _arrived(self, sent: _Sent) -> Chunk:
        """The chunk with the samples that were heard; a heartbeat is what says that time passed."""
        heard = [self._heard[one.node].popleft() for one in sent.shown]
        samples = iter([one for one in heard if one.tag != HEARTBEAT])
        return Chunk(
            tuple(
                next(samples) if isinstance(one, Sample) else one for one in sent.chunk.observations
            ),
            sent.chunk.position,
        )


def _shown(observations: Sequence[Told]) -> Iterator[Shown]:
    """What the nodes show; the heartbeat follows what else belongs to its moment."""
    now: datetime | None = None
    for one in observations:
        if isinstance(one, Sample | Alive):
            at = one.source_time if isinstance(one, Sample) else one.at
            if now is not None and at != now:
                yield Shown(HEARTBEAT, now, GOOD, now)
            now = at
        if isinstance(one, Sample):
            yield Shown(one.tag, one.value, one.quality, one.source_time)
    if now is not None:
        yield Shown(HEARTBEAT, now, GOOD, now)


def _addressed(recording: Recording, plant: PlantFile) -> Equipment:
    """The recorded tags with addresses at the server; the plant file stays as it is."""
    equipment = plant.plant.find(recording.layout.equipment)
    if equipment is None:
        raise AssertionError(f"{recording.layout.equipment} was in the map, which was checked")
    known = {tag.name: tag for tag in equipment.tags}
    tags = [known[column.tag] for column in recording.layout.columns]
    time = Tag(name="time").model_copy(update={"name": HEARTBEAT})
    placed = [
        tag.model_copy(update={"node": PlaybackServer.address(tag.name), "deadband": None})
        for tag in (*tags, time)
    ]
    return equipment.model_copy(update={"tags": placed})


def _source(endpoint: str) -> OpcUaSource:
    return OpcUaSource(
        type="opcua",
        endpoint=endpoint,
        security=Security(policy="None", mode="None"),
        sampling_ms=SAMPLING_MS,
        publishing_ms=PUBLISHING_MS,
        report="updates",
        heartbeat_s=HEARTBEAT_S,
        buffer_s=BUFFER_S,
    )
