"""Records of every type, as Hypothesis makes them."""

import base64
import re
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import strategies as st
from pydantic import BaseModel

from schemas.acts import (
    LONGEST_TAKING,
    Acknowledgement,
    BatchHeld,
    HoldReleased,
    Matcher,
    OnCallTaken,
    Silence,
    SilenceExpired,
    Snooze,
    Unacknowledgement,
)
from schemas.alerts import (
    SEVERITIES,
    AlertExcursion,
    AlertHandled,
    AlertStatus,
    AlertTransition,
    DeliveryAttempt,
    Notification,
    OnCallShift,
    Told,
    Words,
)
from schemas.audit import AuditEntry, AuditRecord, entry_of
from schemas.cycles import BatchCycle, CycleCell, Phase
from schemas.deadletter import DeadLetter
from schemas.kpi import OeeCell, OeeReport, Quantities, ReasonTime, StopCounts, TimeElements
from schemas.lab import BatchMade, DeviationAction, Disposition, Excursion, TestResult
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
    CapabilityReport,
    ComplianceReport,
    Deviation,
    DeviationExcursion,
    LabAnswer,
    Objection,
    TestJudged,
)
from schemas.record import EventId
from schemas.signature import Signature
from schemas.site import EdgeHeartbeat, ExternalAlert, SourceHeartbeat
from schemas.stops import AndonCall, Finding, Stop
from schemas.telemetry import Column, TelemetryFrame

AMOUNTS = st.integers(0, 2**53)
TEXTS = st.text(max_size=20)
NAMES = st.text(min_size=1, max_size=20)
ZONES = st.integers(-14, 14).map(lambda hours: timezone(timedelta(hours=hours)))
_FIRST, _LAST = datetime(2, 1, 1), datetime(9998, 12, 31)  # noqa: DTZ001 - Hypothesis adds zones
TIMES = st.datetimes(_FIRST, _LAST, timezones=ZONES | st.just(UTC))
PATHS = st.lists(st.text("abcxyz0189_-", min_size=1, max_size=8), min_size=5, max_size=5).map(
    "/".join
)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
IDS = st.builds(EventId, source=NAMES, epoch=NAMES, seq=AMOUNTS)
BASE64 = st.binary(max_size=40).map(base64.b64encode)
JSON_OBJECTS = st.dictionaries(
    TEXTS, st.recursive(st.none() | st.booleans() | AMOUNTS | TEXTS, st.lists, max_leaves=5)
)


def maybe(strategy):
    return st.none() | strategy


