"""Sentences about parts: what counts as good, what as start-up, and what is corrected."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.facts import Facts
from tests.makers import Machine, after, plant

Story = Callable[[Machine], Any]
PRODUCED = {"tags": [{"name": "n", "means": "produced_count"}]}


def running(m: Machine, at: float = 0) -> Any:
    m.product(at, "fast")
    return m.state(at, "running")


@pytest.mark.parametrize(
    ("settings", "story", "expected"),
    [
        pytest.param(
            PRODUCED,
            lambda m: (running(m), m.produced(10, produced=10), m.produced(20, scrap=2)),
            {"good": 8, "scrap": 2, "ideal_us": 5_000_000, "ideal_good_us": 4_000_000},
            id="what is produced is good until it is found to be bad",
        ),
        pytest.param(
            {},
            lambda m: (running(m), m.produced(10, produced=10), m.produced(20, scrap=2)),
            {"good": 10, "scrap": 2, "ideal_us": 6_000_000, "ideal_good_us": 5_000_000},
            id="scrap of a machine without such a counter comes on top",
        ),
        pytest.param(
            {},
            lambda m: (running(m), m.parts(10, good=10), m.found(20, good=-3, scrap=3)),
            {"good": 7, "scrap": 3, "ideal_us": 5_000_000, "ideal_good_us": 3_500_000},
            id="what people find is a correction",
        ),
        pytest.param(
            {},
            lambda m: (running(m), m.found(20, scrap=3, startup=True)),
            {"scrap": 3, "startup_scrap": 3, "ideal_us": 1_500_000, "ideal_startup_us": 1_500_000},
            id="people may say that it was start-up",
        ),
        pytest.param(
            {"startup_s": 60},
            lambda m: (
                m.product(0, "fast"),
                m.state(0, "setup"),
                m.state(100, "running"),
                m.state(130, "delay"),
                m.state(200, "running"),
                m.parts(229, scrap=1, rework=2),
                m.parts(231, scrap=4),
            ),
            {
                "scrap": 5,
                "rework": 2,
                "startup_scrap": 1,
                "startup_rework": 2,
                "ideal_us": 3_500_000,
                "ideal_startup_us": 1_500_000,
            },
            id="bad parts in the first running time after setup are start-up rejects",
        ),
        pytest.param(
            {"startup_s": 60},
            lambda m: (running(m, -600), m.alive(0), m.parts(30, scrap=1), m.parts(90, scrap=1)),
            {"scrap": 2, "startup_scrap": 1, "ideal_us": 1_000_000, "ideal_startup_us": 500_000},
            id="so are those after time that was not planned",
        ),
        pytest.param(
            {"breaks": '[{start: "06:10", end: "06:20"}]'},
            lambda m: (running(m), m.parts(700, good=4)),
            {"unplanned_good": 4},
            id="parts made in a break are kept apart",
        ),
    ],
)
def test_what_counts_as_what(
    settings: dict[str, Any], story: Story, expected: dict[str, int]
) -> None:
    machine = Machine(plant(**settings))
    story(machine)
    machine.alive(900)
    assert Facts(machine).tell(machine.said).counts() == expected


def test_parts_that_people_report_for_a_batch_that_is_over_restate_its_report() -> None:
    machine = Machine()
    machine.batch(0, "b1")
    running(machine)
    machine.parts(10, good=10)
    machine.batch_ends(60, "b1")
    machine.product(60, "slow")
    machine.alive(300)
    found = machine.found(200, batch="b1", good=-2, scrap=2)
    facts = Facts(machine).tell(machine.said).tell([machine.alive(400)])
    first, second = sorted(facts.reports, key=lambda report: report.revision)
    assert (first.quantities.good, second.quantities.good, second.cause) == (10, 8, found.id)
    assert second.quantities.ideal_us == 5_000_000
    assert facts.counts(batch="b1")["scrap"] == 2


def test_a_late_count_restates_the_batch_and_the_shift_it_belongs_to() -> None:
    machine = Machine()
    machine.batch(0, "b1")
    running(machine)
    machine.batch_ends(60, "b1")
    machine.alive(9 * 3600)
    machine.alive(9 * 3600 + 10)
    facts = Facts(machine).tell(machine.said).restart()
    late = machine.parts(60, good=7)
    facts.tell([late])
    restated = {report.kind: report for report in facts.reports if report.revision == 1}
    assert set(restated) == {"shift", "batch"}
    assert {report.cause for report in restated.values()} == {late.id}
    assert {report.quantities.good for report in restated.values()} == {7}


def test_a_count_that_is_seconds_late_finds_its_open_minute() -> None:
    machine = Machine()
    running(machine)
    machine.alive(130)
    machine.alive(140)
    facts = Facts(machine).tell(machine.said).tell([machine.parts(121, good=2)])
    assert [cell.minute for cell in facts.cells if cell.quantities.good] == [after(120)]
    assert not [cell for cell in facts.cells if cell.late]


def test_a_late_count_knows_what_was_start_up() -> None:
    machine = Machine(plant(startup_s=60))
    machine.product(0, "fast")
    machine.state(0, "setup")
    machine.state(100, "running")
    machine.alive(600)
    machine.alive(610)
    facts = Facts(machine).tell(machine.said).restart()
    facts.tell([machine.parts(159, scrap=1), machine.parts(161, scrap=1)])
    assert facts.counts()["startup_scrap"] == 1
    assert facts.counts()["scrap"] == 2
