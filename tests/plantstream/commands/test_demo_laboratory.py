"""The demo's verdict on its laboratory: every figure that is wrong is named."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from plantstream.commands.demo_laboratory import findings
from plantstream.simulator.lab_truth import LabTruth, Score
from sinks.timescale.laboratory import StoredBatch, StoredLaboratory

END = datetime(2026, 3, 2, 12, tzinfo=UTC)
TRUE = LabTruth(
    scores={"gel": Score(3, 4), "cream": Score(0, 0)},
    batches={("gel", "b-1"): END, ("gel", "b-2"): END},
    dispositions={("gel", "b-1"): "approved"},
    deviations={"lab-1": "open", "lab-2": "closed"},
    answers={"lab-1": True, "lab-3": False},
)
NAMES = {"lab-1": "s-1", "lab-2": "s-2", "lab-3": "s-3"}
ANSWERS = {"lab-1": True, "lab-3": False}
STORED = StoredLaboratory(
    rates={"gel": (3, 4)},
    batches=[
        StoredBatch("gel", "b-1", END + timedelta(milliseconds=200), "approved"),
        StoredBatch("gel", "b-2", END, None),
    ],
    open_deviations={"s-1": "open"},
    closed_deviations=1,
)


def wrong(stored: StoredLaboratory, answers: dict[str, bool | None] | None = None) -> list[str]:
    found = findings(TRUE, stored, NAMES, ANSWERS if answers is None else answers)
    return [f"{one.about} {one.what}" for one in found if not one.ok]


def test_what_is_told_as_it_was_is_right():
    assert wrong(STORED) == []


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"rates": {"gel": (4, 4)}}, ["gel within"]),
        ({"rates": {"gel": (3, 4), "cream": (0, 1)}}, ["cream judged"]),
        ({"batches": STORED.batches[1:]}, ["b-1 ended", "b-1 disposition"]),
        ({"batches": [*STORED.batches, StoredBatch("gel", "b-3", END, None)]}, ["b-3 ended"]),
        (
            {"batches": [STORED.batches[0], StoredBatch("gel", "b-2", END, "approved")]},
            ["b-2 disposition"],
        ),
        (
            {"batches": [STORED.batches[0], StoredBatch("gel", "b-2", None, None)]},
            ["b-2 ended"],
        ),
        ({"open_deviations": {}}, ["s-1 open deviation"]),
        ({"open_deviations": {"s-1": "capa"}}, ["s-1 open deviation"]),
        ({"open_deviations": {"s-1": "open", "s-9": "open"}}, ["s-9 open deviation"]),
        ({"closed_deviations": 0}, ["all closed deviations"]),
    ],
)
def test_what_differs_is_named(changed, named):
    assert wrong(replace(STORED, **changed)) == named


def test_an_answer_that_is_missing_or_another_one_is_named():
    assert wrong(STORED, {"lab-1": None, "lab-3": True}) == ["lab-1 accepted", "lab-3 accepted"]
