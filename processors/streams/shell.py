"""The shell: a loop that gives a pure engine exact results, whatever is killed, paused or repeated.

1. One transaction decides. Changed rows, marks, positions and outputs of a micro-batch become
   visible together or not at all; a worker that lost its partition cannot commit. What has no
   outputs waits for the next that has some, or for a quiet moment: nobody has seen any of it.
2. The journal's position, not the group's offset, says what was applied. Every offset is applied
   in turn; what was left out is asked for again before anything that follows it.
3. Bytes that cannot be read are buried; any other failure ends the process. Nothing is skipped.
   Only who is refused while the group deals anew forgets all, and waits for what is his then;
   and whom no broker answers, or who is refused although the group counts him in, claims the
   same again: the journal says what became of it.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

from plantstream.runtime.at_once import see_cancellation, together
from plantstream.runtime.causes import carried
from plantstream.runtime.errors import FencedError, UnavailableError
from plantstream.runtime.faults import FaultPoint
from plantstream.runtime.logs import get_logger
from plantstream.runtime.pauses import is_over
from plantstream.runtime.ports import Assigned, Outgoing, Record, TopicPartition
from plantstream.runtime.tracing import Span
from processors.step import Engine
from processors.streams import batch
from processors.streams.batch import Outcome
from processors.streams.claims import Claims
from processors.streams.dues import Due
from processors.streams.memory import Memory, Unsaved
from processors.streams.metrics import ShellMetrics
from processors.streams.missing import Missing
from processors.streams.ports import ShellLimits, ShellPorts
from processors.streams.retirement import Retirement
from processors.streams.telling import tell

TICKED_AT_ONCE = 50
"""States of a partition that are told the time before records have their turn again."""

log = get_logger()


class Shell:
    """Drives one engine. One task calls `run`; it returns when `stopping` is set."""

    def __init__(
        self,
        engine: Engine[Any],
        ports: ShellPorts,
        metrics: ShellMetrics,
        limits: ShellLimits | None = None,
    ) -> None:
        self._engine = engine
        self._feed, self._journal, self._plants = ports.feed, ports.journal, ports.plants
        self._now, self._upstream, self._metrics = ports.now, ports.upstream, metrics
        self._reach, self._tracing = ports.reach, ports.tracing
        self._limits = limits or ShellLimits()
        self._grace = timedelta(seconds=self._limits.grace_s)
        self._known_since: dict[int, datetime] = {}
        self._due: dict[int, Due] = {}
        self._unsaved: dict[int, Unsaved] = {}
        self._memories: dict[int, Memory] = {}
        self._missing, self._claims = Missing(self._feed), Claims()
        self._retirement = Retirement(engine, ports.plants)
        self._ticked_at: datetime | None = None
        self._offered: dict[TopicPartition, int] = {}
        self._offered_at: datetime | None = None
        self._applied = FaultPoint(f"{engine.name}.applied")
        self._committed = FaultPoint(f"{engine.name}.committed")
        metrics.watch(self._applied, self._committed)
        self.stopping = False

    async def run(self) -> None:
        """Read, step, commit, until told to stop."""
        while not self.stopping:
            await self.turn()
        await self._save(self._now(), at_once=True)
        await self._offer(self._now(), at_once=True)

    async def turn(self) -> None:
        """One poll and what follows from it."""
        polled = await self._feed.poll(self._limits.batch_records)
        if isinstance(polled, Assigned):
            self._claims = Claims({one.partition for one in polled.partitions})
            polled = ()
        try:
            if self._claims.wanted is None:
                await self._work_on(polled)
            elif self._claims.is_due(self._now()):
                await self._claim(self._claims.wanted)
        except FencedError as error:
            see_cancellation()
            if await self._is_counted_in():
                self._fail(error)
            elif self._feed.is_dealing():
                log.warning("given_away", engine=self._engine.name, reason=str(error))
                self._claims = Claims()
                await self._take_over(set())
            else:
                raise
        except UnavailableError as error:
            see_cancellation()
            self._fail(error)

    async def _is_counted_in(self) -> bool:
        """Whether the group says, as far as it answers, that what is ours still is."""
        if self._feed.is_dealing():
            return False
        try:
            return await self._feed.is_member()
        except UnavailableError:
            return True  # It is asked again before anything is claimed.

    def _fail(self, error: Exception) -> None:
        if self._claims.fail(set(self._memories)):
            log.warning("claiming_again", engine=self._engine.name, reason=str(error))
        self._forget()

    async def _work_on(self, polled: Sequence[Record]) -> None:
        now = self._now()
        by_partition: dict[int, list[Record]] = {}
        for record in polled:
            if record.partition in self._memories:
                by_partition.setdefault(record.partition, []).append(record)
        self._metrics.holding(self._held() + sum(map(len, by_partition.values())))
        await together(self._handle(part, records) for part, records in by_partition.items())
        if self._is_due(now):
            self._ticked_at = now
            self._mark_ends(now)
        await together(self._tick(partition, now) for partition in list(self._due))
        await self._save(now, at_once=not polled)
        self._metrics.holding(self._held())
        await self._offer(now)

    async def _claim(self, partitions: set[int]) -> None:
        again = self._claims.again
        if again and partitions and not await self._feed.is_member():
            return  # What another worker may own by now is not taken from him.
        await self._take_over(partitions)
        self._claims = self._claims.made()
        if again:
            log.info("claimed_again", engine=self._engine.name, partitions=len(partitions))
            await together(self._read_again(part) for part in self._memories)

    async def _read_again(self, partition: int) -> None:
        """What was given while nothing was ours, or was undone."""
        positions = self._memories[partition].positions
        wanted = {one.name: positions.get(one.name, 0) for one in self._engine.inputs}
        await self._ask_for(partition, wanted, self._now())

    def _forget(self) -> None:
        self._memories, self._offered = {}, {}
        self._due, self._known_since, self._unsaved = {}, {}, {}
        self._missing.forget()
        self._upstream.begin()
        self._reach.owns({})

    async def _take_over(self, partitions: set[int]) -> None:
        self._forget()
        claimed = await self._journal.claim(partitions)
        self._memories = {part: Memory.from_rows(rows) for part, rows in claimed.items()}
        self._metrics.owns(self._memories)
        self._reach.owns(
            {
                TopicPartition(topic.name, part): memory.positions.get(topic.name, 0)
                for part, memory in self._memories.items()
                for topic in self._engine.inputs
            }
        )

    async def _handle(self, partition: int, records: Sequence[Record]) -> None:
        memory, outcome, now = self._memories[partition], Outcome(self._engine.name), self._now()
        fresh, missing = batch.unread(memory, records)
        await self._ask_for(partition, missing, now)
        arrivals = batch.read(fresh, outcome, now)
        if not fresh:
            if partition not in self._unsaved:
                # Whoever applied them died before the group was told.
                self._reached(partition, memory.positions)
            return
        plants = await self._plants.known(batch.versions(arrivals))
        with self._working(partition, fresh) as span:
            batch.apply(self._engine, memory, arrivals, plants, outcome, now)
            await self._applied.reached()
            outcome.outputs = span.on(outcome.outputs)
            await self._keep(partition, outcome, now, len(fresh))
        self._reach.read(fresh)
        await self._committed.reached()

    def _working(
        self, partition: int, worked: Sequence[Record | Outgoing]
    ) -> AbstractContextManager[Span]:
        """What is done with these records, or leads to them, as a part of their traces."""
        name = f"process {self._engine.name}"
        causes = [carried(one) for one in worked] if self._tracing.is_on else ()
        about = {"plantstream.partition": partition, "messaging.batch.message_count": len(worked)}
        return self._tracing.working(name, causes, about)

    def _mark_ends(self, now: datetime) -> None:
        """It is time for a tick: all that stands in the logs by now comes before it."""
        for partition in self._memories.keys() - self._due.keys():
            found = {
                topic.name: self._feed.end(TopicPartition(topic.name, partition))
                for topic in self._engine.inputs
            }
            ends = {topic: end for topic, end in found.items() if end is not None}
            if len(ends) < len(found):
                if self._known_since.pop(partition, None) is not None:
                    self._upstream.begin()
            elif is_over(self._grace, self._known_since.setdefault(partition, now), now):
                self._due[partition] = Due(now, ends)

    async def _tick(self, partition: int, now: datetime) -> None:
        """The tick that is due, once all that came before it is applied."""
        memory, due = self._memories[partition], self._due[partition]
        positions = {topic: memory.positions.get(topic, 0) for topic in due.ends}
        waiting = {
            topic: offset
            for topic, offset in positions.items()
            if not self._feed.is_read(TopicPartition(topic, partition), offset, due.ends[topic])
        }
        await self._ask_for(partition, self._missing.stalled(partition, waiting, now), now)
        if waiting:
            return
        if not await self._upstream.has_told(now):
            del self._due[partition]
            return
        keys = memory.due(self._engine, due.at, TICKED_AT_ONCE)
        if len(keys) < TICKED_AT_ONCE:
            del self._due[partition]
        states = [memory.state_of(key, self._engine) for key in keys]
        plants = await self._plants.known({state.plant_version for state in states} - {""})
        told = batch.tick(self._engine, memory, keys, plants, due.at)
        await self._say(partition, told, now)
        if partition not in self._due:
            await self._say(partition, await self._retirement.of(partition, memory, due.at), now)

    async def _say(self, partition: int, outcome: Outcome, now: datetime) -> None:
        if outcome.rows:
            with self._working(partition, outcome.outputs) as span:
                outcome.outputs = span.on(outcome.outputs)
                await self._keep(partition, outcome, now)

    async def _ask_for(self, partition: int, missing: Mapping[str, int], now: datetime) -> None:
        positions = self._memories[partition].positions
        for topic, start in (await self._missing.ask(partition, missing, now)).items():
            self._metrics.was_deleted(start - positions.get(topic, start))
            positions[topic] = start

    async def _keep(
        self, partition: int, outcome: Outcome, now: datetime, records: int = 0
    ) -> None:
        """Commit what has outputs, with all that waited; let the rest wait."""
        unsaved = self._unsaved.setdefault(partition, Unsaved(now))
        unsaved.rows |= outcome.rows
        unsaved.records += records
        outcome.draft.keep(self._memories[partition])
        if outcome.outputs:
            await self._commit(partition, outcome.outputs)
            tell(partition, records, outcome)
        self._metrics.count(outcome)

    async def _save(self, now: datetime, *, at_once: bool = False) -> None:
        """Commit what has waited for long enough, of one partition a turn: others have news."""
        wait = timedelta(seconds=0 if at_once else self._limits.wait_s)
        ripe = [part for part, one in self._unsaved.items() if abs(now - one.since) >= wait]
        chosen = ripe if at_once else ripe[:1]
        await together(self._commit(partition, ()) for partition in chosen)

    async def _commit(self, partition: int, outputs: Sequence[Outgoing]) -> None:
        with self._metrics.committing():
            await self._journal.commit(partition, self._unsaved[partition].rows, outputs)
        del self._unsaved[partition]
        self._reached(partition, self._memories[partition].positions)

    def _held(self) -> int:
        """Records that were applied and are not durable."""
        return sum(one.records for one in self._unsaved.values())

    def _reached(self, partition: int, positions: Mapping[str, int]) -> None:
        """These are durable, and what the group shall know."""
        for topic, offset in positions.items():
            self._offered[TopicPartition(topic, partition)] = offset

    def _is_due(self, now: datetime) -> bool:
        ticked, pause = self._ticked_at, timedelta(seconds=self._limits.tick_s)
        return ticked is None or is_over(pause, ticked, now)

    async def _offer(self, now: datetime, *, at_once: bool = False) -> None:
        """Tell the group how far we are, now and then."""
        at, pause = self._offered_at, timedelta(seconds=self._limits.commit_s)
        if at is not None and not is_over(pause, at, now) and not at_once:
            return
        self._offered_at = now
        if self._offered:
            offsets, self._offered = self._offered, {}
            await self._feed.commit(offsets)
