"""`plantstream apply`: a plant file for all services of a site, with a number and a reason."""

import asyncio
from datetime import datetime, timedelta
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from plantstream.commands.audited import Person, outgoing_entry, person
from plantstream.commands.console import complain, data
from plantstream.commands.options import ACTOR, DATA_DIR, REASON
from plantstream.runtime.errors import EXIT_FAILED, EXIT_MISCONFIGURED, FencedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plantstream.runtime.ports import Outgoing
    from plantstream.runtime.settings import KafkaSettings
    from schemas.model import PlantPublished
    from schemas.plant.load import PlantFile

PAST = timedelta(minutes=1)
"""A stated time may lie so far back: the person's clock, and the time it takes to type."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(apply)


def apply(
    plant: Path = typer.Argument(..., metavar="PLANT", exists=True, dir_okay=False),
    name: str = ACTOR,
    reason: str = REASON,
    at: datetime | None = typer.Option(
        None,
        formats=["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z"],
        help="In force from then on, with its offset: 2026-12-01T06:00-06:00; else at once.",
    ),
    dry_run: bool = typer.Option(False, help="Show the difference, and change nothing."),
    data_dir: Path | None = DATA_DIR,
) -> None:
    """Check a plant file, show what changes, and give it to all services of its site."""
    from plantstream.commands.connection import kafka_settings
    from plantstream.commands.plant_file import read_plant
    from schemas.mistakes import FileError

    try:
        file = read_plant(plant)
    except FileError as error:
        complain(str(error))
        raise typer.Exit(EXIT_MISCONFIGURED) from None
    asyncio.run(_apply(kafka_settings(data_dir), file, (name, reason), at, dry_run))


async def _apply(
    kafka: "KafkaSettings",
    file: "PlantFile",
    who: tuple[str, str],
    at: datetime | None,
    dry_run: bool,
) -> None:
    from plantstream.runtime import clock

    site, now = file.plant.site_path(), clock.now()
    if at is not None and at < now - PAST:
        raise typer.BadParameter(
            f"{at.isoformat()} is past: what has been computed stays as it is", param_hint="--at"
        )
    actor = await person(kafka, *who, site)
    if dry_run:
        before = newest(await published(kafka), site)
        if not _is_applied(before, file):
            _show(before, file)
            data.print("nothing was changed")
        return
    try:
        after = await _number(kafka, file, actor, at, now)
    except FencedError:
        complain(
            f"somebody else applies a plant file to {site} at this moment, so {file.file} is not "
            "applied: apply it again, and look at what changes then"
        )
        raise typer.Exit(EXIT_FAILED) from None
    if after is not None:
        when = "at once" if at is None else f"from {at.isoformat()} on"
        data.print(f"{file.file} is number {after.number} of {site}, in force {when}")


async def _number(
    kafka: "KafkaSettings", file: "PlantFile", actor: Person, at: datetime | None, now: datetime
) -> "PlantPublished | None":
    """Publish the file under the next number; None if it is what was applied last.

    Raises:
        FencedError: somebody else has begun to apply since; nothing is published.
    """
    from plantstream.runtime.acl import APPLYING
    from plantstream.runtime.kafka.exclusive import exclusively

    # Read inside: whoever wrote before can be read, and whoever read before can write no more.
    async with exclusively(kafka, f"{APPLYING}{actor.site}") as writer:
        before = newest(await published(kafka), actor.site)
        if _is_applied(before, file):
            return None
        _show(before, file)
        after = _published(file, actor, at, before, now)
        told = (_summary(before) if before else None), _summary(after)
        entry = actor.act("apply plant file", file.file, *told)
        await writer.send([outgoing(after), outgoing_entry(entry)])
    return after


def _is_applied(before: "PlantPublished | None", file: "PlantFile") -> bool:
    if before is None or before.text != file.text:
        return False
    data.print(f"{file.file} is what was applied last at {before.site}, as number {before.number}")
    return True


def newest(files: "Sequence[PlantPublished]", site: str) -> "PlantPublished | None":
    """The file that was applied last at this site, in force or not yet."""
    applied = [one for one in files if one.site == site and one.number > 0]
    return max(applied, key=lambda one: one.number, default=None)


async def published(kafka: "KafkaSettings") -> "list[PlantPublished]":
    """All plant files that can be read, in the order in which they were published."""
    from plantstream.runtime.kafka.whole import read_partitions
    from schemas.codec import UnreadableError, decode
    from schemas.topics import MODEL

    found = []
    async for record in read_partitions(kafka, MODEL.name, range(MODEL.partitions)):
        try:
            found.append(decode(MODEL, record.value))
        except UnreadableError:
            continue
    return found


def outgoing(file: "PlantPublished") -> "Outgoing":
    """The file as a record of its topic."""
    from plantstream.runtime.ports import Outgoing
    from schemas.codec import encode
    from schemas.partitioning import partition_of
    from schemas.topics import MODEL

    key = f"{file.site}/{file.plant_version}".encode()
    partition = partition_of(file.site.encode(), MODEL.partitions)
    return Outgoing(MODEL.name, partition, key, encode(file))


def _published(
    file: "PlantFile",
    actor: Person,
    at: datetime | None,
    before: "PlantPublished | None",
    now: datetime,
) -> "PlantPublished":
    from schemas.model import PlantPublished

    return PlantPublished(
        site=file.plant.site_path(),
        plant_version=file.version,
        file=file.file,
        text=file.text,
        published_at=now,
        number=1 + (before.number if before else 0),
        in_force_from=at or now,
        applied_by=actor.name,
        reason=actor.reason,
    )


def _summary(file: "PlantPublished") -> dict[str, object]:
    from_time = file.in_force_from and file.in_force_from.isoformat()
    return {
        "number": file.number,
        "plant_version": file.plant_version,
        "file": file.file,
        "in_force_from": from_time,
    }


def _show(before: "PlantPublished | None", file: "PlantFile") -> None:
    if before is None:
        data.print(f"{file.file} is the first plant file of {file.plant.site_path()}")
        return
    old, new = before.text.splitlines(), file.text.splitlines()
    for line in unified_diff(old, new, f"number {before.number}", file.file, lineterm="", n=2):
        data.print(line, markup=False, highlight=False)
