"""The verdict on top of a summary, for what is known of a batch."""

from typing import Any

import pytest

from plantstream.summary.model import Summary
from tests.plantstream.summary.stories import (
    APPROVED,
    DECIDED,
    HOT,
    MAKING,
    RIGHT,
    ROWS,
    TAG,
    UNCHANGED,
    WAITING,
    WRONG,
    at,
    known,
    release,
    told,
)


def conclusion(summary: Summary) -> tuple[str, str, tuple[str, ...]]:
    verdict = summary.verdict
    return verdict.title, verdict.tone, verdict.because


READY = "CAN BE RELEASED: nothing stands against it"
NOT_YET = "CANNOT BE RELEASED"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, (READY, "good", ()), id="all tests pass"),
        pytest.param(
            {"release": None},
            (NOT_YET, "bad", ("The quality engine knows nothing of this batch.",)),
            id="nothing is known of it",
        ),
        pytest.param(
            {"release": release(expected=0, judged=0)},
            (NOT_YET, "bad", ("The plant file requires no test of it.",)),
            id="nothing is asked of it",
        ),
        pytest.param(
            {"release": release(judged=1, pending=["micro"], overdue=["micro"])},
            (NOT_YET, "bad", ("Required tests are missing: micro.", "Of those, overdue: micro.")),
            id="a test is missing",
        ),
        pytest.param(
            {"release": release(failed=1, failed_tests=["ph"], open_deviations=1)},
            (
                *(NOT_YET, "bad"),
                ("Out of specification: ph.", "Deviations that are not closed: 1."),
            ),
            id="a test failed",
        ),
        pytest.param(
            {"release": release(failed_tests=["lead"])},
            (NOT_YET, "bad", ("Out of specification: lead.",)),
            id="a test failed that nobody asked for",
        ),
        pytest.param(
            {"known": (MAKING | {"state": "making", "until": None},)},
            (NOT_YET, "bad", ("It is still made: reactor.",)),
            id="it is still made",
        ),
        pytest.param(
            {"release": release(**APPROVED), "known": (MAKING, DECIDED)},
            ("RELEASED", "good", ()),
            id="it is released",
        ),
        pytest.param(
            {"release": release(**APPROVED, failed=1, failed_tests=["ph"])},
            ("RELEASED, BUT FACTS STAND AGAINST IT", "bad", ("Out of specification: ph.",)),
            id="a correction came after the release",
        ),
        pytest.param(
            {"release": release(**APPROVED | {"disposition": "conditional"}, failed_tests=["ph"])},
            ("RELEASED UNDER CONDITIONS", "warn", ("Out of specification: ph.",)),
            id="conditional",
        ),
        pytest.param(
            {"release": release(**APPROVED | {"disposition": "rejected"})},
            ("REJECTED: must not be released", "bad", ()),
            id="rejected",
        ),
        pytest.param(
            {"release": release(**APPROVED | {"disposition": "held"})},
            ("ON HOLD: must not be released", "bad", ()),
            id="on hold",
        ),
    ],
)
def test_what_a_batch_comes_to(
    changes: dict[str, Any], expected: tuple[str, str, tuple[str, ...]]
) -> None:
    assert conclusion(told(WAITING, **changes)) == expected


def test_what_has_to_be_known() -> None:
    assert told().verdict.remarks == (
        "Results that were corrected: ph.",
        "Alarms while it was made: 1; critical ones: 1; not acknowledged: 0.",
        "Deviations that are closed: 1.",
        "OEE was restated after it was first reported.",
        "Critical tags that were outside of their limits: heat.",
        "For 0:30:00 h edges saw nothing that they could trust.",
    )


@pytest.mark.parametrize(
    ("changes", "remark"),
    [
        ({"known": ()}, "No equipment has told that it made this batch."),
        (
            {"results": (WRONG, RIGHT | {"corrects": None, "retest": True})},
            "Results of a retest: ph.",
        ),
        (
            {"results": (WRONG, RIGHT | {"invalid": True, "outcome": "invalid"})},
            "Results that were declared invalid: ph.",
        ),
        (
            {"results": (WRONG | {"is_newest": True}, RIGHT | {"answer": "refused"})},
            "Statements about results that were refused: 1.",
        ),
        (
            {"known": (MAKING, HOT | {"done_by": None})},
            "Alarms while it was made: 1; critical ones: 1; not acknowledged: 1.",
        ),
        (
            {"critical": (TAG | {"samples": 0, "minimum": None, "above_s": 0.0},)},
            "Critical tags without any sample: heat.",
        ),
        ({"signatures": ()}, "The disposition is not signed electronically."),
    ],
)
def test_remarks(changes: dict[str, Any], remark: str) -> None:
    assert remark in told(**changes).verdict.remarks


def test_a_critical_tag_that_did_not_change_is_not_without_a_sample() -> None:
    remarks = told(critical=(UNCHANGED,)).verdict.remarks

    assert "Critical tags that were outside of their limits: heat." in remarks
    assert not any("without any sample" in one for one in remarks)


def test_a_refused_correction_corrects_nothing() -> None:
    summary = told(results=(WRONG | {"is_newest": True}, RIGHT | {"answer": "refused"}))

    assert not any("corrected" in one for one in summary.verdict.remarks)


def test_who_decided_when_why_and_with_which_signature() -> None:
    facts = {one.name: one.value for one in told().verdict.facts}

    assert facts["Disposition"] == (
        "approved by eva, 2026-03-02 10:00:00-06:00 (2026-03-02 16:00:00 UTC)"
    )
    assert facts["Signature"].startswith("Eva Gil as “released”, 2026-03-02 10:00:00-06:00")
    assert (facts["Required tests"], facts["Failed"], facts["Pending"]) == ("2", "0", "none")


def test_the_signature_is_that_of_the_decision_that_stands() -> None:
    earlier = known("disposition", "hold", 8, done_by="eva", accepted=True, id="s9")
    stands = DECIDED | {"id": "s10", "because": "as agreed"}

    facts = {one.name: one.value for one in told(known=(MAKING, earlier, stands)).verdict.facts}

    assert facts["Signature"] == "none"
    assert facts["Conditions, reason"] == "as agreed"
    assert ROWS.release is not None
    assert ROWS.release["disposed_at"] == at(10)
