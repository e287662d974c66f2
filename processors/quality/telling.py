"""Answers to those who stated something: accepted, or refused with the reason."""

from collections.abc import Iterable, Iterator, Sequence

from processors.quality import records
from processors.quality.deviations import Course
from processors.quality.evaluation import Evaluation
from processors.quality.facts import Action, Said
from processors.quality.records import Owner
from processors.quality.results import Refusal
from schemas.quality import LabAnswer

PATIENCE = 2_000_000
"""Microseconds that a statement waits for what it speaks of, before it is refused."""
_NO_SUCH = Refusal("deviation", "there is no such deviation", waits=True)
_Judged = tuple[Said, tuple[Refusal, ...]]
Answers = tuple[list[LabAnswer], int | None]
"""The answers, and when another one is due of those who wait."""


def of_dossier(owner: Owner, found: Evaluation, heard_at: int) -> Answers:
    """Of results and dispositions."""
    said: list[_Judged] = [(one.version, one.refusals) for one in found.standings]
    said += [(one.decision, one.refusals) for one in found.rulings]
    return _answers(owner, said, heard_at)


def of_strays(owner: Owner, actions: Sequence[Action], heard_at: int) -> Answers:
    """Of steps about a deviation that nobody knows."""
    return _answers(owner, [(one, (_NO_SUCH,)) for one in actions], heard_at)


def of_course(owner: Owner, found: Course) -> Iterator[LabAnswer]:
    """Of the steps of a deviation."""
    for one in found.accepted:
        yield records.answer(owner, one, ())
    for one, refusal in found.refused:
        yield records.answer(owner, one, (refusal,))


def _answers(owner: Owner, said: Iterable[_Judged], heard_at: int) -> Answers:
    """Whoever speaks of what is not known yet is answered a little later, in case it comes."""
    answers: list[LabAnswer] = []
    waits: list[int] = []
    for one, refusals in said:
        if any(each.waits for each in refusals) and one.said_at + PATIENCE > heard_at:
            waits.append(one.said_at + PATIENCE)
        else:
            answers.append(records.answer(owner, one, refusals))
    return answers, min(waits, default=None)
