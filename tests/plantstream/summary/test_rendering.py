"""The page, the PDF and the text: the same words, and nothing of others is markup."""

import re
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from plantstream.runtime.errors import MisconfiguredError
from plantstream.summary.html import as_html
from plantstream.summary.pdf import as_pdf
from plantstream.summary.text import as_text
from plantstream.summary.words import WORDS
from tests.plantstream.summary.golden import PAGE
from tests.plantstream.summary.reading import needs_pango, page_of, pdf_objects, text_of_pdf
from tests.plantstream.summary.stories import (
    FIGURES,
    HOT,
    MAKING,
    REACTOR,
    RIGHT,
    ROWS,
    TAG,
    UNCHANGED,
    WAITING,
    WRONG,
    at,
    known,
    release,
    told,
)

EVIL = "<script>alert(1)</script>"


def test_the_page_is_the_one_that_was_looked_at() -> None:
    again = "if it is meant: python -m tests.plantstream.summary.golden, and look at it"
    assert as_html(told()) == PAGE.read_text(encoding="utf-8"), again


def test_a_corrected_result_shows_both_values_who_when_and_why() -> None:
    results = page_of(as_html(told())).tables["Every result by its newest version"]

    micro, ph = results
    assert ph[:4] == ["ph Acidity sample S-1", "6.4 pH", "5 to 7 pH", "PASS"]
    assert ph[5] == (
        "CORRECTED Was 7.4 pH (FAIL), stated by ana on 2026-03-02 05:00:00-06:00."
        " Version 2 of 2026-03-02 06:00:00-06:00 by ben: typing error"
    )
    assert micro[:4] == ["micro sample S-1", "Absent", "absent", "PASS"]
    assert micro[5] == ""


def test_a_refused_statement_does_not_count_and_is_shown() -> None:
    objections = [{"field": "value", "reason": "another value was stated"}]
    refused = RIGHT | {"result": None, "corrects": None, "is_newest": False, "outcome": None}
    rows = (RIGHT, refused | {"statement": "s4", "answer": "refused", "objections": objections})

    found = page_of(as_html(told(results=rows))).tables["Every result by its newest version"]

    assert [(one[3], one[5]) for one in found] == [
        ("PASS", ""),
        ("REFUSED", "Refused: value: another value was stated"),
    ]


def test_every_section_stands_in_its_order_with_its_rows() -> None:
    tables = page_of(as_html(told())).tables

    assert list(tables) == [
        "Equipment that made it",
        "Every result by its newest version",
        "Every deviation with its steps",
        "Alarms that were firing on equipment of the batch while that made it",
        "OEE of reactor",
        "Values while the batch was made",
        "Times in which edges saw nothing that they could trust",
        "Decisions on the batch",
        "Electronic signatures",
    ]
    assert all(rows for rows in tables.values())
    assert tables["Values while the batch was made"] == [
        [
            *("heat reactor", "60 °C", "71.2346 °C", "96 °C", "120 1 of bad quality"),
            *("0:01:30 h", "55 to 80 °C", "OUTSIDE LIMITS above for 0:30:00 h"),
        ]
    ]
    assert tables["OEE of reactor"][3:5] == [
        ["OEE", "70.00 %", "RESTATED 71.28 %"],
        ["Good", "970", "RESTATED 990"],
    ]


def test_a_critical_tag_that_did_not_change_says_since_when_its_value_held() -> None:
    tables = page_of(as_html(told(critical=(UNCHANGED,)))).tables

    assert tables["Values while the batch was made"] == [
        [
            *("heat reactor", "85 °C", "85 °C", "85 °C"),
            "0 began with the value of 2026-03-01 23:00:00-06:00: 85 °C",
            *("4:00:00 h", "55 to 80 °C", "OUTSIDE LIMITS above for 4:00:00 h"),
        ]
    ]


@pytest.mark.parametrize("value", [None, 85.0])
def test_a_critical_tag_of_which_nothing_is_known_has_no_time_outside(value: float | None) -> None:
    """A text says nothing of limits, but there is one."""
    nothing = dict.fromkeys(("minimum", "mean", "maximum", "longest_gap_s", "below_s", "above_s"))
    unknown = UNCHANGED | nothing | {"carried_at": value and at(-1), "carried_value": None}

    ((*_, samples, _, _, outside),) = page_of(as_html(told(critical=(unknown,)))).tables[
        "Values while the batch was made"
    ]

    began = "0 began with the value of 2026-03-01 23:00:00-06:00"
    assert samples == (began if value else "NO SAMPLES 0")
    assert outside == "-"


