"""The names of all metrics that can be asked for, from the registries that services serve.

from tests.deploy.told import metrics_in, names

assert metrics_in('sum(rate(http_requests_total{code=~"5.."}[5m])) > 5') <= names()
"""

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric

from plantstream.prometheus.records import recording
from plantstream.runtime import clock
from plantstream.runtime.service import Service
from schemas.plant.load import PlantFile, load_plant
from sinks.metrics.exporter import Exporter
from sinks.metrics.service import families

NINU = Path(__file__).parents[2] / "deploy" / "plants" / "ninu" / "plant.yaml"
METERS = (
    ("ingest.metrics", "EdgeMetrics"),
    ("ingest.metrics", "SourceMetrics"),
    ("ingest.freshness", "Freshness"),
    ("processors.streams.metrics", "ProcessorMetrics"),
    ("processors.anchoring.anchors", "AnchorMetrics"),
    ("sinks.meters", "SinkMeters"),
    ("sinks.keeping", "KeepingMeters"),
    ("sinks.notify.meters", "NotifyMeters"),
    ("sinks.notify.web.meters", "WebMeters"),
    ("plantstream.runtime.kafka.watch", "LagGauges"),
)
"""What services register beside that which each of them has (`Service`)."""
OF_OTHERS = frozenset(
    {
        *("up", "ALERTS", "scrape_duration_seconds"),
        *("node_cpu_seconds_total", "node_memory_MemAvailable_bytes"),
        *("node_memory_MemTotal_bytes", "node_filesystem_avail_bytes"),
        *("node_filesystem_size_bytes", "pg_up", "pg_stat_activity_count"),
        *("pg_database_size_bytes", "kafka_brokers", "kafka_consumergroup_lag"),
        *("kafka_topic_partition_current_offset", "alertmanager_notifications_total"),
        "alertmanager_notifications_failed_total",
    }
)
"""What Prometheus itself and the exporters of node, PostgreSQL, Kafka and Alertmanager tell."""
_SUFFIXES = {
    "counter": ("_total",),
    "histogram": ("_bucket", "_count", "_sum"),
    "summary": ("", "_count", "_sum"),
    "info": ("_info",),
}


@cache
def names() -> frozenset[str]:
    """Every name, those of the example plant with its prefix, recording rules included."""
    ours = {name for one in (*_own(), *of_the_plant(example())) for name in _told(one)}
    return frozenset({*ours, *OF_OTHERS, *recorded()})


def example() -> PlantFile:
    """The example plant."""
    return load_plant(NINU.read_text(encoding="utf-8"), str(NINU))


def of_the_plant(plant: PlantFile) -> Iterator[Metric]:
    """What the exporter tells of this plant before anything has happened."""
    exporter = Exporter(families(), clock.now)
    exporter.use(plant)
    exporter.is_complete = True
    yield from exporter.collect()


def recorded() -> set[str]:
    """The names that recording rules of the example plant give."""
    return {rule.record for rule in recording(example().plant.metrics_prefix)}


def metrics_in(expr: str) -> set[str]:
    """The names of metrics in an expression of PromQL."""
    bare = re.sub(r'"[^"]*"|\'[^\']*\'', '""', expr)
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", bare)
    bare = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", "", bare)
    words = re.findall(r"(?<![\w:.$])[a-zA-Z_:][\w:]*(?!\s*\()(?![\w:])", bare)
    return {one for one in words if one not in _WORDS}


_WORDS = frozenset(
    {
        *("and", "or", "unless", "bool", "offset", "inf", "nan", "Inf", "NaN", "atan2"),
        *("by", "without", "on", "ignoring", "group_left", "group_right"),
        *("sum", "min", "max", "avg", "count", "topk", "bottomk", "quantile", "stddev", "group"),
    }
)


def _own() -> Iterator[Metric]:
    for module, name in METERS:
        registry = CollectorRegistry()
        getattr(import_module(module), name)(registry)
        yield from registry.collect()
    yield from Service("metrics").registry.collect()


def _told(metric: Metric) -> Iterator[str]:
    """As it is asked for."""
    for suffix in _SUFFIXES.get(metric.type, ("",)):
        yield metric.name + suffix
