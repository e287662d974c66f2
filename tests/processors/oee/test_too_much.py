"""Counts that cannot be: they are left out and told, and the rest stays right."""

import pytest

from processors.oee.amounts import facts
from schemas.kpi import Quantities
from tests.facts import Facts
from tests.makers import Machine, plant

MOST = 2**63 - 1
GARBAGE = 4_294_966_295 * 10**7
"""What a counter of 32 bits seems to have counted when it was set back, by a scale."""


def working(said: int, at: float = 20) -> Machine:
    """It makes three good parts, and what a counter says besides."""
    machine = Machine(plant())
    machine.product(0, "fast")
    machine.state(0, "running")
    machine.parts(10, good=1)
    machine.parts(at, good=said)
    machine.parts(30, good=2)
    machine.alive(200)
    return machine


@pytest.mark.parametrize("at_once", [1, 100])
@pytest.mark.parametrize("said", [GARBAGE, 10**15, MOST])
def test_an_impossible_count_is_left_out_and_told(said: int, at_once: int) -> None:
    machine = working(said)
    facts = Facts(machine).tell(machine.said, at_once=at_once)

    assert facts.restart().counts() == {
        "good": 3,
        "ideal_us": 1_500_000,
        "ideal_good_us": 1_500_000,
    }
    [found] = facts.findings
    assert (found.kind, found.event) == ("impossible_count", machine.said[3].id)
    assert str(said) in found.text


def test_one_that_comes_late_is_left_out_as_well() -> None:
    machine = working(0)
    facts = Facts(machine).tell(machine.said)
    facts.tell([machine.parts(100, good=MOST), machine.parts(101, good=4)])

    assert facts.counts()["good"] == 7
    assert [one.kind for one in facts.findings] == ["impossible_count"]


def test_many_of_them_are_told_once_an_hour() -> None:
    machine = Machine(plant())
    for second in range(20):
        machine.parts(second, good=GARBAGE)
    machine.parts(4000, good=GARBAGE)
    machine.alive(4100)

    assert len(Facts(machine).tell(machine.said).findings) == 2


def test_how_many_can_be_is_a_matter_of_how_long_each_takes() -> None:
    machine = Machine(plant())
    machine.parts(0, good=10**12)
    machine.product(1, "fast")
    machine.parts(2, good=10**8)
    machine.parts(3, good=10**12)
    machine.alive(100)
    facts = Facts(machine).tell(machine.said)

    assert facts.counts()["good"] == 10**12 + 10**8
    assert [one.event for one in facts.findings if one.kind == "impossible_count"] == [
        machine.said[3].id
    ]


@pytest.mark.parametrize(("amount", "told"), [(2**70, MOST), (-(2**70), -MOST), (MOST, MOST)])
def test_sums_that_no_record_holds_are_told_as_the_most_that_it_does(
    amount: int, told: int
) -> None:
    assert facts({"ideal_us": amount})["quantities"] == Quantities(ideal_us=told)
