"""The plant file in force: another one may come while messages are under way."""

import asyncio
from contextlib import asynccontextmanager

import aiohttp
import pytest

from plantstream.runtime.errors import MisconfiguredError
from schemas.plant.load import load_plant
from sinks.notify.desk import Desk, status_url_of
from sinks.notify.message import NotYetKnownError, RefusedError, TemporaryError
from sinks.notify.registry import Means
from sinks.notify.web.links import Links
from tests.ingest.kit import PLANT
from tests.parts import eventually
from tests.sinks.notify.channels.stub import stub
from tests.sinks.notify.notifications import notification
from tests.sinks.notify.web.kit import KEY, NOW, PUBLIC, plant

FILE = """
people:
  - {{id: ana, name: Ana, language: en, phone: "+522281234567"}}
  - {{id: luis, name: Luis, language: en, email: luis@plant.example}}
channels:
  {hook}: {{type: webhook, url: "{url}/{version}", most_per_s: {rate}, timeout: 5s}}
  meta:
    type: whatsapp
    phone_number_id: "42"
    token: {{env: {secret}}}
    app_secret: {{env: {secret}}}
    endpoint: "{url}"
    templates: {{en: {{name: alert, language: en}}}}
chains: {{day: {{steps: [{{people: [ana], endpoints: [{hook}]}}]}}}}
alerts:
  route: {{receiver: all}}
  receivers: {{all: {{chain: day}}}}
  matrix: {{info: [meta], warning: [meta], critical: [meta]}}
"""


def file(url, version, rate=10, secret="T", hook="hook"):
    said = PLANT + FILE.format(url=url, version=version, rate=rate, secret=secret, hook=hook)
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


LACKS = [
    pytest.param("new", "ana", "no channel new", id="channel"),
    pytest.param("meta", "eva", "no person eva", id="person"),
    pytest.param("meta", "luis", "luis has no address", id="number"),
]


@pytest.mark.parametrize(("channel", "recipient", "said"), LACKS)
async def test_what_only_a_plant_file_to_come_knows_is_tried_again(channel, recipient, said):
    told = notification(recipient=recipient, plant_version="later")
    async with desk() as (one, _):
        with pytest.raises(TemporaryError, match=said) as caught:
            await one.send(told, channel, False)

    assert isinstance(caught.value, NotYetKnownError)
    assert not caught.value.unclear


@pytest.mark.parametrize(("channel", "recipient", "said"), LACKS)
async def test_what_a_plant_file_of_now_or_before_does_not_know_is_refused(
    channel, recipient, said
):
    async with desk() as (one, provider):
        before = one.file.version
        assert one.use(file(provider.address, "v2"))
        for version in (before, one.file.version):
            told = notification(recipient=recipient, plant_version=version)
            with pytest.raises(RefusedError, match=said):
                await one.send(told, channel, False)


async def test_a_plant_file_that_comes_back_is_not_one_of_before(monkeypatch):
    async with desk() as (one, provider):
        first = one.file
        assert one.use(file(provider.address, "v2"))
        monkeypatch.delenv("T")
        assert not one.use(first)
        told = notification(recipient="gone", plant_version=first.version)
        with pytest.raises(NotYetKnownError):
            await one.send(told, "gone", False)


async def test_what_a_file_that_cannot_be_used_knows_is_sent_once_it_is_mended():
    async with desk() as (one, provider):
        broken = file(provider.address, "v2", secret="MISSING", hook="new")
        told = notification(recipient="new", plant_version=broken.version)
        assert not one.use(broken)
        with pytest.raises(TemporaryError, match="no channel new"):
            await one.send(told, "new", False)
        assert one.use(file(provider.address, "v3", hook="new"))
        await one.send(told, "new", False)

    assert [path for path, _, _ in provider.heard] == ["/v3"]


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
