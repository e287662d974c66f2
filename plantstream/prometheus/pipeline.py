"""Rules about what is on its way through our services, and what holds it up."""

from collections.abc import Sequence

from plantstream.prometheus.rule import Rule, of_services


def pipeline() -> Sequence[Rule]:
    """What is on its way through our services, and what holds it up."""
    return [*_edge(), _lost(), *_lateness(), *_upkeep()]


def _lost() -> Rule:
    counters = (
        "plantstream_processor_holes_total",
        "plantstream_processor_deleted_unread_total",
        "plantstream_sink_holes_total",
    )
    return of_services(
        "EventsLost",
        " or ".join(f"increase({counter}[10m]) > 0" for counter in counters),
        (
            "critical",
            '{{ $labels.instance }}: {{ printf "%.0f" $value }} events never arrived',
            "Their numbers are missing, or a topic deleted them before they were read.",
        ),
    )


def _edge() -> list[Rule]:
    return [
        of_services(
            "SpoolDropped",
            "increase(plantstream_edge_spool_dropped_total[10m]) > 0",
            (
                "critical",
                "{{ $labels.instance }}: records were dropped unsent",
                "The spool was full; a gap says so in the data.",
            ),
        ),
        of_services(
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
        of_services(
            "RowsLate",
            f"histogram_quantile(0.99, {rows}) > 5",
            (
                "warning",
                '1 of 100 values takes over {{ printf "%.0f" $value }} s to be in SQL',
                "Look at lag and at the database.",
            ),
            5,
        ),
        of_services(
            "PagesLate",
            f"histogram_quantile(0.99, {pages}) > 30",
            (
                "critical",
                '{{ $labels.channel }}: messages take over {{ printf "%.0f" $value }} s',
                "From the decision to tell somebody to the provider's receipt.",
            ),
        ),
        of_services(
            "ChannelResting",
            "max_over_time(plantstream_notify_resting[2m]) == 1",
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
        of_services(
            "NotifyUnreachable",
            f"increase({failed}[5m]) > 0",
            (
                "critical",
                "Alertmanager cannot tell `plantstream notify`",
                "What Prometheus alerts on reaches nobody but by mail.",
            ),
        ),
        of_services(
            "WatchdogRestarts",
            "increase(plantstream_watchdog_restarts_total[1h]) > 0",
            (
                "warning",
                "{{ $labels.instance }} stood still and was restarted",
                "Its position did not move while its topic grew, or its event loop stood.",
            ),
        ),
        of_services(
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
        of_services(
            "RetentionStalled",
            "time() - plantstream_sink_retention_timestamp_seconds > 172800",
            (
                "warning",
                "Old records have not been looked for in two days",
                "What should be deleted stays.",
            ),
        ),
    ]
