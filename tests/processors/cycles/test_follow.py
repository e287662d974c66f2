"""Cells of an hour, what comes too late for them, and when they are published."""

from datetime import timedelta

import pytest

from processors.cycles.cells import MAX_CELLS
from processors.cycles.state import PREFIX, dump
from schemas.cycles import CycleCell
from schemas.topics import KPI
from tests.makers import PATH, after, in_order
from tests.processors.cycles.follower import Follower, Machine, plan_of

HOUR = 3600


def counting(machine: Machine, start: float, end: float, every: float = 1) -> None:
    at = start
    while at <= end:
        machine.parts(at, 1)
        at += every


def test_a_cell_knows_what_was_made_when_and_how_it_compares_with_the_ideal() -> None:
    machine = Machine()
    machine.product(0, "slow")
    machine.batch(0, "b1")
    for at in (1, 3, 6.5):
        machine.parts(at, 1)
    [cell] = Follower().hear(machine.said).cells()
    assert cell == CycleCell(
        plant_version="v1",
        equipment=PATH,
        hour=after(0),
        product="slow",
        batch="b1",
        shift="2026-03-02/early",
        day=after(0).date(),
        cycles=2,
        total_ms=5_500,
        squares_ms2=2_000**2 + 3_500**2,
        shortest_ms=2_000,
        longest_ms=3_500,
        slow=1,
        ideal_ms=4_000,
        sketch={"384": 1, "413": 1},
    )


def test_cycles_of_a_product_without_an_ideal_one_are_counted_as_such() -> None:
    machine = Machine()
    machine.product(0, "guess")
    counting(machine, 1, 4)
    sums = Follower().hear(machine.said).sums()
    assert (sums.cycles, sums.no_ideal, sums.ideal_us, sums.slow) == (3, 3, 0, 0)


def test_products_batches_shifts_and_hours_are_told_apart() -> None:
    machine = Machine()
    machine.product(0, "fast")
    counting(machine, 1, 3)
    machine.product(4, "slow")
    counting(machine, 5, 8)
    machine.batch(9, "b")
    counting(machine, 10, 14)
    counting(machine, HOUR - 2, HOUR + 2)
    cells = Follower().hear(in_order(machine.said)).cells()
    found = [(one.hour.hour, one.product, one.batch, one.cycles) for one in cells]
    assert found == [
        (6, "fast", None, 2),
        (6, "slow", None, 3),
        (6, "slow", "b", 6),
        (7, "slow", "b", 3),
    ]


def test_a_cycle_belongs_to_the_hour_in_which_it_ends() -> None:
    machine = Machine()
    machine.parts(HOUR - 1, 1)
    machine.parts(HOUR + 1, 1)
    [cell] = Follower().hear(machine.said).cells()
    assert (cell.hour, cell.total_ms) == (after(HOUR), 2_000)


def test_open_cells_are_published_once_a_minute() -> None:
    machine = Machine()
    counting(machine, 0, 180)
    follower = Follower().hear(machine.said)
    told = [one.cycles for one in follower.told()]
    assert told == [59, 119, 179]
    assert {(one.topic, one.partition_key) for one in follower.outputs} == {(KPI, PATH)}


def test_an_equipment_that_falls_silent_has_its_last_cycles_published_once() -> None:
    machine = Machine()
    counting(machine, 0, 10)
    follower = Follower().hear(machine.said)
    assert not follower.outputs
    follower.flush().flush()
    assert [one.cycles for one in follower.told()] == [10]


def test_a_flush_between_two_counts_of_one_moment_changes_nothing() -> None:
    machine = Machine()
    machine.parts(1, 1)
    machine.parts(3, 1)
    machine.parts(3, 0, 1)
    follower = Follower()
    for event in machine.said:
        follower.hear([event]).flush().flush()
    assert [one.cycles for one in follower.told()] == [1, 2]
    assert (follower.sums().cycles, follower.sums().longest_ms) == (2, 1_000)


