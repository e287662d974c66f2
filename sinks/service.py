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
from sinks.keeping import KeepingTime, keep_records
from sinks.meters import SinkMeters
from sinks.portions import Portion
from sinks.reader import Reader
from sinks.runner import Preparing, SinkLimits, SinkLoop, SinkPorts, SinkTime, Storing
from sinks.timescale.jobs import JobRunner
from sinks.timescale.keeper import BatchKeeper
from sinks.timescale.retention import Ends, RecordRetention
from sinks.timescale.writer import TimescaleSink


@dataclass(frozen=True, slots=True)
class SinkOptions:
    """What a sink is told at its start."""

    reach: Reach = field(default_factory=Reach)
    """How far it is, for whoever watches it."""
    tracing: Tracing = NO_TRACING
    run_jobs: bool = False
    """Those of a database that has no workers of its own."""


async def run_sink(
    reader: Reader,
    broker: Broker,
    settings: DatabaseSettings,
    registry: CollectorRegistry,
    limits: SinkLimits | None = None,
    options: SinkOptions | None = None,
) -> None:
    """Store what the reader gives until the task is cancelled; what is in hand is rolled back.

    Raises:
        MisconfiguredError: a person has to do something first; the text says what.
    """
    options = options or SinkOptions()
    sink = TimescaleSink(settings)
    meters = SinkMeters(registry)
    meters.watch(sink.copied)
    time = SinkTime(clock.now, asyncio.sleep, together)
    keeping = asyncio.create_task(BatchKeeper(settings, asyncio.sleep, meters.kept).run())
    try:
        ports = SinkPorts(reader, sink, broker, options.reach, options.tracing)
        await SinkLoop(ports, time, meters, limits).run()
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await sink.close()


async def together(storing: Storing, preparing: Preparing) -> tuple[bool, Portion]:
    """Prepare the next batch while the database works at this one."""
    ahead = asyncio.create_task(preparing())
    try:
        return await storing, await ahead
    finally:
        ahead.cancel()


async def run_sink_and_retention(
    reader: Reader,
    broker: Broker,
    settings: DatabaseSettings,
    registry: CollectorRegistry,
    acts_end: Ends,
    options: SinkOptions | None = None,
) -> None:
    """The same, and once a day records whose time is over are deleted; jobs run where asked."""
    options = options or SinkOptions()
    retention = RecordRetention(settings, broker, acts_end)
    time = KeepingTime(clock.now, asyncio.sleep)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(run_sink(reader, broker, settings, registry, None, options))
            tasks.create_task(keep_records(retention.run, time, registry))
            if options.run_jobs:
                tasks.create_task(JobRunner(settings, asyncio.sleep).run())
    except BaseExceptionGroup as group:
        raise cause_of(group) from group
