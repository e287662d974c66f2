"""The input for one MQTT broker: connect, subscribe, hand over, acknowledge, and begin again."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from ingest.input import Chunk, Told, Unreadable
from ingest.inputs.mqtt.connection import Connection, RefusedError, connected
from ingest.inputs.mqtt.inbox import (
    Answered,
    Connected,
    Dropped,
    Inbox,
    Interrupted,
    Item,
    Message,
    Refused,
)
from ingest.inputs.mqtt.place import Place, digest_of
from ingest.inputs.mqtt.redelivery import Stored
from ingest.inputs.mqtt.translator import Translator
from ingest.inputs.mqtt.trust import Tls, tls_of
from ingest.inputs.mqtt.watch import Watched, watched
from ingest.metrics import SourceMeters
from ingest.urgent import Urgency
from plantstream.runtime import clock
from plantstream.runtime.errors import MisconfiguredError, PlantstreamError, UnavailableError
from plantstream.runtime.logs import get_logger
from plantstream.runtime.secrets import place_of, read_secret
from schemas.plant.equipment import Equipment
from schemas.plant.sources import MqttSource
from schemas.record import EquipmentPath

FIRST_RETRY_S = 0.5
LAST_RETRY_S = 2.0

CHUNK_MESSAGES = 128
CHUNK_WITHIN_S = 0.1
"""A chunk goes on its way this long after its first message came."""

_SITE_LEVELS = 2
_log = get_logger(__name__)
Sleep = Callable[[float], Awaitable[None]]


class MqttInput:
    """Implements `ingest.input.Input` for the equipment of one MQTT source.

    Nothing is read or connected before `chunks` is asked for its first chunk.
    """

    def __init__(
        self,
        name: str,
        source: MqttSource,
        equipment: Sequence[tuple[EquipmentPath, Equipment]],
        meters: SourceMeters | None = None,
        urgency: Urgency | None = None,
        *,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._name = name
        self._source = source
        self._watched = watched(equipment)
        self._meters = meters or SourceMeters.unseen()
        self._urgency = urgency or Urgency()
        self._sleep = sleep
        site = equipment[0][0].split("/")[:_SITE_LEVELS] if equipment else []
        self._client_id = source.client_id or "-".join(["plantstream", *site, name])
        self._connection: Connection | None = None
        self._lost_because: str | None = None
        self._log = _log.bind(source=name, broker=source.broker)

    async def chunks(self, position: str | None) -> AsyncGenerator[Chunk, None]:
        """Observations from now on, and what the broker kept for us.

        The position says which messages are stored, so that one whose acknowledgement was lost is
        known when it comes again, and what the session can keep.

        Raises:
            MisconfiguredError: only a person can help.
        """
        tls = await asyncio.to_thread(tls_of, self._source)
        work = _Work(self._watched, self._source, Place.load(position))
        inbox = Inbox()
        connecting = asyncio.create_task(self._connect(tls, inbox), name=self._client_id)
        connecting.add_done_callback(lambda _: inbox.close())
        try:
            async for items, observations, urgent in self._batches(inbox, work):
                self._count(items, observations)
                if observations:
                    yield Chunk(tuple(observations), work.place(), urgent)
                self._answer(items, work.translator)
            await connecting
        finally:
            connecting.cancel()
            with suppress(asyncio.CancelledError, MisconfiguredError):
                await connecting

    async def _batches(
        self, inbox: Inbox, work: "_Work"
    ) -> AsyncGenerator[tuple[list[Item], list[Told], bool], None]:
        """Items with what they say, some at a time; nothing is held together with what is urgent.

        Messages are stored in their order, so that all that came before goes along.
        """
        now_s = asyncio.get_running_loop().time
        while True:
            items: list[Item] = []
            said: list[Told] = []
            until_s: float | None = None
            urgent = False
            while not urgent and len(items) < CHUNK_MESSAGES:
                fresh = await inbox.some(CHUNK_MESSAGES - len(items), until_s)
                if not fresh:
                    break
                until_s = now_s() + CHUNK_WITHIN_S if until_s is None else until_s
                news = [one for item in fresh for one in work.translate(item)]
                items += fresh
                said += news
                urgent = bool(self._urgency.among(news, now_s()))
            if not items:
                return
            yield items, said, urgent

    async def _connect(self, tls: Tls | None, inbox: Inbox) -> None:
        delay_s, accepted = FIRST_RETRY_S, False
        while True:
            try:
                word = await asyncio.to_thread(self._password)
                async with connected(self._source, self._client_id, word, tls, inbox) as connection:
                    accepted, delay_s = True, FIRST_RETRY_S
                    await self._follow(connection, inbox)
            except (RefusedError, MisconfiguredError) as error:
                trouble = self._trouble(error)
                if not accepted:
                    raise MisconfiguredError(trouble) from error
                self._lose(inbox, trouble, delay_s)
                self._meters.needs_help(trouble)
            except UnavailableError as error:
                self._lose(inbox, str(error), delay_s)
            await self._sleep(delay_s)
            delay_s = min(2 * delay_s, LAST_RETRY_S)

    async def _follow(self, connection: Connection, inbox: Inbox) -> None:
        for topic, reason in (await connection.subscribe(self._watched.filters())).items():
            inbox.put(Refused(topic, reason))
        self._connection, self._lost_because = connection, None
        self._meters.connected()
        self._log.info("MQTT broker connected", subscriptions=len(self._watched.filters()))
        while True:
            if not inbox.is_full:
                await connection.probe()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._source.heartbeat_s):
                    raise UnavailableError(await connection.lost())

    def _lose(self, inbox: Inbox, reason: str, delay_s: float) -> None:
        self._connection = None
        self._meters.lost()
        inbox.put(Interrupted(f"no connection to {self._source.broker}"))
        if reason != self._lost_because:
            self._lost_because = reason
            self._log.warning("MQTT broker lost", reason=reason, retry_s=delay_s)

    def _password(self) -> str | None:
        """Read at each connection anew, so that a changed one is taken."""
        kept = self._source.password
        return read_secret(kept, f"password of source {self._name}") if kept else None

    def _trouble(self, error: PlantstreamError) -> str:
        """What a person has to mend."""
        if isinstance(error, MisconfiguredError):
            return str(error)
        user, kept = self._source.user or "anonymous", self._source.password
        held = f" ({place_of(kept)})" if kept else ""
        return (
            f"{self._source.broker} cannot be used ({error}): correct broker, ca, user "
            f"({user}) and password{held} of the source, or let the broker take client "
            f"{self._client_id} in; it must speak MQTT 5"
        )

    def _answer(self, items: Sequence[Item], translator: Translator) -> None:
        """Acknowledge what is stored, end what nobody wants, and ask for births."""
        connection = self._connection
        for item in items:
            if not isinstance(item, Message):
                continue
            if item.delivered.qos:
                item.via.acknowledge(item.identifier)
            if connection is not None and not translator.wants(item.delivered.topic):
                connection.end(translator.superfluous(item.delivered.topic))
        if connection is not None:
            for node in translator.to_be_born(clock.now()):
                self._log.info("asking for a rebirth", edge_node="/".join(node))
                connection.ask_for_birth(node)

    def _count(self, items: Sequence[Item], observations: Sequence[Told]) -> None:
        self._meters.notified(sum(isinstance(item, Message) for item in items))
        for item in items:
            if isinstance(item, Dropped):
                self._meters.overflowed(item.messages)
        for one in observations:
            if isinstance(one, Unreadable):
                self._log.warning("cannot be read", origin=one.origin, reason=one.reason)


class _Work:
    """From items to observations, with the memory of what is stored."""

    def __init__(self, watched: Watched, source: MqttSource, place: Place) -> None:
        expiry = timedelta(seconds=source.session_expiry_s)
        self.translator = Translator(watched, source.broker, expiry)
        self.translator.recall(place.fleeting)
        self._stored = Stored.load(place.stored)
        self._subscribed = digest_of(watched.filters())
        self._same_topics = self._subscribed == place.subscribed
        self._begun = False

    def place(self) -> str:
        """The position."""
        return Place(self._stored.dump(), self._subscribed, tuple(self.translator.fleeting)).dump()

    def translate(self, item: Item) -> Sequence[Told]:
        match item:
            case Message():
                return self._message(item)
            case Connected(at=at, resumed=resumed):
                return self._connected(at, resumed=resumed)
            case Interrupted(reason=reason):
                self.translator.interrupted(reason)
                return ()
            case Answered(at=at):
                return self.translator.answered(at)
            case Refused(topic=topic, reason=reason):
                return self.translator.refused(topic, reason)
            case Dropped(topic=topic, start=start, end=end):
                return self.translator.dropped(topic, start, end)

    def _connected(self, at: datetime, *, resumed: bool) -> Sequence[Told]:
        if not resumed:
            self._stored.forget()
        whole, first, self._begun = resumed and self._same_topics, not self._begun, True
        back = self.translator.back(at, resumed=whole) if first else []
        return [*back, *self.translator.connected(at, resumed=resumed)]

    def _message(self, message: Message) -> Sequence[Told]:
        delivered = message.delivered
        if delivered.qos == 0:
            return self.translator.deliver(delivered)
        key = (message.identifier, delivered.topic, delivered.payload)
        if message.again and self._stored.has(*key):
            return ()
        self._stored.add(*key)
        return self.translator.deliver(delivered)
