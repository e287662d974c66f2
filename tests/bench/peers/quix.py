"""The job in Quix Streams: frames expanded to samples, a tumbling window, exactly once."""

from collections.abc import Iterator
from typing import Any

from quixstreams import Application

from tests.bench.peers.asked import asked
from tests.bench.peers.samples import SOURCE, instants
from tests.bench.peers.stopwatch import Stopwatch
from tests.bench.peers.windowed import (
    GRACE_MS,
    WINDOW_MS,
    Row,
    Sums,
    count,
    empty,
    row,
    row_key,
)

COMMIT_S = 5.0


def main() -> None:
    """Process so many frames; the last commit is part of it."""
    told, watch = asked(), Stopwatch()

    def processed(_topic: str, _partition: int, _offset: int) -> None:
        if watch.frames >= told.frames:
            app.stop()

    app = Application(
        broker_address=told.servers,
        consumer_group=told.group,
        auto_offset_reset="earliest",
        commit_interval=COMMIT_S,
        processing_guarantee="exactly-once",
        state_dir=told.state,
        loglevel="WARNING",
        on_message_processed=processed,
    )

    def expand(frame: dict[str, Any]) -> Iterator[dict[str, Any]]:
        watch.read()
        for tag, at, value in instants(frame):
            yield {"tag": tag, "at": at, "value": value}

    samples = app.dataframe(app.topic(SOURCE, key_deserializer="str", value_deserializer="json"))
    samples = samples.apply(expand, expand=True)
    samples = samples.set_timestamp(lambda sample, _key, _timestamp, _headers: sample["at"])
    windows = samples.tumbling_window(WINDOW_MS, grace_ms=GRACE_MS).reduce(_add, _begin).final()
    rows = windows.apply(_row, metadata=True)
    output = app.topic(told.output, key_serializer="str", value_serializer="json")
    rows.to_topic(output, key=lambda found: row_key(found["equipment"], found["minute"]))
    app.run()
    watch.write(told.out)


def _begin(sample: dict[str, Any]) -> Sums:
    return _add(empty(), sample)


def _add(sums: Sums, sample: dict[str, Any]) -> Sums:
    return count(sums, sample["tag"], sample["value"])


def _row(window: dict[str, Any], key: str, _timestamp: int, _headers: object) -> Row:
    return row(key, window["start"], window["value"])


if __name__ == "__main__":
    main()
