"""A watched folder with real files: each is taken once, good rows whatever stands beside them."""

import asyncio
import csv
import json
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ingest.input import Chunk, Stated
from ingest.inputs.lab.folder import WHOLE
from ingest.inputs.lab.input import LabInput
from ingest.inputs.lab.report import Findings, put_away as move
from ingest.inputs.lab.rows import MAX_ROW_LINES, Row, read_rows
from ingest.lines import MAX_LINE_BYTES
from schemas.plant.lab_source import LabFolder, LabSource
from schemas.topics import DEADLETTER, LAB, MACHINE
from tests.ingest.inputs.lab.conftest import AGO, Laboratory, plant, result
from tests.parts import eventually

RESTARTS = 20
HEADER = "time,product,test,value,unit,batch"


def row(value: object, batch: str = "B-1", unit: str = "pH") -> str:
    return f"{AGO},P1,ph,{value},{unit},{batch}"


def table(*rows: str) -> str:
    return "\n".join([HEADER, *rows]) + "\n"


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def watching(inbox: Path, **changes: Any) -> dict[str, Any]:
    return {"folder": {"path": str(inbox), "rest_s": 0.05, "rescan_s": 1, **changes}}


def report(file: Path) -> list[tuple[str, str, str]]:
    with file.with_name(f"{file.name}.report.csv").open(encoding="utf-8", newline="") as lines:
        return [(one["line"], one["field"], one["reason"]) for one in csv.DictReader(lines)]


def names(folder: Path) -> set[str]:
    return {one.name for one in folder.iterdir()}


async def put_away(file: Path) -> list[tuple[str, str, str]]:
    """The report of a file, once it stands there."""
    await eventually(file.exists)
    return report(file)


async def test_rows_become_records_in_their_order(laboratory: Laboratory, inbox: Path):
    (inbox / "day.csv").write_text(table(row(6.5), row("<0.05"), row(7, batch="")))
    async with laboratory.edge(watching(inbox, by="lims")) as edge:
        told = await put_away(inbox / "done/day.csv")
        found = await edge.published(LAB.name, 3)

    assert told == [("", "", "3 rows taken, 0 not")]
    assert [(one.number, one.comparator, one.batch) for one in found] == [
        (6.5, None, "B-1"),
        (0.05, "<", "B-1"),
        (7.0, None, None),
    ]
    assert {one.by for one in found} == {"lims"}
    assert not (inbox / "day.csv").exists()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("a.CSV", table(row(1)).replace(",", ";"), id="semicolons"),
        pytest.param("a.csv", table(row(1)).replace(",", "\t"), id="tabs"),
        pytest.param("a.csv", "\ufeff" + table(row(1)).replace("\n", "\r\n"), id="from Excel"),
        pytest.param("a.csv", table("", row(1), ""), id="empty lines"),
        pytest.param("a.csv", table(row(1)).rstrip("\n"), id="no end of the last line"),
        pytest.param("a.csv", table(row('"1"', batch='"B,""1"""')), id="quotes"),
        pytest.param("a.jsonl", json.dumps(result(value=1)) + "\n\n", id="JSON lines"),
        pytest.param("a.ndjson", "\ufeff" + json.dumps(result(value=1)), id="JSON with a mark"),
    ],
)
async def test_files_as_they_are_written(laboratory: Laboratory, inbox: Path, name: str, text: str):
    (inbox / name).write_bytes(text.encode())
    async with laboratory.edge(watching(inbox)) as edge:
        (record,) = await edge.published(LAB.name, 1)
        assert await put_away(inbox / "done" / name) == [("", "", "1 rows taken, 0 not")]

    assert record.number == 1.0


async def test_a_broken_row_in_the_middle_is_told_and_the_good_ones_are_taken(
    laboratory: Laboratory, inbox: Path
):
    broken = [row(2, unit="mg"), '"never closed,1', "a,b", f"{AGO},P1,ph,\xff", "x" * 70_000]
    lines = [HEADER, row(1), *broken, row(3)]
    (inbox / "mixed.csv").write_bytes("\n".join(lines).encode("latin-1"))
    async with laboratory.edge(watching(inbox)) as edge:
        told = await put_away(inbox / "done/mixed.csv")
        good = await edge.published(LAB.name, 2)
        letters = await edge.published(DEADLETTER.name, len(broken))

    assert [one.number for one in good] == [1.0, 3.0]
    assert [(line, field) for line, field, _ in told[:-1]] == [
        ("3", "unit"),
        ("4", ""),
        ("5", ""),
        ("6", ""),
        ("7", ""),
    ]
    for reason, (_, _, said) in zip(
        ["reported in pH", "does not end", "2 cells, the header 6", "UTF-8", f"{MAX_LINE_BYTES}"],
        told,
        strict=False,
    ):
        assert reason in said
    assert told[-1][2] == "2 rows taken, 5 not; send only the rows that were not taken again"
    assert [(one.file, one.line) for one in letters] == [
        ("mixed.csv", number) for number in range(3, 8)
    ]


