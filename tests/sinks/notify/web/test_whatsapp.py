"""Meta brings answers and statuses for WhatsApp: several at once, repeated for days, signed."""

import asyncio
import hmac
import json
import time
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from plantstream.runtime.errors import UnavailableError
from schemas.alerts import AlertStatus, Told
from schemas.topics import AUDIT_ENTRY, DELIVERY, OPERATOR
from sinks.notify.codes import code_of
from sinks.notify.web.acts import statement_of
from sinks.notify.web.office import KNOWN_WITHIN_S
from tests.parts import eventually
from tests.sinks.notify.web.kit import ANA, NOW, SINCE, House, alert, attempt, status

PATH = "/in/whatsapp/whatsapp"


def message(text: str = "ok", **more: Any) -> dict[str, Any]:
    """Mexican mobiles come with the 1 that E.164 has given up."""
    return {
        "from": "521" + ANA.removeprefix("+52"),
        "id": "wamid.1",
        "timestamp": str(int(NOW.timestamp())),
        "type": "text",
        "text": {"body": text},
    } | more


def value_of(number: str = "42", **value: Any) -> dict[str, Any]:
    return {"messaging_product": "whatsapp", "metadata": {"phone_number_id": number}} | value


async def meta(
    home: House, secret: str = "meta-secret", number: str = "42", **value: Any
) -> httpx2.Response:
    return await bring(home, value_of(number, **value), secret=secret)


async def bring(
    home: House, *values: dict[str, Any], secret: str = "meta-secret"
) -> httpx2.Response:
    changes = [{"field": "messages", "value": one} for one in values]
    entry = {"id": "1", "changes": changes}
    body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
    signature = hmac.new(secret.encode(), body, "sha256").hexdigest()
    headers = {"X-Hub-Signature-256": f"sha256={signature}"}
    return await home.client.post(PATH, content=body, headers=headers)


async def test_the_address_is_verified_when_the_webhook_is_set_up(home: House):
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444"}
    right = await home.client.get(PATH, params=asked | {"hub.verify_token": "meta-verify"})
    wrong = await home.client.get(PATH, params=asked | {"hub.verify_token": "else"})

    assert (right.status_code, right.text) == (200, "1158201444")
    assert wrong.status_code == 403


async def test_an_answer_acknowledges_and_is_answered(home: House):
    answer = await meta(home, messages=[message("¡Sí!")])

    assert answer.status_code == 200
    assert [(one.by, one.via) for one in home.records(OPERATOR)] == [("ana", "whatsapp")]
    ((channel, number, text),) = home.answers
    assert (channel, number) == ("whatsapp", "+5212281234567")
    assert "usted se encarga de" in text
    assert home.heard == ["+5212281234567"]


async def test_a_pressed_button_is_an_answer(home: House):
    pressed = message() | {"type": "button", "button": {"text": "OK"}}
    del pressed["text"]
    await meta(home, messages=[pressed])

    assert len(home.records(OPERATOR)) == 1


async def test_what_comes_again_counts_once(home: House):
    codes = [(await meta(home, messages=[message()])).status_code for _ in range(3)]

    assert codes == [200, 200, 200]
    assert len(home.records(OPERATOR)) == 1
    assert home.refused("whatsapp", "used") == 2


async def test_an_old_answer_acknowledges_nothing_new(home: House):
    old = str(int((NOW - timedelta(hours=2)).timestamp()))
    answer = await meta(home, messages=[message(timestamp=old)])

    assert answer.status_code == 200
    assert home.records(OPERATOR) == []
    assert home.refused("whatsapp", "stale") == 1


def told(name: str, *minutes_ago: float, **more: Any) -> AlertStatus:
    """An alert of which Ana was told so long ago; it fired then for the first time."""
    times = [NOW - timedelta(minutes=one) for one in minutes_ago]
    said = alert(name, **{"starts_at": times[0], "at": times[0]} | more)
    return status(said, told=tuple(Told(at=at, name="ana", channel="sms") for at in times))


async def late(home: House, minutes_ago: float, text: str = "ok") -> None:
    """An answer that was written so long ago comes only now; Meta tells whole seconds."""
    at = str(int((NOW - timedelta(minutes=minutes_ago)).timestamp()))
    await meta(home, messages=[message(text, timestamp=at)])


@pytest.mark.parametrize(
    ("known", "acknowledged"),
    [
        pytest.param([told("a", 55), told("b", 1)], ["a"], id="told of another one since"),
        pytest.param([told("b", 1)], [], id="told of nothing before"),
        pytest.param([told("a", 55, 1)], ["a"], id="told again since"),
        pytest.param([told("a", 50 - 0.9 / 60)], ["a"], id="told within the second it came in"),
        pytest.param(
            [told("c", 58), told("a", 55, 1, at=NOW - timedelta(minutes=1))],
            [],
            id="more severe since",
        ),
        pytest.param([told("a", -1)], ["a"], id="told by a clock that is ahead"),
    ],
)
async def test_an_answer_that_comes_late_is_about_what_its_author_had_been_told(
    home: House, known, acknowledged
):
    for one in (status(alert(state="resolved", at=NOW), at=NOW), *known):
        home.board.note(one)
    await late(home, 50)

    assert [one.fingerprint for one in home.records(OPERATOR)] == acknowledged


