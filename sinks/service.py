"""The sink as a service: the one place that wires it."""

import asyncio

from prometheus_client import CollectorRegistry

from plantstream.runtime import clock
from plantstream.runtime.errors import cause_of
from plantstream.runtime.ports import Broker
from plantstream.runtime.settings import DatabaseSettings
from sinks.keeping import KeepingMeters, KeepingTime, keep_records
from sinks.meters import SinkMeters
from sinks.reader import Reader
from sinks.runner import SinkLimits, SinkLoop, SinkPorts, SinkTime
from sinks.timescale.jobs import JobRunner
from sinks.timescale.keeper import BatchKeeper
from sinks.timescale.retention import Ends, RecordRetention
from sinks.timescale.writer import TimescaleSink


async def run_sink(
    reader: Reader,
    broker: Broker,
    settings: DatabaseSettings,
    registry: CollectorRegistry,
    limits: SinkLimits | None = None,
) -> None:
    """Store what the reader gives until the task is cancelled; what is in hand is rolled back.

    Raises:
        MisconfiguredError: a person has to do something first; the text says what.
    """
    sink = TimescaleSink(settings)
    meters = SinkMeters(registry)
    meters.watch(sink.copied)
    time = SinkTime(clock.now, asyncio.sleep)
    keeping = asyncio.create_task(BatchKeeper(settings, asyncio.sleep, meters.kept).run())
    try:
        await SinkLoop(SinkPorts(reader, sink, broker), time, meters, limits).run()
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
    *,
    run_jobs: bool = False,
) -> None:
    """The same, and once a day records whose time is over are deleted; jobs run where asked."""
    retention = RecordRetention(settings, broker, acts_end)
    time = KeepingTime(clock.now, asyncio.sleep)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(run_sink(reader, broker, settings, registry))
            tasks.create_task(keep_records(retention.run, time, KeepingMeters(registry)))
            if run_jobs:
                tasks.create_task(JobRunner(settings, asyncio.sleep).run())
    except BaseExceptionGroup as group:
        raise cause_of(group) from group
