"""What the ledger's lines mean: a table of little histories."""

from datetime import UTC, datetime, timedelta

import pytest

from plantstream.simulator.ledger import History, Ledger, MadeEntry, StanceEntry
from plantstream.simulator.truth import Counts, counts, intervals, truth
from schemas.machine import TimeCategory as Time
from schemas.plant.load import load_plant

PLANT = """
enterprise: e
site: s
name: A plant
time_zone: America/Mexico_City
calendars:
  shifts:
    shifts:
      - {name: night, days: [mon], start: "22:00", end: "06:00"}
  batches:
    during: batch
    shifts:
      - {name: all, start: "00:00", end: "24:00"}
equipment:
  - id: one
    area: a
    line: l
    calendar: CALENDAR
    minor_stop_s: 5
    tags:
      - {name: state, means: state, states: {6: running, 9: unplanned_stop, 11: unplanned_stop,
         4: delay}, otherwise: unknown}
products:
  - {id: p, ideal_cycle_s: 0.5}
"""
PATH = "e/s/a/l/one"
# 22:00 on a Monday in Mexico.
START = datetime(2026, 3, 3, 4, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def plant(calendar="shifts"):
    return load_plant(PLANT.replace("CALENDAR", calendar), "plant.yaml").plant


def ledger(stances, made=(), *, begin=0.0, end=100.0) -> Ledger:
    entries = [StanceEntry(at(second), *rest) for second, *rest in stances]
    history = History(entries, [MadeEntry(at(second), *rest) for second, *rest in made])
    return Ledger("v", 1, at(begin), at(end), complete=True, equipment={PATH: history})


def spent(one: Ledger, calendar="shifts"):
    return truth(one, plant(calendar), PATH, one.start, one.end).seconds


B = ("b", "p")
NONE = (None, "p")


@pytest.mark.parametrize(
    ("stances", "seconds"),
    [
        pytest.param([(0, "6", *B)], {Time.RUNNING: 100}, id="runs"),
        pytest.param(
            [(0, "6", *B), (10, "9", *B), (14, "6", *B)],
            {Time.RUNNING: 96, Time.MINOR_STOP: 4},
            id="a short stop is a minor one",
        ),
        pytest.param(
            [(0, "6", *B), (10, "9", *B), (15, "6", *B)],
            {Time.RUNNING: 95, Time.UNPLANNED_STOP: 5},
            id="a stop as long as the threshold is not",
        ),
        pytest.param(
            [(0, "6", *B), (10, "9", *B), (13, "11", *B), (16, "6", *B)],
            {Time.RUNNING: 94, Time.UNPLANNED_STOP: 6},
            id="two states are one stop",
        ),
        pytest.param(
            [(0, "6", *B), (10, "4", *B), (12, "6", *B)],
            {Time.RUNNING: 98, Time.DELAY: 2},
            id="a short delay stays a delay",
        ),
        pytest.param(
            [(0, "6", *B), (10, None, *B), (20, "99", *B), (25, "6", *B)],
            {Time.RUNNING: 85, Time.UNKNOWN: 15},
            id="no state, and one that nobody knows",
        ),
    ],
)
def test_time_goes_where_the_plant_file_says(stances, seconds):
    assert spent(ledger(stances)) == seconds


def test_outside_a_batch_running_is_unplanned_and_all_else_not_scheduled():
    found = spent(
        ledger([(0, "6", *B), (40, "6", *NONE), (60, "9", *NONE), (90, None, *NONE)]), "batches"
    )
    assert found == {Time.RUNNING: 40, Time.UNPLANNED_RUNNING: 20, Time.NOT_SCHEDULED: 40}


def test_the_night_shift_begins_at_ten_and_ends_on_the_next_day():
    night_s = 8 * 3600
    found = spent(ledger([(-60, "6", *B)], begin=-60, end=night_s + 30))
    assert found == {Time.RUNNING: night_s, Time.UNPLANNED_RUNNING: 90}


def test_counts_belong_to_where_they_were_registered():
    one = ledger(
        [(0, "6", *B), (50, "6", *NONE)],
        [(10, 3, 1, 0, *B), (50, 2, 0, 1, *NONE), (99, 1, 0, 0, *NONE)],
    )
    found = truth(one, plant("batches"), PATH, at(0), at(99))
    assert found.counts == Counts(3, 1, 0)
    assert found.unplanned == Counts(2, 0, 1)
    assert found.ideal is not None
    assert found.ideal.good_s == 1.5
    assert counts(one, PATH, at(0), at(100)) == Counts(6, 1, 1)
    assert counts(one, PATH, at(0), at(100), batch="b") == Counts(3, 1, 0)


def test_oee_is_ideal_time_of_the_good_over_planned_busy_time():
    one = ledger([(0, "6", *B), (80, "9", *B)], [(10, 40, 0, 0, *B)])
    found = truth(one, plant(), PATH, at(0), at(100))
    assert found.availability == 0.8
    assert found.oee == pytest.approx(0.2)
    low, high = found.oee_range(1.0) or (0, 0)
    assert low == pytest.approx(20 / 101)
    assert high == pytest.approx(20 / 99)


def test_past_the_end_of_the_ledger_the_last_state_lasts():
    one = ledger([(0, "6", *B), (90, "4", *B)])
    assert truth(one, plant(), PATH, at(80), at(130)).seconds == {Time.RUNNING: 10, Time.DELAY: 40}


def test_without_an_ideal_cycle_there_is_no_oee():
    one = ledger([(0, "6", "b", "other")], [(10, 4, 0, 0, "b", "other")])
    found = truth(one, plant(), PATH, at(0), at(100))
    assert found.oee is None
    assert found.oee_range(1.0) is None


def test_equipment_of_another_plant_is_refused():
    with pytest.raises(ValueError, match="another plant's"):
        intervals(ledger([]), plant(), "e/s/a/l/two")
