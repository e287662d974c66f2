"""Services that page people themselves: they are told when somebody takes care of a group."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from processors.dispatch.floods import settle
from processors.dispatch.messages import HELPS_FOR as GIVEN_UP_AFTER, Telling, highest, tell
from processors.dispatch.plan import Recipient
from processors.dispatch.state import Alert, Group, Membership
from processors.dispatch.work import Work
from schemas.alerts import MAINTENANCE, Why

Listed = dict[Recipient, tuple[Sequence[Alert], int]]
"""What each recipient is told of."""
HELPS_FOR = timedelta(minutes=2)
"""So long it is tried, while what fires anew waits behind it: without it a service pages on."""

_ELSEWHERE = "its alerts are told elsewhere"


def calm(work: Work, name: str, at: datetime) -> None:
    """Where all that fires in a group is acknowledged, the services that were paged are told."""
    group = work.desk.groups.get(name)
    if group is None or group.anchors or not set(group.paged) - set(group.calmed):
        return
    firing = _firing(work, group)
    if not firing or any(one.acknowledged is None for one in firing):
        return
    who = sorted({one.acknowledged.by for one in firing if one.acknowledged is not None})
    told = [one for one in group.paged if one not in group.calmed]
    _tell(work, group, "acknowledged", at, (firing, told, f"acknowledged by {', '.join(who)}"))
    work.put_group(replace(group, calmed=group.paged))
    settle(work, told, at)


def abandon(work: Work, name: str, at: datetime) -> None:
    """Services are told that a group is over for them, whose alerts are led elsewhere now."""
    group = work.desk.groups.get(name)
    if group is None or not group.paged:
        return
    known = {channel for _, its in work.alerts_of(name) for _, channel in its.told_to}
    left = tuple(one for one in group.paged if one not in known)
    if not left:
        return
    _tell(work, group, "withdrawn", at, ((), left, _ELSEWHERE), helps_for=GIVEN_UP_AFTER)
    work.put_group(without(group, left))
    settle(work, left, at)


def taken_back(
    work: Work, group: Group, news: Iterable[tuple[Alert, Membership]]
) -> list[Recipient]:
    """Services that believe that somebody takes care of what fires again."""
    known = {channel for _, its in news for _, channel in its.told_to}
    return [work.plan.endpoint(one) for one in group.calmed if one in known]


def page(work: Work, group: Group, recipients: Iterable[Recipient], at: datetime) -> Group:
    """The group once these are told that it fires.

    No service pages for an incident that is acknowledged there, whatever it is told of it: the old
    one is withdrawn, so that what is told next begins a new one.
    """
    found = [one.channel for one in recipients if work.plan.is_pager(one.channel)]
    if not found or not _firing(work, group):
        return group
    calmed = [one for one in group.calmed if one in found]
    if calmed:
        _tell(work, group, "withdrawn", at, (_firing(work, group), calmed, ""))
    left = tuple(one for one in group.calmed if one not in calmed)
    return replace(group, paged=tuple(dict.fromkeys((*group.paged, *found))), calmed=left)


def ended(
    work: Work, group: Group, listed: Listed, firing: Iterable[tuple[Alert, Membership]]
) -> tuple[Group, Listed]:
    """Who is told that alerts are over, and the group after that.

    An incident stands for the whole group: a service hears of its end with the last alert that it
    was told of.
    """
    known = {channel for _, its in firing for _, channel in its.told_to}
    left = {
        way: said
        for way, said in listed.items()
        if way.channel not in known or not work.plan.is_pager(way.channel)
    }
    return without(group, {way.channel for way in left}), left


def without(group: Group, channels: Collection[str]) -> Group:
    """The group once these services believe that it is over."""
    paged = tuple(one for one in group.paged if one not in channels)
    calmed = tuple(one for one in group.calmed if one not in channels)
    return replace(group, paged=paged, calmed=calmed)


def _firing(work: Work, group: Group) -> list[Alert]:
    """What fires, but for maintenance, which pages nobody."""
    return [
        one
        for one, _ in work.alerts_of(group.id)
        if one.is_firing and one.alert.labels.get("alertname") != MAINTENANCE
    ]


def _tell(
    work: Work,
    group: Group,
    why: Why,
    at: datetime,
    said: tuple[Sequence[Alert], Iterable[str], str],
    helps_for: timedelta = HELPS_FOR,
) -> None:
    alerts, channels, comment = said
    telling = Telling(
        group=group.id,
        labels=group.labels,
        why=why,
        at=at,
        severity=highest(alerts),
        helps_for=helps_for,
        comment=comment[:500],
    )
    for channel in channels:
        tell(work, telling, Recipient(channel, channel), alerts)
