"""What cannot wait for its frame: values that cross a limit of an alert rule, changes of state."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Self

from ingest.crossings import NOWHERE, START, Judged, Look, Looked, judged, looks_at, quiet
from ingest.input import Alarm, Sample, Told, Value
from ingest.values import is_bad, number, scaled
from schemas.plant.load import PlantFile
from schemas.plant.tags import Tag
from schemas.record import EquipmentPath

URGENT_PER_S = 5
"""Of one equipment: what crosses more often than this waits like everything else."""
_NUMBERS: frozenset[type] = frozenset({float, int})
_NOTHING: frozenset[EquipmentPath] = frozenset()


@dataclass(slots=True)
class _Watched:
    """One equipment: what is looked at, and on which side of each limit it is."""

    look: Look
    values: dict[str, Value] = field(default_factory=dict)
    sides: dict[int, Judged] = field(default_factory=dict)
    second: float = 0.0
    """When the second began in which `granted` were urgent."""
    granted: int = 0


@dataclass(slots=True)
class _WatchedTag:
    """One tag of it; a value from `low` to `high`, as the source tells it, crosses nothing."""

    equipment: _Watched
    looked: Looked
    low: float = math.inf
    high: float = -math.inf


class Urgency:
    """Which equipment has news that somebody may be called for.

    Only what crosses a limit, back or forth, is urgent, and not what stays beyond it. One of these
    serves all inputs of an edge over all its plant files.
    """

    def __init__(self) -> None:
        self._watched: dict[EquipmentPath, _Watched] = {}
        self._tags: dict[tuple[EquipmentPath, str], _WatchedTag] = {}

    @classmethod
    def of(cls, plant: PlantFile) -> Self:
        """What is urgent under this plant file."""
        made = cls()
        made.adopt(plant)
        return made

    def adopt(self, plant: PlantFile) -> None:
        """Go on under another plant file; equipment that is looked at as before stays as it is."""
        before = self._watched
        self._watched = {
            path: before[path] if path in before and before[path].look == look else _Watched(look)
            for path, look in looks_at(plant).items()
        }
        self._tags = {
            (path, name): _WatchedTag(one, looked)
            for path, one in self._watched.items()
            for name, looked in one.look.tags.items()
        }

    def among(self, observations: Iterable[Told], now_s: float) -> frozenset[EquipmentPath]:
        """The equipment of which these say something urgent; `now_s` is of any steady clock."""
        if not self._watched:
            return _NOTHING
        found = frozenset(self._crossing(observations))
        return frozenset(path for path in found if _grants(self._watched[path], now_s))

    def _crossing(self, observations: Iterable[Told]) -> Iterator[EquipmentPath]:
        tags = self._tags
        for seen in observations:
            if isinstance(seen, Sample):
                # Nearly all samples end here, so this is written for speed.
                one = tags.get(seen[:2])
                if one is None or (type(seen[2]) in _NUMBERS and one.low <= seen[2] <= one.high):  # type: ignore[operator]
                    continue
                if _crosses(one, seen):
                    yield seen.equipment
            elif isinstance(seen, Alarm) and self._is_awaited(seen):
                yield seen.equipment

    def _is_awaited(self, alarm: Alarm) -> bool:
        """Whether a rule waits for an alarm of this severity."""
        one = self._watched.get(alarm.equipment)
        return one is not None and one.look.alarm is not None and alarm.severity >= one.look.alarm


def _crosses(tag: _WatchedTag, sample: Sample) -> bool:
    """Whether the sample is on another side of a limit than the one before it."""
    if sample.historical:
        return False
    one, looked = tag.equipment, tag.looked
    one.values[sample.tag] = _in_unit(looked.tag, sample)
    crossed = False
    for place, condition in looked.conditions:
        before = one.sides.get(place, START)
        after = judged(condition, before, one.values, sample.source_time)
        one.sides[place] = after
        crossed |= after.side != before.side
    tag.low, tag.high = _quiet(tag)
    return crossed


def _quiet(tag: _WatchedTag) -> tuple[float, float]:
    """The raw values that all of its conditions would find where they are."""
    sides = tag.equipment.sides
    found = [quiet(condition, sides[place].side) for place, condition in tag.looked.conditions]
    low, high = max(low for low, _ in found), min(high for _, high in found)
    if not tag.looked.tag.is_scaled:
        return low, high
    factor, offset = tag.looked.tag.factor, tag.looked.tag.offset
    ends = sorted(((low - offset) / factor, (high - offset) / factor))
    return (ends[0], ends[1]) if low <= high else NOWHERE


def _in_unit(tag: Tag, sample: Sample) -> Value:
    """The value in the unit of the plant, in which limits are; a bad one is none."""
    if is_bad(sample.quality):
        return None
    if tag.is_scaled:
        return scaled(number(sample.value), tag.factor, tag.offset)
    return sample.value


def _grants(watched: _Watched, now_s: float) -> bool:
    """Whether the equipment may be urgent once more in this second."""
    if not 0 <= now_s - watched.second < 1 or not watched.granted:
        watched.second, watched.granted = now_s, 0
    watched.granted += 1
    return watched.granted <= URGENT_PER_S
