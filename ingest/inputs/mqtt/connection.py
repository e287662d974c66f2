"""One connection to an MQTT broker. Whatever paho raises or reports becomes one of our errors here.

MQTT 5, because it alone has the Receive Maximum that leaves to the broker what we cannot store yet,
an expiry of the session that we choose, and reasons for what is refused. Paho itself and not a
wrapper around it, because acknowledging by hand, the DUP flag and the session's presence are its
public interface.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from ingest.inputs.mqtt.inbox import Answered, Connected, Inbox, Message
from ingest.inputs.mqtt.payload import rebirth_request
from ingest.inputs.mqtt.translator import MAX_PAYLOAD, SHOWN, Delivered
from ingest.inputs.mqtt.trust import Tls
from ingest.inputs.mqtt.watch import NAMESPACE, Node
from plantstream.runtime import clock
from plantstream.runtime.errors import PlantstreamError, UnavailableError
from schemas.plant.sources import MqttSource

RECEIVE_MAXIMUM = 128
"""Messages at QoS 1 that the broker sends before it waits for their acknowledgement."""
MAX_PACKET_BYTES = 32 * 1024 * 1024
"""A broker must not send larger ones; it drops them unseen."""
KEEPALIVE_S = 10
CONNECT_WITHIN_S = 10.0
ANSWER_WITHIN_S = 5.0
"""A request without an answer for so long means that the connection is dead."""
CLOSE_WITHIN_S = 2.0

# Paho says of its properties' constructor nothing that a type checker would read.
_properties: Callable[[int], Properties] = Properties
_AT_LEAST_ONCE = 1
_PROBE = "plantstream/probe"
_LOOK_EVERY_S = 0.1
_DIAL_WITHIN_S = 3.0
"""For TCP and for TLS, each."""
_LATER = frozenset({0x88, 0x89, 0x97, 0x9F})
"""Reason codes of a broker that may take us in later: unavailable, busy, quota, rate."""
_T = TypeVar("_T")


class RefusedError(PlantstreamError):
    """The broker does not want us, or we do not trust it."""


class Connection:
    """A session's connection. Paho's thread reports to the loop; the rest is called in the loop."""

    def __init__(self, client: Client, inbox: Inbox) -> None:
        self._client = client
        self._inbox = inbox
        self._closing = False
        self._ended: set[str] = set()
        self._loop = asyncio.get_running_loop()
        self._connected: asyncio.Future[None] = self._loop.create_future()
        self._lost: asyncio.Future[str] = self._loop.create_future()
        self._answers: dict[int, asyncio.Future[list[ReasonCode]]] = {}
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_subscribe = self._on_answer
        client.on_unsubscribe = self._on_answer

    async def accepted(self) -> None:
        """Return once the broker has taken us in.

        Raises:
            RefusedError: it says that it does not.
            UnavailableError: it says nothing.
        """
        await self._within(self._connected, "it does not answer")

    async def subscribe(self, filters: Sequence[str]) -> dict[str, str]:
        """Ask for these topics at QoS 1; gives those that are refused, with the reason."""
        refused: dict[str, str] = {}
        for one in filters:
            (code,) = await self._request(self._client.subscribe(one, _AT_LEAST_ONCE))
            if code.is_failure:
                refused[one] = str(code)
        return refused

    async def probe(self) -> None:
        """Ask for an answer: the end of a subscription that never was changes nothing."""
        asked = clock.now()
        await self._request(self._client.unsubscribe(_PROBE))
        self._inbox.put(Answered(asked))

    def end(self, filters: Sequence[str]) -> None:
        """Ask for these topics no longer; what is on its way still comes."""
        if not self._ended.issuperset(filters):
            self._ended.update(filters)
            self._client.unsubscribe(list(filters))

    async def lost(self) -> str:
        """Why the connection is gone, once it is."""
        return await asyncio.shield(self._lost)

    def acknowledge(self, identifier: int) -> None:
        """Say that this message is stored, unless nobody hears it."""
        if not self._lost.done():
            self._client.ack(identifier, _AT_LEAST_ONCE)

    def ask_for_birth(self, node: Node) -> None:
        """The only thing that is ever published: Sparkplug's request for a rebirth."""
        group, name = node
        self._client.publish(f"{NAMESPACE}/{group}/NCMD/{name}", rebirth_request(clock.now()))

    def close(self) -> None:
        """Leave; blocks until the thread has ended. The session stays."""
        self._closing = True
        self._client.disconnect()
        self._client.loop_stop()
        # Nothing else closes the sockets by which paho wakes its thread.
        self._client.reinitialise()

    async def _request(self, sent: tuple[MQTTErrorCode, int | None]) -> list[ReasonCode]:
        code, identifier = sent
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS or identifier is None:
            raise UnavailableError(f"the connection is gone ({code.name})")
        answer = self._answers[identifier] = self._loop.create_future()
        try:
            return await self._within(answer, "it does not answer any more")
        finally:
            self._answers.pop(identifier, None)

    async def _within(self, answer: asyncio.Future[_T], otherwise: str) -> _T:
        either: list[asyncio.Future[Any]] = [answer, self._lost]
        await asyncio.wait(either, timeout=ANSWER_WITHIN_S, return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            return answer.result()
        answer.cancel()
        raise UnavailableError(self._lost.result() if self._lost.done() else otherwise)

    # What follows runs in paho's thread.

    def _on_connect(
        self, _: Client, __: object, flags: ConnectFlags, code: ReasonCode, ___: object
    ) -> None:
        if code.is_failure:
            kind = UnavailableError if code.value in _LATER else RefusedError
            self._in_loop(_fail, self._connected, kind(f"it refuses us: {code}"))
            return
        self._in_loop(self._inbox.put, Connected(clock.now(), resumed=flags.session_present))
        self._in_loop(_settle, self._connected, None)

    def _on_disconnect(
        self, _: Client, __: object, ___: DisconnectFlags, code: ReasonCode, ____: object
    ) -> None:
        self._in_loop(_settle, self._lost, f"the connection was closed ({code})")

    def _on_message(self, _: Client, __: object, message: MQTTMessage) -> None:
        payload = bytes(message.payload)
        delivered = Delivered(
            message.topic,
            payload if len(payload) <= MAX_PAYLOAD else payload[:SHOWN],
            len(payload),
            clock.now(),
            message.retain,
            message.qos,
        )
        while delivered.qos and not self._inbox.admit(_LOOK_EVERY_S):
            if self._closing:
                # It was not acknowledged: the broker keeps it.
                return
        self._in_loop(self._inbox.put, Message(delivered, message.mid, message.dup, self))

    def _on_answer(
        self, _: Client, __: object, identifier: int, codes: list[ReasonCode], ___: object
    ) -> None:
        self._in_loop(self._settle_answer, identifier, codes)

    def _settle_answer(self, identifier: int, codes: list[ReasonCode]) -> None:
        answer = self._answers.get(identifier)
        if answer is not None:
            _settle(answer, codes)

    def _in_loop(self, call: Callable[..., None], *given: object) -> None:
        # The loop may be gone when a connection that nobody could close says its last word.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(call, *given)


@asynccontextmanager
async def connected(
    source: MqttSource, client_id: str, password: str | None, tls: Tls | None, inbox: Inbox
) -> AsyncIterator[Connection]:
    """A connection that is closed in the end; the session stays at the broker.

    Raises:
        RefusedError: only a person can help, if it has never been otherwise.
        UnavailableError: the broker does not answer now.
    """
    client = _client(source, client_id, password, tls)
    connection = Connection(client, inbox)
    try:
        await _open(client, source)
        client.loop_start()
        await connection.accepted()
        yield connection
    finally:
        closing = asyncio.ensure_future(asyncio.to_thread(connection.close))
        # Not `wait_for`: that of Python 3.11 forgets a cancellation that comes with the answer.
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await asyncio.shield(closing)
        if tls is not None:
            tls.close()


def _client(source: MqttSource, client_id: str, password: str | None, tls: Tls | None) -> Client:
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id,
        protocol=MQTTv5,
        reconnect_on_failure=False,
        manual_ack=True,
    )
    client.connect_timeout = _DIAL_WITHIN_S
    if source.user is not None:
        client.username_pw_set(source.user, password)
    if tls is not None:
        client.tls_set_context(tls)
    return client


async def _open(client: Client, source: MqttSource) -> None:
    host, port = source.address
    properties = _properties(PacketTypes.CONNECT)
    properties.ReceiveMaximum = RECEIVE_MAXIMUM
    properties.MaximumPacketSize = MAX_PACKET_BYTES
    properties.SessionExpiryInterval = source.session_expiry_s
    opening = asyncio.ensure_future(
        asyncio.to_thread(
            client.connect, host, port, KEEPALIVE_S, clean_start=False, properties=properties
        )
    )
    try:
        async with asyncio.timeout(CONNECT_WITHIN_S):
            await asyncio.shield(opening)
    except ssl.SSLCertVerificationError as error:
        raise RefusedError(f"its certificate is not trusted ({error.verify_message})") from error
    except TimeoutError as error:
        raise UnavailableError("it cannot be reached in time") from error
    except (OSError, ValueError) as error:
        raise UnavailableError(f"it cannot be reached: {error}") from error
    finally:
        if not opening.done():
            opening.add_done_callback(lambda done: done.exception() or client.disconnect())


def _settle(future: asyncio.Future[Any], result: object) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[Any], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
