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


@dataclass(frozen=True, slots=True)
class Habits:
    """What the plot must know of a machine."""

    equipment: str
    products: tuple[str, ...]
    minor_stop_s: int
    on_demand: bool
    """Planned only while a batch is open; it also runs in between, unplanned."""


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
    for stop in stops:
        episodes += [*stop, _work(tempo, plot)]
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
    return (Episode(PackML.HELD, within(span, plot)),)


def _breakdown(habits: Habits, pace: Pace, plot: Random) -> Job:
    least = habits.minor_stop_s * pace.speed * BREAKDOWN_SHARE
    span: Span = tuple(max(least, one) for one in pace.tempo.breakdown_s)  # type: ignore[assignment]
    length = within(span, plot)
    parts = (
        Episode(PackML.ABORTING, round(0.1 * length, 3)),
        Episode(PackML.ABORTED, round(0.7 * length, 3)),
    )
    return (*parts, Episode(PackML.CLEARING, round(0.2 * length, 3), restarts=True))


def _break(_: Habits, pace: Pace, plot: Random) -> Job:
    length = within(pace.tempo.break_s, plot)
    stopping = Episode(PackML.STOPPING, round(0.1 * length, 3))
    return (stopping, Episode(PackML.STOPPED, round(0.9 * length, 3)))


def _starved(_: Habits, pace: Pace, plot: Random) -> Job:
    return (Episode(PackML.SUSPENDED, within(pace.tempo.starved_s, plot)),)


def _silent(_: Habits, pace: Pace, plot: Random) -> Job:
    return (Episode(PackML.EXECUTE, within(pace.tempo.silent_s, plot), silent=True),)


_KINDS = (_minor, _breakdown, _break, _starved, _silent)
