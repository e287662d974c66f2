"""Sentences about events on their way into the book: what they say is told at once, and once."""

import sys
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

from hypothesis import given, settings

from processors.oee.book import Book
from processors.oee.windows import HOUR_DEFINED_MS
from schemas.kpi import OeeCell, OeeReport, TimeElements
from tests.facts import Facts
from tests.makers import Machine, after, plant
from tests.processors.oee.stories import stories
from tests.processors.oee.story import Story

BUSY = ("running_ms", "minor_stop_ms", "setup_ms", "unplanned_stop_ms", "delay_ms", "unknown_ms")
PLANNED = (*BUSY, "good", "scrap", "rework")


def running() -> Machine:
    machine = Machine(plant(frozen_after_s=30, tags=[{"name": "it", "means": "good_count"}]))
    machine.product(0, "fast")
    machine.state(0, "running")
    machine.alive(10)
    return machine


def test_a_fork_of_a_book_is_small() -> None:
    """One field more than CPython shares the names of, and each takes 1,600 bytes."""
    assert sys.getsizeof(Book().fork().__dict__) < 400


def test_an_event_that_others_of_its_batch_overtook_is_told_with_them() -> None:
    machine = running()
    facts = Facts(machine).tell(machine.said)
    facts.tell([machine.parts(12, good=1), machine.parts(8, good=2)], at_once=2)
    assert facts.counts()["good"] == 3


def test_what_was_told_before_a_restart_is_told_again_as_it_was() -> None:
    machine = running()
    facts = Facts(machine).tell(machine.said)
    told = dict(facts.records)
    facts.restart().tell([machine.alive(11)])
    facts.tell([machine.parts(12, good=1), machine.parts(8, good=2)], at_once=2)
    assert facts.counts()["good"] == 3
    assert told.keys() <= facts.records.keys()


def test_what_does_not_fit_is_told_when_it_is_settled_and_not_with_each_tick() -> None:
    machine = running()
    machine.alive(40)
    facts = Facts(machine).tell([*machine.said, machine.alive(50)])
    (finding,) = facts.findings
    facts.records.clear()
    facts.tick(after(80)).tick(after(100))
    assert finding.kind == "counter_frozen"
    assert facts.findings == []


@given(stories())
@settings(max_examples=100, deadline=None)
def test_the_rolling_hour_is_the_sum_of_its_cells_or_says_nothing(story: Story) -> None:
    facts, told = Facts(Machine(story.plant())), None
    for event in story.events():
        hour = newest_hour(facts.tell([event]))
        if hour is not told:
            told = is_sum_of_its_cells(facts, hour)
    facts.tick(max(one.source_time for one in story.events()) + (after(120) - after(0)))
    is_sum_of_its_cells(facts, newest_hour(facts))


def newest_hour(facts: Facts) -> OeeReport | None:
    return facts.latest.get(f"|{facts.machine.equipment}/hour")


def is_sum_of_its_cells(facts: Facts, report: OeeReport | None) -> OeeReport | None:
    if report is None or not any(getattr(report.time, name) for name in BUSY):
        since = max(one.minute for one in facts.cells) - timedelta(minutes=59)
        assert busy_ms(one for one in facts.cells if one.minute >= since) < HOUR_DEFINED_MS
        assert report is None or not summed([report])
    else:
        told = summed([report])
        cells = summed(one for one in facts.cells if report.start <= one.minute < report.end)
        assert {name: told[name] for name in PLANNED} == {name: cells[name] for name in PLANNED}
        assert min(told[name] for name in TimeElements.model_fields) >= 0
        assert busy_ms(one for one in facts.cells if one.minute >= report.end) == 0
    return report


def busy_ms(cells: Iterable[OeeCell]) -> int:
    sums = summed(cells)
    return sum(sums[name] for name in BUSY)


def summed(parts: Iterable[OeeCell | OeeReport]) -> Counter[str]:
    sums = Counter[str]()
    for one in parts:
        for name, amount in (*one.time, *one.quantities):
            sums[name] += amount
    return Counter({name: amount for name, amount in sums.items() if amount})
