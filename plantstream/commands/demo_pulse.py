"""How the demo's pipeline does, by the metrics of its services."""

import asyncio

from plantstream.commands.demo_view import Pulse
from plantstream.commands.scrape import Samples, quantile, scrape, since, total
from plantstream.runtime import clock

LATENCY = "plantstream_sink_event_to_row_seconds"
LOOK_EVERY_S = 0.1


async def first_values(sink: str, frames: int, within_s: float) -> Samples:
    """The sink's metrics once it has stored so many frames, or when the time is over.

    The first values of a subscription are as old as what they tell: their age is no latency.
    """
    deadline = clock.monotonic() + within_s
    found = await scrape(sink)
    while total(found, f"{LATENCY}_count") < frames and clock.monotonic() < deadline:
        await asyncio.sleep(LOOK_EVERY_S)
        found = await scrape(sink)
    return found


class PulseMeter:
    """Asks the edge and the sink, by the addresses of their metrics."""

    def __init__(self, edge: str, sink: str, before: Samples) -> None:
        self._pages = (edge, sink)
        self._before = before
        self._at, self._samples = clock.monotonic(), 0.0

    async def pulse(self) -> Pulse:
        """Samples per second since the last call, latency since `before`."""
        edge, sink = await asyncio.gather(*map(scrape, self._pages))
        then, samples = self._at, self._samples
        self._at = clock.monotonic()
        self._samples = total(edge, "plantstream_edge_samples_total")
        return Pulse(
            samples_per_s=max(0.0, self._samples - samples) / max(self._at - then, 1e-3),
            waiting=sum(int(total(page, "plantstream_unacknowledged")) for page in (edge, sink)),
            latency_p99_s=quantile(since(sink, self._before, LATENCY), LATENCY, 0.99),
        )
