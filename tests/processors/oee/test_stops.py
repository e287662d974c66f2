"""Sentences about stops: their whole life in one record, their reasons, and what is counted."""

from typing import Any

import pytest

from tests.facts import Facts
from tests.makers import MONDAY, Machine, after, plant

NIGHT_S = 8 * 3600


def told(machine: Machine) -> Facts:
    return Facts(machine).tell(machine.said)


def stopped(machine: Machine, start: float = 60, end: float = 160, **said: Any) -> Machine:
    """Runs, stands, and runs again for ten minutes."""
    machine.state(0, "running")
    machine.state(start, "unplanned_stop", **said)
    machine.state(end, "running")
    machine.alive(end + 600)
    machine.alive(end + 610)
    return machine


def test_a_stop_is_one_record_from_its_beginning_to_its_end() -> None:
    machine = Machine()
    machine.batch(0, "b1")
    machine.product(0, "fast")
    facts = told(stopped(machine, word="F7", why="door"))
    (stop,) = facts.stops
    assert (stop.start, stop.end, stop.category) == (after(60), after(160), "unplanned_stop")
    assert (stop.state, stop.reason, stop.reason_by) == ("F7", "door", None)
    assert (stop.batch, stop.product, stop.shift) == ("b1", "fast", "2026-03-02/early")
    assert facts.reasons() == {"unplanned_stop door": 100}
    assert facts.stop_counts() == {"breakdowns": 1}


def test_a_stop_is_told_while_it_goes_on() -> None:
    machine = Machine()
    machine.state(0, "running")
    machine.state(60, "unplanned_stop")
    machine.alive(70)
    (stop,) = told(machine).stops
    assert stop.end is None


def test_a_tick_tells_that_a_stop_has_become_too_long_for_a_minor_one() -> None:
    machine = Machine(plant(minor_stop_s=60))
    machine.state(0, "running")
    machine.state(60, "unplanned_stop")
    machine.alive(70)
    facts = told(machine)
    assert [stop.category for stop in facts.stops] == ["minor_stop"]
    facts.tick(after(125))
    assert [stop.category for stop in facts.stops] == ["unplanned_stop"]
    assert facts.stop_counts() == {"breakdowns": 1}


def test_a_minor_stop_is_a_stop_of_its_own_kind() -> None:
    facts = told(stopped(Machine(plant(minor_stop_s=120))))
    assert [stop.category for stop in facts.stops] == ["minor_stop"]
    assert facts.stop_counts() == {"minor_stops": 1}


def test_a_stop_that_began_outside_of_planned_time_counts_as_none_that_began_there() -> None:
    machine = Machine()
    machine.state(-600, "unplanned_stop")
    machine.state(600, "running")
    machine.alive(620)
    facts = told(machine)
    assert facts.seconds()["unplanned_stop"] == 600
    assert facts.stop_counts() == {}
    assert [stop.category for stop in facts.stops] == ["unplanned_stop"]


def test_a_stop_when_nothing_is_planned_is_not_scheduled() -> None:
    machine = Machine()
    machine.state(NIGHT_S, "unplanned_stop")
    machine.state(NIGHT_S + 60, "running")
    facts = told(machine)
    assert [stop.category for stop in facts.stops] == ["not_scheduled"]


def test_a_short_run_ends_no_stop_and_its_parts_still_count() -> None:
    machine = Machine(plant(min_run_s=30))
    machine.state(0, "running")
    machine.state(100, "unplanned_stop")
    machine.state(150, "running")
    machine.parts(155, good=3)
    machine.state(160, "unplanned_stop")
    machine.state(200, "running")
    machine.alive(300)
    facts = told(machine)
    assert [(stop.start, stop.end) for stop in facts.stops] == [(after(100), after(200))]
    assert facts.stop_counts() == {"breakdowns": 1}
    assert facts.counts()["good"] == 3


def test_an_event_that_was_overtaken_takes_a_stop_back_that_began_earlier() -> None:
    machine = Machine()
    machine.state(0, "running")
    later, earlier = machine.state(60, "unplanned_stop"), machine.state(58, "unplanned_stop")
    alive, last = machine.alive(61), machine.alive(70)
    facts = Facts(machine).tell([machine.said[0], later, alive, earlier, last])
    assert [(stop.start, stop.end) for stop in facts.stops] == [(after(58), None)]


