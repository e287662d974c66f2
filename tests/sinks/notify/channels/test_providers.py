"""Twilio, WhatsApp and PagerDuty take what we send: their own specifications judge it."""

import json
import urllib.parse

import pytest

from sinks.notify.channels.pagerduty import request
from sinks.notify.message import Kind, RefusedError, TemporaryError
from sinks.notify.words.compose import Wording
from tests.sinks.notify.channels.conftest import message
from tests.sinks.notify.channels.mailbox import SECRET
from tests.sinks.notify.notifications import ENGLISH, PLACE, WHYS, hot, link, notification

ACCOUNT = "AC" + "0123456789abcdef" * 2
NUMBER = "+522281234567"
PARAMETERS = ["summary", "severity", "equipment", "value", "link", "comment"]
ENGLISH_TEMPLATE = {"name": "plant_alert", "language": "en", "parameters": PARAMETERS}
META = {
    "type": "whatsapp",
    "phone_number_id": "106540352242922",
    "token": {"env": "SECRET"},
    "templates": {
        "en": ENGLISH_TEMPLATE,
        "es": {"name": "plant_alert", "language": "es_MX", "parameters": PARAMETERS},
    },
}


def twilio_of(kind, address, **more):
    wanted = {"account": ACCOUNT, "token": {"env": "SECRET"}, "sender": "+15557654321"}
    return {"type": kind, "endpoint": address} | wanted | more


@pytest.mark.parametrize("why", WHYS)
async def test_twilio_takes_every_sms(channel, twilio, why):
    one = channel(**twilio_of("twilio_sms", twilio))

    assert (await one.send(message("twilio_sms", why), NUMBER)).provider_id.startswith("SM")


@pytest.mark.parametrize("is_open", [True, False])
async def test_twilio_takes_whatsapp_as_text_and_as_template(channel, twilio, is_open):
    templates = {"es": "HX" + "0" * 32}
    wanted = twilio_of("twilio_whatsapp", twilio, templates=templates)
    one = channel(is_open=is_open, **wanted)

    assert (await one.send(message("twilio_whatsapp"), NUMBER)).provider_id.startswith("SM")


async def test_twilio_is_told_who_we_are_and_whom_we_mean(channel, provider):
    provider.default = (201, '{"sid": "SM1"}', {})
    templates = {"es": "HX1"}
    one = channel(**twilio_of("twilio_whatsapp", provider.address, templates=templates))
    await one.send(message("twilio_whatsapp"), NUMBER)

    path, headers, body = provider.heard[0]
    form = dict(urllib.parse.parse_qsl(body.decode()))
    assert path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert headers["Authorization"].startswith("Basic ")
    assert (form["To"], form["From"]) == (f"whatsapp:{NUMBER}", "whatsapp:+15557654321")
    assert json.loads(form["ContentVariables"])["3"] == "reactor-a"
    assert "Body" not in form


async def test_twilio_sends_by_a_messaging_service(channel, provider):
    provider.default = (201, '{"sid": "SM1"}', {})
    one = channel(**twilio_of("twilio_sms", provider.address, sender="MG" + "0" * 32))
    await one.send(message("twilio_sms"), NUMBER)

    form = dict(urllib.parse.parse_qsl(provider.heard[0][2].decode()))
    assert form["MessagingServiceSid"].startswith("MG")
    assert "From" not in form


async def test_twilio_is_told_where_to_say_what_became_of_it(channel, provider, twilio):
    provider.default = (201, '{"sid": "SM1"}', {})
    url = "https://plant.example/in/"
    for address in (twilio, provider.address):
        one = channel(**twilio_of("twilio_sms", address), status_url=url)
        await one.send(message("twilio_sms"), NUMBER)

    (form,) = provider.forms()
    assert form["StatusCallback"] == url + "one"


@pytest.mark.parametrize("kind", ["whatsapp", "twilio_whatsapp"])
async def test_without_a_template_of_the_language_whatsapp_is_not_asked(channel, provider, kind):
    wanted = {
        "whatsapp": META | {"endpoint": provider.address, "templates": {"en": ENGLISH_TEMPLATE}},
        "twilio_whatsapp": twilio_of(kind, provider.address, templates={"en": "HX1"}),
    }[kind]

    with pytest.raises(RefusedError, match="no approved template in es"):
        await channel(**wanted).send(message(kind), NUMBER)
    assert provider.heard == []


@pytest.mark.parametrize("why", WHYS)
@pytest.mark.parametrize("is_open", [True, False])
async def test_meta_takes_every_text_and_template(channel, meta, why, is_open):
    one = channel(is_open=is_open, **META | {"endpoint": f"{meta}/v23.0"})

    sent = await one.send(message("whatsapp", why), NUMBER)

    assert sent.provider_id.startswith("wamid.")


async def test_the_mock_of_meta_refuses_what_meta_would(meta, session):
    headers = {"Authorization": f"Bearer {SECRET}"}
    said = {"messaging_product": "whatsapp", "to": NUMBER, "type": "text", "text": {"body": "x"}}
    async with session.post(f"{meta}/v23.0/1/messages", json=said, headers=headers) as answer:
        assert answer.status == 422


@pytest.mark.parametrize("why", WHYS)
async def test_pagerduty_takes_every_event(channel, pager, why):
    one = channel(type="pagerduty", routing_key={"env": "SECRET"}, endpoint=pager)

    assert (await one.send(message("pagerduty", why), None)).provider_id


async def test_pagerduty_that_asks_for_patience_is_heard(channel, pager, session):
    session.headers["Prefer"] = "code=429"
    one = channel(type="pagerduty", routing_key={"env": "SECRET"}, endpoint=pager)

    with pytest.raises(TemporaryError, match="429"):
        await one.send(message("pagerduty"), None)


@pytest.mark.parametrize("why", ["firing", "changed", "repeat", "summary"])
def test_what_is_over_triggers_nothing_at_pagerduty(why):
    over = notification(why=why, alerts=(hot(state="resolved"),))
    some_over = notification(why=why, alerts=(hot(state="resolved"),), total=2)
    words = Wording(PLACE, link)

    actions = [
        request(words.message(Kind.PAGERDUTY, one, ENGLISH), "key")[1]["event_action"]
        for one in (over, some_over)
    ]
    assert actions == ["resolve", "trigger"]


@pytest.mark.parametrize(
    ("why", "action"),
    [
        ("firing", "trigger"),
        ("acknowledged", "acknowledge"),
        ("withdrawn", "resolve"),
        ("resolved", "resolve"),
    ],
)
async def test_pagerduty_hears_what_becomes_of_the_incident_of_the_group(
    channel, provider, why, action
):
    provider.default = (202, '{"dedup_key": "g1"}', {})
    one = channel(type="pagerduty", routing_key={"env": "SECRET"}, endpoint=provider.address)
    await one.send(message("pagerduty", why), None)

    said = json.loads(provider.heard[0][2])
    assert (said["event_action"], said["dedup_key"]) == (action, "g1")
