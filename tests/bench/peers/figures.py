"""What the runs come to: a table, and the figures of `build/bench.json`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

from plantstream.commands.bench_figure import Figure
from tests.bench.peers.stopwatch import Took

IDS = ("quix_frames", "bytewax_frames", "quix_single", "bare_loop")
FRAMES, SINGLE = 100, 1
"""Samples a frame of the figures; others are only printed."""
OURS, BARE, QUIX, BYTEWAX = "plantstream", "bare aiokafka", "Quix Streams", "Bytewax"


@dataclass(frozen=True, slots=True)
class Run:
    """What one of them took for frames of so many samples."""

    who: str
    frame_samples: int
    took: Took

    @property
    def samples_per_core_s(self) -> float:
        """Samples per second of processor time."""
        return self.took.frames * self.frame_samples / self.took.cpu_s

    @property
    def message_us(self) -> float:
        """Processor time per Kafka message."""
        return self.took.cpu_s / self.took.frames * 1e6


class Line(TypedDict):
    """A line of the table."""

    samples_a_frame: int
    who: str
    samples: int
    cpu_s: float
    wall_s: float
    samples_per_core_s: int
    us_a_message: float
    we_are_times: float
    """Our samples per core-second, by theirs."""
    we_cost_us_more: float
    """Our processor time per message, less theirs."""


def best(runs: Iterable[Run]) -> dict[tuple[str, int], Run]:
    """Of each and each size of frames the run that took least: others disturb, nobody helps."""
    found: dict[tuple[str, int], Run] = {}
    for run in runs:
        place = (run.who, run.frame_samples)
        if place not in found or run.message_us < found[place].message_us:
            found[place] = run
    return found


def table(runs: Sequence[Run]) -> list[Line]:
    """The best runs, each beside ours of the same frames."""
    found = best(runs)
    return [_line(run, found[OURS, run.frame_samples]) for run in found.values()]


def figures(runs: Sequence[Run]) -> list[Figure]:
    """Those of which both sides ran."""
    found = best(runs)
    pairs = {
        "quix_frames": (QUIX, FRAMES),
        "bytewax_frames": (BYTEWAX, FRAMES),
        "quix_single": (QUIX, SINGLE),
    }
    told = [
        Figure(name, _times(found, peer, size), 1.0)
        for name, (peer, size) in pairs.items()
        if (peer, size) in found
    ]
    ours, bare = found.get((OURS, FRAMES)), found.get((BARE, FRAMES))
    if ours and bare:
        told.append(Figure("bare_loop", ours.message_us - bare.message_us, bare.message_us))
    return told


def _times(found: Mapping[tuple[str, int], Run], peer: str, size: int) -> float:
    return found[OURS, size].samples_per_core_s / found[peer, size].samples_per_core_s


def _line(run: Run, ours: Run) -> Line:
    return Line(
        samples_a_frame=run.frame_samples,
        who=run.who,
        samples=run.took.frames * run.frame_samples,
        cpu_s=run.took.cpu_s,
        wall_s=run.took.wall_s,
        samples_per_core_s=round(run.samples_per_core_s),
        us_a_message=run.message_us,
        we_are_times=ours.samples_per_core_s / run.samples_per_core_s,
        we_cost_us_more=ours.message_us - run.message_us,
    )
