"""A sink over a log that is always the same, to be killed: `python sink_process.py PORT`.

It says `holding N` when it holds at a fault point with N unacknowledged records, `working` once
it has read something, and ends when all is stored.
"""

import asyncio
import sys

from prometheus_client import CollectorRegistry

from plantstream.runtime.faults import HOLDING
from plantstream.runtime.settings import DatabaseSettings
from schemas.codec import encode
from sinks.portions import PollSize
from sinks.runner import SinkLimits
from sinks.service import run_sink
from tests.sinks.doubles import Log, MemoryBroker, MemoryReader
from tests.sinks.records import EVENTS, FRAMES, PRESS, counted, frame

FRAME_COUNT = 60
EVENT_COUNT = 30
SAMPLES = 400
BATCH = SinkLimits(PollSize(10, 10, 10), linger_s=0.001)


def log() -> Log:
    """Frames, events and a record that cannot be read; every seventh frame comes again later."""
    made = Log()
    for seq in range(FRAME_COUNT):
        made.append(FRAMES, PRESS.encode(), encode(frame(seq, numbers=[float(seq)] * SAMPLES)))
        if seq % 7 == 6:
            made.append(FRAMES, PRESS.encode(), made.records[FRAMES][-3].value)
            made.skip(FRAMES)
    for seq in range(EVENT_COUNT):
        made.append(EVENTS, PRESS.encode(), encode(counted(seq)))
    made.append(EVENTS, b"k", b"no json")
    return made


async def main(port: int) -> None:
    reader, registry = MemoryReader(log()), CollectorRegistry()
    reader.assign(FRAMES, EVENTS)
    settings = DatabaseSettings(port=port)
    sink = asyncio.create_task(run_sink(reader, MemoryBroker(), settings, registry, BATCH))
    said = ""
    while not reader.idle:
        held = registry.get_sample_value("plantstream_unacknowledged") or 0
        now = f"holding {held:g}" if registry.get_sample_value(HOLDING) else "working" * (held > 0)
        if now and now != said and not said.startswith("holding"):
            said = now
            sys.stdout.write(now + "\n")
            sys.stdout.flush()
        if sink.done():
            sink.result()
        await asyncio.sleep(0.001)
    sink.cancel()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
