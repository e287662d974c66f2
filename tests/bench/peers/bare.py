"""The least that Python can do: aiokafka alone, which decodes the frames and adds them up."""

import argparse
import asyncio
from pathlib import Path

from aiokafka import AIOKafkaConsumer, TopicPartition

from plantstream.runtime.garbage import collect_seldom
from plantstream.runtime.kafka.admin import end_offsets
from plantstream.runtime.kafka.client import client_arguments
from plantstream.runtime.settings import KafkaSettings
from schemas.codec import decode
from schemas.topics import TELEMETRY
from tests.bench.peers.engine import add
from tests.bench.peers.stopwatch import Stopwatch
from tests.bench.peers.windowed import Sums

POLL_MS = 200
AT_ONCE = 2000


async def run(settings: KafkaSettings, out: Path) -> None:
    """Read the backlog to its end: no group, no marks, no memory that outlives us, no results."""
    watch = Stopwatch()
    found = await end_offsets(settings, [TELEMETRY])
    left = {TopicPartition(one.topic, one.partition): end for one, end in found.items() if end}
    windows: dict[str, dict[int, Sums]] = {}
    consumer = AIOKafkaConsumer(
        **client_arguments(settings), enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        consumer.assign(list(left))
        while left:
            polled = await consumer.getmany(timeout_ms=POLL_MS, max_records=AT_ONCE)
            for place, records in polled.items():
                watch.read(len(records))
                for record in records:
                    frame = decode(TELEMETRY, record.value)
                    add(windows.setdefault(frame.equipment, {}), frame)
                if records[-1].offset + 1 >= left[place]:
                    del left[place]
        watch.write(out)
    finally:
        await consumer.stop()


def main() -> None:
    """As `python -m tests.bench.peers.bare` is told."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--servers", required=True)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    collect_seldom()
    asyncio.run(run(KafkaSettings(bootstrap_servers=asked.servers), asked.out))


if __name__ == "__main__":
    main()
