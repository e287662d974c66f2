"""The engine against a second calculation, which shares nothing with it but the documents."""

from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, given, settings

from schemas.kpi import OeeCell
from tests.facts import Facts
from tests.makers import Machine
from tests.processors.oee.independent import Where, sums
from tests.processors.oee.stories import stories
from tests.processors.oee.story import Story

EXAMPLES = [200, pytest.param(2_000, marks=pytest.mark.long)]
Sums = Mapping[Where, Mapping[str, int]]


def by_engine(story: Story) -> Sums:
    """The sums of all cells that the engine says."""
    found: dict[Where, Counter[str]] = {}
    for cell in Facts(Machine(story.plant())).tell(story.events()).cells:
        where = Where(str(cell.day), cell.shift, cell.batch, cell.product)
        found.setdefault(where, Counter()).update(_amounts(cell))
    return only(found)


def by_sql(story: Story) -> Sums:
    """The sums by interval algebra."""
    return sums(story.rows(), story.settings())


def only(found: Sums, names: set[str] | None = None) -> Sums:
    """These amounts, without those that are nothing."""
    kept = {
        where: {name: n for name, n in amounts.items() if n and (names is None or name in names)}
        for where, amounts in found.items()
    }
    return {where: amounts for where, amounts in kept.items() if amounts}


def total(found: Sums) -> dict[str, int]:
    """Over everything."""
    amounts: Counter[str] = Counter()
    for part in found.values():
        amounts.update(part)
    return dict(amounts)


def _amounts(cell: OeeCell) -> Counter[str]:
    amounts = Counter(dict([*cell.time, *cell.quantities, *cell.stops]))
    for part in cell.reasons:
        amounts[f"reason:{part.category}:{part.reason}"] += part.ms
    return amounts


@pytest.mark.parametrize("examples", EXAMPLES)
def test_everything_that_is_said_gives_the_same_sums_in_sql(examples: int) -> None:
    @given(stories())
    @settings(max_examples=examples, suppress_health_check=[HealthCheck.too_slow])
    def agree(story: Story) -> None:
        assert only(by_engine(story)) == by_sql(story)

    agree()
