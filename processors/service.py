"""Puts a processor together: an engine, the shell, Faust and the journal."""

import asyncio
from collections.abc import AsyncIterator

from plantstream.runtime.clock import now
from plantstream.runtime.kafka.journal import KafkaJournal
from plantstream.runtime.kafka.whole import read_partitions
from plantstream.runtime.ports import Record
from plantstream.runtime.service import Service
from plantstream.runtime.settings import KafkaSettings
from processors.oee.engine import OeeEngine
from processors.streams.faust_feed import FaustFeed
from processors.streams.metrics import ShellMetrics
from processors.streams.plants import PublishedPlants
from processors.streams.shell import Shell
from schemas.topics import MODEL


async def run_processor(service: Service, settings: KafkaSettings, slot: str) -> None:
    """Run the engine of scope equipment until the service is told to stop."""
    engine = OeeEngine()

    def published() -> AsyncIterator[Record]:
        return read_partitions(settings, MODEL.name, range(MODEL.partitions))

    async with (
        KafkaJournal(settings, engine.name, engine.memory.name) as journal,
        FaustFeed(settings, engine.name, engine.inputs, slot) as feed,
    ):
        metrics = ShellMetrics(service.registry)
        shell = Shell(engine, (feed, journal, PublishedPlants(published)), now, metrics)
        working = asyncio.create_task(shell.run())
        stopping = asyncio.create_task(service.stopping.wait())
        service.is_ready()
        try:
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
            shell.stopping = True
            await working
        finally:
            stopping.cancel()
            working.cancel()
