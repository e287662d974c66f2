"""When equipment was seen last, and what of it was missed."""

from collections.abc import Iterable, Sequence
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

    def seen(self, samples: Sequence[Sample], allowed: timedelta) -> list[Observation]:
        """The samples of a poll in the order of time, with what was missed before and who is alive.

        Equipment that was not seen for longer than `allowed` has missed something.
        """
        if not samples:
            return []
        answered = {one.equipment for one in samples if not one.quality}
        missed = [one for path in answered for one in self._missed(path, samples, allowed)]
        observations: list[Observation] = [*samples]
        for one in missed:
            observations.insert(_place(samples, one.equipment), one)
        last = samples[-1].source_time
        for path in answered:
            self._seen[path] = last
            observations.append(Alive(path, last))
        return observations

    def _missed(
        self, path: EquipmentPath, samples: Sequence[Sample], allowed: timedelta
    ) -> list[Missed]:
        reason, before = self._reasons.pop(path, None), self._seen.get(path)
        if before is None or timedelta(0) <= samples[-1].source_time - before <= allowed:
            return []
        at = samples[_place(samples, path)].source_time
        if at < before:
            # The clock was set back: that it was lost is known, and not for how long.
            return [Missed(path, at, at, reason)] if reason else []
        return [Missed(path, before, at, reason or _UNKNOWN)] if at - before > allowed else []


def _place(samples: Sequence[Sample], path: EquipmentPath) -> int:
    """Where the first good sample of this equipment is."""
    found = (at for at, one in enumerate(samples) if one.equipment == path and not one.quality)
    return next(found)
