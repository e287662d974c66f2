"""The sink as a service: the one place that wires it."""

import asyncio
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry

from plantstream.runtime import clock
from plantstream.runtime.errors import cause_of
from plantstream.runtime.ports import Broker
from plantstream.runtime.reach import Reach
from plantstream.runtime.settings import DatabaseSettings
from plantstream.runtime.tracing import NO_TRACING, Tracing
from sinks.keeping import KeepingMeters, KeepingTime, keep_records
from sinks.meters import SinkMeters
from sinks.reader import Reader
from sinks.runner import SinkLimits, SinkLoop, SinkPorts, SinkTime
from sinks.timescale.keeper import BatchKeeper
from sinks.timescale.retention import Ends, RecordRetention
from sinks.timescale.writer import TimescaleSink


@dataclass(frozen=True, slots=True)
class Observed:
    """How far the sink is, for whoever watches it, and who hears of what it does when."""

    reach: Reach = field(default_factory=Reach)
    tracing: Tracing = NO_TRACING


async def run_sink(
    reader: Reader,
    broker: Broker,
    settings: DatabaseSettings,
    registry: CollectorRegistry,
    limits: SinkLimits | None = None,
    observed: Observed | None = None,
) -> None:
    """Store what the reader gives until the task is cancelled; what is in hand is rolled back.

    Raises:
        MisconfiguredError: a person has to do something first; the text says what.
    """
    observed = observed or Observed()
    sink = TimescaleSink(settings)
    meters = SinkMeters(registry)
    meters.watch(sink.copied)
    time = SinkTime(clock.now, asyncio.sleep)
    keeping = asyncio.create_task(BatchKeeper(settings, asyncio.sleep, meters.kept).run())
    try:
        ports = SinkPorts(reader, sink, broker, observed.reach, observed.tracing)
        await SinkLoop(ports, time, meters, limits).run()
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await sink.close()


async def run_sink_and_retention(
    reader: Reader,
    broker: Broker,
    settings: DatabaseSettings,
    registry: CollectorRegistry,
    acts_end: Ends,
    observed: Observed | None = None,
) -> None:
    """The same, and once a day records whose time is over are deleted."""
    retention = RecordRetention(settings, broker, acts_end)
    time = KeepingTime(clock.now, asyncio.sleep)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(run_sink(reader, broker, settings, registry, None, observed))
            tasks.create_task(keep_records(retention.run, time, KeepingMeters(registry)))
    except BaseExceptionGroup as group:
        raise cause_of(group) from group
