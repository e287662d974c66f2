"""JSON messages of one topic to observations."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ingest.input import GOOD, Alive, Missed, Observation, Sample, Unreadable, Value
from ingest.inputs.mqtt.datatypes import BAD_TYPE_MISMATCH
from ingest.inputs.mqtt.json_values import AbsentError, WrongError, parse, time_at, value_at
from ingest.inputs.mqtt.watch import Watch
from ingest.mapping import not_ahead


class JsonTopic:
    """What a topic's messages say of the tags that are read from it."""

    def __init__(self, origin: str, watches: Sequence[Watch]) -> None:
        self._origin = origin
        self._watches = watches
        self._paths = tuple(dict.fromkeys(watch.equipment for watch in watches))
        self._newest: dict[Watch, datetime] = {}
        self._told: set[tuple[Watch, type[ValueError]]] = set()
        self._alive_at: datetime | None = None

    def receive(self, payload: bytes, arrival: datetime, *, retained: bool) -> list[Observation]:
        """The values in a message.

        A retained one was said some time before we came: it counts where it says when, and where
        that is news.

        Raises:
            ValueError: it is no JSON.
        """
        document = parse(payload)
        found: list[Observation] = []
        for watch in self._watches:
            found += self._observe(watch, document, arrival, retained=retained)
        return found

    def alive(self) -> list[Observation]:
        """A sign of life if something came since the last one; a silent topic may be a dead one."""
        newest = max(self._newest.values(), default=None)
        if newest is None or newest == self._alive_at:
            return []
        self._alive_at = newest
        return [Alive(path, newest) for path in self._paths]

    def missed(self, start: datetime, end: datetime, reason: str) -> list[Observation]:
        """Messages between these times did not come; before the first one nothing was known."""
        if not self._newest:
            return []
        start = max(start, *self._newest.values())
        return [Missed(path, start, max(start, end), reason) for path in self._paths]

    def _observe(
        self, watch: Watch, document: Any, arrival: datetime, *, retained: bool
    ) -> Iterator[Observation]:
        try:
            found = _read(watch, document)
        except (AbsentError, WrongError) as error:
            yield from self._report(watch, error)
            if isinstance(error, AbsentError):
                return
            found = _Found(None, None, BAD_TYPE_MISMATCH)
        at, before = found.at or arrival, self._newest.get(watch)
        if retained and (found.at is None or (before is not None and at <= before)):
            return
        known = not_ahead(at, arrival)
        self._newest[watch] = known if before is None else max(known, before)
        yield Sample(watch.equipment, watch.tag, found.value, at, found.quality)

    def _report(self, watch: Watch, error: ValueError) -> Iterator[Unreadable]:
        """Once per tag and kind of mistake."""
        if (watch, type(error)) not in self._told:
            self._told.add((watch, type(error)))
            told = (
                f"tag {watch.tag} of {watch.equipment}: {error}; correct field or time_field in "
                "the plant file, or the publisher"
            )
            yield Unreadable(self._origin, None, watch.field.encode(), told)


@dataclass(frozen=True, slots=True)
class _Found:
    value: Value
    at: datetime | None
    quality: int = GOOD


def _read(watch: Watch, document: Any) -> _Found:
    value = value_at(document, watch.field)
    if watch.time_field is None:
        return _Found(value, None)
    try:
        return _Found(value, time_at(document, watch.time_field))
    except AbsentError as error:
        raise WrongError(f"{error}, which says its time") from None
