"""Who acknowledges in PagerDuty has acknowledged here: by group, signed, each event once."""

import hmac
import json
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest

from plantstream.runtime.errors import UnavailableError
from schemas.alerts import Told, flood_incident
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


async def test_of_a_storm_those_are_acknowledged_that_no_message_lists(home: House):
    storm = [alert(f"hot-{number}") for number in range(60)]
    for one in storm:
        home.board.note(status(one, paged=("g1",)))
    home.board.note(status(alert("elsewhere"), paged=("g2",)))
    listed = tuple(one.alert_id() for one in storm[:50])
    home.board.note(attempt(channel="duty", recipient="duty", alerts=listed))

    assert (await duty(home, event())).json() == {"alerts": 61}
    named = {one.fingerprint for one in home.records(OPERATOR)}
    assert named == {"hot", *(one.fingerprint for one in storm)}


async def test_of_a_storm_that_kafka_did_not_take_nothing_is_lost_when_it_comes_again(home: House):
    for number in range(60):
        home.board.note(status(alert(f"hot-{number}"), paged=("g1",)))

    def away(_):
        raise UnavailableError("the broker is away")

    home.broker.trouble = away
    first = await duty(home, event())
    home.broker.trouble = None
    again = await duty(home, event())

    assert (first.status_code, again.json()) == (503, {"alerts": 61})


def minutes(number: float) -> datetime:
    return NOW - timedelta(minutes=number)


@pytest.mark.parametrize(
    ("known", "acknowledged"),
    [
        pytest.param({"told": (5,)}, 1, id="told there before"),
        pytest.param({"told": (5, 1)}, 1, id="told there again since"),
        pytest.param({"told": (1,)}, 0, id="told there since"),
        pytest.param({"told": (5, 1), "at": minutes(1)}, 0, id="more severe since"),
        pytest.param({"told": ()}, 1, id="told there by another way"),
    ],
)
async def test_an_event_that_comes_late_is_about_what_was_told_there_before(
    home: House, known, acknowledged
):
    home.board.note(status(alert(state="resolved", at=NOW), at=NOW))
    fired = alert("cold", starts_at=minutes(5), at=known.get("at", minutes(5)))
    told = tuple(Told(at=minutes(one), name="duty", channel="duty") for one in known["told"])
    home.board.note(status(fired, told=told))
    home.board.note(attempt(channel="duty", alerts=(fired.alert_id(),)))
    said = event(occurred_at=minutes(3).isoformat())

    assert (await duty(home, said)).json() == {"alerts": acknowledged}


async def test_an_event_that_comes_late_takes_back_nothing_that_was_taken_since(home: House):
    await duty(home, event())
    late = event("unacknowledged", id="02EVENT", occurred_at=minutes(3).isoformat())

    assert (await duty(home, late)).json() == {"alerts": 0}


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
