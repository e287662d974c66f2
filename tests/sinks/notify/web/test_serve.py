"""The interface as the service runs it: metrics without anybody's token, secrets where they are."""

import asyncio
import socket
from pathlib import Path
from typing import NoReturn

import httpx2
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest

from plantstream.runtime.errors import MisconfiguredError, cause_of
from plantstream.runtime.http_metrics import HttpMetrics
from plantstream.runtime.http_server import Listening, _listener
from schemas.plant.secrets import Secret
from schemas.topics import ALERT_LATEST, Topic
from sinks.notify.web.board import Board
from sinks.notify.web.links import Links
from sinks.notify.web.office import ChannelSecrets
from sinks.notify.web.serve import channel_secrets, link_to, serving_web
from tests.ingest.kit import MemoryBroker
from tests.parts import eventually
from tests.sinks.notify.web.kit import (
    KEY,
    NOW,
    PUBLIC,
    House,
    MemoryLog,
    alert,
    house,
    plant,
    status,
)


async def test_the_interface_answers_once_all_is_known_and_no_metric_holds_a_token(tmp_path: Path):
    registry = CollectorRegistry()
    log = MemoryLog(MemoryBroker(), (ALERT_LATEST, status()))
    async with house(tmp_path) as home:
        home.office.board, link = Board(), home.link()
        at = Listening("127.0.0.1", 0)
        async with (
            serving_web(home.office, log, at, HttpMetrics(registry)) as server,
            httpx2.AsyncClient(base_url=server.url) as client,
        ):
            await eventually(lambda: home.office.board.is_complete)
            assert (await client.get(link)).status_code == 200

    told = generate_latest(registry).decode()
    assert 'route="/a/{token}",service="notify"' in told
    assert link.removeprefix("/a/") not in told


class Refused(MemoryLog):
    """A broker that lacks a topic."""

    def news(self, topic: Topic) -> NoReturn:
        raise MisconfiguredError(f"the broker has no topic {topic.name}")


async def test_where_alerts_are_no_longer_followed_the_interface_ends_and_gives_up_what_waits(
    tmp_path: Path,
):
    log, at, closed = Refused(MemoryBroker()), Listening("127.0.0.1", 0), 0
    async with house(tmp_path) as home:
        close = home.office.publisher.close

        async def closing() -> None:
            nonlocal closed
            closed += 1
            await close()

        home.office.publisher.close = closing  # type: ignore[method-assign]
        http = HttpMetrics(CollectorRegistry())
        async with serving_web(home.office, log, at, http) as web:
            ended = asyncio.create_task(web.ended())
            await asyncio.wait({ended}, timeout=5)
            assert ended.done()

        error = ended.exception()
        assert isinstance(error, ExceptionGroup)
        assert isinstance(cause_of(error), MisconfiguredError)
        assert closed == 1


async def test_a_link_as_messages_carry_it_opens_the_page(home: House):
    link = link_to(home.office.links, plant().plant, home.clock)(alert(), "ana")

    assert link is not None
    assert link.startswith(f"{PUBLIC}/a/")
    assert (await home.client.get(link.removeprefix(PUBLIC))).status_code == 200


def test_without_an_address_outside_messages_carry_no_link():
    file = plant().plant
    inside = file.model_copy(update={"alerts": None})

    assert link_to(Links([KEY]), inside, lambda: NOW)(alert(), "ana") is None


def test_secrets_are_read_for_channels_that_are_reached_from_outside():
    def read(secret: Secret, where: str) -> str:
        return f"{where} from {secret.env}"

    found = channel_secrets(plant().plant.channels, read)

    assert found["sms"].token == "channels.sms.token from T"
    assert found["whatsapp"] == ChannelSecrets()
    assert set(found) == {"sms", "chat", "whatsapp", "duty"}


def test_head_and_body_of_an_answer_do_not_wait_for_each_other():
    with _listener(Listening("127.0.0.1", 0)) as listener:
        assert listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
