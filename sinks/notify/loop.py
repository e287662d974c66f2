"""The notifier's loop: read, record the intent, send, record the outcome. Written against ports."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from plantstream.runtime.burial import addressed, dead_letter
from plantstream.runtime.causes import carried, events_of
from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.faults import FaultPoint
from plantstream.runtime.logs import get_logger
from plantstream.runtime.ports import Assigned, Outgoing, Record, TopicPartition
from plantstream.runtime.tracing import NoSpan, Span
from schemas.alerts import DeliveryAttempt, Notification
from schemas.codec import UnreadableError, decode, encode
from schemas.topics import DELIVERY, NOTIFICATION
from sinks.notify.board import Board, Job
from sinks.notify.delivery import (
    Answer,
    Delivery,
    expired,
    intent,
    opened,
    place_of,
    settled,
)
from sinks.notify.handed import Handed
from sinks.notify.limits import NotifyLimits
from sinks.notify.memory import Memory
from sinks.notify.message import RefusedError, TemporaryError
from sinks.notify.meters import NotifyMeters
from sinks.notify.ports import NotifyPorts, NotifyTime
from sinks.notify.progress import Progress
from sinks.notify.standing import Standing
from sinks.notify.wall_clock import WallClock
from sinks.patience import Patience

_log = get_logger()
_Result = TypeVar("_Result")


class NotifyLoop:
    """Delivers notifications. One task calls `run`; it returns when told to stop."""

    def __init__(
        self, ports: NotifyPorts, time: NotifyTime, meters: NotifyMeters, limits: NotifyLimits
    ) -> None:
        self._ports, self._time, self._meters, self._limits = ports, time, meters, limits
        self._intended = FaultPoint("notify.intended")
        self._sent = FaultPoint("notify.sent")
        meters.watch(self._intended, self._sent)
        self._news = asyncio.Event()
        self._stopping = False
        self._paused = False
        self._standing = Standing(ports.inbox, time, limits.ask_after_s)
        self._under_way: set[asyncio.Task[None]] = set()
        self._bounces: list[DeliveryAttempt] = []
        self._forget()
        self._clock = WallClock(time, self._move)

    def stop(self) -> None:
        """Begin nothing new; `run` returns once what is under way has its outcome."""
        self._stopping = True
        self._news.set()

    def limit(self, most_per_s: Mapping[str, float]) -> None:
        """Another plant file is in force: these are its channels."""
        self._limits = replace(self._limits, most_per_s=most_per_s)
        self._board.tune(most_per_s)
        self._news.set()

    def bounced(self, attempt: DeliveryAttempt) -> None:
        """A provider says that what it had accepted did not arrive: the next channel has its turn.

        The same may be said any number of times, and of messages of others.
        """
        if self._paused:
            self._bounces.append(attempt)
            return
        if not self._memory.is_finished(attempt.notification) or not self._memory.note(attempt):
            return
        self._meters.bounced(attempt.channel)
        where = {"notification": attempt.notification, "channel": attempt.channel}
        _log.error("accepted, and did not arrive", **where, why=attempt.detail)
        told = self._handed.take(attempt.notification)
        if told is not None:
            self._open(told)

    async def run(self) -> None:
        """Read and deliver until told to stop."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read())
            tasks.create_task(self._deliver(tasks))

    def _move(self, by: timedelta) -> None:
        self._board.move(by)

    def _forget(self) -> None:
        limits = self._limits
        self._board = Board(limits.most_per_s, limits.retrying, limits.resting)
        self._memory, self._progress, self._handed = Memory(), Progress(), Handed()
        self._places: dict[str, list[tuple[TopicPartition, int]]] = {}
        self._causes: dict[str, dict[str, bytes]] = {}

    async def _read(self) -> None:
        while not self._stopping:
            await self._commit()
            polled = await self._patiently("reading", self._poll)
            if isinstance(polled, Assigned):
                told_at = self._standing.moment()
                await self._take_over(polled.partitions)
                self._standing.assigned(polled.partitions, told_at)
                continue
            if polled and not await self._is_ours(polled[0].source):
                continue
            for record in polled:
                await self._accept(record)
            if polled:
                self._news.set()
            else:
                await self._standing.renew()
        await self._settled()
        await self._commit()

    async def _poll(self) -> Sequence[Record] | Assigned:
        """What came; while as much is open as may be, only news of what is ours."""
        if self._board.open < self._limits.most_open:
            return await self._ports.inbox.poll(self._limits.batch_records)
        self._ports.reach.excused()
        await self._time.sleep(self._limits.retry_first_s)
        return await self._ports.inbox.poll(0)

    async def _commit(self) -> None:
        news = self._progress.news()
        if news:
            with suppress(UnavailableError):
                await self._ports.inbox.commit(news)
                self._progress.told(news)

    async def _take_over(self, partitions: frozenset[TopicPartition]) -> None:
        """Finish what is under way, then begin with what was recorded of these partitions."""
        self._paused = True
        await self._settled()
        self._forget()
        numbers = {one.partition for one in partitions}
        self._memory = await self._patiently("reading deliveries", lambda: self._recall(numbers))
        self._paused = False
        bounces, self._bounces = self._bounces, []
        for one in bounces:
            self.bounced(one)
        self._news.set()

    async def _recall(self, partitions: set[int]) -> Memory:
        memory = Memory()
        if not partitions:
            return memory
        async for record in self._ports.past.read(partitions):
            try:
                memory.note(decode(DELIVERY, record.value))
            except UnreadableError as error:
                _log.warning("unreadable delivery", offset=record.offset, reason=str(error))
        return memory

    async def _settled(self) -> None:
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def _accept(self, record: Record) -> None:
        self._progress.read(record.source, record.offset)
        try:
            told: Notification = decode(NOTIFICATION, record.value)
        except UnreadableError as error:
            letter = dead_letter(record, "notify", str(error), self._clock.now())
            await self._publish(addressed(letter, record))
            self._meters.buried()
            self._progress.done(record.source, record.offset)
            return
        place = (record.source, record.offset)
        ours = self._limits.site in {None, told.site}
        if ours:
            self._causes.setdefault(told.id, carried(record))
        if ours and (told.id in self._places or self._open(told)):
            self._places[told.id].append(place)
        else:
            self._causes.pop(told.id, None)
            self._progress.done(*place)

    def _open(self, told: Notification) -> bool:
        """Deliver it, unless that is done."""
        now, past = self._clock.now(), self._memory.of(told.id)
        if self._memory.is_finished(told.id):
            self._handed.keep(told, now)
            return False
        delivery = opened(told, past, now, self._limits.retrying)
        if delivery is None:
            return False
        self._places[told.id] = []
        self._board.add(delivery)
        self._news.set()
        return True

    async def _deliver(self, tasks: asyncio.TaskGroup) -> None:
        while not self._stopping:
            self._news.clear()
            now = self._clock.now()
            if not self._paused:
                for job in self._board.take(now):
                    task = tasks.create_task(self._work(job))
                    self._under_way.add(task)
                    task.add_done_callback(self._under_way.discard)
            self._meters.stands(self._board, now)
            due = None if self._paused else self._board.next_at(now)
            wait_s = None if due is None else max((due - now).total_seconds(), 0.0)
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._news.wait()

    async def _work(self, job: Job) -> None:
        """One message: intent, send, outcome."""
        delivery, channel, told = job.delivery, job.channel, job.delivery.notification
        if job.expired:
            _log.error("message expired", notification=told.id, channel=channel)
            await self._record(expired(delivery, channel, self._clock.now()), told, NoSpan())
            self._end(job, None, None)
            return
        cause = self._causes.get(told.id, {})
        about = {"plantstream.notification": told.id, "plantstream.channel": channel}
        with self._ports.tracing.working(f"notify {channel}", [cause], about) as span:
            await self._record(intent(delivery, channel, self._clock.now()), told, span)
            await self._intended.reached()
            if not await self._is_ours(place_of(told, NOTIFICATION)):
                return  # Another worker finds the intent, and marks what he sends.
            answer = await self._ask(told, channel, delivery.repeated)
            await self._sent.reached()
            now, set_by = self._clock.now(), self._clock.set_by
            step = settled(delivery, channel, answer, now, self._limits.retrying)
            await self._record(step.record, told, span)
        if not isinstance(answer, Exception):
            _log.info("sent", notification=told.id, channel=channel, events=events_of([cause]))
        left = step.left and step.left.moved(self._clock.moved_since(set_by))
        self._end(job, answer, left)

    async def _is_ours(self, partition: TopicPartition) -> bool:
        """Whether to go on with what stands there; of another worker's nothing is sent."""
        if not self._standing.is_doubtful:
            return True
        holds = self._standing.holds
        is_held = not self._paused and await self._patiently("asking", lambda: holds(partition))
        if is_held and not self._paused:  # Who has come back does not know yet what others sent.
            return True
        _log.warning("left to another worker", partition=str(partition))
        return False

    async def _ask(self, told: Notification, channel: str, repeated: bool) -> Answer:
        try:
            return await self._ports.send(told, channel, repeated)
        except TemporaryError as error:
            _log.warning("not delivered yet", notification=told.id, channel=channel, why=str(error))
            return error
        except RefusedError as error:
            _log.error("message refused", notification=told.id, channel=channel, why=str(error))
            return error

    def _end(self, job: Job, answer: Answer | None, left: Delivery | None) -> None:
        self._board.settle(job, answer, left, self._clock.now())
        if left is None:
            self._finish(job.delivery.notification, job.channel)
        self._news.set()

    def _finish(self, told: Notification, channel: str) -> None:
        self._memory.finish(told.id, channel)
        self._handed.keep(told, self._clock.now())
        self._causes.pop(told.id, None)
        for source, offset in self._places.pop(told.id, []):
            self._progress.done(source, offset)

    async def _record(self, attempt: DeliveryAttempt, told: Notification, span: Span) -> None:
        partition = place_of(told, DELIVERY).partition
        key, cause = attempt.record_id().encode(), self._causes.get(told.id, {})
        (record,) = span.on([Outgoing(DELIVERY.name, partition, key, encode(attempt), cause)])
        await self._publish(record)
        self._memory.note(attempt)
        self._meters.recorded(attempt, told, self._clock.now())

    async def _publish(self, record: Outgoing) -> None:
        await self._patiently("recording", lambda: self._ports.broker.send([record]))

    async def _patiently(self, doing: str, call: Callable[[], Awaitable[_Result]]) -> _Result:
        """Call until Kafka answers."""
        limits = self._limits
        first_s, most_s = limits.retry_first_s, limits.retry_most_s
        patience = Patience(first_s, most_s, self._time.sleep, self._waited)
        return await patience.until(doing, call)

    def _waited(self) -> None:
        self._meters.waited()
        self._ports.reach.excused()
