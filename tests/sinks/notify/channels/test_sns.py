"""SNS against moto's server."""

import asyncio

import pytest
from moto.server import ThreadedMotoServer

from plantstream.embedded.checks import HOST
from sinks.notify.message import RefusedError, TemporaryError
from tests.parts import free_port
from tests.sinks.notify.channels.conftest import message
from tests.sinks.notify.notifications import WHYS


@pytest.fixture(scope="module")
def sns():
    server = ThreadedMotoServer(ip_address=HOST, port=free_port(), verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def settings(endpoint, **more):
    keys = {"access_key_id": {"env": "SECRET"}, "secret_access_key": {"env": "SECRET"}}
    return {"type": "sns", "region": "us-east-1", "endpoint": endpoint} | keys | more


@pytest.mark.parametrize("why", WHYS)
async def test_sns_takes_every_message(channel, sns, why):
    one = channel(**settings(sns, sender_id="NINU"))

    sent = await one.send(message("sns", why), "+522281234567")

    assert len(sent.provider_id) == 36


async def test_a_number_that_sns_does_not_take_is_refused(channel, sns):
    with pytest.raises(RefusedError, match="InvalidParameter"):
        await channel(**settings(sns)).send(message("sns"), "not-a-number")


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [(429, "Throttling", TemporaryError), (503, "Down", TemporaryError), (403, "No", RefusedError)],
)
async def test_what_sns_says_is_the_decision(channel, provider, status, code, kind):
    body = f"<ErrorResponse><Error><Code>{code}</Code><Message>m</Message></Error></ErrorResponse>"
    provider.default = (status, body, {"Content-Type": "text/xml"})

    with pytest.raises(kind, match=code):
        await channel(**settings(provider.address)).send(message("sns"), "+522281234567")
    assert len(provider.heard) == 1


async def test_many_at_once_share_one_connection_pool(channel, sns):
    one = channel(**settings(sns))

    sent = await asyncio.gather(*(one.send(message("sns"), "+522281234567") for _ in range(20)))

    assert len({each.provider_id for each in sent}) == 20


async def test_where_nobody_listens_nothing_was_sent(channel):
    one = channel(**settings(f"http://{HOST}:{free_port()}"))

    with pytest.raises(TemporaryError) as caught:
        await one.send(message("sns"), "+522281234567")
    assert not caught.value.unclear
