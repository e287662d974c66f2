"""Sentences about the OEE engine: where time goes, where counts go, and what is said of them."""

from collections.abc import Callable
from typing import Any

import pytest

from schemas.manual import ManualRecord
from schemas.topics import MACHINE
from tests.facts import Facts
from tests.makers import MONDAY, Machine, after, plant
from tests.schemas.samples import SAMPLES

Story = Callable[[Machine], Any]


def running(m: Machine, at: float = 0) -> Any:
    m.product(at, "fast")
    return m.state(at, "running")


@pytest.mark.parametrize(
    ("settings", "story", "expected"),
    [
        pytest.param(
            {},
            lambda m: (running(m), m.alive(90)),
            {"running": 90},
            id="a machine that runs is running until it was last heard of",
        ),
        pytest.param(
            {},
            lambda m: (
                running(m),
                m.state(60, "unplanned_stop"),
                m.state(90, "running"),
                m.alive(100),
            ),
            {"running": 70, "unplanned_stop": 30},
            id="a stop takes its time from running",
        ),
        pytest.param(
            {"minor_stop_s": 30},
            lambda m: (
                running(m),
                m.state(60, "unplanned_stop"),
                m.state(89, "running"),
                m.alive(100),
            ),
            {"running": 71, "minor_stop": 29, "no_ideal": 0},
            id="a stop shorter than the threshold is a minor stop",
        ),
        pytest.param(
            {"minor_stop_s": 30},
            lambda m: (
                running(m),
                m.state(50, "unplanned_stop"),
                m.state(80, "running"),
                m.alive(100),
            ),
            {"running": 70, "unplanned_stop": 30},
            id="a stop as long as the threshold is an unplanned stop",
        ),
        pytest.param(
            {"minor_stop_s": 30},
            lambda m: (
                running(m),
                m.state(50, "unplanned_stop"),
                m.state(81, "running"),
                m.alive(100),
            ),
            {"running": 69, "unplanned_stop": 31},
            id="a stop that outlasts the threshold was an unplanned stop from its beginning",
        ),
        pytest.param(
            {"unknown_after_s": 30},
            lambda m: (running(m), m.alive(10), m.alive(100)),
            {"running": 40, "unknown": 60},
            id="silence is unknown once the last sign of life is too old",
        ),
        pytest.param(
            {"unknown_after_s": 30},
            lambda m: (m.alarm(0), running(m), m.alive(10), m.alarm(50), m.alive(100)),
            {"running": 40, "unknown": 60},
            id="an alarm moves nothing, and is no sign of life",
        ),
        pytest.param(
            {},
            lambda m: (running(m), m.alive(10), m.gap(20, 50), m.alive(60)),
            {"running": 30, "unknown": 30},
            id="a gap is unknown and not running",
        ),
        pytest.param(
            {"unknown": "exclude"},
            lambda m: (running(m), m.gap(20, 50), m.alive(60)),
            {"running": 30, "unknown": 30, "excluded_unknown": 30},
            id="unknown time can be kept out of planned busy time",
        ),
        pytest.param(
            {"during": "batch"},
            lambda m: (running(m), m.batch(60, "b1"), m.batch_ends(90, "b1"), m.alive(100)),
            {"unplanned_running": 70, "running": 30},
            id="running without a batch is unplanned where only batches are planned",
        ),
        pytest.param(
            {},
            lambda m: (m.state(0, "running"), m.product(60, "fast"), m.alive(100)),
            {"running": 100, "no_ideal": 60},
            id="time of a product without an ideal cycle is named",
        ),
        pytest.param(
            {},
            lambda m: (running(m), m.alive(8 * 3600 + 60)),
            {"running": 8 * 3600, "unplanned_running": 60},
            id="running after the shift is outside planned time",
        ),
        pytest.param(
            {},
            lambda m: (m.state(8 * 3600, "unplanned_stop"), m.alive(8 * 3600 + 60)),
            {"not_scheduled": 60},
            id="a stop after the shift is not scheduled",
        ),
    ],
)
def test_where_time_goes(
    settings: dict[str, Any], story: Story, expected: dict[str, float]
) -> None:
    machine = Machine(plant(**settings))
    story(machine)
    said = Facts(machine).tell(machine.said).seconds()
    assert said == {name: seconds for name, seconds in expected.items() if seconds}