async def test_a_cell_may_have_several_lines(laboratory: Laboratory, inbox: Path):
    text = f'{AGO},P1,look,"white,\n\nwith ""dots""\n",,B-1'
    (inbox / "lines.csv").write_text(table(text, row(2, unit="mg"), text, row(3)), newline="\r\n")
    async with laboratory.edge(watching(inbox)) as edge:
        told = await put_away(inbox / "done/lines.csv")
        found = await edge.published(LAB.name, 3)
        (letter,) = await edge.published(DEADLETTER.name, 1)

    assert [one.text or one.number for one in found] == [
        'white,\n\nwith "dots"',
        'white,\n\nwith "dots"',
        3.0,
    ]
    assert [line for line, _, _ in told] == ["6", ""]
    assert letter.line == 6


FAR = [row(value) for value in range(MAX_ROW_LINES + 50)]
LONG = [row(value, batch="B" * 90) for value in range(400)]


def read(tmp_path: Path, *rows: str | bytes) -> list[Row]:
    file = tmp_path / "rows.csv"
    lines = [one if isinstance(one, bytes) else one.encode() for one in (HEADER, *rows)]
    file.write_bytes(b"\n".join(lines))
    with file.open("rb") as opened:
        return list(read_rows(opened, ".csv"))


@pytest.mark.parametrize(
    ("broken", "others"),
    [
        pytest.param(row('"1'), [], id="at the end of the file"),
        pytest.param(row('"1'), [row(2), row('"3"'), row(4)], id="before another mark"),
        pytest.param(row(1, batch='"B'), [row(2), row(3)], id="in the last cell"),
        pytest.param(row('"1'), [row(2), row(3, batch='"B,""1"""')], id="before a doubled mark"),
        pytest.param(row('"1'), FAR, id="before many lines"),
        pytest.param(row('"1'), LONG, id="before many bytes"),
    ],
)
def test_a_quotation_that_never_ends_costs_its_own_line(
    tmp_path: Path, broken: str, others: list[str]
):
    refused, *rest = read(tmp_path, broken, *others)

    assert (refused.place, refused.said) == ("2", None)
    assert "does not end" in refused.mistakes[0].reason
    assert [one.line for one in rest if one.said] == [*range(3, 3 + len(others))]


@pytest.mark.parametrize(
    ("refused", "place", "reason"),
    [
        pytest.param(row(1, batch='"\n' + "B" * 200 + '"'), "2-3", "100 characters", id="a field"),
        pytest.param(row(1, batch='"\n').encode() + b'\xff"', "2-3", "not UTF-8", id="no text"),
        pytest.param(f'{AGO},P1,"ph\n"', "2", "3 cells, the header 6", id="too few cells"),
    ],
)
def test_a_row_of_several_lines_is_told_with_its_lines(
    tmp_path: Path, refused: str | bytes, place: str, reason: str
):
    first, *_, last = read(tmp_path, refused, row(2))

    assert (first.said, first.place) == (None, place)
    assert reason in first.mistakes[0].reason
    assert (last.line, last.said is None) == (4, False)


async def test_all_kinds_of_events_come_in_files(laboratory: Laboratory, inbox: Path):
    (inbox / "events.csv").write_text(
        "type,time,equipment,reason,good,scrap,planned\n"
        f"stop_reason_given,{AGO},reactor,JAM,,,\n"
        f"parts_reported,{AGO},reactor,SCRATCH,-2,2,\n"
        f"maintenance_started,{AGO},reactor,,,,true\n"
    )
    async with laboratory.edge(watching(inbox)) as edge:
        found = await edge.published(MACHINE.name, 3)

    assert [one.type for one in found] == [
        "stop_reason_given",
        "parts_reported",
        "maintenance_started",
    ]
    assert (found[1].good, found[1].scrap, found[2].planned) == (-2, 2, True)


