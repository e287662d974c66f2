"""1,005 real batches through the laboratory's input and the engine, against plain arithmetic."""

import csv
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from ingest.inputs.lab.judge import Author, judged
from ingest.inputs.lab.statements import from_texts
from schemas.lab import TestResult
from schemas.plant.load import load_plant
from schemas.quality import ComplianceReport, TestJudged
from schemas.record import EventId
from tests.processors.quality.laboratory import Run

ROOT = Path(__file__).parents[3]
RECORDED = ROOT.parent / "shared/data/pharma_Laboratory.csv"
FILE = ROOT / "deploy/plants/tablet_lab/plant.yaml"
PLANT = load_plant(FILE.read_text(encoding="utf-8"), str(FILE))
TESTS = ("dissolution_min", "dissolution_av", "impurities_total", "tbl_rsd_weight", "batch_yield")
_MONTHS = ["jan", "feb", "mar", "apr", "maj", "jun", "jul", "avg", "sep", "okt", "nov", "dec"]
HEARD = datetime(2026, 3, 2, tzinfo=UTC)
"""The file is taken long after its results were found."""
Counts = tuple[int, int, int, int]
"""Results within and judged, batches within and judged."""

pytestmark = pytest.mark.skipif(
    not RECORDED.exists(), reason=f"the recorded laboratory is not here: {RECORDED}"
)


@cache
def told() -> Sequence[TestResult]:
    """Every result as the edge would put it: the file's rows, and one result per test."""
    found: list[TestResult] = []
    months: dict[str, int] = defaultdict(int)
    with RECORDED.open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter=";"):
            month, year = row["start"].split(".")
            months[row["start"]] += 1
            first = datetime(2000 + int(year), _MONTHS.index(month) + 1, 1, tzinfo=UTC)
            at = first + timedelta(minutes=months[row["start"]])
            for test in TESTS:
                cells = {
                    "time": at.isoformat(),
                    "product": row["code"],
                    "batch": row["batch"],
                    "test": test,
                    "value": row[test],
                    "unit": "%",
                }
                author = Author("lims", f"{row['batch']}-{test}")
                stated = judged(from_texts(cells), PLANT.plant, author, HEARD)
                found.append(
                    TestResult(
                        **stated.fields,
                        id=EventId(source="lims", epoch="e", seq=len(found)),
                        plant_version=PLANT.version,
                        ingest_time=HEARD + timedelta(milliseconds=len(found)),
                    )
                )
    return found


def by_product(results: Iterable[TestResult]) -> dict[str, list[TestResult]]:
    """As the stream has them: a product is in order by itself."""
    found: dict[str, list[TestResult]] = defaultdict(list)
    for one in results:
        found[one.product].append(one)
    return found


def counts(runs: Iterable[Run]) -> Counts:
    """The sums of the batches' newest reports."""
    reports = [
        one
        for run in runs
        for one in run.newest(ComplianceReport)
        if (one.window, one.area, one.test) == ("batch", None, None)
    ]
    return (
        sum(one.within for one in reports),
        sum(one.judged for one in reports),
        sum(one.batches_within for one in reports),
        sum(one.batches_judged for one in reports),
    )


def runs_of(results: Iterable[TestResult], size: int = 50) -> dict[str, Run]:
    """The engine over these results, in micro-batches."""
    found: dict[str, Run] = {}
    for product, said in by_product(results).items():
        run = found.setdefault(product, Run(PLANT))
        for start in range(0, len(said), size):
            run.hear(*said[start : start + size])
    return found


def test_the_recorded_laboratory_gives_the_figures_of_plain_arithmetic():
    runs = runs_of(told())

    assert counts(runs.values()) == (4831, 5025, 838, 1005)
    assert counts([runs["1"]]) == (469, 475, 89, 95)
    assert counts([runs["4"]]) == (104, 110, 17, 22)
    outcomes = [one for run in runs.values() for one in run.newest(TestJudged)]
    failing = {one.batch for one in outcomes if one.outcome == "fail" and one.test == TESTS[0]}
    assert len(outcomes) == 5025
    assert len(failing) == 50


@pytest.mark.parametrize("seed", range(3))
def test_repeats_any_order_and_corrections_taken_back_give_the_same(seed: int):
    chance = random.Random(seed)
    said = list(told())
    for one in chance.sample(told(), 300):
        wrong = corrected(one, 2, 1.0, one.statement)
        said += [wrong, corrected(one, 3, one.number or 0.0, wrong.statement)]
    said += chance.sample(said, 1000)
    chance.shuffle(said)

    runs = runs_of(said)

    assert counts(runs.values()) == (4831, 5025, 838, 1005)
    revised = [
        one.revision
        for run in runs.values()
        for one in run.newest(ComplianceReport)
        if (one.window, one.area, one.test) == ("batch", None, None)
    ]
    assert sum(revised) == 600


def corrected(one: TestResult, revision: int, number: float, corrects: str) -> TestResult:
    """Another version of a result."""
    update = {
        "statement": f"{one.statement}-{revision}",
        "revision": revision,
        "corrects": corrects,
        "reason": "a typing error",
        "number": number,
    }
    return one.model_copy(update=update)
