"""What the documents say of rules, reasons, short runs and rejects, as small stories with sums.

Each is asked of the engine, and of the second calculation as well.
"""

from collections.abc import Mapping
from datetime import datetime

import pytest

from schemas.machine import TimeCategory
from tests.processors.oee.story import Story
from tests.processors.oee.telling import (
    alive,
    batch,
    batch_ends,
    gap,
    maintained,
    maintenance,
    ms,
    parts,
    product,
    reason,
    report,
    rule,
    state,
    told,
)
from tests.processors.oee.test_independent import Sums, by_engine, by_sql, total

Case = tuple[Story, Mapping[str, int]]
STOPPED, RUNNING = "unplanned_stop", "running"


RULES = [
    pytest.param(
        told(
            batch(0, "b1"),
            state(0, STOPPED),
            batch_ends(100, "b1"),
            alive(300),
            machine=rule("no_batch", "delay", reason="starved"),
        ),
        ms(unplanned_stop=100, delay=200) | {"reason:delay:starved": 200_000, "breakdowns": 1},
        id="a stop without a batch is what the rule makes of it, from the batch's end",
    ),
    pytest.param(
        told(
            batch(0, "b1"),
            state(0, RUNNING),
            batch_ends(100, "b1"),
            state(100, STOPPED),
            batch(200, "b2"),
            parts(250, good=1),
            alive(300),
            machine=rule("changeover", "setup"),
        ),
        ms(running=100, setup=150, unplanned_stop=50, no_ideal=100)
        | {"setups": 1, "good": 1, "no_ideal_parts": 1},
        id="changeover lasts from the end of a batch to the first part",
    ),
    pytest.param(
        told(
            product(0, "fast"),
            state(0, RUNNING),
            parts(50, good=2),
            state(100, STOPPED),
            product(120, "slow"),
            parts(180, good=1),
            alive(200),
            machine=rule("changeover", "setup"),
        ),
        ms(running=100, setup=60, unplanned_stop=40)
        | {"breakdowns": 1, "good": 3, "ideal_us": 3_000_000, "ideal_good_us": 3_000_000},
        id="changeover begins with another product",
    ),
    pytest.param(
        told(
            state(0, STOPPED),
            maintenance(50),
            maintained(80),
            alive(100),
            machine=rule("maintenance", "planned_stop"),
        ),
        ms(unplanned_stop=70, planned_stop=30) | {"breakdowns": 1},
        id="maintenance lasts from the word of one person to that of another",
    ),
    pytest.param(
        told(state(0, STOPPED), maintenance(50), maintained(80), alive(100)),
        ms(unplanned_stop=70, planned_stop=30) | {"breakdowns": 1},
        id="planned maintenance without a rule is a planned stop",
    ),
    pytest.param(
        told(
            state(0, STOPPED),
            state(100, RUNNING),
            state(200, STOPPED),
            alive(300),
            machine=rule("start_of_shift", "setup"),
        ),
        ms(setup=100, running=100, unplanned_stop=100, no_ideal=100)
        | {"setups": 1, "breakdowns": 1},
        id="the start of a shift lasts until something runs",
    ),
    pytest.param(
        told(
            state(0, STOPPED, "A"),
            state(100, STOPPED, "B"),
            alive(200),
            machine=rule("no_batch", "delay", states=["B"]),
        ),
        ms(unplanned_stop=100, delay=100) | {"breakdowns": 1},
        id="a rule is of the states that it names",
    ),
]
REASONS = [
    pytest.param(
        told(
            state(0, STOPPED),
            reason(50, "cleaning"),
            state(100, RUNNING),
            alive(200),
            machine=rule("no_batch", "delay", reason="starved"),
        ),
        ms(planned_stop=100, running=100, no_ideal=100)
        | {"reason:planned_stop:cleaning": 100_000, "planned_stops": 1},
        id="a person's reason is of the whole stop, and stronger than a rule",
    ),
    pytest.param(
        told(state(0, STOPPED), state(100, RUNNING), reason(50, "starved", 3600), alive(4000)),
        ms(delay=100, running=3900, no_ideal=3900) | {"reason:delay:starved": 100_000, "delays": 1},
        id="a reason given an hour later is of the whole stop as well",
    ),
    pytest.param(
        told(
            state(0, STOPPED),
            reason(50, "cleaning", start=0, end=60),
            reason(90, "starved", start=40, end=80),
            alive(100),
        ),
        ms(planned_stop=40, delay=40, unplanned_stop=20)
        | {"reason:planned_stop:cleaning": 40_000, "reason:delay:starved": 40_000}
        | {"planned_stops": 1},
        id="of two people's words on the same time the later one holds",
    ),
    pytest.param(
        told(state(0, STOPPED, reason="door"), reason(50, "made-up"), alive(100)),
        ms(unplanned_stop=100) | {"reason:unplanned_stop:made-up": 100_000, "breakdowns": 1},
        id="a code that the plant does not know is kept and moves nothing",
    ),
    pytest.param(
        told(
            state(0, RUNNING),
            state(50, STOPPED),
            state(80, "setup"),
            reason(100, "cleaning", start=20, end=90),
            alive(100),
        ),
        ms(running=50, planned_stop=40, setup=10, no_ideal=50)
        | {"reason:planned_stop:cleaning": 40_000, "planned_stops": 2},
        id="a reason for a span is of all that stood still in it",
    ),
    pytest.param(
        told(
            state(0, STOPPED), reason(10, "cleaning"), gap(20, 50), state(100, RUNNING), alive(100)
        ),
        ms(planned_stop=70, unknown=30)
        | {"reason:planned_stop:cleaning": 70_000, "planned_stops": 1},
        id="what nobody saw did not stand still",
    ),
    pytest.param(
        told(
            state(0, STOPPED, reason="door"),
            state(10, RUNNING),
            alive(20),
            machine={"minor_stop_s": 30},
        ),
        ms(minor_stop=10, running=10, no_ideal=20)
        | {"reason:minor_stop:door": 10_000, "minor_stops": 1},
        id="a minor stop keeps the reason that the device gave",
    ),
]
RUNS_AND_REJECTS = [
    pytest.param(
        told(
            state(0, STOPPED),
            state(20, RUNNING),
            parts(21, good=1),
            state(22, STOPPED),
            state(45, RUNNING),
            alive(100),
            machine={"min_run_s": 5, "minor_stop_s": 30},
        ),
        ms(unplanned_stop=45, running=55, no_ideal=55)
        | {"good": 1, "no_ideal_parts": 1, "breakdowns": 1},
        id="a run that is too short ends no stop, and its parts count",
    ),
    pytest.param(
        told(
            state(0, RUNNING),
            state(2, "setup"),
            state(20, RUNNING),
            state(22, STOPPED),
            state(50, RUNNING),
            alive(52),
            machine={"min_run_s": 5},
        ),
        ms(running=4, setup=20, unplanned_stop=28, no_ideal=4) | {"setups": 1, "breakdowns": 1},
        id="only a run between two stops is too short, and it belongs to the first of them",
    ),
    pytest.param(
        told(
            product(0, "fast"),
            state(0, "setup"),
            parts(50, scrap=1),
            state(100, RUNNING),
            parts(150, scrap=2),
            state(155, STOPPED),
            parts(400, rework=4),
            state(500, RUNNING),
            parts(510, scrap=8),
            alive(600),
            machine={"startup_s": 60},
        ),
        ms(setup=100, running=155, unplanned_stop=345)
        | {"scrap": 11, "rework": 4, "startup_scrap": 3, "startup_rework": 4}
        | {"ideal_us": 7_500_000, "ideal_startup_us": 3_500_000, "setups": 1, "breakdowns": 1},
        id="rejects of the first minute of running after setup are start-up rejects",
    ),
    pytest.param(
        told(state(0, "setup"), alive(100), machine={"changeover": "performance"}),
        ms(setup=100, producing_setup=100, no_ideal=100) | {"setups": 1},
        id="setup may be production time without parts",
    ),
    pytest.param(
        told(
            product(0, "fast"),
            state(0, RUNNING),
            parts(10, produced=10),
            parts(20, scrap=3, rework=1),
            alive(100),
            counts="produced",
        ),
        ms(running=100)
        | {"good": 6, "scrap": 3, "rework": 1, "ideal_us": 5_000_000, "ideal_good_us": 3_000_000},
        id="scrap of a machine that counts all it makes is taken out of the good parts",
    ),
    pytest.param(
        told(
            product(0, "fast"),
            state(0, RUNNING),
            parts(10, good=10),
            product(100, "slow"),
            alive(3600),
            report(30, 3500, good=-3, scrap=3, startup=True),
        ),
        ms(running=3600)
        | {"good": 7, "scrap": 3, "startup_scrap": 3, "ideal_startup_us": 1_500_000}
        | {"ideal_us": 5_000_000, "ideal_good_us": 3_500_000},
        id="a correction is of the product that was made when it happened",
    ),
    pytest.param(
        told(
            product(0, "fast"),
            state(0, RUNNING),
            product(30, "slow"),
            alive(40),
            parts(10, 32, scrap=4),
            alive(50),
        ),
        ms(running=50) | {"scrap": 4, "ideal_us": 2_000_000},
        id="a late count is of its product even if its minute is still open",
    ),
    pytest.param(
        told(
            product(0, "fast"),
            state(0, RUNNING),
            parts(7 * 3600, good=1),
            parts(9 * 3600, good=1),
            alive(9 * 3600),
            begins=datetime(2026, 3, 2, 22),  # noqa: DTZ001 - the plant's local time
            cycles={"fast": [("2026-01-01", 500_000), ("2026-03-03", 1_000_000)]},
        ),
        ms(running=9 * 3600) | {"good": 2, "ideal_us": 1_500_000, "ideal_good_us": 1_500_000},
        id="a night shift keeps the ideal cycle of the day on which it began",
    ),
]
REPAIR = ("2026-03-02 06:00", "2026-03-02 07:00")
DECIDED = [
    pytest.param(
        told(
            state(0, STOPPED),
            product(20, "fast"),
            alive(100),
            machine=rule("changeover", "setup"),
        ),
        ms(unplanned_stop=100) | {"breakdowns": 1},
        id="the first product after none is no change of product",
    ),
    pytest.param(
        told(
            state(0, STOPPED),
            state(1860, RUNNING),
            alive(1900),
            begins=datetime(2026, 3, 2, 9),  # noqa: DTZ001 - the plant's local time
            breaks={"early": [(540, 570)]},
        ),
        ms(planned_stop=1800, unplanned_stop=60, running=40, no_ideal=40),
        id="a stop that begins in a break counts as none of planned time",
    ),
    pytest.param(
        told(state(0, RUNNING), alive(100), report(50, 3600, scrap=1, batch="b9"), during="batch"),
        ms(unplanned_running=100) | {"scrap": 1, "no_ideal_parts": 1},
        id="parts reported for a batch are of planned time where only batches are planned",
    ),
    pytest.param(
        told(
            state(0, STOPPED),
            state(20, RUNNING),
            state(40, STOPPED),
            reason(60, "cleaning", start=10),
            state(80, RUNNING),
            state(90, STOPPED),
            alive(100),
        ),
        ms(unplanned_stop=20, planned_stop=50, running=30, no_ideal=30)
        | {"reason:planned_stop:cleaning": 50_000, "breakdowns": 2, "planned_stops": 1},
        id="a reason without an end is up to the end of the stop in which it was said",
    ),
    pytest.param(
        told(
            state(0, STOPPED),
            reason(10, "fault"),
            alive(100),
            machine=rule("no_batch", "delay"),
            repairs=(REPAIR,),
        ),
        ms(planned_stop=100),
        id="the calendar's maintenance is stronger than rules and people",
    ),
    pytest.param(
        told(state(0, STOPPED), maintenance(50), maintained(50), alive(100)),
        ms(unplanned_stop=50, planned_stop=50) | {"breakdowns": 1},
        id="of a maintenance that ends and one that begins at a moment the begun one lasts",
    ),
    pytest.param(
        told(
            batch(0, "b1"),
            state(0, RUNNING),
            batch_ends(50, "b1"),
            state(60, STOPPED),
            alive(190),
            alive(200),
            parts(70, 3600, good=1),
            alive(4000),
            machine=rule("changeover", "setup"),
        ),
        ms(running=60, setup=3940, no_ideal=60) | {"setups": 1, "good": 1, "no_ideal_parts": 1},
        id="a count that comes too late ends no changeover",
    ),
    pytest.param(
        told(
            batch(0, "b1"),
            state(0, RUNNING),
            batch_ends(50, "b1"),
            state(60, STOPPED),
            parts(70, good=1),
            alive(200),
            alive(4000),
            machine=rule("changeover", "setup"),
        ),
        ms(running=60, setup=10, unplanned_stop=3930, no_ideal=60)
        | {"setups": 1, "good": 1, "no_ideal_parts": 1},
        id="the same count in time ends it",
    ),
    pytest.param(
        told(state(0, RUNNING), gap(20, 50), alive(100), parts(30, 3600, scrap=1), alive(4000)),
        ms(running=3970, unknown=30, no_ideal=3970) | {"scrap": 1, "no_ideal_parts": 1},
        id="a count that comes too late shrinks no gap",
    ),
    pytest.param(
        told(
            state(0, STOPPED, reason="door"),
            alive(100),
            alive(110),
            parts(30, 400, good=1),
            alive(120),
            machine={"unknown_after_s": 60},
        ),
        ms(unplanned_stop=110, unknown=10)
        | {"reason:unplanned_stop:door": 110_000, "breakdowns": 1, "good": 1, "no_ideal_parts": 1},
        id="a late count makes a stop known that was silent, as long as a sign of life lasts",
    ),
]
CASES = [*RULES, *REASONS, *RUNS_AND_REJECTS, *DECIDED]


