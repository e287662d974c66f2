"""`plantstream tail`: what a topic carries, as it comes."""

import json
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from plantstream.commands.console import messages
from plantstream.commands.options import DATA_DIR

if TYPE_CHECKING:
    from plantstream.commands.lines import Line
    from plantstream.runtime.settings import KafkaSettings
    from schemas.topics import Topic


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is followed."""

    topic: "Topic"
    equipment: str | None
    from_beginning: bool
    limit: int | None


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(tail)


def tail(
    topic: str = typer.Argument(
        metavar="TOPIC", help="A topic, such as plant.machine.v1 or machine."
    ),
    equipment: str | None = typer.Option(None, help="Only this one: its id or its whole path."),
    as_json: bool = typer.Option(False, "--json", help="One JSON object per line."),
    from_beginning: bool = typer.Option(
        False, "--from-beginning", help="Begin with the oldest record."
    ),
    limit: int | None = typer.Option(None, help="End after so many lines.", min=1),
    data_dir: Path | None = DATA_DIR,
) -> None:
    """Follow a topic until Ctrl-C; frames are shown sample by sample."""
    from plantstream.commands.connection import kafka_settings
    from plantstream.commands.lines import speaks_of_equipment
    from plantstream.commands.running import run_async
    from plantstream.commands.topic_names import topic_called

    chosen = topic_called(topic)
    if equipment is not None and not speaks_of_equipment(chosen):
        raise typer.BadParameter(
            f"records of {chosen.name} name no equipment", param_hint="--equipment"
        )
    wanted = Wanted(chosen, equipment, from_beginning, limit)
    with suppress(KeyboardInterrupt):
        try:
            run_async(_print_lines(kafka_settings(data_dir), wanted, as_json))
        except BrokenPipeError:  # The reader has seen enough, as `head` has after its lines.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


async def _print_lines(settings: "KafkaSettings", wanted: Wanted, as_json: bool) -> None:
    printed = 0
    async with aclosing(_lines(settings, wanted)) as found:
        async for line in found:
            text = json.dumps(line.document, ensure_ascii=False) if as_json else line.text
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
            printed += 1
            if printed == wanted.limit:
                return


async def _lines(settings: "KafkaSettings", wanted: Wanted) -> "AsyncGenerator[Line, None]":
    from plantstream.commands.lines import lines
    from plantstream.runtime.kafka.follow import Start, following

    start = Start.OLDEST if wanted.from_beginning else Start.NOW
    async with following(settings, wanted.topic.name, start) as records:
        messages.print(f"following {wanted.topic.name} from {start}; Ctrl-C ends it")
        async for record in records:
            for line in lines(wanted.topic, record, wanted.equipment):
                yield line