@pytest.mark.parametrize(
    ("header", "told"),
    [
        pytest.param("time,product,tset,value", ("1", "tset", "did you mean test?"), id="typo"),
        pytest.param("time,time", ("1", "time", "twice"), id="twice"),
        pytest.param("time,,value", ("1", "column 2", "unknown field"), id="no name"),
    ],
)
async def test_a_header_that_is_none_rejects_the_file(
    laboratory: Laboratory, inbox: Path, header: str, told: tuple[str, str, str]
):
    (inbox / "bad.csv").write_text(f"{header}\n{row(1)}\n")
    async with laboratory.edge(watching(inbox)) as edge:
        first, *_ = await put_away(inbox / "rejected/bad.csv")
        assert edge.records(LAB.name) == edge.records(DEADLETTER.name) == []

    assert first[:2] == told[:2]
    assert told[2] in first[2]


async def test_the_same_content_is_taken_once_whatever_its_name(
    laboratory: Laboratory, inbox: Path
):
    text = table(row(1), row(2))
    async with laboratory.edge(watching(inbox)) as edge:
        (inbox / "one.csv").write_text(text)
        await put_away(inbox / "done/one.csv")
        (inbox / "copy.csv").write_text(text)
        (told, *_) = await put_away(inbox / "rejected/copy.csv")
        await edge.published(LAB.name, 2)
    async with laboratory.edge(watching(inbox)) as edge:
        (inbox / "one.csv").write_text(text)
        await put_away(inbox / "rejected/one.csv")
        (inbox / "one.csv").write_text(text + row(3))
        await put_away(inbox / "done/one.2.csv")
        found = await edge.published(LAB.name, 3)

    assert "was taken as one.csv at" in told[2]
    assert [one.number for one in found] == [1.0, 2.0, 3.0]  # it is another file now


async def test_rows_with_an_id_are_taken_once_over_all_files(laboratory: Laboratory, inbox: Path):
    def lines(*results: dict[str, Any]) -> str:
        return "".join(json.dumps(one) + "\n" for one in results)

    async with laboratory.edge(watching(inbox)) as edge:
        (inbox / "a.jsonl").write_text(lines(result(id="1", value=1), result(id="2", value=2)))
        await put_away(inbox / "done/a.jsonl")
        changed = result(id="2", value=9)
        (inbox / "b.jsonl").write_text(lines(result(id="1", value=1), changed, result(id="3")))
        told = await put_away(inbox / "done/b.jsonl")
        found = await edge.published(LAB.name, 3)

    assert [one.number for one in found] == [1.0, 2.0, 6.5]
    assert told[0][:2] == ("2", "id")
    assert "something else" in told[0][2]


async def test_a_file_that_still_grows_is_left_until_it_rests(laboratory: Laboratory, inbox: Path):
    async with laboratory.edge(watching(inbox, rest_s=0.3)) as edge:
        with (inbox / "slow.csv").open("w") as slow:
            slow.write(table(row(1)))
            slow.flush()
            (inbox / "whole.csv").write_text(table(row(9)))
            for number in range(2, 6):
                slow.write(row(number) + "\n")
                slow.flush()
                await eventually(lambda: True)
        found = await edge.published(LAB.name, 6)
        await put_away(inbox / "done/slow.csv")

    assert sorted(one.number for one in found) == [1.0, 2.0, 3.0, 4.0, 5.0, 9.0]


async def test_files_that_are_none_of_ours_stay(laboratory: Laboratory, inbox: Path):
    for name in (".hidden.csv", "results.xlsx", "half.csv.part"):
        (inbox / name).write_text(table(row(1)))
    (inbox / "folder.csv").mkdir()
    async with laboratory.edge(watching(inbox)) as edge:
        (inbox / "good.csv").write_text(table(row(2)))
        await put_away(inbox / "done/good.csv")
        assert [one.number for one in await edge.published(LAB.name, 1)] == [2.0]

    assert names(inbox) == {
        *(".hidden.csv", "results.xlsx", "half.csv.part", "folder.csv"),
        *("done", "rejected"),
    }


async def test_a_folder_that_goes_away_is_waited_for(laboratory: Laboratory, inbox: Path):
    async with laboratory.edge(watching(inbox)) as edge:
        await eventually((inbox / "rejected").exists)
        await asyncio.to_thread(inbox.rename, inbox.with_name("away"))
        await eventually((inbox / "rejected").exists)
        (inbox / "new.csv").write_text(table(row(1)))
        await edge.published(LAB.name, 1)


async def test_a_file_that_could_not_be_put_away_at_first_keeps_its_report(
    laboratory: Laboratory, inbox: Path, monkeypatch: pytest.MonkeyPatch
):
    full = [OSError("no space left on device")]

    def once_full(file: Path, findings: Findings) -> Path:
        if full:
            raise full.pop()
        return move(file, findings)

    monkeypatch.setattr("ingest.inputs.lab.folder.put_away", once_full)
    async with laboratory.edge(watching(inbox)) as edge:
        (inbox / "one.csv").write_text(table(row(1), "broken"))
        told = await put_away(inbox / "done/one.csv")
        found = await edge.published(LAB.name, 1)

    assert [line for line, *_ in told] == ["3", ""]
    assert [one.number for one in found] == [1.0]


