"""What the dispatcher says: records for topics, from what it remembers."""

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Any

from processors.dispatch.state import Alert, Answer, Membership
from processors.dispatch.work import Work
from processors.step import Output
from schemas.acts import OperatorRecord
from schemas.alerts import AlertHandled, AlertStatus, Handling, Notification, OnCallShift
from schemas.audit import AuditEntry
from schemas.topics import ALERT, ALERT_LATEST, AUDIT_ENTRY, NOTIFICATION

ACTOR = "service:dispatch"
_MOST = 500


def handled(work: Work, alert: Alert, handling: Handling, at: datetime, **said: Any) -> None:
    """Something was done about an alert, or is over: `holds`, `until`, `by`, `because`."""
    known = alert.alert
    said["because"] = str(said.get("because", ""))[:_MOST]
    record = AlertHandled(
        run=known.run,
        plant_version=work.plan.version,
        site=known.site,
        fingerprint=known.fingerprint,
        starts_at=known.starts_at,
        at=at,
        handling=handling,
        **said,
    )
    work.outputs.append(Output(ALERT, record.partition_key(), record.record_id(), record))


def answered(work: Work, alert: Alert, handling: Handling, answer: Answer, because: str) -> None:
    """Somebody takes care of an alert."""
    handled(
        work,
        alert,
        handling,
        answer.at,
        until=answer.until,
        by=answer.by,
        because=because,
        statement=answer.statement,
    )


def entry_id(statement: str) -> str:
    """The entry of the audit trail which says that an act of a person was taken."""
    return f"dispatch:{statement}"


def act_audited(work: Work, act: OperatorRecord, subject: str, after: dict[str, Any]) -> None:
    """A person did something."""
    entry = AuditEntry(
        id=entry_id(act.statement),
        site=act.site,
        at=act.source_time,
        actor=act.by,
        action=f"alert.{act.type}",  # type: ignore[attr-defined]  # each act has one
        subject=subject,
        after=after,
        reason=getattr(act, "comment", None),
    )
    work.outputs.append(Output(AUDIT_ENTRY, entry.site, entry.id, entry))


def escalation_audited(work: Work, group: str, at: datetime, after: dict[str, Any]) -> None:
    """Nobody answered, and the next step was taken."""
    parts = (work.plan.site, group, at.isoformat(), str(after.get("position")))
    entry = AuditEntry(
        id=f"escalation:{sha256('|'.join(parts).encode()).hexdigest()[:32]}",
        site=work.plan.site,
        at=at,
        actor=ACTOR,
        action="alert.escalated",
        subject=group,
        after=after,
        reason="nobody acknowledged",
    )
    work.outputs.append(Output(AUDIT_ENTRY, entry.site, entry.id, entry))


def notified(work: Work, notification: Notification) -> None:
    """Somebody is to be told."""
    key = notification.partition_key()
    work.outputs.append(Output(NOTIFICATION, key, notification.record_id(), notification))


def on_call(work: Work, shift: OnCallShift) -> None:
    """Somebody is on call."""
    work.outputs.append(Output(ALERT, shift.partition_key(), shift.record_id(), shift))


def statuses(work: Work, changed: Iterable[str]) -> None:
    """How the newest alerts of their fingerprints stand."""
    for name in changed:
        alert = work.desk.alerts.get(name)
        if alert is None or work.desk.newest.get(alert.alert.fingerprint) != name:
            continue
        record = _status(work, alert)
        work.outputs.append(
            Output(ALERT_LATEST, record.partition_key(), record.record_id(), record)
        )


def _status(work: Work, alert: Alert) -> AlertStatus:
    known, acknowledged, snoozed = alert.alert, alert.acknowledged, alert.snoozed
    groups = [work.desk.groups.get(one.group) for one in alert.groups]
    open_groups = [one for one in groups if one is not None]
    anchored = {one.group for one in alert.groups if one.anchor is not None}
    coming = [
        (due, one)
        for one in open_groups
        if one.id in anchored and (due := work.escalates_at(one)) is not None
    ]
    due, group = min(coming, key=lambda one: one[0], default=(None, None))
    return AlertStatus(
        run=known.run,
        plant_version=work.plan.version,
        site=known.site,
        fingerprint=known.fingerprint,
        starts_at=known.starts_at,
        at=work.desk.head.now or known.at,
        alert=known,
        fired_at=alert.fired_at,
        acknowledged_by=acknowledged.by if acknowledged else None,
        acknowledged_at=acknowledged.at if acknowledged else None,
        snoozed_until=snoozed.until if snoozed else None,
        suppressed_by=alert.suppressed_by,
        receivers=tuple(sorted({one.receiver for one in open_groups})),
        step=max((max(one.position, 0) for one in open_groups if one.id in anchored), default=0),
        escalates_at=due,
        escalates_to=() if group is None or due is None else work.next_people(group, due),
        told=alert.told,
        paged=tuple(sorted(one.group for one in alert.groups if _is_paged(work, one))),
    )


def _is_paged(work: Work, membership: Membership) -> bool:
    return any(work.plan.is_pager(channel) for _, channel in membership.told_to)
