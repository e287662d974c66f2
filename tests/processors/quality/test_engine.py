"""Results, rates, deviations and releases of one product, as people would tell them."""

import pytest

from processors.quality.turn import Event
from schemas.plant.load import load_plant
from schemas.quality import BatchRelease, Deviation, TestJudged
from schemas.topics import AUDIT_ENTRY, SITE
from tests.processors.quality.laboratory import Run, Sayer, at, only, plant

PLANT = plant()


@pytest.fixture
def say() -> Sayer:
    return Sayer(PLANT)


@pytest.fixture
def run(say: Sayer) -> Run:
    return Run(PLANT, restarts=True).hear(say.made(0, 8))


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        pytest.param({"value": 5.0}, "pass", id="at the limit"),
        pytest.param({"value": 4.99}, "fail", id="below"),
        pytest.param({"value": 7.5}, "fail", id="above"),
        pytest.param({"value": 0.03, "test": "lead", "unit": "mg/kg"}, "pass", id="not detected"),
        pytest.param(
            {"value": 0.05, "comparator": "<", "test": "lead", "unit": "mg/kg"}, "pass", id="<"
        ),
        pytest.param(
            {"value": 0.5, "comparator": "<", "test": "lead", "unit": "mg/kg"},
            "invalid", id="a method that cannot show it",
        ),
        pytest.param(
            {"value": 0.1, "comparator": ">", "test": "lead", "unit": "mg/kg"}, "fail", id=">"
        ),
        pytest.param({"value": " Conforms "}, "pass", id="a text"),
        pytest.param({"value": "cloudy"}, "fail", id="another text"),
    ],
)  # fmt: skip
def test_a_result_is_judged(run: Run, say: Sayer, said, outcome):
    run.hear(say.result(9, **said))

    assert only(run.newest(TestJudged)).outcome == outcome


def test_a_result_is_judged_by_what_held_when_its_sample_was_taken(run: Run, say: Sayer):
    april = 29.75 * 24
    run.hear(say.made(april - 48, april - 24, batch="B2"))
    old = say.result(april + 1, 5.5, "old", batch="B2", sample_time=at(april - 30))
    run.hear(old, say.result(april + 1, 5.5, "new", batch=None, sample="S"))

    assert {one.result: one.outcome for one in run.newest(TestJudged)} == {
        "old": "pass",
        "new": "fail",
    }


def test_the_newest_version_counts_and_correcting_it_back_restores(run: Run, say: Sayer):
    first = say.result(9, 6.0)
    failed = say.correction(10, 7.6, first)
    run.hear(first)
    before = run.report("24h")
    run.hear(failed)
    corrected = run.report("24h")
    run.hear(say.correction(11, 6.0, failed))
    after = run.report("24h")

    assert [(one.within, one.judged) for one in (before, corrected, after)] == [
        (1, 1),
        (0, 1),
        (1, 1),
    ]
    assert [one.revision for one in (before, corrected, after)] == [0, 1, 2]
    assert run.report("batch").within == 1


def test_an_invalid_result_counts_for_nothing(run: Run, say: Sayer):
    first = say.result(9, 7.6)
    run.hear(first, say.correction(10, 7.6, first, invalid=True))

    assert only(run.newest(TestJudged)).outcome == "invalid"
    assert only(run.newest(BatchRelease)).pending == ("look", "ph")


def test_a_retest_takes_the_place_of_the_result(run: Run, say: Sayer):
    run.hear(say.result(9, 7.6, "first"), say.result(12, 6.0, "again", retest=True, reason="leak"))

    assert only(run.newest(TestJudged)).outcome == "pass"
    assert only(run.newest(Deviation)).state == "open", "what was found once has to be closed"


@pytest.mark.parametrize(
    ("said", "field", "reason"),
    [
        pytest.param({"batch": "B7"}, "batch", "no equipment has begun 'B7'", id="unknown batch"),
        pytest.param({"sample_time": at(-1)}, "sample_time", "before batch", id="too early"),
        pytest.param({"sample_time": at(9.5)}, "sample_time", "after the test", id="no sample yet"),
        pytest.param({"unit": "mV"}, "unit", "specified in pH", id="unit"),
        pytest.param({"said": 8}, "time", "in the future", id="in the future"),
        pytest.param({"retest": True}, "reason", "a retest needs a reason", id="retest"),
        pytest.param(
            {"corrects": "x", "revision": 2, "reason": "y"}, "corrects", "no result x", id="of none"
        ),
    ],
)
def test_a_result_is_refused_with_field_and_reason(run: Run, say: Sayer, said, field, reason):
    run.hear(say.result(9, 6.0, "it", **said)).tick(10)

    ((told, because),) = run.objections("it")
    assert (told, reason in because) == (field, True), because
    assert not run.newest(TestJudged)
    assert run.sent(AUDIT_ENTRY, "reason") == [f"{field}: {because}"]


