"""An OPC UA server without security, as a process of its own: `asyncua_server.py <port>`.

Orders come as lines on stdin and are answered on stdout. The first, whatever it says, starts the
server in a child, whose process id is told: it may be killed and started again, and the 6 s that
asyncua takes for the standard's address space are spent once. While the child runs it takes the
JSON orders of the node-opcua peer, `{"do": "write", "name": "Good", "value": 7}`.
"""

import asyncio
import json
import os
import sys
from typing import Any

from asyncua import ua
from asyncua.server.internal_server import InternalServer
from asyncua.server.server import Server

from plantstream.runtime import clock

NAMESPACE = "urn:test:plant"
KINDS = {"Good": ua.VariantType.UInt32, "Level": ua.VariantType.Double}
_node_id: Any = ua.NodeId
_data_value: Any = ua.DataValue


async def standard_nodes() -> dict[Any, Any]:
    """The address space that every server has."""
    server = Server()
    await server.init()
    return dict(server.iserver.aspace._nodes)


async def serve(port: int) -> None:
    """Do what stdin says, until it ends."""
    server = Server()
    await server.init()
    server.set_endpoint(f"opc.tcp://127.0.0.1:{port}/peer")
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    index = await server.register_namespace(NAMESPACE)
    for name, kind in KINDS.items():
        await server.nodes.objects.add_variable(_node_id(name, index), name, ua.Variant(0, kind))
    async with server:
        _say({"ready": os.getpid()})
        while line := await asyncio.to_thread(sys.stdin.readline):
            order = json.loads(line)
            value = ua.Variant(order["value"], KINDS[order["name"]])
            data = _data_value(Value=value, SourceTimestamp=clock.now())
            await server.write_attribute_value(_node_id(order["name"], index), data)
            _say({"done": order["do"]})


def main(port: int) -> None:
    """One server after the other, each in a child."""
    nodes = asyncio.run(standard_nodes())

    async def copy(self: InternalServer, _: object = None) -> None:
        self.aspace._nodes = dict(nodes)

    replaced: Any = InternalServer
    replaced.load_standard_address_space = copy
    while sys.stdin.readline():
        child = os.fork()
        if not child:
            asyncio.run(serve(port))
            os._exit(0)
        os.waitpid(child, 0)


def _say(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


main(int(sys.argv[1]))