def big(rows: int) -> Iterator[str]:
    yield HEADER
    for number in range(rows):
        yield row(number)


async def chunks_until(made: LabInput, position: str | None, stop: Any) -> tuple[list[Chunk], bool]:
    """What an input gives until `stop` says so of a chunk, which is the last to be stored."""
    taken: list[Chunk] = []
    stream = made.chunks(position)
    with suppress(StopAsyncIteration):
        while True:
            chunk = await anext(stream)
            taken.append(chunk)
            if stop(chunk):
                await stream.aclose()  # type: ignore[attr-defined] # it is a generator
                return taken, True
    return taken, False


@pytest.mark.parametrize("killed_after", range(1, 8))
async def test_killed_between_storing_and_moving_nothing_comes_twice(
    laboratory: Laboratory, inbox: Path, killed_after: int
):
    (inbox / "big.csv").write_text("\n".join([*big(2600), "broken"]))
    source = LabSource(type="lab", folder=LabFolder(path=str(inbox), rest_s=0.05))
    laboratory.folder.mkdir(exist_ok=True)
    chunks: list[Chunk] = []
    position: str | None = None
    for _ in range(RESTARTS):
        made = LabInput("lab", source, plant(), laboratory.folder)
        count = iter(range(killed_after - 1, -1, -1))

        def stop(chunk: Chunk, count: Iterator[int] = count) -> bool:
            return next(count) == 0 or '"ended": true' in str(chunk.position)

        taken, _ = await chunks_until(made, position, stop)
        chunks += taken
        position = taken[-1].position
        if '"ended": true' in str(position):
            break
    (tmp := inbox / "last.csv").write_text(table(row(-1)))
    made = LabInput("lab", source, plant(), laboratory.folder)
    rest, _ = await chunks_until(made, position, lambda chunk: '"last.csv"' in str(chunk.position))

    stated = [seen for chunk in [*chunks, *rest] for seen in chunk.observations]
    numbers = [seen.fields["number"] for seen in stated if isinstance(seen, Stated)]
    assert numbers == [*map(float, range(2600)), -1.0]
    assert len(stated) == 2600 + 1 + 1
    told = report(inbox / "done/big.csv")
    assert told[-1][2].startswith("2600 rows taken, 1 not")
    assert told[0][0] == "2602"
    assert tmp.exists() or (inbox / "done/last.csv").exists()


def test_a_file_of_any_size_is_read_with_bounded_memory(tmp_path: Path):
    file = tmp_path / "huge.csv"
    line = (row(1) + "\n").encode()
    with file.open("wb") as to:
        to.write(f"{HEADER}\n".encode())
        for _ in range(20):
            to.write(line * 1000)
            to.write(b'"never ended\n')
        to.write(b"x" * 20_000_000)
        to.write(b"\n" + line)

    tracemalloc.start()
    try:
        with file.open("rb") as opened:
            good = sum(one.said is not None for one in read_rows(opened, ".csv"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert good == 20_001
    assert peak < 2_000_000
    assert file.stat().st_size > 20_000_000


async def test_a_file_that_comes_before_one_that_was_half_read_repeats_none_of_its_rows(
    laboratory: Laboratory, inbox: Path
):
    (inbox / "big.csv").write_text("\n".join(big(1100)))
    source = LabSource(type="lab", folder=LabFolder(path=str(inbox), rest_s=0.05))
    laboratory.folder.mkdir(exist_ok=True)
    first = LabInput("lab", source, plant(), laboratory.folder)
    half, _ = await chunks_until(first, None, lambda _: True)
    (inbox / "a.csv").write_text(table(row(-1)))
    second = LabInput("lab", source, plant(), laboratory.folder)
    rest, _ = await chunks_until(second, half[-1].position, ends("big.csv"))

    stated = [seen for chunk in [*half, *rest] for seen in chunk.observations]
    numbers = [seen.fields["number"] for seen in stated if isinstance(seen, Stated)]
    assert sorted(numbers) == [-1.0, *map(float, range(1100))]


def ends(name: str) -> Callable[[Chunk], bool]:
    """Whether a chunk is the last of this file."""
    return lambda chunk: f'"name": "{name}", "line": {WHOLE}' in str(chunk.position)
