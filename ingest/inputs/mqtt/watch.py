"""The tags of the plant file that a broker's messages carry, by where they are found."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from plantstream.runtime.errors import MisconfiguredError
from schemas.plant.equipment import Equipment
from schemas.record import EquipmentPath

NAMESPACE = "spBv1.0"

Node = tuple[str, str]
"""Group and edge node."""
OF_NODE = ""
"""Stands for the edge node itself where a device could be named."""


@dataclass(frozen=True, slots=True)
class Watch:
    """A tag, and where its value stands in what was sent."""

    equipment: EquipmentPath
    tag: str
    field: str = ""
    """Dotted path in a JSON message; a metric is found by its name."""
    time_field: str | None = None


Metrics = Mapping[str, Mapping[str, Sequence[Watch]]]
"""Tags of one edge node by device and metric."""


@dataclass(frozen=True, slots=True)
class Watched:
    """All tags of one source."""

    topics: Mapping[str, Sequence[Watch]] = field(default_factory=dict)
    """JSON topics with their tags."""
    nodes: Mapping[Node, Metrics] = field(default_factory=dict)

    def filters(self) -> tuple[str, ...]:
        """Topic filters that bring all of it, and little else."""
        return (*self.topics, *(one for node in self.nodes for one in filters_of(node)))

    def told_by_topics(self) -> Mapping[EquipmentPath, set[str]]:
        """The equipment that no edge node speaks of, with its JSON topics."""
        found: dict[EquipmentPath, set[str]] = {}
        for topic, watches in self.topics.items():
            for watch in watches:
                found.setdefault(watch.equipment, set()).add(topic)
        of_nodes = {
            watch.equipment
            for metrics in self.nodes.values()
            for watched_by_name in metrics.values()
            for watches in watched_by_name.values()
            for watch in watches
        }
        return {path: topics for path, topics in found.items() if path not in of_nodes}


def filters_of(node: Node) -> tuple[str, str]:
    """Topic filters of all that an edge node and its devices say."""
    group, name = node
    return f"{NAMESPACE}/{group}/+/{name}", f"{NAMESPACE}/{group}/+/{name}/+"


def watched(equipment: Iterable[tuple[EquipmentPath, Equipment]]) -> Watched:
    """All tags of this equipment.

    Raises:
        MisconfiguredError: with every tag whose address cannot be one.
    """
    topics: dict[str, list[Watch]] = {}
    nodes: dict[Node, dict[str, dict[str, list[Watch]]]] = {}
    mistakes: list[str] = []
    for path, one in equipment:
        for tag in one.tags:
            if tag.message is not None:
                place = tag.message
                found = Watch(path, tag.name, place.field, place.time_field)
                topics.setdefault(place.topic, []).append(found)
                if place.topic.startswith(f"{NAMESPACE}/"):
                    mistakes.append(_sparkplug_as_json(tag.name, one.id, place.topic))
            elif tag.metric is not None:
                metric = tag.metric
                devices = nodes.setdefault((metric.group, metric.edge_node), {})
                metrics = devices.setdefault(metric.device or OF_NODE, {})
                metrics.setdefault(metric.name, []).append(Watch(path, tag.name))
    if mistakes:
        raise MisconfiguredError("\n".join(mistakes))
    return Watched(topics, nodes)


def _sparkplug_as_json(tag: str, equipment: str, topic: str) -> str:
    return (
        f"tag {tag} of {equipment}: {topic} is a Sparkplug topic and its messages are no JSON: "
        "name a `metric` (group, edge_node, device, name) instead of a `message`"
    )
