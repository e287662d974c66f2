"""An alert's whole story, from what topics say of it."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from plantstream.commands.alert_dossier import Dossier
from plantstream.commands.alert_story import facts, past, tellings
from plantstream.commands.alert_view import document, quiet, row, state_of
from plantstream.commands.silences import Stood
from schemas.alerts import AlertHandled, AlertTransition
from tests.plantstream.commands.alerting import attempt, handled, notification, status, told
from tests.processors.dispatch.site import START, alert, silence

XALAPA = ZoneInfo("America/Mexico_City")
UTC = ZoneInfo("UTC")
HOT = alert(0, "firing", "critical").model_copy(
    update={"value": 131.25, "limit": 120.0, "unit": "°C"}
)
TAKEN = {"acknowledged_by": "ana", "acknowledged_at": START}


@pytest.mark.parametrize(
    ("known", "state"),
    [
        pytest.param(status(HOT), "firing", id="nobody answered"),
        pytest.param(status(HOT, **TAKEN), "acknowledged", id="somebody did"),
        pytest.param(status(alert(0, "pending")), "pending", id="not yet"),
        pytest.param(status(alert(1, "resolved"), **TAKEN), "resolved", id="over, though taken"),
    ],
)
def test_the_state_of_an_alert(known, state):
    assert state_of(known) == state


def test_a_line_says_what_is_next_and_what_keeps_it_quiet():
    later = START + timedelta(minutes=5)
    known = status(
        HOT, escalates_at=later, escalates_to=("ben",), snoozed_until=later,
        suppressed_by=("silence s1",),
    )  # fmt: skip
    line = row(known, XALAPA, START)

    assert line["escalates"] == "2026-03-02T14:05:00-06:00 to ben"
    assert line["quiet"] == "snoozed until 2026-03-02T14:05:00-06:00, silence s1"
    assert (line["alert"], line["where"]) == ("Hot", "press")


def test_a_snooze_that_has_run_out_is_not_told():
    assert quiet(status(HOT, snoozed_until=START), UTC, START) == []


def test_the_document_has_the_alert_and_how_it_stands_in_one():
    said = document(status(HOT, **TAKEN))

    assert (said["state"], said["severity"], said["value"]) == ("acknowledged", "critical", 131.25)
    assert said["labels"]["alertname"] == said["alertname"] == "Hot"
    assert said["acknowledged_by"] == "ana"


def test_the_facts_have_value_against_limit_who_took_care_and_what_comes_next():
    stood = Stood(silence(0, 0, 60, "s1", alertname="Hot"))
    later = START + timedelta(minutes=5)
    known = status(HOT, **TAKEN, escalates_at=later, suppressed_by=("silence s1",))
    said = dict(facts(Dossier(known, UTC, silences=[stood]), START))

    assert said["value"] == "131.25 °C, limit 120 °C"
    assert said["acknowledged"] == "by ana, 2026-03-02T20:00:00+00:00"
    assert said["escalates"] == "2026-03-02T20:05:00+00:00 to nobody"
    assert said["silence"] == "s1 by ana until 2026-03-02T21:00:00+00:00: work"
    assert "runbook" not in said


def test_each_message_is_told_with_what_became_of_it_last():
    first, second = notification(HOT, "ana", "sms"), notification(HOT, "ana", "mail")
    attempts = [
        attempt(first, "delivered", 9, attempt=2),
        attempt(first, "intent", 1),
        attempt(first, "refused", 3, channel="mail", detail="no such box"),
    ]
    rows = tellings(Dossier(status(HOT), UTC, [], [second, first], attempts), UTC)

    said = [(one["who"], one["channel"], one["outcome"], one["tries"]) for one in rows]
    assert said == [
        ("ana", "mail", "not sent yet", ""),
        ("ana", "mail", "refused", "1"),
        ("ana", "sms", "delivered", "2"),
    ]
    assert rows[1]["detail"] == "no such box"


def test_who_was_told_in_a_message_that_names_other_alerts_is_told_too():
    listed = notification(HOT, "ana", "sms")
    known = status(HOT, told=(told("ana", "sms", HOT.at), told("ben", "mail", HOT.at)))
    rows = tellings(Dossier(known, UTC, [], [listed]), UTC)

    assert [(one["who"], one["why"]) for one in rows] == [("ana", "firing"), ("ben", "")]


def test_the_history_says_who_did_what_and_what_is_over():
    until = START + timedelta(hours=2)
    history: list[AlertTransition | AlertHandled] = [
        HOT,
        handled(HOT, "acknowledged", 2, by="ana", because="on my way", until=until),
        handled(HOT, "silenced", 3, holds=False, because="s1"),
    ]
    rows = past(Dossier(status(HOT), UTC, history), UTC)

    assert [(one["what"], one["by"]) for one in rows] == [
        ("firing", ""),
        ("acknowledged", "ana"),
        ("no longer silenced", "dispatcher"),
    ]
    assert rows[0]["detail"] == "critical, 131.25 °C, limit 120 °C"
    assert rows[1]["detail"] == "on my way; until 2026-03-02T22:00:00+00:00"
