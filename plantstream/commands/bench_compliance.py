"""How long a failing result takes to an alert about compliance, through Kafka and the engine."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from plantstream.commands.bench_figure import Figure, Needs, percentile
from plantstream.commands.console import messages
from plantstream.runtime import clock
from plantstream.runtime.beside import beside
from plantstream.runtime.errors import PlantstreamError

if TYPE_CHECKING:
    from pydantic import BaseModel

    from plantstream.commands.stack import Stack
    from plantstream.runtime.kafka.broker import KafkaBroker
    from plantstream.runtime.settings import KafkaSettings
    from schemas.plant.load import PlantFile
    from schemas.topics import Topic

NEEDS = Needs.STACK
ALERTS = 150
PRODUCTS = tuple(f"p{number}" for number in range(ALERTS))
WARMING = "warming"
"""A product whose alert is none of those that count."""
BETWEEN_S = 0.2
"""From one failing result to the next."""
BESIDE = 4
"""Results of other products that pass, with each one that fails."""
WARM_WITHIN_S = 60.0
TOLD_WITHIN_S = 20.0
LOOK_EVERY_S = 0.05
SHARE = 0.99
GOOD, BAD = 6.0, 9.0
RULE = "Compliance"
_PLANT = """
enterprise: bench
site: laboratory
name: Benchmark
time_zone: UTC
calendars:
  always: {{shifts: [{{name: day, days: all, start: "00:00", end: "24:00"}}]}}
equipment:
  - {{id: reactor, area: hall, line: one, calendar: always}}
products:
{products}
specifications:
  - {{products: [{names}], test: ph, from: 2026-01-01, unit: pH, limits: {{lower: 5, upper: 7}},
     area: finished}}
quality: {{unknown_batch: accept, areas: {{finished: {{name: Finished product}}}}}}
alert_rules:
  - alert: Compliance
    when: {{quality: compliance_rate, below: 0.95, minimum: 2}}
    severity: critical
    summary: "{{{{ labels.product }}}} complies by {{{{ value }}}}"
