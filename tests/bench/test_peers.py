"""The throughput benchmark's own arithmetic: minutes, the backlog, agreement, figures."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pytest

from plantstream.commands.bench_tags import plant_file
from plantstream.runtime.errors import PlantstreamError
from plantstream.runtime.ports import Outgoing
from schemas.codec import decode
from schemas.record import EventId
from schemas.telemetry import MAX_SAMPLES, Column, TelemetryFrame
from schemas.topics import TELEMETRY
from tests.bench.peers.__main__ import PARTS, SAMPLES, merged
from tests.bench.peers.agreement import must_agree
from tests.bench.peers.backlog import BEGIN, BEGIN_MS, EQUIPMENT, Backlog
from tests.bench.peers.engine import State, WindowedEngine, add
from tests.bench.peers.figures import BARE, BYTEWAX, IDS, OURS, QUIX, Run, figures, table
from tests.bench.peers.samples import instants
from tests.bench.peers.stopwatch import Stopwatch, Took
from tests.bench.peers.windowed import (
    GRACE_MS,
    IDEAL_CYCLE_S,
    PERIOD_MS,
    TAGS,
    WINDOW_MS,
    Row,
    Sums,
    count,
    empty,
    row,
    row_key,
)

PRESS = EQUIPMENT[0]
PLANT = plant_file()
SIZES = sorted(PARTS)


SOME = (0, 7)


def frames_of(records: Iterable[Outgoing]) -> list[TelemetryFrame]:
    return [decode(TELEMETRY, one.value) for one in records]


def frames_of_some(backlog: Backlog) -> list[TelemetryFrame]:
    return [
        backlog._frame(number, seq, PLANT.version)
        for seq in range(backlog.frames_each)
        for number in SOME
    ]


def rows_of_some(backlog: Backlog) -> dict[str, Row]:
    paths = {EQUIPMENT[number] for number in SOME}
    return {key: one for key, one in backlog.rows().items() if one["equipment"] in paths}


def counted(frames: Sequence[TelemetryFrame]) -> dict[str, Row]:
    """Sample by sample, as peers do."""
    windows: dict[tuple[str, int], Sums] = defaultdict(empty)
    for frame in frames:
        for tag, at, value in instants(json.loads(frame.model_dump_json())):
            count(windows[frame.equipment, at - at % WINDOW_MS], tag, value)
    return {row_key(*place): row(*place, sums) for place, sums in windows.items()}


def told_by_engine(frames: Sequence[TelemetryFrame], at_once: int) -> dict[str, Row]:
    engine, found = WindowedEngine(), dict[str, Row]()
    by_equipment: dict[str, list[TelemetryFrame]] = defaultdict(list)
    for frame in frames:
        by_equipment[frame.equipment].append(frame)
    for equipment, some in by_equipment.items():
        state = engine.load(equipment, {})
        for start in range(0, len(some), at_once):
            done = engine.advance(state, some[start : start + at_once], PLANT)
            state = engine.load(equipment, engine.dump(done.state))
            found |= {one.record_key: one.record.model_dump() for one in done.outputs}
    return found


def test_a_minute_of_half_the_time_running_at_half_speed_with_a_tenth_of_scrap():
    samples = WINDOW_MS // PERIOD_MS
    made = samples / 2 * PERIOD_MS / 1000 / IDEAL_CYCLE_S / 2
    found = row(PRESS, BEGIN_MS, [samples, samples / 2, made, made * 0.9])
    assert found["availability"] == 0.5
    assert found["performance"] == pytest.approx(0.5)
    assert found["quality"] == pytest.approx(0.9)
    assert found["oee"] == pytest.approx(0.225)


@pytest.mark.parametrize(
    ("sums", "unknown"),
    [
        pytest.param([300, 0, 0, 0], {"performance", "quality", "oee"}, id="it stood still"),
        pytest.param([300, 300, 0, 0], {"quality", "oee"}, id="it made nothing"),
        pytest.param(
            [0, 0, 0, 0], {"availability", "performance", "quality", "oee"}, id="nothing is known"
        ),
    ],
)
def test_what_cannot_be_said_is_none(sums: Sums, unknown: set[str]):
    assert {name for name, value in row(PRESS, 0, sums).items() if value is None} == unknown


@pytest.mark.parametrize("size", SIZES)
def test_the_backlog_has_the_samples_of_every_equipment_in_their_order(size: int):
    backlog = Backlog(size, 60 // size + 2)
    records = list(backlog.records())
    assert len(records) == backlog.frames
    assert backlog.samples == sum(frame.sample_count() for frame in frames_of(records))
    seen: dict[tuple[str, str], list[int]] = defaultdict(list)
    for frame in frames_of(records):
        for tag, at, _ in instants(json.loads(frame.model_dump_json())):
            seen[frame.equipment, tag].append(at)
    assert len(seen) == len(EQUIPMENT) * len(TAGS)
    for times in seen.values():
        assert times == list(range(times[0], times[-1] + 1, PERIOD_MS))
    assert max(SIZES) == MAX_SAMPLES


@pytest.mark.parametrize("size", SIZES)
def test_the_rows_that_are_true_are_those_of_counting_sample_by_sample(size: int):
    backlog = Backlog(size, 3_200 // size)
    truth, found = rows_of_some(backlog), counted(frames_of_some(backlog))
    assert len(truth) == 2 * len(SOME)
    assert {key: found[key] for key in truth} == truth
    assert any(one["oee"] for one in truth.values())


@pytest.mark.parametrize("at_once", [1, 7])
@pytest.mark.parametrize("size", [10, 500])
def test_the_engine_tells_them_however_frames_are_batched(size: int, at_once: int):
    backlog = Backlog(size, 3_200 // size)
    assert told_by_engine(frames_of_some(backlog), at_once) == rows_of_some(backlog)


def test_what_comes_after_its_minute_is_over_is_left_out():
    frame, engine = frame_at(0, [1.0]), WindowedEngine()
    late = State(PRESS, BEGIN_MS + GRACE_MS, BEGIN_MS + WINDOW_MS)
    assert engine.advance(late, [frame], PLANT).state.windows == {}
    early = State(PRESS, BEGIN_MS, BEGIN_MS)
    assert engine.advance(early, [frame], PLANT).state.windows == {BEGIN_MS: [1, 1, 0, 0]}


def test_a_column_across_the_full_minute_counts_on_both_sides():
    windows: dict[int, Sums] = {}
    newest = add(windows, frame_at(WINDOW_MS - PERIOD_MS, [1.0, 1.0, 0.0]))
    assert newest == BEGIN_MS + WINDOW_MS + PERIOD_MS
    assert windows == {BEGIN_MS: [1, 1, 0, 0], BEGIN_MS + WINDOW_MS: [2, 1, 0, 0]}


def frame_at(offset_ms: int, running: list[float | None]) -> TelemetryFrame:
    offsets = [offset_ms + number * PERIOD_MS for number in range(len(running))]
    return TelemetryFrame(
        id=EventId(source="bench/edge", epoch="e1", seq=0),
        plant_version="v1",
        source_time=BEGIN,
        ingest_time=BEGIN,
        equipment=PRESS,
        columns=[Column(tag="running", offset_ms=offsets, numbers=running)],
    )


def test_of_a_part_of_the_backlog_those_minutes_are_true_that_are_over_in_it():
    backlog = Backlog(500, 8)
    records = list(backlog.records())
    whole = {one.partition: 0 for one in records}
    for one in records:
        whole[one.partition] += 1
    assert backlog.rows(whole) == backlog.rows()
    partition = records[0].partition
    ours = [one for one in records if one.partition == partition]
    for read in (0, len(ours) // 2 + 1, len(ours) - 1):
        found = told_by_engine(frames_of(ours[:read]), 5)
        assert backlog.rows({partition: read}) == found


TRUTH: Mapping[str, Row] = {"a|0": row("a", 0, [300, 150, 60, 54])}


def test_equal_rows_agree_and_minutes_that_are_not_over_are_not_looked_at():
    must_agree("they", {**TRUTH, "a|60000": {"oee": 7.0}}, TRUTH)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        pytest.param({}, r"they: the row a\|0 is missing", id="a row"),
        pytest.param(
            {"a|0": {**TRUTH["a|0"], "good": 53.0}},
            r"they: good of a\|0 is 53.0, and 54 is true",
            id="a count",
        ),
        pytest.param({"a|0": {**TRUTH["a|0"], "oee": None}}, r"oee of a\|0 is None", id="a ratio"),
    ],
)
def test_a_difference_says_where_it_is(told: Mapping[str, Row], said: str):
    with pytest.raises(PlantstreamError, match=said):
        must_agree("they", told, TRUTH)


def test_nothing_to_compare_is_no_agreement():
    with pytest.raises(PlantstreamError, match="no minute is over"):
        must_agree("they", {}, {})


def test_a_stopwatch_begins_with_the_first_frame(tmp_path: Path):
    watch, out = Stopwatch(), tmp_path / "took.json"
    sum(range(300_000))
    watch.read(3)
    watch.read()
    watch.write(out)
    took = Took(**json.loads(out.read_text()))
    assert took.frames == 4
    assert 0 <= took.cpu_s < 0.005 or took.wall_s > 0.005


RUNS = (
    Run(BARE, 100, Took(1.0, 1.0, 40_000)),
    Run(OURS, 100, Took(5.0, 9.0, 40_000)),
    Run(OURS, 100, Took(4.0, 8.0, 40_000)),
    Run(BYTEWAX, 100, Took(12.0, 12.0, 40_000)),
    Run(QUIX, 100, Took(8.0, 9.0, 4_000)),
    Run(OURS, 1, Took(4.0, 4.0, 40_000)),
    Run(QUIX, 1, Took(1.0, 1.0, 40_000)),
)


def test_figures_are_of_the_best_runs_per_core_second():
    found = figures(RUNS)
    assert tuple(one.id for one in found) == IDS
    assert [one.value for one in found] == pytest.approx([20.0, 3.0, 0.25, 75.0])
    assert [one.reference for one in found] == pytest.approx([1.0, 1.0, 1.0, 25.0])


def test_what_did_not_run_has_no_figure():
    assert [one.id for one in figures(RUNS[:3])] == ["bare_loop"]
    assert figures([RUNS[1]]) == []


def test_the_table_sets_each_beside_ours_of_the_same_frames():
    lines = table(RUNS)
    assert [(one["who"], one["samples_a_frame"]) for one in lines] == [
        (BARE, 100),
        (OURS, 100),
        (BYTEWAX, 100),
        (QUIX, 100),
        (OURS, 1),
        (QUIX, 1),
    ]
    assert lines[0]["we_are_times"] == pytest.approx(0.25)
    assert lines[0]["we_cost_us_more"] == pytest.approx(75)
    assert lines[3]["samples_per_core_s"] == 50_000
    assert lines[5]["we_are_times"] == pytest.approx(0.25)


def test_figures_stand_in_the_file_beside_others_and_replace_older_ones(tmp_path: Path):
    out = tmp_path / "bench.json"
    rows = [one.row() for one in figures(RUNS)]
    merged([{**rows[0], "id": "replay_s"}, {**rows[0], "value": 1.0}], out)
    merged(rows, out)
    found = json.loads(out.read_text())
    assert [one["id"] for one in found] == ["replay_s", *IDS]
    assert found[1] == rows[0]


@pytest.mark.parametrize("size", SIZES)
def test_the_short_form_has_minutes_that_are_over(size: int):
    assert Backlog.of(size, SAMPLES // PARTS[size]).rows()
