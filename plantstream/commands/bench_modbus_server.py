"""A Modbus TCP server with one unit, for the benchmark: it says its port, and runs until killed."""

import asyncio
import sys

REGISTERS = 5_000


async def serve() -> None:
    """Serve holding registers 0 to 4,999 of unit 1 on a port that the system chooses."""
    from pymodbus.server import ModbusTcpServer
    from pymodbus.simulator import DataType, SimData, SimDevice

    words = [
        SimData(0, values=[at % 2**16 for at in range(REGISTERS)], datatype=DataType.REGISTERS)
    ]
    bits = [SimData(0, values=[False] * 16, datatype=DataType.BITS)]
    device = SimDevice(id=1, simdata=(bits, bits, words, words))
    server = ModbusTcpServer(device, address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    listening: asyncio.Server = server.transport  # type: ignore[assignment]
    sys.stdout.write(f"{listening.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())
