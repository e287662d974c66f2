"""Samples in bulk beside what the presses say, past the edge; their numbers are known."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from plantstream.runtime import clock
from plantstream.runtime.kafka.broker import KafkaBroker
from plantstream.runtime.ports import Outgoing
from plantstream.runtime.settings import KafkaSettings
from schemas.codec import encode
from schemas.partitioning import partition_of
from schemas.record import EventId
from schemas.telemetry import Column, TelemetryFrame
from schemas.topics import TELEMETRY
from tests.chaos.plant import PRESSES, path_of

TAG = "bulk"
FRAME_SAMPLES = 100
TURN_S = 0.1
"""Of each press a frame: 20,000 samples a second."""


@dataclass
class Bulk:
    """Frame after frame of each press; its samples bear the numbers from 0 on."""

    plant_version: str
    epoch: str = field(default_factory=lambda: uuid4().hex)
    frames: int = 0
    """Of each press by now."""
    began: datetime = field(default_factory=clock.now)
    first: int = 0
    """When the newest bulk began, and with which frame of each press."""

    @property
    def samples(self) -> int:
        """Of the newest bulk."""
        return (self.frames - self.first) * FRAME_SAMPLES * len(PRESSES)

    @property
    def sum(self) -> int:
        """Of all its numbers."""
        first, end = self.first * FRAME_SAMPLES, self.frames * FRAME_SAMPLES
        return len(PRESSES) * (end - first) * (first + end - 1) // 2

    async def say(self, kafka: KafkaSettings, samples: int) -> None:
        """So many samples in all, as fast as they come from a plant of this size."""
        loop = asyncio.get_running_loop()
        self.began, self.first, due = clock.now(), self.frames, loop.time()
        async with KafkaBroker(kafka) as broker:
            for _ in range(samples // (FRAME_SAMPLES * len(PRESSES))):
                await broker.send([self._frame(path_of(press)) for press in PRESSES])
                self.frames += 1
                due += TURN_S
                await asyncio.sleep(max(0.0, due - loop.time()))

    def _frame(self, path: str) -> Outgoing:
        first, now = self.frames * FRAME_SAMPLES, clock.now()
        frame = TelemetryFrame(
            id=EventId(source=TAG, epoch=self.epoch, seq=self.frames),
            plant_version=self.plant_version,
            source_time=now,
            ingest_time=now,
            equipment=path,
            columns=[
                Column(
                    tag=TAG,
                    offset_ms=list(range(FRAME_SAMPLES)),
                    numbers=[float(first + one) for one in range(FRAME_SAMPLES)],
                )
            ],
        )
        partition = partition_of(path.encode(), TELEMETRY.partitions)
        return Outgoing(TELEMETRY.name, partition, path.encode(), encode(frame))
