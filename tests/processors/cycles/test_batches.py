"""How long batches take, and their phases."""

import pytest

from processors.cycles.batches import MAX_PHASES
from schemas.cycles import BatchCycle
from schemas.lab import BatchMade
from tests.makers import after
from tests.processors.cycles.follower import Follower, Machine


def only(machine: Machine) -> BatchCycle:
    [found] = Follower().hear(machine.said).batches()
    return found


def phases(batch: BatchCycle) -> list[tuple[str, float, float]]:
    begin = batch.start
    return [
        (one.name, (one.start - begin).total_seconds(), (one.end - begin).total_seconds())
        for one in batch.phases
    ]


def cooked(*steps: tuple) -> Machine:
    machine = Machine()
    for name, *arguments in steps:
        getattr(machine, name)(*arguments)
    return machine


def test_a_batch_lasts_from_its_beginning_to_its_end() -> None:
    found = only(cooked(("product", 5, "gel"), ("batch", 10, "b1"), ("batch_ends", 310, "b1")))
    assert (found.batch, found.product) == ("b1", "gel")
    assert (found.start, found.end) == (after(10), after(310))
    assert found.phases == ()


def test_phases_follow_each_other_without_a_hole() -> None:
    machine = cooked(
        ("batch", 0, "b1"),
        ("phase", 10, "heating"),
        ("phase", 60, "mixing"),
        ("phase", 60.5, "mixing"),
        ("phase", 100, None),
        ("batch_ends", 110, "b1"),
    )
    assert phases(only(machine)) == [
        ("", 0, 10),
        ("heating", 10, 60),
        ("mixing", 60, 100),
        ("", 100, 110),
    ]


def test_it_is_published_at_its_beginning_at_each_phase_and_at_its_end() -> None:
    machine = cooked(
        ("batch", 0, "b1"),
        ("parts", 1, 1),
        ("phase", 10, "heating"),
        ("alive", 20),
        ("phase", 60, "mixing"),
        ("batch_ends", 110, "b1"),
    )
    told = Follower().hear(machine.said).told()
    assert [(len(one.phases), one.end) for one in told] == [
        (0, None),
        (2, None),
        (3, None),
        (3, after(110)),
    ]
    assert len({one.record_id() for one in told}) == 1


def test_the_next_batch_ends_the_one_that_is_open() -> None:
    machine = cooked(("batch", 0, "b1"), ("batch", 100, "b2"))
    found = Follower().hear(machine.said).batches()
    assert [(one.batch, one.start, one.end) for one in found] == [
        ("b1", after(0), after(100)),
        ("b2", after(100), None),
    ]


@pytest.mark.parametrize(
    "between",
    [
        pytest.param([("gap", 10, 500)], id="a gap"),
        pytest.param([("batch", 300, "b1")], id="its beginning, said again"),
        pytest.param([("batch_ends", 300, "another")], id="the end of another"),
        pytest.param([("state", 10, "unplanned_stop")], id="a breakdown"),
    ],
)
def test_nothing_but_its_end_splits_a_batch(between: list) -> None:
    machine = cooked(("batch", 0, "b1"), *between, ("batch_ends", 900, "b1"))
    found = only(machine)
    assert (found.start, found.end) == (after(0), after(900))


def test_a_batch_over_a_restart_is_whole() -> None:
    machine = cooked(
        ("product", 0, "gel"), ("batch", 1, "b1"), ("phase", 10, "heating"),
        ("phase", 60, "mixing"), ("batch_ends", 110, "b1"),
    )  # fmt: skip
    follower = Follower()
    for event in machine.said:
        follower.hear([event]).restart()
    assert follower.known == Follower().hear(machine.said).known


def test_a_phase_that_was_said_before_the_batch_holds_in_it() -> None:
    machine = cooked(("phase", 0, "filling"), ("batch", 1, "b1"), ("batch_ends", 9, "b1"))
    assert phases(only(machine)) == [("filling", 0, 8)]