ENVELOPE = {
    "id": IDS,
    "run": TEXTS,
    "plant_version": NAMES,
    "traceparent": maybe(TEXTS),
    "source_time": TIMES,
    "ingest_time": TIMES,
    "equipment": PATHS,
}
OF_EQUIPMENT = {"run": TEXTS, "plant_version": NAMES, "equipment": PATHS}
SITE_ENVELOPE = {
    **{key: strategy for key, strategy in ENVELOPE.items() if key != "equipment"},
    "site": NAMES,
}
SAID = {"by": NAMES, "statement": NAMES}
SITES = st.lists(st.text("abcxyz0189_-", min_size=1, max_size=8), min_size=2, max_size=2).map(
    "/".join
)
OF_SITE = {name: one for name, one in ENVELOPE.items() if name != "equipment"} | {
    **SAID,
    "site": SITES,
}
OF_PRODUCT = {**OF_SITE, "product": NAMES}
RESULT = {
    "test": NAMES,
    "batch": maybe(NAMES),
    "sample": maybe(NAMES),
    "sample_time": maybe(TIMES),
    "unit": TEXTS,
    "method": maybe(NAMES),
    "instrument": maybe(NAMES),
    "analyst": maybe(NAMES),
    "retest": st.booleans(),
}
NUMBERS = {"number": FLOATS, "comparator": maybe(st.sampled_from("<>"))}
CORRECTED = {"revision": st.integers(2, 1000), "corrects": NAMES, "reason": NAMES}
DIGESTS = st.text("0123456789abcdef", min_size=64, max_size=64)
SIGNATURES = st.builds(
    Signature,
    id=NAMES,
    login=NAMES,
    name=NAMES,
    roles=st.lists(NAMES, max_size=3).map(tuple),
    at=TIMES,
    local_time=NAMES,
    time_zone=NAMES,
    meaning=NAMES,
    content_sha256=DIGESTS,
    key=DIGESTS,
    seal=TEXTS,
)
RESULT |= {"signature": maybe(SIGNATURES)}
RESULTS = st.one_of(
    st.builds(TestResult, **OF_PRODUCT, **RESULT, **NUMBERS),
    st.builds(TestResult, **OF_PRODUCT, **RESULT, **NUMBERS, **CORRECTED),
    st.builds(TestResult, **OF_PRODUCT, **RESULT, text=TEXTS),
)
SPANS = st.lists(TIMES, min_size=2, max_size=2, unique=True).map(sorted)
MATCHERS = st.builds(
    Matcher, name=NAMES, value=TEXTS, is_regex=st.just(False), is_equal=st.booleans()
) | st.builds(
    Matcher, name=NAMES, value=TEXTS.map(re.escape), is_regex=st.just(True), is_equal=st.booleans()
)
CORRECTIONS = st.integers(-(10**9), 10**9)
CHANGES = st.integers(-(2**53), 2**53)
TIME_ELEMENTS = st.builds(TimeElements, **dict.fromkeys(TimeElements.model_fields, CHANGES))
QUANTITIES = st.builds(Quantities, **dict.fromkeys(Quantities.model_fields, CHANGES))
STOP_COUNTS = st.builds(StopCounts, **dict.fromkeys(StopCounts.model_fields, CHANGES))
REASONS = st.lists(
    st.builds(ReasonTime, category=st.sampled_from(TimeCategory), reason=NAMES, ms=CHANGES),
    max_size=3,
).map(tuple)
SEVERITY = st.sampled_from(SEVERITIES)
LABELS = st.dictionaries(NAMES, TEXTS, max_size=3)
SOME = st.lists(NAMES, max_size=3).map(tuple)
OF_QUALITY = {"run": TEXTS, "plant_version": NAMES, "site": SITES, "product": NAMES}
OF_ALERT = {
    "run": TEXTS,
    "plant_version": NAMES,
    "site": SITES,
    "fingerprint": NAMES,
    "starts_at": TIMES,
    "at": TIMES,
}
TRANSITIONS = st.builds(
    AlertTransition,
    **OF_ALERT,
    state=st.sampled_from(["pending", "firing", "resolved"]),
    severity=SEVERITY,
    labels=LABELS,
    value=maybe(FLOATS | TEXTS),
    limit=maybe(FLOATS | TEXTS),
    unit=TEXTS,
    words=st.dictionaries(
        st.sampled_from(["en", "es"]), st.builds(Words, summary=TEXTS, description=TEXTS)
    ),
    runbook_url=maybe(TEXTS),
    late=st.booleans(),
    flapping=st.booleans(),
    excursion=maybe(
        st.builds(
            AlertExcursion,
            severity=st.sampled_from(["minor", "major", "critical"]),
            area=maybe(NAMES),
            equipment=PATHS,
            concerns=NAMES,
            tag=NAMES,
            fired_at=TIMES,
            worst=maybe(FLOATS),
            limit=maybe(FLOATS),
        )
    ),
    generator=NAMES,
)


@st.composite
def columns(draw):
    length = draw(st.integers(0, 5))
    parts = {"min_size": length, "max_size": length}
    kind = draw(st.sampled_from(["numbers", "texts"]))
    values = st.lists(maybe(FLOATS if kind == "numbers" else TEXTS), **parts)
    return Column(
        tag=draw(NAMES),
        unit=draw(TEXTS),
        offset_ms=draw(st.lists(st.integers(-(2**40), 2**40), **parts)),
        quality=draw(maybe(st.lists(st.integers(0, 2**32 - 1), **parts))),
        **{kind: draw(values)},
    )


