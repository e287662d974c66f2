"""The benchmarks' own arithmetic, the recording they make up, and the file they write."""

import json
import os
import sys
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis.strategies import floats, lists

from ingest.inputs.recording.recording import load_recording
from ingest.spool import DiskSpool
from plantstream.commands.bench import BENCHMARKS, MEASURED, write
from plantstream.commands.bench_alerts import RECORDINGS
from plantstream.commands.bench_drain import fill, must_be_whole
from plantstream.commands.bench_figure import AIMS, Figure, Needs, Row, percentile
from plantstream.commands.bench_latency import WINDOW, Sightings
from plantstream.commands.bench_opcua_kafka import Arrived, must_be_gapless
from plantstream.commands.bench_recording import (
    MAP,
    NUMERIC_COLUMNS,
    PLANT,
    ROWS,
    write_recording,
)
from plantstream.commands.bench_replay import peak_rss_mb
from plantstream.commands.bench_tags import MACHINES, TAGS, node
from plantstream.embedded import child
from plantstream.runtime import clock
from plantstream.runtime.errors import PlantstreamError
from plantstream.runtime.ports import Record
from schemas.plant.load import load_plant
from tests.bench.peers.figures import IDS as PEERS

DOCS = Path(__file__).parents[2] / "docs" / "bench.md"
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
BENCH_LIMIT_S = 600