@pytest.mark.parametrize(("story", "expected"), CASES)
def test_what_the_documents_say_in_sql(story: Story, expected: Mapping[str, int]) -> None:
    assert total(by_sql(story)) == expected


@pytest.mark.parametrize(("story", "expected"), CASES)
def test_what_the_documents_say_by_the_engine(story: Story, expected: Mapping[str, int]) -> None:
    assert total(by_engine(story)) == expected


UNSEEN = told(state(0, RUNNING), state(30, "setup"), gap(20, 50), alive(100))
"""A gap that is told after a stop, and reaches back to before it."""
COUNTED = [
    told(state(0, RUNNING), parts(30, late, good=1), gap(20, 50), alive(100)) for late in (0, 60)
]
"""The same again, and only the count arrives late in one of them."""
AHEAD = told(
    state(0, RUNNING),
    reason(10, "cleaning", start=0, end=60),
    state(20, STOPPED),
    state(60, RUNNING),
    alive(100),
)


def test_a_stop_may_begin_at_the_moment_from_which_on_nobody_knows() -> None:
    assert seconds(by_sql(UNSEEN)) == {"running": 30, "unknown": 20, "setup": 50}
    assert seconds(by_engine(UNSEEN)) == seconds(by_sql(UNSEEN))


def test_a_gap_begins_after_the_last_word_that_is_told_of_its_time() -> None:
    for story in COUNTED:
        assert seconds(by_sql(story)) == {"running": 80, "unknown": 20}
        assert seconds(by_engine(story)) == seconds(by_sql(story))


