"""A Modbus TCP server made with pymodbus, as a process of its own: `pymodbus_server.py <port>`.

It has the orders and answers of the slave made with libmodbus: `<register> <word>...` on stdin sets
holding registers of unit 1.
"""

import asyncio
import sys

from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

UNIT, SIZE, WRITE_REGISTERS = 1, 64, 16


async def serve(port: int) -> None:
    """Do what stdin says, until it ends."""
    bits = [SimData(0, values=[False] * 16, datatype=DataType.BITS)]
    words = [SimData(0, values=[0] * SIZE, datatype=DataType.REGISTERS)]
    device = SimDevice(id=UNIT, simdata=(bits, bits, words, words))
    server = ModbusTcpServer([device], address=("127.0.0.1", port), ignore_missing_devices=True)
    await server.serve_forever(background=True)
    _say(f"listening {port}")
    while line := await asyncio.to_thread(sys.stdin.readline):
        address, *values = (int(word) for word in line.split())
        await server.async_setValues(UNIT, WRITE_REGISTERS, address, values)
        _say("done")


def _say(what: str) -> None:
    sys.stdout.write(what + "\n")
    sys.stdout.flush()


asyncio.run(serve(int(sys.argv[1])))
