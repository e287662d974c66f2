"""Sentences about windows: open and closed, restated, and remembered in little room."""

from datetime import timedelta
from typing import Any

import pytest

from processors.oee.state import dump
from schemas.kpi import Quantities, TimeElements
from schemas.machine import MachineRecord
from tests.facts import ENGINE, Facts
from tests.makers import Machine, after, plant

HOUR_S = 3600
HOT_ROW_BYTES = 1024
ALL_ROWS_BYTES = 16 * 1024


def latest(facts: Facts, kind: str):
    return facts.latest.get(f"|{facts.machine.equipment}/{kind}")


def test_open_windows_are_told_in_the_newest_reports_only() -> None:
    machine = Machine()
    machine.batch(0, "b1")
    machine.product(0, "fast")
    machine.state(0, "running")
    machine.parts(30, good=10)
    machine.alive(61)
    facts = Facts(machine).tell(machine.said)
    assert facts.reports == []
    for kind, window in (("batch", "b1"), ("shift", "2026-03-02/early")):
        report = latest(facts, kind)
        assert (report.window, report.final, report.quantities.good) == (window, False, 10)


def test_open_windows_are_told_once_a_minute_also_when_nothing_is_said() -> None:
    machine = Machine()
    machine.state(0, "running")
    machine.alive(61)
    facts = Facts(machine).tell(machine.said)
    told = []
    for at in range(62, 300, 2):
        before = latest(facts, "shift")
        facts.tick(after(at))
        if latest(facts, "shift") is not before:
            told.append(latest(facts, "shift").end)
    assert len(told) == 3


def test_the_rolling_hour_is_told_from_fifteen_planned_minutes_on() -> None:
    machine = Machine()
    machine.product(0, "fast")
    machine.state(0, "running")
    facts = Facts(machine).tell(machine.said)
    for minute in range(1, 15):
        facts.tell([machine.alive(minute * 60 + 1)])
    assert latest(facts, "hour") is None
    facts.tell([machine.alive(15 * 60 + 1)])
    assert latest(facts, "hour").time.running_ms == 901_000


def test_the_rolling_hour_is_planned_time_and_no_break() -> None:
    machine = Machine(plant(breaks='[{start: "06:30", end: "07:00"}]'))
    machine.product(0, "fast")
    machine.state(0, "running")
    facts = Facts(machine).tell(machine.said)
    for minute in range(1, 121):
        facts.tell([machine.alive(minute * 60)])
        if minute % 7 == 0:
            facts.restart()
    report = latest(facts, "hour")
    assert (report.start, report.end) == (after(HOUR_S), after(2 * HOUR_S))
    facts.tell([machine.state(2 * HOUR_S, "unplanned_stop"), machine.alive(2.5 * HOUR_S)])
    report = latest(facts, "hour")
    assert report.time.running_ms == report.time.unplanned_stop_ms == 1_800_000
    assert report.availability == pytest.approx(0.5)


def test_a_later_reason_changes_the_rolling_hour() -> None:
    machine = Machine()
    machine.product(0, "fast")
    machine.state(0, "running")
    machine.state(600, "unplanned_stop")
    machine.state(1200, "running")
    for minute in range(21, 30):
        machine.alive(minute * 60)
    facts = Facts(machine).tell(machine.said)
    assert latest(facts, "hour").time.unplanned_stop_ms == 600_000
    facts.tell([machine.reason(700, "format"), machine.alive(1830)])
    hour = latest(facts, "hour").time
    assert (hour.unplanned_stop_ms, hour.setup_ms) == (0, 600_000)


def test_a_rolling_hour_of_which_a_later_reason_leaves_too_little_is_taken_back() -> None:
    machine = Machine()
    machine.product(0, "fast")
    machine.state(0, "running")
    machine.parts(30, good=10)
    machine.state(300, "unplanned_stop")
    machine.alive(1200)
    facts = Facts(machine).tell(machine.said)
    told = latest(facts, "hour")
    assert (told.time.unplanned_stop_ms, told.availability) == (900_000, 0.25)
    facts.restart().tell([machine.reason(1230, "cleaning"), machine.alive(1270)]).restart()
    report = latest(facts, "hour")
    assert (report.time, report.quantities) == (TimeElements(), Quantities())
    assert (report.availability, report.oee, report.end) == (None, None, told.end)
    facts.records.clear()
    facts.latest.clear()
    facts.tell([machine.alive(1400)])
    assert latest(facts, "hour") is None
    facts.tell([machine.state(1500, "running"), machine.alive(2101)])
    assert latest(facts, "hour").time.running_ms == 901_000


