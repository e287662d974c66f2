"""Somebody answers what was escalated to them by the page behind the link, once per alert."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest_asyncio
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from plantstream.runtime.http_server import Listening, serving
from plantstream.simulator.stand_ins.answerer import Answerer
from plantstream.simulator.stand_ins.arrivals import Arrivals, Kept
from plantstream.simulator.stand_ins.spoken import alert_in
from sinks.notify.web.links import Links

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
LINKS = Links([b"0" * 32])
KEPT = Kept("txt", b"")
FAST = 1000.0


def token(fingerprint, recipient="plant-manager"):
    return LINKS.sign(fingerprint, NOW, recipient, NOW + timedelta(days=1))


class Pages:
    """Pages with a button, and what was asked of them."""

    def __init__(self):
        self.url = ""
        self.asked: list = []
        self.page = '<input type="hidden" name="nonce" value="n-1">'
        self.failing = 0

    async def answer(self, request):
        form = (await request.body()).decode()
        self.asked.append((request.method, request.path_params["token"], form))
        if self.failing:
            self.failing -= 1
            return Response(status_code=503)
        return HTMLResponse(self.page)


@pytest_asyncio.fixture
async def pages():
    made = Pages()
    routes = [Route("/a/{token}", made.answer, methods=["GET", "POST"])]
    async with serving(Starlette(routes=routes), Listening("127.0.0.1", 0)) as served:
        made.url = served.url
        yield made


@pytest_asyncio.fixture
async def arrivals(tmp_path):
    return Arrivals(tmp_path, lambda: NOW)


@pytest_asyncio.fixture
async def answerer(arrivals):
    made = Answerer(arrivals, FAST, lambda: NOW)
    yield made
    await made.close()


async def until(condition):
    async with asyncio.timeout(10):
        while True:
            if condition():
                return
            await asyncio.sleep(0.01)


async def test_an_escalated_message_is_looked_at_and_then_acknowledged(pages, arrivals, answerer):
    link = f"{pages.url}/a/{token('one')}"
    arrivals.add("sms", "+52", f"CRITICA: Escalada: demasiado caliente {link} fin", KEPT)
    await until(lambda: answerer.answers)
    (get, post) = pages.asked
    assert get == ("GET", token("one"), "")
    assert post == ("POST", token("one"), "act=acknowledge&nonce=n-1")
    (answer,) = answerer.answers
    assert (answer.at, answer.to, answer.alert) == (NOW, "+52", alert_in(link))
    assert (arrivals.directory / "page-1.html").exists()


async def test_each_alert_is_answered_once_however_many_messages_tell_of_it(
    pages, arrivals, answerer
):
    for _ in range(3):
        for name in ("one", "two"):
            text = f"Escalated: hot {pages.url}/a/{token(name)}"
            arrivals.add("sms", "+52", text, KEPT)
    await until(lambda: len(answerer.answers) == 2)
    assert len(pages.asked) == 4


async def test_other_messages_and_those_of_nobody_are_left_alone(pages, arrivals, answerer):
    link = f"{pages.url}/a/{token('one')}"
    arrivals.add("sms", "+52", f"CRITICAL: hot {link}", KEPT)
    arrivals.add("sms", "+52", "Escalated: hot, without a link", KEPT)
    arrivals.add("hook", "", f'"why": "escalated" {link}', KEPT)
    arrivals.add("sms", "+52", f"Escalated: hot {pages.url}/a/{token('two')}", KEPT)
    await until(lambda: answerer.answers)
    assert {one[1] for one in pages.asked} == {token("two")}


async def test_a_page_that_does_not_answer_is_opened_again(pages, arrivals, answerer):
    pages.failing = 2
    arrivals.add("sms", "+52", f"Escalated: {pages.url}/a/{token('one')}", KEPT)
    await until(lambda: answerer.answers)
    assert [one[0] for one in pages.asked] == ["GET", "GET", "GET", "POST"]


async def test_a_page_without_a_button_is_told(pages, arrivals, answerer):
    pages.page = "<p>over</p>"
    arrivals.add("sms", "+52", f"Escalated: {pages.url}/a/{token('one')}", KEPT)
    await until(lambda: answerer.failed)
    assert "shows no button" in answerer.failed[0]
    assert not answerer.answers
