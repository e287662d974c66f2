"""A server's answers on their way to observations."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from asyncua import ua

from ingest.input import Alarm, Alive, Missed, Observation, Sample, Unreadable
from ingest.inputs.opcua.values import (
    UnsuitableError,
    in_utc,
    is_believable,
    overflowed,
    quality_of,
    time_of,
    value_of,
)
from ingest.inputs.opcua.watch import Watch
from ingest.mapping import AHEAD, SKEW_LIMIT
from schemas.record import EquipmentPath

_LAST_SEQUENCE_NUMBER = 2**32 - 1
_NUMBERED = ua.DataChangeNotification | ua.EventNotificationList
"""What counts; asyncua itself tells of a lost connection as an answer with number 0."""
_Items = Sequence[ua.MonitoredItemNotification]
_BEGINNING = datetime.min.replace(tzinfo=UTC)
_END = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Outage:
    """From when on nothing was seen, by the server's clock."""

    reason: str
    start: datetime
    """All that was seen was before."""
    known_until: datetime
    """All before was seen."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a server's history tells of an outage."""

    items: Sequence[ua.MonitoredItemNotification]
    complete: frozenset[int]
    """Tags of which it tells everything."""
    followed: frozenset[int]
    """Tags that the server has at all."""
    server_started: datetime


