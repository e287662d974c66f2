"""What words do with odd data: labels stay data, nothing is promised that is not so."""

import json

import pytest
from hypothesis import given, strategies as st

from schemas.alerts import Words
from schemas.plant.alerts.templates import PAYLOAD_FIELDS
from sinks.notify.message import Kind
from sinks.notify.words.compose import Wording
from sinks.notify.words.facts import Reader
from tests.sinks.notify.notifications import (
    ENGLISH,
    PLACE,
    SPANISH,
    hot,
    link,
    low_compliance,
    notification,
)

WORDING = Wording(PLACE, link)
EVIL = "{{ 'x'.__class__ }}{% for x in y %}<script>alert(1)</script>&<!channel>"
ESCAPED = {
    Kind.EMAIL: EVIL,
    Kind.SMS: EVIL,
    Kind.WHATSAPP: EVIL,
    Kind.APPRISE: EVIL,
    Kind.SLACK: EVIL.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
    Kind.PAGERDUTY: EVIL,
}


def message(kind, told=None, reader=ENGLISH, **more):
    return WORDING.message(kind, told or notification(), reader, **more)


def with_label(text):
    """An alert whose equipment and summary are this text."""
    labels = {"alertname": "A", "equipment": text}
    return notification(alerts=(hot(labels=labels, words={"en": Words(summary=text)}),))


@pytest.mark.parametrize("kind", sorted(ESCAPED))
def test_a_template_in_a_label_arrives_as_text(kind):
    assert ESCAPED[kind] in message(kind, with_label(EVIL)).text


def test_a_label_brings_no_markup_into_a_mail():
    html = message(Kind.EMAIL, with_label(EVIL)).html

    assert "<script>" not in html
    assert "{{ &#39;x&#39;.__class__ }}" in html


def test_a_label_brings_no_markup_into_a_card():
    assert (
        r"\*\*loud\*\* \[x\]\(http"
        in message(Kind.TEAMS, with_label("**loud** [x](http://y)")).text
    )


@given(st.text(max_size=300))
def test_a_payload_template_gives_json_whatever_a_label_holds(text):
    template = '{"text": "{{ summary }}", "all": {{ alerts|tojson }}, "n": {{ total }}}'
    said = message(Kind.WEBHOOK, with_label(text), template=template).text

    assert json.loads(said)["n"] == 1


def test_a_payload_template_cannot_reach_what_is_not_its_own():
    template = "{{ ''.__class__.__mro__ }}"

    with pytest.raises(Exception, match="unsafe"):
        message(Kind.WEBHOOK, template=template)


def test_every_field_that_is_promised_is_there():
    template = " ".join(f"{{{{ {name} }}}}" for name in sorted(PAYLOAD_FIELDS))

    assert message(Kind.WEBHOOK, template=template).text


@given(st.text(max_size=200))
def test_a_title_is_one_line(text):
    assert len(message(Kind.EMAIL, with_label(text)).title.splitlines()) == 1


def test_times_are_in_the_zone_of_the_reader():
    there = message(Kind.EMAIL, reader=Reader("es", "Europe/Madrid")).text
    here = message(Kind.EMAIL, reader=SPANISH).text

    assert "15:04:42" in there
    assert "08:04:42" in here


@pytest.mark.parametrize(
    ("zone", "written"), [("America/Mexico_City", "1,096.25"), ("Europe/Madrid", "1.096,25")]
)
def test_numbers_are_written_as_in_the_country_of_the_reader(zone, written):
    assert f"{written} °C" in message(Kind.EMAIL, reader=Reader("es", zone)).text


def test_a_reader_whose_language_the_rule_lacks_gets_the_other_one():
    alert = hot(words={"en": Words(summary="Only English")})

    said = message(Kind.EMAIL, notification(alerts=(alert,)), SPANISH).text

    assert "Only English" in said
    assert "Severidad" in said


@pytest.mark.parametrize("kind", [Kind.EMAIL, Kind.SLACK, Kind.TEAMS, Kind.WHATSAPP])
@pytest.mark.parametrize("reader", [ENGLISH, SPANISH])
def test_a_regulatory_alert_names_its_authority_and_says_whose_policy_it_is(kind, reader):
    said = message(kind, notification(alerts=(low_compliance(),)), reader).text

    assert "COFEPRIS" in said
    assert "24 hours" in said or "24 horas" in said
    assert "the plant's own policy, not the wording of a law" in said or (
        "política propia de la planta, no el texto de una ley" in said
    )


def test_the_rule_may_name_another_term():
    labels = low_compliance().labels | {"report_within": "3d"}

    said = message(Kind.EMAIL, notification(alerts=(low_compliance(labels=labels),))).text

    assert "within 3 days" in said


def test_an_alert_that_is_not_regulatory_speaks_of_no_authority():
    assert "Authority" not in message(Kind.EMAIL).text


def test_a_message_of_a_storm_says_how_many_there_are():
    alerts = tuple(hot(f"r{n}") for n in range(50))
    told = notification(alerts=alerts, total=1000)

    for kind in (Kind.EMAIL, Kind.SLACK, Kind.WHATSAPP):
        said = message(kind, told).text
        assert "1000" in said
        assert "and 950 more" in said


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.PAGERDUTY])
def test_a_repeat_says_so(kind):
    said = message(kind, repeated=True)

    assert "again" in said.text or '"repeated": "true"' in said.text
    if kind is Kind.WHATSAPP:
        assert said.values["summary"].startswith("(again)")


def test_the_resolved_asks_for_nothing_and_links_nowhere():
    told = notification(why="resolved", alerts=(hot(state="resolved"),))

    said = message(Kind.SLACK, told)

    assert said.link is None
    assert said.over
