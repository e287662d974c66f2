"""Who sees nothing but the summary of recorded batch 368 knows what it comes to."""

import asyncio

import pytest

from plantstream.runtime.settings import DatabaseSettings
from plantstream.runtime.signing_key import stored_key
from plantstream.summary.document import Made, summarized
from plantstream.summary.html import as_html
from plantstream.summary.model import Summary
from plantstream.summary.pdf import as_pdf
from plantstream.summary.text import as_text
from sinks.timescale.batches import BatchQuestion, batch_rows
from sinks.timescale.connection import connect
from sinks.timescale.keeper import BatchKeeper
from sinks.timescale.writer import TimescaleSink
from tests.plantstream.summary.reading import needs_pango, page_of, text_of_pdf
from tests.sinks.batch_368 import RECORDINGS, SEALS, Story, looked_into, recorded, released
from tests.sinks.doubles import NOW

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        not all(one.exists() for one in RECORDINGS), reason=f"{RECORDINGS[0].parent} is not here"
    ),
]
STATES = {
    "as the laboratory left it": (
        recorded,
        "CANNOT BE RELEASED",
        ["Deviations that are not closed: 1."],
    ),
    "its deviation closed": (
        lambda: looked_into(recorded()),
        "CAN BE RELEASED: nothing stands against it",
        [],
    ),
    "released": (lambda: released(looked_into(recorded())), "RELEASED", []),
}


async def summary_of(story: Story, sink: TimescaleSink, settings: DatabaseSettings) -> Summary:
    await story.store(sink)
    await BatchKeeper(settings, asyncio.sleep).turn()
    rows = await batch_rows(settings, BatchQuestion("368"))
    keys = [key for key in map(stored_key, rows.seal_keys) if key is not None]
    return summarized(rows, Made(NOW, "1.0"), keys=keys)


@pytest.mark.parametrize("state", STATES)
async def test_a_reader_knows_what_it_comes_to(
    sink: TimescaleSink, settings: DatabaseSettings, state: str
) -> None:
    tell, verdict, against = STATES[state]
    summary = await summary_of(tell(), sink, settings)

    page = page_of(as_html(summary))

    assert page.verdict == verdict
    assert [one for one in page.said if one.startswith("Deviations that are not")] == against
    results = page.tables["Every result by its newest version"]
    assert {row[0]: row[1] for row in results} == {
        "batch_yield": "97.765 %",
        "dissolution_av": "87.83 %",
        "dissolution_min": "85 %",
        "impurities_total": "0.11 %",
        "tbl_rsd_weight": "1.28 %",
    }
    assert {row[0] for row in results if "CORRECTED" in row[5]} == {"dissolution_min"}
    (corrected,) = [row[5] for row in results if "CORRECTED" in row[5]]
    assert "Was 58 % (FAIL), stated by Ana Novak" in corrected
    assert "by Ivan Horvat: digits swapped when typed" in corrected
    assert {row[3] for row in results} == {"PASS"}
    alarms = page.tables["Alarms that were firing on equipment of the batch while that made it"]
    assert [(row[0], row[2], row[5]) for row in alarms] == [
        ("PressTooHot PressTooHot: 81 °C, limit 70 °C", "critical", "Luka Bizjak")
    ]


async def test_oee_and_critical_tags(sink: TimescaleSink, settings: DatabaseSettings) -> None:
    summary = await summary_of(recorded(), sink, settings)

    page = page_of(as_html(summary))

    oee = {row[0]: row[1:] for row in page.tables["OEE of tablet-press"]}
    assert oee["Good"] == ["2343000", "RESTATED 2344000"]
    assert oee["OEE"] == ["25.07 %", "RESTATED 25.08 %"]
    assert oee["Scrap"] == ["29508", "29508"]
    (tag,) = page.tables["Values while the batch was made"]
    assert tag[0] == "main-compression tablet-press"
    assert int(tag[4]) > 2000
    assert tag[6] == "at most 12 kN"


@needs_pango
async def test_the_pdf_says_the_same(sink: TimescaleSink, settings: DatabaseSettings) -> None:
    summary = await summary_of(released(looked_into(recorded())), sink, settings)

    text = text_of_pdf(as_pdf(summary))

    for told in ("RELEASED", "CORRECTED", "PressTooHot", "Was 58 % (FAIL)", "Nina Zupan"):
        assert told in text
    assert "PressDoorOpen" not in text


async def test_a_terminal_says_the_same(sink: TimescaleSink, settings: DatabaseSettings) -> None:
    summary = await summary_of(released(looked_into(recorded())), sink, settings)
    text = as_text(summary)

    assert "VERDICT: RELEASED\n" in text
    assert "Marks and earlier versions: [CORRECTED] Was 58 % (FAIL)" in text
    assert "Nina Zupan as “released”" in text


async def test_a_seal_is_verified_by_the_key_of_the_plant_file(
    sink: TimescaleSink, settings: DatabaseSettings
) -> None:
    story = released(looked_into(recorded()))
    before = as_text(await summary_of(story, sink, settings))
    async with await connect(settings) as owner:
        await owner.execute("UPDATE signature SET printed_name = 'Somebody Else'")
    rows = await batch_rows(settings, BatchQuestion("368"))
    after = as_text(summarized(rows, Made(NOW, "1.0"), keys=[SEALS.verifying]))

    assert "Seal: [valid]" in before
    assert "Seal: [does not fit]" in after
    assert "VERDICT: RELEASED, BUT FACTS STAND AGAINST IT\n" in after
