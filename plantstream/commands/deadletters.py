"""`plantstream deadletters`: what could not be read, and sending it again."""

import base64
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from plantstream.commands.console import complain, messages, print_json
from plantstream.commands.options import ACTOR, AS_JSON, DATA_DIR, REASON, SITE
from plantstream.commands.tables import hex_dump, print_columns, printable

if TYPE_CHECKING:
    from plantstream.runtime.settings import KafkaSettings
    from schemas.deadletter import DeadLetter

DUMPED_BYTES = 4096
"""Of a value, unless all of it is asked for."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Look at what could not be read.", no_args_is_help=True)
    group.command("list")(list_letters)
    group.command()(show)
    group.command()(replay)
    app.add_typer(group, name="deadletters")


def list_letters(
    limit: int = typer.Option(50, help="So many of the newest.", min=1, max=10_000),
    data_dir: Path | None = DATA_DIR,
    as_json: bool = AS_JSON,
) -> None:
    """List the newest letters first."""
    from plantstream.commands.connection import kafka_settings
    from plantstream.commands.running import run_async

    rows = run_async(_rows(kafka_settings(data_dir), limit))
    if as_json:
        print_json(rows)
    elif rows:
        print_columns(rows)
    else:
        messages.print("no dead letters")


def show(
    letter: str = typer.Argument(metavar="ID", help="The letter's id, or how it begins."),
    whole: bool = typer.Option(False, "--all", help="Dump every byte that was kept."),
    data_dir: Path | None = DATA_DIR,
    as_json: bool = AS_JSON,
) -> None:
    """Show one letter, with its bytes."""
    from plantstream.commands.connection import kafka_settings
    from plantstream.commands.letters import find
    from plantstream.commands.running import run_async

    found = run_async(find(kafka_settings(data_dir), [letter]))[0]
    if as_json:
        print_json(_document(found))
    else:
        _print_letter(found, None if whole else DUMPED_BYTES)


def replay(
    letters: list[str] = typer.Argument(metavar="ID...", help="Ids of letters."),
    actor: str = ACTOR,
    reason: str = REASON,
    site: str | None = SITE,
    data_dir: Path | None = DATA_DIR,
) -> None:
    """Send letters back to where they came from, byte for byte; all of them or none.

    A reader drops an event whose number it has passed, and buries again what it still cannot read.
    """
    from plantstream.commands.connection import kafka_settings
    from plantstream.commands.running import run_async

    settings = kafka_settings(data_dir)
    if not run_async(_replay(settings, list(dict.fromkeys(letters)), (actor, reason, site))):
        raise typer.Exit(1)


async def _rows(settings: "KafkaSettings", limit: int) -> list[dict[str, Any]]:
    from plantstream.commands.letters import newest, origin, replays

    found = await newest(settings, limit)
    again = await replays(settings) if found else {}
    return [
        {
            "buried_at": _seconds(letter.buried_at),
            "service": letter.service,
            "origin": origin(letter),
            "size": letter.size,
            "id": letter.id,
            "replayed_at": _seconds(again[letter.id]) if letter.id in again else None,
            "reason": letter.reason,
        }
        for letter in found
    ]


async def _replay(
    settings: "KafkaSettings", ids: list[str], who: tuple[str, str, str | None]
) -> bool:
    """Whether they were sent; the entries in the audit trail go first: no act without one."""
    from plantstream.commands.audited import person, write_entries
    from plantstream.commands.letters import REPLAY, as_it_was, find, refusal
    from plantstream.runtime.kafka.broker import KafkaBroker

    found = {letter.id: letter for letter in await find(settings, ids)}.values()
    refused = {letter.id: reason for letter in found if (reason := refusal(letter))}
    for name, reason in refused.items():
        complain(f"letter {name} cannot be sent again: {reason}")
    if refused:
        complain("nothing was sent")
        return False
    acting = await person(settings, *who)
    records = {letter.id: as_it_was(letter) for letter in found}
    await write_entries(
        settings,
        [
            acting.act(REPLAY, name, after={"topic": one.topic, "partition": one.partition})
            for name, one in records.items()
        ],
    )
    async with KafkaBroker(settings) as broker:
        await broker.send(list(records.values()))
    for name, one in records.items():
        messages.print(f"{name}: sent to {one.topic}/{one.partition}", markup=False)
    return True


def _document(letter: "DeadLetter") -> dict[str, Any]:
    from plantstream.commands.letters import origin

    said = letter.model_dump(mode="json", exclude={"key", "value"})
    return said | {
        "origin": origin(letter),
        "key": _text(letter.key),
        "key_base64": _base64(letter.key),
        "value": _text(letter.value),
        "value_base64": _base64(letter.value),
        "kept": len(letter.value or b""),
    }


def _print_letter(letter: "DeadLetter", limit: int | None) -> None:
    from plantstream.commands.letters import origin, refusal

    value = letter.value or b""
    for name, said in (
        ("id", letter.id),
        ("buried", f"{_seconds(letter.buried_at)} by {letter.service}"),
        ("origin", origin(letter)),
        ("reason", letter.reason),
        ("size", f"{letter.size} bytes, {len(value)} kept"),
        ("replay", refusal(letter) or "possible"),
        ("key", _text(letter.key) or ("no UTF-8" if letter.key else "none")),
    ):
        sys.stdout.write(f"{name:8} {printable(said)}\n")
    text = _text(value[:limit])
    if text:
        sys.stdout.write(f"text     {printable(text)}\n")
    for line in hex_dump(value[:limit]):
        sys.stdout.write(line + "\n")
    if limit is not None and len(value) > limit:
        messages.print(f"{len(value) - limit} more bytes; show them with --all")


def _seconds(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _text(content: bytes | None) -> str | None:
    """As UTF-8, or None where it is none."""
    try:
        return None if content is None else content.decode()
    except UnicodeDecodeError:
        return None


def _base64(content: bytes | None) -> str | None:
    return None if content is None else base64.b64encode(content).decode()
