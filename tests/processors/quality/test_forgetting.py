"""What nobody speaks of any more is forgotten, and nothing that was told is taken back for it."""

import pytest

from schemas.quality import Deviation
from tests.processors.quality.laboratory import Run, Sayer, only, plant

DAY = 24
LONG = 402 * DAY


def closed(run: Run, say: Sayer) -> list[str]:
    """The statements by which the deviation of a batch was closed; the batch was rejected."""
    run.hear_each([say.made(0, 8), say.result(9, 8.0), say.result(9, "conforms")])
    deviation = only(run.newest(Deviation)).deviation
    steps = [
        say.action(10 + number, deviation, step)
        for number, step in enumerate(("investigate", "capa", "close"))
    ]
    run.hear_each([*steps, say.decision(20, "reject", reason="too sour")])
    return [one.statement for one in steps]


@pytest.mark.parametrize(
    "later", [plant(), plant(settings="minimum_results: 3")], ids=["the same file", "a new file"]
)
def test_steps_of_a_deviation_that_is_forgotten_are_not_refused_after_a_restart(later):
    run = Run(plant(), restarts=True)
    say = Sayer(run.plant)
    statements = closed(run, say)
    run.hear(say.made(LONG, LONG + 8, batch="B2"))
    run.tick(LONG + 9)
    assert run.state is not None
    assert not any("B1" in key for key in run.state.dossiers)
    run.plant = later
    run.hear(Sayer(later, 100).made(LONG + 10, LONG + 18, batch="B3"))
    run.tick(LONG + 30)

    answers = [run.answer(one) for one in statements]
    assert [one and one.answer for one in answers] == ["accepted"] * 3
    assert not run.state.actions
