"""The demo's verdict on messages: what is due follows from the ledger, what came is held to it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from plantstream.commands.demo_pages_due import Due, dues, heat_of
from plantstream.commands.demo_pages_verdict import judged
from plantstream.simulator.ledger import History, Ledger, ShownEntry
from plantstream.simulator.quickened import quickened
from plantstream.simulator.stand_ins.arrivals import Arrival
from schemas.plant.load import load_plant

T = datetime(2026, 3, 2, 15, tzinfo=UTC)
"""09:00 in the plant."""
S = timedelta(seconds=1)
PATH = "ninu/xalapa/mixing/line-1/reactor-b"
NINU = Path("deploy/plants/ninu/plant.yaml")
WITHIN = timedelta(seconds=1)


@pytest.fixture(scope="module")
def plant():
    return quickened(load_plant(NINU.read_text(encoding="utf-8"), str(NINU)), 10)


def ledger(*shown, end=60):
    entries = [ShownEntry(T + at * S, "temperature", value) for at, value in shown]
    return Ledger("v1", 1, T, T + end * S, True, {PATH: History(shown=entries)})


def heat(plant, *shown, end=60) -> Any:
    return heat_of(ledger(*shown, end=end), plant)


HOT = ((0, 70.0), (5, 96.0), (7, 107.0), (20, 108.0))


def test_the_gravest_rule_that_held_long_enough_is_owed(plant):
    found = heat(plant, *HOT)
    assert found.watched.rule.alert == "ReactorCriticalTemperature"
    assert found.watched.labels["equipment"] == "reactor-b"
    assert (found.fired_at, found.over_at) == (T + 8 * S, None)


def test_it_is_over_once_the_value_is_a_deadband_below_the_limit(plant):
    assert heat(plant, *HOT, (45, 94.5), (46, 94.0), (47, 60.0)).over_at == T + 46 * S


def test_what_held_too_short_is_owed_to_nobody(plant):
    assert heat(plant, (5, 96.0), (7, 90.0), (8, 79.0)) is None
    assert heat(plant, (58, 96.0)) is None
    assert heat(plant) is None


def test_a_lesser_rule_is_owed_where_the_graver_one_did_not_hold(plant):
    found = heat(plant, (5, 85.0), (20, 85.0), (21, 70.0))
    assert found.watched.rule.alert == "ReactorTemperatureHigh"
    assert found.fired_at == T + 11 * S


def owed(plant, answered=None, *more):
    at = None if answered is None else T + answered * S
    return dues(heat(plant, *HOT, *more), plant, at)


def told(found, why):
    return {(one.who, one.channel) for one in found if one.why == why}


PERSONAL = ("email", "sms", "whatsapp")


def test_all_whom_the_plant_file_names_are_owed_a_message_at_once(plant):
    people = ("production-manager", "shift-supervisor", "ceo", "plant-manager")
    first = told(owed(plant), "firing")
    assert first == {("hook", "hook"), *((who, how) for who in people for how in PERSONAL)}
    assert {one.at for one in owed(plant) if one.why == "firing"} == {T + 8 * S}


def test_without_an_answer_it_goes_up_the_chain_and_an_answer_ends_that(plant):
    unanswered = [one for one in owed(plant) if one.why == "escalated"]
    assert min(one.at for one in unanswered) == T + 38 * S
    assert {one.who for one in unanswered} >= {"plant-manager", "ceo"}
    answered = told(owed(plant, 42), "escalated")
    assert answered == {("plant-manager", how) for how in PERSONAL}
    assert not told(owed(plant, 30), "escalated")


def test_those_who_were_told_are_told_by_each_group_that_it_is_over(plant):
    found = [one for one in owed(plant, 42, (48, 60.0)) if one.why == "resolved"]
    assert {one.at for one in found} == {T + 48 * S}
    assert len(found) == 16
    assert sum(one.who == "plant-manager" for one in found) == 6
    early = [one for one in owed(plant, None, (20, 60.0)) if one.why == "resolved"]
    assert {one.at for one in early} == {T + 38 * S}


def due(why="firing", at=10.0):
    return Due(why, T + at * S, "ana", "sms", "+52")


def arrival(at, text="hot", to="+52"):
    return Arrival(T + at * S, "sms", to, text, Path())


@pytest.mark.parametrize(
    ("came", "ok"),
    [
        pytest.param([arrival(10.4)], True, id="once, in time"),
        pytest.param([], False, id="missing"),
        pytest.param([arrival(11.2)], False, id="late"),
        pytest.param([arrival(10.4), arrival(10.6)], False, id="twice"),
        pytest.param([arrival(10.4), arrival(20, "Escalated: hot")], False, id="and once more"),
        pytest.param([arrival(10.4), arrival(20, to="+53")], False, id="somebody else as well"),
        pytest.param([arrival(10.4), arrival(62, "Escalated: hot")], True, id="after the end"),
    ],
)
def test_a_message_that_is_due_has_to_come_once_and_in_time(came, ok):
    verdict = judged([due()], came, T + 60 * S, WITHIN)
    assert verdict.ok is ok
    assert verdict.due == 1


@pytest.mark.parametrize("came", [[], [arrival(60.1)]])
def test_what_is_due_at_the_very_end_may_come_or_not(came):
    verdict = judged([due(at=59.5)], came, T + 60 * S, WITHIN)
    assert verdict.ok
    assert verdict.unseen == {"firing": 1}


def test_delays_are_those_of_all_that_came():
    verdict = judged(
        [due(), due(at=20), due("resolved", 30)],
        [arrival(10.2), arrival(20.9), arrival(30.4, "Resuelta: hot")],
        T + 60 * S,
        WITHIN,
    )
    assert verdict.ok
    assert verdict.delays() == pytest.approx((0.4, 0.9))
    assert judged([], [], T + 60 * S, WITHIN).delays() is None
