"""Rules about what the plant's figures run on: machines, database, our own services."""

from collections.abc import Sequence
from datetime import timedelta

from plantstream.prometheus.rule import Rule
from schemas.plant.alerts.conditions import Absent
from schemas.plant.model import Plant

SOURCE_SILENT_AFTER = timedelta(minutes=1)
EQUIPMENT_SILENT_AFTER = timedelta(minutes=2)
"""Where the plant file has no rule of its own on `absent`."""
_M = timedelta(minutes=1)
_PEOPLE = 'route!~"/live|/ready|/metrics"'
"""Without those that machines ask: a service that starts answers 503 on purpose."""


def infrastructure(plant: Plant) -> Sequence[Rule]:
    """Machines, database, HTTP, and whether sources and equipment are heard."""
    return [*_machines(), *_http(), *_flow(), *_silence(plant)]


def pipeline() -> Sequence[Rule]:
    """What is on its way through our services, and what holds it up."""
    return [*_edge(), *_lateness(), *_upkeep()]


def _rule(
    alert: str, expr: str, told: tuple[str, str, str], minutes: float = 0, **labels: str
) -> Rule:
    severity, summary, description = told
    return Rule(
        alert,
        expr,
        severity,
        summary,
        description,
        timedelta(minutes=minutes),
        {"area": "infrastructure", **labels},
    )


def _machines() -> list[Rule]:
    cpu = 'avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m]))'
    memory = "node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes"
    return [
        _rule(
            "DatabaseConnectionHigh",
            "sum(pg_stat_activity_count) > 80",
            (
                "warning",
                "{{ $value }} connections to the database",
                "Near the limit (`max_connections`, 100 by default) nobody else can connect.",
            ),
            5,
            area="database",
        ),
        _rule(
            "HostCpuHigh",
            f"100 * (1 - {cpu}) > 90",
            (
                "warning",
                '{{ $labels.instance }}: CPU at {{ printf "%.0f" $value }} %',
                "Everything on this machine becomes slow: see what takes it.",
            ),
            5,
        ),
        _rule(
            "HostMemoryHigh",
            f"100 * (1 - {memory}) > 95",
            (
                "warning",
                '{{ $labels.instance }}: memory at {{ printf "%.0f" $value }} %',
                "The kernel may soon end a process of its choice.",
            ),
            5,
        ),
    ]


def _http() -> list[Rule]:
    rate = f"sum by (le, service) (rate(http_request_duration_seconds_bucket{{{_PEOPLE}}}[5m]))"
    refused = 'sum by (service) (increase(http_requests_total{code=~"401|403"}[5m]))'
    return [
        _rule(
            "HighResponseTime",
            f"histogram_quantile(0.95, {rate}) > 2",
            (
                "warning",
                '{{ $labels.service }}: 1 of 20 requests takes over {{ printf "%.1f" $value }} s',
                "People and instruments wait for answers.",
            ),
            2,
            area="performance",
        ),
        _rule(
            "HighErrorRate",
            f'sum by (service) (rate(http_requests_total{{code=~"5..",{_PEOPLE}}}[5m])) > 5',
            (
                "warning",
                '{{ $labels.service }}: {{ printf "%.1f" $value }} requests a second fail',
                "Answers 500 to 599: a part behind the service is away, or the service is broken.",
            ),
            area="performance",
        ),
        _rule(
            "AuthFailures",
            f"round({refused}) > 5",
            (
                "critical",
                "{{ $labels.service }}: {{ $value }} refused in 5 minutes",
                "Tokens, signatures, passwords or links that are wrong: an attack, or a sender "
                "with an old secret.",
            ),
            area="security",
        ),
    ]


def _flow() -> list[Rule]:
    spool = "plantstream_edge_spool_bytes > 268435456"
    expiry = "(plantstream_source_certificate_expiry_timestamp_seconds - time()) / 86400 < 30"
    return [
        _rule(
            "DatabaseWriteErrors",
            "increase(plantstream_sink_retries_total[5m]) > 3",
            (
                "critical",
                "The sink cannot write",
                "Database or Kafka does not answer. Nothing is lost while Kafka keeps the topics.",
            ),
            1,
            area="database",
        ),
        _rule(
            "ConsumerLag",
            "max by (group, topic) (plantstream_consumer_lag_seconds) > 60",
            (
                "warning",
                '{{ $labels.group }} is {{ printf "%.0f" $value }} s behind on {{ $labels.topic }}',
                "What people see is as old as that.",
            ),
            5,
        ),
        _rule(
            "SpoolFilling",
            spool,
            (
                "warning",
                "{{ $labels.instance }}: {{ humanize1024 $value }}B wait for the broker",
                "A quarter of the spool's 1 GiB: beyond all of it the oldest are dropped.",
            ),
            5,
        ),
        _rule(
            "DeadLetters",
            'increase(plantstream_sink_rows_total{table="dead_letter"}[10m]) > 0',
            (
                "warning",
                "Records that could not be read",
                "They are kept on plant.deadletter.v1 and can be sent again.",
            ),
        ),
        _rule(
            "ServiceDown",
            "up == 0",
            (
                "critical",
                "{{ $labels.job }} at {{ $labels.instance }} does not answer",
                "Prometheus could not scrape it.",
            ),
            1,
        ),
        _rule(
            "CertificateExpiry",
            expiry,
            (
                "warning",
                "{{ $labels.source }}: the {{ $labels.certificate }} certificate ends in "
                '{{ printf "%.0f" $value }} days',
                "From then on the source cannot be read.",
            ),
            area="security",
        ),
    ]


