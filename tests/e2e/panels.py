"""Every panel of Grafana asked of what a demo has stored, and held against the demo's ledger."""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from psycopg import Connection

from deploy.grafana.asking import Answer, answers, asked, marks
from deploy.grafana.assembled import BOARDS
from deploy.grafana.shapes import Equals, Number
from plantstream.simulator.lab_truth import LabTruth, lab_truth
from plantstream.simulator.ledger import Ledger, read_ledger
from plantstream.simulator.truth import Truth, truth
from schemas.plant.load import load_plant
from schemas.plant.model import Plant
from sinks.timescale.connection import connect_blocking
from sinks.timescale.overview import overviews
from tests.parts import running_timescale

WITHIN_S = 1.5
"""Of each machine's time in a category."""
PEAK_WITHIN = 1.0
"""Kelvin: the hottest value lasts shorter than the edge's sampling."""
Figures = Mapping[str | None, tuple[float | None, float]]
"""By what it is of: the number, and how far a panel may be off."""


@dataclass(frozen=True)
class Known:
    """What truly happened."""

    machines: Mapping[str, Truth]
    """By name."""
    constraints: frozenset[str]
    lab: LabTruth
    peaks: Mapping[str, float]
    paths: Mapping[str, str]

    def only(self, chosen: Collection[str] | None) -> "Known":
        """The same of the machines that a dashboard shows."""
        if chosen is None:
            return self
        shown = {name for name, path in self.paths.items() if path in chosen}
        return replace(
            self,
            machines={name: one for name, one in self.machines.items() if name in shown},
            constraints=self.constraints & shown,
            peaks={name: one for name, one in self.peaks.items() if name in shown},
        )

    def of(self, claim: Equals) -> Figures:
        """What the ledger has for this claim; what it says nothing of is left out."""
        apart = self._apart(claim.number)
        if claim.by is not None:
            return apart
        if claim.number in RATIOS:
            return {None: _ratio(claim.number, list(self.machines.values()))}
        known = [value for value, _ in apart.values()]
        total = None if None in known else sum(value or 0.0 for value in known)
        return {None: (total, sum(off for _, off in apart.values()))}

    def _apart(self, number: Number) -> Figures:
        if number in COUNTS:
            names = self.constraints if number is Number.CONSTRAINT_GOOD else self.machines
            return {name: (COUNTS[number](self.machines[name]), 0.0) for name in names}
        if number in RATIOS:
            return {name: _ratio(number, [one]) for name, one in self.machines.items()}
        if number in TIMES:
            return dict(_times(TIMES[number](one) for one in self.machines.values()))
        if number in (Number.JUDGED, Number.WITHIN):
            return {
                product: (one.judged if number is Number.JUDGED else one.within, 0.0)
                for product, one in self.lab.scores.items()
            }
        if number is Number.OVERHEATED:
            return {name: (peak, PEAK_WITHIN) for name, peak in self.peaks.items()}
        return {None: (LABORATORY[number](self.lab), 0.0)}


COUNTS = {
    Number.GOOD: lambda one: one.counts.good,
    Number.SCRAP: lambda one: one.counts.scrap,
    Number.REWORK: lambda one: one.counts.rework,
    Number.CONSTRAINT_GOOD: lambda one: one.counts.good,
}
TIMES = {
    Number.LOST: lambda one: one.losses,
    Number.WHY: lambda one: {
        f"{category}: {reason}": seconds
        for (category, reason), seconds in one.reasons.items()
        if category != "planned_stop"
    },
}
LABORATORY = {
    Number.BATCHES_ENDED: lambda lab: len(lab.batches),
    Number.APPROVED: lambda lab: Counter(lab.dispositions.values())["approved"],
    Number.REJECTED: lambda lab: Counter(lab.dispositions.values())["rejected"],
    Number.OPEN_DEVIATIONS: lambda lab: lab.open_deviations,
    Number.SIGNED: lambda lab: lab.signatures,
}
RATIOS = (Number.OEE, Number.AVAILABILITY, Number.QUALITY_RATIO)


def differences(data_dir: Path) -> list[str]:
    """Run all panels, and say which of them show something else than the ledger has."""
    return asyncio.run(_differences(data_dir))


