"""What stands in SQL beside what the field has said: samples, parts and states, each once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter

from tests.chaos.bulk import TAG, Bulk
from tests.chaos.field import Field, State
from tests.chaos.plant import PRESSES, SAMPLED, path_of
from tests.integration.line import Line

PATHS = [path_of(press) for press in PRESSES]
EACH_TURN = len(PATHS) * len(SAMPLED)

SAMPLES = """
SELECT time, count(*), count(DISTINCT (equipment, tag)), sum(value) FROM telemetry
WHERE run = '' AND equipment = ANY(%s) AND tag = ANY(%s) AND time BETWEEN %s AND %s GROUP BY time"""
BULK = """
SELECT count(*), count(DISTINCT (equipment, value)), coalesce(sum(value), 0) FROM telemetry
WHERE run = '' AND tag = %s AND time >= %s"""
PARTS = """
SELECT equipment, sum(good)::bigint FROM machine_event
WHERE run = '' AND type = 'parts_counted' AND time <= %s GROUP BY equipment"""
STATES = """
SELECT equipment, time, category FROM machine_event
WHERE run = '' AND type = 'state_changed' AND time <= %s ORDER BY equipment, time"""

Turn = tuple[int, int, float]
"""Of the samples that bear a time: how many, of how many tags, and their sum."""


@dataclass(frozen=True, slots=True)
class Difference:
    """All zeros is right."""

    lost: int = 0
    repeated: int = 0
    wrong: int = 0
    """Stands there, and was not said so."""

    def __add__(self, other: "Difference") -> "Difference":
        return Difference(
            self.lost + other.lost, self.repeated + other.repeated, self.wrong + other.wrong
        )


async def difference(line: Line, field: Field, bulk: Bulk, first: int, last: int) -> Difference:
    """Between SQL and the numbers `first` to `last`, the newest bulk, all parts and states."""
    times, until = field.times, field.times[last]
    found = await line.sql(SAMPLES, PATHS, list(SAMPLED), times[first], until)
    turns: Mapping[datetime, Turn] = {at: (rows, tags, total) for at, rows, tags, total in found}
    said = dict(zip(times[first : last + 1], field.sums[first : last + 1], strict=True))
    made = dict(zip(PATHS, field.parts[last], strict=True))
    true_states = [(path_of(press), at, name) for press, at, name in field.states if at <= until]
    return (
        of_samples(said, turns)
        + of_bulk(bulk, await line.one(BULK, TAG, bulk.began))
        + of_parts(made, dict(await line.sql(PARTS, until)))
        + of_states(true_states, await line.sql(STATES, until))
    )


def of_samples(said: Mapping[datetime, float], found: Mapping[datetime, Turn]) -> Difference:
    """Of each time that was said, all samples once, with the sum that they had."""
    lost = repeated = wrong = 0
    for at, total in said.items():
        rows, tags, sum_of_rows = found.get(at, (0, 0, 0.0))
        lost += EACH_TURN - tags
        repeated += rows - tags
        wrong += rows == tags == EACH_TURN and sum_of_rows != total
    wrong += sum(rows for at, (rows, _, _) in found.items() if at not in said)
    return Difference(lost, repeated, wrong)


def of_bulk(bulk: Bulk, found: tuple[int, int, float]) -> Difference:
    """The same of the newest samples in bulk, which all have numbers of their own."""
    rows, distinct, total = found
    lost = max(0, bulk.samples - distinct)
    wrong = max(0, distinct - bulk.samples) or int(rows == bulk.samples and total != bulk.sum)
    return Difference(lost, rows - distinct, wrong)


def of_parts(made: Mapping[str, int], found: Mapping[str, int]) -> Difference:
    """Parts of each press."""
    more = [found.get(path, 0) - number for path, number in made.items()]
    return Difference(
        lost=-sum(min(0, one) for one in more), repeated=sum(max(0, one) for one in more)
    )


def of_states(true: Iterable[State], rows: Iterable[State]) -> Difference:
    """Each change, once; that a state goes on may be said again."""
    found = {change for _, told in groupby(rows, key=itemgetter(0)) for change in changes(told)}
    said = set(true)
    return Difference(lost=len(said - found), wrong=len(found - said))


def changes(told: Iterable[State]) -> Iterable[State]:
    """Of what a press has told, in the order of its times, that which is not as before."""
    return [next(same) for _, same in groupby(told, key=itemgetter(2))]
