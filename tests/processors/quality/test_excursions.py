"""Excursions: alerts of equipment or rooms that open deviations of the batches made meanwhile."""

from itertools import permutations
from typing import Any

import pytest

from processors.quality.turn import Event
from processors.rules.times import micros
from schemas.quality import BatchRelease, Deviation
from tests.processors.quality.laboratory import PATH, SITE, Run, Sayer, at, only, plant

PLANT = plant(settings="recurrence: 30d")
ROOM = f"{SITE}/hall/one/room"


def deviations(run: Run) -> list[Deviation]:
    """Those that are."""
    return [one for one in run.newest(Deviation) if not one.withdrawn and one.cause == "excursion"]


def test_a_batch_that_is_made_meanwhile_has_a_deviation_until_it_is_closed():
    say = Sayer(PLANT)
    run = Run(PLANT).hear(say.made(0), say.excursion(2))

    found = only(deviations(run))

    assert (found.batch, found.severity, found.area, found.state) == ("B1", "major", "raw", "open")
    assert found.opened_at == at(3)
    assert found.because == "t above 30 °C"
    assert found.excursion is not None
    assert (found.excursion.start, found.excursion.end) == (at(2), None)
    assert only(run.newest(BatchRelease)).open_deviations == 1


def test_once_it_is_over_it_has_an_end_a_duration_and_the_worst_value():
    say = Sayer(PLANT)
    run = Run(PLANT).hear_each([say.made(0), say.excursion(2), say.excursion(2, 4.5)])

    facts = only(deviations(run)).excursion

    assert facts is not None
    assert (facts.rule, facts.equipment, facts.tag) == ("Warm", PATH, "t")
    assert (facts.start, facts.end, facts.duration_s) == (at(2), at(4.5), 9000.0)
    assert (facts.worst, facts.limit, facts.unit) == (33.5, 30.0, "°C")


@pytest.mark.parametrize(
    ("made", "opened"),
    [
        pytest.param((0, 9), 3, id="all the time"),
        pytest.param((0, 3), None, id="until it fired"),
        pytest.param((0, 3.5), 3, id="until shortly after it fired"),
        pytest.param((4, 9), 4, id="from then on"),
        pytest.param((5, 9), None, id="from its end on"),
        pytest.param((4, None), 4, id="still"),
    ],
)
def test_it_concerns_what_is_made_between_its_firing_and_its_end(
    made: tuple[float, float | None], opened: float | None
):
    say = Sayer(PLANT)
    run = Run(PLANT).hear(say.excursion(2, 5), say.made(*made))

    assert [one.opened_at for one in deviations(run)] == ([] if opened is None else [at(opened)])


@pytest.mark.parametrize(
    ("equipment", "concerns", "opens"),
    [
        pytest.param(PATH, PATH, True, id="the equipment itself"),
        pytest.param(f"{PATH}-b", f"{PATH}-b", False, id="another equipment"),
        pytest.param(ROOM, f"{SITE}/hall/one", True, id="a room of its line"),
        pytest.param(ROOM, f"{SITE}/hall", True, id="a room of its area"),
        pytest.param(ROOM, f"{SITE}/ha", False, id="an area with such a beginning"),
        pytest.param(ROOM, f"{SITE}/hall/two", False, id="a room of another line"),
    ],
)
def test_it_concerns_batches_of_its_equipment_line_or_area(
    equipment: str, concerns: str, opens: bool
):
    say = Sayer(PLANT)
    excursion = say.excursion(2, 5, equipment=equipment, concerns=concerns)

    assert bool(deviations(Run(PLANT).hear(say.made(0), excursion))) is opens


def test_each_batch_that_was_made_meanwhile_has_one_of_its_own():
    say = Sayer(PLANT)
    run = Run(PLANT).hear(say.excursion(2, 9), say.made(0, 4), say.made(4, 8, batch="B2"))

    assert [(one.batch, one.opened_at) for one in deviations(run)] == [
        ("B1", at(3)),
        ("B2", at(4)),
    ]


def test_nothing_is_opened_while_no_batch_is_made():
    say = Sayer(PLANT)
    run = Run(PLANT).hear(say.excursion(2), say.excursion(2, 5), say.made(6, 9))

    assert run.newest(Deviation) == []


def test_in_whatever_order_it_is_told_the_same_is_true():
    say = Sayer(PLANT)
    told: list[Event] = [say.made(0), say.made(0, 4), say.excursion(2), say.excursion(2, 5)]
    told += [say.excursion(2.5, 7, fingerprint="other")]
    (first, *others) = [
        Run(PLANT, restarts=True).hear_each(one).tick(30).truth() for one in permutations(told)
    ]

    assert len([name for name in first if "|excursion|" in name]) == 2
    assert all(one == first for one in others)


def test_one_that_missed_the_batch_as_is_known_later_is_withdrawn():
    say = Sayer(PLANT)
    run = Run(PLANT).hear(say.made(0), say.excursion(2))
    assert len(deviations(run)) == 1

    run.hear(say.made(0, 2.5))

    assert [one.withdrawn for one in run.newest(Deviation)] == [True]
    assert only(run.newest(BatchRelease)).open_deviations == 0


def test_a_late_end_that_lies_before_a_batch_withdraws_its_deviation():
    say = Sayer(PLANT)
    run = Run(PLANT).hear(say.excursion(2), say.made(4, 8))
    assert len(deviations(run)) == 1

    run.hear(say.excursion(2, 3.5))

    assert [one.withdrawn for one in run.newest(Deviation)] == [True]


def test_an_end_that_comes_late_changes_nothing_of_what_was_done_about_it():
    say = Sayer(PLANT)
    run = Run(PLANT).hear(say.made(0), say.excursion(2))
    name = only(deviations(run)).deviation
    run.hear(say.action(4, name, "investigate")).hear(say.excursion(2, 5))

    found = only(deviations(run))

    assert (found.state, found.reason) == ("investigating", "looked into")
    assert found.excursion is not None
    assert found.excursion.end == at(5)


def test_others_of_the_same_rule_and_equipment_recur():
    say = Sayer(PLANT)
    more: list[dict[str, Any]] = [{}, {"rule": "Cold"}, {}]
    told = [say.excursion(2 + 5 * n, 4 + 5 * n, **one) for n, one in enumerate(more)]
    run = Run(PLANT).hear(say.made(0, 20), *told)

    found = sorted(deviations(run), key=lambda one: one.opened_at)

    assert [one.recurrence for one in found] == [0, 0, 1]


def test_one_that_concerns_no_batch_is_forgotten_and_the_others_are_kept():
    say = Sayer(PLANT)
    run = Run(PLANT).hear(say.made(0, 4), say.excursion(2, 5), say.excursion(6, 8))
    assert run.state is not None
    assert len(run.state.spells) == 2

    run.tick(32 * 24)

    assert [one.fired_at for one in run.state.spells.values()] == [micros(at(3))]
    assert sum(name.startswith("excursion|") for name in run.engine.dump(run.state)) == 1
    assert len(deviations(run)) == 1
