"""Batch 368 of the recorded tablet press, with a mistake and an alarm, as the sink stores it.

The press's recording says when it was made, the laboratory's what was found; the limits are those
of the plant `tablet_lab`. Added is what the recordings do not have: the smallest dissolution was
typed 58 for 85 and corrected, which opened a deviation; the press was too hot while the batch was
made, and its door was open a day later; a count came late. The laboratory's file has months only:
here it tested in the hour after the end.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import BaseModel

from ingest.inputs.lab.judge import Author, judged
from ingest.inputs.lab.statements import from_texts
from plantstream.runtime.signing_key import SigningKey, is_sealed
from schemas.alerts import AlertHandled, AlertTransition, Words
from schemas.kpi import OeeCell, OeeReport, Quantities, TimeElements
from schemas.lab import BatchMade, DeviationAction, Disposition, TestResult
from schemas.model import PlantPublished
from schemas.plant.load import load_plant
from schemas.quality import Deviation
from schemas.record import EventId
from schemas.signature import Signature, content_digest
from schemas.telemetry import Column, TelemetryFrame
from schemas.topics import ALERT, KPI, LAB, LAB_ANSWER, MODEL, QUALITY, TELEMETRY, Topic
from sinks.timescale.writer import TimescaleSink
from tests.processors.quality.laboratory import Run
from tests.sinks.records import batch

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared/data"
RECORDINGS = (DATA / "pharma_Laboratory.csv", DATA / "pharma_Process_6.csv")
SITE, PRODUCT, BATCH = "example/tabletting", "6", "368"
PRESS = f"{SITE}/compression/line-1/tablet-press"
TESTS = ("batch_yield", "dissolution_av", "dissolution_min", "impurities_total", "tbl_rsd_weight")
MISTYPED, TYPED = "dissolution_min", 58.0
SEALS = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
"""The key of the edge where people sign; the plant file has its public half."""
PUBLIC = SEALS.verifying.pem().decode().splitlines()[1]
_LABORATORY = (ROOT / "deploy/plants/tablet_lab/plant.yaml").read_text(encoding="utf-8")
_TAG = "{name: main-compression, unit: kN, critical: true, limits: {upper: 12}}"
TEXT = _LABORATORY.replace(
    "line: line-1, calendar: batches}", f"line: line-1, calendar: batches, tags: [{_TAG}]}}"
).replace("time_zone: UTC", "time_zone: Europe/Ljubljana")
TEXT = TEXT.replace("quality:\n", f"quality:\n  signatures: {{keys: [{PUBLIC}]}}\n")
PLANT = load_plant(TEXT, "plant.yaml")
OF_PRODUCT: dict[str, Any] = {"site": SITE, "product": PRODUCT, "plant_version": PLANT.version}


@dataclass
class Story:
    """What was said so far, in its order; the engine hears it when it is told."""

    run: Run = field(default_factory=lambda: Run(PLANT, verifies=is_sealed))
    said: list[Any] = field(default_factory=list)

    def say(self, *events: Any) -> None:
        """The engine hears them, one after the other."""
        self.said += events
        self.run.hear_each(events)

    def envelope(self, at: datetime) -> dict[str, Any]:
        number = len(self.said)
        identity = {"id": EventId(source="lims", epoch="e", seq=number), "plant_version": "v"}
        return identity | {"source_time": at, "ingest_time": at, "statement": f"s{number}"}

    async def store(self, sink: TimescaleSink) -> None:
        """Everything, as the sink gets it from its topics."""
        told: dict[Topic, list[BaseModel | bytes]] = {
            MODEL: [_published()],
            LAB: [*self.said],
            QUALITY: [one.record for one in self.run.outputs if one.topic is QUALITY],
            LAB_ANSWER: [one.record for one in self.run.outputs if one.topic is LAB_ANSWER],
            ALERT: [*_alarms()],
            KPI: [*_figures()],
            TELEMETRY: [*_frames()],
        }
        for topic, values in told.items():
            for start in range(0, len(values), 100):
                await sink.write(batch(topic, values[start : start + 100], begin=start or None))


def recorded() -> Story:
    """The batch as the laboratory left it: one result mistyped and corrected, deviation open."""
    story = Story()
    began, ended = span()
    story.say(_made(began, None), _made(began, ended))
    for test, value in findings().items():
        tested = ended + timedelta(hours=1, minutes=len(story.said))
        given = TYPED if test == MISTYPED else value
        story.say(_result(story, test, given, tested))
        if test == MISTYPED:
            story.say(_correction(story, value, tested + timedelta(hours=2)))
    return story


def looked_into(story: Story) -> Story:
    """The deviation is investigated, its cause found and mended, and closed."""
    (found,) = story.run.newest(Deviation)
    opened = span()[1] + timedelta(days=2)
    reasons = {
        "investigate": "The balance's print-out says 85; 58 was typed.",
        "capa": "Results of this instrument are read by the interface from now on.",
        "close": "Cause found and mended.",
    }
    for hours, (action, reason) in enumerate(reasons.items()):
        fields = story.envelope(opened + timedelta(hours=hours)) | {"by": "Maja Kos"}
        fields |= {"deviation": found.deviation, "action": action, "reason": reason}
        story.say(DeviationAction(**fields, site=SITE, product=PRODUCT))
    return story


def released(story: Story) -> Story:
    """Somebody who tested nothing releases it, and signs."""
    at = span()[1] + timedelta(days=3)
    fields = story.envelope(at) | {"site": SITE, "product": PRODUCT, "by": "Nina Zupan"}
    decided = Disposition(**fields, batch=BATCH, decision="release", roles=("qa",))
    signature = Signature(
        id="sign-1",
        login="nina",
        name="Nina Zupan",
        roles=("qa",),
        at=at,
        local_time=at.astimezone(UTC).isoformat(),
        time_zone="Europe/Ljubljana",
        meaning="released",
        content_sha256=content_digest(decided.signed_content()),
        key=SEALS.verifying.id,
    )
    signature = signature.model_copy(update={"seal": SEALS.sign(signature.sealed())})
    story.say(decided.model_copy(update={"signature": signature}))
    return story


def findings() -> dict[str, float]:
    """What the laboratory's recording says of the batch."""
    with RECORDINGS[0].open(encoding="utf-8") as file:
        (row,) = [one for one in csv.DictReader(file, delimiter=";") if one["batch"] == BATCH]
    return {test: float(row[test]) for test in TESTS}


