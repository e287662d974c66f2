"""What cannot wait for its frame: values that cross a limit of an alert rule, changes of state."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Self

from ingest.crossings import START, Judged, Look, judged, looks_at
from ingest.input import Alarm, Sample, Told, Value
from ingest.values import is_bad, number, scaled
from schemas.plant.load import PlantFile
from schemas.plant.tags import Tag
from schemas.record import EquipmentPath

URGENT_PER_S = 5
"""Of one equipment: what crosses more often than this waits like everything else."""
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


class Urgency:
    """Which equipment has news that somebody may be called for.

    Only what crosses a limit, back or forth, is urgent, and not what stays beyond it. One of these
    serves all inputs of an edge over all its plant files.
    """

    def __init__(self) -> None:
        self._watched: dict[EquipmentPath, _Watched] = {}

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

    def among(self, observations: Iterable[Told], now_s: float) -> frozenset[EquipmentPath]:
        """The equipment of which these say something urgent; `now_s` is of any steady clock."""
        if not self._watched:
            return _NOTHING
        found = frozenset(self._crossing(observations))
        return frozenset(path for path in found if _grants(self._watched[path], now_s))

    def _crossing(self, observations: Iterable[Told]) -> Iterator[EquipmentPath]:
        watched = self._watched
        for seen in observations:
            if isinstance(seen, Sample):
                one = watched.get(seen.equipment)
                if one is not None and seen.tag in one.look.tags and _crosses(one, seen):
                    yield seen.equipment
            elif isinstance(seen, Alarm):
                one = watched.get(seen.equipment)
                least = None if one is None else one.look.alarm
                if least is not None and seen.severity >= least:
                    yield seen.equipment


def _crosses(watched: _Watched, sample: Sample) -> bool:
    """Whether the sample is on another side of a limit than the one before it."""
    if sample.historical:
        return False
    looked = watched.look.tags[sample.tag]
    watched.values[sample.tag] = _in_unit(looked.tag, sample)
    crossed = False
    for place, condition in looked.conditions:
        before = watched.sides.get(place, START)
        after = judged(condition, before, watched.values, sample.source_time)
        watched.sides[place] = after
        crossed |= after.side != before.side
    return crossed


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
