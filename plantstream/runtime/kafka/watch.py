"""Looks after the consumers of a service: how far each is behind, and whether it stands still."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry, Gauge

from plantstream.runtime import clock
from plantstream.runtime.beside import beside
from plantstream.runtime.errors import PlantstreamError
from plantstream.runtime.kafka.lag import Lag, LagMeter
from plantstream.runtime.logs import get_logger
from plantstream.runtime.ports import TopicPartition
from plantstream.runtime.reach import Reach
from plantstream.runtime.service import Service
from plantstream.runtime.settings import KafkaSettings
from plantstream.runtime.standstill import Look, Standstill, Stuck, step

EVERY_S = 5.0
LOOKS_PER_LIMIT = 4
"""At least so many within the watchdog's limit."""
ANSWER_WITHIN_S = 30.0

_log = get_logger(__name__)


class LagGauges:
    """Lag per partition that is ours; what is not known now is not told."""

    def __init__(self, registry: CollectorRegistry) -> None:
        labels = ["group", "topic", "partition"]
        self._seconds = Gauge(
            "plantstream_consumer_lag_seconds",
            "How long the oldest record that was not yet taken has been in the topic.",
            labels,
            registry=registry,
        )
        self._records = Gauge(
            "plantstream_consumer_lag_records",
            "Records that were not yet taken; marks of transactions between them included.",
            labels,
            registry=registry,
        )
        self._shown: dict[str, set[TopicPartition]] = {}

    def show(self, group: str, lags: Mapping[TopicPartition, Lag]) -> None:
        """These partitions of the group, and no others."""
        now = clock.system()
        for one in self._shown.get(group, set()) - lags.keys():
            self._seconds.remove(group, one.topic, str(one.partition))
            self._records.remove(group, one.topic, str(one.partition))
        for one, lag in lags.items():
            labels = (group, one.topic, str(one.partition))
            self._seconds.labels(*labels).set(lag.seconds(now))
            self._records.labels(*labels).set(lag.records)
        self._shown[group] = set(lags)


@asynccontextmanager
async def watched(
    service: Service, settings: KafkaSettings, reaches: Mapping[str, Reach]
) -> AsyncIterator[None]:
    """Look after these consumers, by their groups, as long as the block runs."""
    async with beside(_Watch(service, settings, reaches).run()):
        yield


class _Watch:
    def __init__(
        self, service: Service, settings: KafkaSettings, reaches: Mapping[str, Reach]
    ) -> None:
        self._service, self._settings, self._reaches = service, settings, reaches
        self._gauges = LagGauges(service.registry)
        self._limit_s = service.watchdog.settings.consumer_s
        self._every_s = min(EVERY_S, self._limit_s / LOOKS_PER_LIMIT) if self._limit_s else EVERY_S
        self._standing: dict[str, Standstill] = {}

    async def run(self) -> None:
        """Until cancelled. While the broker is away nobody can be said to stand still."""
        away = False
        while True:
            try:
                async with LagMeter(self._settings) as meter:
                    while True:
                        await asyncio.sleep(self._every_s)
                        async with asyncio.timeout(ANSWER_WITHIN_S):
                            await self._look(meter)
                        away = False
            except (PlantstreamError, TimeoutError) as error:
                if not away:
                    _log.warning("lag is not known", reason=str(error) or "no answer in time")
                away = True
                self._forget()
                await asyncio.sleep(self._every_s)

    def _forget(self) -> None:
        self._standing.clear()
        for group in self._reaches:
            self._gauges.show(group, {})

    async def _look(self, meter: LagMeter) -> None:
        positions = {group: reach.positions for group, reach in self._reaches.items()}
        for group, reached in positions.items():
            lags = await meter.measure(reached, group)
            self._gauges.show(group, lags)
            if self._limit_s:
                self._judge(group, reached, lags)

    def _judge(
        self,
        group: str,
        positions: Mapping[TopicPartition, int],
        lags: Mapping[TopicPartition, Lag],
    ) -> None:
        unread = {one: lag.records for one, lag in lags.items()}
        look = Look(positions, unread, self._reaches[group].excuses)
        limit = max(round(self._limit_s / self._every_s), 1)
        state, stuck = step(self._standing.get(group, Standstill()), look, limit)
        self._standing[group] = state
        if stuck:
            self._end(group, stuck)

    def _end(self, group: str, stuck: list[Stuck]) -> None:
        first = stuck[0]
        reason = (
            f"the consumer of {group} stands still: {first.partition} has been at offset "
            f"{first.position} for {self._limit_s:g} s with {first.unread} records unread"
        )
        _log.error(
            "the watchdog ends this service: a consumer stands still",
            service=self._service.name,
            group=group,
            partition=str(first.partition),
            position=first.position,
            unread=first.unread,
            stood_s=self._limit_s,
            partitions=len(stuck),
        )
        self._standing.clear()
        self._service.watchdog.count("consumer")
        self._service.give_up(reason)
