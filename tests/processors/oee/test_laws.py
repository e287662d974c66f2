"""Laws of the OEE engine, whatever happens in whatever order."""

from dataclasses import fields
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings, strategies as st

from processors.oee.losses import losses
from processors.oee.stops import COUNTED_AS
from processors.ratios import planned_busy_ms, ratios
from schemas.kpi import OeeCell, OeeReport, Quantities, TimeElements
from schemas.machine import MachineRecord, PartsCounted
from schemas.manual import ManualRecord, PartsReported, StopReasonGiven
from schemas.stops import Stop
from tests.facts import Facts, Record, total
from tests.laws import EXAMPLES
from tests.makers import Machine, after, in_order, plant

STATES = ["running", "unplanned_stop", "setup", "planned_stop", "delay"]
happening = st.one_of(
    st.tuples(st.just("state"), st.sampled_from(STATES)),
    st.tuples(st.just("parts"), st.integers(1, 50), st.integers(0, 5)),
    st.tuples(st.just("batch"), st.sampled_from(["b1", "b2", "b3"])),
    st.tuples(st.just("product"), st.sampled_from(["fast", "slow", "guess"])),
    st.tuples(st.just("alive")),
    st.tuples(st.just("reason"), st.sampled_from(["jam", "format", "no_material", "fault"])),
    st.tuples(st.just("reason_since"), st.integers(1, 900), st.sampled_from(["format", "jam"])),
    st.tuples(st.just("found"), st.integers(1, 9), st.booleans()),
    st.tuples(st.just("maintenance_begins"), st.booleans()),
    st.tuples(st.just("maintenance_ends")),
)
days = st.lists(st.tuples(st.integers(0, 7200), happening), min_size=2, max_size=40)
files = st.fixed_dictionaries(
    {
        "minor_stop_s": st.sampled_from([0, 20, 120]),
        "unknown_after_s": st.sampled_from(["null", 60]),
        "during": st.sampled_from(["always", "batch"]),
        "min_run_s": st.sampled_from([0, 0, 90]),
        "startup_s": st.sampled_from([0, 600]),
        "changeover": st.sampled_from(["availability", "performance"]),
        "breaks": st.sampled_from(["[]", '[{start: "06:20", end: "06:50"}]']),
        "rules": st.lists(
            st.sampled_from(
                [
                    {"when": "no_batch", "category": "delay"},
                    {"when": "start_of_shift", "category": "setup", "reason": "format"},
                    {"when": "maintenance", "category": "planned_stop"},
                ]
            ),
            max_size=2,
        ),
    }
)
CHANGEOVER = {"when": "changeover", "category": "setup", "reason": "format"}


def machine_of(day: list[tuple[int, tuple]], file: dict) -> Machine:
    machine = Machine(plant(**file))
    for at, (kind, *arguments) in sorted(day, key=lambda one: one[0]):
        say(machine, at, kind, arguments)
    machine.alive(7201)
    machine.alive(7210)
    return machine


