"""Channels as the registry builds them, and the peers that they speak to."""

import aiohttp
import pytest
import pytest_asyncio
from pydantic import TypeAdapter

from schemas.plant.alerts.channels import Channel
from sinks.notify.registry import KINDS, Means, build_channels
from sinks.notify.words.compose import Wording
from tests.sinks.notify.channels.mailbox import SECRET
from tests.sinks.notify.channels.prism import mock
from tests.sinks.notify.channels.stub import stub
from tests.sinks.notify.notifications import PLACE, READERS, link, told


@pytest.fixture(autouse=True)
def secret(monkeypatch):
    monkeypatch.setenv("SECRET", SECRET)


@pytest_asyncio.fixture
async def session():
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest_asyncio.fixture
async def channel(session):
    """Builds a channel of these settings."""
    built = []

    def build(is_open=False, status_url=None, **settings):
        read = TypeAdapter(Channel).validate_python(settings)
        means = Means(session, lambda _: is_open, lambda name: status_url and status_url + name)
        built.append(build_channels({"one": read}, means)["one"])
        return built[-1]

    yield build
    for one in built:
        await one.close()


@pytest_asyncio.fixture
async def provider():
    async with stub() as made:
        yield made


def message(type_, why="firing", language="es", **more):
    """A message for a channel of this type."""
    wording = Wording(PLACE, link)
    return wording.message(KINDS[type_], told(why), READERS[language], **more)


@pytest.fixture(scope="session")
def twilio(tmp_path_factory):
    with mock("twilio_v2010.json", tmp_path_factory.mktemp("twilio")) as address:
        yield address


@pytest.fixture(scope="session")
def meta(tmp_path_factory):
    with mock("wa_v23.yaml", tmp_path_factory.mktemp("meta")) as address:
        yield address


@pytest.fixture(scope="session")
def pager(tmp_path_factory):
    with mock("pd_events_v2.json", tmp_path_factory.mktemp("pager"), "/v2") as address:
        yield address
