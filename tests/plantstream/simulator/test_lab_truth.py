"""The ledger's truth of a laboratory, and what the quality engine makes of the same statements."""

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from ingest.inputs.lab.judge import Author, judged, signed_content
from ingest.inputs.lab.statements import from_json
from plantstream.simulator.ledger import Ledger, SaidEntry
from plantstream.simulator.voice import named
from schemas.lab import BatchMade
from schemas.plant.load import PlantFile
from schemas.quality import BatchRelease, Deviation, LabAnswer
from schemas.record import EventId
from schemas.signature import Signature, content_digest
from tests.plantstream.simulator.test_laboratory import Lived, lived
from tests.processors.quality.laboratory import Run

__all__ = ["lived"]
KNOWN_AFTER = timedelta(seconds=5)
"""An equipment's engine forwards batches so late."""


def made(ledger: Ledger, plant: PlantFile) -> Iterator[tuple[datetime, BatchMade]]:
    """What the equipments' engines forward, and when."""
    for path, history in ledger.equipment.items():
        since, before = ledger.start, None
        for one in history.stances:
            now = (one.product, one.batch) if one.product and one.batch else None
            if now == before:
                continue
            for batch, start, end in ((before, since, one.at), (now, one.at, None)):
                if batch is not None:
                    said = BatchMade(
                        plant_version=plant.version,
                        site=plant.plant.site_path(),
                        product=str(batch[0]),
                        equipment=path,
                        batch=str(batch[1]),
                        start=start,
                        end=end,
                    )
                    yield one.at + KNOWN_AFTER, said
            since, before = one.at, now


class Edge:
    """What the edge makes of statements, with signatures of a key that everybody believes."""

    def __init__(self, plant: PlantFile) -> None:
        self._plant, self._numbers = plant, 0

    def record(self, entry: SaidEntry) -> Any:
        """The record; statements are named by the laboratory's own ids."""
        self._numbers += 1
        told = named(entry.statement, {}, self._plant.plant.site_path())
        if entry.meaning:
            told["signature"] = self._signature(entry, told).model_dump(mode="json")
        said = from_json(json.dumps(told).encode())
        author = Author(entry.by, entry.statement["id"])
        stated = judged(said, self._plant.plant, author, entry.at)
        kind: Any = stated.kind
        return kind(
            **{**stated.fields, "source_time": stated.source_time},
            id=EventId(source="lab", epoch="e", seq=self._numbers),
            plant_version=self._plant.version,
            ingest_time=entry.at,
        )

    def _signature(self, entry: SaidEntry, told: Mapping[str, Any]) -> Signature:
        plant = self._plant.plant
        rules = plant.quality.signatures
        assert rules is not None
        raw = base64.b64decode(rules.keys[0])[-32:]
        content = from_json(json.dumps(told).encode())
        return Signature(
            id=f"signature-{self._numbers}",
            login=entry.by,
            name=entry.by,
            roles=("quality-manager",),
            at=entry.at,
            local_time=entry.at.isoformat(),
            time_zone="UTC",
            meaning=entry.meaning,
            content_sha256=content_digest(signed_content(content, plant, entry.at)),
            key=hashlib.sha256(raw).hexdigest(),
        )


@pytest.fixture(scope="module")
def told(ninu, lived: Lived) -> list[Run]:
    """What the engine tells of each product."""
    edge = Edge(ninu)
    events = [(one.at, edge.record(one)) for one in lived.said]
    events += made(lived.ledger, ninu)
    events.sort(key=lambda one: one[0])
    runs = []
    for product in ninu.plant.products:
        run = Run(ninu, verifies=lambda *_: True)
        run.hear_each(event for _, event in events if event.product == product.id)
        runs.append(run)
    return runs


def test_results_are_judged_as_they_truly_are(ninu, lived, told):
    for product, run in zip(ninu.plant.products, told, strict=True):
        score = lived.truth.scores[product.id]
        report = run.report("30d")
        assert (report.within, report.judged) == (score.within, score.judged)


def test_batches_end_and_are_disposed_of_as_they_truly_are(lived, told):
    batches = [one for run in told for one in run.newest(BatchRelease)]
    ended = {(one.product, one.batch): one.ended_at for one in batches if one.ended_at}
    assert ended == lived.truth.batches
    disposed = {(one.product, one.batch): one.disposition for one in batches if one.disposition}
    assert disposed == lived.truth.dispositions


def test_deviations_are_where_they_truly_are(lived, told):
    found = {one.result: one.state for run in told for one in run.newest(Deviation)}
    assert found == lived.truth.deviations
    assert Counter(found.values()) == {"closed": 1, "open": 1}


def test_every_statement_is_answered_as_it_has_to_be(lived, told):
    answers = {one.statement: one for run in told for one in run.newest(LabAnswer)}
    accepted = {name: one.answer == "accepted" for name, one in answers.items()}
    assert accepted == lived.truth.answers
    (refused,) = [one for one in answers.values() if one.answer == "refused"]
    assert [one.field for one in refused.objections] == ["batch"]
    assert "required tests are pending" in refused.objections[0].reason
