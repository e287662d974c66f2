"""The job in Bytewax: frames expanded to samples, folded in windows, with a recovery store."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import bytewax.operators as op
import orjson
from bytewax.connectors.kafka import KafkaSinkMessage, KafkaSourceMessage, operators as kop
from bytewax.dataflow import Dataflow
from bytewax.operators import windowing
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main

from tests.bench.peers.asked import Asked, asked
from tests.bench.peers.samples import SOURCE, instants
from tests.bench.peers.stopwatch import Stopwatch
from tests.bench.peers.windowed import (
    GRACE_MS,
    WINDOW_MS,
    Sums,
    count,
    empty,
    row,
    row_key,
)

SNAPSHOT_EVERY = timedelta(seconds=5)
READ_AT_ONCE = 1000
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
BEGIN_MS = int(BEGIN.timestamp() * 1000)
WINDOW = timedelta(milliseconds=WINDOW_MS)

Sample = tuple[str, datetime, float]


def main() -> None:
    """Process the topic to its end; the last snapshot is part of it."""
    told, watch = asked(), Stopwatch()
    told.state.mkdir(parents=True)
    init_db_dir(told.state, 1)
    cli_main(
        flow(told, watch),
        recovery_config=RecoveryConfig(told.state),
        epoch_interval=SNAPSHOT_EVERY,
    )
    watch.write(told.out)


def flow(told: Asked, watch: Stopwatch) -> Dataflow:
    """From the topic of frames to that of rows."""

    def expand(message: KafkaSourceMessage[bytes, bytes]) -> Iterator[tuple[str, Sample]]:
        watch.read()
        frame = orjson.loads(message.value)
        equipment = frame["equipment"]
        for tag, at, value in instants(frame):
            yield equipment, (tag, BEGIN + timedelta(milliseconds=at - BEGIN_MS), value)

    made, brokers = Dataflow("bench_oee"), [told.servers]
    frames = kop.input(
        "frames", made, brokers=brokers, topics=[SOURCE], tail=False, batch_size=READ_AT_ONCE
    )
    op.raises("unread", frames.errs)
    samples = op.flat_map("samples", frames.oks, expand)
    windows = windowing.fold_window(
        "minutes",
        samples,
        windowing.EventClock(lambda sample: sample[1], timedelta(milliseconds=GRACE_MS)),
        windowing.TumblingWindower(length=WINDOW, align_to=BEGIN),
        empty,
        lambda sums, sample: count(sums, sample[0], sample[2]),
        _merged,
        ordered=False,
    )
    rows = op.map("rows", windows.down, _row)
    kop.output("results", rows, brokers=brokers, topic=told.output)
    return made


def _merged(one: Sums, other: Sums) -> Sums:
    return [left + right for left, right in zip(one, other, strict=True)]


def _row(closed: tuple[str, tuple[int, Any]]) -> KafkaSinkMessage[bytes, bytes]:
    equipment, (number, sums) = closed
    minute = BEGIN_MS + number * WINDOW_MS
    value = orjson.dumps(row(equipment, minute, sums))
    return KafkaSinkMessage(row_key(equipment, minute).encode(), value)


if __name__ == "__main__":
    main()
