"""Published examples of OEE through the real engine: events in, cells out, ratios of their sums."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

import pytest

from processors.ratios import planned_busy_ms, ratios
from schemas.kpi import OeeCell, Quantities, TimeElements
from tests.facts import Facts, total
from tests.makers import Machine
from tests.processors.oee.story import HOUR, MINUTE, Story, Told
from tests.processors.oee.telling import alive, parts, product, state
from tests.processors.oee.test_independent import by_engine, by_sql, only

EXACT = 1e-9


def day(minutes: int, ideal_us: int, *events: Told, **machine: Any) -> Story:
    """One shift from six on, and the product that is made in it."""
    return Story(
        machine=machine,
        shifts={"day": (360, 360 + minutes)},
        cycles={"it": [("2026-01-01", ideal_us)]},
        told=(product(0, "it"), *events, alive(minutes * 60 + 60)),
    )


def from_minute(at: float, category: str) -> Told:
    return state(at * 60, category)


def stops(*lengths_min: float, category: str, first_min: float) -> list[Told]:
    """Stops of these lengths, each after ten minutes of running."""
    found, at = [], first_min
    for length in lengths_min:
        found += [from_minute(at, category), from_minute(at + length, "running")]
        at += length + 10
    return found


SHIFT = day(
    480,
    1_000_000,
    from_minute(0, "running"),
    from_minute(60, "unplanned_stop"),
    from_minute(107, "running"),
    from_minute(200, "planned_stop"),
    from_minute(230, "running"),
    from_minute(400, "planned_stop"),
    from_minute(430, "running"),
    parts(150 * 60, good=10_000),
    parts(470 * 60, good=8_848, scrap=423),
)
PHARMA = day(
    720,
    360_000,
    from_minute(0, "running"),
    from_minute(300, "unplanned_stop"),
    from_minute(420, "running"),
    parts(200 * 60, good=45_000, scrap=2_000),
    parts(700 * 60, good=45_000, rework=3_000),
)
SIX_LOSSES = day(
    480,
    30_000_000,
    from_minute(0, "setup"),
    from_minute(30, "running"),
    parts(35 * 60, scrap=40),
    *stops(20, 30, category="unplanned_stop", first_min=50),
    *stops(2, 1, 2, 2, 2, 1, category="unplanned_stop", first_min=150),
    parts(300 * 60, good=500),
    parts(450 * 60, good=100, scrap=60),
    startup_s=600,
    minor_stop_s=180,
)
FIRST = day(
    100,
    60_000_000,
    from_minute(0, "running"),
    parts(50 * 60, good=80),
    from_minute(90, "unplanned_stop"),
)
SECOND = day(
    300,
    60_000_000,
    from_minute(0, "running"),
    parts(100 * 60, good=135, scrap=15),
    from_minute(150, "unplanned_stop"),
)


def cells_of(story: Story) -> list[OeeCell]:
    machine = Machine(story.plant())
    return Facts(machine).tell(story.events()).cells


def summed(cells: Iterable[OeeCell]) -> tuple[TimeElements, Quantities]:
    kept = list(cells)
    time, made = total(one.time for one in kept), total(one.quantities for one in kept)
    return TimeElements(**time), Quantities(**made)


def losses_ms(time: TimeElements, made: Quantities) -> Mapping[str, Fraction]:
    """Planned busy time and where it went, as the documents say."""
    ideal, good, startup = (
        Fraction(us, 1000) for us in (made.ideal_us, made.ideal_good_us, made.ideal_startup_us)
    )
    return {
        "breakdown": Fraction(time.unplanned_stop_ms + time.delay_ms),
        "setup": Fraction(time.setup_ms),
        "minor stops": Fraction(time.minor_stop_ms),
        "speed": time.running_ms - ideal,
        "defects": ideal - good - startup,
        "start-up": startup,
        "unknown": Fraction(time.unknown_ms - time.excluded_unknown_ms),
    }


@pytest.mark.parametrize(
    ("machines", "expected"),
    [
        pytest.param(
            [SHIFT],
            [(373, 420), (19_271, 22_380), (18_848, 19_271), (18_848, 25_200)],
            id="a shift of eight hours with breaks",
        ),
        pytest.param([PHARMA], [(10, 12), (95, 100), (90, 95), (3, 4)], id="a packaging line"),
        pytest.param([SIX_LOSSES], [(5, 6), (7, 8), (6, 7), (5, 8)], id="the six big losses"),
        pytest.param(
            [FIRST, SECOND],
            [(240, 400), (230, 240), (215, 230), (215, 400)],
            id="two machines are their sums, not the average of their ratios",
        ),
    ],
)
def test_published_examples(machines: list[Story], expected: list[tuple[int, int]]) -> None:
    found = ratios(*summed(cell for one in machines for cell in cells_of(one)))
    said = (found.availability, found.effectiveness, found.quality_ratio, found.oee)
    assert said == pytest.approx([part / whole for part, whole in expected], abs=EXACT, rel=0)


@pytest.mark.parametrize("story", [SHIFT, PHARMA, SIX_LOSSES, FIRST, SECOND])
def test_published_examples_in_sql(story: Story) -> None:
    assert only(by_engine(story)) == only(by_sql(story))


@pytest.mark.parametrize(("story", "oee"), [(SHIFT, 18_848 / 25_200), (PHARMA, 0.75)])
def test_the_report_of_the_shift_says_the_same(story: Story, oee: float) -> None:
    (report,) = Facts(machine := Machine(story.plant())).tell(story.events()).reports
    assert machine.equipment == report.equipment
    assert report.oee == pytest.approx(oee, abs=EXACT, rel=0)


def test_the_six_losses_are_those_of_the_example() -> None:
    found = losses_ms(*summed(cells_of(SIX_LOSSES)))
    minutes = {name: float(ms / MINUTE) for name, ms in found.items()}
    speed = minutes.pop("speed") + minutes.pop("minor stops")
    assert minutes == {"breakdown": 50, "setup": 30, "defects": 30, "start-up": 20, "unknown": 0}
    assert speed == 50


@pytest.mark.parametrize("story", [SHIFT, PHARMA, SIX_LOSSES, FIRST, SECOND])
def test_losses_and_the_ideal_time_of_good_parts_are_the_planned_busy_time(story: Story) -> None:
    time, made = summed(cells_of(story))
    spent = sum(losses_ms(time, made).values()) + Fraction(made.ideal_good_us, 1000)
    assert spent == planned_busy_ms(time)
    assert spent <= 12 * HOUR
