"""One reactor gets too hot early in a demo, for some minutes, and nothing else changes."""

from dataclasses import replace

import pytest

from plantstream.simulator.mishap import overheated, overheating
from plantstream.simulator.plant import plant_state, step_plant
from plantstream.simulator.tempo import LIVELY, Pace

SPEED, TICK_S = 10.0, 2.0
"""Simulated seconds per tick of the live plant."""


def lives(ninu, seed, *, with_mishap=True, seconds=600.0):
    """Temperatures by reactor and time, and what was made."""
    state = plant_state(ninu.plant, Pace(LIVELY, SPEED), seed)
    mishap = overheating(state.machines, seed)
    assert mishap is not None
    temperatures: dict = {}
    made: list = []
    lived = 0.0
    while lived < seconds:
        lived += TICK_S
        if with_mishap:
            state = replace(state, machines=overheated(state.machines, mishap, lived))
        state, changes = step_plant(state, TICK_S)
        for one in changes:
            made.append((lived, one.equipment, one.made, one.stance))
            if "temperature" in one.signals:
                course = temperatures.setdefault(one.equipment, [])
                course.append((lived, one.signals["temperature"]))
    return mishap, temperatures, made


@pytest.mark.parametrize("seed", range(1, 11))
def test_one_reactor_is_above_95_degrees_for_minutes_and_returns(ninu, seed):
    mishap, temperatures, _ = lives(ninu, seed)
    hot = [at for at, value in temperatures.pop(mishap.equipment) if value > 95]
    assert hot[0] < 90
    assert 380 < hot[-1] - hot[0] < 450
    assert hot[-1] < 520
    assert hot[-1] - hot[0] == pytest.approx(TICK_S * (len(hot) - 1))
    assert all(value < 95 for course in temperatures.values() for _, value in course)


def test_what_is_made_and_when_machines_stop_is_the_same_without_it(ninu):
    assert lives(ninu, 3)[2] == lives(ninu, 3, with_mishap=False)[2]


def test_a_plant_without_reactors_has_no_mishap(ninu):
    machines = plant_state(ninu.plant, Pace(LIVELY), 1).machines
    stations = {name: one for name, one in machines.items() if not one.spec.has_vessel}
    assert overheating(stations, 1) is None
