"""The machines of a plant file, stepped together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from random import Random

from plantstream.runtime.errors import MisconfiguredError
from plantstream.simulator.machine import Dice, Machine, Made, Signal, Spec, Stance, signals, step
from plantstream.simulator.plot import Habits
from plantstream.simulator.tempo import Pace
from schemas.plant.equipment import Equipment
from schemas.plant.model import Plant
from schemas.plant.tags import Tag

KINDS = ("reactor", "station")
"""The equipment classes that can be simulated."""
COUNTERS = {"good_count": "good", "scrap_count": "scrap", "rework_count": "rework"}
UNLIMITED = 2**31 - 1
"""Where a counter rolls over of which the plant file does not say it."""
FORGETFUL = 3
"""Every third machine loses its counters when it is switched off."""

_SHORT_COUNTER = 65_535
_BEFORE_ROLLOVER = (10, 25)
_WITHOUT_CYCLE_S = 1.0


@dataclass(frozen=True, slots=True)
class Change:
    """What changed at one machine in one step."""

    equipment: str
    signals: Mapping[str, Signal]
    """Everything that its controller shows, but for the state."""
    stance: Stance | None = None
    """Set if it is another than before."""
    made: Made | None = None
    restarted: bool = False
    """The counters began at 0."""


@dataclass(slots=True)
class PlantState:
    """All machines, each with its own dice."""

    machines: dict[str, Machine]
    dice: dict[str, Dice] = field(repr=False)


def plant_state(plant: Plant, pace: Pace, seed: int) -> PlantState:
    """Every machine stopped, before its first job.

    Raises:
        MisconfiguredError: the plant file has equipment that cannot be simulated.
    """
    specs = {one.id: _spec(plant, one, place) for place, one in enumerate(plant.equipment)}
    dice = {name: Dice(Random(f"{seed}/{name}"), Random(f"{seed}/{name}/noise")) for name in specs}  # noqa: S311
    return PlantState(
        {
            name: Machine(spec, pace, counters=_counters(spec, dice[name].noise))
            for name, spec in specs.items()
        },
        dice,
    )


def step_plant(state: PlantState, dt_s: float) -> tuple[PlantState, list[Change]]:
    """Advance all machines by so many simulated seconds; the dice roll on."""
    machines: dict[str, Machine] = {}
    changes: list[Change] = []
    for name, before in state.machines.items():
        machines[name], change = step_machine(name, before, dt_s, state.dice[name])
        changes.append(change)
    return PlantState(machines, state.dice), changes


def step_machine(name: str, before: Machine, dt_s: float, dice: Dice) -> tuple[Machine, Change]:
    """Advance one machine."""
    after, made = step(before, dt_s, dice)
    stance = after.stance if after.stance != before.stance else None
    restarted = made is None and any(
        value < before.counters[counter] for counter, value in after.counters.items()
    )
    return after, Change(name, signals(after, dice.noise), stance, made, restarted)


def snapshot(state: PlantState) -> Iterator[Change]:
    """How every machine stands."""
    for name, machine in state.machines.items():
        yield Change(name, signals(machine, state.dice[name].noise), machine.stance)


def _spec(plant: Plant, one: Equipment, place: int) -> Spec:
    kind = one.equipment_class
    counters = {COUNTERS[tag.means]: tag for tag in one.tags if tag.means in COUNTERS}
    obstacle = _obstacle(plant, one, counters)
    if obstacle:
        raise MisconfiguredError(f"equipment {one.id} cannot be simulated: {obstacle}")
    units = float(counters["good"].scale)
    products = tuple(product.id for product in plant.products)
    cycles = {
        product.id: (product.ideal_us(one.id, date.max) or _WITHOUT_CYCLE_S * 1e6) / 1e6 * units
        for product in plant.products
    }
    on_demand = plant.calendars[one.calendar or ""].during == "batch"
    return Spec(
        habits=Habits(one.id, products, one.minor_stop_s, on_demand, one.min_run_s),
        cycle_s=cycles,
        rollover={name: tag.rollover or UNLIMITED for name, tag in counters.items()},
        has_vessel=kind == "reactor",
        forgets=place % FORGETFUL == 1,
    )


def _obstacle(plant: Plant, one: Equipment, counters: Mapping[str, Tag]) -> str | None:
    if one.equipment_class not in KINDS:
        return f"its class is {one.equipment_class}, and only {' and '.join(KINDS)} can be"
    if "good" not in counters:
        return "it has no tag that means good_count"
    fractions = [tag.name for tag in counters.values() if tag.scale % 1]
    if fractions:
        return f"the scale of {', '.join(fractions)} is no whole number"
    if not plant.products:
        return "the plant file has no products"
    return None


def _counters(spec: Spec, noise: Random) -> dict[str, int]:
    """Where the counters stand; a short one is about to roll over."""
    return {
        name: limit - noise.randint(*_BEFORE_ROLLOVER)
        if name == "good" and limit <= _SHORT_COUNTER
        else noise.randint(0, 5_000)
        for name, limit in spec.rollover.items()
    }