def test_a_second_value_of_the_same_sample_is_refused_and_the_same_one_is_not(run: Run, say: Sayer):
    run.hear(say.result(9, 6.0, "first"), say.result(9, 6.1, "other"), say.result(9, 6.0, "same"))

    assert run.objections("first") == run.objections("same") == []
    assert run.objections("other")[0][0] == "value"
    assert run.report("24h").judged == 1


def test_two_corrections_of_one_version_do_not_both_count(run: Run, say: Sayer):
    first = say.result(9, 6.0)
    run.hear(first, say.correction(10, 6.1, first), say.correction(11, 6.2, first))

    assert run.objections("ph-9-at-11")[0][0] == "corrects"
    assert only(run.newest(TestJudged)).number == 6.1


def test_corrections_find_their_result_in_whatever_order_they_come(say: Sayer):
    first = say.result(1, 6.0, batch=None)
    second = say.correction(2, 6.5, first)
    third = say.correction(3, 6.6, second)
    run = Run(PLANT, restarts=True).hear(first).hear(third).tick(3.5)
    assert run.objections(third.statement)[0][0] == "corrects"

    run.hear(second)
    assert run.objections(third.statement) == []
    assert only(run.newest(TestJudged)).number == 6.6


def test_a_result_waits_for_its_batch_before_it_is_refused(say: Sayer):
    early = say.result(9, 6.0, "early")
    run = Run(PLANT).hear(early)
    assert run.answer("early") is None

    run.tick(9.1)
    assert run.objections("early")[0][0] == "batch"

    run.hear(say.made(0, 8))
    assert run.objections("early") == []
    assert run.report("batch").judged == 1


def test_only_failures_go_to_the_rules_of_the_site_and_back(run: Run, say: Sayer):
    first = say.result(9, 7.6)
    run.hear(say.result(9, "conforms"))
    run.hear(first).hear(say.correction(10, 6.0, first))

    assert run.sent(SITE, "outcome") == ["fail", "pass"]


def test_a_batch_complies_once_all_of_its_tests_passed(run: Run, say: Sayer):
    run.hear(say.result(9, 6.0))
    assert run.report("batch").batch_compliance is None

    run.hear(say.result(10, "conforms"))
    assert run.report("batch").batch_compliance == 1.0
    assert run.report("30d").batches_judged == 1


def test_a_window_forgets_what_is_older_and_a_late_tick_finds_the_same(say: Sayer):
    told: list[Event] = [say.made(0, 8), say.result(9, 7.6), say.result(20, "conforms")]
    often, seldom = Run(PLANT).hear(*told), Run(PLANT).hear(*told)

    for hours in range(21, 60):
        often.tick(hours)
    seldom.tick(59)

    assert often.truth() == seldom.truth()
    assert (often.report("24h").judged, often.report("7d").judged) == (0, 2)


def test_a_rate_needs_a_minimum_number():
    few = plant(settings="minimum_results: 2")
    say = Sayer(few)
    run = Run(few).hear(say.made(0, 8), say.result(9, 6.0))
    assert run.report("24h").compliance_rate is None
    assert run.report("batch").compliance_rate == 1.0

    run.hear(say.result(10, "cloudy"))
    assert run.report("24h").compliance_rate == 0.5


def test_a_required_test_is_overdue_and_then_missed(run: Run, say: Sayer):
    run.hear(say.result(9, "conforms")).tick(20.5)

    assert only(run.newest(BatchRelease)).overdue == ("ph",)
    missed = only(run.newest(Deviation))
    assert (missed.cause, missed.test, missed.opened_at) == ("missed_test", "ph", at(20))


def test_a_result_that_was_only_heard_of_late_was_not_missed(run: Run, say: Sayer):
    run.hear(say.result(9, "conforms")).tick(21)
    run.hear(say.result(19, 6.0, said=22))

    assert only(run.newest(Deviation)).withdrawn


def test_samples_every_so_often_are_asked_of_a_batch():
    every = plant(
        more="  - {products: [P1], test: visc, from: 2026-01-01, limits: {upper: 9},"
        " sampling: {every: 2h}, turnaround: 1h}"
    )
    say = Sayer(every)
    run = Run(every, restarts=True).hear(say.made(0))
    taken = [
        say.result(hours, 3.0, f"v{hours}", test="visc", unit="", sample=str(hours))
        for hours in (1, 5.5)
    ]
    run.hear(*taken).tick(6.5)

    assert only(run.newest(Deviation)).because == "required result 2 was not there in time"
    assert only(run.newest(BatchRelease)).expected == 5


@pytest.mark.parametrize("restarts", [False, True])
def test_another_plant_file_judges_what_is_known_anew(say: Sayer, restarts: bool):
    run = Run(PLANT, restarts=restarts).hear(say.made(0, 8), say.result(9, 6.9))
    run.plant = load_plant(PLANT.text.replace("upper: 7}", "upper: 6.5}"), "plant.yaml")
    run.tick(40)

    assert only(run.newest(TestJudged)).because == "above 6.5"
    assert run.report("batch").within == 0