DIGESTS = st.binary(min_size=32, max_size=32).map(bytes.hex)
AUDIT_ENTRIES = st.builds(
    AuditEntry,
    id=TEXTS,
    site=TEXTS,
    at=TIMES,
    actor=TEXTS,
    action=TEXTS,
    subject=TEXTS,
    before=maybe(JSON_OBJECTS),
    after=maybe(JSON_OBJECTS),
    reason=maybe(TEXTS),
)
RECORDS: dict[type[BaseModel], st.SearchStrategy] = {
    TelemetryFrame: st.builds(
        TelemetryFrame, **ENVELOPE, columns=st.lists(columns(), min_size=1, max_size=3)
    ),
    StateChanged: st.builds(
        StateChanged,
        **ENVELOPE,
        category=st.sampled_from(TimeCategory),
        state=maybe(TEXTS),
        reason=maybe(TEXTS),
    ),
    PartsCounted: st.builds(
        PartsCounted, **ENVELOPE, good=AMOUNTS, scrap=AMOUNTS, rework=AMOUNTS, produced=AMOUNTS
    ),
    BatchStarted: st.builds(
        BatchStarted, **ENVELOPE, batch=NAMES, by=maybe(NAMES), statement=maybe(NAMES)
    ),
    BatchEnded: st.builds(
        BatchEnded, **ENVELOPE, batch=NAMES, by=maybe(NAMES), statement=maybe(NAMES)
    ),
    ProductChanged: st.builds(ProductChanged, **ENVELOPE, product=maybe(NAMES)),
    PhaseChanged: st.builds(PhaseChanged, **ENVELOPE, phase=maybe(TEXTS)),
    CycleCompleted: st.builds(CycleCompleted, **ENVELOPE, duration_ms=AMOUNTS),
    Gap: st.builds(Gap, **ENVELOPE, start=TIMES, reason=TEXTS, lost=maybe(AMOUNTS)),
    CounterReset: st.builds(
        CounterReset, **ENVELOPE, tag=TEXTS, before=TEXTS, after=TEXTS, rolled_over=st.booleans()
    ),
    AlarmChanged: st.builds(
        AlarmChanged,
        **ENVELOPE,
        condition=TEXTS.filter(bool),
        name=TEXTS,
        origin=TEXTS,
        origin_name=TEXTS,
        severity=st.integers(1, 1000),
        message=TEXTS,
        active=st.booleans(),
        acknowledged=st.booleans(),
        retained=st.booleans(),
    ),
    Heartbeat: st.builds(Heartbeat, **ENVELOPE),
    StopReasonGiven: SPANS.flatmap(
        lambda span: st.builds(
            StopReasonGiven,
            **ENVELOPE,
            **SAID,
            reason=NAMES,
            start=st.just(span[0]),
            end=st.just(span[1]) | st.none(),
            comment=maybe(TEXTS),
        )
    ),
    PartsReported: st.builds(
        PartsReported,
        **ENVELOPE,
        **SAID,
        good=CORRECTIONS,
        scrap=CORRECTIONS,
        rework=CORRECTIONS,
        startup=st.booleans(),
        batch=maybe(NAMES),
        reason=NAMES,
        comment=maybe(TEXTS),
    ),
    AndonRaised: st.builds(
        AndonRaised,
        **ENVELOPE,
        **SAID,
        andon=NAMES,
        priority=st.sampled_from(["low", "medium", "high", "critical"]),
        kind=NAMES,
        comment=maybe(TEXTS),
    ),
    AndonCleared: st.builds(AndonCleared, **ENVELOPE, **SAID, andon=NAMES, comment=maybe(TEXTS)),
    MaintenanceStarted: st.builds(
        MaintenanceStarted,
        **ENVELOPE,
        **SAID,
        planned=st.booleans(),
        work_order=maybe(NAMES),
        comment=maybe(TEXTS),
    ),
    MaintenanceEnded: st.builds(
        MaintenanceEnded, **ENVELOPE, **SAID, work_order=maybe(NAMES), comment=maybe(TEXTS)
    ),
    TestResult: RESULTS,
    Disposition: st.builds(
        Disposition,
        **OF_PRODUCT,
        batch=NAMES,
        decision=st.sampled_from(["release", "conditional", "reject", "hold"]),
        reason=maybe(NAMES),
        roles=SOME,
        signature=maybe(SIGNATURES),
    ),
    DeviationAction: st.builds(
        DeviationAction,
        **OF_PRODUCT,
        deviation=NAMES,
        action=st.sampled_from(["investigate", "capa", "close", "reopen"]),
        reason=NAMES,
        roles=SOME,
        signature=maybe(SIGNATURES),
    ),
    BatchMade: st.builds(
        BatchMade,
        **OF_QUALITY,
        equipment=PATHS,
        batch=NAMES,
        start=TIMES,
        end=maybe(TIMES),
        withdrawn=st.booleans(),
    ),
    Excursion: st.builds(
        Excursion,
        **OF_QUALITY,
        rule=NAMES,
        fingerprint=NAMES,
        equipment=PATHS,
        concerns=NAMES,
        severity=st.sampled_from(["minor", "major", "critical"]),
        area=maybe(NAMES),
        tag=NAMES,
        start=TIMES,
        fired_at=TIMES,
        end=maybe(TIMES),
        at=TIMES,
        worst=maybe(FLOATS),
        limit=maybe(FLOATS),
        unit=NAMES,
    ),
    LabAnswer: st.builds(
        LabAnswer,
        **OF_QUALITY,
        statement=NAMES,
        event=IDS,
        by=NAMES,
        at=TIMES,
        answer=st.sampled_from(["accepted", "refused"]),
        objections=st.lists(st.builds(Objection, field=NAMES, reason=TEXTS), max_size=2).map(tuple),
    ),
    TestJudged: st.builds(
        TestJudged,
        **OF_QUALITY,
        result=NAMES,
        statement=NAMES,
        revision=st.integers(1, 1000),
        test=NAMES,
        batch=maybe(NAMES),
        sample=maybe(NAMES),
        area=maybe(NAMES),
        at=TIMES,
        stated_at=TIMES,
        outcome=maybe(st.sampled_from(["pass", "fail", "out_of_trend", "invalid"])),
        because=TEXTS,
        number=maybe(FLOATS),
        text=maybe(TEXTS),
        comparator=maybe(st.sampled_from("<>")),
        unit=TEXTS,
    ),
    ComplianceReport: st.builds(
        ComplianceReport,
        **OF_QUALITY,
        window=st.sampled_from(["24h", "7d", "30d", "batch"]),
        batch=maybe(NAMES),
        area=maybe(NAMES),
        test=maybe(NAMES),
        start=maybe(TIMES),
        end=TIMES,
        within=AMOUNTS,
        judged=AMOUNTS,
        compliance_rate=maybe(FLOATS),
        batches_within=AMOUNTS,
        batches_judged=AMOUNTS,
        batch_compliance=maybe(FLOATS),
        revision=AMOUNTS,
    ),
    CapabilityReport: st.builds(
        CapabilityReport,
        **OF_QUALITY,
        test=NAMES,
        chart=st.sampled_from(["individuals", "subgroups"]),
        start=TIMES,
        end=TIMES,
        results=AMOUNTS,
        unit=TEXTS,
        lower=maybe(FLOATS),
        upper=maybe(FLOATS),
        mean=maybe(FLOATS),
        within_sigma=maybe(FLOATS),
        overall_sigma=maybe(FLOATS),
        cp=maybe(FLOATS),
        cpk=maybe(FLOATS),
        cpk_lower=maybe(FLOATS),
        cpk_upper=maybe(FLOATS),
        pp=maybe(FLOATS),
        ppk=maybe(FLOATS),
    ),
    Deviation: st.builds(
        Deviation,
        **OF_QUALITY,
        deviation=NAMES,
        cause=st.sampled_from(["out_of_specification", "excursion", "missed_test"]),
        severity=st.sampled_from(["minor", "major", "critical"]),
        state=st.sampled_from(["open", "investigating", "capa", "closed"]),
        batch=maybe(NAMES),
        test=maybe(NAMES),
        result=maybe(NAMES),
        area=maybe(NAMES),
        excursion=maybe(
            st.builds(
                DeviationExcursion,
                rule=NAMES,
                equipment=PATHS,
                tag=NAMES,
                start=TIMES,
                end=maybe(TIMES),
                duration_s=maybe(FLOATS),
                worst=maybe(FLOATS),
                limit=maybe(FLOATS),
                unit=NAMES,
            )
        ),
        because=TEXTS,
        opened_at=TIMES,
        changed_at=TIMES,
        closed_at=maybe(TIMES),
        by=maybe(NAMES),
        reason=maybe(TEXTS),
        age_days=AMOUNTS,
        recurrence=AMOUNTS,
        withdrawn=st.booleans(),
    ),
    BatchRelease: st.builds(
        BatchRelease,
        **OF_QUALITY,
        batch=NAMES,
        started_at=maybe(TIMES),
        ended_at=maybe(TIMES),
        expected=AMOUNTS,
        judged=AMOUNTS,
        failed=AMOUNTS,
        pending=SOME,
        overdue=SOME,
        open_deviations=AMOUNTS,
        hours_since_end=AMOUNTS,
        disposition=maybe(st.sampled_from(["approved", "conditional", "rejected", "held"])),
        disposed_at=maybe(TIMES),
        disposed_by=maybe(NAMES),
        release_time_h=maybe(FLOATS),
    ),
    Acknowledgement: st.builds(
        Acknowledgement,
        **OF_SITE,
        fingerprint=NAMES,
        starts_at=maybe(TIMES),
        via=st.sampled_from(["api", "link", "sms"]),
        nonce=maybe(TEXTS),
        comment=maybe(TEXTS),
    ),
    Unacknowledgement: st.builds(
        Unacknowledgement, **OF_SITE, fingerprint=NAMES, comment=maybe(TEXTS)
    ),
    Snooze: st.builds(Snooze, **OF_SITE, fingerprint=NAMES, until=TIMES, comment=maybe(TEXTS)),
    SilenceExpired: st.builds(SilenceExpired, **OF_SITE, silence=NAMES, comment=maybe(TEXTS)),
    BatchHeld: st.builds(BatchHeld, **OF_SITE, batch=NAMES, reason=NAMES),
    HoldReleased: st.builds(HoldReleased, **OF_SITE, hold=NAMES, batch=NAMES, reason=NAMES),
    OnCallTaken: SPANS.flatmap(
        lambda span: st.builds(
            OnCallTaken,
            **OF_SITE,
            schedule=NAMES,
            person=NAMES,
            starts_at=st.just(span[0]),
            ends_at=st.just(span[0] + min(span[1] - span[0], LONGEST_TAKING)),
            comment=maybe(TEXTS),
        )
    ),
    AlertTransition: TRANSITIONS,
    AlertHandled: st.builds(
        AlertHandled,
        **OF_ALERT,
        handling=st.sampled_from(["acknowledged", "silenced", "escalated"]),
        holds=st.booleans(),
        until=maybe(TIMES),
        by=maybe(TEXTS),
        because=TEXTS,
        statement=maybe(TEXTS),
    ),
    AlertStatus: st.builds(
        AlertStatus,
        **OF_ALERT,
        alert=TRANSITIONS,
        fired_at=maybe(TIMES),
        acknowledged_by=maybe(TEXTS),
        acknowledged_at=maybe(TIMES),
        snoozed_until=maybe(TIMES),
        suppressed_by=SOME,
        receivers=SOME,
        step=AMOUNTS,
        escalates_at=maybe(TIMES),
        escalates_to=SOME,
        told=st.lists(st.builds(Told, at=TIMES, name=NAMES, channel=NAMES), max_size=3).map(tuple),
    ),
    OnCallShift: st.builds(
        OnCallShift,
        plant_version=NAMES,
        site=SITES,
        schedule=NAMES,
        starts_at=TIMES,
        ends_at=maybe(TIMES),
        people=SOME,
    ),
    Notification: st.builds(
        Notification,
        plant_version=NAMES,
        site=SITES,
        id=NAMES,
        group=NAMES,
        group_labels=LABELS,
        why=st.sampled_from(["firing", "escalated", "resolved", "summary"]),
        at=TIMES,
        expires_at=TIMES,
        recipient=NAMES,
        channel=NAMES,
        fallback=SOME,
        severity=SEVERITY,
        alerts=st.lists(TRANSITIONS, max_size=2).map(tuple),
        total=AMOUNTS,
        step=AMOUNTS,
        escalates_at=maybe(TIMES),
        escalates_to=SOME,
        told=SOME,
        comment=TEXTS,
    ),
    DeliveryAttempt: st.builds(
        DeliveryAttempt,
        site=SITES,
        notification=NAMES,
        group=NAMES,
        channel=NAMES,
        recipient=NAMES,
        attempt=st.integers(1, 2**53),
        outcome=st.sampled_from(["intent", "delivered", "failed", "unknown"]),
        repeated=st.booleans(),
        provider_id=maybe(TEXTS),
        detail=TEXTS,
        at=TIMES,
        alerts=SOME,
    ),
    ExternalAlert: st.builds(
        ExternalAlert,
        **SITE_ENVELOPE,
        sender=NAMES,
        status=st.sampled_from(["firing", "resolved"]),
        labels=LABELS,
        annotations=LABELS,
        severity=SEVERITY,
        starts_at=TIMES,
        ends_at=maybe(TIMES),
        generator_url=TEXTS,
    ),
    Silence: SPANS.flatmap(
        lambda span: st.builds(
            Silence,
            **OF_SITE,
            matchers=st.lists(
                MATCHERS,
                min_size=1,
                max_size=3,
            ),
            starts_at=st.just(span[0]),
            ends_at=st.just(span[1]),
            comment=NAMES,
        )
    ),
    OeeCell: st.builds(
        OeeCell,
        run=TEXTS,
        plant_version=NAMES,
        equipment=PATHS,
        minute=TIMES,
        batch=maybe(TEXTS),
        product=maybe(TEXTS),
        shift=maybe(TEXTS),
        day=st.dates(),
        start=TIMES,
        end=TIMES,
        late=maybe(IDS),
        time=TIME_ELEMENTS,
        quantities=QUANTITIES,
        stops=STOP_COUNTS,
        reasons=REASONS,
    ),
    OeeReport: st.builds(
        OeeReport,
        run=TEXTS,
        plant_version=NAMES,
        equipment=PATHS,
        kind=st.sampled_from(["shift", "batch", "hour"]),
        window=TEXTS,
        start=TIMES,
        end=TIMES,
        final=st.booleans(),
        revision=AMOUNTS,
        cause=maybe(IDS),
        time=TIME_ELEMENTS,
        quantities=QUANTITIES,
        stops=STOP_COUNTS,
        reasons=REASONS,
        availability=maybe(FLOATS),
        effectiveness=maybe(FLOATS),
        quality_ratio=maybe(FLOATS),
        oee=maybe(FLOATS),
    ),
    Stop: st.builds(
        Stop,
        **OF_EQUIPMENT,
        start=TIMES,
        end=maybe(TIMES),
        category=st.sampled_from(TimeCategory),
        state=maybe(TEXTS),
        reason=maybe(TEXTS),
        reason_by=maybe(TEXTS),
        batch=maybe(TEXTS),
        product=maybe(TEXTS),
        shift=maybe(TEXTS),
        day=st.dates(),
    ),
    AndonCall: st.builds(
        AndonCall,
        **OF_EQUIPMENT,
        andon=NAMES,
        kind=NAMES,
        priority=st.sampled_from(["low", "medium", "high", "critical"]),
        raised_at=TIMES,
        raised_by=NAMES,
        cleared_at=maybe(TIMES),
        cleared_by=maybe(NAMES),
        comment=maybe(TEXTS),
    ),
    Finding: st.builds(
        Finding,
        **OF_EQUIPMENT,
        kind=st.text("abcxyz_", min_size=1, max_size=20),
        start=TIMES,
        end=TIMES,
        text=NAMES,
        event=maybe(IDS),
    ),
    CycleCell: st.builds(
        CycleCell,
        **OF_EQUIPMENT,
        hour=TIMES,
        product=maybe(TEXTS),
        batch=maybe(TEXTS),
        shift=maybe(TEXTS),
        day=st.dates(),
        late=maybe(IDS),
        cycles=AMOUNTS,
        total_ms=AMOUNTS,
        squares_ms2=AMOUNTS,
        shortest_ms=AMOUNTS,
        longest_ms=AMOUNTS,
        slow=AMOUNTS,
        ideal_ms=AMOUNTS,
        no_ideal=AMOUNTS,
        sketch=st.dictionaries(AMOUNTS.map(str), AMOUNTS, max_size=3),
    ),
    BatchCycle: st.builds(
        BatchCycle,
        **OF_EQUIPMENT,
        batch=NAMES,
        product=maybe(TEXTS),
        start=TIMES,
        end=maybe(TIMES),
        phases=st.lists(st.builds(Phase, name=TEXTS, start=TIMES, end=TIMES), max_size=3).map(
            tuple
        ),
        phases_left_out=AMOUNTS,
    ),
    EdgeHeartbeat: st.builds(
        EdgeHeartbeat,
        **SITE_ENVELOPE,
        edge=NAMES,
        spool_records=AMOUNTS,
        spool_bytes=AMOUNTS,
        dropped_records=AMOUNTS,
    ),
    SourceHeartbeat: st.builds(
        SourceHeartbeat,
        **SITE_ENVELOPE,
        edge=NAMES,
        name=NAMES,
        connected=st.booleans(),
        last_value_at=maybe(TIMES),
        clock_skew_s=maybe(FLOATS),
        trouble=maybe(TEXTS),
    ),
    PlantPublished: st.builds(
        PlantPublished,
        site=TEXTS,
        plant_version=TEXTS,
        file=TEXTS,
        text=TEXTS,
        published_at=TIMES,
        number=AMOUNTS,
        in_force_from=maybe(TIMES),
        applied_by=maybe(TEXTS),
        reason=maybe(TEXTS),
    ),
    AuditEntry: AUDIT_ENTRIES,
    AuditRecord: st.builds(
        AuditRecord,
        site=TEXTS,
        number=st.integers(1, 2**53),
        entry=AUDIT_ENTRIES.map(entry_of),
        previous=DIGESTS,
        hash=DIGESTS,
    ),
    DeadLetter: st.builds(
        DeadLetter,
        id=TEXTS,
        service=TEXTS,
        topic=maybe(TEXTS),
        partition=maybe(AMOUNTS),
        offset=maybe(AMOUNTS),
        file=maybe(TEXTS),
        line=maybe(AMOUNTS),
        key=maybe(BASE64),
        value=maybe(BASE64),
        size=AMOUNTS,
        reason=TEXTS,
        buried_at=TIMES,
    ),
}
