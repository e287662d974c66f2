"""The contents of a reactor: their temperature follows the setpoint, and overshoots."""

import math
from dataclasses import dataclass
from random import Random

AMBIENT_C = 25.0
FULL_SPEED_RPM = 90.0
LEFT_OPEN_C = 108.0
"""Of a jacket whose steam valve does not close; the contents follow, past 95 °C."""

_STEEPNESS = 4.0
"""How much hotter than the setpoint the jacket gets per degree that is missing: it overshoots."""
_JACKET_SHARE = 0.3
"""Time constant of the jacket, as a part of the contents' own."""
_STEPS_PER_CONSTANT = 5
_BAR_PER_DEGREE = 0.018
_STIRRER_CONSTANT_S = 4.0


@dataclass(frozen=True, slots=True)
class Vessel:
    """What the sensors of a reactor would show, without their noise."""

    contents_c: float = AMBIENT_C
    jacket_c: float = AMBIENT_C
    stirrer_rpm: float = 0.0


@dataclass(frozen=True, slots=True)
class Recipe:
    """Where the controllers steer to."""

    setpoint_c: float = AMBIENT_C
    stirrer_rpm: float = 0.0
    constant_s: float = 25.0
    """Time constant of the contents."""
    stuck_jacket_c: float | None = None
    """Where the jacket goes, whatever the setpoint is, while its valve does not close."""


def advance(vessel: Vessel, recipe: Recipe, dt_s: float) -> Vessel:
    """The vessel so many seconds later."""
    jacket_constant = recipe.constant_s * _JACKET_SHARE
    steps = max(1, math.ceil(dt_s / jacket_constant * _STEPS_PER_CONSTANT))
    step_s = dt_s / steps
    contents, jacket = vessel.contents_c, vessel.jacket_c
    for _ in range(steps):
        wanted = recipe.stuck_jacket_c
        if wanted is None:
            wanted = recipe.setpoint_c + _STEEPNESS * (recipe.setpoint_c - contents)
        contents += (jacket - contents) * step_s / recipe.constant_s
        jacket += (wanted - jacket) * step_s / jacket_constant
    left = math.exp(-dt_s / _STIRRER_CONSTANT_S)
    stirrer = recipe.stirrer_rpm + (vessel.stirrer_rpm - recipe.stirrer_rpm) * left
    return Vessel(contents, jacket, stirrer)


def readings(vessel: Vessel, recipe: Recipe, noise: Random) -> dict[str, float]:
    """What the sensors show, by tag."""
    pressure = 1.0 + _BAR_PER_DEGREE * max(0.0, vessel.contents_c - AMBIENT_C)
    return {
        "temperature": round(vessel.contents_c + noise.gauss(0, 0.08), 2),
        "temperature-setpoint": recipe.setpoint_c,
        "pressure": round(pressure + noise.gauss(0, 0.004), 3),
        "mixing-speed": round(max(0.0, vessel.stirrer_rpm + noise.gauss(0, 0.3)), 1),
    }