def test_a_late_cycle_of_an_open_hour_finds_its_cell() -> None:
    machine = Machine()
    for at in (100, 200, 150):
        machine.cycle(at, 1_000)
    [cell] = Follower(plan_of(cycles="events")).hear(machine.said).cells()
    assert (cell.cycles, cell.late) == (3, None)


def test_a_late_cycle_of_a_closed_hour_is_a_cell_of_its_own() -> None:
    machine = Machine()
    machine.batch(50, "b1")
    machine.cycle(100, 1_000)
    machine.batch(HOUR, "b2")
    machine.cycle(HOUR + 100, 1_000)
    late = machine.cycle(200, 3_000)
    cells = Follower(plan_of(cycles="events")).hear(machine.said).cells()
    found = [(one.hour, one.batch, one.late, one.total_ms) for one in cells]
    assert (after(0), "b1", late.id, 3_000) in found
    assert sum(one.cycles for one in cells) == 3


@pytest.mark.parametrize(
    ("mode", "late"),
    [("counters", "parts"), ("counters", "state"), ("states", "state")],
)
def test_a_late_count_or_state_is_left_out_and_said_once_an_hour(mode: str, late: str) -> None:
    machine = Machine()
    counting(machine, 0, 20)
    for at in (5.5, 6.5):
        if late == "parts":
            machine.parts(at, 1)
        else:
            machine.state(at, "running")
    follower = Follower(plan_of(cycles=mode)).hear(machine.said)
    [finding] = follower.findings()
    assert (finding.kind, finding.start) == ("cycles_too_late", after(0))
    assert "clock" in finding.text
    assert follower.sums().cycles == (20 if mode == "counters" else 0)


def test_a_late_heartbeat_is_nothing_to_speak_of() -> None:
    machine = Machine()
    counting(machine, 0, 20)
    machine.alive(5)
    machine.parts(5)
    assert not Follower().hear(machine.said).findings()


def test_more_batches_than_cells_lose_no_cycle() -> None:
    machine = Machine()
    for number in range(3 * MAX_CELLS):
        machine.batch(10 * number, f"b{number % (MAX_CELLS + 2)}")
        machine.cycle(10 * number + 5, 1_000 + number)
    follower = Follower(plan_of(cycles="events")).hear(machine.said)
    assert len(follower.state.cells.open) == MAX_CELLS
    sums = follower.sums()
    assert (sums.cycles, sums.longest_ms) == (3 * MAX_CELLS, 1_000 + 3 * MAX_CELLS - 1)
    assert sums.shortest_ms == 1_000


def test_what_is_remembered_fits_in_a_kilobyte() -> None:
    machine = Machine()
    machine.product(0, "a-product-of-usual-length")
    machine.batch(0, "B-2026-03-02-0815")
    at = 1.0
    for number in range(3_000):
        at += 1.05 * (0.9 + 0.2 * (number * 7 % 11) / 10) + (3 if number % 50 == 0 else 0)
        machine.parts(round(at, 3), 1)
    follower = Follower().hear([one for one in machine.said if one.source_time < after(HOUR)])
    rows = dump(follower.state)
    assert all(name.startswith(PREFIX) for name in rows)
    assert sum(len(name) + len(row) for name, row in rows.items()) <= 1024


def test_nothing_followed_is_nothing_remembered() -> None:
    assert dump(Follower().state) == {}
    Follower().restart()


def test_time_is_kept_in_whole_milliseconds() -> None:
    machine = Machine()
    machine.parts(1.0004, 1)
    machine.parts(2.0009, 1)
    assert Follower().hear(machine.said).sums().total_ms == 1_000


def test_silence_over_hours_leaves_the_hours_apart() -> None:
    machine = Machine()
    counting(machine, 0, 5)
    counting(machine, 10 * HOUR, 10 * HOUR + 5)
    cells = Follower(plan_of(unknown_after=timedelta(minutes=1))).hear(machine.said).cells()
    assert [(one.hour, one.cycles) for one in cells] == [(after(0), 5), (after(10 * HOUR), 5)]
