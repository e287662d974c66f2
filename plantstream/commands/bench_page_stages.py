"""Where the time of a page went, by the broker's clock at each topic on the way."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from plantstream.commands.bench_figure import percentile
from plantstream.commands.bench_page_plant import HOT
from plantstream.commands.console import messages

if TYPE_CHECKING:
    from plantstream.runtime.settings import KafkaSettings
    from schemas.telemetry import TelemetryFrame
    from schemas.topics import Topic

Name = tuple[str, str, datetime]
"""Alert, boiler and beginning."""
_LIMIT = 80.0
SHARE = 0.99
_STAGES = ("edge", "rules", "dispatcher", "notifier")


async def tell_stages(kafka: "KafkaSettings", told: Mapping[Name, datetime]) -> None:
    """Print how long each stage took; `told` is when the provider was."""
    from schemas.topics import ALERT, NOTIFICATION, TELEMETRY

    times: dict[Name, dict[str, float]] = {
        one: {"": one[2].timestamp(), "notifier": at.timestamp()}
        for one, at in told.items()
        if one[0] == "Hot"
    }
    async for at, frame in _read(kafka, TELEMETRY):
        for name in _hot(frame):
            times.get(name, {}).setdefault("edge", at)
    async for at, event in _read(kafka, ALERT):
        if event.type == "alert_transition" and event.state == "firing":
            times.get(_name(event), {}).setdefault("rules", at)
    async for at, notification in _read(kafka, NOTIFICATION):
        for alert in notification.alerts:
            times.get(_name(alert), {}).setdefault("dispatcher", at)
    whole = [one for one in times.values() if len(one) == len(_STAGES) + 1]
    if whole:
        stages = [_stage(whole, before, after) for before, after in pairwise(("", *_STAGES))]
        messages.print(f"median and p99: {', '.join(stages)}")


def _stage(whole: list[dict[str, float]], before: str, after: str) -> str:
    took_ms = [1000 * (one[after] - one[before]) for one in whole]
    return f"{after} {percentile(took_ms, 0.5):.0f} and {percentile(took_ms, SHARE):.0f} ms"


def _hot(frame: "TelemetryFrame") -> list[Name]:
    boiler = frame.equipment.rpartition("/")[2]
    return [
        ("Hot", boiler, frame.source_time + timedelta(milliseconds=offset_ms))
        for column in frame.columns
        if column.tag == HOT
        for offset_ms, value in zip(column.offset_ms, column.numbers or (), strict=True)
        if value is not None and value > _LIMIT
    ]


def _name(alert: Any) -> Name:
    labels = alert.labels
    return labels["alertname"], labels.get("equipment", ""), alert.starts_at


async def _read(kafka: "KafkaSettings", topic: "Topic") -> AsyncIterator[tuple[float, Any]]:
    """The broker's time of each record, and what it says."""
    from plantstream.runtime.kafka.whole import read_partitions
    from schemas.codec import decode

    async for record in read_partitions(kafka, topic.name, range(topic.partitions)):
        yield record.timestamp_ms / 1000, decode(topic, record.value)
