"""A loop with doubles all around it, and short ways to look at them."""

from prometheus_client import CollectorRegistry

from plantstream.runtime.errors import UnavailableError
from schemas.codec import encode
from sinks.meters import SinkMeters
from sinks.runner import SinkLoop, SinkPorts, SinkTime
from tests.sinks.doubles import NOW, Log, MemoryBroker, MemoryReader, MemorySink, Pause
from tests.sinks.records import FRAMES, PRESS, frame

AWAY = UnavailableError("gone fishing")


class Bench:
    """A loop with everything that it touches."""

    def __init__(self, log: Log | None = None, sink: MemorySink | None = None) -> None:
        self.log, self.sink, self.broker = log or Log(), sink or MemorySink(), MemoryBroker()
        self.reader = MemoryReader(self.log)
        self.registry = CollectorRegistry()
        self.slept: list[float] = []
        self.loop = SinkLoop(
            SinkPorts(self.reader, self.sink, self.broker),
            SinkTime(lambda: NOW, self._sleep),
            SinkMeters(self.registry),
        )

    async def _sleep(self, seconds: float) -> None:
        if seconds:
            self.slept.append(seconds)
        await Pause()

    def append(self, *seqs: int) -> None:
        for seq in seqs:
            self.log.append(FRAMES, PRESS.encode(), encode(frame(seq)))

    async def turns(self, count: int) -> None:
        for _ in range(count):
            await self.loop.turn()

    def seqs(self) -> list[int]:
        return [row.id.seq for row in self.sink.rows]  # type: ignore[attr-defined]

    def meter(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"plantstream_{name}", labels)
