"""Alerts as they are heard of: fired, risen, resolved, and kept quiet or told."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from processors.dispatch.groups import Haste, announce
from processors.dispatch.incidents import abandon, calm
from processors.dispatch.mutes import rank, timing_name
from processors.dispatch.records import handled
from processors.dispatch.routes import Node, routing_labels
from processors.dispatch.state import KEPT, Alert, Group, Membership, News
from processors.dispatch.work import Work
from schemas.alerts import MAINTENANCE, AlertTransition, Handling
from schemas.plant.alerts.matchers import are_met

_ROSE = "its severity rose"


def is_news(work: Work, heard: AlertTransition) -> bool:
    """Whether the alert is not known to have come so far."""
    known = work.desk.alerts.get(heard.alert_id())
    return known is None or _stage(heard) > _stage(known.alert)


def hear(work: Work, heard: AlertTransition, at: datetime) -> Alert | None:
    """The alert after a transition that counts from `at` on; None where it is not news."""
    if not is_news(work, heard):
        return None
    name = heard.alert_id()
    known = work.desk.alerts.get(name)
    superseded = _supersede(work, heard, at)
    is_withdrawn = False
    if known is None:
        alert = Alert(name, heard, risen_at=heard.at)
    else:
        alert = replace(known, alert=heard)
        if heard.severity != known.alert.severity and heard.state == "firing":
            alert = _risen(work, alert, heard.at)
            is_withdrawn = known.is_answered
    if heard.state == "firing":
        alert = replace(alert, fired_at=alert.fired_at or heard.at)
        alert = routed(work, alert)
    elif heard.state == "resolved":
        alert = replace(alert, forget_at=at + KEPT)
    refresh(work, alert, at, urgent=is_withdrawn)
    for group in superseded:
        calm(work, group, at)
    if heard.labels.get("alertname") == MAINTENANCE:
        place = ("equipment", heard.labels.get("equipment", ""))
        refresh_all(work, work.desk.index.labels.of(place), at)
    return work.desk.alerts.get(name)


def refresh(
    work: Work,
    alert: Alert,
    at: datetime,
    news: News = "new",
    *,
    urgent: bool = False,
    calms: bool = True,
) -> None:
    """Keep an alert with what is quiet about it now, and announce what is to be told of it.

    Alerts that it begins or ceases to inhibit are looked at as well. Services that page people
    themselves are told where that leaves nothing unanswered, unless more is to come (`calms`).
    """
    quiet = _suppressed(work, alert)
    groups = [_member(quiet, one, news) for one in quiet.groups]
    after = replace(quiet, groups=tuple(one for one in groups if one is not None))
    before = work.desk.alerts.get(alert.id)
    _tell_quiet(work, before, after, at)
    told = {one.group: one.news for one in before.groups} if before is not None else {}
    has_risen = before is not None and _stage(before.alert) < _stage(after.alert)
    places = work.put_alert(after)
    for one in after.groups:
        if one.news and (has_risen or one.news != told.get(one.group, "")):
            severity = after.alert.severity if after.is_firing else None
            announce(work, one.group, at, severity, "asked" if urgent else _haste(after, one))
    if calms and (after.acknowledged is not None or not after.is_firing):
        for name in sorted(told):
            calm(work, name, at)
    leave(work, told.keys() - {one.group for one in after.groups}, at)
    if places:
        others = [one for one in work.desk.index.targets(places) if one != alert.id]
        refresh_all(work, others, at)


def refresh_all(work: Work, names: Iterable[str], at: datetime) -> None:
    """Look again at what keeps these alerts quiet."""
    for name in names:
        alert = work.desk.alerts.get(name)
        if alert is not None:
            refresh(work, alert, at)


def routed(work: Work, alert: Alert) -> Alert:
    """The alert in the groups to which the routing tree leads it."""
    labels = routing_labels(alert.alert)
    known = {one.group: one for one in alert.groups}
    found = {}
    for node in work.plan.tree.match(labels):
        name = node.group_id(labels)
        _open(work, name, node, node.group_labels(labels))
        found[name] = known.get(name) or Membership(name)
    left = [one for name, one in known.items() if name not in found]
    known_there = dict.fromkeys(address for one in left for address in one.told_to)
    addresses = tuple(one for one in known_there if not work.plan.is_pager(one[1]))
    members = list(found.values())
    if addresses and members:
        told_to = tuple(dict.fromkeys((*members[0].told_to, *addresses)))
        members[0] = replace(members[0], told_to=told_to)
    return replace(alert, groups=tuple(members))


def _stage(alert: AlertTransition) -> int:
    """How far an alert is: it never goes back."""
    stages = {"pending": 0, "firing": rank(alert.severity), "resolved": 10}
    return stages[alert.state]


def _supersede(work: Work, heard: AlertTransition, at: datetime) -> list[str]:
    """An alert that fires anew is no longer what it was, though nobody said that it was over.

    Gives the groups in which something ended by that: whether all else there is answered shows
    once it fires anew.
    """
    newest = work.desk.alerts.get(work.desk.newest.get(heard.fingerprint) or "")
    if newest is None or heard.late or newest.alert.state == "resolved":
        return []
    if newest.alert.starts_at >= heard.starts_at:
        return []
    over = newest.alert.model_copy(update={"state": "resolved", "at": heard.at})
    ended = replace(newest, alert=over, forget_at=at + KEPT)
    refresh(work, ended, at, calms=False)
    return sorted(one.group for one in newest.groups)


def _risen(work: Work, alert: Alert, at: datetime) -> Alert:
    """Nobody takes care of an alert that is more severe than when they said so."""
    ended: list[Handling] = []
    if alert.acknowledged is not None:
        ended.append("acknowledged")
    if alert.snoozed is not None:
        ended.append("snoozed")
    for handling in ended:
        handled(work, alert, handling, at, holds=False, because=_ROSE)
    return replace(alert, risen_at=at, acknowledged=None, snoozed=None)


def _open(work: Work, name: str, node: Node, labels: dict[str, str]) -> None:
    """The group of this name, with the settings of its node."""
    known = work.desk.groups.get(name) or Group(
        name, node.receiver, labels, node.group_wait, node.group_interval, node.repeat_interval
    )
    found = replace(
        known,
        wait=node.group_wait,
        interval=node.group_interval,
        repeat=node.repeat_interval,
        mute=node.mute,
    )
    if found != work.desk.groups.get(name):
        work.put_group(found)


def leave(work: Work, names: Iterable[str], at: datetime) -> None:
    """Alerts left these groups: those that nobody is in any more are over."""
    for name in sorted(names):
        abandon(work, name, at)
        group = work.desk.groups.get(name)
        if group is None or work.desk.members.count(name):
            continue
        if group.waved_at is None:
            work.drop_group(name)
        else:
            work.put_group(replace(group, flush_at=max(at, group.waved_at + group.interval)))


def _suppressed(work: Work, alert: Alert) -> Alert:
    if not alert.is_firing:
        return replace(alert, silenced=(), inhibited=())
    index, labels = work.desk.index, routing_labels(alert.alert)
    silenced = []
    for name in index.silences_near(labels):
        known = work.desk.silences.get(name)
        if known is not None and known.silence and are_met(known.silence.matchers, labels):
            silenced.append(name)
    groups = tuple(replace(one, muted=_muted(work, alert, one)) for one in alert.groups)
    return replace(
        alert,
        silenced=tuple(sorted(silenced)),
        inhibited=tuple(dict.fromkeys(index.inhibitions_of(labels, work.plan))),
        groups=groups,
    )


def _muted(work: Work, alert: Alert, membership: Membership) -> tuple[str, ...]:
    group = work.desk.groups.get(membership.group)
    if group is None or not group.mute:
        return ()
    labels = alert.alert.labels
    is_theirs = labels.get("alertname") == MAINTENANCE
    under_work = not is_theirs and work.desk.index.maintained.count(labels.get("equipment", ""))
    found = []
    for name in group.mute:
        own = timing_name(work.plan.timings, name, labels)
        timing, muting = work.plan.timings.get(own), work.desk.mutes.get(own)
        if timing is None or not timing.holds_for(alert.alert.severity):
            continue
        if (muting is not None and muting.is_on) or (timing.by_people and under_work):
            found.append(name)
    return tuple(found)


def _member(alert: Alert, its: Membership, news: News) -> Membership | None:
    """What is to be told of an alert in a group; None where it leaves it."""
    if not alert.is_firing:
        return replace(its, news="resolved", anchor=None, muted=()) if its.told_to else None
    if not alert.is_active(its):
        return replace(its, news="", anchor=None)
    if its.news:
        return its
    is_repeated = alert.alert.labels.get("alertname") != MAINTENANCE or its.told is None
    is_new = its.anchor is None and is_repeated
    if is_new or rank(alert.alert.severity) > rank(its.told):
        return replace(its, news=news)
    return its


def _haste(alert: Alert, its: Membership) -> Haste:
    rises = alert.is_firing and its.told and rank(alert.alert.severity) > rank(its.told)
    return "rise" if rises else "news"


def _tell_quiet(work: Work, before: Alert | None, after: Alert, at: datetime) -> None:
    """Say what keeps an alert quiet now, and what does no longer."""
    kinds: tuple[Handling, ...] = ("silenced", "inhibited", "muted")
    old = _quiet(before) if before is not None else ((), (), ())
    for handling, was, now in zip(kinds, old, _quiet(after), strict=True):
        if was != now:
            because = ", ".join(now or was)
            handled(work, after, handling, at, holds=bool(now), because=because)


def _quiet(alert: Alert) -> tuple[tuple[str, ...], ...]:
    muted = sorted({name for one in alert.groups for name in one.muted})
    return alert.silenced, alert.inhibited, tuple(muted)
