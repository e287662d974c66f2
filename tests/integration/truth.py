"""What must hold of a replayed recording, whatever happened meanwhile."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest

from plantstream.runtime.ports import Record
from schemas.codec import decode
from schemas.kpi import OeeReport
from schemas.topics import KPI, MACHINE, TELEMETRY, Topic
from tests.integration.line import Line
from tests.integration.press import TAGS, Oracle, Row


@dataclass(frozen=True)
class Before:
    """Where the topics ended before a replay."""

    ends: Mapping[str, Mapping[int, int]]

    @classmethod
    async def of(cls, line: Line) -> "Before":
        return cls({one.name: await line.ends(one) for one in (MACHINE, TELEMETRY, KPI)})

    async def records(self, line: Line, topic: Topic, run: str) -> list[Record]:
        """What the topic carries of this run since."""
        named = f'"run":"{run}"'.encode()
        found = await line.records(topic, self.ends[topic.name])
        return [record for record in found if record.value and named in record.value]


async def assert_oee_is(line: Line, run: str, oracle: Oracle) -> None:
    """What `plantstream oee` says is the oracle: seconds and counts exactly, ratios to 1e-6."""
    shown = await line.oee(run)
    assert shown.keys() == oracle.keys()
    for batch, figures in oracle.items():
        assert figures.matches(shown[batch]), (batch, shown[batch], figures, figures.ratios())
        assert (shown[batch]["unknown_s"], shown[batch]["revision"]) == (0, 0)


async def assert_rows_are(line: Line, run: str, rows: Sequence[Row]) -> None:
    """Every sample is stored once, and so is every event."""
    batches = {row.batch for row in rows}
    # A batch that ends with its last row says so with an empty name: one sample more.
    samples = await line.one("SELECT count(*) FROM telemetry WHERE run = %s", run)
    assert samples == TAGS * len(rows) + len(batches)
    ejection = await line.one(
        "SELECT count(*), sum(value) FROM telemetry WHERE run = %s AND tag = 'ejection'", run
    )
    assert ejection == (len(rows), pytest.approx(sum(row.ejection for row in rows)))
    events, distinct = await line.one(
        "SELECT count(*), count(DISTINCT (source, epoch, seq)) FROM machine_event WHERE run = %s",
        run,
    )
    assert events == distinct


async def assert_log_is_stored(line: Line, run: str, before: Before) -> None:
    """Every event in the log is a row."""
    said = ids(await before.records(line, MACHINE, run))
    stored = await line.one("SELECT count(*) FROM machine_event WHERE run = %s", run)
    assert stored == len(said) > 0


async def assert_reports_are_final(line: Line, run: str, before: Before, oracle: Oracle) -> None:
    """plant.kpi.v1 and SQL hold one final report of each batch, with the oracle's figures."""
    found = await final_reports(line, run, before)
    assert sorted(report.window for report in found) == sorted(oracle)
    for report in found:
        figures = oracle[report.window]
        shown = report.model_dump(include=set(figures.ratios()))
        assert shown == pytest.approx(figures.ratios(), abs=1e-6, rel=0)
        assert (report.quantities.good, report.quantities.scrap) == (figures.good, figures.scrap)
    stored = await line.sql(
        'SELECT "window" FROM oee_report WHERE run = %s AND kind = %s AND final', run, "batch"
    )
    assert sorted(window for (window,) in stored) == sorted(oracle)


async def final_reports(line: Line, run: str, before: Before) -> list[OeeReport]:
    """The final reports of batches; a report that was written twice counts once."""
    records = [decode(KPI, one.value) for one in await before.records(line, KPI, run)]
    reports = [one for one in records if isinstance(one, OeeReport)]
    batches = {one.record_id(): one for one in reports if one.kind == "batch" and one.final}
    return list(batches.values())


def ids(records: Sequence[Record]) -> Counter[str]:
    """How often each event id stands in the log."""
    return Counter(f"{one.topic}/{json.loads(one.value or b'')['id']}" for one in records)
