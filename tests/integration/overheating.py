"""A small plant of which the reactor gets hot, and what is told of it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from pydantic import BaseModel

from plantstream.runtime import clock
from plantstream.runtime.kafka.broker import KafkaBroker
from plantstream.runtime.kafka.whole import read_partitions
from plantstream.runtime.ports import Outgoing, Record
from plantstream.runtime.settings import KafkaSettings
from schemas.codec import decode, encode
from schemas.model import PlantPublished
from schemas.partitioning import partition_of
from schemas.plant.load import PlantFile, load_plant
from schemas.record import EventId
from schemas.telemetry import Column, TelemetryFrame
from schemas.topics import MODEL, TELEMETRY, Topic

ENTERPRISE, REACTOR = "acme", "reactor"
_PLANT = """
enterprise: acme
site: {site}
name: Acme {site}
time_zone: UTC
sources:
  plc: {{type: opcua, endpoint: "opc.tcp://127.0.0.1:4840", security: {{policy: None, mode: None}}}}
calendars:
  always: {{shifts: [{{name: day, days: all, start: "00:00", end: "12:00"}}]}}
equipment:
  - id: reactor
    area: hall
    line: one
    source: plc
    calendar: always
    tags:
      - {{name: temperature, node: "ns=2;s=T", unit: °C}}
      - {{name: pressure, node: "ns=2;s=P", unit: bar}}
people:
  - {{id: ana, name: Ana, email: ana@example.com}}
  - {{id: luis, name: Luis, email: luis@example.com}}
chains: {{first: {{steps: [{{people: [ana], wait: {wait}}}, {{people: [luis]}}]}}}}
channels:
  mail: {{type: email, host: 127.0.0.1, port: {smtp}, sender: a@example.com, security: none}}
alerts:
  matrix: {{info: [], warning: [mail], critical: [mail]}}
  receivers: {{all: {{chain: first}}}}
  route: {{receiver: all, group_by: [alertname, equipment], group_interval: 1s}}
alert_rules:
  - alert: Hot
    when: {{tag: temperature, above: 80}}
    severity: critical
    summary: "{{{{ equipment }}}} at {{{{ value }}}} {{{{ unit }}}}"
  - alert: Steady
    when: {{tag: pressure, above: 5}}
    for: 3s
    severity: warning
    summary: "{{{{ equipment }}}} at {{{{ value }}}} {{{{ unit }}}}"
  - alert: Silent
    when: {{absent: equipment, after: 20s}}
    severity: warning
    summary: "{{{{ equipment }}}} says nothing"
"""


def hot_plant(site: str, wait: str = "3s", smtp: int = 2525) -> PlantFile:
    """The plant; another site for each test, because alerts stay."""
    return load_plant(_PLANT.format(site=site, wait=wait, smtp=smtp), "plant.yaml")


@dataclass
class Field:
    """What an edge would write to Kafka, with ids that count up."""

    settings: KafkaSettings
    plant: PlantFile
    epoch: str = field(default_factory=lambda: f"{clock.now():%H%M%S%f}")
    _numbers: Any = field(default_factory=count)

    @property
    def site(self) -> str:
        return self.plant.plant.site_path()

    @property
    def equipment(self) -> str:
        return f"{self.site}/hall/one/{REACTOR}"

    async def publish_plant(self) -> None:
        """The plant file, in force at once."""
        plant = self.plant
        published = PlantPublished(
            site=self.site,
            plant_version=plant.version,
            file=plant.file,
            text=plant.text,
            published_at=clock.now(),
        )
        await self._send(MODEL, self.site, published)

    async def says(self, at: datetime | None = None, **values: float) -> datetime:
        """Samples of one instant; gives when."""
        at = at or clock.now()
        at = at.replace(microsecond=at.microsecond // 1000 * 1000)
        columns = [Column(tag=tag, offset_ms=[0], numbers=[one]) for tag, one in values.items()]
        frame = TelemetryFrame(
            id=EventId(source="edge", epoch=self.epoch, seq=next(self._numbers)),
            plant_version=self.plant.version,
            source_time=at,
            ingest_time=at,
            equipment=self.equipment,
            columns=columns,
        )
        await self._send(TELEMETRY, self.equipment, frame)
        return at

    async def told(self, topic: Topic) -> list[tuple[Record, Any]]:
        """What stands in a topic of this site by now."""
        found = []
        async for record in read_partitions(self.settings, topic.name, range(topic.partitions)):
            event = decode(topic, record.value)
            if event.site == self.site:
                found.append((record, event))
        return found

    async def _send(self, topic: Topic, key: str, event: BaseModel) -> None:
        partition = partition_of(key.encode(), topic.partitions)
        async with KafkaBroker(self.settings) as broker:
            await broker.send([Outgoing(topic.name, partition, key.encode(), encode(event))])


def instant(record: Record) -> datetime:
    """When the broker took it."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=record.timestamp_ms)


async def until(told: Callable[[], Awaitable[bool]], limit_s: float) -> None:
    """Wait for something that others do."""
    async with asyncio.timeout(limit_s):
        while True:
            if await told():
                return
            await asyncio.sleep(0.1)


def of_type(found: Sequence[tuple[Record, Any]], kind: type[BaseModel]) -> list[Any]:
    return [event for _, event in found if isinstance(event, kind)]
