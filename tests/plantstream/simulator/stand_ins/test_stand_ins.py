"""Real channels speak to the stand-ins, which keep what they are given and refuse what is not."""

import asyncio
import os

import aiohttp
import pytest
import pytest_asyncio

from plantstream.runtime import clock
from plantstream.simulator.stand_ins.all import stand_ins
from plantstream.simulator.stand_ins.ports import StandInPorts
from schemas.plant.alerts.channels import address_of
from sinks.notify.message import RefusedError
from sinks.notify.registry import KINDS, Means, build_channels
from sinks.notify.words.compose import Wording
from tests.sinks.notify.notifications import PLACE, READERS, link, told

PAGES = "http://127.0.0.1:28084"


@pytest_asyncio.fixture
async def stood_in(ninu, tmp_path, monkeypatch):
    async with stand_ins(ninu, tmp_path, StandInPorts(0, 0), PAGES, 10.0) as made:
        for name, value in made.ways.environment.items():
            monkeypatch.setenv(name, value)
        yield made


@pytest_asyncio.fixture
async def channels(stood_in):
    async with aiohttp.ClientSession() as session:
        built = build_channels(stood_in.ways.plant.plant.channels, Means(session, lambda _: False))
        yield built
        for one in built.values():
            await one.close()


async def send(stood_in, channels, name):
    plant = stood_in.ways.plant.plant
    kind = plant.channels[name].type
    message = Wording(PLACE, link).message(KINDS[kind], told("firing"), READERS["es"])
    return await channels[name].send(message, address_of(plant.channels[name], plant.people[0]))


@pytest.mark.parametrize(
    ("name", "came_as", "to", "form"),
    [
        pytest.param("email", "email", "production.manager@ninu.example", "eml", id="e-mail"),
        pytest.param("sms", "sms", "+522281000001", "txt", id="SMS by Twilio"),
        pytest.param("sms-aws", "sms-aws", "+522281000001", "txt", id="SMS by SNS"),
        pytest.param("whatsapp", "whatsapp", "+522281000001", "json", id="WhatsApp"),
        pytest.param("hook", "hook", "", "json", id="webhook"),
        pytest.param("slack", "slack", "", "json", id="Slack"),
        pytest.param("pagerduty", "pagerduty", "", "json", id="PagerDuty"),
    ],
)
async def test_each_channel_of_the_example_plant_delivers_to_its_stand_in(
    stood_in, channels, name, came_as, to, form
):
    await send(stood_in, channels, name)
    (came,) = stood_in.arrivals.all
    assert (came.channel, came.to) == (came_as, to)
    assert "El reactor A est" in came.text
    assert came.file.suffix == f".{form}"
    assert "reactor" in came.file.read_text(encoding="utf-8")
    assert not stood_in.arrivals.refused


@pytest.mark.parametrize("name", ["sms", "whatsapp", "hook", "pagerduty"])
async def test_who_does_not_know_the_secret_is_refused(stood_in, monkeypatch, name):
    for variable in stood_in.ways.environment:
        monkeypatch.setenv(variable, os.environ[variable] + "0")
    async with aiohttp.ClientSession() as session:
        known = {name: stood_in.ways.plant.plant.channels[name]}
        built = build_channels(known, Means(session, lambda _: False))
        with pytest.raises(RefusedError):
            await send(stood_in, built, name)
    assert not stood_in.arrivals.all
    assert stood_in.arrivals.refused[0].startswith(f"{name}: HTTP 40")


async def test_what_nobody_can_read_and_unknown_channels_are_refused(stood_in):
    address = stood_in.ways.plant.plant.channels["slack"].url.env
    url = stood_in.ways.environment[address]
    async with aiohttp.ClientSession() as session:
        async with session.post(url, data=b"{") as answer:
            assert answer.status == 400
        async with session.post(url.replace("/slack", "/unknown"), data=b"{}") as answer:
            assert answer.status == 404
    assert not stood_in.arrivals.all


async def test_ids_of_providers_differ_from_message_to_message(stood_in, channels):
    sent = [await send(stood_in, channels, name) for name in ("sms", "sms", "whatsapp")]
    assert len({one.provider_id for one in sent}) == 3


async def test_listeners_hear_of_each_message_when_it_comes(stood_in, channels):
    heard = asyncio.Event()
    stood_in.arrivals.listen(lambda _: heard.set())
    before = clock.now()
    await send(stood_in, channels, "sms")
    async with asyncio.timeout(5):
        await heard.wait()
    assert before <= stood_in.arrivals.all[0].at <= clock.now()
