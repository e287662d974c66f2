"""Groups of alerts: when their news are told, when the next step is taken, what is repeated."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from processors.dispatch.floods import settle
from processors.dispatch.incidents import Listed, ended, page, taken_back
from processors.dispatch.messages import HELPS_FOR, Telling, highest, send
from processors.dispatch.mutes import rank
from processors.dispatch.plan import Chained, Recipient, chained
from processors.dispatch.reach import asked_again, reached
from processors.dispatch.records import escalation_audited, handled
from processors.dispatch.state import Alert, Group, Membership
from processors.dispatch.work import Work
from schemas.alerts import MAINTENANCE, Severity, Told, Why

MOST_TOLD = 50
"""The newest of those who were told of an alert are remembered."""
Members = Sequence[tuple[Alert, Membership]]
Haste = Literal["news", "rise", "asked"]
"""Why a group has something to tell: news, a rise of what it told already, or somebody asked."""


def announce(
    work: Work, name: str, at: datetime, severity: Severity | None, haste: Haste = "news"
) -> None:
    """A group has news: an alert of this severity, or none for one that is over.

    News come once in `group_interval`; those that are more severe than what was told pass, and so
    does what somebody asked for. An alert that is more severe than it was told waits `group_wait`.
    """
    group = work.desk.groups.get(name)
    if group is None:
        return
    if group.waved_at is None:
        due = at + group.wait
    elif haste == "asked" or rank(severity) > rank(group.severity):
        due = at
    else:
        due = max(at, group.waved_at + group.interval)
        due = min(due, at + group.wait) if haste == "rise" else due
    flush_at = due if group.flush_at is None else min(due, group.flush_at)
    work.put_group(replace(group, flush_at=flush_at))


def due(work: Work, name: str, at: datetime) -> None:
    """Tell what is due in a group."""
    for is_due, tell in (
        (lambda one: one.flush_at, _flush),
        (work.escalates_at, _escalate),
        (work.repeats_at, _repeat),
    ):
        group = work.desk.groups.get(name)
        moment = None if group is None else is_due(group)
        if group is not None and moment is not None and moment <= at:
            tell(work, group, at)
    group = work.desk.groups.get(name)
    later = None if group is None else work.due_of(group)
    if group is not None and later is not None and later > at:
        work.put_group(group)  # It was due by another plant file, and is not yet by this one.


def _flush(work: Work, group: Group, at: datetime) -> None:
    found = list(work.alerts_of(group.id))
    news = [(one, its) for one, its in found if its.news in ("new", "reminder")]
    news = [(one, its) for one, its in news if one.is_active(its)]
    over = [(one, its) for one, its in found if its.news == "resolved"]
    group = replace(group, flush_at=None)
    if news:
        _tell_news(work, group, at, found, news)
    elif over:
        _tell_resolved(work, group, at, over, [one for one in found if one[0].is_firing])
    elif found:
        work.put_group(group)
    else:
        work.drop_group(group.id)


def _tell_news(work: Work, group: Group, at: datetime, found: Members, news: Members) -> None:
    over = [(one, its) for one, its in found if its.news == "resolved"]
    active = _news_first(found, news)
    severity, is_begun = highest(active), bool(group.anchors)
    chain = chained(work.plan, group.receiver)
    position = group.position if is_begun else 0
    recipients: list[Recipient] = []
    if chain is not None:
        asked = [one.asked for one, its in news if its.news == "reminder" and one.asked]
        recipients = asked_again(work, group, severity, asked)
        position, told = reached(work, group, chain, position, (severity, at))
        again = taken_back(work, group, news)
        recipients = list(dict.fromkeys((*told, *recipients, *again)))
    spoken = replace(
        page(work, group, recipients, at),
        position=position,
        stepped_at=group.stepped_at if is_begun else at,
        is_idle=not recipients,
        steps_at=_stepped(chain, range(position + 1), _warm(group, news), at),
        waved_at=at,
        spoke_at=at,
        severity=severity,
    )
    work.put_group(spoken)
    for one, its in news:
        told_now = replace(its, news="", told=one.alert.severity)
        if one.alert.labels.get("alertname") != MAINTENANCE:
            told_now = replace(told_now, anchor=its.anchor or at)
        _keep(work, one, _told(told_now, recipients), recipients, at)
    _close(work, over)
    over = over if _sends_resolved(work, group) else []
    listed = _listed(recipients, active, over, len(news))
    ends = {way: listed.pop(way) for way in list(listed) if way not in recipients}
    _say(work, group.id, _why(news, is_begun=is_begun), (at, severity), listed)
    _say_over(work, group.id, at, over, ends)


def _tell_resolved(work: Work, group: Group, at: datetime, over: Members, firing: Members) -> None:
    _close(work, over)
    work.put_group(replace(group, waved_at=at))
    if _sends_resolved(work, group):
        _say_over(work, group.id, at, over, _listed((), (), over, 0))
    if not firing:
        work.drop_group(group.id)


def _say_over(work: Work, name: str, at: datetime, over: Members, listed: Listed) -> None:
    """Tell those of ends who are told of nothing else."""
    group = work.desk.groups.get(name)
    if group is None or not listed:
        return
    firing = [(one, its) for one, its in work.alerts_of(name) if one.is_firing]
    group, listed = ended(work, group, listed, firing)
    work.put_group(group)
    why: Why = "maintenance" if _is_maintenance(over) else "resolved"
    _say(work, name, why, (at, highest(one for one, _ in over)), listed)
    settle(work, [one.channel for one in listed], at)


def _escalate(work: Work, group: Group, at: datetime) -> None:
    chain = chained(work.plan, group.receiver)
    waiting = _waiting(work, group)
    if chain is None or not waiting:
        return
    severity = highest(one for one, _ in waiting)
    position = group.position + 1
    step = chain.index(position)
    recipients = work.plan.step_recipients(
        group.receiver, severity, chain.step(position), (at, work.taken())
    )
    stepped = replace(group, position=position, stepped_at=at, is_idle=not recipients)
    if not recipients:
        work.put_group(stepped)
        return
    steps_at = _stepped(chain, [position], group, at)
    stepped = page(work, stepped, recipients, at)
    work.put_group(replace(stepped, steps_at=steps_at, spoke_at=at))
    because = f"step {step + 1} of {len(chain.chain.steps)}: nobody acknowledged"
    for one, its in waiting:
        handled(work, one, "escalated", at, because=because)
        _keep(work, one, _told(its, recipients), recipients, at)
    people = sorted({one.name for one in recipients})
    escalation_audited(
        work, group.id, at, {"position": position, "told": people, "alerts": len(waiting)}
    )
    listed = _listed(recipients, [one for one, _ in waiting], (), len(waiting))
    _say(work, group.id, "escalated", (at, severity), listed)


def _repeat(work: Work, group: Group, at: datetime) -> None:
    chain = chained(work.plan, group.receiver)
    waiting = _waiting(work, group)
    if chain is None or not waiting:
        return
    severity = highest(one for one, _ in waiting)
    _, recipients = reached(work, group, chain, group.position, (severity, at))
    steps_at = _stepped(chain, range(group.position + 1), group, at)
    group = page(work, group, recipients, at)
    work.put_group(replace(group, spoke_at=at, steps_at=steps_at))
    for one, its in waiting:
        _keep(work, one, _told(its, recipients), recipients, at)
    listed = _listed(recipients, [one for one, _ in waiting], (), len(waiting))
    _say(work, group.id, "repeat", (at, severity), listed)


def _say(
    work: Work,
    name: str,
    why: Why,
    when: tuple[datetime, Severity],
    listed: Listed,
) -> None:
    group = work.desk.groups.get(name)
    if group is None or not listed:
        return
    chain, escalates_at = chained(work.plan, group.receiver), work.escalates_at(group)
    send(
        work,
        Telling(
            group=name,
            labels=group.labels,
            why=why,
            at=when[0],
            severity=when[1],
            position=max(group.position, 0),
            step=0 if chain is None else chain.index(max(group.position, 0)),
            helps_for=min(HELPS_FOR, group.repeat) if why == "repeat" else HELPS_FOR,
            escalates_at=escalates_at,
            escalates_to=() if escalates_at is None else work.next_people(group, escalates_at),
        ),
        listed,
    )


def _waiting(work: Work, group: Group) -> list[tuple[Alert, Membership]]:
    """The alerts of a group that were told and that nobody has answered."""
    found = [
        (one, its)
        for one, its in work.alerts_of(group.id)
        if its.anchor is not None and one.is_active(its)
    ]
    return sorted(found, key=lambda one: (-rank(one[0].alert.severity), one[0].id))


def _stepped(
    chain: Chained | None, positions: Iterable[int], group: Group, at: datetime
) -> tuple[datetime | None, ...]:
    if chain is None:
        return ()
    steps = list(group.steps_at) + [None] * (len(chain.chain.steps) - len(group.steps_at))
    for position in positions:
        steps[chain.index(position)] = at
    return tuple(steps)


def _news_first(found: Members, news: Members) -> list[Alert]:
    """All that is to be told, what is new before the rest, the most severe first."""
    new_ids = {one.id for one, _ in news}
    active = [one for one, its in found if one.is_active(its)]
    active.sort(key=lambda one: (one.id not in new_ids, -rank(one.alert.severity), one.id))
    return active


def _warm(group: Group, news: Members) -> Group:
    """The group without cooldowns, where an alert is more severe than it was told before."""
    rises = any(its.told and rank(one.alert.severity) > rank(its.told) for one, its in news)
    return replace(group, steps_at=()) if rises else group


def _told(its: Membership, recipients: Iterable[Recipient]) -> Membership:
    addresses = ((one.name, one.channel) for one in recipients)
    return replace(its, told_to=tuple(dict.fromkeys((*its.told_to, *addresses))))


def _keep(
    work: Work, alert: Alert, its: Membership, recipients: Iterable[Recipient], at: datetime
) -> None:
    told = (*alert.told, *(Told(at=at, name=one.name, channel=one.channel) for one in recipients))
    groups = tuple(its if one.group == its.group else one for one in alert.groups)
    work.put_alert(replace(alert, told=told[-MOST_TOLD:], groups=groups))


def _close(work: Work, over: Members) -> None:
    for one, its in over:
        groups = tuple(other for other in one.groups if other.group != its.group)
        work.put_alert(replace(one, groups=groups))


def _listed(
    recipients: Iterable[Recipient], active: Sequence[Alert], over: Members, news: int
) -> Listed:
    """What each recipient is told of: what is active, and what is over of which they knew."""
    found: Listed = dict.fromkeys(recipients, (active, news))
    known = {(one.name, one.channel): one for one in found}
    for alert, its in over:
        for name, channel in its.told_to:
            way = known.setdefault((name, channel), Recipient(name, channel))
            alerts, count = found.get(way, ((), 0))
            found[way] = ([*alerts, alert], count + 1)
    return found


def _sends_resolved(work: Work, group: Group) -> bool:
    """Those whom a receiver told that the plant file has no longer wait for the end as well."""
    receiver = work.plan.receiver(group.receiver)
    return receiver is None or receiver.send_resolved


def _why(news: Members, *, is_begun: bool) -> Why:
    if _is_maintenance(news):
        return "maintenance"
    if all(its.news == "reminder" for _, its in news):
        return "reminder"
    return "changed" if is_begun else "firing"


def _is_maintenance(alerts: Members) -> bool:
    return all(one.alert.labels.get("alertname") == MAINTENANCE for one, _ in alerts)
