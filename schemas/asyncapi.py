"""The topic catalogue as an AsyncAPI 3.1 document."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from pydantic import BaseModel

from schemas.topics import CATALOGUE, MODEL, REPLICATION, Role, Topic

VERSION = "3.1.0"
_KAFKA_BINDING = "0.5.0"

_ABOUT = """\
Records are JSON, compressed by Kafka with zstd. A type may get new fields: ignore what you do not
know. Some topics are written in transactions: read with isolation.level read_committed. Delivery is
at least once: drop what you have seen by its id.
"""
_MAY = {
    Role.EDGE: "edge agents",
    Role.PROCESSOR: "processors",
    Role.SINK: "sinks",
    Role.NOTIFIER: "notifiers",
    Role.EXPORTER: "exporters",
    Role.OPERATOR: "operators",
}


def asyncapi_document() -> dict[str, Any]:
    """All topics as channels, their types as messages, and who sends and receives them."""
    return {
        "asyncapi": VERSION,
        "info": {
            "title": "plantstream",
            "version": "1",
            "description": _ABOUT,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in CATALOGUE},
        "operations": dict(_operations()),
        "components": {
            "messages": {
                _type_name(kind): _message(kind) for topic in CATALOGUE for kind in topic.types
            }
        },
    }


def schema_file(type_name: str) -> str:
    """The file beside the document that holds the schema of this type."""
    return f"{type_name}.v1.schema.json"


def _channel(topic: Topic) -> dict[str, Any]:
    names = [_type_name(kind) for kind in topic.types]
    return {
        "address": topic.name,
        "description": topic.about,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "replicas": REPLICATION["production"],
                "topicConfiguration": _kept(topic),
                "bindingVersion": _KAFKA_BINDING,
            }
        },
        "x-partition-by": topic.partition_by,
        "x-record-key": topic.record_key,
        "x-isolation-level": _isolation(topic),
    }


def _isolation(topic: Topic) -> str:
    """Of topics written in transactions a reader sees aborted ones too, but for read_committed.

    Processors write so, and `apply` writes plant files so.
    """
    in_transactions = Role.PROCESSOR in topic.writers or topic.name == MODEL.name
    return "read_committed" if in_transactions else "read_uncommitted"


def _kept(topic: Topic) -> dict[str, Any]:
    if topic.retention is None:
        return {"cleanup.policy": ["compact"]}
    return {
        "cleanup.policy": ["compact", "delete"] if topic.compacted else ["delete"],
        "retention.ms": int(topic.retention / timedelta(milliseconds=1)),
    }


def _operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for topic in CATALOGUE:
        channel = {"$ref": f"#/channels/{topic.name}"}
        for role in sorted(topic.writers):
            summary = f"Written by {_MAY[role]}."
            yield (
                f"{role}.writes.{topic.name}",
                {"action": "send", "channel": channel, "summary": summary},
            )
        for role in sorted(topic.readers):
            summary = f"Read by {_MAY[role]}."
            yield (
                f"{role}.reads.{topic.name}",
                {"action": "receive", "channel": channel, "summary": summary},
            )


def _message(kind: type[BaseModel]) -> dict[str, Any]:
    name = _type_name(kind)
    return {
        "name": name,
        "title": kind.__name__,
        "summary": (kind.__doc__ or "").strip().splitlines()[0],
        "contentType": "application/json",
        "payload": {"$ref": f"./{schema_file(name)}"},
    }


def _type_name(kind: type[BaseModel]) -> str:
    return str(kind.model_fields["type"].default)
