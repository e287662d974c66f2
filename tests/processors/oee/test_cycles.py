"""Cycles beside OEE: the same events, whatever their order within five seconds, and restarts."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from hypothesis import given, settings, strategies as st

from processors.oee.engine import OeeEngine
from processors.oee.state import OeeState
from processors.step import Output
from schemas.cycles import BatchCycle, CycleCell
from schemas.machine import MachineRecord
from schemas.plant.load import PlantFile
from tests.makers import after, in_order, plant
from tests.processors.cycles.follower import Machine

ENGINE = OeeEngine()


def timed(mode: str, means: str) -> PlantFile:
    return plant(cycles=mode, tags=[{"name": "it", "means": means}])


COUNTERS = timed("counters", "good_count")

happening = st.one_of(
    st.tuples(st.just("parts"), st.integers(1, 5)),
    st.tuples(st.just("state"), st.sampled_from(["running", "unplanned_stop", "delay"])),
    st.tuples(st.just("batch"), st.sampled_from(["b1", "b2"])),
    st.tuples(st.just("product"), st.sampled_from(["fast", "slow", "guess"])),
)
days = st.lists(
    st.tuples(st.integers(0, 7_200), happening), min_size=2, max_size=30, unique_by=lambda x: x[0]
)


class Line:
    """One machine's engine, and the newest record of every id."""

    def __init__(self, file: PlantFile = COUNTERS) -> None:
        self.file = file
        self.known: dict[str, Any] = {}
        self.state: OeeState = ENGINE.load("|acme/north/hall/one/press", {})

    def tell(self, events: Sequence[MachineRecord], at_once: int = 1) -> "Line":
        for start in range(0, len(events), at_once):
            moved = ENGINE.advance(self.state, events[start : start + at_once], self.file)
            self.state = moved.state
            self._keep(moved.outputs)
        return self

    def tick(self, seconds: float) -> "Line":
        moved = ENGINE.tick(self.state, after(seconds), self.file)
        self.state = moved.state
        self._keep(moved.outputs)
        return self

    def restart(self) -> None:
        self.state = ENGINE.load("|acme/north/hall/one/press", ENGINE.dump(self.state))

    def cells(self) -> list[CycleCell]:
        return [one for one in self.known.values() if isinstance(one, CycleCell)]

    def _keep(self, outputs: Sequence[Output]) -> None:
        kept = (CycleCell, BatchCycle)
        self.known |= {one.record_key: one.record for one in outputs if type(one.record) in kept}


def machine_of(day: list) -> Machine:
    machine = Machine(plant=COUNTERS)
    for at, (kind, *arguments) in day:
        getattr(machine, kind)(at, *arguments)
    machine.alive(7_300)
    machine.alive(7_400)
    machine.said = in_order(machine.said)
    return machine


@given(days, st.integers(1, 20), st.integers(1, 5), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_shuffling_batching_restarts_and_ticks_change_no_cell(
    day: list, at_once: int, restarts: int, random
) -> None:
    said = machine_of(day).said
    late = {one.id.seq: timedelta(seconds=random.uniform(0, 4.9)) for one in said}
    shuffled = sorted(said, key=lambda one: one.source_time + late[one.id.seq])
    other = Line()
    for start in range(0, len(said), at_once):
        other.tell(shuffled[start : start + at_once], at_once)
        if start % restarts == 0:
            other.restart()
            other.tick(7_500)
    assert other.known == Line().tell(said).known


def test_a_silent_equipment_has_its_cycles_told_by_a_tick() -> None:
    machine = Machine(plant=COUNTERS)
    for at in range(0, 20, 2):
        machine.parts(at, 1)
    machine.alive(25)
    line = Line().tell(machine.said)
    assert not line.cells()
    [cell] = line.tick(40).cells()
    assert (cell.cycles, cell.total_ms) == (9, 18_000)


def test_the_next_batch_gets_none_of_the_last_ones_cycles() -> None:
    machine = Machine(plant=COUNTERS)
    machine.product(0, "slow")
    machine.batch(0, "b1")
    machine.parts(1, 1)
    machine.parts(3, 1)
    machine.batch_ends(3, "b1")
    machine.batch(5, "b2")
    machine.parts(6, 1)
    machine.parts(9, 1)
    machine.alive(70)
    machine.alive(140)
    line = Line().tell(machine.said)
    assert {(one.batch, one.product, one.total_ms) for one in line.cells()} == {
        ("b1", "slow", 2_000),
        ("b2", "slow", 3_000),
    }


def test_a_cycle_that_comes_hours_late_belongs_to_its_own_time() -> None:
    machine = Machine(plant=timed("events", "cycle_time"))
    machine.batch(0, "b1")
    machine.cycle(10, 1_000)
    machine.batch(7_000, "b2")
    machine.cycle(7_010, 2_000)
    late = machine.cycle(20, 4_000)
    machine.alive(7_100)
    machine.alive(7_200)
    cells = Line(machine.plant).tell(machine.said).cells()
    found = {(one.batch, one.hour, one.total_ms, one.late) for one in cells}
    assert found == {
        ("b1", after(0), 1_000, None),
        ("b2", after(3_600), 2_000, None),
        ("b1", after(0), 4_000, late.id),
    }