def test_a_reason_that_comes_later_leaves_closed_cells_alone() -> None:
    machine = stopped(Machine())
    facts = told(machine)
    before = {cell.record_id(): cell for cell in facts.cells}
    reason = machine.reason(100, "format")
    facts.tell([reason])
    assert {name: facts.records[name] for name in before} == before
    restated = [cell for cell in facts.cells if cell.late]
    assert {str(cell.late) for cell in restated} == {str(reason.id)}
    assert [cell.minute for cell in restated] == [after(60), after(120)]
    assert (restated[0].time.setup_ms, restated[0].time.unplanned_stop_ms) == (60_000, -60_000)
    assert facts.seconds() == {"running": 670, "setup": 100, "no_ideal": 670}
    assert facts.reasons() == {"setup format": 100}
    assert facts.stop_counts() == {"setups": 1}
    (stop,) = facts.stops
    assert (stop.category, stop.reason, stop.reason_by) == ("setup", "format", "ana")


def test_a_second_reason_is_relative_to_the_first() -> None:
    machine = stopped(Machine())
    facts = told(machine).tell([machine.reason(100, "format"), machine.reason(101, "no_material")])
    assert facts.seconds() == {"running": 670, "delay": 100, "no_ideal": 670}
    assert facts.reasons() == {"delay no_material": 100}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_reason_that_was_said_last_wins_whenever_it_comes(order: tuple[int, int]) -> None:
    machine = stopped(Machine())
    facts = told(machine)
    said = [
        machine.reason(150, "format", since=60, until=120, by="ana"),
        machine.reason(155, "cleaning", since=100, until=160, by="leo"),
    ]
    facts.tell([said[number] for number in order])
    assert facts.reasons() == {"setup format": 40, "planned_stop cleaning": 60}
    (finding,) = facts.findings
    assert (finding.kind, finding.start, finding.end) == (
        "overlapping_stops",
        after(100),
        after(120),
    )
    assert finding.event == said[1].id


def test_a_reason_counts_in_whole_milliseconds_whoever_reads_the_state() -> None:
    machine = stopped(Machine())
    facts = told(machine)
    facts.tell([machine.reason(150, "format", since=70.0004, until=100.0008)]).restart()
    facts.tell([machine.reason(155, "no_material", since=60, until=160)])
    assert facts.reasons() == {"delay no_material": 100}


def test_a_reason_without_an_end_holds_until_the_stop_ends() -> None:
    machine = Machine()
    machine.state(0, "unplanned_stop")
    machine.alive(100)
    machine.reason(110, "format", since=60)
    machine.alive(120)
    machine.state(200, "running")
    machine.alive(210)
    assert told(machine).reasons() == {"setup format": 140}


def test_a_reason_for_a_run_that_is_too_short_waits_for_what_becomes_of_it() -> None:
    machine = Machine(plant(min_run_s=60))
    machine.state(0, "unplanned_stop")
    machine.state(100, "running")
    machine.reason(110, "format")
    machine.state(120, "unplanned_stop")
    machine.alive(200)
    machine.alive(210)
    facts = told(machine)
    assert facts.reasons() == {"setup format": 210}
    assert facts.findings == []


def test_a_reason_for_the_rest_of_a_stop_is_told_once_that_has_begun() -> None:
    machine = Machine(plant())
    machine.state(0, "running")
    machine.state(60, "unplanned_stop")
    machine.reason(70, "jam", since=90, until=200)
    for at in range(75, 130, 5):
        machine.alive(at)
    facts = Facts(machine).tell(machine.said)
    assert [(one.start, one.reason) for one in facts.stops] == [(after(60), "jam")]


def test_a_reason_that_was_told_ahead_is_of_a_run_that_turns_out_to_be_part_of_the_stop() -> None:
    machine = Machine(plant(min_run_s=60))
    machine.state(0, "running")
    machine.state(10, "unplanned_stop")
    machine.state(100, "running")
    machine.reason(102, "format", since=103, until=108)
    machine.state(110, "planned_stop")
    machine.state(200, "running")
    machine.alive(300)
    assert told(machine).reasons() == {"setup format": 5}


