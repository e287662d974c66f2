"""The routing tree: which alerts go to which receiver, and with which others they are told."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from schemas.alerts import AlertTransition
from schemas.plant.alerts.matchers import are_met, written
from schemas.plant.alerts.routing import RootRoute, Route

EVERY_LABEL = "all"
"""Stands in `group_by` for all labels: each alert is a group by itself."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the tree with what it has from the nodes above."""

    path: tuple[str, ...]
    """The conditions of each node from the root on; the root's are empty."""
    receiver: str
    group_by: tuple[str, ...]
    group_wait: timedelta
    group_interval: timedelta
    repeat_interval: timedelta
    mute: tuple[str, ...]

    def group_labels(self, labels: Mapping[str, str]) -> dict[str, str]:
        """The labels that an alert's group has in common, of those that the alert has."""
        if EVERY_LABEL in self.group_by:
            return {name: labels[name] for name in sorted(labels) if name != "severity"}
        return {name: labels[name] for name in sorted(self.group_by) if name in labels}

    def group_id(self, labels: Mapping[str, str]) -> str:
        """Names the group of an alert with these labels at this node."""
        parts = (*self.path, "", *self.group_labels(labels).items())
        return f"{self.receiver}:{sha256(repr(parts).encode()).hexdigest()[:16]}"


class RoutingTree:
    """The tree below the root."""

    def __init__(self, root: RootRoute) -> None:
        self._root = root
        self._base = Node(
            path=(_title(root),),
            receiver=root.receiver,
            group_by=tuple(root.group_by),
            group_wait=root.group_wait,
            group_interval=root.group_interval,
            repeat_interval=root.repeat_interval,
            mute=tuple(root.mute),
        )

    def match(self, labels: Mapping[str, str]) -> list[Node]:
        """Where an alert with these labels goes: the first node, and more where it continues.

        Labels that no node matches are the root's.
        """
        return list(_below(self._root, self._base, labels))

    def nodes(self) -> list[Node]:
        """All nodes."""
        return list(_all(self._root, self._base))


def routing_labels(alert: AlertTransition) -> dict[str, str]:
    """What routes, silences and inhibitions look at: the labels, with the severity as it is."""
    return {**alert.labels, "severity": alert.severity}


def _below(route: Route, node: Node, labels: Mapping[str, str]) -> Iterator[Node]:
    matched = False
    for child in route.routes:
        if not are_met(child.matchers, labels):
            continue
        matched = True
        yield from _below(child, _inherited(child, node), labels)
        if not child.go_on:
            break
    if not matched:
        yield node


def _all(route: Route, node: Node) -> Iterator[Node]:
    yield node
    for child in route.routes:
        yield from _all(child, _inherited(child, node))


def _inherited(route: Route, above: Node) -> Node:
    return Node(
        path=(*above.path, _title(route)),
        receiver=route.receiver or above.receiver,
        group_by=above.group_by if route.group_by is None else tuple(route.group_by),
        group_wait=_or(route.group_wait, above.group_wait),
        group_interval=_or(route.group_interval, above.group_interval),
        repeat_interval=_or(route.repeat_interval, above.repeat_interval),
        mute=tuple(route.mute) or above.mute,
    )


def _title(route: Route) -> str:
    return ", ".join(written(one) for one in route.matchers)


def _or(given: timedelta | None, above: timedelta) -> timedelta:
    return above if given is None else given
