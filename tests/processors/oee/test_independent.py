"""The engine against a second calculation, which shares nothing with it but the documents."""

from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from schemas.kpi import OeeCell
from tests.facts import Facts
from tests.makers import Machine
from tests.processors.oee.independent import Where, sums
from tests.processors.oee.stories import (
    Story,
    late_scrap,
    machines,
    machines_of_today,
    said_besides,
    said_by_machine,
    said_by_people,
    stories,
)

OF_TODAY = {
    *(f"{name}_ms" for name in ("not_scheduled", "planned_stop", "setup", "unplanned_stop")),
    *(f"{name}_ms" for name in ("delay", "minor_stop", "running", "unknown")),
    *("unplanned_running_ms", "excluded_unknown_ms", "no_ideal_ms"),
    *("good", "scrap", "rework", "unplanned_good", "unplanned_scrap", "unplanned_rework"),
    *("ideal_us", "ideal_good_us", "no_ideal_parts"),
}
"""What an engine without people, rules and stops says."""

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


def agreeing(of: st.SearchStrategy[Story], examples: int, names: set[str] | None = None) -> None:
    """Refuse the first story of which the engine says something else."""

    @given(of)
    @settings(max_examples=examples, suppress_health_check=[HealthCheck.too_slow])
    def agree(story: Story) -> None:
        assert only(by_engine(story), names) == only(by_sql(story), names)

    agree()


@pytest.mark.parametrize("examples", EXAMPLES)
def test_what_a_machine_says_gives_the_same_sums_in_sql(examples: int) -> None:
    agreeing(stories(said_by_machine, machines_of_today), examples, OF_TODAY)


@pytest.mark.parametrize("examples", EXAMPLES)
def test_everything_that_is_said_gives_the_same_sums_in_sql(examples: int) -> None:
    of = st.one_of(said_by_machine, said_by_machine, said_besides, said_by_people, late_scrap)
    agreeing(stories(of, machines, ("good", "produced")), examples)
