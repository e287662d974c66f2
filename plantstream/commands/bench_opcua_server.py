"""The benchmarks' OPC UA server: every tag changes so often, until it is killed."""

import asyncio
import sys

from plantstream.commands.bench_tags import MACHINES, TAGS, node
from plantstream.runtime import clock
from plantstream.simulator.playback import PlaybackServer


async def serve(period_s: float) -> None:
    """Say the endpoint, and count in every tag."""
    server = PlaybackServer(node(machine, tag) for machine in MACHINES for tag in TAGS)
    await server.start()
    sys.stdout.write(f"{server.endpoint}\n")
    sys.stdout.flush()
    begin, number = clock.monotonic(), 0
    while True:
        number += 1
        await server.show_everywhere(number, clock.now())
        await asyncio.sleep(begin + number * period_s - clock.monotonic())


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