"""


async def measure(stack: "Stack") -> list[Figure]:
    """Let one product after the other fail, while others pass.

    Raises:
        PlantstreamError: an alert is missing.
    """
    from plantstream.runtime.kafka.broker import KafkaBroker

    async with KafkaBroker(stack.kafka) as broker, _followed(stack.kafka) as seen:
        field_of = Laboratory(broker, _plant())
        await field_of.publish()
        await _warm_up(field_of, seen)
        for product in PRODUCTS:
            await field_of.says(product, GOOD)
        for number, product in enumerate(PRODUCTS):
            for beside in range(1, BESIDE + 1):
                await field_of.says(PRODUCTS[(number + beside) % ALERTS], GOOD)
            await field_of.says(product, BAD)
            await asyncio.sleep(BETWEEN_S)
        await _until(seen, PRODUCTS, TOLD_WITHIN_S)
    return [await _figure(stack.kafka, seen)]


async def _figure(kafka: "KafkaSettings", seen: Mapping[str, float]) -> Figure:
    accepted, answered = await _accepted(kafka)
    taken = [1000 * (seen[product] - accepted[product]) for product in PRODUCTS]
    median, p99 = percentile(taken, 0.5), percentile(taken, SHARE)
    bare = [1000 * (answered[product] - accepted[product]) for product in PRODUCTS]
    messages.print(
        f"{len(taken)} alerts of compliance: median {median:.0f} ms, p99 {p99:.0f} ms, worst "
        f"{max(taken):.0f} ms; records of answers: median {percentile(bare, 0.5):.0f} ms, "
        f"p99 {percentile(bare, SHARE):.0f} ms"
    )
    return Figure("compliance_alert_p99_ms", p99, percentile(bare, SHARE))


@dataclass(slots=True)
class Laboratory:
    """Writes what an edge would write to Kafka."""

    broker: "KafkaBroker"
    plant: "PlantFile"
    numbers: "count[int]" = field(default_factory=count)

    async def publish(self) -> None:
        """The plant file."""
        from schemas.model import PlantPublished
        from schemas.topics import MODEL

        site = self.plant.plant.site_path()
        file = PlantPublished(
            site=site,
            plant_version=self.plant.version,
            file=self.plant.file,
            text=self.plant.text,
            published_at=clock.now(),
            number=1,
        )
        await self._send(MODEL, site, file)

    async def says(self, product: str, value: float) -> None:
        """A result of now; on return the broker has it."""
        from schemas.lab import TestResult
        from schemas.record import EventId
        from schemas.topics import LAB

        now, number = clock.now(), next(self.numbers)
        result = TestResult(
            id=EventId(source="lab", epoch="bench", seq=number),
            plant_version=self.plant.version,
            source_time=now,
            ingest_time=now,
            site=self.plant.plant.site_path(),
            product=product,
            statement=f"{product}-{number}",
            by="bench",
            test="ph",
            sample=f"{number}",
            number=value,
            unit="pH",
        )
        await self._send(LAB, result.partition_key(), result)

    async def _send(self, topic: "Topic", key: str, event: "BaseModel") -> None:
        from plantstream.runtime.ports import Outgoing
        from schemas.codec import encode
        from schemas.partitioning import partition_of

        partition = partition_of(key.encode(), topic.partitions)
        sent = Outgoing(topic.name, partition, key.encode(), encode(event))
        await self.broker.send([sent])


def _plant() -> "PlantFile":
    from schemas.plant.load import load_plant

    names = (*PRODUCTS, WARMING)
    products = "\n".join(f"  - {{id: {one}, tests: [{{id: ph, unit: pH}}]}}" for one in names)
    return load_plant(_PLANT.format(products=products, names=", ".join(names)), "bench.yaml")


async def _warm_up(laboratory: Laboratory, seen: Mapping[str, float]) -> None:
    """Until the engine has read the plant file and told of a product that does not count."""
    started = clock.monotonic()
    while WARMING not in seen:
        await laboratory.says(WARMING, BAD)
        await asyncio.sleep(1)
        if clock.monotonic() - started > WARM_WITHIN_S:
            raise PlantstreamError("no alert arrived: look at the log of `process`")


async def _until(seen: Mapping[str, float], products: "tuple[str, ...]", limit_s: float) -> None:
    started = clock.monotonic()
    while missing := set(products) - seen.keys():
        if clock.monotonic() - started > limit_s:
            raise PlantstreamError(f"{len(missing)} alerts are missing, such as of {min(missing)}")
        await asyncio.sleep(LOOK_EVERY_S)


@asynccontextmanager
async def _followed(kafka: "KafkaSettings") -> "AsyncIterator[dict[str, float]]":
    """When a consumer of committed records first had the alert of each product, in seconds."""
    from plantstream.runtime.kafka.follow import Start, following
    from schemas.codec import decode
    from schemas.topics import ALERT

    seen: dict[str, float] = {}

    async def follow() -> None:
        async with following(kafka, ALERT.name, Start.OLDEST) as records:
            async for record in records:
                alert = decode(ALERT, record.value)
                if alert.type == "alert_transition" and alert.state == "firing":
                    seen.setdefault(alert.labels["product"], clock.now().timestamp())

    async with beside(follow()):
        yield seen


async def _accepted(kafka: "KafkaSettings") -> tuple[dict[str, float], dict[str, float]]:
    """By the broker's clock, in seconds: when it had each failing result, and its answer."""
    from plantstream.runtime.kafka.whole import read_partitions
    from schemas.codec import decode
    from schemas.topics import LAB, LAB_ANSWER

    accepted: dict[str, float] = {}
    failing: dict[str, str] = {}
    async for record in read_partitions(kafka, LAB.name, range(LAB.partitions)):
        result = decode(LAB, record.value)
        if result.type == "test_result" and result.number == BAD:
            accepted[result.product] = record.timestamp_ms / 1000
            failing[result.statement] = result.product
    answered: dict[str, float] = {}
    async for record in read_partitions(kafka, LAB_ANSWER.name, range(LAB_ANSWER.partitions)):
        if product := failing.get(decode(LAB_ANSWER, record.value).statement):
            answered[product] = record.timestamp_ms / 1000
    return accepted, answered