@pytest.mark.parametrize(
    ("story", "named", "expected"),
    [
        pytest.param(
            lambda m: (running(m), m.parts(10, good=3, scrap=1), m.alive(20)),
            {"product": "fast"},
            {"good": 3, "scrap": 1, "ideal_us": 2_000_000, "ideal_good_us": 1_500_000},
            id="counts stand with the ideal time of their product",
        ),
        pytest.param(
            lambda m: (running(m), m.product(5, "guess"), m.parts(10, good=3), m.alive(20)),
            {"product": "guess"},
            {"good": 3, "no_ideal_parts": 3},
            id="parts without an ideal cycle are named",
        ),
        pytest.param(
            lambda m: (running(m, 8 * 3600), m.parts(8 * 3600 + 1, good=2, rework=1)),
            {},
            {"unplanned_good": 2, "unplanned_rework": 1},
            id="counts outside planned time are kept apart",
        ),
        pytest.param(
            lambda m: (m.batch(0, "b1"), running(m), m.batch_ends(10, "b1"), m.parts(10, good=5)),
            {"batch": "b1"},
            {"good": 5, "ideal_us": 2_500_000, "ideal_good_us": 2_500_000},
            id="counts at the moment in which a batch ends belong to it",
        ),
        pytest.param(
            lambda m: (m.batch(0, "b1"), running(m), m.parts(10, good=5), m.batch(10, "b2")),
            {"batch": "b2"},
            {"good": 5, "ideal_us": 2_500_000, "ideal_good_us": 2_500_000},
            id="counts at the moment in which the next batch begins belong to that one",
        ),
    ],
)
def test_where_counts_go(story: Story, named: dict[str, str], expected: dict[str, int]) -> None:
    machine = Machine()
    story(machine)
    assert Facts(machine).tell(machine.said).counts(**named) == expected


def test_a_count_that_comes_minutes_late_is_a_fact_of_its_own_in_its_minute_and_batch() -> None:
    machine = Machine()
    machine.batch(0, "b1")
    running(machine)
    machine.batch_ends(30, "b1")
    machine.alive(600)
    machine.alive(610)
    late = machine.parts(20, scrap=4)
    facts = Facts(machine).tell(machine.said)
    (cell,) = [cell for cell in facts.cells if cell.late]
    assert (cell.late, cell.minute, cell.batch) == (late.id, MONDAY, "b1")
    assert cell.quantities.scrap == 4
    assert facts.seconds() == {"running": 610}


def test_an_old_state_that_comes_too_late_does_not_undo_a_newer_one() -> None:
    machine = Machine()
    machine.state(0, "running")
    machine.state(100, "setup")
    machine.alive(200)
    machine.state(50, "unplanned_stop")
    machine.alive(300)
    assert Facts(machine).tell(machine.said).seconds()["setup"] == 200


def test_a_batch_that_ends_is_reported_with_its_ratios() -> None:
    machine = Machine()
    machine.batch(0, "b1")
    running(machine)
    machine.parts(50, good=90, scrap=10)
    machine.state(75, "unplanned_stop")
    machine.batch_ends(100, "b1")
    (report,) = Facts(machine).tell(machine.said).reports
    assert (report.window, report.final) == ("b1", True)
    assert (report.start, report.end) == (MONDAY, after(100))
    assert report.availability == pytest.approx(0.75)
    assert report.effectiveness == pytest.approx(50 / 75)
    assert report.quality_ratio == pytest.approx(0.9)
    assert report.oee == pytest.approx(0.75 * 50 / 75 * 0.9)


def test_a_shift_that_crosses_midnight_is_one_window_of_the_day_on_which_it_began() -> None:
    machine = Machine()
    evening = 16 * 3600
    running(machine, evening)
    for hour in range(9):
        machine.alive(evening + hour * 3600)
    facts = Facts(machine).tell(machine.said)
    (report,) = facts.reports
    assert report.window == "2026-03-02/night"
    assert report.time.running_ms == 8 * 3600 * 1000
    assert {str(cell.day) for cell in facts.cells if cell.shift} == {"2026-03-02"}


def test_a_year_of_silence_does_not_become_a_year_of_cells() -> None:
    machine = Machine()
    running(machine)
    machine.alive(366 * 86400)
    assert len(Facts(machine).tell(machine.said).cells) <= 32 * 1440 + 2


def test_the_same_batch_said_again_goes_on() -> None:
    machine = Machine()
    machine.batch(0, "b1")
    running(machine)
    machine.batch(50, "b1")
    machine.batch_ends(100, "b1")
    (report,) = Facts(machine).tell(machine.said).reports
    assert report.time.running_ms == 100_000


MANUAL = tuple(kind for kind in MACHINE.types if issubclass(kind, ManualRecord))


@pytest.mark.parametrize("kind", MANUAL, ids=lambda kind: kind.__name__)
def test_what_people_say_beside_the_machine_changes_nothing(kind: type[ManualRecord]) -> None:
    (sample,) = [one for one in SAMPLES if isinstance(one, kind)]
    told, silent = Machine(), Machine()
    for machine in (told, silent):
        running(machine)
        machine.parts(30, good=10)
    ahead = {"source_time": after(3600), "equipment": told.equipment, "run": ""}
    told.said.insert(1, sample.model_copy(update=ahead))

    assert Facts(told).tell(told.said).cells == Facts(silent).tell(silent.said).cells
    assert Facts(told).tell(told.said[1:2]).cells == []