async def _differences(data_dir: Path) -> list[str]:
    async with running_timescale(data_dir) as running:
        file = data_dir / "plant.yaml"
        plant = load_plant(file.read_text(), str(file)).plant
        ledger = read_ledger(data_dir / "simulator" / "ledger.jsonl")
        ends = {one.equipment: one.end for one in await overviews(running.settings)}
        known = _known(ledger, plant, ends)
        begins = ledger.start - timedelta(hours=2)
        with connect_blocking(running.settings) as connection:
            until = max(ends.values()) + timedelta(minutes=1)
            return list(_compared(connection, known, begins, until))


def _compared(
    connection: Connection, known: Known, begins: datetime, ends: datetime
) -> Iterator[str]:
    for board in BOARDS:
        of = asked(connection, board, begins, ends)
        marks(connection, board, of)
        here = known.only(of.chosen.get("equipment"))
        for panel, answer in answers(connection, board, of):
            for claim in (panel.claim, *panel.also):
                if isinstance(claim, Equals):
                    for told in _wrong(answer, claim, here.of(claim)):
                        yield f"{board.id}/{panel.id}, {claim.number}{told}"


def _wrong(answer: Answer, claim: Equals, true: Figures) -> Iterator[str]:
    shown = summed(answer, claim)
    for key, (wanted, off) in true.items():
        value = shown.get(key)
        if wanted is None or value is None:
            if (wanted or 0.0) > off or (value or 0.0) > off:
                yield f" of {key}: {value} and not {wanted}"
        elif abs(value - wanted) > off + 1e-9:
            yield f" of {key}: {value} and not {wanted} (within {off})"


def summed(answer: Answer, claim: Equals) -> dict[str | None, float]:
    """The columns of a claim, added up over the rows."""
    found: dict[str | None, float] = {}
    for row in answer.dicts():
        key = None if claim.by is None else row[claim.by]
        for column in claim.column.split("+"):
            if row[column] is not None:
                found[key] = found.get(key, 0.0) + float(row[column])
    return found


def _known(ledger: Ledger, plant: Plant, ends: Mapping[str, datetime]) -> Known:
    paths = {one.name or one.id: plant.path_of(one) for one in plant.equipment}
    ids = {one.constraint for one in plant.lines.values()}
    named = {path: name for name, path in paths.items()}
    peaks = {
        named[path]: max(one.value for one in history.shown if one.tag == "temperature")
        for path, history in ledger.equipment.items()
        if any(one.tag == "temperature" for one in history.shown)
    }
    return Known(
        machines={
            name: truth(ledger, plant, path, ledger.start, ends[path])
            for name, path in paths.items()
        },
        constraints=frozenset(one.name or one.id for one in plant.equipment if one.id in ids),
        lab=lab_truth(ledger, plant),
        peaks=peaks,
        paths=paths,
    )


def _times(
    given: Iterable[Mapping[str, float | None]],
) -> Iterator[tuple[str, tuple[float | None, float]]]:
    """Seconds by what they were spent on, of all machines together."""
    each = list(given)
    for name in {name for one in each for name in one}:
        parts = [one.get(name, 0.0) for one in each]
        known = [part for part in parts if part is not None]
        total = sum(known) if len(known) == len(parts) else None
        yield name, (total, WITHIN_S * len(each))


def _ratio(number: Number, machines: list[Truth]) -> tuple[float | None, float]:
    """The ratio of sums, and what a second of each machine more or less makes of it."""
    if number is Number.QUALITY_RATIO:
        produced = sum(one.counts.produced for one in machines)
        good = sum(one.counts.good for one in machines)
        return (good / produced if produced else None), 0.0
    planned = sum(one.planned_busy_s for one in machines)
    if number is Number.OEE and any(one.ideal is None for one in machines):
        return None, 0.0
    if planned <= WITHIN_S * len(machines):
        return None, float("inf")
    above = (
        sum(one.ideal.good_s for one in machines if one.ideal)
        if number is Number.OEE
        else sum(one.actual_production_s for one in machines)
    )
    return above / planned, 2 * WITHIN_S * len(machines) / planned
