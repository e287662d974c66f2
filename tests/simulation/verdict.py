"""Compares what the database holds with what must come out of the story."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from ingest.input import Sample
from schemas.kpi import OeeCell, OeeReport
from schemas.telemetry import TelemetryFrame
from tests.simulation.databases import Database
from tests.simulation.oracle import CellName, truth_of
from tests.simulation.story import Story

READERS = ("process/oee", "sink")
"""Of what edges write."""
SHOWN = 10
"""Differences in one message."""


def differences(story: Story, database: Database) -> list[str]:
    """Everything that is not as it must be, in words."""
    truth = truth_of(story)
    return [
        *_letters(database),
        *(f"position of {jump}" for jump in database.jumps),
        *_compared("cell", _cells(database), truth.cells),
        *_compared("window", _windows(database), truth.windows),
        *_events(story, database),
    ]


def _letters(database: Database) -> list[str]:
    """What is no record is buried by each reader, and nothing else is."""
    wanted = {f"{reader} {one}" for one in database.poison for reader in READERS}
    more = {name: why for name, why in database.letters.items() if name not in wanted}
    return [
        *(f"dead letter {name}: {reason}" for name, reason in more.items()),
        *(f"no dead letter {name}" for name in sorted(wanted - database.letters.keys())),
    ]


def assert_true_to(story: Story, database: Database, hint: str) -> None:
    """Fail with the first differences and a hint how to see them again."""
    found = differences(story, database)
    shown = "\n  ".join(found[:SHOWN])
    assert not found, f"{len(found)} differences:\n  {shown}\n{hint}"


def _cells(database: Database) -> dict[CellName, Counter[str]]:
    found: dict[CellName, Counter[str]] = {}
    for cell in database.cells.values():
        name = CellName(
            cell.equipment, cell.minute, cell.batch or "", cell.product or "", cell.shift or ""
        )
        if amounts := _amounts(cell):
            # Two ids of one name would be two late facts, which no story has.
            found[name] = found.get(name, Counter()) + amounts
    return found


def _windows(database: Database) -> dict[tuple[str, ...], Any]:
    found: dict[tuple[str, ...], Any] = {}
    for id_, report in sorted(database.reports.items()):
        name = (report.equipment, report.kind, report.window)
        if name in found:
            found[*name, "again", id_] = report
        elif not report.final:
            found[*name, "not final", id_] = report
        else:
            found[name] = (report.start, report.end, _amounts(report))
    return found


def _amounts(record: OeeCell | OeeReport) -> Counter[str]:
    fields = {**dict(record.time), **dict(record.quantities)}
    return Counter({name: amount for name, amount in fields.items() if amount})


def _events(story: Story, database: Database) -> list[str]:
    """Each id once, ids without a hole, and every sample in exactly one frame."""
    ids = Counter(f"{type_of(one)} {one.equipment} {one.id}" for one in database.events)
    twice = [f"event {name} is stored {times} times" for name, times in ids.items() if times > 1]
    return [*twice, *_holes(database.events), *_samples(story, database)]


def type_of(event: Any) -> str:
    """Which table it is a row of."""
    return "frame" if isinstance(event, TelemetryFrame) else "machine event"


def _holes(events: Iterable[Any]) -> list[str]:
    seqs: dict[tuple[str, str], set[int]] = {}
    for event in events:
        seqs.setdefault((type_of(event), event.equipment), set()).add(event.id.seq)
    missing = {name: set(range(max(found))) - found for name, found in seqs.items()}
    return [f"{name} lacks {sorted(lost)}" for name, lost in missing.items() if lost]


def _samples(story: Story, database: Database) -> list[str]:
    told = Counter(
        one.equipment
        for _, chunk in story.chunks
        for one in chunk.observations
        if isinstance(one, Sample)
    )
    stored: Counter[str] = Counter()
    for event in database.events:
        if isinstance(event, TelemetryFrame):
            stored[event.equipment] += event.sample_count()
    return [] if told == stored else [f"samples told {dict(told)}, stored {dict(stored)}"]


def _compared(kind: str, found: Mapping[Any, Any], wanted: Mapping[Any, Any]) -> list[str]:
    names = sorted(found.keys() | wanted.keys(), key=str)
    return [
        f"{kind} {name}: stored {found.get(name)}, truth {wanted.get(name)}"
        for name in names
        if found.get(name) != wanted.get(name)
    ]