def span() -> tuple[datetime, datetime]:
    """From the first to the last row of the batch in the press's recording."""
    rows = _rows()
    return rows[0][0], rows[-1][0]


def _rows() -> list[tuple[datetime, float]]:
    with RECORDINGS[1].open(encoding="utf-8") as file:
        return [
            (datetime.fromisoformat(one["timestamp"]).replace(tzinfo=UTC), float(one["main_comp"]))
            for one in csv.DictReader(file, delimiter=";")
            if one["batch"] == BATCH
        ]


def _made(began: datetime, ended: datetime | None) -> BatchMade:
    return BatchMade(**OF_PRODUCT, equipment=PRESS, batch=BATCH, start=began, end=ended)


def _result(story: Story, test: str, value: float, at: datetime) -> TestResult:
    cells = {"time": at.isoformat(), "product": PRODUCT, "batch": BATCH, "test": test, "unit": "%"}
    author = Author("Ana Novak", f"s{len(story.said)}")
    stated = judged(from_texts(cells | {"value": str(value)}), PLANT.plant, author, at)
    return TestResult(**story.envelope(at) | dict(stated.fields))


def _correction(story: Story, value: float, at: datetime) -> TestResult:
    wrong = story.said[-1]
    changed = {"number": value, "revision": 2, "corrects": wrong.statement}
    changed |= {"reason": "digits swapped when typed", "by": "Ivan Horvat"}
    kept = wrong.model_dump(
        exclude={"id", "source_time", "ingest_time", "plant_version", "statement"}
    )
    return TestResult(**kept | story.envelope(at) | changed)


def _published() -> PlantPublished:
    fields: dict[str, Any] = {"file": "plant.yaml", "text": TEXT, "number": 1}
    fields["published_at"] = span()[0]
    return PlantPublished(site=SITE, plant_version=PLANT.version, **fields)


def _alarms() -> Iterable[BaseModel]:
    """One within the batch, acknowledged, and one a day after its end."""
    began, ended = span()
    for name, fired, seen in (
        ("PressTooHot", began + timedelta(hours=5), True),
        ("PressDoorOpen", ended + timedelta(days=1), False),
    ):
        alert: dict[str, Any] = {
            "site": SITE,
            "plant_version": PLANT.version,
            "fingerprint": f"f-{name}",
            "starts_at": fired,
        }
        told: dict[str, Any] = alert | {
            "severity": "critical",
            "generator": "rule",
            "labels": {"alertname": name, "area": "compression", "equipment": "tablet-press"},
            "words": {"en": Words(summary=f"{name}: 81 °C, limit 70 °C")},
        }
        until = fired + timedelta(minutes=12)
        yield AlertTransition(**told, at=fired, state="firing")
        yield AlertTransition(**told, at=until, state="resolved")
        if seen:
            at = fired + timedelta(minutes=3)
            yield AlertHandled(**alert, at=at, handling="acknowledged", by="Luka Bizjak")


def _figures() -> Iterable[BaseModel]:
    """OEE as the press's recording has it; the last 1,000 good tablets came late."""
    began, ended = span()
    said: dict[str, Any] = {"equipment": PRESS, "plant_version": PLANT.version}
    time = TimeElements(running_ms=70_410_000, unplanned_stop_ms=209_990_000)
    late = Quantities(good=1_000, ideal_us=30_000_000, ideal_good_us=30_000_000)
    good, scrap = 2_343_000, 29_508
    made = Quantities(
        good=good, scrap=scrap, ideal_us=30_000 * (good + scrap), ideal_good_us=30_000 * good
    )
    cell: dict[str, Any] = said | {
        "minute": began.replace(second=0),
        "batch": BATCH,
        "product": PRODUCT,
        "day": began.date(),
        "start": began,
        "end": ended,
    }
    yield OeeCell(**cell, time=time, quantities=made)
    event = EventId(source="edge", epoch="e", seq=1)
    yield OeeCell(**cell, time=TimeElements(), quantities=late, late=event)
    report = {"kind": "batch", "window": BATCH, "start": began, "end": ended, "final": True}
    first = {"availability": 0.251106, "effectiveness": 1.010868, "quality_ratio": 0.987563}
    yield OeeReport(**said | report | first, oee=0.250678, time=time, quantities=made)


def _frames() -> Iterable[TelemetryFrame]:
    """The main compression once in 100 s."""
    rows = _rows()[::10]
    for number, start in enumerate(range(0, len(rows), 500)):
        part = rows[start : start + 500]
        first = part[0][0]
        yield TelemetryFrame(
            id=EventId(source="edge", epoch="e", seq=number),
            plant_version=PLANT.version,
            source_time=first,
            ingest_time=first,
            equipment=PRESS,
            columns=[
                Column(
                    tag="main-compression",
                    unit="kN",
                    offset_ms=[(at - first) // timedelta(milliseconds=1) for at, _ in part],
                    numbers=[value for _, value in part],
                )
            ],
        )
