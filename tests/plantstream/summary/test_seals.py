"""Beside each signature stands whether its seal fits, as far as its key is known."""

from dataclasses import replace
from typing import Any

import pytest

from plantstream.summary.document import summarized
from plantstream.summary.html import as_html
from plantstream.summary.pdf import as_pdf
from plantstream.summary.text import as_text
from tests.plantstream.summary.reading import needs_pango, page_of, text_of_pdf
from tests.plantstream.summary.stories import MADE, ROWS, SIGNED, at, told

SEAL = 5
CHANGED = {
    "signature_id": "sign-2",
    "signed_at": at(11),
    "signed_by": "Eva Sol",
    "login": "ana",
    "roles": ["qa", "release"],
    "signed_local": "2026-03-02T11:00:00-06:00",
    "time_zone": "UTC",
    "meaning": "reviewed",
    "content_sha256": "f" * 64,
    "seal": "c2VhbA==",
}


def seals(*signatures: dict[str, Any]) -> list[str]:
    tables = page_of(as_html(told(signatures=signatures))).tables
    return [row[SEAL] for row in tables["Electronic signatures"]]


def test_a_seal_that_was_made_over_the_signature_is_valid() -> None:
    assert seals(SIGNED) == ["valid"]


@pytest.mark.parametrize("name", CHANGED)
def test_whatever_is_changed_afterwards_its_seal_does_not_fit(name: str) -> None:
    assert seals(SIGNED | {name: CHANGED[name]}) == ["does not fit"]


def test_what_cannot_be_a_signature_has_no_seal_that_fits() -> None:
    assert seals(SIGNED | {"signed_by": ""}) == ["does not fit"]


def test_each_signature_has_its_own_verdict() -> None:
    of_another_edge = SIGNED | {"key": "0" * 64}

    assert seals(SIGNED, of_another_edge) == ["valid", "not checked: no key"]


def test_without_a_key_no_seal_is_called_valid() -> None:
    page = page_of(as_html(summarized(ROWS, MADE)))

    assert page.tables["Electronic signatures"][0][SEAL] == "not checked: no key"
    assert page.verdict == "RELEASED"


def test_a_signature_that_was_changed_stands_against_the_release() -> None:
    verdict = told(signatures=(SIGNED | {"signed_by": "Eva Sol"},)).verdict

    assert verdict.title == "RELEASED, BUT FACTS STAND AGAINST IT"
    assert verdict.because == ("Signatures whose seal does not fit: 1.",)
    (fact,) = [one for one in verdict.facts if one.name == "Signature"]
    assert (fact.value[-18:], fact.tone) == ("seal: does not fit", "bad")


def test_a_refused_signature_stands_against_nothing() -> None:
    refused = SIGNED | {"statement": "s8", "meaning": "reviewed", "answer": "refused"}

    assert told(signatures=(SIGNED, refused)).verdict.because == ()


def test_spanish_and_a_terminal_say_it_too() -> None:
    rows = replace(ROWS, signatures=(SIGNED, SIGNED | {"key": "0" * 64}))
    english, spanish = as_text(told(rows)), as_text(told(rows, "es"))

    assert "Seal: [valid]" in english
    assert "Seal: [not checked: no key]" in english
    assert "Signature: Eva Gil as “released”, 2026-03-02 10:00:00-06:00" in english
    assert "Sello: [válido]" in spanish
    assert "Sello: [sin verificar: falta la clave]" in spanish


@needs_pango
def test_the_pdf_says_it_too() -> None:
    text = text_of_pdf(as_pdf(told(signatures=(SIGNED | {"login": "ana"},))))

    assert "does not fit" in text
