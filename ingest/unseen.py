"""What nobody has seen of the equipment: since when, why, and until when it turns out to be."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ingest.input import Alarm, Alive, Back, Missed, Sample, Told
from ingest.values import is_bad
from schemas.record import EquipmentPath

EDGE = ""
"""Stands for the edge itself where a source could be named."""

_SEEN = "seen_until"
_HOLES = "unseen"

Reading = tuple[str, EquipmentPath]
"""A source, and equipment that is read there."""


@dataclass(frozen=True, slots=True)
class Hole:
    """Since when something is not seen, and why."""

    start: datetime
    reason: str


class Unseen:
    """The holes that are open, per source and equipment, over restarts.

    A hole ends with the first sign of its equipment, however often its source fails before; it is
    told then, unless the source kept what was said meanwhile.
    """

    def __init__(self, memory: Mapping[str, bytes]) -> None:
        self._seen = _load_seen(memory.get(_SEEN))
        self._holes = _load_holes(memory.get(_HOLES))
        self._dumped = self._dump_holes()
        self._begun: dict[str, datetime] = {}

    def saw(self, source: str, now: datetime) -> None:
        """The source, or the edge itself, was there until now."""
        self._seen[source] = now

    def seen(self, source: str) -> datetime | None:
        """Until when it was there."""
        return self._seen.get(source)

    def begin(self, source: str, now: datetime) -> None:
        """The source is asked again from now on."""
        self._begun[source] = now

    def lose(self, readings: Iterable[Reading], start: datetime, reason: str) -> None:
        """These are not seen from `start` on; a hole that is open already stays as it is."""
        for reading in readings:
            self._holes.setdefault(reading, Hole(start, reason))
        self._dumped = self._dump_holes()

    def ended(
        self, source: str, observations: Sequence[Told], now: datetime
    ) -> dict[Reading, Missed | None]:
        """The holes that end with what a source says, and what of each was missed."""
        if not any(reading[0] == source for reading in self._holes):
            return {}
        begun = self._begun.get(source, now)
        signs: dict[EquipmentPath, list[datetime]] = {}
        found: dict[Reading, Missed | None] = {}
        for seen in observations:
            if isinstance(seen, Back) and seen.whole and (source, seen.equipment) in self._holes:
                found.setdefault((source, seen.equipment), None)
            for path, at in _signs(seen):
                signs.setdefault(path, []).append(at)
        for path, times in signs.items():
            hole = self._holes.get((source, path))
            if hole is not None and (source, path) not in found:
                # What is older was so already; it says nothing of what could be seen then.
                end = min((at for at in times if begun <= at <= now), default=now)
                found[source, path] = _missed(hole, source, path, end)
        return found

    def leave(self, readings: Collection[Reading], now: datetime) -> dict[Reading, Missed | None]:
        """The holes that end because they are beside all that is read from now on."""
        return {
            reading: _missed(hole, *reading, now)
            for reading, hole in self._holes.items()
            if reading not in readings
        }

    def close(self, readings: Collection[Reading]) -> None:
        """These have been told."""
        if readings:
            self._holes = {key: hole for key, hole in self._holes.items() if key not in readings}
            self._dumped = self._dump_holes()

    def memory(self, stored: Mapping[str, bytes]) -> dict[str, bytes]:
        """What is to be stored, beside what is."""
        seen = {source: at.isoformat() for source, at in self._seen.items()}
        rows = {_SEEN: json.dumps(seen).encode()}
        if stored.get(_HOLES, b"[]") != self._dumped:
            rows[_HOLES] = self._dumped
        return rows

    def _dump_holes(self) -> bytes:
        rows = [
            [*reading, hole.start.isoformat(), hole.reason] for reading, hole in self._holes.items()
        ]
        return json.dumps(rows).encode()


def _signs(seen: Told) -> Iterator[tuple[EquipmentPath, datetime]]:
    match seen:
        case Sample(equipment=path, source_time=at):
            if not seen.historical and not is_bad(seen.quality):
                yield path, at
        case Alive(equipment=path, at=at) | Alarm(equipment=path, at=at):
            yield path, at
        case Back(equipment=path, at=at):
            yield path, at
        case _:
            pass


def _missed(hole: Hole, source: str, path: EquipmentPath, end: datetime) -> Missed:
    return Missed(path, hole.start, max(hole.start, end), hole.reason, source=source)


def _load_seen(stored: bytes | None) -> dict[str, datetime]:
    rows = json.loads(stored or b"{}")
    return {source: datetime.fromisoformat(at) for source, at in rows.items()}


def _load_holes(stored: bytes | None) -> dict[Reading, Hole]:
    rows = json.loads(stored or b"[]")
    return {
        (source, path): Hole(datetime.fromisoformat(start), reason)
        for source, path, start, reason in rows
    }
