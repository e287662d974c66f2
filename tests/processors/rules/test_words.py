"""Texts from templates: what may stand in them, and what a label can do."""

import pytest

from processors.rules.words import words
from schemas.plant.alerts.rules import AlertRule

EVIL = "{{ ''.__class__.__mro__ }}"


def rule(summary: object, description: object = "") -> AlertRule:
    said = {"summary": summary, "description": description} if description else {"summary": summary}
    when = {"tag": "t", "above": 1}
    return AlertRule.model_validate({"alert": "A", "when": when, "severity": "info", **said})


def summary(template: str, **fields: object) -> str:
    return words(rule(template), fields)["en"].summary


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ value }}", "81.25"),
        ("{{ value | round(1) }} {{ unit }}", "81.2 °C"),
        ("{{ limit }}", "80"),
        ("{{ labels.equipment }}", EVIL),
        ("{{ nothing }}", "{{ nothing }}"),
        ("{{ labels.nothing }}", "{{ labels.nothing }}"),
        ("{{ value.__class__ }}", "{{ value.__class__ }}"),
        ("{{ unknown }}", "-"),
    ],
)
def test_a_template_and_its_text(template: str, text: str):
    fields = {"value": 81.25, "limit": 80.0, "unit": "°C", "unknown": None}

    assert summary(template, **fields, labels={"equipment": EVIL}) == text


def test_a_text_for_all_is_so_in_each_language():
    assert {name: one.summary for name, one in words(rule("hot"), {}).items()} == {
        "en": "hot",
        "es": "hot",
    }


def test_languages_have_their_own_texts():
    told = words(rule({"en": "hot", "es": "caliente"}, {"es": "mucho"}), {})

    assert (told["es"].summary, told["es"].description) == ("caliente", "mucho")
    assert told["en"].description == "mucho"


def test_a_text_is_cut_to_what_a_record_holds():
    assert len(summary("{{ value * 100 }}", value="x" * 100)) == 2000
