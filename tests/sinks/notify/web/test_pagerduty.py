"""Who acknowledges in PagerDuty has acknowledged here: by group, signed, each event once."""

import hmac
import json
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from schemas.alerts import flood_incident
from schemas.topics import AUDIT_ENTRY, OPERATOR
from tests.sinks.notify.web.kit import NOW, House, alert, attempt, status

PATH = "/in/pagerduty/duty"
OURSELVES = {"id": "PE1", "type": "events_api_v2_inbound_integration_reference"}


def event(kind: str = "acknowledged", **more: Any) -> dict[str, Any]:
    return {
        "id": "01EVENT",
        "event_type": f"incident.{kind}",
        "resource_type": "incident",
        "occurred_at": NOW.isoformat(),
        "agent": {"id": "PU1", "type": "user_reference", "summary": "Luis Gómez"},
        "data": {"id": "PI1", "type": "incident", "incident_key": "g1"},
    } | more


async def duty(home: House, said: dict[str, Any], secret: str = "duty-secret") -> httpx2.Response:
    body = json.dumps({"event": said}).encode()
    signature = "v1=" + hmac.new(secret.encode(), body, "sha256").hexdigest()
    headers = {"X-PagerDuty-Signature": f"v1=0,{signature}"}
    return await home.client.post(PATH, content=body, headers=headers)


async def test_all_alerts_of_the_incident_are_acknowledged(home: House):
    cold = alert("cold", starts_at=NOW)
    home.board.note(status(cold))
    home.board.note(attempt(channel="duty", recipient="duty", alerts=(cold.alert_id(),)))
    answer = await duty(home, event())

    acts = home.records(OPERATOR)
    assert (answer.status_code, answer.json()) == (202, {"alerts": 2})
    assert {(one.fingerprint, one.by, one.via) for one in acts} == {
        ("hot", "luis", "pagerduty"),
        ("cold", "luis", "pagerduty"),
    }


async def test_unacknowledged_there_is_unacknowledged_here(home: House):
    await duty(home, event())
    await duty(home, event("unacknowledged", id="02EVENT"))

    kinds = [one.type for one in home.records(OPERATOR)]
    assert kinds == ["acknowledgement", "unacknowledgement"]


async def test_resolved_there_is_taken_care_of_here(home: House):
    await duty(home, event("resolved"))

    (act,) = home.records(OPERATOR)
    assert (act.type, act.comment) == ("acknowledgement", "resolved in PagerDuty")


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(event("triggered"), id="something else happened"),
        pytest.param(event(data={"type": "incident", "incident_key": "g9"}), id="not ours"),
        pytest.param(event(data={"type": "incident"}), id="without a key"),
        pytest.param(event(agent=None), id="acknowledged by nobody"),
        pytest.param(event("resolved", agent=OURSELVES), id="resolved by our own event"),
        pytest.param(event(agent=OURSELVES), id="acknowledged by our own event"),
    ],
)
async def test_what_is_not_about_our_alerts_changes_nothing(home: House, said):
    assert (await duty(home, said)).json() == {"alerts": 0}
    assert home.records(OPERATOR) == []


@pytest.mark.parametrize(
    ("group", "acknowledged"),
    [
        pytest.param(flood_incident("duty", NOW), 0, id="the summary of a flood"),
        pytest.param("flood:0123456789abcdef", 1, id="a group of a receiver of that name"),
    ],
)
async def test_the_summary_of_a_flood_stands_for_no_alert(home: House, group, acknowledged):
    home.board.note(attempt(group=group, channel="duty", recipient="duty"))
    incident = {"type": "incident", "incident_key": group}

    assert (await duty(home, event(data=incident))).json() == {"alerts": acknowledged}
    assert len(home.records(OPERATOR)) == acknowledged


async def test_what_is_over_is_not_acknowledged(home: House):
    home.board.note(status(alert(state="resolved", at=NOW), at=NOW))

    assert (await duty(home, event())).json() == {"alerts": 0}


@pytest.mark.parametrize(
    ("said", "secret", "code", "reason"),
    [
        pytest.param(event(), "wrong", 403, "wrong_signature", id="wrong signature"),
        pytest.param({"id": "1"}, "duty-secret", 400, "unreadable", id="no event"),
        pytest.param(
            event(padding="x" * 1_100_000), "duty-secret", 413, "too_large", id="too large"
        ),
        pytest.param(
            event(occurred_at=(NOW - timedelta(hours=2)).isoformat()),
            "duty-secret",
            409,
            "stale",
            id="old",
        ),
    ],
)
async def test_what_is_wrong_is_refused_counted_and_recorded(
    home: House, said, secret, code, reason
):
    assert (await duty(home, said, secret)).status_code == code
    assert home.refused("pagerduty", reason) == 1
    assert [one.after["reason"] for one in home.records(AUDIT_ENTRY)] == [reason]
    assert home.records(OPERATOR) == []


async def test_a_replayed_event_is_refused(home: House):
    codes = [(await duty(home, event())).status_code for _ in range(2)]

    assert codes == [202, 409]
    assert len(home.records(OPERATOR)) == 1
