"""`plantstream topics lag`: how far each reader is behind in each partition."""

from collections.abc import Mapping
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from plantstream.commands.console import messages, print_json
from plantstream.commands.options import AS_JSON, DATA_DIR
from plantstream.commands.tables import print_columns

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from plantstream.runtime.kafka.lag import Lag
    from plantstream.runtime.ports import TopicPartition
    from plantstream.runtime.settings import DatabaseSettings, KafkaSettings

    Positions = Mapping[TopicPartition, int]

GROUPS = typer.Argument(None, help="Consumer groups; default: all.", show_default=False)
EVERY = typer.Option(False, "--all", help="Partitions that are read to their end, too.")
COMMITTED, STORED = "kafka", "database"
"""Where a position is kept that counts: sinks keep theirs with the rows."""


def lag(
    groups: list[str] | None = GROUPS,
    every: bool = EVERY,
    data_dir: Path | None = DATA_DIR,
    as_json: bool = AS_JSON,
) -> None:
    """Show per group and partition: position, end, records and seconds behind.

    Seconds are the age of the oldest record that waits, by the broker's clock when it came.
    """
    from plantstream.commands.connection import database_settings, kafka_settings
    from plantstream.commands.running import run_async

    kafka, database = kafka_settings(data_dir), database_settings(data_dir)
    with messages.status("asking readers and brokers"):
        rows = run_async(_rows(kafka, database, groups or []))
    behind = [row for row in rows if row["records"]]
    if as_json:
        print_json(rows)
    else:
        print_columns(rows if every else behind)
    named = len({row["group"] for row in rows})
    messages.print(
        f"{named} groups: {len(behind)} of {len(rows)} partitions are behind, "
        f"by {sum(row['records'] for row in behind)} records"
    )


async def _rows(
    kafka: "KafkaSettings", database: "DatabaseSettings", chosen: "list[str]"
) -> list[dict[str, Any]]:
    from plantstream.commands.consumer_groups import known_groups, notifiers
    from plantstream.commands.sink import GROUP as SINK
    from plantstream.runtime.clock import system
    from plantstream.runtime.kafka.lag import LagMeter, lags
    from plantstream.runtime.kafka.survey import NO_GROUP, group_names, survey

    known = known_groups() | await notifiers(kafka)
    names = _asked(chosen, {*known, *await group_names(kafka)})
    seen = await survey(kafka, [], [], names)
    rows: list[dict[str, Any]] = []
    async with LagMeter(kafka) as meter:
        for name in names:
            reads = [topic.name for topic in known[name][0]] if name in known else []
            present = {
                topic: seen.topics[topic].partitions for topic in reads if topic in seen.topics
            }
            reached, kept = seen.groups.get(name, NO_GROUP).reached, COMMITTED
            if name == SINK:
                reached, kept = await _stored(reached, database)
            found = await lags(meter, name, _partitions(present, reached), reached)
            rows += _of_group(name, found, kept, int(system().timestamp() * 1000))
    return rows


def _asked(chosen: "list[str]", known: "Iterable[str]") -> list[str]:
    """The groups that are named, or all of them."""
    from schemas.mistakes import did_you_mean

    for name in chosen:
        if name not in known:
            hint = did_you_mean(name, known) or "see them all with: plantstream topics lag --all"
            raise typer.BadParameter(f"no such consumer group: {name}; {hint}", param_hint="GROUP")
    return sorted(set(chosen) or set(known))


async def _stored(committed: "Positions", database: "DatabaseSettings") -> "tuple[Positions, str]":
    """What is stored, by the database; where it does not answer, what the sink told Kafka."""
    from plantstream.runtime.errors import PlantstreamError
    from sinks.timescale.stored import Stored

    try:
        async with aclosing(Stored(database)) as stored:
            return await stored.offsets(), STORED
    except PlantstreamError as error:
        messages.print(f"positions as the sink told Kafka: {error}", markup=False)
        return committed, COMMITTED


def _partitions(topics: Mapping[str, int], reached: "Positions") -> "Collection[TopicPartition]":
    """All of the topics that a group reads, and whatever else it has a position in."""
    from plantstream.runtime.ports import TopicPartition

    whole = {TopicPartition(topic, one) for topic, count in topics.items() for one in range(count)}
    return whole | reached.keys()


def _of_group(
    name: str, found: "Mapping[TopicPartition, Lag]", kept: str, now_ms: int
) -> list[dict[str, Any]]:
    ordered = sorted(found.items(), key=lambda one: (one[0].topic, one[0].partition))
    return [
        {
            "group": name,
            "topic": where.topic,
            "partition": where.partition,
            "position": one.position,
            "end": one.end,
            "records": one.records,
            "seconds": 0.0
            if one.oldest_ms is None
            else round(max(0, now_ms - one.oldest_ms) / 1000, 1),
            "kept in": kept,
        }
        for where, one in ordered
    ]
