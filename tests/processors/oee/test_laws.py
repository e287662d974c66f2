"""Laws of the OEE engine, whatever happens in whatever order."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings, strategies as st

from processors.oee.ratios import planned_busy_ms, ratios
from schemas.kpi import OeeCell, Quantities, TimeElements
from schemas.stops import Stop
from tests.facts import Facts, Record, total
from tests.makers import Machine, after, in_order, plant

STATES = ["running", "unplanned_stop", "setup", "planned_stop", "delay"]
happening = st.one_of(
    st.tuples(st.just("state"), st.sampled_from(STATES)),
    st.tuples(st.just("parts"), st.integers(1, 50), st.integers(0, 5)),
    st.tuples(st.just("batch"), st.sampled_from(["b1", "b2", "b3"])),
    st.tuples(st.just("product"), st.sampled_from(["fast", "slow", "guess"])),
    st.tuples(st.just("alive")),
)
days = st.lists(st.tuples(st.integers(0, 7200), happening), min_size=2, max_size=40)
files = st.fixed_dictionaries(
    {
        "minor_stop_s": st.sampled_from([0, 20, 120]),
        "unknown_after_s": st.sampled_from(["null", 60]),
        "during": st.sampled_from(["always", "batch"]),
    }
)


def machine_of(day: list[tuple[int, tuple]], file: dict) -> Machine:
    machine = Machine(plant(**file))
    for at, (kind, *arguments) in sorted(day, key=lambda one: one[0]):
        getattr(machine, kind)(at, *arguments)
    machine.alive(7201)
    return machine


@given(days, files)
@settings(max_examples=150, deadline=None)
def test_every_second_is_in_exactly_one_category(day: list, file: dict) -> None:
    machine = machine_of(day, file)
    facts = Facts(machine).tell(machine.said)
    span = machine.said[-1].source_time - in_order(machine.said)[0].source_time
    ignored = {"excluded_unknown", "no_ideal"}
    seconds = {name: s for name, s in facts.seconds().items() if name not in ignored}
    assert sum(seconds.values()) == span.total_seconds()


@given(days, files, st.integers(1, 50), st.integers(1, 5))
@settings(max_examples=150, deadline=None)
def test_batching_and_restarts_change_nothing(
    day: list, file: dict, at_once: int, restarts: int
) -> None:
    machine = machine_of(day, file)
    one_by_one = Facts(machine).tell(machine.said)
    other = Facts(machine)
    for start in range(0, len(machine.said), at_once):
        other.tell(machine.said[start : start + at_once], at_once=at_once)
        if start % restarts == 0:
            other.restart()
    assert said(other) == said(one_by_one)


@given(days, files, st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_events_may_overtake_each_other_by_less_than_the_allowed_lateness(
    day: list, file: dict, random
) -> None:
    machine = machine_of(day, file)
    jitter = {id(event): timedelta(seconds=random.uniform(0, 4.9)) for event in machine.said}
    shuffled = sorted(machine.said, key=lambda event: event.source_time + jitter[id(event)])
    ties = [a.source_time == b.source_time for a, b in pairwise(in_order(machine.said))]
    if not any(ties):
        assert said(Facts(machine).tell(shuffled)) == said(Facts(machine).tell(machine.said))


@given(days, files, st.lists(st.integers(0, 9000), max_size=8))
@settings(max_examples=150, deadline=None)
def test_ticks_change_no_totals(day: list, file: dict, ticks: list[int]) -> None:
    machine = machine_of(day, file)
    plain = Facts(machine).tell(machine.said)
    ticked = Facts(machine)
    events = list(machine.said)
    for now in sorted(ticks):
        due = [event for event in events if event.source_time <= after(now)]
        ticked.tell(due).tick(after(now))
        events = events[len(due) :]
    ticked.tell(events)
    until = machine.said[-1].source_time
    booked = {
        cell.record_id(): cell for cell in ticked.cells if cell.minute < until.replace(second=0)
    }
    for record_id, cell in booked.items():
        said_plainly = plain.records.get(record_id)
        empty = cell.time == TimeElements() and cell.quantities == Quantities()
        assert cell == said_plainly or (said_plainly is None and empty)


@given(days, files)
@settings(max_examples=100, deadline=None)
def test_reports_are_the_sums_of_their_cells(day: list, file: dict) -> None:
    machine = machine_of(day, file)
    facts = Facts(machine).tell(machine.said)
    for report in facts.reports:
        if report.kind == "shift":
            cells = [cell for cell in facts.cells if cell.shift == report.window]
            assert total([report.time]) == total(cell.time for cell in cells)
            assert total([report.quantities]) == total(cell.quantities for cell in cells)


amounts = st.integers(0, 10**9)


@given(
    st.builds(TimeElements, running_ms=amounts, minor_stop_ms=amounts, setup_ms=amounts),
    st.builds(Quantities, good=amounts, scrap=amounts, ideal_us=amounts, ideal_good_us=amounts),
)
def test_oee_is_the_product_of_its_three_ratios(time: TimeElements, made: Quantities) -> None:
    found = ratios(time, made)
    if planned_busy_ms(time) == 0:
        assert found.availability is None
        assert found.oee is None
    elif found.effectiveness and found.quality_ratio and made.ideal_us:
        ideal_quality = made.ideal_good_us / made.ideal_us
        assert found.availability is not None
        product = found.availability * found.effectiveness * ideal_quality
        assert found.oee == pytest.approx(product)


def said(facts: Facts) -> dict:
    """All that a reader knows, without empty cells that only took something back."""
    return {key: record for key, record in facts.records.items() if not is_empty(record)}


def is_empty(record: Record) -> bool:
    """Whether it only takes back what a tick, or an event before its time, had made of it."""
    match record:
        case OeeCell():
            return (record.time, record.quantities) == (TimeElements(), Quantities())
        case Stop():
            return record.end == record.start
        case _:
            return False
