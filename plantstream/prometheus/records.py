"""Recording rules: what dashboards ask for again and again."""

from collections.abc import Sequence

from plantstream.prometheus.rule import Recorded

_PEOPLE = 'route!~"/live|/ready|/metrics"'
_FACTORY = '{equipment="",line=""}'


def recording(prefix: str) -> Sequence[Recorded]:
    """The rules; names are level, metric, operation, as Prometheus recommends."""
    oee = f"{prefix}overall_equipment_efficiency{_FACTORY}"
    planned = f"{prefix}planned_busy_time_seconds{_FACTORY}"
    seconds = f"sum by (le, service) (rate(http_request_duration_seconds_bucket{{{_PEOPLE}}}[5m]))"
    requests = f"rate(http_requests_total{{{_PEOPLE}}}[5m])"
    failed = f'rate(http_requests_total{{code=~"5..",{_PEOPLE}}}[5m])'
    rows = "sum by (le) (rate(plantstream_sink_event_to_row_seconds_bucket[5m]))"
    pages = "sum by (le, channel) (rate(plantstream_notify_decided_to_sent_seconds_bucket[15m]))"
    return [
        # Exact over sites that have one: OEE is ideal time over planned busy time, and both add up.
        Recorded(
            f"enterprise:{prefix}overall_equipment_efficiency:planned_weighted",
            f"sum({oee} * {planned}) / sum({planned} and {oee})",
        ),
        Recorded("service:http_requests:rate5m", f"sum by (service) ({requests})"),
        Recorded("service:http_errors:rate5m", f"sum by (service) ({failed})"),
        Recorded(
            "service:http_request_duration_seconds:p95_5m", f"histogram_quantile(0.95, {seconds})"
        ),
        Recorded(
            "service:http_request_duration_seconds:p99_5m", f"histogram_quantile(0.99, {seconds})"
        ),
        Recorded("plant:event_to_row_seconds:p99_5m", f"histogram_quantile(0.99, {rows})"),
        Recorded("channel:decided_to_sent_seconds:p99_15m", f"histogram_quantile(0.99, {pages})"),
        Recorded(
            "group:consumer_lag_seconds:max",
            "max by (group, topic) (plantstream_consumer_lag_seconds)",
        ),
        Recorded("plant:samples:rate1m", "sum(rate(plantstream_edge_samples_total[1m]))"),
        Recorded("plant:rows:rate1m", "sum(rate(plantstream_sink_rows_total[1m]))"),
    ]