@pytest.mark.parametrize("stopped_at", [0, 600])
def test_time_that_a_later_reason_plans_for_production_is_in_the_rolling_hour(
    stopped_at: float,
) -> None:
    machine = Machine()
    machine.product(0, "fast")
    if stopped_at:
        machine.state(0, "running")
    machine.state(stopped_at, "unplanned_stop")
    machine.reason(stopped_at + 5, "cleaning")
    machine.state(stopped_at + 1200, "running")
    machine.alive(stopped_at + 1500)
    machine.alive(stopped_at + 2400)
    facts = Facts(machine).tell(machine.said).restart()
    assert latest(facts, "hour").time.unplanned_stop_ms == 0
    facts.tell([machine.reason(stopped_at + 5, "fault"), machine.alive(stopped_at + 2500)])
    hour = latest(facts, "hour").time
    assert (hour.unplanned_stop_ms, hour.planned_stop_ms) == (1_200_000, 0)
    assert hour.running_ms == (1_300 + stopped_at) * 1000


def test_the_rolling_hour_ends_with_planned_time_that_a_later_reason_left() -> None:
    machine = Machine()
    machine.product(0, "fast")
    machine.state(0, "running")
    machine.state(1800, "unplanned_stop")
    for seconds in range(1830, 2731, 30):
        machine.alive(seconds)
    facts = Facts(machine).tell(machine.said)
    assert latest(facts, "hour").end == after(2700)
    facts.tell([machine.reason(2735, "cleaning"), machine.alive(2790)])
    hour = latest(facts, "hour")
    assert (hour.end, hour.time.unplanned_stop_ms) == (after(1800), 0)
    facts.tell([machine.state(2800, "running"), machine.alive(2860)])
    hour = latest(facts, "hour")
    assert (hour.start, hour.end, hour.time.running_ms) == (after(0), after(2880), 1_860_000)


def test_a_later_reason_for_one_batch_of_an_open_minute_leaves_the_other_in_the_rolling_hour() -> (
    None
):
    machine = Machine()
    machine.product(0, "fast")
    machine.state(0, "running")
    machine.batch(1830, "b2")
    machine.state(1830, "unplanned_stop")
    machine.state(1860, "running")
    machine.alive(1858)
    machine.reason(1862, "cleaning", since=1830, until=1860)
    machine.alive(1930)
    hour = latest(Facts(machine).tell(machine.said), "hour").time
    assert (hour.running_ms, hour.unplanned_stop_ms, hour.planned_stop_ms) == (1_900_000, 0, 30_000)


def test_reasons_that_are_taken_back_leave_nothing_in_the_rolling_hour() -> None:
    machine = Machine()
    machine.product(0, "fast")
    machine.state(0, "running")
    machine.state(1200, "unplanned_stop")
    machine.state(1800, "running")
    machine.alive(2400)
    facts = Facts(machine).tell(machine.said)
    told = [("cleaning", 0), ("fault", 600_000), ("cleaning", 0), ("fault", 600_000)]
    for number, (reason, unplanned_ms) in enumerate(told):
        at = 2500 + 100 * number
        facts.tell([machine.reason(at, reason, since=1200, until=1800), machine.alive(at + 70)])
        hour = latest(facts, "hour")
        assert (hour.time.unplanned_stop_ms, hour.time.planned_stop_ms) == (unplanned_ms, 0)
        assert all(one.ms > 0 for one in hour.reasons)


def test_a_stop_of_days_that_becomes_planned_time_fills_one_rolling_hour() -> None:
    machine = Machine()
    machine.product(0, "fast")
    machine.state(0, "running")
    machine.state(600, "planned_stop")
    machine.state(600 + 3 * 86_400, "running")
    machine.alive(1200 + 3 * 86_400)
    facts = Facts(machine).tell(machine.said)
    assert latest(facts, "hour").time.running_ms == 1_200_000
    facts.tell([machine.reason(700, "fault"), machine.alive(1300 + 3 * 86_400)])
    hour = latest(facts, "hour").time
    assert (hour.running_ms, hour.unplanned_stop_ms) == (700_000, 2_940_000)
    assert len(facts.state.book.hour) <= 80


def test_a_batch_over_a_gap_and_a_restart_is_whole() -> None:
    machine = Machine()
    machine.batch(0, "b1")
    machine.product(0, "fast")
    machine.state(0, "running")
    facts = Facts(machine).tell(machine.said).restart()
    facts.tell([machine.gap(600, 1200), machine.alive(1300)]).restart()
    facts.tell([machine.batch_ends(2000, "b1"), machine.alive(2010)])
    (report,) = facts.reports
    assert (report.start, report.end) == (after(0), after(2000))
    assert (report.time.running_ms, report.time.unknown_ms) == (1_400_000, 600_000)