def say(machine: Machine, at: int, kind: str, arguments: list) -> None:
    """One of the things that happen."""
    match kind:
        case "reason_since":
            ago, code = arguments
            machine.reason(at, code, since=at - ago + 0.0004, until=at - ago // 3 + 0.0008)
        case "found":
            scrap, startup = arguments
            machine.found(at, scrap=scrap, good=-1, startup=startup)
        case "maintenance_begins":
            machine.maintenance(at, planned=arguments[0])
        case _:
            getattr(machine, kind)(at, *arguments)


@given(days, files)
@settings(max_examples=EXAMPLES, deadline=None)
def test_every_second_is_in_exactly_one_category(day: list, file: dict) -> None:
    machine = machine_of(day, file)
    facts = Facts(machine).tell(machine.said)
    told = [one for one in in_order(machine.said) if not isinstance(one, ManualRecord)]
    span = told[-1].source_time - told[0].source_time
    ignored = {"excluded_unknown", "no_ideal", "producing_setup"}
    seconds = {name: s for name, s in facts.seconds().items() if name not in ignored}
    assert sum(seconds.values()) == span.total_seconds()


@given(days, files, st.integers(1, 50), st.integers(1, 5))
@settings(max_examples=EXAMPLES, deadline=None)
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
@settings(max_examples=EXAMPLES, deadline=None)
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
@settings(max_examples=EXAMPLES, deadline=None)
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
@settings(max_examples=EXAMPLES, deadline=None)
def test_losses_and_the_ideal_time_of_good_parts_are_all_of_planned_busy_time(
    day: list, file: dict
) -> None:
    machine = machine_of(day, file)
    for cell in Facts(machine).tell(machine.said).cells:
        found = losses(cell.time, cell.quantities)
        told = [getattr(found, one.name) for one in fields(found)]
        if None not in told:
            busy_us = planned_busy_ms(cell.time) * 1000
            assert sum(told) + cell.quantities.ideal_good_us == busy_us


def is_late_fact(event: MachineRecord) -> bool:
    """Whether it may come at any time and still goes to where it belongs."""
    return isinstance(event, PartsCounted | PartsReported | StopReasonGiven)


@given(days, files, st.randoms(use_true_random=False))
@settings(max_examples=EXAMPLES, deadline=None)
def test_late_facts_of_any_age_give_the_same_sums_as_timely_ones(
    day: list, file: dict, random
) -> None:
    machine = machine_of(day, file | {"unknown_after_s": "null"})
    machine.alive(9 * 3600)
    machine.alive(9 * 3600 + 10)
    machine.alive(-10)
    machine.said = in_order(machine.said)
    late = [event for event in machine.said if is_late_fact(event)]
    timely = Facts(machine).tell(machine.said)
    random.shuffle(late)
    overdue = Facts(machine).tell([one for one in machine.said if not is_late_fact(one)])
    overdue.restart().tell(late)
    assert sums(overdue) == sums(timely)
    assert newest_reports(overdue) == newest_reports(timely)
    assert kinds(overdue) == kinds(timely)


@given(days, files)
@settings(max_examples=EXAMPLES, deadline=None)
def test_time_with_a_reason_is_time_of_its_category(day: list, file: dict) -> None:
    machine = machine_of(day, file)
    facts = Facts(machine).tell(machine.said)
    for amounts in sums(facts).values():
        reasons: dict[str, int] = {}
        for name, ms in amounts.items():
            if " " in name:
                category = name.split()[0]
                reasons[category] = reasons.get(category, 0) + ms
        for category, ms in reasons.items():
            assert 0 <= ms <= amounts[f"{category}_ms"]


@given(days, files)
@settings(max_examples=EXAMPLES, deadline=None)
def test_stops_are_counted_where_they_began_in_planned_time(day: list, file: dict) -> None:
    machine = machine_of(day, {**file, "breaks": "[]", "during": "always"})
    facts = Facts(machine).tell(machine.said)
    told: dict[str, int] = {}
    for stop in facts.stops:
        name = COUNTED_AS[stop.category]
        told[name] = told.get(name, 0) + 1
    assert facts.stop_counts() == told


@given(days, files)
@settings(max_examples=EXAMPLES, deadline=None)
def test_reports_are_the_sums_of_their_cells(day: list, file: dict) -> None:
    machine = machine_of(day, file | {"rules": [*file["rules"], CHANGEOVER]})
    machine.alive(9 * 3600)
    machine.alive(9 * 3600 + 10)
    facts = Facts(machine).tell(machine.said)
    (report,) = newest_reports(facts, "shift").values()
    cells = [cell for cell in facts.cells if cell.shift]
    assert total([report.time]) == total(cell.time for cell in cells)
    assert total([report.quantities]) == total(cell.quantities for cell in cells)
    assert total([report.stops]) == total(cell.stops for cell in cells)


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


def sums(facts: Facts) -> dict[tuple, dict[str, int]]:
    """What a reader has of each minute, batch, product and shift, late cells with the others."""
    found: dict[tuple, dict[str, int]] = {}
    for cell in facts.cells:
        key = (cell.minute, cell.batch, cell.product, cell.shift, cell.day)
        amounts = found.setdefault(key, {})
        parts = [*cell.time, *cell.quantities, *cell.stops]
        parts += [(f"{one.category} {one.reason}", one.ms) for one in cell.reasons]
        for name, amount in parts:
            amounts[name] = amounts.get(name, 0) + amount
    told = {
        key: {name: amount for name, amount in amounts.items() if amount}
        for key, amounts in found.items()
    }
    return {key: amounts for key, amounts in told.items() if amounts}


def newest_reports(facts: Facts, *kinds: str) -> dict[tuple, OeeReport]:
    """The last revision of each window, without what tells that there were others."""
    found: dict[tuple, OeeReport] = {}
    for report in sorted(facts.reports, key=lambda one: one.revision):
        if not kinds or report.kind in kinds:
            plain = report.model_copy(update={"revision": 0, "cause": None})
            found[report.kind, report.window, report.start] = plain
    return found


def kinds(facts: Facts) -> list[tuple]:
    """The stops, with what they are and why."""
    return [(one.start, one.end, one.category, one.reason) for one in facts.stops]
