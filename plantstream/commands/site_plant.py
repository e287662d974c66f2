"""The plant file by which a site works now, and the people in it."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import typer

from plantstream.runtime.errors import MisconfiguredError

if TYPE_CHECKING:
    from plantstream.runtime.settings import KafkaSettings
    from schemas.model import PlantPublished
    from schemas.plant.load import PlantFile


async def site_plant(kafka: "KafkaSettings", site: str | None) -> "PlantFile":
    """The plant file in force at a site; without a site, at the only one.

    Raises:
        MisconfiguredError: no plant file of the site is published, or the site is not clear.
        FileError: the published file cannot be read by this version of plantstream.
    """
    from plantstream.commands.apply import published
    from plantstream.runtime import clock
    from schemas.plant.load import load_plant
    from schemas.topics import MODEL

    files = await published(kafka)
    sites = sorted({one.site for one in files})
    if site is None and len(sites) == 1:
        site = sites[0]
    known = f"plant files of {', '.join(sites)}" if sites else "no plant file"
    if site is None:
        mend = "say which with --site ENTERPRISE/SITE" if sites else "apply one: plantstream apply"
        raise MisconfiguredError(f"{MODEL.name} holds {known}: {mend}")
    found = newest(files, site, clock.now())
    if found is None:
        raise MisconfiguredError(
            f"{MODEL.name} holds {known} and none of {site}: correct --site, or apply its plant "
            "file: plantstream apply"
        )
    return load_plant(found.text, found.file)


def newest(files: "Sequence[PlantPublished]", site: str, now: datetime) -> "PlantPublished | None":
    """The file in force; where none was applied, the one that an edge published last."""
    from schemas.model import in_force

    of_edges = [one for one in files if one.site == site and one.number == 0]
    return in_force(files, site, now) or (of_edges[-1] if of_edges else None)


async def zones(kafka: "KafkaSettings") -> dict[str, ZoneInfo]:
    """The time zone of each site whose plant file can be read."""
    from plantstream.commands.apply import published
    from plantstream.runtime import clock
    from schemas.mistakes import FileError
    from schemas.plant.load import load_plant

    files, found = await published(kafka), {}
    for site in {one.site for one in files}:
        file = newest(files, site, clock.now())
        try:
            if file is not None:
                found[site] = ZoneInfo(load_plant(file.text, file.file).plant.time_zone)
        except FileError:
            continue
    return found


def must_be_known(file: "PlantFile", person: str, option: str = "--as") -> str:
    """The id of somebody whom the plant file knows.

    Raises:
        typer.BadParameter: it knows nobody of this id, with those whom it knows.
    """
    from schemas.mistakes import did_you_mean

    known = [one.id for one in file.plant.people]
    if person in known:
        return person
    site = file.plant.site_path()
    if not known:
        told = f"{file.file}, in force at {site}, has no people: add some, and apply it"
        raise typer.BadParameter(told, param_hint=option)
    hint = did_you_mean(person, known)
    told = f"nobody at {site} is called {person}; {hint + '; ' if hint else ''}"
    raise typer.BadParameter(f"{told}there are {', '.join(known)}", param_hint=option)