COUNTED = {"cycles": "counters", "tags": [{"name": "counter", "means": "good_count"}]}


def busy_week(**settings: Any) -> tuple[Machine, list[MachineRecord]]:
    """Two shifts a day and six batches in each, 75 stops a day, reasons for most of them."""
    machine = Machine(plant(minor_stop_s=60, min_run_s=5, startup_s=300, **settings))
    day_s, every_s = 86_400, 1150
    for day in range(-2, 5):
        for number in range(12):
            start = day * day_s + number * 7200
            machine.product(start, "fast" if number % 2 else "slow")
            machine.batch(start, f"B{day + 20}-{number:04}")
        for number in range(75):
            at = day * day_s + number * every_s + 17.123 * (number % 7)
            machine.state(at, "unplanned_stop", f"F{number % 11}")
            if number % 4:
                machine.reason(at + 20.5, ["jam", "format", "no_material"][number % 3])
            machine.state(at + 40 + number % 90, "running")
            machine.parts(at + 200.25, good=913, scrap=number % 5)
    return machine, sorted(machine.said, key=lambda event: event.source_time)


def test_a_week_with_500_stops_is_remembered_in_16_kb() -> None:
    machine, said = busy_week()
    facts = Facts(machine).tell(said, at_once=40)
    rows = ENGINE.dump(facts.state)
    book = facts.state.book
    assert len(book.stops) + 1 >= 450
    assert len({window.name for window in book.closed if window.kind == "batch"}) >= 80
    assert len(rows["head"]) <= HOT_ROW_BYTES
    sizes = {name: len(row) for name, row in rows.items()}
    assert sum(sizes.values()) <= ALL_ROWS_BYTES, sizes


def test_a_week_with_500_stops_and_an_hour_of_cycles_is_remembered_in_16_kb() -> None:
    machine, said = busy_week(**COUNTED)
    hour_s = 4 * 86_400 + 24 * HOUR_S
    machine.state(hour_s, "running")
    for batch in range(8):
        machine.batch(hour_s + batch * 450 + 1, f"B30-{batch:04}")
        for number in range(40):
            machine.parts(hour_s + batch * 450 + 5 + 11 * number + number**3 % 7901 / 1000, good=1)
    facts = Facts(machine).tell(said, at_once=40)
    facts.tell(sorted(machine.said[len(said) :], key=lambda event: event.source_time), at_once=40)
    sizes = {name: len(row) for name, row in ENGINE.dump(facts.state).items()}
    cycles = [name for name in sizes if name.startswith("cycles|cell")]
    assert len(cycles) >= 7
    assert sizes["head"] <= HOT_ROW_BYTES
    assert sum(sizes.values()) <= ALL_ROWS_BYTES, sizes


def test_an_event_rewrites_little_of_what_is_remembered() -> None:
    machine, said = busy_week()
    facts = Facts(machine).tell(said, at_once=40)
    before = dump(facts.state)
    facts.tell([machine.alive(said[-1].source_time.timestamp() - after(0).timestamp() + 10)])
    after_it = dump(facts.state)
    rewritten = {name: len(row) for name, row in after_it.items() if before.get(name) != row}
    assert sum(rewritten.values()) <= 4096, rewritten


def test_what_is_remembered_is_read_back_as_it_was() -> None:
    machine, said = busy_week()
    facts = Facts(machine).tell(said[:400], at_once=40)
    rows = ENGINE.dump(facts.state)
    again = ENGINE.load(ENGINE.key_of(said[0]), rows)
    assert ENGINE.dump(again) == rows
    assert list(again.book.stops) == list(facts.state.book.stops)
    assert list(again.book.closed) == list(facts.state.book.closed)
    assert list(again.book.hour) == list(facts.state.book.hour)


def test_a_stop_that_is_no_longer_remembered_keeps_what_it_was() -> None:
    machine = Machine()
    for number in range(600):
        machine.state(number * 20, "unplanned_stop")
        machine.state(number * 20 + 10, "running")
    facts = Facts(machine).tell(machine.said, at_once=50)
    assert len(facts.state.book.stops) <= 500
    facts.tell([machine.reason(5, "format")])
    assert facts.reasons() == {}
    assert [finding.kind for finding in facts.findings] == ["reason_without_stop"]


def test_maximal_silence_is_bounded() -> None:
    machine = Machine()
    machine.state(0, "unplanned_stop")
    machine.alive(timedelta(days=40).total_seconds())
    facts = Facts(machine).tell(machine.said)
    assert len(facts.stops) == 1
