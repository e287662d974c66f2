"""OPC UA servers of the contract suite: asyncua and node-opcua."""

import json
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import ClassVar

import pytest

from tests.ingest.inputs.opcua.node_opcua import NodeOpcua
from tests.ingest.inputs.peers import ABSENT, LEVEL, NUMBER, PEERS, Program
from tests.parts import free_port

_OPEN = {"policy": "None", "mode": "None"}


class UaServer:
    """A server with the nodes `Good` and `Level`."""

    tags: ClassVar = {
        NUMBER: {"node": "nsu=urn:test:plant;s=Good"},
        LEVEL: {"node": "nsu=urn:test:plant;s=Level"},
        ABSENT: {"node": "nsu=urn:test:plant;s=Absent"},
    }
    quick: ClassVar = {"sampling_ms": 20, "publishing_ms": 40, "heartbeat_s": 0.2}
    bridges: frozenset[signal.Signals] = frozenset()

    def __init__(self, port):
        self.place = f"opc.tcp://127.0.0.1:{port}/peer"
        self.source = {"type": "opcua", "endpoint": self.place, "security": _OPEN}


class AsyncuaServer(UaServer):
    """asyncua, in a child of a process that has the address space ready."""

    def __init__(self, folder: Path) -> None:
        del folder
        port = free_port()
        super().__init__(port)
        self._parent = Program([sys.executable, PEERS / "asyncua_server.py", port])
        self._child = 0

    def start(self):
        self._child = json.loads(self._parent.order("start", "ready"))["ready"]

    def set(self, number):
        for name, value in (("Good", number), ("Level", number + 0.5)):
            self._parent.order(json.dumps({"do": "write", "name": name, "value": value}))

    def send(self, what):
        os.kill(self._child, what)

    def kill(self):
        if self._child:
            self.send(signal.SIGKILL)
            self._child = 0

    def close(self):
        self.kill()
        self._parent.kill()


class NodeOpcuaServer(UaServer):
    """node-opcua, as its own tests start it, with processes in reserve."""

    # It keeps the subscription while it stands still, and hands it over.
    bridges = frozenset({signal.SIGSTOP})

    def __init__(self, folder: Path) -> None:
        if shutil.which("npm") is None or shutil.which("node") is None:
            pytest.skip("npm is missing: node-opcua cannot be installed")
        port = free_port()
        super().__init__(port)
        self._server = NodeOpcua(folder, port, policies=["None"], modes=["None"])
        self._server.prepare(2)

    def start(self):
        self._server.start()
        self._server.prepare(1)

    def set(self, number):
        self._server.write("Good", number)
        self._server.write("Level", number + 0.5)

    def send(self, what):
        self._server.signal(what)

    def kill(self):
        self._server.kill()

    def close(self):
        self._server.close()
