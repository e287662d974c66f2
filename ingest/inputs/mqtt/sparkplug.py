"""One Sparkplug B edge node as a host application sees it: births, data, deaths, lost messages.

Follows Eclipse Sparkplug 3.0, chapters 5 and 6. No value is taken without an unbroken row of
sequence numbers since the node's birth: after a loss an alias may mean another metric.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ingest.input import Alive, Missed, Observation, Sample, Unreadable
from ingest.inputs.mqtt.datatypes import (
    BAD_NO_COMMUNICATION,
    BAD_TYPE_MISMATCH,
    UnsuitableError,
    quality_of,
    value_of,
)
from ingest.inputs.mqtt.payload import MAX_SEQ, Metric, Payload
from ingest.inputs.mqtt.rebirth import Rebirth
from ingest.inputs.mqtt.watch import OF_NODE, Metrics, Watch
from schemas.record import EquipmentPath

DEVICES_BORN_WITHIN = timedelta(seconds=5)
"""After an edge node's rebirth its devices' births follow at once; else something is missed."""
MAX_ASKED = 1_000
"""Unknown metrics of a session for which births are asked again, each once."""

_BD_SEQ = "bdSeq"


@dataclass(slots=True)
class _Birth:
    """What the node itself or one of its devices said that it has."""

    names: dict[int, str] = field(default_factory=dict)
    """By alias."""
    datatypes: dict[str, int] = field(default_factory=dict)

    def tell(self, metric: Metric) -> None:
        """The device has this metric; one without a name is none."""
        if metric.name is not None:
            self.datatypes[metric.name] = metric.datatype
            if metric.alias is not None:
                self.names[metric.alias] = metric.name

    def name_of(self, metric: Metric) -> str | None:
        """The metric's name if the birth told of it."""
        name = metric.name
        if name is None and metric.alias is not None:
            name = self.names.get(metric.alias)
        return name if name in self.datatypes else None


@dataclass(frozen=True, slots=True)
class _Loss:
    at: datetime
    reason: str
    tolerated: timedelta = timedelta(0)


