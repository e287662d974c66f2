"""When equipment was seen last, and what of it was missed."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from ingest.input import Alive, Missed, Observation, Sample
from schemas.record import EquipmentPath

_UNKNOWN = "it was not asked in time"


class Sight:
    """What is known of the equipment of one line."""

    def __init__(self) -> None:
        self._seen: dict[EquipmentPath, datetime] = {}
        self._reasons: dict[EquipmentPath, str] = {}

    def lost(self, equipment: Iterable[EquipmentPath], reason: str) -> None:
        """It could not be asked; the first reason is the one that is told."""
        for path in equipment:
            self._reasons.setdefault(path, reason)

    def seen(self, samples: Iterable[Sample], allowed: timedelta) -> list[Observation]:
        """The samples of a poll in the order of time, with what was missed before and who is alive.

        Equipment that was not seen for longer than `allowed` has missed something.
        """
        observations: list[Observation] = []
        answered: dict[EquipmentPath, datetime] = {}
        for sample in samples:
            path, at = sample.equipment, sample.source_time
            if not sample.quality and path not in answered:
                observations += self._missed(path, at, allowed)
                answered[path] = at
            elif path in answered:
                answered[path] = at
            observations.append(sample)
        self._seen |= answered
        observations += [Alive(path, at) for path, at in answered.items()]
        return observations

    def _missed(self, path: EquipmentPath, at: datetime, allowed: timedelta) -> list[Observation]:
        reason = self._reasons.pop(path, _UNKNOWN)
        last = self._seen.get(path)
        if last is None or at - last <= allowed:
            return []
        return [Missed(path, last, at, reason)]
