"""One Sparkplug B edge node as a host application sees it: births, data, deaths, lost messages.

Follows Eclipse Sparkplug 3.0, chapters 5 and 6. No value is taken without an unbroken row of
sequence numbers since the node's birth: after a loss an alias may mean another metric.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from ingest.input import Alive, Observation, Sample, Unreadable
from ingest.inputs.mqtt.datatypes import (
    BAD_NO_COMMUNICATION,
    BAD_TYPE_MISMATCH,
    UnsuitableError,
    quality_of,
    value_of,
)
from ingest.inputs.mqtt.payload import MAX_SEQ, Metric, Payload
from ingest.inputs.mqtt.presence import Presence, Timeline
from ingest.inputs.mqtt.rebirth import Rebirth
from ingest.inputs.mqtt.watch import OF_NODE, Metrics, Watch
from schemas.record import EquipmentPath

DEVICES_BORN_WITHIN = timedelta(seconds=5)
"""After an edge node's rebirth its devices' births follow at once; else something is missed."""
MAX_ASKED = 1_000
"""Unknown metrics of a session for which births are asked again, each once."""

_BD_SEQ = "bdSeq"


class EdgeNode:
    """The state of one edge node. Times are the node's own where it says any."""

    def __init__(self, origin: str, wanted: Metrics) -> None:
        self._origin = origin
        self._wanted = wanted
        self._presence = Presence(wanted)
        self._time = Timeline()
        self._reported: set[tuple[EquipmentPath, str]] = set()
        self._asked: set[tuple[str, str | int | None]] = set()
        self._seq: int | None = None
        self._bd_seq: int | None = None
        self._last: Payload | None = None
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
        at = self._time.now(arrival)
        return [*self._presence.bury(list(self._wanted), self._time.vouched(at), at, reason)]

    def resume(self, arrival: datetime) -> None:
        """We are connected again, and the broker kept what came."""
        self._time.resume(arrival)

    def alive(self, now: datetime) -> list[Observation]:
        """The equipment that would have been reported dead if it were, with what is born of it."""
        born = self._presence.born()
        return [Alive(path, self._time.vouch(now), tags=tags) for path, tags in born.items()]

    def _in_sequence(
        self, kind: str, device: str, payload: Payload, arrival: datetime
    ) -> list[Observation]:
        if self._seq is None:
            self.rebirth.want()
            return []
        expected = (self._seq + 1) % (MAX_SEQ + 1)
        if payload.seq != expected:
            return self.lose(f"message {expected} of {self._origin} was lost", arrival)
        at = self._time.see(payload.at, arrival)
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
        at = self._time.now(arrival)
        return self._died(list(self._wanted), at, f"{self._origin} went away")

    def _node_born(self, payload: Payload, arrival: datetime) -> list[Observation]:
        session, seen = _session(payload), self._presence.seen()
        before = self._time.vouched(arrival if payload.at is None else payload.at)
        at = self._time.see(payload.at, arrival)
        if session == self._bd_seq:
            reason = f"its device was not born again with {self._origin}"
            self._presence.suspect(seen, at, reason, DEVICES_BORN_WITHIN)
        else:
            self._presence.suspect(seen, before, f"{self._origin} began a new session")
            self._asked.clear()
        self._presence.births.clear()
        self._bd_seq, self._seq, self._last = session, payload.seq or 0, payload
        self.rebirth.forget()
        return self._born(OF_NODE, payload, at)

    def _born(self, device: str, payload: Payload, at: datetime) -> list[Observation]:
        if device not in self._wanted:
            return []
        missed = self._presence.bear(device, payload.metrics, at)
        told = self._absent(device)
        return [*missed, *told, *self._samples(device, payload, at, floor=at if missed else None)]

    def _data(self, device: str, payload: Payload, at: datetime) -> list[Observation]:
        if device not in self._wanted:
            return []
        if device not in self._presence.births:
            self._ask(device, None)
            return []
        return self._samples(device, payload, at, floor=None)

    def _died(self, devices: Sequence[str], at: datetime, reason: str) -> list[Observation]:
        dead = [device for device in devices if device in self._presence.births]
        missed = self._presence.bury(dead, self._time.vouched(at), at, reason)
        bad = [
            Sample(watch.equipment, watch.tag, None, at, BAD_NO_COMMUNICATION)
            for device in dead
            for watches in self._wanted[device].values()
            for watch in watches
        ]
        return [*missed, *bad]

    def _samples(
        self, device: str, payload: Payload, at: datetime, floor: datetime | None
    ) -> list[Observation]:
        """The values in the order of their time."""
        birth = self._presence.births[device]
        found: list[tuple[datetime, Observation]] = []
        for metric in payload.metrics:
            name = birth.name_of(metric)
            if name is None:
                self._ask(device, metric.name or metric.alias)
                continue
            moment = metric.at or payload.at or at
            if floor is not None and not metric.historical:
                # It was so before already: all that is known is that it is so now.
                moment = max(moment, floor)
            for watch in self._wanted[device].get(name, ()):
                datatype = metric.datatype or birth.datatypes[name]
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

    def _ask(self, device: str, what: str | int | None) -> None:
        """Ask for births because of something that was not born, once for each such thing."""
        if (device, what) not in self._asked and len(self._asked) < MAX_ASKED:
            self._asked.add((device, what))
            self.rebirth.want()

    def _absent(self, device: str) -> Iterator[Unreadable]:
        birth = self._presence.births[device]
        for name, watches in self._wanted[device].items():
            reason = f"no metric {name} was born; correct name in the plant file, or the device"
            for watch in watches if name not in birth.datatypes else ():
                yield from self._report(watch, reason)

    def _report(self, watch: Watch, reason: str) -> Iterator[Unreadable]:
        """Once per tag."""
        if (watch.equipment, watch.tag) not in self._reported:
            self._reported.add((watch.equipment, watch.tag))
            told = f"tag {watch.tag} of {watch.equipment}: {reason}"
            yield Unreadable(self._origin, None, watch.tag.encode(), told)


def _session(payload: Payload) -> int | None:
    """Number of the node's connection to the broker; births and deaths carry it."""
    metric = payload.metric(_BD_SEQ)
    return metric.raw if metric is not None and isinstance(metric.raw, int) else None
