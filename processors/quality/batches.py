"""What a batch needs before it may be released, and how far it is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from processors.quality.facts import Dossier
from processors.quality.plan import QualityPlan
from processors.quality.results import Result
from processors.rules.times import span
from schemas.plant.quality import Specification

MAX_SPANS = 1000
"""So many samples are asked of a batch by `every`."""


class Need(NamedTuple):
    """One required result of a batch."""

    test: str
    number: int
    """From 1 on."""
    specification: Specification
    found: Result | None
    due: int | None
    """When it is overdue; None while the batch is made."""

    def is_timely(self) -> bool:
        """Whether it was there before it was overdue."""
        return self.found is not None and (self.due is None or self.found.root.at <= self.due)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is."""

    needs: tuple[Need, ...]
    results: tuple[Result, ...]
    """Judged, of required tests."""
    is_open: bool
    """Whether more samples may be asked of it, because it is still made."""

    @property
    def pending(self) -> list[Need]:
        """What is not there yet."""
        return [one for one in self.needs if one.found is None]

    @property
    def is_judged(self) -> bool:
        """Whether every required test is."""
        return bool(self.needs) and not self.is_open and not self.pending

    @property
    def is_within(self) -> bool:
        """Whether nothing of what is required is out of specification."""
        return all(one.verdict.is_within for one in self.results)

    @property
    def judged_at(self) -> int:
        """When the last required result was found."""
        return max(one.root.at for one in self.results)


def progress(
    dossier: Dossier, results: Sequence[Result], plan: QualityPlan, as_of: int
) -> Progress:
    """What is required of the batch by then, and what of it is there."""
    start, end = dossier.start, dossier.end
    begins = start if start is not None else min((one.root.at for one in results), default=None)
    if dossier.batch is None or begins is None:
        return Progress((), (), is_open=False)
    required = plan.required(begins)
    judged = [one for one in results if one.verdict.is_judged]
    needs: list[Need] = []
    for one in required:
        found = sorted(
            (each for each in judged if each.newest.test == one.test),
            key=lambda each: (each.root.at, each.first.statement),
        )
        needs += _needs(one, found, (start, end), as_of)
    names = {one.test for one in required}
    spans = any(one.sampling is not None and one.sampling.every for one in required)
    return Progress(
        tuple(needs),
        tuple(one for one in judged if one.newest.test in names),
        is_open=spans and start is not None and end is None,
    )


def _needs(
    one: Specification,
    found: Sequence[Result],
    made: tuple[int | None, int | None],
    as_of: int,
) -> Iterator[Need]:
    start, end = made
    sampling, patience = one.sampling, span(one.turnaround)
    if sampling is None:
        return
    if sampling.per_batch is not None:
        due = None if end is None else end + patience
        for number in range(sampling.per_batch):
            there = found[number] if number < len(found) else None
            yield Need(one.test, number + 1, one, there, due)
    elif sampling.every is not None and start is not None:
        every, until = span(sampling.every), as_of if end is None else end
        for number in range(min((until - start) // every, MAX_SPANS)):
            opens, closes = start + number * every, start + (number + 1) * every
            inside = [each for each in found if opens <= each.sampled_at <= closes]
            there = inside[0] if inside else None
            yield Need(one.test, number + 1, one, there, closes + patience)


def next_span(dossier: Dossier, plan: QualityPlan, as_of: int) -> int | None:
    """When the next sample is asked of a batch that is still made."""
    start = dossier.start
    if dossier.batch is None or start is None or dossier.end is not None:
        return None
    spans = (one.sampling.every for one in plan.required(start) if one.sampling is not None)
    ends = [_next_end(start, span(one), as_of) for one in spans if one is not None]
    return min((at for at in ends if at is not None), default=None)


def _next_end(start: int, every: int, as_of: int) -> int | None:
    number = max((as_of - start) // every, 0) + 1
    return start + number * every if number <= MAX_SPANS else None