class Translator:
    """A server's answers as observations, over all connections to it.

    Time is the server's: everything older than `seen_until` was delivered.
    """

    def __init__(self, watched: Sequence[Watch], endpoint: str, sampling_ms: float) -> None:
        self.unfiltered: frozenset[int] = frozenset()
        """Tags of which the server applies no deadband, though it was asked to."""
        self._watched = watched
        self._asked = frozenset(at for at, watch in enumerate(watched) if watch.deadband)
        self._paths = tuple(dict.fromkeys(watch.equipment for watch in watched))
        self._endpoint = endpoint
        self._sampling = timedelta(milliseconds=sampling_ms)
        self._reported: set[int] = set()
        self._seen_until: datetime | None = None
        self._newest: datetime | None = None
        self._alive_at: datetime | None = None
        self.outage: Outage | None = None
        """While it lasts, and until the first answer after it."""
        self.sequence: int | None = None
        """The number of the last answer that said something."""
        self._last: dict[int, datetime] = {}
        self._recovered: dict[int, datetime] = {}
        """Until when history told everything, for tags that have said nothing since."""
        self._whole: frozenset[EquipmentPath] = frozenset()
        """Equipment of which nothing is missed in the outage, thanks to history."""
        self._floors: dict[int, datetime] = {}
        """Where an outage or a hole ended, for tags that have said nothing since."""
        self._torn = False

    def interrupt(self, reason: str) -> None:
        """The connection is gone: what happens from now on until the next answer is missed."""
        if self.outage is None and self._newest is not None:
            seen = self._seen_until or self._newest
            self.outage = Outage(reason, max(self._newest, seen), min(self._newest, seen))

    def restart(self) -> None:
        """A new subscription begins: its answers are numbered anew, and all it says is news."""
        self.sequence = None
        self.unfiltered = frozenset()
        self._torn = False

    def resume(self) -> None:
        """The subscription went on without us, and its numbers will tell whether all came."""
        self.outage = None

    def recover(self, found: Recovered, arrival: datetime) -> list[Observation]:
        """What was not seen in the outage, from history, each value once and at its own time."""
        if self.outage is None:
            return []
        outage = self.outage
        of_path: dict[EquipmentPath, set[int]] = {path: set() for path in self._paths}
        for handle in found.followed:
            of_path[self._watched[handle].equipment].add(handle)
        self._whole = frozenset(
            path for path, handles in of_path.items() if handles and handles <= found.complete
        )

        def is_told(handle: int, at: datetime) -> bool:
            return at <= self._last.get(handle, outage.known_until)

        values = [
            (rank, _kept(one, arrival))
            for rank, one in self._observations(found.items, arrival, is_told)
        ]
        if found.server_started > outage.start:
            reason = f"{outage.reason}, and the server was started again"
            values += [
                (-1, Missed(path, outage.start, found.server_started, reason))
                for path in self._whole
            ]
        self._recovered = {
            handle: self._last.get(handle, outage.known_until) for handle in found.complete
        }
        return [observation for _, observation in sorted(values, key=_place)]

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
        if not any(isinstance(one, _NUMBERED) for one in message.NotificationData or ()):
            if self.outage is None:
                self._see(published)
            return []
        lost, filtered = self._lost(message.SequenceNumber), self._asked - self.unfiltered
        return self._seen(items, arrival, published, lost, filtered)

    def torn(self) -> bool:
        """Whether answers were lost since this was asked last: what they said will not come."""
        torn, self._torn = self._torn, False
        return torn

    def read_again(self, items: _Items, arrival: datetime) -> list[Observation]:
        """How the tags are of which nothing was told since the hole."""
        unheard = [one for one in items if one.ClientHandle in self._floors]
        found = self._observations(unheard, arrival, lambda *_: False)
        return [observation for _, observation in sorted(found, key=_place)]

    def polled(self, items: _Items, arrival: datetime, asked: datetime) -> list[Observation]:
        """What was read when the server's clock said `asked`."""
        return self._seen(items, arrival, asked)

    def _seen(
        self,
        items: _Items,
        arrival: datetime,
        published: datetime,
        lost: str | None = None,
        filtered: Collection[int] = (),
    ) -> list[Observation]:
        outage, self.outage = self.outage, None
        missed = self._missed(outage, lost, published)
        self._torn = self._torn or lost is not None
        if outage is not None or lost is not None:
            unknown = set(range(len(self._watched))) - self._recovered.keys()
            self._floors = dict.fromkeys(unknown, published)
        found = list(self._observations(items, arrival, self._is_told, filtered))
        self._see(published)
        return [*missed, *(observation for _, observation in sorted(found, key=_place))]

    def _is_told(self, handle: int, at: datetime) -> bool:
        """Whether the first value after an outage stood in the history."""
        return at <= self._recovered.pop(handle, _BEGINNING)

    def alive(self) -> list[Observation]:
        """One sign of life per equipment, if there was one since the last call."""
        if self._seen_until is None or self._seen_until == self._alive_at:
            return []
        self._alive_at = self._seen_until
        return [Alive(path, self._seen_until) for path in self._paths]

    def _see(self, published: datetime) -> None:
        """What was sampled before the answer was on its way has been delivered."""
        if self._newest is not None and self._newest - published > AHEAD:
            # Nobody believes that, and a gap from then on would hide all others.
            self._newest = published
        until, before = published - self._sampling, self._seen_until
        # Further back than answers can overtake each other, the server's clock was set.
        if before is None or until > before or before - until > AHEAD:
            self._seen_until = until

    def _lost(self, sequence: int) -> str | None:
        """Why answers before this one never came."""
        before, self.sequence = self.sequence, sequence
        if before is None or sequence == _after(before):
            return None
        return f"answers {_after(before)} to {sequence - 1} of the server were lost"

    def _missed(
        self, outage: Outage | None, lost: str | None, published: datetime
    ) -> list[Observation]:
        if outage is not None:
            paths = [path for path in self._paths if path not in self._whole]
            start, reason, self._whole = outage.start, outage.reason, frozenset()
        elif lost is not None and self._newest is not None:
            paths = list(self._paths)
            start, reason = max(self._newest, self._seen_until or self._newest), lost
        else:
            return []
        return [Missed(path, start, max(start, published), reason) for path in paths]

    def _observations(
        self,
        items: _Items,
        arrival: datetime,
        is_told: Callable[[int, datetime], bool],
        filtered: Collection[int] = (),
    ) -> Iterator[tuple[int, Observation]]:
        floors = dict(self._floors)
        for item in items:
            watch = self._watched[item.ClientHandle]
            try:
                sample = _sample(watch, item.Value, arrival)
            except UnsuitableError as error:
                reason = f"its value is {error}: name a node with a single value in the plant file"
                yield from ((0, one) for one in self.absent(item.ClientHandle, reason))
                continue
            if is_told(item.ClientHandle, sample.source_time):
                continue
            self._last[item.ClientHandle] = sample.source_time
            self._floors.pop(item.ClientHandle, None)
            floor = floors.get(item.ClientHandle)
            is_moment = watch.means == "cycle_time"
            if floor is not None and sample.source_time < floor and not is_moment:
                # It was so before already, or came while nobody looked: all that is known is now.
                sample = sample._replace(source_time=floor)
            if overflowed(sample.quality) and watch.means and self._newest is not None:
                start = min(self._newest, sample.source_time)
                reason = f"the server dropped values of {watch.tag}: its queue was too short"
                yield -1, Missed(watch.equipment, start, sample.source_time, reason)
            if item.ClientHandle in filtered:
                sample = sample._replace(filtered=True)
            yield watch.rank, sample
            self._newest = max(self._newest or sample.source_time, sample.source_time)


def _items(notification: object) -> _Items:
    if isinstance(notification, ua.DataChangeNotification):
        return notification.MonitoredItems or ()
    return ()


def _sample(watch: Watch, data: ua.DataValue, arrival: datetime) -> Sample:
    at = time_of(data, arrival)
    return Sample(watch.equipment, watch.tag, value_of(data), at, quality_of(data))


def _kept(seen: Observation, arrival: datetime) -> Observation:
    """What is too old for a live value is not, if it stood in the history."""
    if isinstance(seen, Sample) and arrival - seen.source_time > SKEW_LIMIT:
        return seen._replace(kept=True)
    return seen


def _place(ranked: tuple[int, Observation]) -> tuple[datetime, int]:
    rank, observation = ranked
    match observation:
        case Sample(source_time=at) | Missed(end=at) | Alive(at=at) | Alarm(at=at):
            return at, rank
        case Unreadable():
            return _END, rank


def _after(sequence: int) -> int:
    return 1 if sequence == _LAST_SEQUENCE_NUMBER else sequence + 1
