"""`plantstream sink`: Kafka to TimescaleDB."""

from functools import partial

import typer

from plantstream.commands.options import LISTEN
from plantstream.commands.process import SLOT

GROUP = "plantstream-timescale"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(sink)


def sink(
    listen: str = LISTEN,
    port: int = typer.Option(28083, help="Port of /live, /ready and /metrics."),
    slot: str = SLOT,
    run_jobs: bool = typer.Option(
        False, "--run-jobs", help="Run the jobs of a TimescaleDB without background workers."
    ),
) -> None:
    """Store telemetry, events and facts in TimescaleDB, each exactly once."""
    from plantstream.commands.connection import database_settings, kafka_settings, page_token
    from plantstream.runtime.garbage import collect_seldom
    from plantstream.runtime.kafka.admin import end_offsets
    from plantstream.runtime.kafka.broker import KafkaBroker
    from plantstream.runtime.kafka.reader import KafkaGroupReader
    from plantstream.runtime.kafka.watch import watched
    from plantstream.runtime.service import Service, run_service
    from schemas.topics import OPERATOR
    from sinks.registry import TOPICS
    from sinks.service import SinkOptions, run_sink_and_retention

    kafka, database = kafka_settings(), database_settings()

    async def work(service: Service) -> None:
        topics = [topic.name for topic in TOPICS]
        async with (
            KafkaGroupReader(kafka, GROUP, topics, slot) as reader,
            KafkaBroker(kafka) as broker,
        ):
            service.is_ready()
            collect_seldom()
            acts_end = partial(end_offsets, kafka, [OPERATOR])
            options = SinkOptions(tracing=service.tracing, run_jobs=run_jobs)
            work = run_sink_and_retention(
                reader, broker, database, service.registry, acts_end, options
            )
            reader.tells(options.reach)
            async with watched(service, kafka, {GROUP: options.reach}):
                await service.until_stopped(work)

    raise typer.Exit(run_service("sink", work, listen, port, page_token()))