class EdgeNode:
    """The state of one edge node. Times are the node's own where it says any."""

    def __init__(self, origin: str, wanted: Metrics) -> None:
        self._origin = origin
        self._wanted = wanted
        self._scopes = _scopes(wanted)
        self._births: dict[str, _Birth] = {}
        self._losses: dict[EquipmentPath, _Loss] = {}
        self._reported: set[tuple[EquipmentPath, str]] = set()
        self._asked: set[tuple[str, str | int | None]] = set()
        self._seq: int | None = None
        self._bd_seq: int | None = None
        self._last: Payload | None = None
        self._seen: datetime | None = None
        self._arrival: datetime | None = None
        self._told: datetime | None = None
        self.rebirth = Rebirth()
        """Whether the node must be asked for its births."""

    @property
    def born(self) -> bool:
        """Whether its data can be read."""
        return self._seq is not None

    def receive(
        self, kind: str, device: str, payload: Payload, arrival: datetime
    ) -> list[Observation]:
        """What a message of the node says; `device` is empty for the node itself."""
        if payload.at is not None and payload == self._last:
            # It was sent again, by a broker that did not hear our acknowledgement.
            return []
        match kind:
            case "NDEATH":
                return self._node_died(payload, arrival)
            case "NBIRTH":
                return self._node_born(payload, arrival)
            case _:
                return self._in_sequence(kind, device, payload, arrival)

    def lose(self, reason: str, arrival: datetime) -> list[Observation]:
        """Messages did not come: nothing more is believed until the next birth."""
        self._seq = self._last = None
        self._asked.clear()
        self.rebirth.want()
        return self._down(list(self._births), self._now(arrival), reason)

    def resume(self, arrival: datetime) -> None:
        """What comes now may have waited at the broker: its time goes on from its last one."""
        self._arrival = arrival

    def alive(self, now: datetime) -> list[Observation]:
        """The equipment that would have been reported dead if it were."""
        up = [path for path in self._scopes if self._is_up(path)]
        if not up:
            return []
        self._told = self._now(now)
        return [Alive(path, self._told) for path in up]

    def _in_sequence(
        self, kind: str, device: str, payload: Payload, arrival: datetime
    ) -> list[Observation]:
        if self._seq is None:
            self.rebirth.want()
            return []
        expected = (self._seq + 1) % (MAX_SEQ + 1)
        if payload.seq != expected:
            return self.lose(f"message {expected} of {self._origin} was lost", arrival)
        at = self._see(payload, arrival)
        self._seq, self._last = payload.seq, payload
        match kind:
            case "DDEATH":
                return self._died([device], at, f"device {device} of {self._origin} went away")
            case "DBIRTH":
                return self._born(device, payload, at)
            case _:
                return self._data(device, payload, at)

    def _node_died(self, payload: Payload, arrival: datetime) -> list[Observation]:
        """A death of an earlier session, which a broker may tell late, means nothing."""
        session = _session(payload)
        if session is not None and self._bd_seq is not None and session != self._bd_seq:
            return []
        self._seq = self._last = None
        self.rebirth.forget()
        return self._died(list(self._births), self._now(arrival), f"{self._origin} went away")

    def _node_born(self, payload: Payload, arrival: datetime) -> list[Observation]:
        session = _session(payload)
        told, again = self._told, session == self._bd_seq
        at = self._see(payload, arrival)
        for path in self._scopes:
            if self._is_up(path) and again:
                reason = f"its device was not born again with {self._origin}"
                self._losses[path] = _Loss(at, reason, DEVICES_BORN_WITHIN)
            elif self._is_up(path):
                reason = f"{self._origin} began a new session"
                self._losses[path] = _Loss(told or at, reason)
        if not again:
            self._asked.clear()
        self._births.clear()
        self._bd_seq, self._seq, self._last = session, payload.seq or 0, payload
        self.rebirth.forget()
        return self._born(OF_NODE, payload, at)

    def _born(self, scope: str, payload: Payload, at: datetime) -> list[Observation]:
        if scope not in self._wanted:
            return []
        birth = self._births[scope] = _Birth()
        for metric in payload.metrics:
            birth.tell(metric)
        missed = [found for path in self._paths([scope]) for found in self._up(path, at)]
        absent = [name for name in self._wanted[scope] if name not in birth.datatypes]
        told = [one for name in absent for one in self._absent(scope, name)]
        return [*missed, *told, *self._samples(scope, payload, at, floor=at if missed else None)]

    def _data(self, device: str, payload: Payload, at: datetime) -> list[Observation]:
        if device not in self._wanted:
            return []
        if device not in self._births:
            self._ask(device, None)
            return []
        return self._samples(device, payload, at, floor=None)

    def _died(self, scopes: Sequence[str], at: datetime, reason: str) -> list[Observation]:
        dead = [scope for scope in scopes if scope in self._births]
        missed = self._down(dead, at, reason)
        bad = [
            Sample(watch.equipment, watch.tag, None, at, BAD_NO_COMMUNICATION)
            for scope in dead
            for watches in self._wanted[scope].values()
            for watch in watches
        ]
        return [*missed, *bad]

    def _down(self, scopes: Sequence[str], at: datetime, reason: str) -> list[Observation]:
        """An equipment of which nothing is left to be seen is missed from now on."""
        up = [path for path in self._paths(scopes) if self._is_up(path)]
        for scope in scopes:
            del self._births[scope]
        start = min(self._told or at, at)
        missed: list[Observation] = []
        for path in up:
            if not self._is_up(path):
                self._losses[path] = _Loss(at, reason)
                missed.append(Missed(path, start, at, reason))
        return missed

    def _up(self, path: EquipmentPath, at: datetime) -> Iterator[Missed]:
        loss = self._losses.pop(path, None)
        if loss is not None and at > loss.at + loss.tolerated:
            yield Missed(path, loss.at, at, loss.reason)

    def _samples(
        self, scope: str, payload: Payload, at: datetime, floor: datetime | None
    ) -> list[Observation]:
        """The values in the order of their time."""
        found: list[tuple[datetime, Observation]] = []
        for metric in payload.metrics:
            name = self._births[scope].name_of(metric)
            if name is None:
                self._ask(scope, metric.name or metric.alias)
                continue
            moment = metric.at or at
            if floor is not None and not metric.historical:
                # It was so before already: all that is known is that it is so now.
                moment = max(moment, floor)
            for watch in self._wanted[scope].get(name, ()):
                datatype = metric.datatype or self._births[scope].datatypes[name]
                found += ((moment, one) for one in self._sample(watch, metric, datatype, moment))
        return [one for _, one in sorted(found, key=lambda one: one[0])]

    def _sample(
        self, watch: Watch, metric: Metric, datatype: int, at: datetime
    ) -> Iterator[Observation]:
        try:
            value, quality = value_of(metric, datatype), quality_of(metric)
        except UnsuitableError as error:
            reason = f"{error}; name a metric with a single value in the plant file"
            yield from self._report(watch, reason)
            value, quality = None, BAD_TYPE_MISMATCH
        yield Sample(watch.equipment, watch.tag, value, at, quality, metric.historical)

    def _ask(self, scope: str, what: str | int | None) -> None:
        """Ask for births because of something that was not born, once for each such thing."""
        if (scope, what) not in self._asked and len(self._asked) < MAX_ASKED:
            self._asked.add((scope, what))
            self.rebirth.want()

    def _absent(self, scope: str, name: str) -> Iterator[Unreadable]:
        reason = f"no metric {name} was born; correct the name in the plant file, or the device"
        for watch in self._wanted[scope][name]:
            yield from self._report(watch, reason)

    def _report(self, watch: Watch, reason: str) -> Iterator[Unreadable]:
        """Once per tag."""
        if (watch.equipment, watch.tag) not in self._reported:
            self._reported.add((watch.equipment, watch.tag))
            told = f"tag {watch.tag} of {watch.equipment}: {reason}"
            yield Unreadable(self._origin, None, watch.tag.encode(), told)

    def _see(self, payload: Payload, arrival: datetime) -> datetime:
        at = payload.at or self._now(arrival)
        self._seen = at if self._seen is None else max(self._seen, at)
        self._arrival = arrival
        self._told = self._seen if self._told is None else max(self._told, self._seen)
        return at

    def _now(self, arrival: datetime) -> datetime:
        """The node's time: its last one, and what went by since that arrived."""
        if self._seen is None or self._arrival is None:
            return arrival
        return self._seen + max(arrival - self._arrival, timedelta(0))

    def _is_up(self, path: EquipmentPath) -> bool:
        return any(scope in self._births for scope in self._scopes[path])

    def _paths(self, scopes: Sequence[str]) -> list[EquipmentPath]:
        return [path for path, of in self._scopes.items() if not of.isdisjoint(scopes)]


def _scopes(wanted: Metrics) -> dict[EquipmentPath, set[str]]:
    """By equipment: the devices that its tags are read from."""
    scopes: dict[EquipmentPath, set[str]] = {}
    for scope, metrics in wanted.items():
        for watches in metrics.values():
            for watch in watches:
                scopes.setdefault(watch.equipment, set()).add(scope)
    return scopes


def _session(payload: Payload) -> int | None:
    """Number of the node's connection to the broker; births and deaths carry it."""
    metric = payload.metric(_BD_SEQ)
    return metric.raw if metric is not None and isinstance(metric.raw, int) else None
