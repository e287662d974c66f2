"""Tables of alerts: what became true, what was done, who was told, and what others say. Pure."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from schemas.acts import BatchHeld, HoldReleased, OperatorRecord
from schemas.alerts import (
    AlertHandled,
    AlertRecord,
    AlertTransition,
    DeliveryAttempt,
    Notification,
    OnCallShift,
)
from schemas.record import Envelope
from schemas.site import EdgeHeartbeat, ExternalAlert, SourceHeartbeat
from schemas.topics import OPERATOR
from sinks.timescale.table import Row, Table, columns, storable_json

_MOST_OF_A_LABEL = 200


def _transition(told: AlertTransition) -> Row:
    labels = told.labels
    return (
        *_alert(told),
        *(told.state, told.severity, told.unit, told.runbook_url, told.generator),
        *(_label(labels, name) for name in ("alertname", "area", "line", "equipment")),
        *(_in_words(told.value), _in_words(told.limit)),
        *(told.starts_at, told.at, told.late, told.flapping),
        *(_json(labels), _json(_dumped(told, "words"))),
    )


def _handled(done: AlertHandled) -> Row:
    return (
        *_alert(done),
        *(done.handling, done.by, done.because, done.statement),
        *(done.starts_at, done.at, done.until, done.holds),
    )


def _alert(record: AlertRecord) -> tuple[str, str, str, str]:
    return record.run, record.site, record.fingerprint, record.plant_version


def _shift(shift: OnCallShift) -> Row:
    return (
        *(shift.site, shift.schedule, shift.plant_version),
        *(shift.starts_at, shift.ends_at, _json(shift.people)),
    )


def _notification(told: Notification) -> Row:
    return (
        *(told.site, told.id, told.group, told.why, told.recipient, told.channel),
        *(told.severity, told.comment, told.plant_version),
        *(told.at, told.expires_at, told.escalates_at),
        *(len(told.alerts), told.total, told.step),
        *(_json(told.group_labels), _json(told.fallback), _json(told.escalates_to)),
        *(_json(told.told), _json(_dumped(told, "alerts"))),
    )


def _told(one: tuple[Notification, AlertTransition]) -> Row:
    told, alert = one
    return (
        *(told.site, told.id, told.recipient, told.channel, told.why),
        *(alert.run, alert.fingerprint, alert.state, alert.severity),
        *(told.at, alert.starts_at),
    )


def _each_alert(told: Notification) -> Sequence[tuple[Notification, AlertTransition]]:
    return [(told, alert) for alert in told.alerts]


def _attempt(attempt: DeliveryAttempt) -> Row:
    return (
        *(attempt.site, attempt.notification, attempt.group, attempt.channel, attempt.recipient),
        *(attempt.outcome, attempt.provider_id, attempt.detail),
        *(attempt.at, attempt.attempt, attempt.repeated, _json(attempt.alerts)),
    )


def _act(act: OperatorRecord) -> Row:
    return (
        *(act.run, act.site, act.statement, act.type, act.by),  # type: ignore[attr-defined]  # each act has one
        *_origin(act),
        *(act.source_time, act.ingest_time, act.id.seq),
        storable_json(act.model_dump_json(exclude_none=True)),
    )


def _edge(beat: EdgeHeartbeat) -> Row:
    return (
        *(beat.run, beat.site, beat.edge),
        *_origin(beat),
        *(beat.source_time, beat.ingest_time, beat.id.seq),
        *(beat.spool_records, beat.spool_bytes, beat.dropped_records),
    )


def _source(beat: SourceHeartbeat) -> Row:
    return (
        *(beat.run, beat.site, beat.edge, beat.name, beat.trouble),
        *_origin(beat),
        *(beat.source_time, beat.ingest_time, beat.last_value_at, beat.id.seq),
        *(beat.clock_skew_s, beat.connected),
    )


def _external(told: ExternalAlert) -> Row:
    return (
        *(told.run, told.site, told.sender, told.status, _label(told.labels, "alertname")),
        *(told.severity, told.generator_url),
        *_origin(told),
        *(told.source_time, told.ingest_time, told.starts_at, told.ends_at, told.id.seq),
        *(_json(told.labels), _json(told.annotations)),
    )


def _origin(record: Envelope) -> tuple[str, str, str]:
    return record.id.source, record.id.epoch, record.plant_version


def _label(labels: Mapping[str, str], name: str) -> str | None:
    """The label as a column of an index can hold it; `labels` has it in full."""
    value = labels.get(name)
    return None if value is None else value[:_MOST_OF_A_LABEL]


def _in_words(value: float | str | None) -> str | None:
    """A number as people write it: 82 and not 82.0."""
    return format(value, ".15g") if isinstance(value, float) else value


def _dumped(record: BaseModel, field: str) -> Any:
    return record.model_dump(mode="json", include={field}, exclude_none=True)[field]


def _json(value: Any) -> str:
    return storable_json(json.dumps(value))


TRANSITIONS = Table(
    "alert_transition",
    columns(
        text=(
            "run site fingerprint plant_version state severity unit runbook_url generator"
            " alertname area line equipment value limit_value"
        ),
        timestamptz="starts_at at",
        boolean="late flapping",
        jsonb="labels words",
    ),
    _transition,
    key=("run", "site", "fingerprint", "starts_at", "state", "severity"),
)
HANDLINGS = Table(
    "alert_handled",
    columns(
        text="run site fingerprint plant_version handling done_by because statement",
        timestamptz="starts_at at until",
        boolean="holds",
    ),
    _handled,
    key=("run", "site", "fingerprint", "starts_at", "handling", "holds", "at"),
)
SHIFTS = Table(
    "on_call_shift",
    columns(text="site schedule plant_version", timestamptz="starts_at ends_at", jsonb="people"),
    _shift,
)
NOTIFICATIONS = Table(
    "notification",
    columns(
        text="site id group_id why recipient channel severity comment plant_version",
        timestamptz="at expires_at escalates_at",
        bigint="listed total step",
        jsonb="group_labels fallback escalates_to told alerts",
    ),
    _notification,
    key=("site", "id"),
    replaces=True,
)
TOLD = Table(
    "notification_alert",
    columns(
        text="site notification recipient channel why run fingerprint state severity",
        timestamptz="at starts_at",
    ),
    _told,
    key=("site", "notification", "run", "fingerprint", "starts_at"),
    replaces=True,
    each=_each_alert,
)
ATTEMPTS = Table(
    "delivery_attempt",
    columns(
        text="site notification group_id channel recipient outcome provider_id detail",
        timestamptz="at",
        bigint="attempt",
        boolean="repeated",
        jsonb="alerts",
    ),
    _attempt,
    key=("site", "notification", "channel", "recipient", "attempt", "outcome", "at"),
)
ACTS = Table(
    "operator_act",
    columns(
        text="run site statement type stated_by source epoch plant_version",
        timestamptz="time ingest_time",
        bigint="seq",
        jsonb="act",
    ),
    _act,
)
EDGES = Table(
    "edge_heartbeat",
    columns(
        text="run site edge source epoch plant_version",
        timestamptz="time ingest_time",
        bigint="seq spool_records spool_bytes dropped_records",
    ),
    _edge,
)
SOURCES = Table(
    "source_heartbeat",
    columns(
        text="run site edge name trouble source epoch plant_version",
        timestamptz="time ingest_time last_value_at",
        bigint="seq",
        float8="clock_skew_s",
        boolean="connected",
    ),
    _source,
)
EXTERNAL = Table(
    "external_alert",
    columns(
        text="run site sender status alertname severity generator_url source epoch plant_version",
        timestamptz="time ingest_time starts_at ends_at",
        bigint="seq",
        jsonb="labels annotations",
    ),
    _external,
)

_ABOUT_ALERTS = [one for one in OPERATOR.types if one not in {BatchHeld, HoldReleased}]
ALERTS: Mapping[type, tuple[Table, ...]] = {
    AlertTransition: (TRANSITIONS,),
    AlertHandled: (HANDLINGS,),
    OnCallShift: (SHIFTS,),
    Notification: (NOTIFICATIONS, TOLD),
    DeliveryAttempt: (ATTEMPTS,),
    EdgeHeartbeat: (EDGES,),
    SourceHeartbeat: (SOURCES,),
    ExternalAlert: (EXTERNAL,),
    **dict.fromkeys(_ABOUT_ALERTS, (ACTS,)),
}
"""Where each record about alerts is stored."""
