"""One connection to a Modbus line, made when it is needed. Whatever pymodbus raises ends here."""

import asyncio
import logging
import termios
from collections.abc import Awaitable, Callable
from contextlib import suppress

from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.framer import FramerType

from ingest.inputs.modbus.framing import Answer, Expected, Framer, RtuFramer, TcpFramer
from ingest.inputs.modbus.late import Unanswered
from ingest.inputs.modbus.plan import Block, Table
from plantstream.runtime import clock
from plantstream.runtime.errors import RejectedError, UnavailableError
from schemas.plant.sources import ModbusSource

CONNECT_WITHIN_S = 2.0
"""At least so long is waited for a connection; longer where answers may take longer."""
SILENT_ANSWERS = 2
"""A line that carries no transaction numbers is opened anew after so many answers in a row that
did not come; one that has them at the first, because that costs nothing."""

_FUNCTIONS: dict[Table, int] = {"coil": 1, "discrete_input": 2, "holding": 3, "input": 4}
_LONGEST_FRAME = 256
_PAUSE_CHARACTERS = 3.5
_SHORTEST_PAUSE_S = 0.00175
"""Of the Modbus specification over serial line: 3.5 characters, or 1.75 ms above 19200 baud."""

Client = AsyncModbusTcpClient | AsyncModbusSerialClient


class NoAnswerError(UnavailableError):
    """The unit did not answer in time; others may."""


class LineDownError(UnavailableError):
    """There is no connection, so no unit can be asked."""


class RefusedError(RejectedError):
    """The unit answered with an exception."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exception {code}")
        self.code = code


class Lane:
    """Carries one request at a time, for whoever asks."""

    def __init__(self, source: ModbusSource) -> None:
        self._source = source
        self._is_serial = source.transport == "rtu"
        self._numbered = source.transport == "tcp"
        character_s = (9 + (source.parity != "none") + source.stop_bits) / source.baud_rate
        sending_s = _LONGEST_FRAME * character_s if self._is_serial else 0.0
        self._answer_s = source.timeout_ms / 1000 + sending_s
        self._pause_s = max(_SHORTEST_PAUSE_S, _PAUSE_CHARACTERS * character_s)
        self._quiet_until = 0.0
        self._client: Client | None = None
        self._framer: Framer = TcpFramer()
        self._silent = 0
        self._unanswered = Unanswered()
        self._lock = asyncio.Lock()

    @property
    def is_open(self) -> bool:
        """Whether there is a connection, as far as we know."""
        return self._client is not None and self._client.connected

    async def read(self, block: Block) -> bytes:
        """The values of this block.

        Raises:
            NoAnswerError: the unit does not answer.
            RefusedError: it answers with an exception.
            LineDownError: there is no connection.
        """
        async with self._lock:
            if not self._numbered and self._unanswered.of(block.unit):
                await self._fall_in_step(block)
            return await self._persistent(block)

    def close(self) -> None:
        """Close the connection, if there is one."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    async def _fall_in_step(self, block: Block) -> None:
        """Ask for what no late answer can be taken for; it is older than the one to this."""
        with suppress(RefusedError):
            await self._persistent(self._unanswered.unlike(block))
        self._unanswered.clear(block.unit)

    async def _persistent(self, block: Block) -> bytes:
        """Ask, and once more over a new connection where the old one turns out to be closed."""
        was_open = self.is_open
        try:
            return await self._ask(block)
        except LineDownError:
            if not was_open:
                raise
        return await self._ask(block)

    async def _ask(self, block: Block) -> bytes:
        client = await self._connected()
        await self._pause()
        function = _FUNCTIONS[block.table]
        self._framer.expected = Expected(function, block.payload_bytes)
        self._framer.skipped = 0
        try:
            answer = await _reader(client, block.table)(
                block.address, count=block.count, device_id=block.unit
            )
        except (ModbusException, OSError) as error:
            if client.connected and not isinstance(error, OSError):
                raise self._no_answer(block) from None
            self.close()
            raise LineDownError(f"the connection was closed: {error}") from error
        finally:
            self._quiet_until = clock.monotonic() + self._pause_s
        _see_cancellation()
        self._silent = 0
        if answer.exception_code:
            raise RefusedError(answer.exception_code)
        return answer.payload

    def _no_answer(self, block: Block) -> NoAnswerError:
        self._silent += 1
        if not self._numbered:
            self._unanswered.add(block)
        if self._numbered or self._silent >= SILENT_ANSWERS:
            self._silent = 0
            self.close()
        came = f"; {self._framer.skipped} bytes came that are none" if self._framer.skipped else ""
        return NoAnswerError(f"no answer from unit {block.unit} in {self._answer_s:.3g} s{came}")

    async def _pause(self) -> None:
        if self._is_serial:
            await asyncio.sleep(max(0.0, self._quiet_until - clock.monotonic()))

    async def _connected(self) -> Client:
        if self._client is not None:
            if self._client.connected:
                return self._client
            self.close()
        client = _client(self._source, self._answer_s)
        self._framer = TcpFramer() if self._numbered else RtuFramer()
        client.ctx.framer = self._framer
        client.ctx.trace_connect = _ending(client)
        try:
            async with asyncio.timeout(max(CONNECT_WITHIN_S, self._answer_s)):
                # What `connect` does, but it would keep the reason of a failure to itself.
                client.ctx.transport, _ = await client.ctx.call_create()
        except (OSError, ValueError, termios.error) as error:
            client.close()
            raise LineDownError(_explained(self._source, error)) from error
        self._client = client
        return client


