"""`plantstream topics`: the catalogue, the broker's topics beside it, and whoever reads them."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from plantstream.commands import topics_diff, topics_grant, topics_lag, topics_rights
from plantstream.commands.console import messages, print_json
from plantstream.commands.options import AS_JSON, DATA_DIR
from plantstream.commands.tables import print_columns

if TYPE_CHECKING:
    from plantstream.runtime.ports import TopicPartition
    from plantstream.runtime.settings import KafkaSettings
    from schemas.topics import Topic


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Create topics, look at them and at who reads them, and let others read.",
        no_args_is_help=True,
    )
    group.command()(apply)
    group.command("list")(list_topics)
    group.command()(topics_rights.rights)
    group.command("lag")(topics_lag.lag)
    group.command("diff")(topics_diff.diff)
    group.command("grant")(topics_grant.grant)
    app.add_typer(group, name="topics")


def apply(data_dir: Path | None = DATA_DIR, as_json: bool = AS_JSON) -> None:
    """Create the topics of the catalogue that are missing, and configure the others."""
    from plantstream.commands.connection import kafka_settings
    from plantstream.commands.running import run_async
    from plantstream.runtime.kafka.admin import apply_topics
    from schemas.topics import CATALOGUE

    done = run_async(apply_topics(kafka_settings(data_dir), CATALOGUE))
    rows = [{"topic": one.topic, "what": one.what} for one in done]
    if as_json:
        print_json(rows)
    else:
        print_columns(rows)


def list_topics(data_dir: Path | None = DATA_DIR, as_json: bool = AS_JSON) -> None:
    """Show every topic: what it carries, how it is partitioned, keyed and kept, where it ends."""
    from plantstream.commands.connection import kafka_settings
    from plantstream.commands.running import run_async
    from schemas.topics import CATALOGUE

    ends = run_async(_ends(kafka_settings(data_dir)))
    if as_json:
        print_json([_document(topic, ends.get(topic.name)) for topic in CATALOGUE])
        return
    print_columns([_row(topic, ends.get(topic.name)) for topic in CATALOGUE])
    missing = [topic.name for topic in CATALOGUE if topic.name not in ends]
    if missing:
        messages.print(
            f"{len(missing)} topics are missing; create them with: plantstream topics apply"
        )


async def _ends(settings: "KafkaSettings") -> dict[str, list[int]]:
    """End offsets by partition of every topic that exists."""
    from plantstream.runtime.kafka.admin import describe_cluster, end_offsets
    from schemas.topics import BY_NAME, CATALOGUE

    known = (await describe_cluster(settings)).topics
    present = [topic for topic in CATALOGUE if topic.name in known]
    found = await end_offsets(settings, present) if present else {}
    return {name: _by_partition(name, found) for name in BY_NAME if name in known}


def _by_partition(name: str, ends: Mapping["TopicPartition", int]) -> list[int]:
    ours = {where.partition: end for where, end in ends.items() if where.topic == name}
    return [ours[partition] for partition in sorted(ours)]


def _row(topic: "Topic", ends: list[int] | None) -> dict[str, Any]:
    return {
        "name": topic.name,
        "partitions": topic.partitions,
        "kept": kept(topic),
        "partition by": topic.partition_by,
        "key": topic.record_key,
        "end": "missing" if ends is None else sum(ends),
    }


def _document(topic: "Topic", ends: list[int] | None) -> dict[str, Any]:
    retention = topic.retention
    return {
        "name": topic.name,
        "about": topic.about,
        "types": [str(kind.model_fields["type"].default) for kind in topic.types],
        "partitions": topic.partitions,
        "retention_s": None if retention is None else int(retention.total_seconds()),
        "partition_by": topic.partition_by,
        "record_key": topic.record_key,
        "end_offsets": ends,
    }


def kept(topic: "Topic") -> str:
    """How long records are kept, in words."""
    newest = "newest per key"
    if topic.retention is None:
        return newest
    days = f"{topic.retention.days} days"
    return f"{newest}, {days}" if topic.compacted else days
