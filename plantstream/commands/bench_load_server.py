"""The benchmarks' OPC UA server under load: it plays the plant's ticks until it is killed."""

import asyncio
import sys

from plantstream.commands.bench_load_plant import COUNTING, HOT, PERIOD, Load
from plantstream.commands.bench_tags import node
from plantstream.runtime import clock
from plantstream.simulator.playback import PlaybackServer


async def serve(load: Load) -> None:
    """Say the endpoint, and play."""
    server, machines = PlaybackServer(load.nodes()), list(enumerate(load.names()))
    await server.start()
    sys.stdout.write(f"{server.endpoint}\n")
    sys.stdout.flush()
    begin, tick = clock.monotonic(), 0
    while True:
        tick += 1
        now = clock.now()
        at = now.replace(microsecond=now.microsecond // 1000 * 1000)
        alike: dict[float, list[str]] = {
            float(tick): [node(name, tag) for _, name in machines for tag in COUNTING]
        }
        for machine, name in machines:
            alike.setdefault(load.temperature(machine, tick), []).append(node(name, HOT))
            for tag, value in load.changes(machine, tick):
                alike.setdefault(value, []).append(node(name, tag))
        for value, nodes in alike.items():
            await server.show_alike(nodes, value, at)
        await asyncio.sleep(begin + tick * PERIOD.total_seconds() - clock.monotonic())


if __name__ == "__main__":
    asyncio.run(serve(Load(int(sys.argv[1]))))