@pytest.mark.parametrize(
    ("at", "code", "kind"),
    [
        pytest.param(30, "format", "reason_without_stop", id="it was running"),
        pytest.param(100, "gremlins", "unknown_reason", id="the plant has no such reason"),
    ],
)
def test_a_reason_that_does_not_fit_is_found(at: float, code: str, kind: str) -> None:
    machine = stopped(Machine())
    facts = told(machine).tell([machine.reason(at, code)])
    assert [finding.kind for finding in facts.findings] == [kind]


def test_an_unknown_reason_is_kept_and_changes_no_category() -> None:
    machine = stopped(Machine())
    facts = told(machine).tell([machine.reason(100, "gremlins"), machine.reason(101, "gremlins")])
    assert facts.reasons() == {"unplanned_stop gremlins": 100}
    assert len(facts.findings) == 1


def test_a_reason_for_a_break_is_found() -> None:
    machine = Machine(plant(breaks='[{start: "06:10", end: "06:20"}]'))
    facts = told(stopped(machine, 540, 1260)).tell([machine.reason(1000, "format")])
    assert facts.seconds()["planned_stop"] == 600
    (finding,) = facts.findings
    assert (finding.kind, finding.start, finding.end) == (
        "overlapping_stops",
        after(600),
        after(1200),
    )


def test_a_reason_restates_the_report_of_a_closed_shift() -> None:
    machine = Machine()
    machine.product(0, "fast")
    machine.state(0, "running")
    machine.state(NIGHT_S - 7200, "unplanned_stop")
    machine.state(NIGHT_S - 3600, "running")
    machine.parts(NIGHT_S - 1, good=1000)
    machine.alive(NIGHT_S + 100)
    machine.alive(NIGHT_S + 110)
    facts = told(machine)
    reason = machine.reason(NIGHT_S - 7000, "cleaning")
    facts.tell([reason])
    first, second = sorted(facts.reports, key=lambda report: report.revision)
    assert (first.revision, first.cause, second.revision, second.cause) == (0, None, 1, reason.id)
    assert (first.time.unplanned_stop_ms, second.time.planned_stop_ms) == (3_600_000, 3_600_000)
    assert first.availability == pytest.approx(7 / 8)
    assert second.availability == pytest.approx(1)
    assert second.stops.planned_stops == 1


def test_a_call_for_help_is_one_record_and_told_at_once() -> None:
    machine = Machine()
    facts = Facts(machine).tell([machine.calls(3600, "c1")])
    (call,) = facts.calls
    assert (call.raised_at, call.cleared_at) == (after(3600), None)
    facts.restart().tell([machine.call_cleared(3700, "c1")])
    (call,) = facts.calls
    assert (call.cleared_at, call.cleared_by) == (after(3700), "leo")


def test_calls_stops_and_rolling_hours_are_forwarded_to_the_site() -> None:
    machine = Machine()
    events = [machine.state(0, "running"), machine.calls(30, "c1")]
    events += [machine.state(3600, "unplanned_stop"), machine.state(3700, "running")]
    facts = Facts(machine).tell(events)

    kinds = [(one.type, getattr(one, "kind", "")) for one in facts.forwarded.values()]

    assert sorted(set(kinds)) == [("andon_call", "material"), ("oee_report", "hour"), ("stop", "")]


def test_a_call_whose_clearing_came_first_is_cleared() -> None:
    machine = Machine()
    calls = [machine.calls(10, "c1"), machine.call_cleared(20, "c1"), machine.calls(30, "c1")]
    facts = Facts(machine).tell([calls[2], calls[1], calls[0]])
    assert {(call.raised_at, call.cleared_at) for call in facts.calls} == {
        (after(10), after(20)),
        (after(30), None),
    }


def test_running_without_parts_is_found_once() -> None:
    machine = Machine(plant(frozen_after_s=120, tags=[{"name": "n", "means": "good_count"}]))
    machine.state(0, "running")
    machine.parts(10, good=1)
    for at in range(20, 400, 20):
        machine.alive(at)
    (finding,) = told(machine).findings
    assert (finding.kind, finding.start, finding.end) == ("counter_frozen", after(10), after(130))


def test_a_product_without_an_ideal_cycle_is_found_once() -> None:
    machine = Machine()
    machine.product(0, "guess")
    machine.state(0, "running")
    for at in range(20, 400, 20):
        machine.parts(at, good=1)
    (finding,) = told(machine).findings
    assert (finding.kind, finding.start) == ("unknown_product", MONDAY)
