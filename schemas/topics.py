"""The topic catalogue: what each topic carries, how it is partitioned, keyed and kept."""

from datetime import timedelta

from schemas import acts, alerts, lab, machine, manual, quality
from schemas.audit import AuditEntry, AuditRecord
from schemas.cycles import BatchCycle, CycleCell
from schemas.deadletter import DeadLetter
from schemas.kpi import OeeCell, OeeReport
from schemas.model import PlantPublished
from schemas.site import EdgeHeartbeat, ExternalAlert, SourceHeartbeat
from schemas.stops import AndonCall, Finding, Stop
from schemas.telemetry import TelemetryFrame
from schemas.topic import MIN_INSYNC, PARTITIONS, REPLICATION, Profile, Role, Topic

__all__ = ["MIN_INSYNC", "PARTITIONS", "REPLICATION", "Profile", "Role", "Topic"]

_EDGE_WRITERS = frozenset({Role.EDGE, Role.OPERATOR})
"""An operator sends dead letters back to where they came from."""
_EDGE_READERS = frozenset({Role.PROCESSOR, Role.SINK, Role.OPERATOR})
_KPI_READERS = frozenset({Role.SINK, Role.OPERATOR, Role.PROCESSOR})
_ANSWER_READERS = frozenset({Role.SINK, Role.OPERATOR, Role.PROCESSOR, Role.EDGE})
_ALERT_READERS = frozenset({Role.SINK, Role.OPERATOR, Role.PROCESSOR, Role.NOTIFIER})
_SCRAPED = frozenset({Role.EXPORTER})
_EDGE_AND_SCRAPED = _EDGE_READERS | _SCRAPED
_ALL_BUT_EXPORTERS = frozenset(Role) - _SCRAPED


def _memory(engine: str, partition_by: str, partitions: int = PARTITIONS) -> Topic:
    return Topic(
        name=f"plant.{engine}.state.v1",
        about=f"The {engine} engine's own memory: rows, and its position. Not an interface.",
        types=(),
        partition_by=partition_by,
        record_key=f"{partition_by}/row",
        writers=frozenset({Role.PROCESSOR}),
        readers=frozenset({Role.PROCESSOR}),
        partitions=partitions,
    )