NAMED = told(
    state(0, STOPPED),
    reason(50, "tooling"),
    state(100, RUNNING),
    parts(110, scrap=1),
    alive(200),
    machine={"startup_s": 60},
)


def test_a_break_without_a_batch_is_outside_planned_time() -> None:
    idle = told(state(0, STOPPED), alive(100), during="batch", breaks={"early": [(360, 390)]})
    assert seconds(by_sql(idle)) == {"not_scheduled": 100}
    assert seconds(by_engine(idle)) == seconds(by_sql(idle))


def test_what_a_person_says_within_a_gap_makes_nothing_known() -> None:
    said = told(state(0, RUNNING), report(40, scrap=1), gap(20, 50), alive(100))
    assert seconds(by_sql(said)) == {"running": 70, "unknown": 30}
    assert seconds(by_engine(said)) == seconds(by_sql(said))


def test_a_late_count_is_a_sign_of_life_of_its_moment() -> None:
    told_late = (state(0, RUNNING), alive(61), alive(70), parts(30, 400, good=1), alive(75))
    late = told(*told_late, machine={"unknown_after_s": 60})
    assert seconds(by_sql(late)) == {"running": 75}
    assert seconds(by_engine(late)) == seconds(by_sql(late))


def test_setup_that_only_a_person_names_begins_no_start_up() -> None:
    assert "startup_scrap" not in total(by_sql(NAMED))
    assert total(by_engine(NAMED)) == total(by_sql(NAMED))


def test_a_reason_for_a_span_is_also_of_what_stops_later_in_it() -> None:
    assert seconds(by_sql(AHEAD)) == {"running": 60, "planned_stop": 40}
    assert seconds(by_engine(AHEAD)) == seconds(by_sql(AHEAD))


def seconds(found: Sums) -> dict[str, float]:
    """Per category."""
    time = {f"{category}_ms": category.value for category in TimeCategory}
    return {time[name]: amount / 1000 for name, amount in total(found).items() if name in time}
