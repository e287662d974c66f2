"""What the laboratory does with the batches that the machines make: tests, deviations, releases."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from itertools import count
from random import Random
from typing import Any

from plantstream.simulator.crew import LABORATORY
from plantstream.simulator.ledger import SaidEntry
from plantstream.simulator.plant import Change
from schemas.plant.model import Plant
from schemas.plant.quality import Bounds, Specification

SIGNERS = ("eva", "raul", "sofia")
"""Logins of those who may sign; none of them tests anything."""
CODE_S = 30
"""An authenticator has another code after so many seconds: nobody signs twice before."""
IN_PROCESS = timedelta(seconds=4)
"""After a batch's beginning a sample is taken while it is made."""
FAILS_OFF = 0.1
"""How far a bad result lies beyond a limit, as a part of the limits' distance."""
BAD_TEXT = "no conforme"
STORIES = 8
"""So many batches after the other, then everything happens again."""

_TEST_TIME = timedelta(seconds=6)
"""Analysis in process takes so long."""
_SOON = timedelta(milliseconds=400)
_CARE = timedelta(seconds=2)
_DECIDES = timedelta(seconds=7)
"""The stream knows of a batch's end by then."""


class Story(IntEnum):
    """What happens to the first batch of eight that end, to the second, ...; then: released."""

    PENDING = 0
    """Released too early, which is refused, and again when every test is done."""
    FAILING = 1
    """A test fails: the batch is rejected, and the deviation is closed."""
    CORRECTED = 2
    """A typing error is corrected; the deviation that it opened stays open."""
    RETESTED = 3


@dataclass(frozen=True, slots=True)
class Step:
    """What is stated, so long after the step before; signed by whoever has a new code."""

    wait: timedelta
    statement: Mapping[str, Any]
    meaning: str = ""
    """Of the signature; empty is not signed."""


@dataclass(slots=True)
class _Course:
    """Steps of one batch or deviation that wait, one after the other."""

    ready: datetime
    steps: list[Step]


@dataclass(slots=True)
class _Making:
    """A batch at one machine."""

    batch: str
    product: str


