"""Twilio brings answers and statuses: signed, by people of the plant, each once."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest
from twilio.request_validator import RequestValidator

from plantstream.runtime.errors import UnavailableError
from schemas.topics import AUDIT_ENTRY, DELIVERY, OPERATOR
from sinks.notify.codes import code_of
from sinks.notify.web.office import Limits
from tests.sinks.notify.web.kit import (
    ACCOUNT,
    ANA,
    LUIS,
    NOW,
    PUBLIC,
    House,
    alert,
    attempt,
    status,
)

PATH = "/in/twilio/sms"


async def twilio(
    home: House, path: str = PATH, token: str = "twilio-token", **more: str
) -> httpx2.Response:
    form = {"AccountSid": ACCOUNT, "From": ANA, "Body": "ok", "MessageSid": "SMin1"} | more
    signature = RequestValidator(token).compute_signature(PUBLIC + path, form)
    headers = {"X-Twilio-Signature": signature}
    return await home.client.post(path, data=form, headers=headers)


async def test_ok_acknowledges_what_somebody_was_told_of_last(home: House):
    answer = await twilio(home)

    (act,) = home.records(OPERATOR)
    assert (act.type, act.by, act.via, act.fingerprint) == ("acknowledgement", "ana", "sms", "hot")
    assert answer.headers["content-type"].startswith("text/xml")
    assert "usted se encarga de El reactor A" in answer.text
    assert answer.text.startswith("<Response><Message>")


async def test_a_code_names_another_alert(home: House):
    other = alert("cold", starts_at=NOW)
    home.board.note(status(other, told=()))
    await twilio(home, Body=f"ok {code_of(other.alert_id())}")

    assert [one.fingerprint for one in home.records(OPERATOR)] == ["cold"]


async def test_an_unknown_code_is_told(home: House):
    answer = await twilio(home, Body="ok ZZZZ")

    assert "No hay alerta abierta ZZZZ." in answer.text
    assert home.records(OPERATOR) == []


async def test_who_was_told_of_nothing_acknowledges_nothing(home: House):
    answer = await twilio(home, From=LUIS)

    assert "Nothing waits for an answer of yours." in answer.text
    assert home.records(OPERATOR) == []


async def test_snooze_and_unack_are_understood(home: House):
    snoozed = await twilio(home, Body="snooze 30m", MessageSid="SMin1")
    await twilio(home, Body="ok", MessageSid="SMin2")
    freed = await twilio(home, Body="unack", MessageSid="SMin3")

    first, _, last = home.records(OPERATOR)
    assert (first.type, first.until) == ("snooze", NOW + timedelta(minutes=30))
    assert last.type == "unacknowledgement"
    assert "en silencio hasta" in snoozed.text
    assert "ya nadie se encarga" in freed.text


async def test_whoever_writes_something_else_is_told_what_to_write(home: House):
    answer = await twilio(home, Body="what is this?")

    assert f"OK {code_of(alert().alert_id())}" in answer.text
    assert home.records(OPERATOR) == []


async def test_an_answer_by_whatsapp_opens_the_window(home: House):
    number = f"whatsapp:{ANA}"
    await twilio(home, "/in/twilio/chat", From=number)

    assert home.heard == [ANA]
    assert [one.via for one in home.records(OPERATOR)] == ["whatsapp"]


async def test_words_of_others_cannot_break_the_answer(home: House):
    home.board.note(status(alert(words={}, labels={"alertname": "<Redirect>&"})))

    assert "&lt;Redirect&gt;&amp;" in (await twilio(home)).text


@pytest.mark.parametrize(
    ("change", "code", "reason"),
    [
        pytest.param({"token": "wrong"}, 403, "wrong_signature", id="wrong signature"),
        pytest.param({"From": "+15005550001"}, 403, "unknown_number", id="unknown number"),
        pytest.param({"Body": "x" * 20_000}, 413, "too_large", id="too large"),
        pytest.param({"AccountSid": "AC1"}, 403, "wrong_account", id="another account"),
        pytest.param({"MessageSid": ""}, 400, "no_form", id="no id"),
        pytest.param({"path": "/in/twilio/nothing"}, 404, "unknown_channel", id="no channel"),
        pytest.param({"path": "/in/twilio/whatsapp"}, 404, "unknown_channel", id="not Twilio's"),
    ],
)
async def test_what_is_wrong_is_refused_counted_and_recorded(
    home: House, change: dict[str, Any], code, reason
):
    answer = await twilio(home, **change)

    assert answer.status_code == code
    assert home.refused("twilio", reason) == 1
    assert [one.after["reason"] for one in home.records(AUDIT_ENTRY)] == [reason]
    assert home.records(OPERATOR) == []


async def test_a_request_without_a_signature_is_refused(home: House):
    answer = await home.client.post(PATH, data={"From": ANA, "Body": "ok"})

    assert answer.status_code == 403


async def test_a_signature_counts_for_one_address_alone(home: House):
    form = {"AccountSid": ACCOUNT, "From": ANA, "Body": "ok", "MessageSid": "SMin1"}
    signature = RequestValidator("twilio-token").compute_signature("https://else/in/x", form)
    answer = await home.client.post(PATH, data=form, headers={"X-Twilio-Signature": signature})

    assert answer.status_code == 403


async def test_a_replayed_request_is_refused(home: House):
    first, second = await twilio(home), await twilio(home)

    assert (first.status_code, second.status_code) == (200, 409)
    assert home.refused("twilio", "used") == 1
    assert len(home.records(OPERATOR)) == 1


def away(_):
    raise UnavailableError("the broker is away")


async def test_what_kafka_did_not_take_may_come_again(home: House):
    home.broker.trouble = away
    first = await twilio(home)
    home.broker.trouble = None
    second = await twilio(home)

    assert "no se pudo guardar" in first.text
    assert "usted se encarga" in second.text
    assert len(home.records(OPERATOR)) == 1


async def kafka_is_away(home: House) -> None:
    home.broker.trouble = away


async def the_service_starts(home: House) -> None:
    home.board.is_complete = False


async def there_are_too_many(home: House) -> None:
    home.office.limits = Limits(webhooks_per_s=1)
    for number in range(2):
        await twilio(home, MessageSid=f"SMbefore{number}", Body="?")


@pytest.mark.parametrize("trouble", [kafka_is_away, the_service_starts, there_are_too_many])
async def test_whoever_answers_what_cannot_be_stored_now_is_told_to_answer_again(
    home: House, trouble
):
    await trouble(home)
    answer = await twilio(home)

    assert answer.status_code == 200  # Twilio brings nothing again, and nobody sees its errors
    assert answer.headers["content-type"].startswith("text/xml")
    assert "no se pudo guardar. Responda otra vez en un minuto" in answer.text
    assert home.refused("twilio", "not_now") + home.refused("twilio", "too_often") == 1
    assert home.records(OPERATOR) == []


async def test_a_number_that_is_nobodys_is_told_nothing(home: House):
    await the_service_starts(home)

    assert (await twilio(home, From="+15005550001")).status_code == 503


async def test_a_status_that_cannot_be_stored_now_may_come_again(home: House):
    home.broker.trouble = away
    path = f"{PATH}/status"
    answer = await twilio(home, path, MessageSid="SM1", MessageStatus="failed")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "6")


async def test_what_is_not_signed_takes_no_turn_of_what_is(home: House):
    home.office.limits = Limits(webhooks_per_s=1)
    for number in range(5):
        rubbish = {"X-Forwarded-For": f"203.0.113.{number}"}
        await home.client.post(PATH, content=b"x=1", headers=rubbish)

    assert "usted se encarga" in (await twilio(home)).text


async def test_who_comes_too_often_from_one_address_is_not_listened_to(home: House):
    home.office.limits = Limits(knocks_per_s=1)
    codes = [(await home.client.post(PATH, content=b"x=1")).status_code for _ in range(3)]

    assert codes == [403, 403, 429]
    assert (await home.client.post("/in/pagerduty/duty", content=b"{}")).status_code == 429
    assert (await home.client.post("/in/whatsapp/whatsapp", content=b"{}")).status_code == 429


@pytest.mark.parametrize(
    ("told", "outcome"),
    [("delivered", "delivered"), ("read", "delivered"), ("undelivered", "failed")],
)
async def test_what_became_of_a_message_is_recorded(home: House, told, outcome):
    path = f"{PATH}/status"
    answer = await twilio(home, path, MessageSid="SM1", MessageStatus=told, ErrorCode="30003")

    (found,) = home.records(DELIVERY)
    assert answer.status_code == 204
    assert (found.notification, found.outcome) == ("n1", outcome)
    assert found.detail == f"{told} 30003"
    assert found.record_id() == attempt().record_id()


async def test_a_status_that_ends_nothing_or_is_known_is_not_recorded(home: House):
    path = f"{PATH}/status"
    await twilio(home, path, MessageSid="SM1", MessageStatus="sent")
    for _ in range(2):
        await twilio(home, path, MessageSid="SM1", MessageStatus="delivered")
    await twilio(home, path, MessageSid="SM1", MessageStatus="failed")

    assert [one.outcome for one in home.records(DELIVERY)] == ["delivered"]


async def test_a_status_of_a_message_that_nobody_knows_is_let_go(home: House):
    answer = await twilio(home, f"{PATH}/status", MessageSid="SM9", MessageStatus="delivered")

    assert answer.status_code == 204
    assert home.records(DELIVERY) == []
