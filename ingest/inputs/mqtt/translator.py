"""What a broker delivers as observations, over all connections to it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ingest.input import Back, Observation, Sample, Unreadable
from ingest.inputs.mqtt.messages import JsonTopic
from ingest.inputs.mqtt.payload import GarbageError, decode
from ingest.inputs.mqtt.sparkplug import EdgeNode
from ingest.inputs.mqtt.watch import NAMESPACE, OF_NODE, Node, Watched, filters_of
from ingest.mapping import SKEW_LIMIT

MAX_PAYLOAD = 1024 * 1024
"""Bytes of a message that are read; a larger one is no value of a machine."""
SHOWN = 4096
"""Bytes kept of a message that cannot be read."""

_COMMANDS = frozenset({"NCMD", "DCMD"})
_OF_DEVICES = frozenset({"DBIRTH", "DDATA", "DDEATH"})
_OF_NODES = frozenset({"NBIRTH", "NDATA", "NDEATH"})


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message as it arrived."""

    topic: str
    payload: bytes
    """At most `MAX_PAYLOAD` bytes, else the first `SHOWN` ones."""
    size: int
    arrival: datetime
    retained: bool = False
    qos: int = 0


class Translator:
    """The tags of one source as far as they have been seen."""

    def __init__(
        self, watched: Watched, broker: str, session_expiry: timedelta = timedelta(0)
    ) -> None:
        self._broker = broker
        self._session_expiry = session_expiry
        self._resumed = False
        self._topics = {
            topic: JsonTopic(f"{broker} {topic}", watches)
            for topic, watches in watched.topics.items()
        }
        self._nodes = {
            node: EdgeNode(f"edge node {'/'.join(node)}", metrics)
            for node, metrics in watched.nodes.items()
        }
        self._unwarranted: set[str | Node] = set()
        """Topics and nodes that publish at QoS 0: no broker keeps that while we are away."""
        self._of_topics = watched.told_by_topics()
        self._refused: set[str] = set()
        self._answered: datetime | None = None
        self._outage: str | None = None

    def wants(self, topic: str) -> bool:
        """Whether a tag is read from it."""
        return topic in self._topics or _place(topic).node in self._nodes

    def superfluous(self, topic: str) -> tuple[str, ...]:
        """The filters, left from an earlier plant file, that brought a topic that nobody wants."""
        place = _place(topic)
        return (topic,) if place.node is None else filters_of(place.node)

    def deliver(self, message: Delivered) -> list[Observation]:
        """What a message says."""
        if not message.payload:
            # So one takes a retained message away.
            return []
        if message.size > MAX_PAYLOAD:
            reason = f"it has {message.size} bytes, and at most {MAX_PAYLOAD} are read"
            return [self._unreadable(message, reason)]
        try:
            said = self._json if message.topic in self._topics else self._sparkplug
            return [self._kept(one, message) for one in said(message)]
        except ValueError as error:
            return [self._unreadable(message, str(error))]

    @property
    def fleeting(self) -> list[str]:
        """The topics that publish at QoS 0."""
        return sorted(one for one in self._unwarranted if isinstance(one, str))

    def recall(self, fleeting: Iterable[str]) -> None:
        """What was known of the topics before a restart."""
        self._unwarranted |= self._topics.keys() & set(fleeting)

    def back(self, now: datetime, *, resumed: bool) -> list[Back]:
        """We are there for the first time since a restart.

        Edge nodes are back when they are born: until then nothing they say is understood.
        """
        return [
            Back(path, now, whole=resumed and self._unwarranted.isdisjoint(topics))
            for path, topics in self._of_topics.items()
        ]

    def connected(self, now: datetime, *, resumed: bool) -> list[Observation]:
        """The broker is there; `resumed` if it kept our session, and what came at QoS 1 since."""
        outage, self._outage, self._resumed = self._outage, None, resumed
        found: list[Observation] = []
        if outage is not None and self._answered is not None:
            for name, topic in self._topics.items():
                if not resumed or name in self._unwarranted:
                    found += topic.missed(self._answered, now, outage)
        for key, node in self._nodes.items():
            if node.born and (not resumed or key in self._unwarranted):
                found += node.lose(outage or "the broker kept no session", now)
            elif node.born:
                node.resume(now)
            else:
                node.rebirth.want()
            node.rebirth.hurry()
        self._answered = now
        return found

    def interrupted(self, reason: str) -> None:
        """The connection is gone."""
        self._outage = self._outage or reason

    def answered(self, at: datetime) -> list[Observation]:
        """The broker was there at this moment, and all that it had then has been delivered."""
        self._answered = at
        topics = (one for topic in self._topics.values() for one in topic.alive())
        return [*topics, *(one for node in self._nodes.values() for one in node.alive(at))]

    def refused(self, topic: str, reason: str) -> list[Observation]:
        """The broker does not let us read these topics; it is told once."""
        if topic in self._refused:
            return []
        self._refused.add(topic)
        told = f"the broker refuses the subscription ({reason}): let the user read {topic}"
        return [Unreadable(f"{self._broker} {topic}", None, topic.encode(), told)]

    def dropped(self, topic: str, start: datetime, end: datetime) -> list[Observation]:
        """Messages at QoS 0 came faster than they could be stored; Sparkplug counts its own."""
        if topic not in self._topics:
            return []
        reason = "the edge was too slow: messages at QoS 0 were dropped"
        return self._topics[topic].missed(start, end, reason)

    def to_be_born(self, now: datetime) -> Iterator[Node]:
        """Edge nodes to be asked for their births now; each counts as asked."""
        return (name for name, node in self._nodes.items() if node.rebirth.due(now))

    def _json(self, message: Delivered) -> list[Observation]:
        if message.qos == 0 and not message.retained:
            self._unwarranted.add(message.topic)
        topic = self._topics[message.topic]
        try:
            return topic.receive(message.payload, message.arrival, retained=message.retained)
        except ValueError as error:
            raise ValueError(f"no JSON: {error}") from None

    def _sparkplug(self, message: Delivered) -> list[Observation]:
        place = _place(message.topic)
        if place.node not in self._nodes or message.retained or place.kind in _COMMANDS:
            # A retained birth may be of a session long gone: the node is asked for a fresh one.
            return []
        fitting = _OF_NODES if place.device == OF_NODE else _OF_DEVICES
        if place.kind not in fitting:
            raise GarbageError(f"{place.kind} is no message of Sparkplug B here")
        if message.qos == 0:
            self._unwarranted.add(place.node)
        node = self._nodes[place.node]
        found = node.receive(place.kind, place.device, decode(message.payload), message.arrival)
        return [self._placed(one) for one in found]

    def _kept(self, seen: Observation, message: Delivered) -> Observation:
        """What is too old for a live value may have waited for us, as long as the session does."""
        if not isinstance(seen, Sample) or not (message.qos and self._resumed):
            return seen
        is_kept = SKEW_LIMIT < message.arrival - seen.source_time <= self._session_expiry
        return seen._replace(kept=True) if is_kept else seen

    def _placed(self, seen: Observation) -> Observation:
        """An edge node does not know where it is heard."""
        if isinstance(seen, Unreadable):
            return replace(seen, origin=f"{self._broker} {seen.origin}")
        return seen

    def _unreadable(self, message: Delivered, reason: str) -> Unreadable:
        origin = f"{self._broker} {message.topic}"
        told = f"{reason}; see to it that {message.topic} carries what the plant file says"
        return Unreadable(origin, None, message.payload[:SHOWN], told)


@dataclass(frozen=True, slots=True)
class _Place:
    node: Node | None = None
    kind: str = ""
    device: str = OF_NODE


def _place(topic: str) -> _Place:
    """Whose message a Sparkplug topic carries."""
    match topic.split("/"):
        case [namespace, group, kind, node] if namespace == NAMESPACE:
            return _Place((group, node), kind)
        case [namespace, group, kind, node, device] if namespace == NAMESPACE:
            return _Place((group, node), kind, device)
        case _:
            return _Place()
