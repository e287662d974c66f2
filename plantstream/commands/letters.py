"""Dead letters as the topic holds them: reading, finding, and which may be sent again."""

import heapq
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from datetime import datetime

import typer

from plantstream.commands.given_words import must_name
from plantstream.runtime.kafka.whole import read_partitions
from plantstream.runtime.ports import Outgoing
from plantstream.runtime.settings import KafkaSettings
from schemas.codec import UnreadableError, decode
from schemas.deadletter import DeadLetter
from schemas.mistakes import did_you_mean
from schemas.partitioning import partition_of
from schemas.topics import AUDIT_ENTRY, BY_NAME, DEADLETTER

REPLAY = "deadletter.replay"
"""The act in the audit trail; its subject is the letter's id."""
LIKE_IT = 1_000
"""So many ids are kept for a hint."""


async def newest(settings: KafkaSettings, limit: int) -> list[DeadLetter]:
    """The newest letters, each once however often it was buried, the newest first."""
    kept: dict[tuple[str, str], DeadLetter] = {}
    async with aclosing(_letters(settings)) as letters:
        async for letter in letters:
            kept[letter.id, letter.service] = letter
            if len(kept) >= 2 * limit + LIKE_IT:
                kept = {(one.id, one.service): one for one in _sorted(kept.values(), limit)}
    return _sorted(kept.values(), limit)


async def find(settings: KafkaSettings, ids: Sequence[str]) -> list[DeadLetter]:
    """The letter of each id; the beginning of an id will do where only one begins so.

    Raises:
        typer.BadParameter: an id is blank, or no letter, or more than one, has such an id.
    """
    for wanted in ids:
        must_name(wanted, "ID")
    exact: dict[str, DeadLetter] = {}
    begun: dict[str, dict[str, DeadLetter]] = {wanted: {} for wanted in ids}
    others: set[str] = set()
    async with aclosing(_letters(settings)) as letters:
        async for letter in letters:
            if letter.id in begun:
                exact[letter.id] = letter
            for wanted, found in begun.items():
                if letter.id.startswith(wanted) and (letter.id in found or len(found) <= 1):
                    found[letter.id] = letter
            if len(others) < LIKE_IT:
                others.add(letter.id)
    return [exact.get(wanted) or _only(wanted, begun[wanted], others) for wanted in ids]


async def replays(settings: KafkaSettings) -> dict[str, datetime]:
    """When letters were sent again, by id."""
    found: dict[str, datetime] = {}
    partitions = range(AUDIT_ENTRY.partitions)
    async for record in read_partitions(settings, AUDIT_ENTRY.name, partitions):
        try:
            entry = decode(AUDIT_ENTRY, record.value)
        except UnreadableError:
            continue
        if entry.action == REPLAY:
            found[entry.subject] = entry.at
    return found


def refusal(letter: DeadLetter) -> str | None:
    """Why this letter cannot be sent again, or None."""
    kept = len(letter.value or b"")
    if letter.topic is None:
        return f"it came from {origin(letter)}, not from a topic: mend that, and replay the file"
    if letter.topic not in BY_NAME:
        return f"{letter.topic} is not in the catalogue of topics"
    if letter.size == 0:
        return "it has no bytes"
    if kept < letter.size:
        return f"only the first {kept} of its {letter.size} bytes were kept: have it written anew"
    if letter.partition is None and not _partitioned_by_key(letter):
        return "nobody knows its partition"
    return None


def as_it_was(letter: DeadLetter) -> Outgoing:
    """The record that was buried, byte for byte."""
    topic = BY_NAME[str(letter.topic)]
    key = letter.key or b""
    partition = letter.partition
    if partition is None:
        partition = partition_of(key, topic.partitions)
    return Outgoing(topic.name, partition, key, letter.value)


def origin(letter: DeadLetter) -> str:
    """Where the bytes stood, as far as the letter says."""
    if letter.topic is not None:
        partition = "" if letter.partition is None else f"/{letter.partition}"
        return letter.topic + partition + ("" if letter.offset is None else f"@{letter.offset}")
    if letter.file is not None:
        return letter.file + ("" if letter.line is None else f":{letter.line}")
    return "nowhere known"


async def _letters(settings: KafkaSettings) -> AsyncGenerator[DeadLetter, None]:
    """Every letter; bytes that are none are left out."""
    partitions = range(DEADLETTER.partitions)
    async for record in read_partitions(settings, DEADLETTER.name, partitions):
        try:
            yield decode(DEADLETTER, record.value)
        except UnreadableError:
            continue


def _sorted(letters: Iterable[DeadLetter], limit: int) -> list[DeadLetter]:
    return heapq.nlargest(limit, letters, key=lambda letter: letter.buried_at)


def _only(wanted: str, found: dict[str, DeadLetter], others: set[str]) -> DeadLetter:
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        raise typer.BadParameter(
            f"more than one letter begins with {wanted}: {', '.join(found)} and perhaps others; "
            "give the whole id",
            param_hint="ID",
        )
    hint = did_you_mean(wanted, others) or "list them with: plantstream deadletters list"
    raise typer.BadParameter(f"no such letter: {wanted}; {hint}", param_hint="ID")


def _partitioned_by_key(letter: DeadLetter) -> bool:
    topic = BY_NAME[str(letter.topic)]
    return topic.partition_by == topic.record_key and letter.key is not None
