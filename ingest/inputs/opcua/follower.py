"""Following one connection: subscribe or poll, and say that the source is alive while it is."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from asyncua import ua

from ingest.backlog import Backlog
from ingest.input import Alarm, Observation
from ingest.inputs.opcua.alarms import AlarmBook
from ingest.inputs.opcua.client import ANSWER_WITHIN_S
from ingest.inputs.opcua.connection import Connection, RefusedError
from ingest.inputs.opcua.history import history_of
from ingest.inputs.opcua.items import CORRECT, Asking, Handle, Items, shortcomings, watch_nodes
from ingest.inputs.opcua.notifiers import listen, notifiers_of, refresh
from ingest.inputs.opcua.polling import Poller, read_once
from ingest.inputs.opcua.subscription import (
    Subscription,
    end,
    open_subscription,
    take_over,
    turn_from,
)
from ingest.inputs.opcua.translator import Recovered, Translator
from ingest.inputs.opcua.watch import watches
from ingest.metrics import SourceMeters
from plantstream.runtime import clock
from plantstream.runtime.errors import UnavailableError
from schemas.plant.equipment import Equipment
from schemas.plant.sources import OpcUaSource
from schemas.record import EquipmentPath


class Follower:
    """Follows a source from one connection to the next."""

    def __init__(
        self,
        source: OpcUaSource,
        equipment: Sequence[tuple[EquipmentPath, Equipment]],
        backlog: Backlog,
        meters: SourceMeters,
        log: Any,
        alarms: Iterable[Alarm] = (),
    ) -> None:
        self._source = source
        self._watched = watches(equipment)
        self._notifiers = notifiers_of(source)
        self.translator = Translator(self._watched, source.endpoint, source.sampling_ms)
        self._alarms = AlarmBook(equipment, source.endpoint, alarms, len(self._notifiers))
        self._namespaces: Sequence[str] = ()
        self._backlog = backlog
        self._meters = meters
        self._log = log
        self._subscription: Subscription | None = None
        self._silent: Subscription | None = None
        """What was taken over and said nothing: the server may still find its voice."""
        self._items = Items()
        self._held: list[ua.PublishResult] | None = None
        """Answers that wait until it is known what was before them."""
        self._poller: Poller | None = None
        self._followed: Mapping[Handle, ua.NodeId] = {}
        """The tags that the server has."""
        self._torn = asyncio.Event()
        """Answers were lost, and nothing was read since."""
        self._ended: str | None = None
        self._answered = clock.monotonic()
        self._spoke = asyncio.Event()
        self._told: set[str] = set()

    async def begin(self, connection: Connection) -> None:
        """Go on where the last connection ended, or subscribe anew; tell what was missed.

        Raises:
            UnavailableError: the connection is lost.
        """
        self._ended, self._answered = None, clock.monotonic()
        self._namespaces = await connection.namespaces()
        nodes = self._nodes(self._namespaces)
        if not await self._go_on(connection):
            self._held = []
            await self._subscribe(connection, nodes)
            refused = self._items.refused
            self._followed = {one: node for one, node in nodes.items() if one not in refused}
            silent, self._silent = self._silent, None
            if silent is not None and self._subscription is not None:
                await end(connection, silent)
            await self._catch_up(connection)
            self._hear_held()
        polled = {handle: nodes[handle] for handle in self._items.unwatched if handle in nodes}
        self._poller = Poller(connection, polled) if polled else None

    async def _go_on(self, connection: Connection) -> bool:
        """Take over the last connection's subscription, if it cannot have dropped anything."""
        before, outage = self._subscription, self.translator.outage
        last = self.translator.sequence
        self._subscription = self._silent = None
        if before is None or outage is None or last is None or self._items.unwatched:
            return False
        away = await connection.current_time() - outage.known_until
        if away.total_seconds() > self._items.kept_s:
            return False
        self._held = []
        if not await take_over(connection, before, last, self._on_answer):
            self._held = None
            return False
        if not await self._speaks(before):
            turn_from(connection, before)
            self._held, self._silent = None, before
            return False
        self.translator.resume()
        self._hear_held()
        self._subscription = before
        self._log.info("the subscription went on without us", away_s=away.total_seconds())
        return True

    async def _speaks(self, subscription: Subscription) -> bool:
        """Whether it says what it owes; there are servers that hand over and then stay silent."""
        self._spoke.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(subscription.sign_of_life_s):
                await self._spoke.wait()
        return self._spoke.is_set()

    def _hear_held(self) -> None:
        held, self._held = self._held, None
        for result in held or ():
            self._hear(result)

    @property
    def tags(self) -> int:
        """How many tags are watched."""
        return len(self._watched)

    async def _subscribe(self, connection: Connection, nodes: Mapping[Handle, ua.NodeId]) -> None:
        self.translator.restart()
        self._torn.clear()
        self._items = Items(unwatched=list(nodes))
        if self._source.mode == "poll":
            return
        made = await open_subscription(connection, self._source, self._on_answer)
        if made is None:
            self._tell("the server has no subscriptions: its values are polled")
            return
        await self._listen(connection, made)
        asking = Asking(connection, self._source, made, self._watched)
        self._items = await watch_nodes(asking, nodes)
        self._report(self._items)
        self._subscription = made

    async def _listen(self, connection: Connection, made: Subscription) -> None:
        if not self._notifiers:
            return
        silent = await listen(
            connection, made, self._notifiers, self._namespaces, len(self._watched)
        )
        if silent:
            self._tell(f"the server tells no alarms of {', '.join(silent)}")

    async def _catch_up(self, connection: Connection) -> None:
        """Ask the server's history for what was missed; where it has none, a gap remains."""
        outage, followed = self.translator.outage, self._followed
        if outage is None or not followed:
            return
        now, started = await connection.current_time(), await connection.started_at()
        try:
            history = await history_of(connection, followed, outage.known_until, now)
        except RefusedError:
            return
        found = Recovered(
            history.items, frozenset(history.complete), frozenset(followed), started or now
        )
        self._put(self.translator.recover(found, clock.now()))

    async def follow(self, connection: Connection, look: Callable[[], None]) -> None:
        """Say that the source is alive while it is, and have a look at what may end.

        Raises:
            UnavailableError: it is no longer.
        """
        try:
            async with asyncio.TaskGroup() as group:
                if self._poller is not None:
                    group.create_task(self._poll(self._poller), name="poll")
                group.create_task(self._watch_over(connection, look), name="watch over")
                group.create_task(self._read_again(connection), name="read again")
        except BaseExceptionGroup as failed:
            lost, others = failed.split(UnavailableError)
            if lost is None or others is not None:
                raise
            raise UnavailableError(str(lost.exceptions[0])) from failed

    async def _watch_over(self, connection: Connection, look: Callable[[], None]) -> None:
        while True:
            look()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._source.heartbeat_s):
                    await connection.lost.wait()
                raise UnavailableError("the connection was closed")
            await connection.current_time()
            if self._ended is not None:
                raise UnavailableError(self._ended)
            limit_s = self._silence_limit_s()
            if clock.monotonic() - self._answered > limit_s:
                raise UnavailableError(f"the server has told nothing for {limit_s:g} s")
            self._put(self.translator.alive())

    async def _read_again(self, connection: Connection) -> None:
        """Ask for everything once after a hole in the answers: a server tells changes only."""
        while True:
            await self._torn.wait()
            self._torn.clear()
            try:
                found = await read_once(connection, self._followed)
            except UnavailableError:
                self._torn.set()
                raise
            if self._torn.is_set():
                continue
            self._put(self.translator.read_again(found, clock.now()))
            if self._notifiers and self._subscription is not None:
                await refresh(connection, self._subscription)

    async def _poll(self, poller: Poller) -> None:
        while True:
            began = clock.monotonic()
            asked, changed = await poller.changes()
            self._answered = clock.monotonic()
            for handle, reason in poller.refused.items():
                self._put(self.translator.absent(handle, reason))
            poller.refused.clear()
            self._put(self.translator.polled(changed, clock.now(), asked))
            self._meters.notified(len(changed))
            await asyncio.sleep(max(0.0, began + self._period_s - clock.monotonic()))

    @property
    def _period_s(self) -> float:
        return self._source.sampling_ms / 1000

    def _silence_limit_s(self) -> float:
        if self._subscription is not None:
            return self._subscription.silence_limit_s
        return 3 * self._period_s + ANSWER_WITHIN_S

    def _nodes(self, namespaces: Sequence[str]) -> Mapping[Handle, ua.NodeId]:
        """The tags that this server can have; the others are reported."""
        found: dict[Handle, ua.NodeId] = {}
        for handle, watch in enumerate(self._watched):
            node = watch.address.node_id(namespaces)
            if node is None:
                reason = f"the server has no namespace {watch.address.namespace}; {CORRECT}"
                self._put(self.translator.absent(handle, reason))
            else:
                found[handle] = node
        return found

    def _report(self, items: Items) -> None:
        for handle, reason in items.refused.items():
            self._put(self.translator.absent(handle, reason))
        self.translator.unfiltered = frozenset(items.unfiltered)
        for message, handles in shortcomings(items, self._watched).items():
            if handles:
                self._tell(message, handles)

    def _tell(self, message: str, handles: Sequence[Handle] = ()) -> None:
        """Warn once."""
        if message not in self._told:
            self._told.add(message)
            tags = [f"{self._watched[one].equipment} {self._watched[one].tag}" for one in handles]
            self._log.warning(message, tags=tags)

    def _put(self, observations: Sequence[Observation]) -> None:
        dropped = self._backlog.dropped
        self._backlog.put(observations)
        self._meters.overflowed(self._backlog.dropped - dropped)

    def _on_answer(self, result: ua.PublishResult) -> None:
        self._answered = clock.monotonic()
        self._spoke.set()
        if self._held is None:
            self._hear(result)
        else:
            self._held.append(result)

    def _hear(self, result: ua.PublishResult) -> None:
        for one in result.NotificationMessage.NotificationData or ():
            if isinstance(one, ua.StatusChangeNotification) and not one.Status.is_good():
                self._ended = f"the server ended the subscription ({one.Status.name})"
            if isinstance(one, ua.DataChangeNotification):
                self._meters.notified(len(one.MonitoredItems or ()))
        now = clock.now()
        self._put(self.translator.answer(result, now))
        if self.translator.torn():
            self._torn.set()
        for one in result.NotificationMessage.NotificationData or ():
            if isinstance(one, ua.EventNotificationList):
                self._put(self._alarms.hear(one.Events or (), self._namespaces, now))
