"""`python -m tests.schemas.samples NAME` keeps one record of every type beside a release's schemas.

All fields are set, so that later code shows that it still reads each of them.
"""

import base64
import sys
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pydantic import BaseModel

from schemas.acts import (
    Acknowledgement,
    Matcher,
    OnCallTaken,
    Silence,
    SilenceExpired,
    Snooze,
    Unacknowledgement,
)
from schemas.alerts import (
    AlertHandled,
    AlertStatus,
    AlertTransition,
    DeliveryAttempt,
    Notification,
    OnCallShift,
    Told,
    Words,
)
from schemas.audit import FIRST, AuditEntry, AuditRecord
from schemas.codec import encode
from schemas.cycles import BatchCycle, CycleCell, Phase
from schemas.deadletter import DeadLetter
from schemas.generate import RELEASED
from schemas.kpi import OeeCell, OeeReport, Quantities, ReasonTime, StopCounts, TimeElements
from schemas.lab import BatchMade, DeviationAction, Disposition, TestResult
from schemas.machine import (
    AlarmChanged,
    BatchEnded,
    BatchStarted,
    CounterReset,
    CycleCompleted,
    Gap,
    Heartbeat,
    PartsCounted,
    PhaseChanged,
    ProductChanged,
    StateChanged,
    TimeCategory,
)
from schemas.manual import (
    AndonCleared,
    AndonRaised,
    MaintenanceEnded,
    MaintenanceStarted,
    PartsReported,
    StopReasonGiven,
)
from schemas.model import PlantPublished
from schemas.quality import (
    BatchRelease,
    ComplianceReport,
    Deviation,
    LabAnswer,
    Objection,
    TestJudged,
)
from schemas.record import EventId
from schemas.signature import Signature
from schemas.site import EdgeHeartbeat, ExternalAlert, SourceHeartbeat
from schemas.stops import AndonCall, Finding, Stop
from schemas.telemetry import Column, TelemetryFrame

AT = datetime(2026, 3, 2, 6, 0, 0, 125_000, tzinfo=UTC)
ID = EventId(source="edge-1", epoch="0123456789abcdef", seq=42)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
ENVELOPE: dict[str, Any] = {
    "id": ID,
    "run": "0123456789ab",
    "plant_version": "ba9876543210",
    "traceparent": TRACE,
    "source_time": AT,
    "ingest_time": AT,
    "equipment": "acme/north/hall/one/press",
}
OF_EQUIPMENT: dict[str, Any] = {
    "run": "0123456789ab",
    "plant_version": "ba9876543210",
    "equipment": "acme/north/hall/one/press",
}
WINDOW: dict[str, Any] = {
    **OF_EQUIPMENT,
    "start": AT,
    "end": AT,
    "time": TimeElements(**dict.fromkeys(TimeElements.model_fields, 1000)),
    "quantities": Quantities(**dict.fromkeys(Quantities.model_fields, 3)),
}
REASONS = (ReasonTime(category=TimeCategory.UNPLANNED_STOP, reason="JAM", ms=700),)
STOPS = StopCounts(**dict.fromkeys(StopCounts.model_fields, 2))
SAID: dict[str, Any] = {"by": "ana.ruiz", "statement": "0123456789abcdef0123456789abcdef"}
OF_SITE: dict[str, Any] = {
    **{name: value for name, value in ENVELOPE.items() if name != "equipment"},
    **SAID,
    "site": "acme/north",
}
OF_PRODUCT: dict[str, Any] = {**OF_SITE, "product": "P-1"}
OF_QUALITY: dict[str, Any] = {
    "run": "0123456789ab",
    "plant_version": "ba9876543210",
    "site": "acme/north",
    "product": "P-1",
}
SIGNATURE = Signature(
    id="00112233445566778899aabbccddeeff",
    login="ana",
    name="Ana Ruiz",
    roles=("qa",),
    at=AT,
    local_time="2026-03-02T00:00:00-06:00",
    time_zone="America/Mexico_City",
    meaning="released",
    content_sha256="ab" * 32,
    key="cd" * 32,
    seal="c2VhbA==",
)
RESULT: dict[str, Any] = {
    "signature": SIGNATURE,
    "test": "lead",
    "batch": "B-1",
    "sample": "S-1",
    "sample_time": AT,
    "method": "ICP-MS",
    "instrument": "icp-1",
    "analyst": "Ana Ruiz",
    "revision": 2,
    "corrects": "fedcba9876543210fedcba9876543210",
    "reason": "dilution was wrong",
    "retest": True,
}
RATIOS: dict[str, Any] = dict.fromkeys(
    ("availability", "effectiveness", "quality_ratio", "oee"), 0.5
)

