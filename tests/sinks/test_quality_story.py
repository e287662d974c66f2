"""The story of the laboratory is one that the quality engine would tell."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import BaseModel

from processors.quality.turn import Event
from schemas.lab import BatchMade, Excursion
from schemas.plant.load import load_plant
from schemas.quality import (
    BatchRelease,
    ComplianceReport,
    Deviation,
    LabAnswer,
    QualityRecord,
    TestJudged,
)
from tests.processors.quality.laboratory import BEGIN, Run
from tests.sinks.alert_story import at
from tests.sinks.quality_story import (
    ANSWERS,
    DEVIATIONS,
    END,
    EXCURSIONS,
    FILE,
    JUDGED,
    MAKINGS,
    RELEASES,
    REPORTS,
    STATEMENTS,
)

INVENTED = {"late", "|acme/north|CREAM|batch|B-9"}
"""What turned out not to be is told in the story, and not where nothing is late."""


@pytest.fixture(scope="module")
def told() -> Run:
    """What the engine tells of the same statements."""
    run = Run(load_plant(FILE, "p.yaml"))
    said: list[Event] = [*MAKINGS, *EXCURSIONS, *STATEMENTS]
    for one in sorted(said, key=_heard):
        run.hear(one)
        run.tick(_hours(_heard(one) + timedelta(seconds=5)))
    return run.tick(_hours(at(END)))


@pytest.mark.parametrize(
    ("kind", "story"),
    [
        pytest.param(TestJudged, JUDGED, id="results"),
        pytest.param(ComplianceReport, REPORTS, id="compliance"),
        pytest.param(Deviation, DEVIATIONS, id="deviations"),
        pytest.param(BatchRelease, RELEASES, id="releases"),
        pytest.param(LabAnswer, ANSWERS, id="answers"),
    ],
)
def test_the_engine_tells_the_same(
    told: Run, kind: type[QualityRecord], story: list[QualityRecord]
):
    of_engine = {one.record_id(): _said(one) for one in told.newest(kind)}  # type: ignore[attr-defined]
    of_story = {one.record_id(): _said(one) for one in story}  # type: ignore[attr-defined]
    of_story = {name: said for name, said in of_story.items() if name not in INVENTED}

    assert of_story == {name: of_engine.get(name) for name in of_story}
    assert kind is ComplianceReport or of_story.keys() == of_engine.keys()


def _heard(one: Event) -> datetime:
    if isinstance(one, Excursion):
        return one.at
    return (one.end or one.start) if isinstance(one, BatchMade) else one.ingest_time


def _hours(moment: datetime) -> float:
    return (moment - BEGIN) / timedelta(hours=1)


def _said(record: BaseModel) -> dict[str, Any]:
    return record.model_dump(exclude={"plant_version"})
