"""Laws of cycles, whatever happens."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import pairwise

from hypothesis import given, settings, strategies as st

from tests.laws import EXAMPLES
from tests.makers import in_order
from tests.processors.cycles.follower import Follower, Machine, Plan, plan_of

STATES = ["running", "unplanned_stop", "setup", "delay", "unknown"]
happening = st.one_of(
    st.tuples(st.just("parts"), st.integers(0, 5), st.integers(0, 2)),
    st.tuples(st.just("parts"), st.integers(1, 3)),
    st.tuples(st.just("state"), st.sampled_from(STATES)),
    st.tuples(st.just("cycle"), st.integers(0, 90_000)),
    st.tuples(st.just("batch"), st.sampled_from(["b1", "b2", "b3"])),
    st.tuples(st.just("batch_ends"), st.sampled_from(["b1", "b2", "b3"])),
    st.tuples(st.just("product"), st.sampled_from(["fast", "slow", "guess"])),
    st.tuples(st.just("phase"), st.sampled_from(["heating", "mixing", None])),
    st.tuples(st.just("alive")),
)
days = st.lists(st.tuples(st.integers(0, 9_000), happening), min_size=1, max_size=60)
plans = st.builds(
    plan_of,
    cycles=st.sampled_from(["states", "counters", "events"]),
    minor_stop=st.sampled_from([timedelta(0), timedelta(minutes=2)]),
    unknown_after=st.sampled_from([None, timedelta(minutes=10)]),
)


def machine_of(day: Iterable[tuple[int, tuple]]) -> Machine:
    machine = Machine()
    for at, (kind, *arguments) in day:
        getattr(machine, kind)(at, *arguments)
    machine.said = in_order(machine.said)
    return machine


def known(follower: Follower) -> dict:
    follower.flush()
    return follower.known


@given(days, plans, st.lists(st.integers(0, 60), max_size=8), st.booleans())
@settings(max_examples=EXAMPLES, deadline=None)
def test_calls_flushes_and_restarts_change_no_cell(
    day: list, plan: Plan, cuts: list[int], flushed: bool
) -> None:
    said = machine_of(day).said
    other = Follower(plan)
    for index, event in enumerate(said):
        if index in cuts:
            other.restart()
            if flushed:
                other.flush()
        other.hear([event])
    assert known(other) == known(Follower(plan).hear(said))


@given(days, plans)
@settings(max_examples=EXAMPLES, deadline=None)
def test_every_cell_is_in_accord_with_itself(day: list, plan: Plan) -> None:
    for cell in Follower(plan).hear(machine_of(day).said).cells():
        assert cell.cycles == sum(cell.sketch.values()) > 0
        assert cell.shortest_ms * cell.cycles <= cell.total_ms <= cell.longest_ms * cell.cycles
        assert cell.cycles * cell.squares_ms2 >= cell.total_ms**2
        assert cell.slow + cell.no_ideal <= cell.cycles


@given(days, plans)
@settings(max_examples=EXAMPLES, deadline=None)
def test_cycles_from_counts_and_states_never_take_longer_than_the_day(
    day: list, plan: Plan
) -> None:
    machine = machine_of(day)
    span = machine.said[-1].source_time - machine.said[0].source_time
    if plan.cycles != "events":
        total = Follower(plan).hear(machine.said).sums().total_ms
        assert total <= span / timedelta(milliseconds=1)


@given(days, st.randoms(use_true_random=False))
@settings(max_examples=EXAMPLES, deadline=None)
def test_cycles_that_are_said_add_up_in_whatever_order_they_come(day: list, random) -> None:
    plan = plan_of(cycles="events")
    machine = machine_of(one for one in day if one[1][0] == "cycle")
    shuffled = random.sample(machine.said, len(machine.said))
    assert Follower(plan).hear(shuffled).sums() == Follower(plan).hear(machine.said).sums()


@given(days, plans)
@settings(max_examples=EXAMPLES, deadline=None)
def test_phases_fill_their_batch_and_batches_do_not_overlap(day: list, plan: Plan) -> None:
    batches = Follower(plan).hear(machine_of(day).said).batches()
    for batch in batches:
        if batch.phases and batch.end:
            ends = [batch.start, *(one.end for one in batch.phases)]
            assert [one.start for one in batch.phases] == ends[:-1]
            assert ends[-1] == batch.end
    spans = sorted((one.start, one.end) for one in batches if one.end is not None)
    for (_, end), (start, _) in pairwise(spans):
        assert end <= start


@given(st.lists(st.integers(1, 4), min_size=2, max_size=40), st.integers(200, 4_000))
def test_undisturbed_cycles_fill_the_time_between_first_and_last_count(
    units: list[int], every_ms: int
) -> None:
    machine = Machine()
    for index, made in enumerate(units):
        machine.parts(index * every_ms / 1000, made)
    sums = Follower(plan_of(cycles="counters")).hear(machine.said).sums()
    assert (sums.cycles, sums.total_ms) == (sum(units[1:]), (len(units) - 1) * every_ms)
