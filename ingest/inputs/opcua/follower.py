"""Following one connection: subscribe or poll, and say that the source is alive while it is."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from asyncua import ua

from ingest.backlog import Backlog
from ingest.input import Observation
from ingest.inputs.opcua.client import ANSWER_WITHIN_S
from ingest.inputs.opcua.connection import Connection
from ingest.inputs.opcua.items import CORRECT, Asking, Handle, Items, watch_nodes
from ingest.inputs.opcua.polling import Poller
from ingest.inputs.opcua.subscription import Subscription, open_subscription
from ingest.inputs.opcua.translator import Translator
from ingest.inputs.opcua.watch import Watch
from ingest.metrics import SourceMeters
from plantstream.runtime import clock
from plantstream.runtime.errors import UnavailableError
from schemas.plant.sources import OpcUaSource


class Follower:
    """Follows a source from one connection to the next."""

    def __init__(
        self,
        source: OpcUaSource,
        watched: Sequence[Watch],
        backlog: Backlog,
        meters: SourceMeters,
        log: Any,
    ) -> None:
        self.translator = Translator(watched, source.endpoint, source.sampling_ms)
        self._source = source
        self._watched = watched
        self._backlog = backlog
        self._meters = meters
        self._log = log
        self._subscription: Subscription | None = None
        self._poller: Poller | None = None
        self._ended: str | None = None
        self._answered = clock.monotonic()
        self._told: set[str] = set()

    async def begin(self, connection: Connection) -> None:
        """Subscribe, and report the tags that are not there.

        Raises:
            UnavailableError: the connection is lost.
        """
        self._ended, self._answered = None, clock.monotonic()
        nodes = self._nodes(await connection.namespaces())
        self.translator.restart()
        unwatched: Sequence[Handle] = list(nodes)
        self._subscription = None
        if self._source.mode == "subscribe":
            self._subscription = await open_subscription(connection, self._source, self._on_answer)
        if self._subscription is not None:
            asking = Asking(connection, self._source, self._subscription, self._watched)
            items = await watch_nodes(asking, nodes)
            self._report(items)
            unwatched = items.unwatched
        elif self._source.mode == "subscribe":
            self._tell("the server has no subscriptions: its values are polled")
        polled = {handle: nodes[handle] for handle in unwatched}
        self._poller = Poller(connection, polled) if polled else None

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
        self.translator.deadbands.take_over(items.unfiltered)
        if items.unfiltered:
            self._tell("the server refuses deadbands: they are applied here", items.unfiltered)
        if items.unwatched:
            self._tell("the server does not watch some tags: they are polled", items.unwatched)
        if items.short:
            self._tell("the server keeps too few values: fast changes get lost", items.short)

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
        for one in result.NotificationMessage.NotificationData or ():
            if isinstance(one, ua.StatusChangeNotification) and not one.Status.is_good():
                self._ended = f"the server ended the subscription ({one.Status.name})"
            if isinstance(one, ua.DataChangeNotification):
                self._meters.notified(len(one.MonitoredItems or ()))
        self._put(self.translator.answer(result, clock.now()))
