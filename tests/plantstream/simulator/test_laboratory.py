"""What the laboratory states in the demo, and what it truly comes to."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from ingest.inputs.lab.judge import Author, judged, signed_content
from ingest.inputs.lab.statements import SAID
from plantstream.simulator.bookkeeper import Bookkeeper
from plantstream.simulator.crew import LABORATORY
from plantstream.simulator.lab_truth import LabTruth, lab_truth
from plantstream.simulator.laboratory import CODE_S, SIGNERS, STORIES, Laboratory
from plantstream.simulator.ledger import Ledger, LedgerWriter, SaidEntry, read_ledger
from plantstream.simulator.plant import plant_state, step_plant
from plantstream.simulator.tempo import LIVELY, Pace
from tests.plantstream.simulator.test_plant import START

SPEED, TICK_S = 10, 0.2
LASTS = timedelta(seconds=60)


@dataclass
class Lived:
    """A while of the demo."""

    said: list[SaidEntry]
    ledger: Ledger
    truth: LabTruth


@pytest.fixture(scope="module", params=[1, 2, 3])
def lived(ninu, request, tmp_path_factory) -> Lived:
    plant, file = ninu.plant, tmp_path_factory.mktemp("lab") / "ledger.jsonl"
    state, said = plant_state(plant, Pace(LIVELY, SPEED), request.param), list[SaidEntry]()
    lab, at = Laboratory(plant, request.param), START
    with LedgerWriter(file, ninu.version, request.param, START) as ledger:
        books = Bookkeeper(plant, ledger)
        while at < START + LASTS:
            state, changes = step_plant(state, TICK_S * SPEED if said or at > START else 0.0)
            books.note(changes, at)
            for entry in lab.hear(changes, at):
                said.append(entry)
                ledger.stated(entry)
            at += timedelta(seconds=TICK_S)
        ledger.end(at)
    read = read_ledger(file)
    return Lived(said, read, lab_truth(read, plant))


def of(said: list[SaidEntry], kind: str) -> list[SaidEntry]:
    return [one for one in said if one.statement["type"] == kind]


def test_the_ledger_gives_back_what_was_stated(lived):
    assert list(lived.ledger.laboratory) == lived.said


def test_the_edge_takes_every_statement(ninu, lived):
    for one in lived.said:
        told = SAID[one.statement["type"]].model_validate(one.statement)
        if one.meaning:
            assert signed_content(told, ninu.plant, one.at)
        else:
            judged(told, ninu.plant, Author(one.by, "s"), one.at)


def test_no_two_statements_have_the_same_id(lived):
    ids = Counter(one.statement["id"] for one in lived.said)
    assert ids.most_common(1)[0][1] == 1


def test_nobody_signs_twice_by_one_code_and_only_signers_sign(lived):
    signed = [(one.by, int(one.at.timestamp()) // CODE_S) for one in lived.said if one.meaning]
    assert signed
    assert len(signed) == len(set(signed))
    assert {by for by, _ in signed} <= set(SIGNERS)
    assert {one.by for one in lived.said if not one.meaning} == {LABORATORY}


def test_dispositions_and_closings_are_signed_as_the_plant_file_asks(ninu, lived):
    rules = ninu.plant.quality.signatures
    for one in lived.said:
        act = {"disposition": rules.disposition}.get(one.statement["type"])
        if one.statement.get("action") == "close":
            act = rules.closing
        assert bool(one.meaning) is (act is not None)
        assert act is None or one.meaning in act.meanings


def test_one_batch_is_released_too_early_and_again_when_all_is_known(lived):
    first, second, *_ = of(lived.said, "disposition")
    assert first.statement["batch"] == second.statement["batch"]
    assert lived.truth.answers[first.statement["id"]] is False
    assert lived.truth.answers[second.statement["id"]] is True
    assert list(lived.truth.answers.values()).count(False) == 1


def test_one_batch_fails_and_is_rejected_and_its_deviation_is_closed(lived):
    assert Counter(lived.truth.dispositions.values())["rejected"] == 1
    actions = [one.statement["action"] for one in of(lived.said, "deviation_action")]
    assert actions == ["investigate", "capa", "close"]
    assert sorted(lived.truth.deviations.values()) == ["closed", "open"]


def test_one_result_is_corrected_with_a_reason_and_one_is_found_again(lived):
    again = [one.statement for one in of(lived.said, "test_result") if "reason" in one.statement]
    corrected = [one for one in again if "corrects" in one]
    retested = [one for one in again if one.get("retest")]
    assert [one["revision"] for one in corrected] == [2]
    assert len(retested) == 1
    assert len(again) == 2


def test_only_the_failing_batch_stays_out_of_specification(lived):
    judged_ = sum(one.judged for one in lived.truth.scores.values())
    within = sum(one.within for one in lived.truth.scores.values())
    results = of(lived.said, "test_result")
    assert judged_ == len(results) - 2
    assert judged_ - within == 1 + len(lived.truth.batches) // (STORIES + 1)


def test_the_truth_has_the_end_of_each_batch(lived):
    ends = {of[1]: at for of, at in lived.truth.batches.items()}
    tested = {
        one.statement["batch"]: datetime.fromisoformat(one.statement["sample_time"])
        for one in of(lived.said, "test_result")
        if one.statement["test"] == "ph"
    }
    assert tested
    assert all(ends[batch] == at for batch, at in tested.items())


def test_a_plant_without_specifications_is_not_tested(ninu):
    bare = ninu.plant.model_copy(update={"specifications": []})
    state, lab, at = plant_state(bare, Pace(LIVELY, SPEED), 1), Laboratory(bare, 1), START
    for _ in range(300):
        state, changes = step_plant(state, 2.0)
        at += timedelta(seconds=TICK_S)
        assert lab.hear(changes, at) == []