def _see_cancellation() -> None:
    """Stop if we were told to.

    Python 3.11's `wait_for`, in which pymodbus waits, forgets a cancellation that comes together
    with the answer.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _client(source: ModbusSource, answer_s: float) -> Client:
    # It would log each answer that does not come; the poller tells of outages, once each.
    logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)
    # It neither repeats nor reconnects by itself: who is asked again, and when, is decided outside.
    if source.transport == "rtu":
        return AsyncModbusSerialClient(
            source.device or "",
            baudrate=source.baud_rate,
            parity=source.parity[0].upper(),
            stopbits=source.stop_bits,
            reconnect_delay=0,
            timeout=answer_s,
            retries=0,
        )
    return AsyncModbusTcpClient(
        source.host or "",
        port=source.port,
        framer=FramerType.SOCKET if source.transport == "tcp" else FramerType.RTU,
        reconnect_delay=0,
        timeout=answer_s,
        retries=0,
    )


def _reader(client: Client, table: Table) -> Callable[..., Awaitable[Answer]]:
    readers: dict[Table, Callable[..., Awaitable[object]]] = {
        "coil": client.read_coils,
        "discrete_input": client.read_discrete_inputs,
        "holding": client.read_holding_registers,
        "input": client.read_input_registers,
    }
    # Our framers give answers of this type, whatever pymodbus would have made of them.
    return readers[table]  # type: ignore[return-value]


def _ending(client: Client) -> Callable[[bool], None]:
    """Let a request fail at once when the connection ends; pymodbus would wait for the answer."""

    def told(is_connected: bool) -> None:
        waiting = client.ctx.response_future
        if not is_connected and not waiting.done():
            waiting.set_exception(ConnectionResetError("closed by the other side"))

    return told


def _explained(source: ModbusSource, error: Exception) -> str:
    match error:
        case TimeoutError():
            said = "it does not answer"
        case ConnectionRefusedError():
            said = "nothing listens there"
        case _:
            said = str(error) or type(error).__name__
    where = place_of(source)
    if source.transport == "rtu":
        return f"cannot open {where}: {said}; see to the adapter, and `device` in the plant file"
    return f"cannot connect to {where}: {said}; see to the device, `host` and `port`"


def place_of(source: ModbusSource) -> str:
    """The line as people write it."""
    if source.transport == "rtu":
        return source.device or ""
    return f"{source.host}:{source.port}"
