"""What every channel over HTTP owes: its answers become decisions, and secrets stay secret."""

import pytest

from plantstream.runtime.errors import MisconfiguredError
from sinks.notify.message import RefusedError, TemporaryError
from sinks.notify.registry import CHANNELS, KINDS
from tests.parts import free_port
from tests.sinks.notify.channels.conftest import message
from tests.sinks.notify.channels.stub import CUT, HANG

_NUMBER = "+522281234567"
_TWILIO = {
    "account": "AC" + "0" * 32,
    "token": {"env": "SECRET"},
    "sender": "+15557654321",
    "templates": {"en": "HX1", "es": "HX2"},
}
SETTINGS = {
    "twilio_sms": lambda url: _TWILIO | {"endpoint": url},
    "twilio_whatsapp": lambda url: _TWILIO | {"endpoint": url},
    "whatsapp": lambda url: {
        "phone_number_id": "1",
        "token": {"env": "SECRET"},
        "templates": {"es": {"name": "alert", "language": "es_MX", "parameters": ["summary"]}},
        "endpoint": url,
    },
    "slack": lambda _: {"url": {"env": "URL"}},
    "pagerduty": lambda url: {"routing_key": {"env": "SECRET"}, "endpoint": url},
    "teams": lambda _: {"url": {"env": "URL"}},
    "webhook": lambda url: {"url": f"{url}/hook"},
}
ADDRESSES = {"twilio_sms": _NUMBER, "twilio_whatsapp": _NUMBER, "whatsapp": _NUMBER}
GOOD = {"twilio_sms": 201, "twilio_whatsapp": 201, "pagerduty": 202, "teams": 202}
EVERY = pytest.mark.parametrize("kind", sorted(SETTINGS))


@pytest.fixture
def built(channel, provider, monkeypatch):
    def build(kind, url=None, **more):
        monkeypatch.setenv("URL", f"{url or provider.address}/hook/s3cret")
        settings = SETTINGS[kind](url or provider.address) | more
        return channel(type=kind, **settings)

    return build


async def sent(built, kind, **more):
    one = built(kind, **more)
    return await one.send(message(kind), ADDRESSES.get(kind))


@EVERY
async def test_a_success_is_accepted(built, provider, kind):
    provider.default = (GOOD.get(kind, 200), '{"sid": "SM1"}', {})

    assert (await sent(built, kind)).outcome == "accepted"
    assert len(provider.heard) == 1


@EVERY
@pytest.mark.parametrize("header", ["7", "7.0"])
async def test_429_says_when_to_come_again(built, provider, kind, header):
    provider.default = (429, "slow down", {"Retry-After": header})

    with pytest.raises(TemporaryError, match="429") as caught:
        await sent(built, kind)
    assert (caught.value.retry_after, caught.value.unclear) == (7.0, False)
    assert len(provider.heard) == 1


@EVERY
@pytest.mark.parametrize("status", [500, 503])
async def test_a_broken_provider_is_tried_again(built, provider, kind, status):
    provider.default = (status, "<html>oh no</html>", {})

    with pytest.raises(TemporaryError, match=str(status)) as caught:
        await sent(built, kind)
    assert caught.value.retry_after is None
    assert len(provider.heard) == 1


@EVERY
@pytest.mark.parametrize("status", [400, 401, 404])
async def test_a_refusal_is_for_good(built, provider, kind, status):
    provider.default = (status, '{"code": 21211, "message": "no such number"}', {})

    with pytest.raises(RefusedError, match="no such number") as caught:
        await sent(built, kind)
    assert "s3cret" not in str(caught.value)


@EVERY
async def test_an_answer_that_is_cut_leaves_it_unclear(built, provider, kind):
    provider.says.append(CUT)

    with pytest.raises(TemporaryError) as caught:
        await sent(built, kind)
    assert caught.value.unclear
    assert len(provider.heard) == 1


@EVERY
async def test_a_provider_that_hangs_is_given_up_and_it_is_unclear(built, provider, kind):
    provider.says.append(HANG)

    with pytest.raises(TemporaryError, match=r"no answer within 0\.3 s") as caught:
        await sent(built, kind, timeout="300ms")
    assert caught.value.unclear


@EVERY
async def test_where_nobody_listens_nothing_was_sent(built, kind):
    with pytest.raises(TemporaryError, match="no connection") as caught:
        await sent(built, kind, url=f"http://127.0.0.1:{free_port()}")
    assert not caught.value.unclear
    assert "s3cret" not in str(caught.value)


@EVERY
async def test_no_channel_prints_its_secrets(built, kind):
    assert "s3cret" not in repr(built(kind))


def test_every_type_of_the_plant_file_is_built():
    assert CHANNELS.keys() == KINDS.keys()


def test_a_missing_secret_names_the_channel_and_the_variable(channel, monkeypatch):
    monkeypatch.delenv("SECRET")

    with pytest.raises(MisconfiguredError, match=r"channels\.one\.token: .* SECRET"):
        channel(type="twilio_sms", **_TWILIO)
