"""The tags of the plant file that are watched at a server, and the answers' way to observations."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from asyncua import ua

from ingest.input import Alive, Missed, Observation, Sample, Unreadable
from ingest.inputs.opcua.addresses import Address, parse
from ingest.inputs.opcua.values import (
    UnsuitableError,
    in_utc,
    is_believable,
    overflowed,
    quality_of,
    time_of,
    value_of,
)
from plantstream.runtime.errors import MisconfiguredError
from schemas.plant.model import Equipment
from schemas.record import EquipmentPath

_ORDER = ("batch", "product", "state", "good_count", "scrap_count", "rework_count")
_LAST_SEQUENCE_NUMBER = 2**32 - 1
_Items = Sequence[ua.MonitoredItemNotification]
_END = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Watch:
    """A tag that is watched; its place in the sequence of watches is its client handle."""

    equipment: EquipmentPath
    tag: str
    means: str | None
    address: Address

    @property
    def rank(self) -> int:
        """At equal source time: batch, product, state, counts, the rest."""
        return _ORDER.index(self.means) if self.means else len(_ORDER)


def watches(equipment: Sequence[tuple[EquipmentPath, Equipment]]) -> tuple[Watch, ...]:
    """All tags of this equipment.

    Raises:
        MisconfiguredError: with every tag that has no address or a wrong one.
    """
    found: list[Watch] = []
    mistakes: list[str] = []
    for path, one in equipment:
        for tag in one.tags:
            try:
                found.append(Watch(path, tag.name, tag.means, parse(tag.node or "")))
            except ValueError as error:
                mistakes.append(f"tag {tag.name} of {one.id}: node {error}")
    if mistakes:
        raise MisconfiguredError("\n".join(mistakes))
    return tuple(found)


class Translator:
    """A server's answers as observations, over all connections to it.

    Time is the server's: everything older than `seen_until` was delivered.
    """

    def __init__(self, watched: Sequence[Watch], endpoint: str, sampling: timedelta) -> None:
        self._watched = watched
        self._paths = tuple(dict.fromkeys(watch.equipment for watch in watched))
        self._endpoint = endpoint
        self._sampling = sampling
        self._reported: set[int] = set()
        self._seen_until: datetime | None = None
        self._newest: datetime | None = None
        self._alive_at: datetime | None = None
        self._outage: str | None = None
        self._sequence: int | None = None

    def interrupt(self, reason: str) -> None:
        """The connection is gone: what happens from now on until the next answer is missed."""
        self._outage = self._outage or reason
        self._sequence = None

    def absent(self, handle: int, reason: str) -> list[Unreadable]:
        """A tag that cannot be watched; it is reported once."""
        if handle in self._reported:
            return []
        self._reported.add(handle)
        watch = self._watched[handle]
        origin = f"{self._endpoint} {watch.address.text}"
        told = f"tag {watch.tag} of {watch.equipment}: {reason}"
        return [Unreadable(origin, None, watch.address.text.encode(), told)]

    def answer(self, result: ua.PublishResult, arrival: datetime) -> list[Observation]:
        """What a publish answer says, in the order of source time."""
        message = result.NotificationMessage
        published = arrival
        if message.PublishTime is not None and is_believable(message.PublishTime):
            published = in_utc(message.PublishTime)
        items = [item for one in message.NotificationData or () for item in _items(one)]
        if not items:
            if self._outage is None:
                self._see(published)
            return []
        missed = self._missed(message.SequenceNumber, published)
        floor = published if missed and self._outage else None
        self._outage = None
        found = list(self._observations(items, arrival, floor))
        self._see(published)
        return [*missed, *(observation for _, observation in sorted(found, key=_place))]

    def alive(self) -> list[Observation]:
        """One sign of life per equipment, if there was one since the last call."""
        if self._seen_until is None or self._seen_until == self._alive_at:
            return []
        self._alive_at = self._seen_until
        return [Alive(path, self._seen_until) for path in self._paths]

    def _see(self, published: datetime) -> None:
        """What was sampled before the answer was on its way has been delivered."""
        until = published - self._sampling
        if self._seen_until is None or until > self._seen_until:
            self._seen_until = until

    def _missed(self, sequence: int, published: datetime) -> list[Observation]:
        before, self._sequence = self._sequence, sequence
        known = [moment for moment in (self._seen_until, self._newest) if moment is not None]
        if self._newest is None:
            return []
        reason = self._outage
        if before is not None and sequence != _after(before):
            reason = f"answers {_after(before)} to {sequence - 1} of the server were lost"
        if reason is None:
            return []
        start = max(known)
        return [Missed(path, start, max(start, published), reason) for path in self._paths]

    def _observations(
        self,
        items: Sequence[ua.MonitoredItemNotification],
        arrival: datetime,
        floor: datetime | None,
    ) -> Iterator[tuple[int, Observation]]:
        for item in items:
            watch = self._watched[item.ClientHandle]
            try:
                sample = _sample(watch, item.Value, arrival)
            except UnsuitableError as error:
                reason = f"its value is {error}: name a node with a single value in the plant file"
                yield from ((0, one) for one in self.absent(item.ClientHandle, reason))
                continue
            if floor is not None and sample.source_time < floor:
                # It was so before already, or came while nobody looked: all that is known is now.
                sample = replace(sample, source_time=floor)
            if overflowed(sample.quality) and watch.means and self._newest is not None:
                start = min(self._newest, sample.source_time)
                reason = f"the server dropped values of {watch.tag}: its queue was too short"
                yield -1, Missed(watch.equipment, start, sample.source_time, reason)
            yield watch.rank, sample
            self._newest = max(self._newest or sample.source_time, sample.source_time)


def _items(notification: object) -> _Items:
    if isinstance(notification, ua.DataChangeNotification):
        return notification.MonitoredItems or ()
    return ()


def _sample(watch: Watch, data: ua.DataValue, arrival: datetime) -> Sample:
    at = time_of(data, arrival)
    return Sample(watch.equipment, watch.tag, value_of(data), at, quality_of(data))


def _place(ranked: tuple[int, Observation]) -> tuple[datetime, int]:
    rank, observation = ranked
    match observation:
        case Sample(source_time=at) | Missed(end=at) | Alive(at=at):
            return at, rank
        case Unreadable():
            return _END, rank


def _after(sequence: int) -> int:
    return 1 if sequence == _LAST_SEQUENCE_NUMBER else sequence + 1
