"""Whether everybody was told in time, once, and left alone after the answer."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from plantstream.commands.demo_pages_due import Due
from plantstream.simulator.stand_ins.arrivals import Arrival
from plantstream.simulator.stand_ins.spoken import why_of

_Key = tuple[str, str, str]
"""Why, channel, and address."""


@dataclass(frozen=True, slots=True)
class PageFinding:
    """What one stand-in should have got, and did."""

    why: str
    channel: str
    to: str
    due: int
    came: int
    latest_s: float | None
    """Of those that were due; None if none came."""
    ok: bool
    """Each came once, in time."""


@dataclass(frozen=True, slots=True)
class PagesVerdict:
    """All findings, and what could not be seen."""

    findings: Sequence[PageFinding]
    delays_s: Sequence[float]
    """Of every message from when it was due."""
    unseen: Mapping[str, int]
    """Messages that are due after the end, by why."""

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return all(one.ok for one in self.findings)

    @property
    def due(self) -> int:
        """Messages that had to come."""
        return sum(one.due for one in self.findings)

    @property
    def right(self) -> int:
        """Of these, those that came once and in time."""
        return sum(one.due for one in self.findings if one.ok)

    def delays(self) -> tuple[float, float] | None:
        """Median and longest, in seconds."""
        return (median(self.delays_s), max(self.delays_s)) if self.delays_s else None


def judged(
    dues: Sequence[Due], arrivals: Sequence[Arrival], end: datetime, within: timedelta
) -> PagesVerdict:
    """Hold what has arrived of one alert against what was due until `end`.

    A message has to be there `within` so long after it is due; what is due later than that before
    the end may come or not.
    """
    last, after = end - within, end + within
    wanted = _by_key((one.why, one.channel, one.to, one.at) for one in dues if one.at <= last)
    late: Counter[_Key] = Counter((one.why, one.channel, one.to) for one in dues if one.at > last)
    came = _by_key(
        (why_of(one.text), one.channel, one.to, one.at) for one in arrivals if one.at <= after
    )
    findings, delays = [], []
    for key in sorted(wanted.keys() | came.keys()):
        due, there = wanted.get(key, []), came.get(key, [])
        found = list(_delays(due, there))
        delays += found
        latest = max(found, default=None)
        once = len(due) <= len(there) <= len(due) + late[key]
        ok = once and (latest is None or latest <= within.total_seconds())
        findings.append(PageFinding(*key, len(due), len(there), latest, ok))
    unseen: Counter[str] = Counter(one.why for one in dues if one.at > last)
    return PagesVerdict(findings, delays, unseen)


def _by_key(moments: Iterable[tuple[str, str, str, datetime]]) -> dict[_Key, list[datetime]]:
    found: dict[_Key, list[datetime]] = {}
    for why, channel, to, at in moments:
        found.setdefault((why, channel, to), []).append(at)
    return found


def _delays(wanted: Sequence[datetime], there: Sequence[datetime]) -> Iterator[float]:
    for due, came in zip(sorted(wanted), sorted(there), strict=False):
        yield (came - due).total_seconds()
