"""What holds from which moment on."""

from datetime import UTC, datetime, timedelta

import pytest

from processors.quality.plan import quality_plan
from processors.rules.times import micros
from schemas.plant.load import load_plant
from tests.processors.quality.laboratory import plant

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("local", "begins"),
    [
        pytest.param("2026-03-08 02:30", datetime(2026, 3, 8, 10, tzinfo=UTC), id="left out"),
        pytest.param("2026-11-01 01:30", datetime(2026, 11, 1, 8, 30, tzinfo=UTC), id="twice"),
    ],
)
def test_a_specification_holds_from_its_local_time_on_also_when_clocks_are_changed(local, begins):
    later = f'- {{products: [P1], test: ph, from: "{local}", unit: pH, limits: {{lower: 6.5}}}}'
    text = plant(more=f"  {later}").text.replace("time_zone: UTC", "time_zone: America/Tijuana")
    text = text.replace("from: 2026-04-01", "from: 2026-02-01")
    plan = quality_plan(load_plant(text, "plant.yaml"), "P1")

    before, after = (
        plan.specification("ph", micros(begins + one)) for one in (-SECOND, 0 * SECOND)
    )
    assert before is not None
    assert after is not None
    assert before.limits != after.limits
