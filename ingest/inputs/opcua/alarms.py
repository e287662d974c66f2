"""Alarms and conditions: what a server's events say of them, and whose they are."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds

from ingest.input import Alarm, Observation, Unreadable
from ingest.inputs.opcua.addresses import text_of
from ingest.inputs.opcua.values import in_utc, is_believable
from schemas.plant.equipment import Equipment
from schemas.record import EquipmentPath

SELECTED = (
    ("i=2041", "EventType"),
    ("i=2041", "SourceNode"),
    ("i=2041", "SourceName"),
    ("i=2041", "Time"),
    ("i=2041", "Message"),
    ("i=2041", "Severity"),
    ("i=2782", ""),
    ("i=2782", "ConditionName"),
    ("i=2782", "BranchId"),
    ("i=2782", "Retain"),
    ("i=2881", "AckedState/Id"),
    ("i=2915", "ActiveState/Id"),
)
"""Fields of events: the type that has them (OPC UA parts 5 and 9), and their path."""

_REFRESH_START = ua.NodeId.from_string("i=2787")
_REFRESH_END = ua.NodeId.from_string("i=2788")
_UNSEEN = "it ended while nobody could see it"
_WORST = 1000
_REPORTED = 1_000
"""Nodes whose alarms belong to nobody, and that are reported."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event by the fields that are selected; None where it has none."""

    kind: ua.NodeId | None
    source: ua.NodeId | None
    source_name: str | None
    time: datetime | None
    message: ua.LocalizedText | None
    severity: int | None
    condition: ua.NodeId | None
    name: str | None
    branch: ua.NodeId | None
    retain: bool | None
    acked: bool | None
    active: bool | None


class AlarmBook:
    """The alarms of a source, over all connections to it and restarts: each change is told once.

    After a connect the server says all that it retains again. What it does not say any more has
    ended meanwhile.
    """

    def __init__(
        self,
        equipment: Sequence[tuple[EquipmentPath, Equipment]],
        endpoint: str,
        known: Iterable[Alarm] = (),
        notifiers: int = 1,
    ) -> None:
        self._owners = {
            node: path
            for path, one in equipment
            for node in (*one.alarms_of, *(tag.node for tag in one.tags))
            if node is not None
        }
        self._only = equipment[0][0] if len(equipment) == 1 else None
        self._endpoint = endpoint
        paths = {path for path, _ in equipment}
        self._known = {one.condition: one for one in known if one.equipment in paths}
        self._is_alone = notifiers == 1
        """Whether one notifier says all: what was known before the start is its own as well."""
        self._tellers: dict[str, int] = {}
        """By condition: which notifier, by its handle, said it first."""
        self._confirmed: dict[int, set[str]] = {}
        """Conditions that a notifier said since its refresh began; none while there is none."""
        self._reported: set[str] = set()

    def hear(
        self, events: Sequence[ua.EventFieldList], namespaces: Sequence[str], arrival: datetime
    ) -> list[Observation]:
        """What these events change."""
        found: list[Observation] = []
        for one in events:
            event = _event(one)
            if event is None:
                continue
            notifier = one.ClientHandle
            if event.kind == _REFRESH_START:
                self._confirmed[notifier] = set()
            elif event.kind == _REFRESH_END:
                found += self._ended(notifier, _time(event, arrival))
            elif _is_condition(event):
                found += self._change(event, namespaces, arrival)
                self._confirm(notifier, _text(event.condition, namespaces))
        return found

    def _confirm(self, notifier: int, condition: str) -> None:
        if condition in self._known:
            self._tellers.setdefault(condition, notifier)
        else:
            self._tellers.pop(condition, None)
        if notifier in self._confirmed:
            self._confirmed[notifier].add(condition)

    def _change(
        self, event: Event, namespaces: Sequence[str], arrival: datetime
    ) -> Iterator[Observation]:
        source = _text(event.source, namespaces)
        path = self._owners.get(source, self._only)
        if path is None:
            yield from self._homeless(source)
            return
        alarm = _alarm(event, path, namespaces, arrival)
        before = self._known.get(alarm.condition)
        if before is not None and replace(before, at=alarm.at) == alarm:
            return
        if alarm.retained or alarm.active:
            self._known[alarm.condition] = alarm
        elif self._known.pop(alarm.condition, None) is None:
            # It says that it is nothing, and nobody had said that it was something.
            return
        yield alarm

    def _ended(self, notifier: int, at: datetime) -> list[Observation]:
        """What this notifier had said and does not say any more."""
        confirmed = self._confirmed.pop(notifier, None)
        if confirmed is None:
            return []
        unsaid = notifier if self._is_alone else None
        gone = [
            one
            for name, one in self._known.items()
            if one.retained
            and name not in confirmed
            and self._tellers.get(name, unsaid) == notifier
        ]
        for one in gone:
            del self._known[one.condition]
            self._tellers.pop(one.condition, None)
        return [replace(one, active=False, retained=False, message=_UNSEEN, at=at) for one in gone]

    def _homeless(self, source: str) -> Iterator[Unreadable]:
        if source in self._reported or len(self._reported) >= _REPORTED:
            return
        self._reported.add(source)
        reason = (
            f"alarms of {source or 'no node'} belong to no equipment: name the node in `alarms_of` "
            "of one in the plant file"
        )
        yield Unreadable(f"{self._endpoint} {source}", None, source.encode(), reason)


def event_filter() -> ua.EventFilter:
    """What the server is asked to tell of each event."""
    clauses = [
        ua.SimpleAttributeOperand(
            TypeDefinitionId=ua.NodeId.from_string(kind),
            BrowsePath=[ua.QualifiedName(name, 0) for name in path.split("/")] if path else [],
            AttributeId=AttributeIds.Value if path else AttributeIds.NodeId,
        )
        for kind, path in SELECTED
    ]
    return ua.EventFilter(SelectClauses=clauses)


def _event(fields: ua.EventFieldList) -> Event | None:
    values: list[Any] = [one.Value for one in fields.EventFields or ()]
    return Event(*values) if len(values) == len(SELECTED) else None


def _is_condition(event: Event) -> bool:
    """Branches, earlier states of a condition that still wait for a person, are left out."""
    is_branch = event.branch is not None and not event.branch.is_null()
    return event.condition is not None and not event.condition.is_null() and not is_branch


def _alarm(
    event: Event, path: EquipmentPath, namespaces: Sequence[str], arrival: datetime
) -> Alarm:
    return Alarm(
        equipment=path,
        condition=_text(event.condition, namespaces),
        name=event.name or "",
        origin=_text(event.source, namespaces),
        origin_name=event.source_name or "",
        severity=min(max(event.severity or 1, 1), _WORST),
        message=(event.message and event.message.Text) or "",
        active=bool(event.active),
        # What cannot be acknowledged waits for nobody.
        acknowledged=event.acked is not False,
        retained=bool(event.retain),
        at=_time(event, arrival),
    )


def _time(event: Event, arrival: datetime) -> datetime:
    known = event.time is not None and is_believable(event.time)
    return in_utc(event.time) if known and event.time is not None else arrival


def _text(node: ua.NodeId | None, namespaces: Sequence[str]) -> str:
    return "" if node is None else text_of(node, namespaces)
