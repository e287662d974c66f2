"""Laws of the simulated plant: whatever the seed, everything that can happen does, and soon."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings, strategies as st

from plantstream.runtime.errors import MisconfiguredError
from plantstream.simulator.bookkeeper import Bookkeeper
from plantstream.simulator.ledger import LedgerWriter, read_ledger
from plantstream.simulator.plant import plant_state, step_plant
from plantstream.simulator.tempo import LIVELY, Pace
from plantstream.simulator.truth import counts, intervals, truth
from schemas.machine import TimeCategory
from schemas.plant.load import load_plant

START = datetime(2026, 3, 1, 5, 58, tzinfo=UTC)
TICK_S = 0.2
ROBOT = "  robot: {calendar: three-shifts}\n  reactor:\n"
TEN_MINUTES_S = 600


def live(plant, file, *, seed, speed, simulated_s=TEN_MINUTES_S, tick_s=TICK_S):
    """A plant that lives so long, tick by tick, as it would by the clock on the wall."""
    state = plant_state(plant.plant, Pace(LIVELY, speed), seed)
    seen = []
    with LedgerWriter(file, plant.version, seed, START) as writer:
        books = Bookkeeper(plant.plant, writer)
        at = START
        state, changes = step_plant(state, 0.0)
        while at < START + timedelta(seconds=simulated_s / speed):
            books.note(changes, at)
            seen.append(changes)
            at += timedelta(seconds=tick_s)
            state, changes = step_plant(state, tick_s * speed)
        writer.end(at)
    return read_ledger(file), seen


@pytest.mark.parametrize("speed", [1, 10, 20])
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_every_category_and_a_reset_occur_within_ten_simulated_minutes(ninu, tmp_path, seed, speed):
    tick_s = 0.5 if speed == 1 else TICK_S
    ledger, _ = live(ninu, tmp_path / "ledger", seed=seed, speed=speed, tick_s=tick_s)
    occurred = {
        one.category for path in ledger.equipment for one in intervals(ledger, ninu.plant, path)
    }
    assert occurred == set(TimeCategory)
    assert any(history.resets for history in ledger.equipment.values())


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10_000), speed=st.sampled_from([7, 10]), cut=st.floats(0.05, 0.95))
def test_time_is_tiled_and_sums_add_up(ninu, tmp_path_factory, seed, speed, cut):
    file = tmp_path_factory.mktemp("ledger") / "ledger"
    ledger, _ = live(ninu, file, seed=seed, speed=speed)
    middle = ledger.start + (ledger.end - ledger.start) * cut
    for path in ledger.equipment:
        found = intervals(ledger, ninu.plant, path)
        assert [found[0].start, found[-1].end] == [ledger.start, ledger.end]
        assert all(one.end == two.start for one, two in pairwise(found))
        whole, first, second = (
            truth(ledger, ninu.plant, path, *span)
            for span in (
                (ledger.start, ledger.end),
                (ledger.start, middle),
                (middle, ledger.end),
            )
        )
        assert sum(whole.seconds.values()) == pytest.approx(
            (ledger.end - ledger.start).total_seconds()
        )
        for category in TimeCategory:
            parts = first.seconds.get(category, 0) + second.seconds.get(category, 0)
            assert parts == pytest.approx(whole.seconds.get(category, 0))
        made = whole.counts.produced + whole.unplanned.produced
        assert counts(ledger, path, ledger.start, ledger.end).produced == made
        assert made == sum(one.counts.produced + one.unplanned.produced for one in (first, second))


def test_counters_show_what_the_ledger_says_over_resets_and_rollovers(ninu, tmp_path):
    ledger, seen = live(ninu, tmp_path / "ledger", seed=11, speed=10, simulated_s=1200)
    falls = 0
    for equipment in ninu.plant.equipment:
        good = next(tag for tag in equipment.tags if tag.means == "good_count")
        shown = [
            change.signals["good"]
            for changes in seen
            for change in changes
            if change.equipment == equipment.id
        ]
        total = 0
        for before, after in pairwise(shown):
            if after < before:
                falls += 1
                rolled = before > 65_000 and good.rollover == 65_535
                total += after + (65_536 - before if rolled else 0)
            else:
                total += after - before
        path = ninu.plant.path_of(equipment)
        recorded = counts(ledger, path, ledger.start, ledger.end).good
        assert total * int(good.scale) == recorded
    assert falls >= 2


def test_counts_never_coincide_with_a_change_of_state_batch_or_product(ninu, tmp_path):
    _, seen = live(ninu, tmp_path / "ledger", seed=5, speed=10, simulated_s=1800)
    for changes in seen:
        for change in changes:
            assert not (change.made and (change.stance or change.restarted))


def test_the_same_seed_is_the_same_plot_whatever_the_steps(ninu, tmp_path):
    def states(tick_s):
        name = f"ledger-{tick_s}"
        ledger, _ = live(ninu, tmp_path / name, seed=3, speed=10, tick_s=tick_s)
        return {
            path: [(one.state, one.batch, one.product) for one in history.stances][:6]
            for path, history in ledger.equipment.items()
        }

    assert states(0.1) == states(0.2)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(
            ("class: reactor, area", "class: robot, area"), "its class is robot", id="class"
        ),
        pytest.param(("scale: 2,", "scale: 0.5,"), "no whole number", id="scale"),
        pytest.param(("means: good_count,", ""), "means good_count", id="no counter"),
    ],
)
def test_a_plant_that_cannot_be_simulated_says_why(ninu, change, told):
    machines, _, _ = ninu.text.partition("\npeople:")
    text = machines.replace(*change).replace("  reactor:\n", ROBOT)
    with pytest.raises(MisconfiguredError, match=told):
        plant_state(load_plant(text, "plant.yaml").plant, Pace(LIVELY), 1)


PHASES = ["", "charging", "heating", "mixing", "cooling"]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_batch_in_a_reactor_goes_through_its_phases_in_order(ninu, tmp_path, seed):
    _, seen = live(ninu, tmp_path / "ledger", seed=seed, speed=10)
    of_batches: dict[str, list[str]] = {}
    for change in (one for changes in seen for one in changes):
        if change.equipment.startswith("station"):
            assert "phase" not in change.signals
            continue
        batch, phase = str(change.signals["batch"]), str(change.signals["phase"])
        assert (batch == "") == (phase == "")
        of_batches.setdefault(batch, []).append(phase)
    for phases in of_batches.values():
        assert [PHASES.index(one) for one in phases] == sorted(map(PHASES.index, phases))
    first = [phases for batch, phases in of_batches.items() if batch.endswith("-0001")]
    assert len(first) == 3
    assert all(set(phases) == set(PHASES[1:]) for phases in first)
