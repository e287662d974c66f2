"""Peers that tests can kill, halt and start again: libmodbus in C, pymodbus, and scripted ones."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from pymodbus import FramerType
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from ingest.inputs.modbus import ModbusInput
from schemas.plant.equipment import Equipment
from schemas.plant.sources import ModbusSource, Register
from schemas.plant.tags import Tag
from tests.ingest.inputs.modbus.hearing import PATH, Listener

SLAVE = Path(__file__).parents[3] / "peers" / "modbus_slave.c"
STARTED_WITHIN_S = 10


class Process:
    """A process of a test, which says a line once it is ready."""

    def __init__(self, *argv):
        self._argv = [str(one) for one in argv]
        self._process: Any = None

    async def start(self) -> str:
        """Start it; gives what it said."""
        self._process = await asyncio.create_subprocess_exec(
            *self._argv, stdout=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(STARTED_WITHIN_S):
            return str((await self._process.stdout.readline()).decode().strip())

    def send(self, number: signal.Signals):
        os.kill(self._process.pid, number)

    async def kill(self):
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


@pytest.fixture(scope="session")
def libmodbus(tmp_path_factory):
    """The slave made with libmodbus."""
    return built_slave(tmp_path_factory.mktemp("peers"))


def built_slave(folder):
    """The program of the slave, made in this folder; skips the test where it cannot be made."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is missing (Debian: gcc)")
    program = folder / "modbus_slave"
    command = ["gcc", "-O1", "-Wall", "-Wextra", "-Werror", "-o", program, SLAVE, "-lmodbus"]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if "modbus/modbus.h" in made.stderr or "-lmodbus" in made.stderr:
        pytest.skip("libmodbus is missing (Debian: libmodbus-dev)")
    assert made.returncode == 0, made.stderr
    return program


@pytest.fixture
def slave(libmodbus):
    """A libmodbus slave over TCP; gives the process and its port."""

    @asynccontextmanager
    async def serve(*units, port=0):
        process = Process(libmodbus, "tcp", port, *units)
        try:
            said = await process.start()
            yield process, int(said.rpartition(" ")[2])
        finally:
            await process.kill()

    return serve


@pytest.fixture
def serial_line(tmp_path):
    """A pair of pseudo terminals that are wired to each other."""

    @asynccontextmanager
    async def wire():
        if shutil.which("socat") is None:
            pytest.skip("socat is missing (Debian: socat)")
        ends = tmp_path / "ours", tmp_path / "theirs"
        links = [f"pty,rawer,link={end}" for end in ends]
        process = await asyncio.create_subprocess_exec("socat", *links)
        try:
            for _ in range(100 * STARTED_WITHIN_S):
                if all(end.exists() for end in ends):
                    break
                await asyncio.sleep(0.01)
            yield ends
        finally:
            process.kill()
            await process.wait()
            for end in ends:
                end.unlink(missing_ok=True)

    return wire


def device(unit, registers, bits=(True,)):
    """A pymodbus device whose four tables begin at 0."""
    flags = [SimData(0, values=list(bits), datatype=DataType.BITS)]
    words = [SimData(0, values=list(registers), datatype=DataType.REGISTERS)]
    return SimDevice(id=unit, simdata=(flags, flags, words, words))


@pytest.fixture
def pymodbus_server():
    """A server of pymodbus with these devices; gives its port."""

    @asynccontextmanager
    async def serve(*devices, port=0, framer=FramerType.SOCKET, heard=None):
        def hear(sending, pdu):
            if heard is not None and not sending:
                heard.append(pdu)
            return pdu

        server = ModbusTcpServer(
            list(devices),
            address=("127.0.0.1", port),
            framer=framer,
            ignore_missing_devices=True,
            trace_pdu=hear,
        )
        await server.serve_forever(background=True)
        listening: Any = server.transport
        try:
            yield listening.sockets[0].getsockname()[1]
        finally:
            with suppress(asyncio.CancelledError):
                await server.shutdown()

    return serve


@pytest.fixture
def scripted():
    """A TCP server that does what a function says: `talk(request, send)`, once for each request."""

    @asynccontextmanager
    async def serve(talk, *, port=0, request_bytes=12):
        tasks: set[Any] = set()

        async def session(reader, writer):
            tasks.add(asyncio.current_task())
            with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                while True:
                    await talk(await reader.readexactly(request_bytes), writer.write)
            writer.close()

        server = await asyncio.start_server(session, "127.0.0.1", port)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    return serve


def tag(name, address=0, unit=None, means=None, **register):
    return Tag(
        name=name,
        means=means,
        register=Register(address=address, unit_id=unit, **register),
    )


@pytest.fixture
def listening():
    """A listener to an input for these tags, closed in the end."""

    @asynccontextmanager
    async def listen(*tags, port=502, equipment=None, meters=None, **changed):
        fields: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": port,
            "poll_ms": 50,
            "timeout_ms": 200,
        }
        source = ModbusSource(type="modbus", **(fields | changed))
        one = Equipment(id="one", area="a", line="l", unit_id=1, tags=list(tags))
        listener = Listener(ModbusInput("test", source, equipment or [(PATH, one)], meters))
        try:
            yield listener
        finally:
            await listener.close()

    return listen


@pytest.fixture
def unused_port():
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])
