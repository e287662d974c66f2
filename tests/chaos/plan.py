"""Which rows are run, with which seeds, and which of them on the same parts. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, groupby, islice

from tests.chaos.result import Result
from tests.chaos.rows import ROWS

PER_FACTORY = 10
"""Runs until everything is started anew: the database of a factory grows."""

Run = tuple[str, int]
"""A row and its seed."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for."""

    rows: Sequence[str]
    runs: int = 0
    """Of each row; 0: as many as the table says."""
    first_seed: int = 0
    commit: str | None = None
    """Only runs of this commit count as done; None: those of all."""


def missing(wanted: Wanted, results: Sequence[Result]) -> list[Run]:
    """What is left to run so that as many as wanted are there, with seeds that none of them has.

    A run that was not ok is run again once somebody has written down why, and not before.
    """
    plan: list[Run] = []
    for row in wanted.rows:
        done = {
            one.seed
            for one in results
            if one.row == row
            and not one.run_again
            and one.seed >= wanted.first_seed
            and wanted.commit in (None, one.commit)
        }
        fresh = (seed for seed in count(wanted.first_seed) if seed not in done)
        left = (wanted.runs or ROWS[row].runs) - len(done)
        plan += [(row, seed) for seed in islice(fresh, max(0, left))]
    return plan


def by_factory(plan: Sequence[Run]) -> Iterator[Sequence[Run]]:
    """Runs that follow each other on the same parts."""
    for _, some in groupby(plan, key=lambda one: ROWS[one[0]].setting):
        together = list(some)
        for start in range(0, len(together), PER_FACTORY):
            yield together[start : start + PER_FACTORY]
