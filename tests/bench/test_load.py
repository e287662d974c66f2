"""The load of the benchmarks, when its rows were seen, and that a missing one is no figure."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ingest.urgent import Urgency
from plantstream.commands.bench_load import LOAD
from plantstream.commands.bench_load_edge import answered
from plantstream.commands.bench_load_opcua import LOAD as OPCUA_LOAD
from plantstream.commands.bench_load_plant import (
    COUNTING,
    HOT,
    LIMIT,
    PATH,
    PERIOD,
    TAGS,
    Load,
)
from plantstream.commands.bench_load_rows import Sightings, Stored, Tag, Window
from plantstream.commands.bench_processes import Processes, cpu_s
from plantstream.runtime.errors import PlantstreamError
from plantstream.runtime.ports import TopicPartition

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
SMALL = Load(machines=4)
TOPIC = "plant.telemetry.v1"
PLACE = TopicPartition(TOPIC, 3)


def test_loads_are_what_their_figures_say() -> None:
    assert LOAD.samples_per_s == 20_000
    assert OPCUA_LOAD.samples_per_s == 5_000


@pytest.mark.parametrize("load", [LOAD, OPCUA_LOAD, SMALL])
def test_a_machine_gets_hot_when_it_was_cool_and_never_otherwise(load: Load) -> None:
    for machine in range(load.machines):
        for tick in range(2, 2 * load.machines + 2):
            was_hot = load.temperature(machine, tick - 1) > LIMIT
            is_hot = load.temperature(machine, tick) > LIMIT
            assert load.gets_hot(machine, tick) is (is_hot and not was_hot)


def test_each_tick_changes_every_temperature_and_heats_one_machine() -> None:
    for tick in range(2, 20):
        assert sum(SMALL.gets_hot(machine, tick) for machine in range(4)) == 1
        for machine in range(4):
            assert SMALL.temperature(machine, tick) != SMALL.temperature(machine, tick - 1)


def test_a_counter_rises_by_one_part_at_a_time() -> None:
    counts = [value for tick in range(1, 200) for _, value in SMALL.changes(2, tick)][1:]
    assert counts == [float(number) for number in range(len(counts))]
    assert len(counts) == 1 + sum(SMALL.makes_part(2, tick) for tick in range(2, 200))


def test_what_gets_hot_is_urgent_and_nothing_else() -> None:
    plant = SMALL.plant("opc.tcp://127.0.0.1:1", "http://127.0.0.1:9")
    urgency, read = Urgency.of(plant), plant.plant.read_at("server")
    for tick in range(1, 10):
        answer = answered(SMALL, read, tick)
        assert (
            sum(one.tag in TAGS for one in answer) == SMALL.samples_per_s * PERIOD.total_seconds()
        )
        paths = {path for number, (path, _) in enumerate(read) if SMALL.gets_hot(number, tick)}
        assert paths <= urgency.among(answer, float(2 * tick))


def test_rows_are_seen_with_the_first_position_behind_them() -> None:
    sightings = Sightings()
    for second, end in enumerate((5, 5, 9)):
        sightings.see([(TOPIC, 3, end)], NOON + timedelta(seconds=second))
    assert sightings.seen_at(PLACE, 4) == NOON
    assert sightings.seen_at(PLACE, 5) == NOON + timedelta(seconds=2)
    with pytest.raises(PlantstreamError, match="never reached SQL"):
        sightings.seen_at(PLACE, 9)
    with pytest.raises(PlantstreamError, match="never reached SQL"):
        sightings.seen_at(TopicPartition(TOPIC, 4), 0)


def stored(load: Load, first: int, last: int) -> Stored:
    """What a whole run leaves in SQL."""
    number, paths = last - first + 1, [PATH.format(name) for name in load.names()]
    ticks = range(first, last + 1)
    counted = Tag(number, first, last, sum(ticks))
    return Stored(
        ticks={tick: NOON + tick * PERIOD for tick in ticks},
        tags={(path, tag): counted for path in paths for tag in COUNTING}
        | {(path, HOT): Tag(number, 20.0, 90.5, 1000.0) for path in paths},
        parts={
            path: sum(load.makes_part(machine, tick) for tick in ticks)
            for machine, path in enumerate(paths)
        },
    )


def test_a_missing_or_repeated_row_is_no_figure() -> None:
    whole, path = stored(SMALL, 30, 129), PATH.format("m002")
    whole.must_be_whole(SMALL)
    tag, hot = whole.tags[path, "t07"], whole.tags[path, HOT]
    for name, wrong in (
        ("t07", tag._replace(rows=99, total=tag.total - 77)),
        ("t07", tag._replace(rows=101, total=tag.total + 77)),
        ("t07", tag._replace(least=31, rows=99, total=tag.total - 30)),
        (HOT, hot._replace(rows=99)),
    ):
        with pytest.raises(PlantstreamError, match=f"m002 {name}"):
            replace(whole, tags={**whole.tags, (path, name): wrong}).must_be_whole(SMALL)
    without = {key: one for key, one in whole.tags.items() if key != (path, HOT)}
    with pytest.raises(PlantstreamError, match=f"m002 {HOT}"):
        replace(whole, tags=without).must_be_whole(SMALL)
    with pytest.raises(PlantstreamError, match=r"m002: 4 parts"):
        replace(whole, parts={**whole.parts, path: 3}).must_be_whole(SMALL)


def test_a_page_is_due_for_each_machine_that_gets_hot() -> None:
    due = stored(SMALL, 30, 129).pages(SMALL)
    assert len(due) == 100
    assert ("Hot", "m002", NOON + 30 * PERIOD) in due
    assert {machine for _, machine, _ in due} == set(SMALL.names())


def test_the_window_ends_before_its_end() -> None:
    window = Window(NOON, NOON + PERIOD)
    assert NOON in window
    assert NOON + PERIOD not in window


def test_processor_time_is_counted_by_process() -> None:
    processes = Processes({"gone": 2**22 + 1})
    before = cpu_s(os.getpid())
    while cpu_s(os.getpid()) < before + 0.05:
        pass
    shares = processes.shares()
    assert list(shares) == ["bench", "gone"]
    assert 0 < shares["bench"] < 2
    assert shares["gone"] == 0
    assert processes.told().startswith("% of a core: bench")
