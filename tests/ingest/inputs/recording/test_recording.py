"""Recordings as a whole: what is refused at once, what is played, and the real tablet press."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from ingest.agent import run_agent
from ingest.input import Alive, Chunk, Sample, Told, Unreadable
from ingest.inputs.recording import (
    Pace,
    Recording,
    RecordingInput,
    load_recording,
    recording_epoch,
    recording_run,
)
from ingest.lines import MAX_LINE_BYTES, read_lines
from ingest.memory_spool import MemorySpool
from ingest.options import AgentOptions
from schemas.machine import BatchEnded, BatchStarted, PartsCounted, StateChanged, TimeCategory
from schemas.mistakes import FileError
from schemas.telemetry import TelemetryFrame
from schemas.topics import MACHINE, TELEMETRY
from tests.ingest.kit import (
    NOW,
    PRESS_RECORDING,
    TABLET_PRESS,
    MemoryBroker,
    needs_press_recording,
    no_sleep,
    plant,
    press,
    world,
)

MAP = """
equipment: reactor
delimiter: ";"
time: {column: when}
batch_ends: last_row
columns:
  lot: batch
  made: good
  degrees: temperature
"""
ROWS = "".join(
    f"2026-03-02T12:00:{second:02};L{second // 20};{second};{second / 3}\n" for second in range(60)
)
Write = Callable[..., Recording]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(
        rows: str | bytes = ROWS, map_text: str = MAP, header: str = "when;lot;made;degrees\n"
    ) -> Recording:
        raw = rows.encode() if isinstance(rows, str) else rows
        (tmp_path / "rec.csv").write_bytes(header.encode() + raw)
        (tmp_path / "map.yaml").write_text(map_text)
        return load_recording(tmp_path / "rec.csv", tmp_path / "map.yaml", plant())

    return written


async def played(source: RecordingInput, position: str | None = None) -> list[Chunk]:
    return [chunk async for chunk in source.chunks(position)]


def observations(chunks: list[Chunk]) -> list[Told]:
    return [seen for chunk in chunks for seen in chunk.observations]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"map_text": MAP.replace("  made", "  mode")},
                     "map.yaml:8:3: columns.mode: rec.csv has no column mode; did you mean made?",
                     id="a column that is not there"),
        pytest.param({"map_text": MAP.replace("column: when", "column: time")},
                     "map.yaml:4:8: time.column: rec.csv has no column time", id="no time column"),
        pytest.param({"map_text": MAP.replace(": good", ": god")},
                     "map.yaml:8:3: columns.made: reactor has no tag god in plant.yaml; "
                     "did you mean good?", id="a tag that is not there"),
        pytest.param({"map_text": MAP.replace(": good", ": batch")},
                     "map.yaml:8:3: columns.made: a second column for tag batch", id="twice"),
        pytest.param({"map_text": MAP.replace("reactor", "reaktor")},
                     "map.yaml:2:1: equipment: no such equipment in plant.yaml: reaktor; "
                     "did you mean reactor?", id="unknown equipment"),
        pytest.param({"map_text": MAP.replace("delimiter", "delimeter")},
                     "map.yaml:3:1: delimeter: unknown key; did you mean delimiter?",
                     id="unknown key"),
        pytest.param({"map_text": MAP.replace("  lot: batch\n", "")},
                     "map.yaml:5:1: batch_ends: no column is a tag that means batch",
                     id="no batch that could end"),
        pytest.param({"map_text": MAP.replace("column: when", "column: when, zone: Mars")},
                     "map.yaml:4:22: time.zone: no such time zone", id="no zone"),
        pytest.param({"header": "", "rows": ""}, "rec.csv:1:1: the file is empty", id="empty"),
        pytest.param({"header": "when;lot;lot;degrees\n"},
                     "rec.csv:1:1: the header names twice: lot", id="a column twice"),
        pytest.param({"header": "x" * (MAX_LINE_BYTES + 1)},
                     "rec.csv:1:1: the header cannot be read: a line of", id="no header"),
    ],
)  # fmt: skip
def test_a_wrong_recording_starts_nothing(
    write: Write, change: dict[str, str], message: str
) -> None:
    with pytest.raises(FileError) as refused:
        write(**change)

    assert message in str(refused.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"map\.yaml:1:1: cannot be read: No such file"):
        load_recording(tmp_path / "rec.csv", tmp_path / "map.yaml", plant())


async def test_positions_are_resumable_anywhere(write: Write) -> None:
    recording = write()
    whole = await played(RecordingInput(recording, rows_per_chunk=7))

    for done, chunk in enumerate(whole, 1):
        rest = await played(RecordingInput(recording, rows_per_chunk=7), chunk.position)
        assert rest == whole[done:]


async def test_the_file_ends_once_with_an_empty_batch_and_a_sign_of_life(write: Write) -> None:
    recording = write()
    chunks = await played(RecordingInput(recording, rows_per_chunk=60))

    *_, last, alive = observations(chunks)
    assert isinstance(last, Sample)
    assert alive == Alive(last.equipment, last.source_time)
    assert (last.tag, last.value) == ("batch", "")
    assert last.source_time == NOW + timedelta(seconds=59)
    assert await played(RecordingInput(recording), chunks[-1].position) == []


async def test_a_phase_is_a_name_and_a_cycle_time_a_number(write: Write) -> None:
    recording = write(
        "2026-03-02T12:00:00;A;1;mix;30.5\n2026-03-02T12:00:01;A;2;;\n",
        MAP.replace("  degrees: temperature\n", "  step: phase\n  took: cycle\n"),
        "when;lot;made;step;took\n",
    )
    found = observations(await played(RecordingInput(recording)))

    seen = [(one.tag, one.value) for one in found if isinstance(one, Sample)]
    assert [value for tag, value in seen if tag == "phase"] == ["mix", ""]
    assert [value for tag, value in seen if tag == "cycle"] == [30.5, None]


async def test_bad_rows_are_dead_letters_and_the_rest_goes_on(write: Write) -> None:
    good = "2026-03-02T12:00:{};A;1;2"
    rows = [
        good.format("00"), "2026-03-02T12:00:01;A;1", good.format("02"),
        "2026-03-02T12:00:01;A;1;2", "x" * 10_000_000, good.format("03"),
    ]  # fmt: skip
    raw = "\n".join(rows).encode() + b"\n\xff\xfe\n" + good.format("04").encode()

    source = RecordingInput(write(raw))
    found = observations(await played(source))

    unreadable = [seen for seen in found if isinstance(seen, Unreadable)]
    assert [(seen.origin, seen.line) for seen in unreadable] == [
        ("rec.csv", 3), ("rec.csv", 5), ("rec.csv", 6), ("rec.csv", 8),
    ]  # fmt: skip
    assert all(len(seen.raw) <= MAX_LINE_BYTES for seen in unreadable)
    assert source.rows == 4


async def test_a_byte_order_mark_is_no_column(write: Write) -> None:
    assert await played(RecordingInput(write(header="\ufeffwhen;lot;made;degrees\n")))


async def test_paced_each_row_comes_at_its_time(write: Write) -> None:
    now = [100.0]

    async def sleep(delay_s: float) -> None:
        now[0] += delay_s
        await no_sleep(delay_s)

    source = RecordingInput(write(), Pace(10, sleep, lambda: now[0]))
    times = [now[0] async for chunk in source.chunks(None)]

    assert len(times) == 61
    assert times[:60] == pytest.approx([100 + second / 10 for second in range(60)])


async def test_shifted_the_first_row_is_now_even_after_a_restart(write: Write) -> None:
    recording = write()
    later = NOW + timedelta(days=1)
    first = await played(RecordingInput(recording, shift_to=later, rows_per_chunk=10))
    resumed = await played(
        RecordingInput(recording, shift_to=later + timedelta(hours=1)), first[2].position
    )

    assert observations(resumed) == observations(first[3:])
    begin = first[0].observations[0]
    assert isinstance(begin, Sample)
    assert begin.source_time == later


def test_the_same_files_have_the_same_digest_and_others_have_another(write: Write) -> None:
    once, again = write().digest, write().digest
    others = {write(ROWS + "\n").digest, write(map_text=MAP + "\n").digest}

    assert once == again
    assert len({once, *others}) == 3
    assert (len(recording_epoch(once)), len(recording_run(once))) == (16, 12)


def test_the_number_of_rows_is_known_or_nearly(write: Write) -> None:
    assert write().estimated_rows() == 60
    assert write("2026-03-02T12:00:00;A;1;2").estimated_rows() == 1
    assert write(ROWS * 1000).estimated_rows() == pytest.approx(60_000, rel=0.02)


def test_lines_know_where_they_end(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"a\r\n" + b"x" * 200_000 + b"\n\nlast")
    with path.open("rb") as file:
        whole = list(read_lines(file, number=1, offset=0))
        rest = list(read_lines(file, number=3, offset=whole[1].end))

    assert [(one.number, one.size) for one in whole] == [(1, 3), (2, 200_001), (3, 1), (4, 4)]
    assert rest == whole[2:]


@pytest.fixture(scope="module")
def press_log() -> MemoryBroker:
    broker = MemoryBroker()
    recording = load_recording(PRESS_RECORDING, TABLET_PRESS / "map.yaml", press())
    options = AgentOptions.replay(recording_run(recording.digest))
    source = {"recording": RecordingInput(recording)}
    asyncio.run(run_agent((press(), source), MemorySpool(), broker, options, world()))
    return broker


@needs_press_recording
def test_the_tablet_press_gives_the_counts_of_its_oracle(press_log: MemoryBroker) -> None:
    batch = ""
    counts: dict[str, list[int]] = {}
    for event in press_log.records(MACHINE.name):
        if isinstance(event, BatchStarted | BatchEnded):
            batch = event.batch if isinstance(event, BatchStarted) else ""
        elif isinstance(event, PartsCounted):
            good, scrap = counts.get(batch, [0, 0])
            counts[batch] = [good + event.good, scrap + event.scrap]

    assert counts == {"368": [2_344_000, 29_508], "369": [2_382_000, 5_281]}


@needs_press_recording
def test_the_tablet_press_gives_the_run_time_of_its_oracle(press_log: MemoryBroker) -> None:
    running_s: dict[str, float] = {}
    batch, running = "", False
    timeline = [
        event
        for event in press_log.records(MACHINE.name)
        if isinstance(event, StateChanged | BatchStarted | BatchEnded)
    ]
    for event, following in pairwise(timeline):
        if isinstance(event, StateChanged):
            running = event.category is TimeCategory.RUNNING
        else:
            batch = event.batch if isinstance(event, BatchStarted) else ""
        if batch and running:
            span = following.source_time - event.source_time
            running_s[batch] = running_s.get(batch, 0) + span.total_seconds()

    assert running_s == {"368": 70_410, "369": 70_880}


@needs_press_recording
def test_the_tablet_press_loses_no_sample(press_log: MemoryBroker) -> None:
    frames = press_log.records(TELEMETRY.name)

    assert all(isinstance(one, TelemetryFrame) and one.sample_count() <= 500 for one in frames)
    # 14 mapped columns, and an empty batch at the end of each of the two batches.
    assert sum(one.sample_count() for one in frames) == 35_609 * 14 + 2
    assert [one.id.seq for one in frames] == list(range(len(frames)))
