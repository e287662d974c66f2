"""All open deliveries: which one goes next on which channel. Neither sends nor reads a clock."""

import heapq
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from schemas.alerts import SEVERITIES
from sinks.notify.breaker import Breaker, Resting
from sinks.notify.delivery import Answer, Delivery, Retrying
from sinks.notify.message import NotYetKnownError, TemporaryError

IN_FLIGHT = 64
"""Messages that have an intent and no outcome: so many can be repeated after a crash."""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)

LaneKey = tuple[str, str, str]
"""Group, recipient and the channel that was asked for: its messages keep their order."""


@dataclass(frozen=True, slots=True)
class Job:
    """A message that is to go now on this channel, or to be given up because it is too late."""

    delivery: Delivery
    channel: str
    expired: bool
    lane: LaneKey


@dataclass(slots=True)
class Gate:
    """What holds for one channel."""

    pause: timedelta
    """Between the beginnings of two messages."""
    breaker: Breaker = field(default_factory=Breaker)
    free_at: datetime = _LONG_AGO
    in_flight: int = 0
    ready: list[tuple[int, int, LaneKey]] = field(default_factory=list)
    """Heap of what is due: the most severe first, then the oldest."""
    waiting: list[tuple[datetime, int, LaneKey]] = field(default_factory=list)
    """Heap of what is not yet due."""


class Board:
    """Open deliveries in lanes; only the first of a lane can go."""

    def __init__(
        self,
        most_per_s: Mapping[str, float],
        retrying: Retrying | None = None,
        resting: Resting | None = None,
    ) -> None:
        self._retrying, self._resting = retrying or Retrying(), resting or Resting()
        self._gates: dict[str, Gate] = {}
        self._lanes: dict[LaneKey, deque[tuple[int, Delivery]]] = {}
        self._count = self._taken = self._turn = 0
        self.open = 0
        """Deliveries that are not over."""
        self.tune(most_per_s)

    def tune(self, most_per_s: Mapping[str, float]) -> None:
        """These are the channels' limits from here on; what is open stays where it is."""
        for name, most in most_per_s.items():
            self._gate(name).pause = timedelta(seconds=1 / most)

    def add(self, delivery: Delivery) -> None:
        """One more; it goes after those of its lane."""
        told = delivery.notification
        lane = (told.group, told.recipient, told.channel)
        self._count += 1
        self.open += 1
        self._lanes.setdefault(lane, deque()).append((self._count, delivery))
        if len(self._lanes[lane]) == 1:
            self._enqueue(lane, delivery.since)

    def take(self, now: datetime) -> list[Job]:
        """What is to go now; each channel has its share, so none waits for another's provider."""
        jobs: list[Job] = []
        names = list(self._gates)
        self._turn += 1
        start = self._turn % len(names) if names else 0
        for name in names[start:] + names[:start]:
            jobs += self._taken_from(name, now)
        return jobs

    def settle(self, job: Job, answer: Answer | None, left: Delivery | None, now: datetime) -> None:
        """A job is done: what its provider said (None: it was not asked), and what is left."""
        gate = self._gate(job.channel)
        if answer is not None:
            gate.in_flight -= 1
            self._taken -= 1
            gate.breaker = self._after(gate.breaker, answer, now)
        lane = self._lanes[job.lane]
        number, _ = lane.popleft()
        if left is None:
            self.open -= 1
        else:
            lane.appendleft((number, left))
        if lane:
            self._enqueue(job.lane, now)
        else:
            del self._lanes[job.lane]

    def move(self, by: timedelta) -> None:
        """The clock was set: all pauses last as long as they would have."""
        for gate in self._gates.values():
            gate.free_at = max(gate.free_at, _LONG_AGO + abs(by)) + by
            gate.breaker = gate.breaker.moved(by)
            gate.waiting = [(due + by, number, lane) for due, number, lane in gate.waiting]
        for waiting in self._lanes.values():
            moved = [(number, one.moved(by)) for number, one in waiting]
            waiting.clear()
            waiting.extend(moved)

    def next_at(self, now: datetime) -> datetime | None:
        """When something may go that cannot go now; None while only an answer helps."""
        times = [one for gate in self._gates.values() for one in self._times(gate, now)]
        return min(times, default=None)

    def gates(self) -> Mapping[str, Gate]:
        """The channels as they stand, for the meters."""
        return self._gates

    def waiting_on(self, channel: str) -> int:
        """Lanes whose first message waits for this channel."""
        gate = self._gate(channel)
        return len(gate.ready) + len(gate.waiting)

    def _taken_from(self, name: str, now: datetime) -> Iterator[Job]:
        gate = self._gates[name]
        while gate.waiting and gate.waiting[0][0] <= now:
            _, number, lane = heapq.heappop(gate.waiting)
            heapq.heappush(gate.ready, (self._rank(lane), number, lane))
        while gate.ready and (gate.breaker.is_open(now) or self._has_room(gate, now)):
            _, number, lane = heapq.heappop(gate.ready)
            delivery = self._lanes[lane][0][1]
            if delivery.is_expired(now):
                yield Job(delivery, name, True, lane)
            elif gate.breaker.is_open(now):
                self._turn_away(number, lane, now)
            else:
                gate.in_flight += 1
                self._taken += 1
                gate.free_at = max(gate.free_at, now) + gate.pause
                yield Job(delivery, name, False, lane)

    def _turn_away(self, number: int, lane: LaneKey, now: datetime) -> None:
        """To a channel whose provider answers, or until the first of them is tried again."""
        delivery = self._lanes[lane][0][1]
        resting = {
            one: gate.breaker.until
            for one, gate in self._gates.items()
            if gate.breaker.until is not None and gate.breaker.is_open(now)
        }
        other = delivery.channel(now, self._retrying, resting)
        due = max(delivery.due(other), resting.get(other, now))
        due = min(due, delivery.notification.expires_at)
        heapq.heappush(self._gate(other).waiting, (due, number, lane))

    def _has_room(self, gate: Gate, now: datetime) -> bool:
        if gate.breaker.is_probing(now) and gate.in_flight:
            return False
        return self._taken < IN_FLIGHT and gate.in_flight < self._share() and gate.free_at <= now

    def _share(self) -> int:
        return max(1, IN_FLIGHT // max(1, len(self._gates)))

    def _times(self, gate: Gate, now: datetime) -> Iterator[datetime]:
        if gate.ready and gate.in_flight < self._share() and gate.free_at > now:
            yield gate.free_at
        if gate.waiting:
            yield gate.waiting[0][0]

    def _enqueue(self, lane: LaneKey, now: datetime) -> None:
        number, delivery = self._lanes[lane][0]
        name = delivery.channel(now, self._retrying)
        heapq.heappush(self._gate(name).waiting, (delivery.due(name), number, lane))

    def _rank(self, lane: LaneKey) -> int:
        return -SEVERITIES.index(self._lanes[lane][0][1].notification.severity)

    def _gate(self, name: str) -> Gate:
        """Of a channel that the plant file does not know as well: there it is refused."""
        return self._gates.setdefault(name, Gate(timedelta()))

    def _after(self, breaker: Breaker, answer: Answer, now: datetime) -> Breaker:
        """A provider that says when it will take it is alive; one not asked says nothing."""
        if isinstance(answer, NotYetKnownError):
            return breaker
        if isinstance(answer, TemporaryError) and answer.retry_after is None:
            return breaker.failed(now, self._resting)
        return breaker.answered()
