"""What the ledger's lines mean: a table of little histories."""

from datetime import UTC, datetime, timedelta

import pytest

from plantstream.simulator.ledger import History, Ledger, MadeEntry, SaidEntry, StanceEntry
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


RULES = """
    min_run_s: 2
    startup_s: 10
    rules:
      - {when: maintenance, category: planned_stop, reason: repair}
      - {when: start_of_shift, states: ["4"], category: setup, reason: start}
      - {when: no_batch, states: ["4"], category: delay, reason: no-order}
      - {when: changeover, states: ["4"], category: setup, reason: changeover}
    tags:
      - {name: why, means: stop_reason}
"""
REASONS = """
reasons:
  drill: {category: planned_stop}
  motor: {}
  repair: {}
  start: {}
  no-order: {}
  changeover: {}
equipment:"""


def ruled_plant():
    text = PLANT.replace("CALENDAR", "shifts").replace("equipment:", REASONS, 1)
    return load_plant(text.replace("    tags:\n", RULES.lstrip("\n"), 1), "plant.yaml").plant


def said(second: float, kind: str, **told) -> SaidEntry:
    return SaidEntry(at(99), "ana", {"type": kind, "time": at(second).isoformat(), **told})


def judged(stances, *statements, made=()):
    one = ledger(stances, made)
    one.equipment[PATH].said.extend(statements)
    return truth(one, ruled_plant(), PATH, one.start, one.end)


@pytest.mark.parametrize(
    ("stances", "statements", "reasons"),
    [
        pytest.param(
            [(0, "6", *B), (10, "9", *B, "jam"), (20, "6", *B)],
            [],
            {(Time.UNPLANNED_STOP, "jam"): 10},
            id="the controller's",
        ),
        pytest.param(
            [(0, "6", *B), (10, "9", *B, "jam"), (20, "6", *B)],
            [said(15, "stop_reason_given", reason="motor")],
            {(Time.UNPLANNED_STOP, "motor"): 10},
            id="a person's, of all of the stop",
        ),
        pytest.param(
            [(0, "6", *B), (10, "9", *B), (20, "6", *B)],
            [said(10, "stop_reason_given", reason="drill")],
            {(Time.PLANNED_STOP, "drill"): 10},
            id="one that has a category",
        ),
        pytest.param(
            [(0, "6", *B), (10, "9", *B, "jam"), (13, "6", *B)],
            [],
            {(Time.MINOR_STOP, "jam"): 3},
            id="of a minor stop",
        ),
        pytest.param(
            [(0, "6", *B), (10, "9", *B, "jam"), (13, "6", *B), (14, "9", *B), (20, "6", *B)],
            [],
            {(Time.UNPLANNED_STOP, "jam"): 4},
            id="a jog ends no stop",
        ),
        pytest.param(
            [(0, "4", *B), (10, "6", *B)], [], {(Time.SETUP, "start"): 10}, id="nothing ran yet"
        ),
        pytest.param(
            [(0, "6", *B), (10, "4", *NONE), (20, "4", "c", "p"), (30, "6", "c", "p")],
            [],
            {(Time.DELAY, "no-order"): 10, (Time.SETUP, "changeover"): 10},
            id="no batch, then a changeover",
        ),
        pytest.param(
            [(0, "6", *B), (10, "9", *B), (40, "6", *B)],
            [said(20, "maintenance_started"), said(30, "maintenance_ended")],
            {(Time.PLANNED_STOP, "repair"): 10},
            id="maintenance while it stands",
        ),
    ],
)
def test_reasons_are_those_of_rules_people_and_controllers(stances, statements, reasons):
    assert judged(stances, *statements).reasons == reasons


def test_a_stop_with_a_jog_in_it_is_one_and_counts_where_it_began():
    found = judged([(0, "6", *B), (10, "9", *B), (13, "6", *B), (14, "9", *B), (20, "6", *B)])
    assert found.seconds == {Time.RUNNING: 90, Time.UNPLANNED_STOP: 10}
    assert found.stops == {Time.UNPLANNED_STOP: 1}


def test_rejects_after_a_setup_are_start_up_rejects_and_people_may_say_it_later():
    made = [(15, 0, 1, 0, *B), (25, 5, 2, 0, *B)]
    late = said(30, "parts_reported", good=-1, scrap=1, startup=True)
    found = judged([(0, "4", *B), (10, "6", *B)], late, made=made)
    assert found.counts == Counts(4, 4, 0)
    assert found.startup == Counts(-1, 2, 0)
    assert found.losses["start-up"] == 1.0
    assert found.losses["defects"] == 1.0


def test_losses_and_good_parts_are_all_of_planned_busy_time():
    stances = [(0, "4", *B), (10, "6", *B), (50, "9", *B), (60, "6", *B)]
    found = judged(stances, made=[(15, 10, 1, 2, *B)])
    assert found.ideal is not None
    lost = sum(seconds or 0 for seconds in found.losses.values())
    assert lost + found.ideal.good_s == pytest.approx(found.planned_busy_s)


BREAK = """end: "06:00", breaks: [{start: "23:00", end: "23:30"}]}"""


def test_in_a_break_it_stands_as_planned_or_runs_unplanned():
    text = PLANT.replace("CALENDAR", "shifts").replace('end: "06:00"}', BREAK)
    hour = 3600
    one = ledger([(0, "6", *B), (hour + 600, "9", *B)], [(hour + 1, 3, 0, 0, *B)], end=2 * hour)
    found = truth(one, load_plant(text, "plant.yaml").plant, PATH, one.start, one.end)
    assert found.seconds == {
        Time.RUNNING: hour,
        Time.UNPLANNED_RUNNING: 600,
        Time.PLANNED_STOP: 1200,
        Time.UNPLANNED_STOP: 1800,
    }
    assert found.unplanned == Counts(3, 0, 0)


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
