"""Rules about what the plant's figures run on: machines, database, HTTP, sources."""

from collections.abc import Sequence
from datetime import timedelta

from plantstream.prometheus.rule import Rule, of_services
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
    return [*_machines(), *_http(), *_flow(), *_ends(), *_silence(plant)]


def _machines() -> list[Rule]:
    cpu = 'avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m]))'
    memory = "node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes"
    return [
        of_services(
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
        of_services(
            "HostCpuHigh",
            f"100 * (1 - {cpu}) > 90",
            (
                "warning",
                '{{ $labels.instance }}: CPU at {{ printf "%.0f" $value }} %',
                "Everything on this machine becomes slow: see what takes it.",
            ),
            5,
        ),
        of_services(
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
        of_services(
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
        of_services(
            "HighErrorRate",
            f'sum by (service) (rate(http_requests_total{{code=~"5..",{_PEOPLE}}}[5m])) > 5',
            (
                "warning",
                '{{ $labels.service }}: {{ printf "%.1f" $value }} requests a second fail',
                "Answers 500 to 599: a part behind the service is away, or the service is broken.",
            ),
            area="performance",
        ),
        of_services(
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
    return [
        of_services(
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
        of_services(
            "ConsumerLag",
            "max by (group, topic) (plantstream_consumer_lag_seconds) > 60",
            (
                "warning",
                '{{ $labels.group }} is {{ printf "%.0f" $value }} s behind on {{ $labels.topic }}',
                "What people see is as old as that.",
            ),
            5,
        ),
        of_services(
            "SpoolFilling",
            spool,
            (
                "warning",
                "{{ $labels.instance }}: {{ humanize1024 $value }}B wait for the broker",
                "A quarter of the spool's 1 GiB: beyond all of it the oldest are dropped.",
            ),
            5,
        ),
        of_services(
            "DeadLetters",
            'increase(plantstream_sink_rows_total{table="dead_letter"}[10m]) > 0',
            (
                "warning",
                "Records that could not be read",
                "They are kept on plant.deadletter.v1 and can be sent again.",
            ),
        ),
    ]


def _ends() -> list[Rule]:
    expiry = "(plantstream_source_certificate_expiry_timestamp_seconds - time()) / 86400 < 30"
    return [
        of_services(
            "ServiceDown",
            "up == 0",
            (
                "critical",
                "{{ $labels.job }} at {{ $labels.instance }} does not answer",
                "Prometheus could not scrape it.",
            ),
            1,
        ),
        of_services(
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
        of_services(
            "SourceSilent",
            "plantstream_source_connected == 0",
            (
                "warning",
                "The source {{ $labels.source }} does not answer",
                "What its machines do is not seen; their time becomes unknown.",
            ),
            source / _M,
        ),
        of_services(
            "EquipmentSilent",
            f"max by (equipment) (plantstream_equipment_fresh_seconds) > {equipment_s:.0f}",
            (
                "warning",
                "{{ $labels.equipment }}: nothing for {{ humanizeDuration $value }}",
                "Neither values nor signs of life; its time becomes unknown.",
            ),
        ),
    ]