_SITE_ENVELOPE = {**ENVELOPE, "site": "acme/north"}

OF_ALERT: dict[str, Any] = {
    "run": "0123456789ab",
    "plant_version": "ba9876543210",
    "site": "acme/north",
    "fingerprint": "a1b2c3d4e5f60718",
    "starts_at": AT,
    "at": AT + timedelta(minutes=1),
}
TRANSITION = AlertTransition(
    **OF_ALERT,
    state="firing",
    severity="critical",
    labels={"alertname": "PressTooHot", "equipment": "press"},
    value=96.5,
    limit=95.0,
    unit="°C",
    words={"es": Words(summary="La prensa está caliente", description="96.5 °C")},
    runbook_url="https://wiki.example/press",
    late=True,
    flapping=True,
    generator="rule",
)

SAMPLES: tuple[BaseModel, ...] = (
    TelemetryFrame(
        **ENVELOPE,
        columns=[
            Column(tag="force", unit="kN", offset_ms=[0, 9], numbers=[1.5, None], quality=[0, 1]),
            Column(tag="recipe", offset_ms=[0], texts=["A"]),
        ],
    ),
    *(
        StateChanged(**ENVELOPE, category=category, state="6", reason="jam")
        for category in TimeCategory
    ),
    PartsCounted(**ENVELOPE, good=10, scrap=1, rework=2, produced=3),
    BatchStarted(**ENVELOPE, **SAID, batch="B-1"),
    BatchEnded(**ENVELOPE, **SAID, batch="B-1"),
    ProductChanged(**ENVELOPE, product="P-1"),
    ProductChanged(**ENVELOPE, product=None),
    PhaseChanged(**ENVELOPE, phase="heating"),
    CycleCompleted(**ENVELOPE, duration_ms=30_500),
    Gap(**ENVELOPE, start=AT, reason="connection lost", lost=7),
    CounterReset(**ENVELOPE, tag="good", before="65535", after="0", rolled_over=True),
    AlarmChanged(
        **ENVELOPE,
        condition="nsu=urn:plc;i=7",
        name="TooHot",
        origin="nsu=urn:plc;s=T",
        origin_name="T",
        severity=700,
        message="above 100",
        active=True,
        acknowledged=False,
        retained=True,
    ),
    Heartbeat(**ENVELOPE),
    StopReasonGiven(
        **ENVELOPE, **SAID, reason="JAM", start=AT, end=AT + timedelta(minutes=5), comment="belt"
    ),
    PartsReported(
        **ENVELOPE,
        **SAID,
        good=-3,
        scrap=2,
        rework=1,
        batch="B-1",
        startup=True,
        reason="SCRATCH",
        comment="seen at packing",
    ),
    AndonRaised(**ENVELOPE, **SAID, andon="A-7", priority="high", kind="material", comment="caps"),
    AndonCleared(**ENVELOPE, **SAID, andon="A-7", comment="caps are here"),
    MaintenanceStarted(**ENVELOPE, **SAID, planned=True, work_order="W-1", comment="seal"),
    MaintenanceEnded(**ENVELOPE, **SAID, work_order="W-1", comment="seal changed"),
    TestResult(**OF_PRODUCT, **RESULT, number=0.05, comparator="<", unit="mg/l"),
    TestResult(**OF_PRODUCT, **RESULT, text="conforms", invalid=True),
    Disposition(
        **OF_PRODUCT,
        batch="B-1",
        decision="conditional",
        reason="all tests passed",
        roles=("quality",),
        signature=SIGNATURE,
    ),
    DeviationAction(
        **OF_PRODUCT,
        deviation="|acme/north|P-1|result",
        action="capa",
        reason="pump",
        roles=("qa",),
        signature=SIGNATURE,
    ),
    BatchMade(
        **OF_QUALITY, equipment=ENVELOPE["equipment"], batch="B-1", start=AT, end=AT, withdrawn=True
    ),
    LabAnswer(
        **OF_QUALITY,
        statement=SAID["statement"],
        event=ID,
        by=SAID["by"],
        at=AT,
        answer="refused",
        objections=(Objection(field="batch", reason="no equipment has begun it"),),
    ),
    TestJudged(
        **OF_QUALITY,
        result="fedcba9876543210fedcba9876543210",
        statement=SAID["statement"],
        revision=2,
        test="lead",
        batch="B-1",
        sample="S-1",
        area="finished-product",
        at=AT,
        stated_at=AT,
        outcome="fail",
        because="above 0.01",
        number=0.05,
        text="conforms",
        comparator="<",
        unit="mg/l",
    ),
    ComplianceReport(
        **OF_QUALITY,
        window="batch",
        batch="B-1",
        area="finished-product",
        test="lead",
        start=AT,
        end=AT,
        within=19,
        judged=20,
        compliance_rate=0.95,
        batches_within=1,
        batches_judged=2,
        batch_compliance=0.5,
        revision=3,
    ),
    Deviation(
        **OF_QUALITY,
        deviation="|acme/north|P-1|deviation|fedc",
        cause="out_of_specification",
        severity="critical",
        state="closed",
        batch="B-1",
        test="lead",
        result="fedcba9876543210fedcba9876543210",
        because="above 0.01",
        opened_at=AT,
        changed_at=AT,
        closed_at=AT,
        by="Ana Ruiz",
        reason="the pump is new",
        age_days=3,
        recurrence=2,
        withdrawn=True,
    ),
    BatchRelease(
        **OF_QUALITY,
        batch="B-1",
        started_at=AT,
        ended_at=AT,
        expected=5,
        judged=4,
        failed=1,
        pending=("lead",),
        overdue=("lead",),
        open_deviations=1,
        hours_since_end=25,
        disposition="approved",
        disposed_at=AT,
        disposed_by="Ana Ruiz",
        release_time_h=25.5,
    ),
    Acknowledgement(
        **OF_SITE,
        fingerprint="abc123",
        starts_at=AT,
        via="link",
        nonce="0123456789abcdef",
        comment="on my way",
    ),
    Unacknowledgement(**OF_SITE, fingerprint="abc123", comment="cannot leave"),
    Snooze(**OF_SITE, fingerprint="abc123", until=AT + timedelta(hours=1), comment="is known"),
    SilenceExpired(
        **OF_SITE, silence="fedcba9876543210fedcba9876543210", comment="the belt is new"
    ),
    OnCallTaken(
        **OF_SITE,
        schedule="mechanics",
        person="ana-ruiz",
        starts_at=AT,
        ends_at=AT + timedelta(hours=8),
        comment="swapped with Ben",
    ),
    Silence(
        **OF_SITE,
        matchers=[Matcher(name="equipment", value="press", is_regex=True, is_equal=False)],
        starts_at=AT,
        ends_at=AT + timedelta(hours=2),
        comment="new belt",
    ),
    OeeCell(
        **WINDOW,
        minute=AT.replace(microsecond=0),
        batch="B-1",
        product="P-1",
        shift="2026-03-02/early",
        day=date(2026, 3, 2),
        late=ID,
        reasons=REASONS,
        stops=STOPS,
    ),
    OeeReport(
        **WINDOW,
        **RATIOS,
        kind="shift",
        window="2026-03-02/early",
        final=True,
        revision=1,
        cause=ID,
        reasons=REASONS,
        stops=STOPS,
    ),
    OeeReport(**WINDOW, kind="batch", window="B-1", final=False),
    Stop(
        **OF_EQUIPMENT,
        start=AT,
        end=AT + timedelta(minutes=5),
        category=TimeCategory.UNPLANNED_STOP,
        state="9",
        reason="JAM",
        reason_by="ana.ruiz",
        batch="B-1",
        product="P-1",
        shift="2026-03-02/early",
        day=date(2026, 3, 2),
    ),
    AndonCall(
        **OF_EQUIPMENT,
        andon="A-7",
        kind="material",
        priority="high",
        raised_at=AT,
        raised_by="ana.ruiz",
        cleared_at=AT + timedelta(minutes=5),
        cleared_by="ben",
        comment="caps",
    ),
    Finding(
        **OF_EQUIPMENT,
        kind="overlapping_stops",
        start=AT,
        end=AT + timedelta(minutes=5),
        text="JAM and CLEANING were given for the same time",
        event=ID,
    ),
    CycleCell(
        **OF_EQUIPMENT,
        hour=AT.replace(microsecond=0),
        product="P-1",
        batch="B-1",
        shift="2026-03-02/early",
        day=date(2026, 3, 2),
        late=ID,
        cycles=2,
        total_ms=61_000,
        squares_ms2=1_861_000_000,
        shortest_ms=30_000,
        longest_ms=31_000,
        slow=1,
        ideal_ms=30_000,
        no_ideal=1,
        sketch={"521": 1, "523": 1},
    ),
    BatchCycle(
        **OF_EQUIPMENT,
        batch="B-1",
        product="P-1",
        start=AT,
        end=AT + timedelta(hours=1),
        phases=(Phase(name="heating", start=AT, end=AT + timedelta(hours=1)),),
        phases_left_out=1,
    ),
    EdgeHeartbeat(
        **_SITE_ENVELOPE,
        edge="acme/north/edge",
        spool_records=3,
        spool_bytes=4096,
        dropped_records=1,
    ),
    SourceHeartbeat(
        **_SITE_ENVELOPE,
        edge="acme/north/edge",
        name="plc",
        connected=False,
        last_value_at=AT,
        clock_skew_s=-0.25,
        trouble="wrong password",
    ),
    ExternalAlert(
        **_SITE_ENVELOPE,
        sender="prometheus",
        status="resolved",
        labels={"alertname": "DatabaseConnectionHigh", "severity": "warning"},
        annotations={"summary": "81 connections"},
        severity="warning",
        starts_at=AT,
        ends_at=AT + timedelta(minutes=5),
        generator_url="http://prometheus.example/graph",
    ),
    TRANSITION,
    AlertHandled(
        **OF_ALERT,
        handling="snoozed",
        holds=False,
        until=AT + timedelta(hours=1),
        by="ana.ruiz",
        because="is known",
        statement="0123456789abcdef0123456789abcdef",
    ),
    AlertStatus(
        **OF_ALERT,
        alert=TRANSITION,
        fired_at=AT,
        acknowledged_by="ana.ruiz",
        acknowledged_at=AT,
        snoozed_until=AT + timedelta(hours=1),
        suppressed_by=("silence/0123456789abcdef",),
        receivers=("mechanics",),
        step=1,
        escalates_at=AT + timedelta(minutes=5),
        escalates_to=("plant-manager",),
        told=(Told(at=AT, name="ana-ruiz", channel="sms"),),
    ),
    OnCallShift(
        plant_version="ba9876543210",
        site="acme/north",
        schedule="mechanics",
        starts_at=AT,
        ends_at=AT + timedelta(days=7),
        people=("ana-ruiz", "ben"),
    ),
    Notification(
        plant_version="ba9876543210",
        site="acme/north",
        id="0123456789abcdef0123456789abcdef",
        group="mechanics/PressTooHot",
        group_labels={"alertname": "PressTooHot"},
        why="escalated",
        at=AT,
        expires_at=AT + timedelta(hours=4),
        recipient="ana-ruiz",
        channel="sms",
        fallback=("email",),
        severity="critical",
        alerts=(TRANSITION,),
        total=1,
        step=1,
        escalates_at=AT + timedelta(minutes=5),
        escalates_to=("plant-manager",),
        told=("ben",),
        comment="nobody answered",
    ),
    DeliveryAttempt(
        site="acme/north",
        notification="0123456789abcdef0123456789abcdef",
        group="mechanics/PressTooHot",
        channel="sms",
        recipient="ana-ruiz",
        attempt=2,
        outcome="accepted",
        repeated=True,
        provider_id="SM0123456789abcdef0123456789abcdef",
        detail="queued",
        at=AT,
        alerts=(TRANSITION.alert_id(),),
    ),
    PlantPublished(
        site="acme/north",
        plant_version="ba9876543210",
        file="plant.yaml",
        text="name: A small plant\n",
        published_at=AT,
        number=3,
        in_force_from=AT,
        applied_by="Ana Ruiz",
        reason="new calendar",
    ),
    AuditEntry(
        id="1",
        site="acme/north",
        at=AT,
        actor="Ana Ruiz",
        action="apply",
        subject="plant.yaml",
        before={"version": "a", "note": None},
        after={"version": "b"},
        reason="new calendar",
    ),
    AuditRecord(
        site="acme/north",
        number=1,
        entry={
            "type": "audit_entry",
            "version": 1,
            "id": "1",
            "site": "acme/north",
            "at": "2026-03-02T06:00:00.125000Z",
            "actor": "Ana Ruiz",
            "action": "apply",
            "subject": "plant.yaml",
            "after": {"version": "b", "note": None},
            "reason": "new calendar",
        },
        previous=FIRST,
        hash="53bd6c0d7ad941ca39aea05cd75e7aa341e387251f1efa0a359fea6f45eb11cb",
    ),
    DeadLetter(
        id="plant.machine.v1/3/17",
        service="sink",
        topic="plant.machine.v1",
        partition=3,
        offset=17,
        file="recording.csv",
        line=12,
        key=base64.b64encode(b"key"),
        value=base64.b64encode(b"\xff"),
        size=1,
        reason="no JSON",
        buried_at=AT,
    ),
)


if __name__ == "__main__":
    lines = b"".join(encode(sample) + b"\n" for sample in SAMPLES)
    (RELEASED / sys.argv[1] / "samples.jsonl").write_bytes(lines)
