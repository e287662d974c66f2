"""One machine: `step` it by some seconds, and it says what changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random

from plantstream.simulator.packml import PRODUCING, PackML
from plantstream.simulator.plot import Episode, Habits, Job, next_job, opening
from plantstream.simulator.tempo import LIVELY, Pace
from plantstream.simulator.vessel import FULL_SPEED_RPM, Recipe, Vessel, advance, readings

Signal = bool | int | float | str

SCRAP_SHARE = 0.02
REWORK_SHARE = 0.01
LAST_BEAT_S = 1.0
"""At the end of an episode so much time makes no parts: counts and changes never coincide."""

HALTED = Episode(PackML.STOPPED, 0.0)

_COOL_C = 28.0
_HOT_C = 72.0
_COOLING_FROM = 0.65
"""The part of a job after which its contents are cooled down again."""
_MIXING_FROM = 0.3
"""The part of a job after which its contents are hot."""
_KILOWATT = {True: 4.0, False: 0.4}
_SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Spec:
    """What a machine is, from the plant file."""

    habits: Habits
    cycle_s: Mapping[str, float]
    """Seconds per raw count, by product."""
    rollover: Mapping[str, int]
    """Largest value per counter."""
    has_vessel: bool
    forgets: bool
    """Its counters begin at 0 when its controller is switched on."""


@dataclass(frozen=True, slots=True)
class Dice:
    """Two sources of chance, so that the length of the steps does not change the plot."""

    plot: Random
    noise: Random


@dataclass(frozen=True, slots=True)
class Stance:
    """What the machine says of itself; a state of None cannot be read."""

    state: PackML | None
    batch: str | None
    product: str | None
    reason: str | None = None
    """What the controller gives as the reason why it stands."""


@dataclass(frozen=True, slots=True)
class Made:
    """Raw counts since the last step."""

    good: int = 0
    scrap: int = 0
    rework: int = 0


@dataclass(frozen=True, slots=True)
class Machine:
    """The state of one machine."""

    spec: Spec
    pace: Pace
    coming: Job = ()
    episode: Episode = HALTED
    left_s: float = 0.0
    jobs: int = 0
    job_s: float = 1.0
    worked_s: float = 0.0
    batch: str | None = None
    product: str | None = None
    slowness: float = 1.05
    """Actual cycle over ideal cycle in this job."""
    parts: float = 0.0
    fresh: bool = False
    """Nothing has been made since it was set up."""
    counters: Mapping[str, int] = field(default_factory=dict)
    vessel: Vessel = field(default_factory=Vessel)
    stuck_jacket_c: float | None = None
    """Of a vessel whose steam valve does not close."""
    queue: float = 20.0
    energy_kwh: float = 0.0

    @property
    def stance(self) -> Stance:
        """What it says of itself."""
        state = None if self.episode.silent else self.episode.state
        return Stance(state, self.batch, self.product, self.episode.reason)

    @property
    def longest_step_s(self) -> float:
        """A longer step would blur the end of the episode."""
        return self.left_s if self.left_s <= LAST_BEAT_S else self.left_s - LAST_BEAT_S


def step(machine: Machine, dt_s: float, dice: Dice) -> tuple[Machine, Made | None]:
    """Advance by so many simulated seconds, or to the end of the episode if that is sooner."""
    if dt_s >= machine.left_s:
        return _turn(_live(machine, machine.left_s, dice.noise), dice.plot), None
    machine = replace(_live(machine, dt_s, dice.noise), left_s=machine.left_s - dt_s)
    if machine.left_s < LAST_BEAT_S or machine.episode.state not in PRODUCING:
        return machine, None
    return _produce(machine, dt_s, dice.noise)


def halt(machine: Machine) -> Machine:
    """Stopped, without a batch: nothing happens until somebody steps it again."""
    return replace(machine, episode=HALTED, left_s=0.0, batch=None)


def signals(machine: Machine, noise: Random) -> dict[str, Signal]:
    """What its controller shows, by tag; the state is shown by `Machine.stance`."""
    shown: dict[str, Signal] = {
        "batch": machine.batch or "",
        "product": machine.product or "",
        "stop_reason": machine.episode.reason or "",
        **machine.counters,
    }
    if machine.spec.has_vessel:
        shown["phase"] = _phase(machine)
        return shown | readings(machine.vessel, _recipe(machine), noise)
    return shown | _station_readings(machine, noise)


def _turn(machine: Machine, plot: Random) -> Machine:
    """The next episode begins."""
    if not machine.coming:
        machine = _plan(machine, plot)
    episode, *coming = machine.coming
    machine = replace(machine, episode=episode, coming=tuple(coming), left_s=episode.seconds)
    if episode.begins:
        batch, product = episode.begins
        machine = replace(
            machine, batch=batch, product=product, worked_s=0.0, parts=0.0, fresh=True
        )
    if episode.ends_batch:
        machine = replace(machine, batch=None)
    if episode.restarts and machine.spec.forgets:
        machine = replace(machine, counters=dict.fromkeys(machine.counters, 0))
    return machine


def _plan(machine: Machine, plot: Random) -> Machine:
    habits, number = machine.spec.habits, machine.jobs + 1
    if machine.jobs:
        job = next_job(habits, machine.pace, number, plot)
    else:
        job = opening(habits, machine.pace, plot)
    work = sum(one.seconds for one in job if one.state in PRODUCING)
    slowness = plot.uniform(1.02, 1.15)
    return replace(machine, coming=job, jobs=number, job_s=work, slowness=slowness)


def _live(machine: Machine, dt_s: float, noise: Random) -> Machine:
    """What goes on besides making parts."""
    producing = machine.episode.state in PRODUCING
    hours = dt_s / machine.pace.speed / _SECONDS_PER_HOUR
    machine = replace(machine, energy_kwh=machine.energy_kwh + _KILOWATT[producing] * hours)
    if producing:
        machine = replace(machine, worked_s=machine.worked_s + dt_s)
    if machine.spec.has_vessel:
        return replace(machine, vessel=advance(machine.vessel, _recipe(machine), dt_s))
    drift = noise.gauss(0, 1) + (0.0 if producing else 0.3)
    return replace(machine, queue=min(200.0, max(0.0, machine.queue + drift)))


def _produce(machine: Machine, dt_s: float, noise: Random) -> tuple[Machine, Made | None]:
    spec = machine.spec
    cycle = spec.cycle_s[machine.product or spec.habits.products[0]]
    cycle *= machine.slowness * machine.episode.slowness
    parts = machine.parts + dt_s / machine.pace.speed / cycle
    whole = int(parts)
    machine = replace(machine, parts=parts - whole)
    if not whole:
        return machine, None
    made = _judge(whole, noise, rework="rework" in machine.counters, fresh=machine.fresh)
    counters = {
        name: (value + getattr(made, name)) % (spec.rollover[name] + 1)
        for name, value in machine.counters.items()
    }
    return replace(machine, counters=counters, fresh=False), made


def _judge(parts: int, noise: Random, *, rework: bool, fresh: bool) -> Made:
    """The first part after a setup is always scrap."""
    bad_share = SCRAP_SHARE + REWORK_SHARE if rework else SCRAP_SHARE
    scrap, again = int(fresh), 0
    for _ in range(parts - scrap):
        drawn = noise.random()
        scrap += drawn < SCRAP_SHARE
        again += SCRAP_SHARE <= drawn < bad_share
    return Made(parts - scrap - again, scrap, again)


def _phase(machine: Machine) -> str:
    """Where the batch in the vessel is; '' without one."""
    if machine.batch is None:
        return ""
    if machine.worked_s == 0:
        return "charging"
    if machine.worked_s < _MIXING_FROM * machine.job_s:
        return "heating"
    return "mixing" if machine.worked_s < _COOLING_FROM * machine.job_s else "cooling"


def _recipe(machine: Machine) -> Recipe:
    constant = 8.0 if machine.pace.tempo == LIVELY else 240.0
    stirring = FULL_SPEED_RPM if machine.episode.state in PRODUCING else 0.0
    hot = machine.batch is not None and machine.worked_s < _COOLING_FROM * machine.job_s
    setpoint = _HOT_C if hot else _COOL_C
    return Recipe(setpoint, stirring, constant, machine.stuck_jacket_c)


def _station_readings(machine: Machine, noise: Random) -> dict[str, Signal]:
    spec = machine.spec
    throughput = 0.0
    if machine.episode.state in PRODUCING:
        cycle = spec.cycle_s[machine.product or spec.habits.products[0]]
        cycle *= machine.slowness * machine.episode.slowness
        throughput = _SECONDS_PER_HOUR / cycle * noise.uniform(0.98, 1.02)
    return {
        "throughput": round(throughput, 1),
        "queue-length": round(machine.queue),
        "energy": round(machine.energy_kwh, 4),
    }
