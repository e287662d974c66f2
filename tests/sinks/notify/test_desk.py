"""The plant file in force: another one may come while messages are under way."""

import asyncio
from contextlib import asynccontextmanager

import aiohttp
import pytest

from plantstream.runtime.errors import MisconfiguredError
from schemas.plant.load import load_plant
from sinks.notify.desk import Desk, status_url_of
from sinks.notify.message import RefusedError
from sinks.notify.registry import Means
from sinks.notify.web.links import Links
from tests.ingest.kit import PLANT
from tests.parts import eventually
from tests.sinks.notify.channels.stub import stub
from tests.sinks.notify.notifications import notification
from tests.sinks.notify.web.kit import KEY, NOW, PUBLIC, plant

FILE = """
people: [{{id: ana, name: Ana, language: en, phone: "+522281234567"}}]
channels:
  hook: {{type: webhook, url: "{url}/{version}", most_per_s: {rate}, timeout: 5s}}
  meta:
    type: whatsapp
    phone_number_id: "42"
    token: {{env: {secret}}}
    app_secret: {{env: {secret}}}
    endpoint: "{url}"
    templates: {{en: {{name: alert, language: en}}}}
chains: {{day: {{steps: [{{people: [ana], endpoints: [hook]}}]}}}}
alerts:
  route: {{receiver: all}}
  receivers: {{all: {{chain: day}}}}
  matrix: {{info: [meta], warning: [meta], critical: [meta]}}
"""


def file(url, version, rate=10, secret="T"):
    said = PLANT + FILE.format(url=url, version=version, rate=rate, secret=secret)
    return load_plant(said, "plant.yaml")


@pytest.fixture(autouse=True)
def secret(monkeypatch):
    monkeypatch.setenv("T", "s3cret")


@asynccontextmanager
async def desk():
    async with stub() as provider, aiohttp.ClientSession() as session:
        means = Means(session, lambda _: True)
        one = Desk(file(provider.address, "v1"), means, Links([KEY]), lambda: NOW)
        try:
            yield one, provider
        finally:
            await one.close()


async def test_messages_go_by_the_file_in_force_and_those_under_way_by_theirs():
    async with desk() as (one, provider):
        provider.says.append("hang")
        under_way = asyncio.create_task(one.send(notification(recipient="hook"), "hook", False))
        await eventually(lambda: len(provider.heard) == 1)
        assert one.use(file(provider.address, "v2", rate=3))
        await one.send(notification(2, recipient="hook"), "hook", False)

        assert [path for path, _, _ in provider.heard] == ["/v1", "/v2"]
        assert not under_way.done()
        assert one.most_per_s == {"hook": 3, "meta": 10}
        under_way.cancel()


async def test_a_file_that_cannot_be_used_leaves_the_one_before_in_force():
    async with desk() as (one, provider):
        before = one.file
        assert not one.use(file(provider.address, "v2", secret="MISSING"))
        await one.send(notification(recipient="hook"), "hook", False)

        assert one.file is before
        assert one.secrets["meta"].app_secret == "s3cret"
        assert [path for path, _, _ in provider.heard] == ["/v1"]


async def test_the_first_file_has_to_be_usable():
    async with aiohttp.ClientSession() as session:
        with pytest.raises(MisconfiguredError, match=r"channels\.meta\.token"):
            Desk(
                file("http://h", "v1", secret="MISSING"),
                Means(session, lambda _: False),
                Links([KEY]),
                lambda: NOW,
            )


async def test_who_wrote_to_us_is_answered_in_plain_text():
    async with desk() as (one, provider):
        await one.answer("meta", "+522281234567", "Thank you, Ana.")
        with pytest.raises(RefusedError, match="no channel gone"):
            await one.answer("gone", "+522281234567", "Thank you, Ana.")

    ((_, _, body),) = provider.heard
    assert b'"body": "Thank you, Ana."' in body


def test_a_provider_reports_where_its_signature_is_checked():
    known = plant().plant

    assert status_url_of(known)("sms") == f"{PUBLIC}/in/twilio/sms/status"
    assert status_url_of(known.model_copy(update={"alerts": None}))("sms") is None