async def test_whoever_answers_too_late_for_what_waits_is_asked_to_name_it(home: House):
    fired = told("b", 1)
    home.board.note(status(alert(state="resolved", at=NOW), at=NOW))
    home.board.note(fired)
    await late(home, 50)
    code = code_of(fired.alert_id())
    ((_, _, text),) = home.answers
    await meta(home, messages=[message(f"ok {code}", id="w2")])

    assert f"OK {code}" in text
    assert [one.fingerprint for one in home.records(OPERATOR)] == ["b"]


async def test_an_answer_that_comes_late_takes_back_nothing_that_was_taken_since(home: House):
    await meta(home, messages=[message()])
    await meta(home, messages=[message("unack", id="w2", timestamp=str(int(SINCE.timestamp())))])

    assert [one.type for one in home.records(OPERATOR)] == ["acknowledgement"]


async def test_what_has_no_shape_does_not_take_the_others_with_it(home: House):
    answer = await meta(home, messages=[{"id": 1}, message()])

    assert answer.status_code == 200
    assert home.refused("whatsapp", "unreadable") == 1
    assert len(home.records(OPERATOR)) == 1


async def test_news_for_another_number_of_the_app_keep_nothing_from_ours(home: House):
    home.board.note(attempt(channel="whatsapp", provider_id="wamid.out"))
    sent = {"id": "wamid.out", "status": "failed"}
    answer = await bring(
        home,
        value_of("77", statuses=[sent], messages=[message(id="wamid.77")]),
        value_of(messages=[message()]),
        value_of("78", statuses=[sent]),
    )

    assert answer.status_code == 200
    assert [one.statement for one in home.records(OPERATOR)] == [
        statement_of("whatsapp", "wamid.1")
    ]
    assert home.records(DELIVERY) == []
    assert home.refused("whatsapp", "wrong_account") == 2
    assert home.answers


async def test_what_people_say_waits_for_no_status(home: House):
    unknown = [{"id": f"wamid.{number}", "status": "read"} for number in range(50)]
    taking = asyncio.create_task(
        bring(home, value_of(statuses=unknown), value_of(messages=[message()]))
    )
    began = time.monotonic()
    await eventually(lambda: bool(home.answers))

    assert not taking.done()
    assert (await taking).status_code == 200
    assert time.monotonic() - began < 10 * KNOWN_WITHIN_S


async def test_of_several_statuses_of_a_message_each_is_recorded_in_its_order(home: House):
    home.board.note(attempt(channel="whatsapp", provider_id="wamid.out"))
    said = [{"id": "wamid.out", "status": one} for one in ("sent", "failed", "delivered", "read")]
    await meta(home, statuses=said)

    assert [one.outcome for one in home.records(DELIVERY)] == ["failed", "delivered"]


async def test_without_kafka_no_status_is_lost(home: House):
    home.board.note(attempt(channel="whatsapp", provider_id="wamid.out"))
    said = [{"id": "wamid.gone", "status": "read"}, {"id": "wamid.out", "status": "failed"}]
    home.broker.trouble = away
    assert (await meta(home, statuses=said)).status_code == 503
    home.broker.trouble = None
    assert (await meta(home, statuses=said)).status_code == 200
    assert [one.outcome for one in home.records(DELIVERY)] == ["failed"]


async def test_an_unknown_number_is_refused_counted_and_recorded(home: House):
    answer = await meta(home, messages=[message(**{"from": "15005550001"})])

    assert answer.status_code == 200  # else Meta brings it again for a week
    assert home.refused("whatsapp", "unknown_number") == 1
    assert [one.after["reason"] for one in home.records(AUDIT_ENTRY)] == ["unknown_number"]


def away(_):
    raise UnavailableError("the broker is away")


async def test_without_kafka_meta_is_asked_to_come_again(home: House):
    home.broker.trouble = away
    assert (await meta(home, messages=[message()])).status_code == 503
    home.broker.trouble = None
    assert (await meta(home, messages=[message()])).status_code == 200
    assert len(home.records(OPERATOR)) == 1


async def test_what_became_of_a_message_is_recorded(home: House):
    home.board.note(attempt(channel="whatsapp", provider_id="wamid.out"))
    failed = {"id": "wamid.out", "status": "failed", "errors": [{"title": "Undeliverable"}]}
    await meta(home, statuses=[{"id": "wamid.out", "status": "sent"}, failed])

    (found,) = home.records(DELIVERY)
    assert (found.outcome, found.detail) == ("failed", "failed Undeliverable")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"secret": "wrong"}, "wrong_signature", id="wrong signature"),
        pytest.param({"messages": 1}, "unreadable", id="no messages"),
        pytest.param({"padding": "x" * 1_100_000}, "too_large", id="too large"),
    ],
)
async def test_what_is_wrong_is_refused_counted_and_recorded(home: House, change, reason):
    answer = await meta(home, **({"messages": [message()]} | change))

    assert answer.status_code in {400, 403, 413}
    assert home.refused("whatsapp", reason) == 1
    assert home.records(OPERATOR) == []


@pytest.mark.parametrize("signature", ["", "sha256=", "sha1=00", "sha256=é", "=" * 500])
async def test_a_signature_that_is_none_is_refused(home: House, signature):
    headers = {"X-Hub-Signature-256": signature.encode()}
    answer = await home.client.post(PATH, content=b"{}", headers=headers)

    assert answer.status_code == 403
