"""The dispatcher's memory, and how it is written down in small rows."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import TypeAdapter

from processors.dispatch.index import Index
from processors.dispatch.state import (
    KEPT,
    Alert,
    Flow,
    Group,
    Hand,
    Head,
    KnownSilence,
    Muting,
    Taking,
)
from processors.dispatch.tables import Agenda, Sets, Table
from schemas.acts import REMEMBERED, Acknowledgement, Snooze, Unacknowledgement
from schemas.alerts import AlertTransition

Early = tuple[Acknowledgement | Unacknowledgement | Snooze, ...]
"""Acts on alerts of which nothing has been heard yet."""
Kind = Literal["silence", "mute", "hand", "alert", "group", "flow", "taking", "early", "late"]
_HEAD = "head"
_KINDS: dict[Kind, TypeAdapter[Any]] = {
    "silence": TypeAdapter(KnownSilence),
    "mute": TypeAdapter(Muting),
    "hand": TypeAdapter(Hand),
    "alert": TypeAdapter(Alert),
    "group": TypeAdapter(Group),
    "flow": TypeAdapter(Flow),
    "taking": TypeAdapter(Taking),
    "early": TypeAdapter(Early),
    "late": TypeAdapter(AlertTransition),
}
"""In the order in which they are dealt with where they are due at the same time."""
_HEADS: TypeAdapter[Head] = TypeAdapter(Head)
_NO_GROUP = Group("", "", {}, timedelta(), timedelta(), timedelta())
ASTRAY = "!"
"""In the agenda: alerts are to be brought back to where they belong."""
_PLACES = {kind: f"{place}{kind}|" for place, kind in enumerate(_KINDS)}


def agenda_name(kind: Kind, key: str) -> str:
    """What something is called in the agenda."""
    return _PLACES[kind] + key


class Desk:
    """All that is remembered; what is written down stands in `rows`."""

    def __init__(self) -> None:
        self.alerts: Table[str, Alert] = Table()
        self.newest: Table[str, str] = Table()
        """The id of the newest alert of each fingerprint."""
        self.groups: Table[str, Group] = Table()
        self.members: Sets[str] = Sets()
        """Ids of alerts by group."""
        self.paged: Sets[str] = Sets()
        """Groups by the paging services that were told of them."""
        self.pressing: Sets[str] = Sets()
        """Those of them of which nobody takes care."""
        self.silences: Table[str, KnownSilence] = Table()
        self.mutes: Table[str, Muting] = Table()
        self.hands: Table[str, Hand] = Table()
        self.flows: Table[str, Flow] = Table()
        self.takings: Table[str, Taking] = Table()
        self.early: Table[str, Early] = Table()
        self.late: Table[str, AlertTransition] = Table()
        """Alerts that were heard of long after they were, until the next tick, by record id."""
        self.waiting: Sets[str] = Sets()
        """Those record ids by fingerprint."""
        self.agenda = Agenda()
        self.index = Index("")
        self.rows: Table[str, bytes] = Table()
        self.head = Head()

    def fork(self) -> "Desk":
        """A copy; after this neither of both may be changed but the copy."""
        other = Desk.__new__(Desk)
        for name, found in vars(self).items():
            setattr(other, name, found if isinstance(found, Head) else found.fork())
        return other

    def write(self, kind: Kind, key: str, value: object | None) -> None:
        """Write a row down, or remove it."""
        name = f"{kind}|{key}"
        if value is None:
            self.rows.drop(name)
        else:
            self.rows.put(name, _KINDS[kind].dump_json(value, exclude_defaults=True))


def dump(desk: Desk) -> dict[str, bytes]:
    """All rows."""
    return {_HEAD: _HEADS.dump_json(desk.head), **dict(desk.rows.items())}


def load(rows: Mapping[str, bytes]) -> Desk:
    """What `dump` gave; indexes that need the plant file are made when it is there."""
    desk = Desk()
    tables: dict[Kind, Table[str, Any]] = {
        **_dated(desk),
        "alert": desk.alerts,
        "taking": desk.takings,
        "early": desk.early,
        "late": desk.late,
    }
    kinds = {str(kind): kind for kind in tables}
    for name, row in rows.items():
        if name == _HEAD:
            desk.head = _HEADS.validate_json(row)
            continue
        written, _, key = name.partition("|")
        kind = kinds[written]
        tables[kind].put(key, _KINDS[kind].validate_json(row, context=REMEMBERED))
        desk.rows.put(name, row)
    _derive(desk)
    for name, heard in desk.late.items():
        desk.waiting.add(heard.fingerprint, name)
    return desk


def _derive(desk: Desk) -> None:
    for alert in desk.alerts.values():
        learn(desk, alert)
        for one in alert.groups:
            desk.members.add(one.group, alert.id)
        desk.agenda.put(agenda_name("alert", alert.id), alert_due(alert))
        if alert.is_astray and alert.is_firing:
            desk.agenda.put(ASTRAY, desk.head.now)
    for kind, table in _dated(desk).items():
        for key, row in table.items():
            desk.agenda.put(agenda_name(kind, key), row.due)
    for group in desk.groups.values():
        learn_group(desk, group.id, None, group)
    for fingerprint, acts in desk.early.items():
        desk.agenda.put(agenda_name("early", fingerprint), acts[-1].source_time + KEPT)


def _dated(desk: Desk) -> dict[Kind, Table[str, Any]]:
    """Tables whose rows say when they are due."""
    return {
        "silence": desk.silences,
        "mute": desk.mutes,
        "hand": desk.hands,
        "group": desk.groups,
        "flow": desk.flows,
    }


def learn(desk: Desk, alert: Alert) -> None:
    """The newest alert of a fingerprint is known by it."""
    fingerprint = alert.alert.fingerprint
    known = desk.alerts.get(desk.newest.get(fingerprint) or "")
    if known is None or known.alert.starts_at <= alert.alert.starts_at:
        desk.newest.put(fingerprint, alert.id)


def learn_group(desk: Desk, name: str, before: Group | None, after: Group | None) -> None:
    """Which groups stand open at paging services."""
    old, new = before or _NO_GROUP, after or _NO_GROUP
    if (old.paged, old.calmed) == (new.paged, new.calmed):
        return
    for sets, was, now in (
        (desk.paged, old.paged, new.paged),
        (desk.pressing, old.pressing, new.pressing),
    ):
        for channel in set(was) - set(now):
            sets.discard(channel, name)
        for channel in set(now) - set(was):
            sets.add(channel, name)


def alert_due(alert: Alert) -> datetime | None:
    """When something is to be done about an alert by itself."""
    acknowledged, snoozed = alert.acknowledged, alert.snoozed
    if not alert.is_firing:
        return alert.forget_at
    found = [one.until for one in (acknowledged, snoozed) if one is not None]
    return min((one for one in found if one is not None), default=None)
