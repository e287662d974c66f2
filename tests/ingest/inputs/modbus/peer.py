"""Modbus devices of the contract suite: pymodbus and libmodbus over TCP, libmodbus on a wire."""

import shutil
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import pytest

from tests.ingest.inputs.modbus.conftest import built_slave
from tests.ingest.inputs.peers import ABSENT, LEVEL, NUMBER, PEERS, STARTED_WITHIN_S, Program
from tests.parts import free_port

_NUMBER_AT, _LEVEL_AT, _NOWHERE = 30, 32, 500


class Device:
    """A Modbus device that a program is."""

    tags: ClassVar[Mapping[str, Mapping[str, object]]] = {
        NUMBER: {"register": {"address": _NUMBER_AT, "unit_id": 1}},
        LEVEL: {"register": {"address": _LEVEL_AT, "unit_id": 1, "type": "float32"}},
        ABSENT: {"register": {"address": _NOWHERE, "unit_id": 1}},
    }
    quick: ClassVar[Mapping[str, object]] = {"poll_ms": 50, "timeout_ms": 200}
    bridges: frozenset[signal.Signals] = frozenset()

    def __init__(self, place: str, source: Mapping[str, object], argv: Sequence[object]) -> None:
        self.place = place
        self.source = {"type": "modbus", **source}
        self._argv = argv
        self._program: Program | None = None

    def start(self):
        self._program = Program(self._argv)
        self._program.heard("")

    def set(self, number):
        assert self._program is not None
        high, low = struct.unpack(">2H", struct.pack(">f", number + 0.5))
        self._program.order(f"{_NUMBER_AT} {number} 0 {high} {low}")

    def send(self, what):
        assert self._program is not None
        self._program.send(what)

    def kill(self):
        if self._program is not None:
            self._program.kill()
            self._program = None

    def close(self):
        self.kill()


def pymodbus_server(folder: Path) -> Device:
    del folder
    port = free_port()
    return _over_tcp(port, [sys.executable, PEERS / "pymodbus_server.py", port])


def libmodbus_slave(folder: Path) -> Device:
    port = free_port()
    return _over_tcp(port, [built_slave(folder), "tcp", port, 1])


def _over_tcp(port: int, argv: Sequence[object]) -> Device:
    source = {"host": "127.0.0.1", "port": port}
    return Device(f"127.0.0.1:{port}", source, argv)


class SerialDevice(Device):
    """The slave made with libmodbus, at the other end of a wire."""

    def __init__(self, folder: Path) -> None:
        if shutil.which("socat") is None:
            pytest.skip("socat is missing (Debian: socat)")
        ours, theirs = folder / "ours", folder / "theirs"
        argv = [built_slave(folder), "rtu", theirs, 115_200, 1]
        line = {"transport": "rtu", "device": str(ours), "baud_rate": 115_200, "parity": "none"}
        super().__init__(str(ours), line, argv)
        self._wire = subprocess.Popen(
            ["socat", *(f"pty,rawer,link={end}" for end in (ours, theirs))]
        )
        deadline = time.monotonic() + STARTED_WITHIN_S
        while not (ours.exists() and theirs.exists()):
            assert time.monotonic() < deadline, "socat made no wire"
            time.sleep(0.01)

    def close(self) -> None:
        super().close()
        self._wire.kill()
        self._wire.wait()
