"""Signs of life of the edge and its sources, sent at once, before whatever waits in the spool."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ingest.metrics import SourceMeters, SourceMetrics
from ingest.ports import Clock, Entropy, Sleep, Spool
from plantstream.runtime.errors import PlantstreamError
from plantstream.runtime.logs import get_logger
from plantstream.runtime.ports import Broker, Outgoing
from schemas.codec import encode
from schemas.partitioning import partition_of
from schemas.plant.load import PlantFile
from schemas.record import EventId
from schemas.site import EdgeHeartbeat, SiteRecord, SourceHeartbeat
from schemas.topics import SITE

EVERY_S = 5.0

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pulse:
    """What the heartbeats need of the world."""

    now: Clock
    entropy: Entropy
    sleep: Sleep = asyncio.sleep
    every_s: float = EVERY_S


class Heartbeats:
    """Sends them through a broker of their own; one that is not sent in time is not sent at all.

    Their ids have an epoch of their own, because they are not kept on disk.
    """

    def __init__(self, spool: Spool, sources: SourceMetrics, broker: Broker, pulse: Pulse) -> None:
        self._spool = spool
        self._sources = sources
        self._broker = broker
        self._pulse = pulse
        self._epoch = pulse.entropy(8).hex()
        self._seq = 0
        self._away = False

    async def run(self, current: Callable[[], PlantFile | None]) -> None:
        """Send until cancelled, under the plant file that is used at each time."""
        while True:
            plant = current()
            if plant is not None:
                await self.beat(plant)
            await self._pulse.sleep(self._pulse.every_s)

    async def beat(self, plant: PlantFile) -> None:
        """Send one of the edge and one of each source; a broker that refuses hears nothing."""
        try:
            async with asyncio.timeout(self._pulse.every_s):
                await self._broker.send([_outgoing(one) for one in self.records(plant)])
        except (PlantstreamError, TimeoutError) as error:
            if not self._away:
                _log.warning("heartbeats not sent", reason=str(error) or "no answer in time")
            self._away = True
        else:
            self._away = False

    def records(self, plant: PlantFile) -> list[SiteRecord]:
        """The signs of life of this moment."""
        spool = self._spool
        found: list[SiteRecord] = [
            EdgeHeartbeat(
                **self._envelope(plant),
                spool_records=spool.depth,
                spool_bytes=spool.size_bytes,
                dropped_records=spool.dropped,
            )
        ]
        for name, meters in self._sources.all().items():
            found.append(self._source(plant, name, meters))
        return found

    def _source(self, plant: PlantFile, name: str, meters: SourceMeters) -> SourceHeartbeat:
        skew = meters.clock_skew
        return SourceHeartbeat(
            **self._envelope(plant),
            name=name,
            connected=meters.is_connected,
            last_value_at=meters.last_value_at,
            clock_skew_s=None if skew is None else skew.total_seconds(),
            trouble=meters.trouble and meters.trouble[:500],
        )

    def _envelope(self, plant: PlantFile) -> dict[str, Any]:
        now, seq = self._pulse.now(), self._seq
        self._seq += 1
        return {
            "id": EventId(source=self._spool.source, epoch=self._epoch, seq=seq),
            "plant_version": plant.version,
            "source_time": now,
            "ingest_time": now,
            "site": plant.plant.site_path(),
            "edge": self._spool.source,
        }


def _outgoing(record: SiteRecord) -> Outgoing:
    named = f"/{record.name}" if isinstance(record, SourceHeartbeat) else ""
    key = f"{record.id.source}{named}"
    partition = partition_of(record.site.encode(), SITE.partitions)
    return Outgoing(SITE.name, partition, key.encode(), encode(record))
