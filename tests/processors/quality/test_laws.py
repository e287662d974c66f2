"""Whatever the order, the repeats, the batches, the ticks and the restarts: the same is true."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings, strategies as st

from processors.quality.turn import Event
from tests.laws import EXAMPLES
from tests.processors.quality.laboratory import Run, Sayer, plant

PLANT = plant(
    more="  - {products: [P1], test: visc, from: 2026-01-01, limits: {upper: 9},"
    " sampling: {every: 3h}, turnaround: 1h}"
)
LAW = settings(max_examples=EXAMPLES // 2, deadline=None)
END = 24.0 * 9


def _results() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "kind": st.just("result"),
            "batch": st.sampled_from(["B1", "B2", None]),
            "sample": st.sampled_from([None, None, "S1"]),
            "value": st.sampled_from([6.0, 4.0, "conforms", "cloudy"]),
            "test": st.sampled_from([None, "visc"]),
            "fixes": st.integers(0, 2),
            "retest": st.booleans(),
        }
    )


def _others() -> st.SearchStrategy[dict[str, Any]]:
    batch = st.sampled_from(["B1", "B2"])
    return st.one_of(
        st.fixed_dictionaries(
            {"kind": st.just("made"), "batch": batch, "hours": st.integers(1, 9)}
        ),
        st.fixed_dictionaries(
            {
                "kind": st.just("excursion"),
                "hours": st.integers(2, 9),
                "fires": st.booleans(),
            }
        ),
        st.fixed_dictionaries(
            {
                "kind": st.just("decision"),
                "batch": batch,
                "decision": st.sampled_from(["release", "reject", "hold", "conditional"]),
            }
        ),
        st.fixed_dictionaries(
            {
                "kind": st.just("action"),
                "of": st.integers(0, 9),
                "action": st.sampled_from(["investigate", "capa", "close", "reopen"]),
            }
        ),
    )


STORIES = st.lists(st.one_of(_results(), _results(), _others()), min_size=1, max_size=12)


def events(story: Sequence[dict[str, Any]]) -> list[Event]:
    """The story as it happened, an event every two hours or so."""
    say, found = Sayer(PLANT), list[Event]()
    for number, told in enumerate(story):
        hours = 2.0 * number
        match told["kind"]:
            case "result":
                found += _told_result(say, hours, number, told)
            case "made":
                found.append(say.made(hours, hours + told["hours"], batch=told["batch"]))
            case "excursion":
                found.append(say.excursion(hours))
                if not told["fires"]:
                    found.append(say.excursion(hours, hours + told["hours"]))
            case "decision":
                batch, decision = told["batch"], told["decision"]
                found.append(say.decision(hours, decision, batch=batch, reason="because"))
            case _:
                name = f"||out_of_specification|r{told['of']}"
                deviation = name.replace("||", "|acme/north|P1|deviation|")
                found.append(say.action(hours, deviation, told["action"]))
    return found


def _told_result(say: Sayer, hours: float, number: int, told: dict[str, Any]) -> list[Event]:
    more: dict[str, Any] = {"batch": told["batch"], "sample": told["sample"]}
    if told["test"] and not isinstance(told["value"], str):
        more |= {"test": told["test"], "unit": ""}
    if told["retest"]:
        more |= {"retest": True, "reason": "leak"}
    found = [say.result(hours, told["value"], f"r{number}", **more)]
    for fix in range(told["fixes"] if not isinstance(told["value"], str) else 0):
        found.append(say.correction(hours + fix + 0.5, 6.5 - 3 * fix, found[-1]))
    return list[Event](found)


def truth(run: Run) -> dict[str, Any]:
    """What is true in the end; a withdrawn result that never stood is none."""
    found = run.tick(END).truth()
    return {name: said for name, said in found.items() if said.get("because") != "withdrawn"}


def plainly(story: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return truth(Run(PLANT).hear_each(events(story)))


@LAW
@given(story=STORIES, data=st.data())
def test_any_order_and_any_repeats_give_the_same(story, data: st.DataObject):
    told = events(story)
    again = data.draw(st.lists(st.sampled_from(told), max_size=4))
    shuffled = data.draw(st.permutations([*told, *again]))

    assert truth(Run(PLANT).hear_each(shuffled)) == plainly(story)


@LAW
@given(story=STORIES, data=st.data())
def test_any_batches_any_ticks_and_restarts_give_the_same(story, data: st.DataObject):
    told, run = events(story), Run(PLANT, restarts=True)
    while told:
        size = data.draw(st.integers(1, len(told)))
        run.hear(*told[:size])
        latest = max(_hours(one) for one in told[:size])
        told = told[size:]
        for hours in data.draw(st.lists(st.floats(0, 1.9), max_size=2).map(sorted)):
            run.tick(latest + hours)

    assert truth(run) == plainly(story)


def _hours(event: Event) -> float:
    from tests.processors.quality.laboratory import BEGIN  # noqa: PLC0415

    at = getattr(event, "source_time", None) or event.start  # type: ignore[union-attr]
    return (at - BEGIN).total_seconds() / 3600
