"""`plantstream oee`: windows of machines and lines, and what an explanation answers."""

from collections.abc import AsyncIterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
import pytest_asyncio

from plantstream.runtime.settings import DatabaseSettings
from sinks.timescale.migrate import migrate
from sinks.timescale.writer import TimescaleSink
from tests.parts import running_timescale
from tests.plantstream.commands.conftest import Run
from tests.sinks.records import PRESS
from tests.sinks.story import PACKER, SHIFT, tell

pytestmark = pytest.mark.integration


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def told(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DatabaseSettings]:
    """A database that has the story of a shift."""
    async with running_timescale(tmp_path_factory.mktemp("timescale")) as timescale:
        migrate(timescale.settings)
        sink = TimescaleSink(timescale.settings)
        await tell(sink)
        await sink.close()
        yield timescale.settings


@pytest.fixture
def oee(run: Run, told: DatabaseSettings, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("PLANTSTREAM_DATABASE_HOST", told.host)
    monkeypatch.setenv("PLANTSTREAM_DATABASE_PORT", str(told.port))
    return lambda *words: run("oee", *words)


def test_a_machine_is_shown_by_shift(oee: Run):
    (row,) = oee("--equipment", "press", "--json").json

    assert (row["good"], row["scrap"], row["revision"]) == (14_800, 500, 2)
    assert "line_oee" not in row


def test_a_line_is_the_sum_of_its_machines_and_its_oee_that_of_its_constraint(oee: Run):
    (row,) = oee("--line", "one", "--by", "shift", "--json").json
    (press,) = oee("--equipment", "press", "--json").json

    assert (row["good"], row["machines"], row["constraint_equipment"]) == (34_800, 2, PRESS)
    assert row["line_oee"] == press["oee"] != row["oee"]


@pytest.mark.parametrize("place", [("--area", "acme/north/hall"), ("--site", "north")])
def test_areas_and_sites_add_up_too(oee: Run, place: tuple[str, str]):
    (row,) = oee(*place, "--by", "day", "--json").json

    assert (row["good"], row["machines"]) == (34_800, 2)


def test_an_explanation_of_a_line_says_who_lost_most_by_what_and_why(oee: Run):
    ran = oee("--line", "one", "--explain")

    assert ran.code == 0
    (press,) = (line for line in ran.lines if line.startswith("press  "))
    assert "breakdown 0:55:00  jam 0:35:00 (3 stops)" in press
    assert ran.lines.index(press) < next(
        number for number, line in enumerate(ran.lines) if line.startswith("packer ")
    )
    assert (
        "press lost most: 2:28:20 of 6:35:00 planned, most by breakdown 0:55:00, of that"
        " jam 0:35:00 (3 stops)"
    ) in ran.lines
    (breakdown,) = (line for line in ran.lines if line.startswith("  breakdown"))
    assert "-1:25:00" in breakdown
    assert "jam 0:35:00 (3 stops)" in breakdown


def test_an_explanation_says_what_changed_since_the_first_report(oee: Run):
    lines = oee("--equipment", "press", "--explain").lines
    text = "\n".join(lines[lines.index("since the first report") :])

    assert "first reported: OEE 0.595 (A 0.738, E 0.823, Q 0.980); good 15,000" in text
    assert "now:            OEE 0.624" in text
    assert "good -200" in text
    assert "scrap +200" in text
    assert "parts reported by ana at press" in text
    assert "reason crack" in text
    assert "stop reason given by luis at press" in text
    assert "unplanned stop -0:25:00" in text
    assert "planned stop: +0:25:00 because of drill" in text
    assert "OEE 0.595 -> 0.587, revision 1 of 2026-03-02/early" in text


def test_the_document_holds_everything_and_its_losses_are_planned_time(oee: Run):
    told = oee("--line", "one", "--explain", "--window", SHIFT, "--json").json

    lost = sum(one["seconds"] for one in told["losses"])
    planned, good = (
        next(one["seconds"] for one in told["waterfall"] if one["step"] == step)
        for step in ("planned time", "good parts")
    )
    assert lost + good == planned == (395 + 420) * 60
    assert [one["equipment"] for one in told["machines"]] == [PRESS, PACKER]
    assert told["sources"] == {"cells": 4, "late_cells": 2, "plant_versions": ["v1"]}
    events = told["since_first_report"]["events"]
    assert [one["by"] for one in events] == ["ana", "luis"]


def test_a_batch_that_has_no_report_yet_says_so(oee: Run):
    ran = oee("--equipment", "press", "--by", "batch", "--window", "B-7", "--explain")

    assert "batch B-7" in ran.lines[0]
    assert "no report is final yet, its windows are open: since it was first booked" in ran.lines


def test_the_picture_is_svg_with_every_step(oee: Run, tmp_path: Path):
    picture = tmp_path / "press.svg"

    assert oee("--equipment", "press", "--plot", picture).out == ""
    texts = [
        one.text for one in ElementTree.parse(picture).iter("{http://www.w3.org/2000/svg}text")
    ]

    for step in ("calendar time", "breakdown", "speed", "good parts"):
        assert step in texts
    assert "-0:55" in texts


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        pytest.param([], "give one of --equipment", id="no place"),
        pytest.param(["--line", "a", "--site", "b"], "give one of --equipment", id="two places"),
        pytest.param(["--line", "one", "--explain", "--by", "hour"], "--by", id="hours"),
        pytest.param(["--line", "one", "--window", "x"], "--window", id="a window of nothing"),
        pytest.param(
            ["--line", "one", "--explain", "--by", "day", "--window", "x"], "2026-03-02", id="a day"
        ),
    ],
)
def test_what_cannot_be_asked_is_said(run: Run, words: list[str], complaint: str):
    ran = run("oee", *words)

    assert ran.code == 2
    assert complaint in ran.err


def test_an_unknown_line_and_an_unknown_window_are_said(oee: Run):
    nobody = oee("--line", "nine", "--explain")
    never = oee("--line", "one", "--explain", "--window", "1999-01-01/early")

    assert nobody.code == 78
    assert "nothing is stored of line 'nine'" in nobody.err
    assert never.code == 1
    assert "no such shift" in never.err
