"""Why a message came and of which alert, as it is read off messages in both languages."""

from datetime import UTC, datetime, timedelta

import pytest

from plantstream.simulator.stand_ins.spoken import alert_in, link_in, speaks_of, why_of
from processors.rules.plan import equipment_rules
from sinks.notify.message import Kind
from sinks.notify.web.links import Links, alert_digest
from sinks.notify.words.compose import Wording
from tests.sinks.notify.notifications import PLACE, READERS, link, told

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
REASONS = ["firing", "changed", "repeat", "escalated", "reminder", "resolved"]
RULE = "ReactorCriticalTemperature"


@pytest.fixture
def watched(ninu):
    rules = equipment_rules(ninu, "ninu/xalapa/mixing/line-1/reactor-b").watched
    return next(one for one in rules.values() if one.rule.alert == RULE)


@pytest.mark.parametrize("why", REASONS)
@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("kind", [Kind.SMS, Kind.EMAIL, Kind.WEBHOOK])
def test_the_reason_is_read_off_the_text(why, language, kind):
    message = Wording(PLACE, link).message(kind, told(why), READERS[language])
    assert why_of(f"{message.title}\n{message.text}") == why


def test_a_link_names_its_alert(watched):
    token = Links([b"0" * 32]).sign(watched.fingerprint, NOW, "ana", NOW + timedelta(days=1))
    text = f"CRITICA: (https://plant.example/a/{token}), fin"
    assert link_in(text) == f"https://plant.example/a/{token}"
    assert alert_in(text).startswith(alert_digest(watched.fingerprint))
    assert speaks_of(text, watched)


def test_a_link_to_another_alert_is_not_of_this_one_whatever_else_is_said(watched):
    token = Links([b"0" * 32]).sign("another", NOW, "ana", NOW + timedelta(days=1))
    text = f"reactor-b: temperatura critica https://plant.example/a/{token}"
    assert not speaks_of(text, watched)


def test_without_a_link_the_words_before_the_value_count(watched):
    assert speaks_of("CRITICA: Resuelta: reactor-b: temperatura critica, 93.8 C", watched)
    assert speaks_of("Resolved: reactor-b: critical temperature, 93.8 °C", watched)
    assert not speaks_of("Resuelta: reactor-a: temperatura critica, 93.8 C", watched)
    assert not speaks_of("Resuelta: reactor-b: temperatura alta, 79 C", watched)


def test_text_without_links_or_with_broken_ones_names_no_alert():
    assert link_in("nothing") is None
    assert alert_in("https://plant.example/a/x.y") == b""
