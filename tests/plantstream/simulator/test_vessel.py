"""The temperature follows its setpoint, overshoots, and comes to rest."""

from random import Random

import pytest

from plantstream.simulator.vessel import Recipe, Vessel, advance, readings


def heated(seconds: float, step_s: float, setpoint_c: float = 72.0) -> list[float]:
    vessel, course = Vessel(), []
    for _ in range(round(seconds / step_s)):
        vessel = advance(vessel, Recipe(setpoint_c, 90.0, constant_s=8.0), step_s)
        course.append(vessel.contents_c)
    return course


def test_it_overshoots_a_little_and_settles():
    course = heated(300, 1.0)
    assert 72.5 < max(course) < 95
    assert course[-1] == pytest.approx(72.0, abs=0.1)


def test_cooling_overshoots_downwards():
    vessel = Vessel(72.0, 72.0, 90.0)
    course = []
    for _ in range(300):
        vessel = advance(vessel, Recipe(28.0, 0.0, 8.0), 1.0)
        course.append(vessel.contents_c)
    assert 15 < min(course) < 27.9
    assert vessel.stirrer_rpm == pytest.approx(0.0, abs=0.01)


def test_long_steps_stay_bounded_and_end_where_short_ones_do():
    assert heated(600, 60.0)[-1] == pytest.approx(heated(600, 0.5)[-1], abs=0.1)
    assert max(heated(6000, 60.0)) < 95


def test_pressure_rises_with_temperature():
    cold = readings(Vessel(), Recipe(), Random(1))
    hot = readings(Vessel(80.0, 80.0, 90.0), Recipe(72.0), Random(1))
    assert hot["pressure"] > cold["pressure"] >= 0.9
    assert hot["temperature-setpoint"] == 72.0