def _silence(plant: Plant) -> list[Rule]:
    after = {
        rule.when.absent: rule.when.after
        for rule in plant.alert_rules
        if isinstance(rule.when, Absent)
    }
    source = after.get("source", SOURCE_SILENT_AFTER)
    equipment_s = after.get("equipment", EQUIPMENT_SILENT_AFTER).total_seconds()
    return [
        _rule(
            "SourceSilent",
            "plantstream_source_connected == 0",
            (
                "warning",
                "The source {{ $labels.source }} does not answer",
                "What its machines do is not seen; their time becomes unknown.",
            ),
            source / _M,
        ),
        _rule(
            "EquipmentSilent",
            f"max by (equipment) (plantstream_equipment_fresh_seconds) > {equipment_s:.0f}",
            (
                "warning",
                "{{ $labels.equipment }}: nothing for {{ humanizeDuration $value }}",
                "Neither values nor signs of life; its time becomes unknown.",
            ),
        ),
    ]


def _edge() -> list[Rule]:
    return [
        _rule(
            "SpoolDropped",
            "increase(plantstream_edge_spool_dropped_total[10m]) > 0",
            (
                "critical",
                "{{ $labels.instance }}: records were dropped unsent",
                "The spool was full; a gap says so in the data.",
            ),
        ),
        _rule(
            "SourceTroubled",
            "plantstream_source_troubled == 1",
            (
                "warning",
                "The source {{ $labels.source }} needs a person",
                "A certificate, a password or an address is refused: trying again does not help.",
            ),
            1,
        ),
    ]


def _lateness() -> list[Rule]:
    rows = "sum by (le) (rate(plantstream_sink_event_to_row_seconds_bucket[5m]))"
    pages = "sum by (le, channel) (rate(plantstream_notify_decided_to_sent_seconds_bucket[15m]))"
    return [
        _rule(
            "RowsLate",
            f"histogram_quantile(0.99, {rows}) > 5",
            (
                "warning",
                '1 of 100 values takes over {{ printf "%.0f" $value }} s to be in SQL',
                "Look at lag and at the database.",
            ),
            5,
        ),
        _rule(
            "PagesLate",
            f"histogram_quantile(0.99, {pages}) > 30",
            (
                "critical",
                '{{ $labels.channel }}: messages take over {{ printf "%.0f" $value }} s',
                "From the decision to tell somebody to the provider's receipt.",
            ),
        ),
        _rule(
            "ChannelResting",
            "plantstream_notify_resting == 1",
            (
                "critical",
                "{{ $labels.channel }} is left alone: its provider does not answer",
                "Messages go by the channels in its `fallback` meanwhile, if it has some.",
            ),
            5,
        ),
    ]


def _upkeep() -> list[Rule]:
    failed = 'alertmanager_notifications_failed_total{integration="webhook"}'
    return [
        _rule(
            "NotifyUnreachable",
            f"increase({failed}[5m]) > 0",
            (
                "critical",
                "Alertmanager cannot tell `plantstream notify`",
                "What Prometheus alerts on reaches nobody but by mail.",
            ),
        ),
        _rule(
            "WatchdogRestarts",
            "increase(plantstream_watchdog_restarts_total[1h]) > 0",
            (
                "warning",
                "{{ $labels.job }} stood still and was restarted",
                "Its position did not move while its topic grew, or its event loop stood.",
            ),
        ),
        _rule(
            "AnchorsUnsent",
            "plantstream_audit_anchors_unsent > 0",
            (
                "warning",
                "{{ $value }} anchors of the audit trail are not with their receiver",
                "Until then they are only where the trail itself is.",
            ),
            120,
            area="security",
        ),
        _rule(
            "RetentionStalled",
            "time() - (plantstream_sink_retention_timestamp_seconds > 0) > 172800",
            (
                "warning",
                "Old records have not been looked for in two days",
                "What should be deleted stays.",
            ),
        ),
    ]