def test_what_is_said_late_finds_its_place() -> None:
    machine = cooked(
        ("alive", 700),
        ("batch", 100, "b1"),
        ("phase", 300, "mixing"),
        ("phase", 200, "heating"),
        ("batch_ends", 600, "b1"),
    )
    assert phases(only(machine)) == [("", 0, 100), ("heating", 100, 200), ("mixing", 200, 500)]


def test_what_is_older_than_the_last_batch_is_no_news() -> None:
    machine = cooked(
        ("batch", 100, "b1"),
        ("batch_ends", 600, "b1"),
        ("batch", 300, "b0"),
        ("batch", 700, "b2"),
        ("batch", 650, "b0"),
        ("batch_ends", 660, "b2"),
    )
    found = Follower().hear(machine.said).batches()
    assert [(one.batch, one.end) for one in found] == [("b1", after(600)), ("b2", None)]


def test_a_late_end_cuts_the_phases_behind_it() -> None:
    machine = cooked(
        ("batch", 0, "b1"), ("phase", 10, "heating"), ("phase", 90, "idle"),
        ("batch_ends", 80, "b1"),
    )  # fmt: skip
    assert phases(only(machine)) == [("", 0, 10), ("heating", 10, 80)]


def test_the_product_of_a_batch_is_what_was_made_for_longest() -> None:
    machine = cooked(
        ("product", 0, "old"), ("batch", 10, "b1"), ("product", 10.2, "new"),
        ("product", 99.9, "next"), ("batch_ends", 100, "b1"),
    )  # fmt: skip
    assert only(machine).product == "new"


def test_so_many_phases_are_listed_and_the_rest_is_counted() -> None:
    machine = Machine()
    machine.batch(0, "b1")
    for number in range(MAX_PHASES + 30):
        machine.phase(1 + number, f"p{number % 2}")
    machine.batch_ends(500, "b1")
    found = only(machine)
    assert len(found.phases) == MAX_PHASES
    assert found.phases_left_out == 31
    assert found.phases[-1].end == after(MAX_PHASES)


def forwarded(*steps: tuple) -> list[tuple]:
    """What quality hears: product, seconds from the beginning to the end, and whether not."""
    told = Follower().hear(cooked(*steps).said).told()
    return [
        (one.product, one.end and (one.end - one.start).total_seconds(), one.withdrawn)
        for one in told
        if isinstance(one, BatchMade)
    ]


@pytest.mark.parametrize(
    ("steps", "heard"),
    [
        pytest.param(
            [("product", 0, "gel"), ("batch", 1, "b1"), ("phase", 5, "hot"),
             ("batch_ends", 101, "b1")],
            [("gel", None, False), ("gel", 100.0, False)], id="its beginning and its end",
        ),
        pytest.param(
            [("batch", 1, "b1"), ("product", 2, "gel")], [("gel", None, False)],
            id="its product is told late",
        ),
        pytest.param(
            [("product", 0, "gel"), ("batch", 1, "b1"), ("product", 1, "soap"),
             ("batch_ends", 101, "b1")],
            [("gel", None, False), ("gel", None, True), ("soap", None, False),
             ("soap", 100.0, False)],
            id="it is of another product",
        ),
        pytest.param([("batch", 1, "b1"), ("batch_ends", 9, "b1")], [], id="nobody says of what"),
    ],
)  # fmt: skip
def test_quality_hears_of_batches(steps: list, heard: list) -> None:
    assert forwarded(*steps) == heard


def test_quality_hears_once_of_a_batch_over_a_restart() -> None:
    machine = cooked(("product", 0, "gel"), ("batch", 1, "b1"), ("phase", 10, "heating"))
    follower = Follower()
    for event in machine.said:
        follower.hear([event]).restart()
    assert sum(isinstance(one, BatchMade) for one in follower.told()) == 1
