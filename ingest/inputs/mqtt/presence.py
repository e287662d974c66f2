"""Which equipment of an edge node can be seen: what was born, and since when what is missed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ingest.input import Missed
from ingest.inputs.mqtt.payload import Metric
from ingest.inputs.mqtt.watch import Metrics
from ingest.mapping import not_ahead
from schemas.record import EquipmentPath


@dataclass(slots=True)
class Birth:
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
    tolerated: timedelta


class Presence:
    """The births of one node and its devices; a device is named, the node itself is empty."""

    def __init__(self, wanted: Metrics) -> None:
        self._devices = _devices(wanted)
        self._losses: dict[EquipmentPath, _Loss] = {}
        self.births: dict[str, Birth] = {}

    def seen(self) -> list[EquipmentPath]:
        """Equipment of which something is born."""
        return [path for path in self._devices if self._is_seen(path)]

    def born(self) -> Mapping[EquipmentPath, frozenset[str]]:
        """The same, with the tags that are read from what is born."""
        return {path: self._tags(path) for path in self.seen()}

    def bury(
        self, devices: Sequence[str], start: datetime, at: datetime, reason: str
    ) -> list[Missed]:
        """Their data are no longer believed; equipment of which nothing is left is missed."""
        before = self.seen()
        for device in devices:
            self.births.pop(device, None)
        gone = [path for path in before if not self._is_seen(path)]
        self.suspect(gone, at, reason)
        return [Missed(path, start, at, reason) for path in gone]

    def suspect(
        self,
        paths: Sequence[EquipmentPath],
        at: datetime,
        reason: str,
        tolerated: timedelta = timedelta(0),
    ) -> None:
        """Nothing is seen from now on; at the next birth it is told, unless that comes in time."""
        for path in paths:
            self._losses[path] = _Loss(at, reason, tolerated)

    def bear(self, device: str, metrics: Sequence[Metric], at: datetime) -> list[Missed]:
        """What was born has these metrics; the first birth of an equipment ends its loss."""
        birth = self.births[device] = Birth()
        for metric in metrics:
            birth.tell(metric)
        missed: list[Missed] = []
        for path, devices in self._devices.items():
            loss = self._losses.pop(path, None) if device in devices else None
            if loss is not None and at > loss.at + loss.tolerated:
                missed.append(Missed(path, loss.at, at, loss.reason))
        return missed

    def _is_seen(self, path: EquipmentPath) -> bool:
        return not self.births.keys().isdisjoint(self._devices[path])

    def _tags(self, path: EquipmentPath) -> frozenset[str]:
        found = (tags for device, tags in self._devices[path].items() if device in self.births)
        return frozenset().union(*found)


class Timeline:
    """A node's own time, which goes on between its messages as ours does."""

    def __init__(self) -> None:
        self._seen: datetime | None = None
        self._arrival: datetime | None = None
        self._told: datetime | None = None

    def now(self, arrival: datetime) -> datetime:
        """The node's time: its last one, and what went by since that arrived."""
        if self._seen is None or self._arrival is None:
            return arrival
        return self._seen + max(arrival - self._arrival, timedelta(0))

    def see(self, sent: datetime | None, arrival: datetime) -> datetime:
        """The time of a message, as far as it can be believed."""
        at = not_ahead(sent or self.now(arrival), arrival)
        self._seen = at if self._seen is None else max(self._seen, at)
        self._arrival = arrival
        self._vouch(self._seen)
        return at

    def vouch(self, now: datetime) -> datetime:
        """The node was alive until now; gives its own time."""
        at = self.now(now)
        self._vouch(at)
        return at

    def vouched(self, before: datetime) -> datetime:
        """Until when nothing was missed."""
        return before if self._told is None else min(self._told, before)

    def resume(self, arrival: datetime) -> None:
        """What comes now may have waited at the broker: its time goes on from its last one."""
        self._arrival = arrival

    def _vouch(self, at: datetime) -> None:
        self._told = at if self._told is None else max(self._told, at)


def _devices(wanted: Metrics) -> Mapping[EquipmentPath, Mapping[str, set[str]]]:
    """By equipment and device: the tags that are read from there."""
    devices: dict[EquipmentPath, dict[str, set[str]]] = {}
    for device, metrics in wanted.items():
        for watches in metrics.values():
            for watch in watches:
                tags = devices.setdefault(watch.equipment, {}).setdefault(device, set())
                tags.add(watch.tag)
    return devices
