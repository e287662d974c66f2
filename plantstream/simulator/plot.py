"""What happens to a machine: jobs as sequences of episodes."""

from dataclasses import dataclass, replace
from random import Random

from plantstream.simulator.packml import PackML
from plantstream.simulator.tempo import (
    BREAKDOWN_SHARE,
    LIVELY,
    MINOR_SHARE,
    MINOR_WITHOUT_THRESHOLD_S,
    Pace,
    Span,
    Tempo,
    within,
)

FAULTS = ("motor", "sensor")
"""What controllers say of breakdowns."""
JOG_SHARE = 0.4
"""How long a jog lasts, as a part of the shortest run that ends a stop."""
SLOWED = 1.6
"""A stretch of work that is slowed down takes so many times its cycle."""
SLOW_EVERY = 3


@dataclass(frozen=True, slots=True)
class Episode:
    """A stretch of time in one state."""

    state: PackML
    seconds: float
    begins: tuple[str, str] | None = None
    """Batch and product of the job that begins here."""
    ends_batch: bool = False
    """No batch is open from here on."""
    silent: bool = False
    """The state cannot be read, whatever the machine does meanwhile."""
    restarts: bool = False
    """The controller is switched off and on."""
    reason: str | None = None
    """What the controller gives as the reason why it stands."""
    slowness: float = 1.0
    """So many times the cycle that it has otherwise."""


@dataclass(frozen=True, slots=True)
class Habits:
    """What the plot must know of a machine."""

    equipment: str
    products: tuple[str, ...]
    minor_stop_s: int
    on_demand: bool
    """Planned only while a batch is open; it also runs in between, unplanned."""
    min_run_s: int = 0


Job = tuple[Episode, ...]


def opening(habits: Habits, pace: Pace, plot: Random) -> Job:
    """The first job: everything that can happen to the machine does, within ten minutes."""
    lively = replace(pace, tempo=LIVELY)
    kinds = [_minor, _silent] if habits.on_demand else list(_KINDS)
    plot.shuffle(kinds)
    return _job(habits, lively, 1, [kind(habits, lively, plot) for kind in kinds], plot)


def next_job(habits: Habits, pace: Pace, number: int, plot: Random) -> Job:
    """A later job, as chance will have it."""
    tempo = pace.tempo
    kinds = plot.choices(_KINDS, tempo.weights, k=plot.randint(*tempo.interruptions))
    return _job(habits, pace, number, [kind(habits, pace, plot) for kind in kinds], plot)


def _job(habits: Habits, pace: Pace, number: int, stops: list[Job], plot: Random) -> Job:
    tempo = pace.tempo
    named = (f"{habits.equipment}-{number:04d}", plot.choice(habits.products))
    setup = within(tempo.setup_s, plot)
    episodes = [
        Episode(PackML.RESETTING, round(0.7 * setup, 3), begins=named),
        Episode(PackML.STARTING, round(0.3 * setup, 3)),
        _work(tempo, plot),
    ]
    for place, stop in enumerate(stops):
        work = _work(tempo, plot)
        episodes += [*stop, replace(work, slowness=SLOWED) if place % SLOW_EVERY == 0 else work]
    return (*episodes, *_end(habits, tempo, plot))


def _end(habits: Habits, tempo: Tempo, plot: Random) -> Job:
    completing = Episode(PackML.COMPLETING, within((4, 8), plot))
    pause = Episode(PackML.COMPLETE, within(tempo.between_jobs_s, plot), ends_batch=True)
    if not habits.on_demand:
        return (completing, pause, Episode(PackML.IDLE, within(tempo.between_jobs_s, plot)))
    unplanned = replace(_work(tempo, plot), seconds=within((30, 60), plot))
    return (completing, pause, unplanned, replace(pause, state=PackML.IDLE))


def _work(tempo: Tempo, plot: Random) -> Episode:
    return Episode(PackML.EXECUTE, within(tempo.work_s, plot))


def _minor(habits: Habits, pace: Pace, plot: Random) -> Job:
    span = MINOR_WITHOUT_THRESHOLD_S
    if habits.minor_stop_s:
        threshold = habits.minor_stop_s * pace.speed
        span = (threshold * MINOR_SHARE[0], threshold * MINOR_SHARE[1])
    return (Episode(PackML.HELD, within(span, plot), reason="jam"),)


def _breakdown(habits: Habits, pace: Pace, plot: Random) -> Job:
    """In its middle somebody tries to go on, and it fails at once."""
    least = habits.minor_stop_s * pace.speed * BREAKDOWN_SHARE
    span: Span = tuple(max(least, one) for one in pace.tempo.breakdown_s)  # type: ignore[assignment]
    length, reason = within(span, plot), plot.choice(FAULTS)
    jog = Episode(PackML.EXECUTE, round(JOG_SHARE * habits.min_run_s * pace.speed, 3))
    aborted = Episode(PackML.ABORTED, round(0.35 * length, 3), reason=reason)
    parts = (
        Episode(PackML.ABORTING, round(0.1 * length, 3), reason=reason),
        *((aborted, jog, aborted) if habits.min_run_s else (aborted, aborted)),
    )
    clearing = Episode(PackML.CLEARING, round(0.2 * length, 3), restarts=True, reason=reason)
    return (*parts, clearing)


def _break(_: Habits, pace: Pace, plot: Random) -> Job:
    length = within(pace.tempo.break_s, plot)
    stopping = Episode(PackML.STOPPING, round(0.1 * length, 3), reason="cleaning")
    return (stopping, replace(stopping, state=PackML.STOPPED, seconds=round(0.9 * length, 3)))


def _starved(_: Habits, pace: Pace, plot: Random) -> Job:
    return (Episode(PackML.SUSPENDED, within(pace.tempo.starved_s, plot), reason="starved"),)


def _silent(_: Habits, pace: Pace, plot: Random) -> Job:
    return (Episode(PackML.EXECUTE, within(pace.tempo.silent_s, plot), silent=True),)


_KINDS = (_minor, _breakdown, _break, _starved, _silent)
