"""The backlog: frames of our own schema, as our edge writes them, and what is true of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice

from plantstream.commands.bench_tags import plant_file
from plantstream.runtime.kafka.broker import KafkaBroker
from plantstream.runtime.ports import Outgoing
from plantstream.runtime.settings import KafkaSettings
from schemas.codec import encode
from schemas.partitioning import partition_of
from schemas.record import EventId
from schemas.telemetry import Column, TelemetryFrame
from schemas.topics import TELEMETRY
from tests.bench.peers.windowed import PERIOD_MS, TAGS, WINDOW_MS, Row, is_over, row, row_key

EQUIPMENT = tuple(f"bench/hall/a/l/press-{number:02}" for number in range(40))
BEGIN = datetime(2026, 1, 5, 6, tzinfo=UTC)
BEGIN_MS = int(BEGIN.timestamp() * 1000)
SENT_AT_ONCE = 2_000
_PATTERN = 4_001
"""After so many instants a machine does the same again."""
_TRACE = f"00-{'1' * 32}-{'2' * 16}-01"
_KINDS = ("bool", "int", "int")


def _does(instant: int) -> tuple[float, float, float]:
    """Stops of 6 to 60 s; some parts are missing, some are scrap."""
    runs = instant % 1500 > 300 and instant % 211 > 30
    parts = int(runs and instant % 7 != 3) + int(runs and instant % 41 == 0)
    return float(runs), float(parts), float(parts and parts - (instant % 53 == 0))


_VALUES = [list(values) * 2 for values in zip(*map(_does, range(_PATTERN)), strict=True)]
_SUMS = [[0.0, *accumulate(values)] for values in _VALUES]


@dataclass(frozen=True, slots=True)
class Backlog:
    """Frames of so many samples, by turns of 40 equipments; seconds of event time go on."""

    frame_samples: int
    frames_each: int

    @classmethod
    def of(cls, frame_samples: int, samples: int) -> "Backlog":
        """As many frames as so many samples make, one of each equipment at least."""
        return cls(frame_samples, max(1, samples // len(EQUIPMENT) // frame_samples))

    @property
    def frames(self) -> int:
        """In all."""
        return self.frames_each * len(EQUIPMENT)

    @property
    def samples(self) -> int:
        """In all."""
        return self.frames * self.frame_samples

    def records(self) -> Iterator[Outgoing]:
        """As an edge sends them."""
        version = plant_file().version
        places = [partition_of(path.encode(), TELEMETRY.partitions) for path in EQUIPMENT]
        for seq in range(self.frames_each):
            for number, path in enumerate(EQUIPMENT):
                value = encode(self._frame(number, seq, version))
                yield Outgoing(TELEMETRY.name, places[number], path.encode(), value)

    def rows(self, read: Mapping[int, int] | None = None) -> dict[str, Row]:
        """The rows of all minutes that are over once so many frames of each partition are read."""
        found: dict[str, Row] = {}
        for number, frames in enumerate(self._frames_read(read)):
            newest = _at(number, (frames * self.frame_samples - 1) // len(TAGS)) if frames else 0
            minute = _at(number, 0) // WINDOW_MS * WINDOW_MS
            while is_over(minute, newest):
                found[row_key(EQUIPMENT[number], minute)] = _row(number, minute)
                minute += WINDOW_MS
        return found

    def _frames_read(self, read: Mapping[int, int] | None) -> Iterator[int]:
        """Of each equipment; those of a partition stand there by turns."""
        beside: dict[int, list[str]] = {}
        for path in EQUIPMENT:
            beside.setdefault(partition_of(path.encode(), TELEMETRY.partitions), []).append(path)
        for path in EQUIPMENT:
            partition = partition_of(path.encode(), TELEMETRY.partitions)
            among = beside[partition]
            whole = self.frames_each * len(among)
            frames = whole if read is None else read.get(partition, 0)
            turns, more = divmod(frames, len(among))
            yield turns + (among.index(path) < more)

    def _frame(self, number: int, seq: int, version: str) -> TelemetryFrame:
        start = seq * self.frame_samples
        first = start // len(TAGS)
        at = BEGIN + timedelta(milliseconds=_at(number, first) - BEGIN_MS)
        return TelemetryFrame(
            id=EventId(source="bench/edge", epoch="e1", seq=seq),
            plant_version=version,
            traceparent=_TRACE,
            source_time=at,
            ingest_time=at,
            equipment=EQUIPMENT[number],
            columns=list(_columns(number, (start, start + self.frame_samples), first)),
        )


async def write(kafka: KafkaSettings, backlog: Backlog) -> None:
    """All of it, as an edge would: idempotent, acknowledged, compressed with zstd."""
    records = backlog.records()
    async with KafkaBroker(kafka) as broker:
        while some := list(islice(records, SENT_AT_ONCE)):
            await broker.send(some)


def _columns(number: int, between: tuple[int, int], first: int) -> Iterator[Column]:
    """These samples of the equipment, which come as running, total, good, running, …"""
    for place, (tag, kind) in enumerate(zip(TAGS, _KINDS, strict=True)):
        begin, end = (-((place - sample) // len(TAGS)) for sample in between)
        if begin < end:
            offsets = [(instant - first) * PERIOD_MS for instant in range(begin, end)]
            shift = _shifted(number, begin)
            numbers = _VALUES[place][shift : shift + end - begin]
            yield Column(tag=tag, offset_ms=offsets, numbers=numbers, kind=kind)  # type: ignore[arg-type]


def _row(number: int, minute: int) -> Row:
    """By sums over the pattern: nothing of how others count is in it."""
    begin, end = (
        max(0, -(-(at - _at(number, 0)) // PERIOD_MS)) for at in (minute, minute + WINDOW_MS)
    )
    shift = _shifted(number, begin)
    sums = [values[shift + end - begin] - values[shift] for values in _SUMS]
    return row(EQUIPMENT[number], minute, [float(end - begin), *sums])


def _at(number: int, instant: int) -> int:
    """In ms since 1970; never on a full second, so that nothing hangs on an equal sign."""
    return BEGIN_MS + 1 + number * 130 + instant * PERIOD_MS


def _shifted(number: int, instant: int) -> int:
    return (instant + number * 577) % _PATTERN
