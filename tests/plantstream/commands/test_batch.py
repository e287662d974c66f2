"""`batch summary`, as somebody runs it who has to decide on a batch."""

import asyncio
from pathlib import Path

import pytest

from plantstream.runtime.signing_key import signing_key
from sinks.timescale.connection import connect_blocking
from sinks.timescale.writer import TimescaleSink
from tests.plantstream.commands.conftest import Line, Run
from tests.plantstream.summary.reading import needs_pango, page_of, text_of_pdf
from tests.sinks import quality_story

pytestmark = pytest.mark.integration


@pytest.fixture
def told(line: Line) -> Line:
    """A laboratory's two days are stored."""

    async def tell() -> None:
        sink = TimescaleSink(line.database)
        await sink.open()
        await quality_story.tell(sink)
        await sink.close()

    asyncio.run(tell())
    with connect_blocking(line.database) as owner:  # Other tests of the session begin anew.
        owner.execute("TRUNCATE sink_position")
    return line


@pytest.mark.usefixtures("told")
def test_a_terminal_shows_the_verdict_first(run: Run) -> None:
    ran = run("batch", "summary", "B-1")

    assert ran.code == 0
    assert ran.lines[0] == "Batch summary: B-1"
    assert ran.lines[3] == "VERDICT: RELEASED"
    assert "[CORRECTED] Was 7.4 pH (FAIL), stated by ana" in ran.out


@pytest.mark.usefixtures("told")
def test_a_page_is_written_to_a_file_in_spanish(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "b-2.html"

    ran = run("batch", "summary", "B-2", "--format", "html", "--out", out, "--language", "es")

    assert (ran.code, ran.out) == (0, "")
    assert f"wrote {out}" in ran.err
    assert page_of(out.read_text(encoding="utf-8")).verdict == "NO PUEDE LIBERARSE"


@needs_pango
@pytest.mark.usefixtures("told")
def test_a_pdf_is_written(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "b-2.pdf"

    assert run("batch", "summary", "B-2", "--format", "pdf", "--out", out).code == 0

    assert "CANNOT BE RELEASED" in text_of_pdf(out.read_bytes())


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("B-0",), "nothing is stored of batch 'B-0' in live data (--run names a replay)"),
        (("B-9",), ""),
        (("B-1", "--run", "again"), "nothing is stored of batch 'B-1' in run 'again'"),
        (("B-1", "--product", "SOAP"), "nothing is stored of batch 'B-1' of product 'SOAP'"),
        (("B-1", "--out", "/nowhere/b.txt"), "/nowhere/b.txt cannot be written"),
    ],
)
def test_what_cannot_be_told(run: Run, words: tuple[str, ...], said: str) -> None:
    ran = run("batch", "summary", *words)

    assert said in ran.err
    assert (ran.code != 0) == bool(said)


def test_a_batch_of_two_products_has_to_be_named(told: Line, run: Run) -> None:
    with connect_blocking(told.database) as owner:
        owner.execute(
            "INSERT INTO batch_progress (run, site, product, batch, expected, judged, failed,"
            " pending, overdue, open_deviations, plant_version)"
            " VALUES ('', 'acme/north', 'SOAP', 'B-3', 0, 0, 0, '[]', '[]', 0, 'v1')"
            " ON CONFLICT DO NOTHING"
        )
    ran = run("batch", "summary", "B-3")

    assert ran.code != 0
    assert "product CREAM at acme/north, product SOAP at acme/north" in ran.err
    assert "--site and --product" in ran.err
    assert run("batch", "summary", "B-3", "--product", "SOAP").code == 0


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    ("at_hand", "said"),
    [
        ("nowhere", "not checked: no key"),
        ("of another edge", "not checked: no key"),
        ("named", "valid"),
        ("in the data directory", "valid"),
    ],
)
def test_a_seal_is_verified_where_its_key_is_at_hand(
    run: Run, tmp_path: Path, at_hand: str, said: str
) -> None:
    seals = quality_story.SEALS if at_hand != "of another edge" else signing_key(tmp_path / "x.key")
    own = tmp_path / "data" / "signing.pub"
    public = own if at_hand == "in the data directory" else tmp_path / "edge.pub"
    public.parent.mkdir(exist_ok=True)
    if at_hand != "nowhere":
        public.write_bytes(seals.verifying.pem())
    named = ("--public-key", public) if at_hand in {"named", "of another edge"} else ()

    ran = run("batch", "summary", "B-1", *named)

    assert f"Seal: [{said}]" in ran.out


@pytest.mark.usefixtures("told")
def test_a_key_that_was_named_and_is_none_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "edge.pub").write_text("no key")

    ran = run("batch", "summary", "B-1", "--public-key", tmp_path / "edge.pub")

    assert ran.code == 78
    assert "edge.pub is no public key in PEM" in ran.err
