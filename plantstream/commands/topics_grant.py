"""`plantstream topics grant`: rights to read for somebody else's program."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from plantstream.commands.console import messages, print_json
from plantstream.commands.options import AS_JSON, DATA_DIR
from plantstream.commands.tables import print_columns

if TYPE_CHECKING:
    from plantstream.runtime.acl import Grant
    from schemas.topics import Topic

NAME = typer.Argument(help="User of Kafka with which the program logs in.", show_default=False)
TOPICS = typer.Argument(None, help="Topics, as plant.kpi.v1 or kpi.", show_default=False)
ALL = typer.Option(False, "--all", help="Every topic that is an interface.")


def grant(
    name: str = NAME,
    topics: list[str] | None = TOPICS,
    every: bool = ALL,
    data_dir: Path | None = DATA_DIR,
    as_json: bool = AS_JSON,
) -> None:
    """Let a user read topics, in consumer groups that begin with its name and a dash.

    Give it as a user who may alter the cluster. The user may write nothing.
    """
    from plantstream.commands.connection import kafka_settings
    from plantstream.commands.running import run_async
    from plantstream.runtime.acl import allow, reading

    given = reading(name, _chosen(topics or [], every=every))
    run_async(allow(kafka_settings(data_dir), given))
    rows = [_row(one) for one in given]
    if as_json:
        print_json(rows)
    else:
        print_columns(rows)
        messages.print(f"{name} may read {len(given) - 1} topics from now on, and write nothing")


def _chosen(names: list[str], *, every: bool) -> "list[Topic]":
    """The topics that are named, or all; what engines remember is no interface."""
    from plantstream.commands.topic_names import topic_called
    from schemas.topics import CATALOGUE

    if every == bool(names):
        raise typer.BadParameter("name topics, or say --all", param_hint="TOPIC")
    if every:
        return [topic for topic in CATALOGUE if topic.types]
    chosen = [topic_called(name) for name in dict.fromkeys(names)]
    for topic in chosen:
        if not topic.types:
            raise typer.BadParameter(
                f"{topic.name} is an engine's own memory, and no interface", param_hint="TOPIC"
            )
    return chosen


def _row(one: "Grant") -> dict[str, Any]:
    return {
        "user": one.user,
        "may": " ".join(operation.name.lower() for operation in sorted(one.operations)),
        "what": one.resource.name.lower(),
        "name": f"{one.name}*" if one.prefixed else one.name,
    }