def documented() -> dict[str, str]:
    """Unit by id, from the table of the page."""
    lines = [line for line in DOCS.read_text().splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {name.strip("`"): unit for name, unit, *_ in cells}


def test_ids_and_units_are_those_of_the_page() -> None:
    assert documented() == {name: aim.unit for name, aim in AIMS.items()}


def test_every_id_is_measured_once() -> None:
    assert [*MEASURED, *PEERS] == list(AIMS)


@pytest.mark.parametrize("module", BENCHMARKS)
def test_every_benchmark_says_what_has_to_run(module: str) -> None:
    assert isinstance(import_module(f"plantstream.commands.{module}").NEEDS, Needs)


@pytest.mark.parametrize(
    ("figure", "row"),
    [
        pytest.param(
            Figure("replay_s", 30.0, 10.0),
            Row(id="replay_s", value=30, unit="s", reference=10, ratio=3, target=60, met=True),
            id="met",
        ),
        pytest.param(
            Figure("row_p99_ms", 2000.0, 8.0),
            Row(
                id="row_p99_ms",
                value=2000,
                unit="ms",
                reference=8,
                ratio=250,
                target=2000,
                met=False,
            ),
            id="a target is what the value stays below",
        ),
        pytest.param(
            Figure("modbus_ratio", 0.8, 1.0),
            Row(
                id="modbus_ratio",
                value=0.8,
                unit="times",
                reference=1,
                ratio=0.8,
                target=0.8,
                met=True,
            ),
            id="a floor is what the value reaches",
        ),
        pytest.param(
            Figure("replay_rss_mb", 90.0, 0.0),
            Row(
                id="replay_rss_mb",
                value=90,
                unit="MB",
                reference=0,
                ratio=None,
                target=300,
                met=True,
            ),
            id="no ratio to nothing",
        ),
    ],
)
def test_a_figure_is_written_as(figure: Figure, row: Row, tmp_path: Path) -> None:
    write([figure.row()], tmp_path / "new" / "bench.json")
    assert json.loads((tmp_path / "new" / "bench.json").read_text()) == [row]


@pytest.mark.parametrize(
    ("share", "found"),
    [
        pytest.param(0.5, 50, id="median"),
        pytest.param(0.99, 99, id="99 of 100"),
        pytest.param(0.991, 100, id="a little more"),
        pytest.param(1.0, 100, id="all"),
    ],
)
def test_percentile_of_a_hundred(share: float, found: float) -> None:
    assert percentile([float(one) for one in reversed(range(1, 101))], share) == found


@given(lists(floats(allow_nan=False), min_size=1), floats(0.01, 1))
def test_a_percentile_is_the_least_value_that_covers_its_share(
    values: list[float], share: float
) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(one <= found for one in values) >= share * len(values) * (1 - 1e-9)
    assert sum(one < found for one in values) < share * len(values)


def test_a_percentile_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no value"):
        percentile([], 0.99)


def test_the_first_sight_of_a_row_counts() -> None:
    sightings, row = Sightings(), ("reactor-1", "temperature", NOON)
    sightings.see([row], NOON + timedelta(seconds=0.3))
    sightings.see([row], NOON + timedelta(seconds=0.4))
    assert sightings.latencies_s == {row: 0.3}
    assert sightings.settle([row]) == 0


def test_a_row_that_nobody_saw_in_time_is_not_forgotten() -> None:
    sightings, row = Sightings(), ("reactor-1", "temperature", NOON)
    assert sightings.settle([row]) == 1
    assert sightings.latencies_s == {row: WINDOW.total_seconds()}


def test_the_made_up_recording_has_the_shape_of_the_real_one(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "made_up.csv")
    header, *rows = path.read_text().splitlines()
    assert len(rows) == ROWS == 35_609
    assert len(NUMERIC_COLUMNS) == 12
    assert {row.count(";") for row in rows} == {header.count(";")}
    plant = load_plant(PLANT.read_text(), str(PLANT))
    assert load_recording(path, MAP, plant).estimated_rows() == pytest.approx(ROWS, rel=0.05)


def test_memory_of_a_process_is_read() -> None:
    assert 5 < peak_rss_mb(os.getpid()) < 5000


def test_a_process_that_has_ended_has_no_memory() -> None:
    assert peak_rss_mb(2**22 + 1) == 0


async def piled_up(path: Path, samples: int) -> list[Record]:
    """What a broker would get of the frames of this spool."""
    await fill(path, samples)
    spool = DiskSpool.open(path, "bench/edge", clock.now)
    try:
        waiting = await spool.next(1_000)
    finally:
        await spool.close()
    return [Record(one.entry.topic, 0, at, b"", one.entry.value) for at, one in enumerate(waiting)]


async def test_a_drain_that_loses_or_shuffles_records_is_no_figure(tmp_path: Path) -> None:
    records = await piled_up(tmp_path / "spool.sqlite", 3_000)
    must_be_whole(records, 3_000)
    for wrong in (records[:-1], [*records, records[-1]], records[::-1]):
        with pytest.raises(PlantstreamError, match="not all or not in their order"):
            must_be_whole(wrong, 3_000)


def test_a_value_that_did_not_arrive_is_no_figure() -> None:
    names = [node(machine, tag) for machine in MACHINES for tag in TAGS]
    arrived = [Arrived(name, NOON, number, 0.1) for name in names for number in (7, 8, 9)]
    must_be_gapless(arrived)
    with pytest.raises(PlantstreamError, match="2 of 3 values arrived"):
        must_be_gapless([one for one in arrived if (one.name, one.number) != (names[3], 8)])
    with pytest.raises(PlantstreamError, match="999 tags arrived"):
        must_be_gapless([one for one in arrived if one.name != names[3]])


@pytest.mark.long
@pytest.mark.integration
@pytest.mark.timeout(2 * BENCH_LIMIT_S)
async def test_bench_writes_a_row_for_every_id(tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    argv = (sys.executable, "-m", "plantstream", "bench", "--out", str(out))
    log = tmp_path / "bench.log"
    code = await child.run((*argv, "--data-dir", str(tmp_path / "data")), log)
    assert code == 0, log.read_text()
    rows = json.loads(out.read_text())
    left_out = () if all(path.exists() for path in RECORDINGS) else BENCHMARKS["bench_alerts"]
    assert [row["id"] for row in rows] == [one for one in MEASURED if one not in left_out]
    assert all(row["value"] > 0 and row["reference"] > 0 and row["ratio"] > 0 for row in rows)
    assert all(row.keys() == Row.__annotations__.keys() for row in rows)
