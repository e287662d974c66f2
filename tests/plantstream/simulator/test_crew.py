"""What people state in the demo: of what truly happened, and when it is settled already."""

from datetime import datetime, timedelta

import pytest

from ingest.inputs.lab.judge import Author, judged
from ingest.inputs.lab.statements import SAID
from plantstream.simulator.crew import AFTER, Crew
from plantstream.simulator.plant import plant_state, step_plant
from plantstream.simulator.tempo import LIVELY, Pace
from tests.plantstream.simulator.test_plant import START

MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def sayings(ninu):
    """Ten simulated minutes, and three real ones to speak of them."""
    state, crew, found = plant_state(ninu.plant, Pace(LIVELY, 10), 1), Crew(ninu.plant), []
    at = START
    while at < START + 3 * MINUTE:
        state, changes = step_plant(state, 2.0)
        found += crew.hear(changes, at)
        at += timedelta(seconds=0.2)
    return found


def test_everything_that_people_may_say_of_a_machine_is_said(sayings):
    assert {one.entry.statement["type"] for one in sayings} == {
        "andon_raised",
        "andon_cleared",
        "maintenance_started",
        "maintenance_ended",
        "stop_reason_given",
        "parts_reported",
    }


def test_the_edge_takes_every_statement(ninu, sayings):
    for one in sayings:
        told = one.entry.statement
        said = SAID[told["type"]].model_validate(told)
        judged(said, ninu.plant, Author(one.entry.by, "s"), one.due)


def test_calls_are_made_at_once_and_what_was_bad_is_said_when_the_minute_is_settled(sayings):
    for one in sayings:
        told = one.entry.statement
        moment = datetime.fromisoformat(told["time"])
        if told["type"] in {"stop_reason_given", "parts_reported"}:
            settled = moment.replace(second=0, microsecond=0) + MINUTE + AFTER
            assert one.due >= settled
        else:
            assert one.due == moment


def test_no_two_statements_have_the_same_id(sayings):
    ids = [one.entry.statement["id"] for one in sayings]
    assert len(ids) == len(set(ids))