TELEMETRY = Topic(
    name="plant.telemetry.v1",
    about="Samples of one equipment, in columns.",
    types=(TelemetryFrame,),
    partition_by="equipment",
    record_key="equipment",
    writers=_EDGE_WRITERS,
    readers=_EDGE_AND_SCRAPED,
    retention=timedelta(days=7),
)
MACHINE = Topic(
    name="plant.machine.v1",
    about="All that can move an equipment's numbers.",
    types=(
        machine.StateChanged,
        machine.PartsCounted,
        machine.BatchStarted,
        machine.BatchEnded,
        machine.ProductChanged,
        machine.PhaseChanged,
        machine.CycleCompleted,
        machine.Gap,
        machine.CounterReset,
        machine.AlarmChanged,
        machine.Heartbeat,
        manual.StopReasonGiven,
        manual.PartsReported,
        manual.AndonRaised,
        manual.AndonCleared,
        manual.MaintenanceStarted,
        manual.MaintenanceEnded,
    ),
    partition_by="equipment",
    record_key="equipment",
    writers=_EDGE_WRITERS,
    readers=_EDGE_AND_SCRAPED,
    retention=timedelta(days=30),
)
LAB = Topic(
    name="plant.lab.v1",
    about="What laboratories found, and what was decided on it; appended, never changed. "
    "Batches and excursions stand beside it, as the engines of equipment forward them.",
    types=(
        lab.TestResult,
        lab.Disposition,
        lab.DeviationAction,
        lab.BatchMade,
        lab.Excursion,
    ),
    partition_by="product",
    record_key="site/product, of batches and excursions record id",
    writers=_EDGE_WRITERS | {Role.PROCESSOR},
    readers=_EDGE_AND_SCRAPED,
    retention=timedelta(days=30),
)
LAB_ANSWER = Topic(
    name="plant.lab.answer.v1",
    about="Whether each statement of a laboratory was accepted, and why not.",
    types=(quality.LabAnswer,),
    partition_by="product",
    record_key="run|statement",
    writers=frozenset({Role.PROCESSOR}),
    readers=_ANSWER_READERS,
    retention=timedelta(days=30),
    compacted=True,
)
QUALITY = Topic(
    name="plant.quality.v1",
    about="Judged results, compliance, capability, deviations, releases; the newest wins.",
    types=(
        quality.TestJudged,
        quality.ComplianceReport,
        quality.CapabilityReport,
        quality.Deviation,
        quality.BatchRelease,
    ),
    partition_by="product",
    record_key="record id",
    writers=frozenset({Role.PROCESSOR}),
    readers=_KPI_READERS | _SCRAPED,
    retention=timedelta(days=90),
)
QUALITY_STATE = _memory("quality", "product")
OPERATOR = Topic(
    name="plant.operator.v1",
    about="What people did about alerts, who takes over on call, and which records are held.",
    types=(
        acts.Acknowledgement,
        acts.Unacknowledgement,
        acts.Snooze,
        acts.Silence,
        acts.SilenceExpired,
        acts.OnCallTaken,
        acts.BatchHeld,
        acts.HoldReleased,
    ),
    partition_by="site",
    record_key="statement",
    writers=_EDGE_WRITERS | {Role.NOTIFIER},
    readers=_EDGE_READERS | {Role.NOTIFIER},
    retention=timedelta(days=90),
    partitions=1,
)
KPI = Topic(
    name="plant.kpi.v1",
    about="Additive facts, stops, calls and reports; the newest record of an id wins.",
    types=(OeeCell, OeeReport, Stop, AndonCall, Finding, CycleCell, BatchCycle),
    partition_by="equipment",
    record_key="cell or report id",
    writers=frozenset({Role.PROCESSOR}),
    readers=_KPI_READERS,
    retention=timedelta(days=30),
)
KPI_LATEST = Topic(
    name="plant.kpi.latest.v1",
    about="The newest report of each kind.",
    types=(OeeReport,),
    partition_by="equipment",
    record_key="run|equipment/kind",
    writers=frozenset({Role.PROCESSOR}),
    readers=_KPI_READERS | _SCRAPED,
)
OEE_STATE = _memory("oee", "equipment")
SITE = Topic(
    name="plant.site.v1",
    about="What site-wide rules see together: heartbeats of edges and sources, alerts of others, "
    "and what engines forward: rolling hours, stops, calls, findings and judged results.",
    types=(
        EdgeHeartbeat,
        SourceHeartbeat,
        ExternalAlert,
        OeeReport,
        Stop,
        AndonCall,
        Finding,
        quality.TestJudged,
    ),
    partition_by="site",
    record_key="edge, or edge/source, or sender/alert, or record id",
    writers=frozenset({Role.EDGE, Role.NOTIFIER, Role.PROCESSOR}),
    readers=_EDGE_AND_SCRAPED,
    retention=timedelta(days=7),
)
ALERT = Topic(
    name="plant.alert.v1",
    about="Alerts as they fire and are resolved, and what was done about them.",
    types=(alerts.AlertTransition, alerts.AlertHandled, alerts.OnCallShift),
    partition_by="site",
    record_key="record id",
    writers=frozenset({Role.PROCESSOR}),
    readers=_ALERT_READERS | _SCRAPED,
    retention=timedelta(days=90),
    partitions=1,
)
ALERT_LATEST = Topic(
    name="plant.alert.latest.v1",
    about="All that is known of the newest alert of each fingerprint.",
    types=(alerts.AlertStatus,),
    partition_by="site",
    record_key="run|site|fingerprint",
    writers=frozenset({Role.PROCESSOR}),
    readers=_ALERT_READERS,
    partitions=1,
)
NOTIFICATION = Topic(
    name="plant.notification.v1",
    about="Who is to be told what, on which way.",
    types=(alerts.Notification,),
    partition_by="group",
    record_key="notification id",
    writers=frozenset({Role.PROCESSOR}),
    readers=_ALERT_READERS,
    retention=timedelta(days=30),
)
DELIVERY = Topic(
    name="plant.delivery.v1",
    about="Messages that are about to be sent, and what became of them.",
    types=(alerts.DeliveryAttempt,),
    partition_by="group",
    record_key="notification|channel|recipient",
    writers=frozenset({Role.NOTIFIER}),
    readers=_ALERT_READERS,
    retention=timedelta(days=90),
    compacted=True,
)
RULES_STATE = _memory("rules", "equipment")
SITE_STATE = _memory("site", "site")
DISPATCH_STATE = _memory("dispatch", "site", partitions=1)
MODEL = Topic(
    name="plant.model.v1",
    about="The plant file, versioned.",
    types=(PlantPublished,),
    partition_by="site",
    record_key="site/version",
    writers=frozenset({Role.EDGE, Role.OPERATOR}),
    readers=frozenset(Role),
    partitions=1,
)
AUDIT_ENTRY = Topic(
    name="plant.audit.entry.v1",
    about="Acts of people and services, not yet chained.",
    types=(AuditEntry,),
    partition_by="site",
    record_key="entry id",
    writers=_ALL_BUT_EXPORTERS,
    readers=_KPI_READERS,
    retention=timedelta(days=90),
    partitions=1,
)
AUDIT = Topic(
    name="plant.audit.v1",
    about="The audit trail: entries in a chain, each with the hash of the one before.",
    types=(AuditRecord,),
    partition_by="site",
    record_key="site/number",
    writers=frozenset({Role.PROCESSOR}),
    readers=_KPI_READERS,
    retention=timedelta(days=90),
    partitions=1,
)
AUDIT_STATE = _memory("audit", "site", partitions=1)
DEADLETTER = Topic(
    name="plant.deadletter.v1",
    about="Bytes that could not be read, where they came from and why.",
    types=(DeadLetter,),
    partition_by="as it came",
    record_key="as it came",
    writers=_ALL_BUT_EXPORTERS,
    readers=frozenset({Role.SINK, Role.OPERATOR}),
    retention=timedelta(days=30),
)

CATALOGUE = (
    TELEMETRY,
    MACHINE,
    LAB,
    LAB_ANSWER,
    QUALITY,
    QUALITY_STATE,
    OPERATOR,
    KPI,
    KPI_LATEST,
    OEE_STATE,
    SITE,
    ALERT,
    ALERT_LATEST,
    NOTIFICATION,
    DELIVERY,
    RULES_STATE,
    SITE_STATE,
    DISPATCH_STATE,
    MODEL,
    AUDIT_ENTRY,
    AUDIT,
    AUDIT_STATE,
    DEADLETTER,
)
BY_NAME = {topic.name: topic for topic in CATALOGUE}