def test_nothing_is_said_where_nothing_is_known() -> None:
    empty = told(WAITING, results=(), known=(), reports=(), figures=(), critical=(), gaps=())
    html = as_html(empty)

    for name in ("results", "deviations", "alarms", "oee", "critical", "signatures"):
        assert WORDS["en"][f"{name}.none"] in html


def poisoned(value: Any) -> Any:
    """The same with every text replaced by something that wants to be a script."""
    if isinstance(value, str):
        return EVIL
    if isinstance(value, dict):
        kept = {"kind", "state", "id", "statement", "result", "time_zone", "disposition"}
        return {key: one if key in kept else poisoned(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(poisoned, value))
    return value


def test_values_of_others_are_never_markup() -> None:
    changes = {
        one.name: poisoned(getattr(ROWS, one.name)) for one in fields(ROWS) if one.name != "run"
    }
    html = as_html(told(**changes))

    assert "<script" not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") > 30


def test_the_page_loads_nothing_and_can_be_read_aloud() -> None:
    html = as_html(told())

    assert "script" not in page_of(html).tags
    assert not re.search(r"""(?:src|href|url)\s*[=(]""", html)
    assert '<html lang="en">' in html
    assert html.count("<table>") == html.count("<caption>")
    assert "<th>" not in html


def test_spanish_has_every_phrase_with_the_same_places() -> None:
    places = {
        language: {name: sorted(re.findall(r"{(\w+)}", text)) for name, text in phrases.items()}
        for language, phrases in WORDS.items()
    }

    assert places["es"] == places["en"]
    page = page_of(as_html(told(language="es")))
    assert page.verdict == "LIBERADO"
    assert "CORREGIDO Era 7.4 pH (NO CONFORME)" in str(page.tables)


def test_a_replay_is_no_live_record() -> None:
    assert "replay again: not a live record" in told(run="again").subtitle


def test_without_a_plant_file_times_are_utc() -> None:
    summary = told(file=None)

    assert "Times are UTC: the time zone of the plant is not stored." in summary.about
    assert ("Began", "2026-03-02 06:00:00 UTC") in [
        (one.name, one.value) for one in summary.identity
    ]


def test_text_says_the_same_and_steers_no_terminal() -> None:
    text = as_text(told(batch="B-\x1b[2J", results=(WRONG, RIGHT)))

    assert "VERDICT: RELEASED\n" in text
    assert "[CORRECTED] Was 7.4 pH (FAIL)" in text
    assert "\x1b" not in text


@needs_pango
def test_words_of_the_pdf_can_be_taken_out_of_it() -> None:
    text = text_of_pdf(as_pdf(told(batch="Ωmega-<b>")))

    for word in (
        "Ωmega-<b>",
        "RELEASED",
        "CORRECTED",
        "7.4 pH",
        "TooHot",
        "Eva Gil",
        "typing error",
    ):
        assert word in text


@needs_pango
def test_the_pdf_is_tagged_and_has_a_title_and_a_language() -> None:
    content = pdf_objects(as_pdf(told(WAITING)))

    assert content.startswith(b"%PDF-")
    assert b"/StructTreeRoot" in content
    assert b"/Lang (en)" in content
    assert b"pdfuaid" in content


def test_without_weasyprint_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "weasyprint", None)

    with pytest.raises(MisconfiguredError, match=r"plantstream\[report\].*libpango"):
        as_pdf(told())


def test_several_machines_each_have_their_quantities() -> None:
    mixer = FIGURES | {"equipment": REACTOR.replace("reactor", "mixer"), "good": 5}
    facts = {one.name: one.value for one in told(figures=(FIGURES, mixer)).identity}

    assert facts["Quantities"] == (
        "reactor: 990 good, 10 scrap, 0 rework (parts); mixer: 5 good, 10 scrap, 0 rework (parts)"
    )


def test_the_model_is_frozen() -> None:
    summary = told()
    assert is_dataclass(summary)
    with pytest.raises(AttributeError):
        summary.title = "other"  # type: ignore[misc]


def test_an_open_alarm_and_an_open_batch_are_said_to_be_open() -> None:
    making = MAKING | {"state": "making", "until": None}
    hot = HOT | {"until": None, "done_by": None}
    told_now = told(
        known=(making, hot, known("disposition", "hold", 3, done_by="eva")),
        release=release(ended_at=None),
        critical=(TAG | {"samples": 0, "bad_samples": 0, "minimum": None},),
    )
    tables = page_of(as_html(told_now)).tables

    assert tables["Equipment that made it"][0][2] == "not yet"
    alarms = tables["Alarms that were firing on equipment of the batch while that made it"]
    assert alarms[0][4:] == ["still firing", "nobody"]
    assert tables["Values while the batch was made"][0][1:5] == ["-", "-", "-", "NO SAMPLES 0"]
    assert tables["Decisions on the batch"][0][4] == "unknown"
