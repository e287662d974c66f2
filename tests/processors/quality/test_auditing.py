"""What was accepted stands in the audit trail: who changed what into what, and why, once."""

from itertools import permutations
from typing import Any

from schemas.audit import AuditEntry
from schemas.lab import LabRecord
from schemas.plant.load import load_plant
from schemas.quality import Deviation
from schemas.topics import AUDIT_ENTRY
from tests.processors.quality.laboratory import Run, Sayer, at, only, plant

PLANT = plant()


def entries(run: Run) -> list[AuditEntry]:
    """All of them, as often as they were told."""
    return [one.record for one in run.outputs if isinstance(one.record, AuditEntry)]


def test_a_correction_says_what_was_and_what_is_who_and_why():
    say = Sayer(PLANT)
    first = say.result(2, 8.0, "r1", sample="S1")
    run = Run(PLANT).hear(say.made(0), first, say.correction(3, 6.0, first, by="Ana Ruiz"))

    entry = only(entries(run))

    assert (entry.action, entry.actor, entry.reason) == (
        *("result.correction", "Ana Ruiz"),
        "a typing error",
    )
    kept = {"test": "ph", "batch": "B1", "sample": "S1", "unit": "pH"}
    assert entry.before == {"statement": "r1", "revision": 1, "value": 8.0} | kept
    assert entry.after == {"statement": "r1-at-3", "revision": 2, "value": 6.0} | kept
    assert (entry.id, entry.subject) == ("lab/r1-at-3/accepted", "P1: r1-at-3")
    assert [one.topic for one in run.outputs if one.record is entry] == [AUDIT_ENTRY]


def test_a_disposition_says_which_it_takes_the_place_of():
    say = Sayer(PLANT)
    run = Run(PLANT).hear(say.made(0, 1), say.decision(2, "hold"))
    run.hear(say.decision(3, "reject", reason="broken seal"))

    held, rejected = entries(run)

    assert (held.action, held.before) == ("batch.disposition", None)
    assert held.after == {"batch": "B1", "decision": "hold"} == rejected.before
    assert rejected.after == {"batch": "B1", "decision": "reject"}
    assert (rejected.actor, rejected.reason) == ("Ana Ruiz", "broken seal")


def test_steps_of_a_deviation_up_to_its_closing():
    say = Sayer(PLANT)
    run = Run(PLANT).hear(say.made(0), say.result(2, 8.0, "r1"))
    name = only(run.newest(Deviation)).deviation
    for hours, step in ((3, "investigate"), (4, "capa"), (5, "close")):
        run.hear(say.action(hours, name, step))

    found = entries(run)

    assert [one.action for one in found] == [
        *("deviation.investigate", "deviation.capa", "deviation.close"),
    ]
    assert found[-1].before == {"deviation": name, "state": "capa"}
    assert found[-1].after == {"deviation": name, "state": "closed"}


def test_what_was_refused_is_told_as_refused_alone():
    say = Sayer(PLANT)
    run = Run(PLANT).hear(say.made(0, 1), say.decision(2, "release"))

    assert [one.id for one in entries(run)] == ["lab/decision-2/refused"]


def test_results_without_a_correction_and_replays_make_no_entries():
    say = Sayer(PLANT)
    run = Run(PLANT).hear(say.made(0, 1), say.result(2, 6.0, "r1"))
    replay = Run(PLANT).hear(
        *(one.model_copy(update={"run": "x"}) for one in (say.made(0, 1), say.decision(2, "hold")))
    )

    assert entries(run) == entries(replay) == []


def story() -> list[Any]:
    say = Sayer(PLANT)
    first = say.result(2, 8.0, "r1")
    told: list[LabRecord] = [first, say.correction(3, 6.0, first), say.decision(4, "hold")]
    return [say.made(0, 1), *told]


def test_repeats_and_restarts_tell_none_twice():
    run = Run(PLANT, restarts=True).hear_each([*story(), *story()]).tick(5).tick(30)

    assert sorted(one.id for one in entries(run)) == [
        "lab/decision-4/accepted",
        "lab/r1-at-3/accepted",
    ]


def test_another_plant_file_tells_none_again():
    run = Run(PLANT, restarts=True).hear_each(story())
    run.plant = load_plant(PLANT.text + "\n# changed\n", "plant.yaml")
    run.hear(Sayer(run.plant, seq=90).decision(6, "hold", statement="again"))

    assert [one.id for one in entries(run)].count("lab/r1-at-3/accepted") == 1
    assert len(entries(run)) == 3


def test_in_whatever_order_they_come_the_same_ones_are_told():
    found = [
        {one.id for one in entries(Run(PLANT).hear_each(order).tick(5)) if "accepted" in one.id}
        for order in permutations(story())
    ]

    assert all(one == {"lab/decision-4/accepted", "lab/r1-at-3/accepted"} for one in found)


def test_it_is_told_at_the_time_at_which_it_was_said():
    entry = entries(Run(PLANT).hear_each(story()))[-1]

    assert abs((entry.at - at(4)).total_seconds()) < 1