class Laboratory:
    """Sees batches begin and end, and says what is stated now."""

    def __init__(self, plant: Plant, seed: int) -> None:
        self._asked = {one.id: _asked(plant, one.id) for one in plant.products}
        self._makings: dict[str, _Making] = {}
        self._courses: list[_Course] = []
        self._dice = Random(f"{seed}/laboratory")  # noqa: S311 - a plot, no secret
        self._numbers = count(1)
        self._signed: dict[str, int] = dict.fromkeys(SIGNERS, 0)
        self._ended = 0

    def hear(self, changes: Iterable[Change], at: datetime) -> list[SaidEntry]:
        """Look at what has changed; gives what is stated now."""
        for change in changes:
            if change.stance is not None:
                self._note(change.equipment, change.stance.batch, change.stance.product, at)
        said = [entry for course in self._courses for entry in self._go_on(course, at)]
        self._courses = [one for one in self._courses if one.steps]
        return said

    def _note(self, equipment: str, batch: str | None, product: str | None, at: datetime) -> None:
        before = self._makings.get(equipment)
        if before is not None and before.batch != batch:
            del self._makings[equipment]
            self._courses += self._at_end(before, at)
        if batch is not None and product in self._asked and equipment not in self._makings:
            made = self._makings[equipment] = _Making(batch, product)
            self._courses += self._in_process(made, at)

    def _go_on(self, course: _Course, at: datetime) -> Iterator[SaidEntry]:
        """The course's next step, if it is time and somebody can sign it."""
        if not course.steps or course.ready > at:
            return
        step = course.steps[0]
        by = self._signer(at) if step.meaning else LABORATORY
        if by is None:
            return
        course.steps.pop(0)
        course.ready = at + (course.steps[0].wait if course.steps else timedelta())
        told = step.statement if "id" in step.statement else {"id": self._id(), **step.statement}
        yield SaidEntry(at, by, {**told, "time": at.isoformat()}, step.meaning)

    def _signer(self, at: datetime) -> str | None:
        """Somebody whose code is a new one; it is used up."""
        code = int(at.timestamp()) // CODE_S
        for login, used in self._signed.items():
            if used < code:
                self._signed[login] = code
                return login
        return None

    def _in_process(self, made: _Making, at: datetime) -> Iterator[_Course]:
        sampled = at + IN_PROCESS
        for one in self._asked[made.product]:
            if one.sampling is not None and one.sampling.every is not None:
                result = self._result(made, one, sampled)
                yield _Course(sampled + _TEST_TIME, [Step(timedelta(), result)])

    def _at_end(self, made: _Making, at: datetime) -> Iterator[_Course]:
        story, self._ended = self._ended % STORIES, self._ended + 1
        asked = [one for one in self._asked[made.product] if _per_batch(one)]
        results = [
            self._result(made, one, at, number)
            for one in asked
            for number in range(_per_batch(one))
        ]
        if not results:
            return
        tests = [Step(_SOON, one) for one in results]
        released = self._decided(made, "release")
        bad = {**results[0], **_value(asked[0], self._dice, bad=True)}
        match story:
            case Story.PENDING:
                steps = [*tests[:-1], released, Step(_CARE, results[-1]), released]
            case Story.FAILING:
                rejected = self._decided(made, "reject", "fuera de especificación")
                steps = [Step(_SOON, bad), *tests[1:], rejected]
                yield _Course(at + _SOON + _CARE, list(_resolved(bad)))
            case Story.CORRECTED:
                right = self._again(results[0], "error de captura")
                right |= {"corrects": bad["id"], "revision": 2}
                steps = [Step(_SOON, bad), *tests[1:], Step(_CARE, right), released]
            case Story.RETESTED:
                again = self._again(results[0], "electrodo recalibrado") | {"retest": True}
                steps = [*tests, Step(_CARE, again), released]
            case _:
                steps = [*tests, released]
        yield _Course(at + _SOON, steps)

    def _result(
        self, made: _Making, spec: Specification, sampled: datetime, number: int = 0
    ) -> dict[str, Any]:
        return {
            "type": "test_result",
            "id": self._id(),
            "product": made.product,
            "batch": made.batch,
            "test": spec.test,
            "sample": f"{made.batch}-{spec.test}-{number + 1}",
            "sample_time": sampled.isoformat(),
            "unit": spec.unit,
            **_value(spec, self._dice),
        }

    def _again(self, result: Mapping[str, Any], reason: str) -> dict[str, Any]:
        return {**result, "id": self._id(), "reason": reason}

    def _decided(self, made: _Making, decision: str, reason: str | None = None) -> Step:
        said = {"type": "disposition", "product": made.product, "batch": made.batch}
        because = {} if reason is None else {"reason": reason}
        meaning = "rejected" if decision == "reject" else "released"
        return Step(_DECIDES, {**said, "decision": decision, **because}, meaning)

    def _id(self) -> str:
        return f"lab-{next(self._numbers)}"


def _resolved(failed: Mapping[str, Any]) -> Iterator[Step]:
    """The deviation that this result opens, from its investigation to its closing.

    It is named by the id of the result: its own is known once the result was taken.
    """
    said = {
        "type": "deviation_action",
        "product": failed["product"],
        "deviation": failed["id"],
    }
    reasons = {
        "investigate": "se revisa la dosificación del ácido cítrico",
        "capa": "la bomba dosificadora se calibra cada semana",
        "close": "tres lotes siguientes dentro de especificación",
    }
    for action, reason in reasons.items():
        told = {**said, "action": action, "reason": reason}
        yield Step(_CARE, told, "closed" if action == "close" else "")


def _per_batch(spec: Specification) -> int:
    return (spec.sampling.per_batch or 0) if spec.sampling else 0


def _asked(plant: Plant, product: str) -> list[Specification]:
    """The newest specification of each test of which batches need results."""
    newest: dict[str, Specification] = {}
    for one in sorted(plant.specifications, key=lambda each: str(each.valid_from)):
        if product in one.products:
            newest[one.test] = one
    return [one for one in newest.values() if one.sampling is not None]


def _value(spec: Specification, dice: Random, *, bad: bool = False) -> dict[str, Any]:
    if spec.accepted:
        return {"value": BAD_TEXT if bad else spec.accepted[0]}
    lower, upper = _ends(spec.limits or Bounds(lower=0, upper=1))
    share = 1 + FAILS_OFF if bad else dice.uniform(0.3, 0.7)
    if bad and spec.limits is not None and spec.limits.upper is None:
        share = -FAILS_OFF
    return {"value": round(lower + share * (upper - lower), 3)}


def _ends(limits: Bounds) -> tuple[float, float]:
    """Of the whole range of values that may be found."""
    lower, upper = limits.lower, limits.upper
    if lower is None:
        return 0.0, upper or 1.0
    return lower, lower + abs(lower) + 1 if upper is None else upper
