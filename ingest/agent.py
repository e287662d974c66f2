"""The edge agent: every input through the mapping into the spool, and from there to the broker."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import aclosing

from ingest.chunks import said_at
from ingest.commits import Commits, Work
from ingest.edge import Edge, Outcome
from ingest.input import Chunk, Input, Missed
from ingest.merge import merged, opened
from ingest.metrics import EdgeMetrics
from ingest.options import AgentOptions, World
from ingest.ports import Batch, Loss, Spool
from ingest.problems import ProblemLog
from ingest.publisher import Publisher, Waiting
from ingest.sealing import CountedStamps, Moment, Record, gaps, plant_entry
from ingest.stopping import is_stopped, stop
from ingest.unseen import EDGE, Reading, Unseen
from plantstream.runtime.errors import MisconfiguredError, cause_of
from plantstream.runtime.logs import get_logger
from plantstream.runtime.ports import Broker
from schemas.plant.load import PlantFile

BACKLOG_BYTES = 4 * 1024 * 1024
"""A recording is read no further while so much waits: what could not be sent yet helps nobody."""
TRY_AGAIN_S = 30.0
"""After an input failed in a way that only a person can mend."""

_log = get_logger(__name__)


_LIVE = AgentOptions.live()


Plan = tuple[PlantFile, Mapping[str, Input]]
"""A plant file and its inputs, none of them connected yet."""


async def run_agent(
    plan: Plan,
    spool: Spool,
    broker: Broker,
    options: AgentOptions = _LIVE,
    world: World | None = None,
    changes: AsyncIterator[Plan] | None = None,
) -> None:
    """Read, store and publish until all inputs have ended and the broker has everything.

    With `changes` it goes on without an end: each plan takes over from the one before, and inputs
    that are the same in both are not disturbed.

    The caller closes the spool, except that a finished recording's is deleted. May be cancelled or
    killed at any time: the next start goes on where the spool says.

    Raises:
        MisconfiguredError: the spool, the broker or the input of a recording needs a person.
    """
    plant, inputs = plan
    agent = _Agent(plant, spool, broker, options, world or World())
    try:
        await agent.run(inputs, changes)
    except BaseExceptionGroup as group:
        raise cause_of(group) from group
    if options.finite:
        await spool.delete()


async def dry_run(
    plant: PlantFile,
    inputs: Mapping[str, Input],
    options: AgentOptions = _LIVE,
    world: World | None = None,
) -> AsyncGenerator[Record, None]:
    """The records that `run_agent` would publish, without spool and broker."""
    the_world = world or World()
    edge = Edge(plant, CountedStamps("dry-run", "0"), options.cut, options.skew_limit)
    async with aclosing(merged(inputs)) as chunks:
        async for name, chunk in chunks:
            said = said_at(name, chunk.observations)
            outcome = edge.take(said, _moment(plant, options, the_world))
            for record in outcome.records:
                yield record
    for record in edge.rest(_moment(plant, options, the_world)).records:
        yield record


class _SpoolError(MisconfiguredError):
    """The spool needs a person: no input can go on."""


class _Agent:
    """The wiring of one agent."""

    def __init__(
        self, plant: PlantFile, spool: Spool, broker: Broker, options: AgentOptions, world: World
    ) -> None:
        self._plant = plant
        self._spool = spool
        self._options = options
        self._world = world
        self._metrics = EdgeMetrics(world.registry)
        self._metrics.see_spool(spool)
        self._edge = Edge(plant, spool, options.cut, options.skew_limit, spool.memory)
        waiting = Waiting(world.now, world.sleep, world.backoff)
        self._publisher = Publisher(spool, broker, self._metrics, waiting, world.tracing)
        self._commits = Commits(spool, self._metrics, waiting, self._complete)
        self._problems = ProblemLog(self._metrics)
        self._reading: dict[str, asyncio.Task[None]] = {}
        self._unseen = Unseen(spool.memory)

    async def run(self, inputs: Mapping[str, Input], changes: AsyncIterator[Plan] | None) -> None:
        """Begin, read all inputs beside the publisher, and end when there is nothing more."""
        await self._begin(inputs, publish=changes is None)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._publisher.run(), name="publisher")
            group.create_task(self._read_all(inputs, changes), name="inputs")

    async def _begin(self, inputs: Mapping[str, Input], *, publish: bool) -> None:
        now = self._world.now()
        self._world.urgency.adopt(self._plant)
        if publish:
            await self._commits.append(Batch(entries=[plant_entry(self._plant, now)]))
            self._publisher.wake()
        if not self._options.finite:
            await self._tell(self._look_back(inputs))

    def _look_back(self, inputs: Mapping[str, Input]) -> Mapping[Reading, Missed | None]:
        """What nobody looks at any more, or what a damaged spool held.

        What others were meant to see while the agent was down, they may have kept.
        """
        now, aside = self._world.now(), self._spool.set_aside
        if aside:
            _log.error("the spool was damaged: what it held is lost", set_aside=aside)
            reason = "the edge's spool was damaged"
            return {(EDGE, at): Missed(at, now, now, reason) for at in self._edge.equipment()}
        there = self._unseen.seen(EDGE)
        if there is None:
            return {}
        reason, readings = "the edge was down", self._readings(self._plant, inputs)
        for source, path in readings:
            start = self._unseen.seen(source) or there
            self._unseen.lose([(source, path)], start, reason)
        alone = set(self._edge.known()) - {path for _, path in readings}
        nobody = {(EDGE, path): Missed(path, there, now, reason) for path in alone}
        return {**nobody, **self._unseen.leave(readings, now)}

    def _readings(self, plant: PlantFile, sources: Iterable[str]) -> set[Reading]:
        """The equipment that has been seen, with the sources where it is read."""
        known = set(self._edge.known())
        found = ((name, path) for name in sources for path, _ in plant.plant.read_at(name))
        return {(name, path) for name, path in found if path in known}

    async def _read_all(
        self, inputs: Mapping[str, Input], changes: AsyncIterator[Plan] | None
    ) -> None:
        async with asyncio.TaskGroup() as group:
            self._start(group, inputs)
            if changes is not None:
                group.create_task(self._follow(group, changes), name="plant files")
        await self._store(self._edge.rest(self._moment()), {})
        self._publisher.finish()

    def _start(self, group: asyncio.TaskGroup, inputs: Mapping[str, Input]) -> None:
        for name, one in inputs.items():
            self._reading[name] = group.create_task(self._read(name, one), name=f"input {name}")

    async def _follow(self, group: asyncio.TaskGroup, changes: AsyncIterator[Plan]) -> None:
        async for plant, inputs in changes:
            stopped = {
                name: self._reading.pop(name)
                for name in list(self._reading)
                if name not in inputs or not self._plant.plant.reads_as(plant.plant, name)
            }
            await stop(stopped.values())
            # Their successors begin behind all that they gave.
            await self._commits.settle()
            for name in stopped:
                self._lose(name, "the plant file changed")
            readings = self._readings(plant, inputs)
            await self._tell(self._unseen.leave(readings, self._world.now()))
            for name in stopped.keys() - inputs.keys():
                self._world.sources.forget(name)
            self._plant = plant
            self._edge.adopt(plant)
            self._world.urgency.adopt(plant)
            self._start(
                group, {name: one for name, one in inputs.items() if name not in self._reading}
            )
            _log.info("plant file adopted", version=plant.version, restarted=sorted(stopped))

    async def _read(self, name: str, one: Input) -> None:
        """Read an input to its end. A live one that fails stops no other, and is tried again."""
        while True:
            try:
                await self._read_once(name, one)
            except Exception as error:
                if is_stopped():
                    _log.exception("an input did not stop cleanly", source=name)
                    raise asyncio.CancelledError from error
                if self._options.finite or isinstance(error, _SpoolError):
                    raise
                if isinstance(error, MisconfiguredError):
                    self._failed(name, str(error))
                else:
                    _log.exception("an input failed", source=name)
                    self._failed(name, f"{type(error).__name__}: {error}")
            else:
                return
            self._lose(name, f"the input {name} failed")
            await self._world.sleep(TRY_AGAIN_S)

    async def _read_once(self, name: str, one: Input) -> None:
        self._unseen.begin(name, self._world.now())
        async with opened(one, self._spool.positions.get(name)) as chunks:
            async for chunk in chunks:
                await self._room()
                await self._take(name, chunk)

    def _failed(self, name: str, trouble: str) -> None:
        meters = self._world.sources.of(name)
        if meters.trouble != trouble:
            _log.error("a source cannot be read", source=name, reason=trouble, retry_s=TRY_AGAIN_S)
        self._metrics.failures.labels("source").inc()
        meters.needs_help(trouble)

    def _lose(self, name: str, reason: str) -> None:
        """Nothing is seen there now, of equipment that was seen there before."""
        self._world.sources.of(name).lost()
        if (start := self._unseen.seen(name)) is not None:
            self._unseen.lose(self._readings(self._plant, [name]), start, reason)

    async def _tell(self, ended: Mapping[Reading, Missed | None]) -> None:
        """These holes are all that there is to store."""
        known = set(self._edge.equipment())
        missed = [one for one in ended.values() if one is not None and one.equipment in known]
        if missed:
            outcome = self._edge.take(missed, self._moment())
            self._unseen.close(ended)
            await self._store(outcome, {})

    async def _room(self) -> None:
        """Wait for the broker rather than drop what can be read again or must not be lost."""
        while self._spool.is_full or (
            self._options.finite and self._spool.size_bytes > BACKLOG_BYTES
        ):
            await self._publisher.removed()

    async def _take(self, name: str, chunk: Chunk) -> None:
        now = self._world.now()
        ended = self._unseen.ended(name, chunk.observations, now)
        seen = [one for one in ended.values() if one is not None]
        told = [*seen, *said_at(name, chunk.observations)]
        outcome = self._edge.take(told, self._moment())
        self._unseen.close(ended)
        self._unseen.saw(name, now)
        positions = {} if chunk.position is None else {name: chunk.position}
        await self._store(outcome, positions, urgent=chunk.urgent)
        self._world.sources.of(name).took(told, self._world.now())
        self._metrics.samples.labels(name).inc(outcome.mapped.samples)
        self._metrics.unreadable.labels(name).inc(len(outcome.mapped.unreadable))
        self._problems.tell(outcome.mapped.problems)

    async def _store(
        self, outcome: Outcome, positions: Mapping[str, str], *, urgent: bool = False
    ) -> None:
        try:
            await self._commits.store(Work(outcome.records, outcome.memory, positions, urgent))
        except MisconfiguredError as error:
            raise _SpoolError(str(error)) from error
        self._publisher.wake()

    def _complete(self, losses: Sequence[Loss]) -> tuple[Sequence[Record], Mapping[str, bytes]]:
        """What every commit tells as well: earlier losses, and until when the edge was there."""
        told = self._edge.tell(gaps(losses), self._moment())
        if self._options.finite:
            return told, {}
        now = self._world.now()
        for name in (EDGE, *self._connected()):
            self._unseen.saw(name, now)
        return told, self._unseen.memory(self._spool.memory)

    def _connected(self) -> list[str]:
        """The inputs whose source answers, whether it says something or not."""
        meters = self._world.sources.all()
        return [name for name in self._reading if name in meters and meters[name].is_connected]

    def _moment(self) -> Moment:
        return _moment(self._plant, self._options, self._world)


def _moment(plant: PlantFile, options: AgentOptions, world: World) -> Moment:
    traceparent = f"00-{world.entropy(16).hex()}-{world.entropy(8).hex()}-01"
    return Moment(options.run, plant.version, traceparent, world.now())
