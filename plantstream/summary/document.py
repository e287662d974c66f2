"""From the rows about a batch to its summary. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from plantstream.summary.model import Cell, Fact, Labels, Section, Summary, Table
from plantstream.summary.results import Result, grouped, results_table
from plantstream.summary.seals import judged
from plantstream.summary.sections import (
    alarms,
    critical,
    deviations,
    heads,
    oee,
    section,
    signatures,
)
from plantstream.summary.telling import Telling, short
from plantstream.summary.verdict import verdict_of
from plantstream.summary.words import Language, Words

if TYPE_CHECKING:
    from plantstream.runtime.signing_key import VerifyingKey
    from sinks.timescale.batches import BatchRows


@dataclass(frozen=True, slots=True)
class Made:
    """When the summary is made, and by which version of plantstream."""

    at: datetime
    version: str


def summarized(
    rows: "BatchRows",
    made: Made,
    language: Language = "en",
    keys: "Sequence[VerifyingKey]" = (),
) -> Summary:
    """The summary of a batch; seals of signatures are verified by the keys that are given."""
    rows = replace(rows, signatures=judged(rows.signatures, keys))
    words = Words(language)
    telling = Telling(words, _zone(rows))
    product = _product(rows)
    results = grouped(rows.results)
    subtitle = "subtitle.run" if rows.run else "subtitle"
    named = {"product": product["name"] or rows.product, "site": rows.site, "run": rows.run}
    return Summary(
        language=language,
        title=words("title", batch=rows.batch),
        subtitle=words(subtitle, **named),
        labels=_labels(words),
        verdict=verdict_of(rows, results, telling),
        identity=_identity(rows, product["name"], telling),
        equipment=_equipment(rows, telling),
        sections=_sections(rows, results, product["tests"], telling),
        about=_about(rows, made, telling),
    )


def _sections(
    rows: "BatchRows", results: tuple[Result, ...], names: dict[str, str], telling: Telling
) -> tuple[Section, ...]:
    return (
        section("results", telling, results_table(results, names, telling)),
        deviations(rows, telling),
        alarms(rows, telling),
        oee(rows, telling),
        critical(rows, telling),
        signatures(rows, telling),
    )


def _labels(words: Words) -> Labels:
    named = {name: words(f"label.{name}") for name in Labels.__dataclass_fields__}
    return Labels(**named)


def _identity(rows: "BatchRows", name: str, telling: Telling) -> tuple[Fact, ...]:
    words, release = telling.words, rows.release or {}
    made = "; ".join(
        f"{short(one['equipment'])}: {words('id.quantities', **one)}" for one in rows.figures
    )
    return (
        Fact(words("id.batch"), rows.batch),
        Fact(words("id.product"), f"{rows.product} ({name})" if name else rows.product),
        Fact(words("id.site"), rows.site),
        *((Fact(words("id.run"), rows.run),) if rows.run else ()),
        Fact(words("id.began"), telling.both(release.get("started_at")) or words("unknown")),
        Fact(words("id.ended"), telling.both(release.get("ended_at")) or words("id.open")),
        Fact(words("id.made"), made or words("unknown")),
        Fact(words("id.materials"), words("id.no_materials")),
        Fact(words("id.plant_version"), release.get("plant_version") or words("unknown")),
    )


def _equipment(rows: "BatchRows", telling: Telling) -> Table:
    words = telling.words
    found = tuple(
        (
            Cell(one["equipment"]),
            Cell(telling.both(one["at"])),
            Cell(telling.both(one["until"]) or words("id.open")),
        )
        for one in rows.known
        if one["kind"] == "made"
    )
    return Table(words("id.equipment"), heads(telling, "equipment", "from", "until"), found)


def _about(rows: "BatchRows", made: Made, telling: Telling) -> tuple[str, ...]:
    words, head = telling.words, rows.audit_head
    version = (rows.release or {}).get("plant_version") or words("unknown")
    when = telling.both(made.at)
    of_site: dict[str, Any] = {"site": rows.site}
    if head is not None:
        audit = words("about.audit", **of_site, number=head["number"], hash=head["hash"])
    else:
        audit = words("about.no_audit" if rows.may_read_audit else "about.hidden_audit", **of_site)
    times = "about.times" if telling.zone else "about.times.utc"
    return (
        words("about.made", when=when, version=made.version, plant_version=version),
        audit,
        words(times, zone=telling.zone),
        words("about.corrected"),
        words("about.seals"),
        words("about.verdict"),
    )


def _zone(rows: "BatchRows") -> ZoneInfo | None:
    name = rows.file and rows.file["time_zone"]
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def _product(rows: "BatchRows") -> dict[str, Any]:
    """Its name, and the names of its tests, as far as the plant file is stored."""
    listed = rows.file["products"] if rows.file else []
    found: dict[str, Any] = next((one for one in listed if one["id"] == rows.product), {})
    tests = {test["id"]: test["name"] for test in found.get("tests", []) if test["name"]}
    return {"name": found.get("name", ""), "tests": tests}
