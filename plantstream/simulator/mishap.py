"""What goes wrong once, early in a demo: the steam valve of a reactor's jacket does not close."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random

from plantstream.simulator.machine import Machine
from plantstream.simulator.tempo import Span, within
from plantstream.simulator.vessel import LEFT_OPEN_C

BEGINS_S: Span = (30.0, 45.0)
LASTS_S: Span = (425.0, 440.0)
"""Longer than somebody has to answer before the next one is called (5 min), and until they do."""
SETTLES_S = 60.0
"""After the end the temperature is written down for so long."""


@dataclass(frozen=True, slots=True)
class Overheating:
    """One reactor gets too hot, for some simulated seconds of the plant's life."""

    equipment: str
    begins_s: float
    ends_s: float

    def is_on(self, lived_s: float) -> bool:
        """Whether the valve is stuck."""
        return self.begins_s <= lived_s < self.ends_s

    def is_told(self, lived_s: float) -> bool:
        """Whether the ledger tells each temperature."""
        return self.begins_s <= lived_s < self.ends_s + SETTLES_S


def overheating(machines: Mapping[str, Machine], seed: int) -> Overheating | None:
    """What this seed has in store; None for a plant without a reactor."""
    reactors = [name for name, one in machines.items() if one.spec.has_vessel]
    if not reactors:
        return None
    dice = Random(f"{seed}/overheating")  # noqa: S311 - a plot, no secret
    begins = within(BEGINS_S, dice)
    return Overheating(dice.choice(reactors), begins, begins + within(LASTS_S, dice))


def overheated(
    machines: Mapping[str, Machine], mishap: Overheating, lived_s: float
) -> dict[str, Machine]:
    """The machines with the valve as it is after so many simulated seconds."""
    jacket = LEFT_OPEN_C if mishap.is_on(lived_s) else None
    one = replace(machines[mishap.equipment], stuck_jacket_c=jacket)
    return {**machines, mishap.equipment: one}
