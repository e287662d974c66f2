"""The job that all do: OEE per equipment and minute of event time. Plain Python, for any venv.

A sample of `running` is 1 while the machine runs; those of `total` and `good` are the parts made
since the sample before. A minute is told once the equipment's newest sample is `GRACE_MS` past its
end; what comes later for it is left out.
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar

TAGS = ("running", "total", "good")
PERIOD_MS = 200
"""Between two samples of a tag."""
WINDOW_MS = 60_000
GRACE_MS = 40_000
"""More than a frame of 500 samples spans, whose columns stand one behind the other."""
IDEAL_CYCLE_S = 0.2
"""Of one part."""

Sums = list[float]
"""Of a minute: samples of `running`, and the sums of running, total and good."""
Row = dict[str, float | str | None]
_T = TypeVar("_T")


def empty() -> Sums:
    """A minute of which nothing is known."""
    return [0, 0.0, 0.0, 0.0]


def count(sums: Sums, tag: str, value: float) -> Sums:
    """One sample more."""
    place = TAGS.index(tag)
    sums[0] += place == 0
    sums[place + 1] += value
    return sums


def row(equipment: str, minute: int, sums: Sequence[float]) -> Row:
    """The minute (its begin in ms since 1970) as it is told; what cannot be said is None.

    availability = running / samples; performance = ideal cycle time x total / time running;
    quality = good / total; oee = the product of the three.
    """
    samples, running, total, good = sums
    availability = _ratio(running, samples)
    performance = _ratio(IDEAL_CYCLE_S * total, running * PERIOD_MS / 1000)
    quality = _ratio(good, total)
    known = availability is not None and performance is not None and quality is not None
    return {
        "equipment": equipment,
        "minute": minute,
        "samples": samples,
        "running": running,
        "total": total,
        "good": good,
        "availability": availability,
        "performance": performance,
        "quality": quality,
        "oee": availability * performance * quality if known else None,  # type: ignore[operator]
    }


def row_key(equipment: str, minute: int) -> str:
    """What the row stands under in its topic; the newest of a key counts."""
    return f"{equipment}|{minute}"


def closed(windows: Mapping[int, _T], newest_ms: int) -> list[int]:
    """The minutes that are over, the oldest first."""
    return sorted(minute for minute in windows if is_over(minute, newest_ms))


def is_over(minute: int, newest_ms: int) -> bool:
    """Whether nothing that comes counts for this minute any more."""
    return minute + WINDOW_MS + GRACE_MS <= newest_ms


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
