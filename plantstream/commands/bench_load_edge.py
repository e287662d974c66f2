"""An edge whose OPC UA input is replaced by values that come by themselves; else it is any edge."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ingest.backlog import Backlog, Holding, tells_meaning
from ingest.input import Alive, Chunk, Sample
from ingest.inputs.registry import INPUTS, Read
from ingest.metrics import SourceMeters
from ingest.service import EdgeOptions, run_edge
from ingest.spool_file import Limits
from ingest.urgent import Urgency
from plantstream.commands.bench_load_plant import COUNTING, HOT, PERIOD, Load
from plantstream.runtime import clock
from plantstream.runtime.garbage import collect_seldom
from plantstream.runtime.service import Service, run_service
from plantstream.runtime.settings import KafkaSettings
from schemas.plant.load import load_plant


class Playing:
    """An input that hands over what an OPC UA server's answers would have held."""

    def __init__(self, source: Any, equipment: Read, meters: SourceMeters, holding: Holding):
        self._heartbeat_s: float = source.heartbeat_s
        self._equipment = equipment
        self._load = Load(len(equipment))
        self._meters = meters
        self._holding = holding

    async def chunks(self, position: str | None) -> AsyncIterator[Chunk]:
        """One answer a tick, for ever."""
        del position
        backlog = Backlog(self._holding, tells_meaning(self._equipment))
        playing = asyncio.gather(self._play(backlog), self._live(backlog))
        playing.add_done_callback(lambda _: backlog.close())
        self._meters.connected()
        try:
            async for chunk in backlog.chunks():
                yield chunk
        finally:
            playing.cancel()
            with suppress(asyncio.CancelledError):
                await playing

    async def _play(self, backlog: Backlog) -> None:
        begin, tick = clock.monotonic(), 0
        while True:
            tick += 1
            answer = answered(self._load, self._equipment, tick)
            self._meters.notified(len(answer))
            backlog.put(answer)
            await asyncio.sleep(begin + tick * PERIOD.total_seconds() - clock.monotonic())

    async def _live(self, backlog: Backlog) -> None:
        while True:
            await asyncio.sleep(self._heartbeat_s)
            backlog.put([Alive(path, clock.now()) for path, _ in self._equipment])


def answered(load: Load, read: Read, tick: int) -> list[Sample]:
    """What a server would have told of this tick, at the present moment."""
    now = clock.now()
    at = now.replace(microsecond=now.microsecond // 1000 * 1000)
    found: list[Sample] = []
    for machine, (path, _) in enumerate(read):
        found += [Sample(path, tag, value, at) for tag, value in load.changes(machine, tick)]
        found.append(Sample(path, HOT, load.temperature(machine, tick), at))
        found += [Sample(path, tag, float(tick), at) for tag in COUNTING]
    return found


def _playing(
    name: str, source: Any, read: Read, meters: SourceMeters, urgency: Urgency
) -> "Playing":
    del name
    return Playing(source, read, meters, Holding(urgency=urgency))


def main(arguments: Sequence[str]) -> int:
    """Run the edge of this plant file, with its spool in this directory, its pages at this port."""
    file, data_dir, port = arguments
    plant = load_plant(Path(file).read_text(), file)
    INPUTS["opcua"] = _playing
    options = EdgeOptions(plant, Path(data_dir), Limits())

    async def work(service: Service) -> None:
        collect_seldom()
        await run_edge(service, options, KafkaSettings())

    return run_service("ingest", work, "127.0.0.1", int(port))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
