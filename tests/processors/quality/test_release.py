"""What may become of a batch, and the life of its deviations."""

from typing import Any

import pytest

from schemas.quality import BatchRelease, Deviation
from tests.processors.quality.laboratory import Run, Sayer, at, only, plant

PLANT = plant(ph=", release_by: [quality-manager]")
MANAGER: dict[str, Any] = {"roles": ("quality-manager",)}


@pytest.fixture
def say() -> Sayer:
    return Sayer(PLANT)


@pytest.fixture
def tested(say: Sayer) -> Run:
    """A batch of which all tests passed."""
    run = Run(PLANT, restarts=True)
    return run.hear(say.made(0, 8), say.result(9, 6.0, analyst="Ben"), say.result(9, "conforms"))


def test_a_batch_waits_from_its_end_to_its_release(tested: Run, say: Sayer):
    tested.tick(33.5)
    waiting = only(tested.newest(BatchRelease))
    assert (waiting.expected, waiting.judged, waiting.hours_since_end) == (2, 2, 25)

    tested.hear(say.decision(34, **MANAGER))
    released = only(tested.newest(BatchRelease))
    assert (released.disposition, released.release_time_h) == ("approved", 26.0)
    assert released.disposed_by == "Ana Ruiz"
    assert tested.answer("decision-34").answer == "accepted"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("said", "field", "reason"),
    [
        pytest.param({}, "by", "may be released by quality-manager only", id="without the right"),
        pytest.param({**MANAGER, "by": "ben"}, "by", "ben tested this batch", id="the analyst"),
        pytest.param({**MANAGER, "batch": "B9"}, "batch", "has begun 'B9'", id="unknown batch"),
        pytest.param({**MANAGER, "hours": 7}, "batch", "is still made", id="still made"),
        pytest.param(
            {**MANAGER, "decision": "conditional"}, "reason", "needs a reason", id="no reason"
        ),
    ],
)
def test_a_disposition_is_refused_with_field_and_reason(
    tested: Run, say: Sayer, said, field, reason
):
    hours = said.pop("hours", 30)
    tested.hear(say.decision(hours, said.pop("decision", "release"), **said)).tick(31)

    found = tested.objections(f"decision-{hours}")
    assert any(told == field and reason in because for told, because in found), found
    assert all(one.disposition is None for one in tested.newest(BatchRelease))


def test_the_analyst_may_release_where_the_plant_file_says_so():
    free = plant(settings="analyst_may_release: true")
    say = Sayer(free)
    run = Run(free).hear(say.made(0, 8), say.result(9, 6.0), say.result(9, "conforms"))

    assert run.hear(say.decision(10, by="lims")).objections("decision-10") == []


def test_a_release_with_pending_tests_is_refused_and_stays_so(say: Sayer):
    run = Run(PLANT).hear(say.made(0, 8), say.result(9, 6.0), say.decision(10, **MANAGER))
    assert run.objections("decision-10") == [("batch", "required tests are pending: look")]

    run.hear(say.result(11, "conforms"))
    assert run.answer("decision-10").answer == "refused"  # type: ignore[union-attr]
    assert run.hear(say.decision(12, **MANAGER)).objections("decision-12") == []


def test_what_failed_is_not_released_but_under_conditions(say: Sayer):
    run = Run(PLANT).hear(say.made(0, 8), say.result(9, 7.6), say.result(9, "conforms"))
    run.hear(say.decision(10, **MANAGER))
    assert run.objections("decision-10")[0][0] == "decision"

    run.hear(say.decision(11, "conditional", reason="for export only", **MANAGER))
    assert only(run.newest(BatchRelease)).disposition == "conditional"


def test_a_deviation_is_investigated_acted_on_and_closed(say: Sayer):
    run = Run(PLANT, restarts=True)
    run.hear(say.made(0, 8), say.result(9, 7.6), say.result(9, "conforms"))
    opened = only(run.newest(Deviation))
    assert (opened.cause, opened.severity) == ("out_of_specification", "major")
    assert (opened.state, only(run.newest(BatchRelease)).open_deviations) == ("open", 1)

    for hours, action in ((10, "investigate"), (30, "capa"), (60, "close")):
        run.hear(say.action(hours, opened.deviation, action))
    closed = only(run.newest(Deviation))
    assert (closed.state, closed.closed_at, closed.age_days) == ("closed", at(60), 2)
    assert only(run.newest(BatchRelease)).open_deviations == 0


@pytest.mark.parametrize(
    ("steps", "refused", "field"),
    [
        pytest.param([(10, "close")], "close-10", "action", id="closed at once"),
        pytest.param([(10, "investigate"), (11, "close")], "close-11", "action", id="without capa"),
        pytest.param([(8, "investigate")], "investigate-8", "time", id="before it was opened"),
    ],
)
def test_a_step_out_of_turn_is_refused(say: Sayer, steps, refused, field):
    run = Run(PLANT).hear(say.made(0, 8), say.result(9, 7.6))
    named = only(run.newest(Deviation)).deviation
    run.hear(*(say.action(hours, named, action) for hours, action in steps))

    assert run.objections(refused)[0][0] == field


def test_a_step_about_no_deviation_waits_and_is_refused(say: Sayer):
    run = Run(PLANT, restarts=True).hear(say.made(0, 8), say.action(9, "none", "investigate"))
    assert run.answer("investigate-9") is None

    assert run.tick(9.1).objections("investigate-9")[0][0] == "deviation"


def test_a_minor_deviation_may_be_closed_without_capa(say: Sayer):
    run = Run(PLANT).hear(say.made(0, 8), say.result(9, "cloudy"))
    named = only(run.newest(Deviation)).deviation
    run.hear(say.action(10, named, "investigate"), say.action(11, named, "close"))

    assert only(run.newest(Deviation)).state == "closed"


def test_deviations_of_the_same_cause_recur_and_grow_older(say: Sayer):
    run = Run(PLANT).hear(
        *(say.made(day * 24, day * 24 + 8, batch=f"B{day}") for day in range(3)),
        *(say.result(day * 24 + 9, 7.6, batch=f"B{day}") for day in (2, 0, 1)),
    )
    run.tick(24 * 4)

    found = [one for one in run.newest(Deviation) if one.cause == "out_of_specification"]
    assert sorted((one.recurrence, one.age_days) for one in found) == [(0, 3), (1, 2), (2, 1)]


def test_a_trend_function_says_what_is_out_of_trend(say: Sayer):
    def rises(points, specification, since):
        assert specification.test == "ph"
        numbers = [one.number for one in points]
        return {
            one.result: "rises"
            for place, one in enumerate(points)
            if place >= max(since, 2) and numbers[place - 2] < numbers[place - 1] < one.number
        }

    told = [say.result(9 + n, 6 + n / 10, f"r{n}", batch=None, sample=f"S{n}") for n in range(4)]
    run = Run(PLANT, trend=rises, restarts=True).hear(told[3]).hear(told[0], told[2]).hear(told[1])

    found = {one.result: one for one in run.newest(Deviation) if not one.withdrawn}
    assert {name: one.cause for name, one in found.items()} == {
        "r2": "out_of_trend",
        "r3": "out_of_trend",
    }
    assert run.report("24h").within == 4
