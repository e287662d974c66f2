"""A small plant whose alerts people answer: the real interface on loopback, Kafka in memory."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
from prometheus_client import CollectorRegistry

from plantstream.runtime.http_server import Listening, serving
from plantstream.runtime.ports import Outgoing, Record
from plantstream.runtime.tokens import TokenFile
from schemas.alerts import AlertStatus, AlertTransition, DeliveryAttempt, Told, Words
from schemas.codec import encode
from schemas.plant.load import PlantFile, load_plant
from schemas.topics import Topic
from sinks.notify.web.app import create_app
from sinks.notify.web.board import Board
from sinks.notify.web.links import Links
from sinks.notify.web.meters import WebMeters
from sinks.notify.web.office import SENDERS, SENDERS_FILE, ChannelSecrets, Limits, Office
from sinks.notify.web.publishing import Publisher
from tests.ingest.kit import PLANT, MemoryBroker

SITE = "acme/town"
NOW = datetime(2026, 11, 21, 14, 5, 12, tzinfo=UTC)
SINCE = NOW - timedelta(minutes=12, seconds=34)
KEY = b"0123456789abcdef0123456789abcdef"
PUBLIC = "https://plant.example"
ACCOUNT = "AC" + "0" * 32
ANA, LUIS = "+522281234567", "+522287654321"
SECRETS = {
    "sms": ChannelSecrets(token="twilio-token"),
    "chat": ChannelSecrets(token="twilio-token"),
    "whatsapp": ChannelSecrets(app_secret="meta-secret", verify_token="meta-verify"),
    "duty": ChannelSecrets(webhook_secret="duty-secret"),
}
PEOPLE = f"""
people:
  - {{id: ana, name: Ana Pérez, language: es, time_zone: America/Mexico_City, phone: "{ANA}"}}
  - {{id: luis, name: Luis Gómez, language: en, phone: "{LUIS}"}}
channels:
  sms: {{type: twilio_sms, account: {ACCOUNT}, token: {{env: T}}, sender: "+15005550006"}}
  chat:
    type: twilio_whatsapp
    account: {ACCOUNT}
    token: {{env: T}}
    sender: "+15005550006"
    templates: {{en: HX{"1" * 32}, es: HX{"2" * 32}}}
  whatsapp:
    type: whatsapp
    phone_number_id: "42"
    token: {{env: T}}
    templates: {{en: {{name: alert, language: en}}}}
  duty: {{type: pagerduty, routing_key: {{env: T}}}}
chains:
  day: {{steps: [{{people: [ana]}}, {{people: [luis]}}]}}
alerts:
  route: {{receiver: all}}
  receivers: {{all: {{chain: day}}}}
  matrix: {{info: [sms], warning: [sms], critical: [sms]}}
  external_url: {PUBLIC}
"""
_WORDS = {
    "en": Words(summary="Reactor A is too hot", description="Close the steam valve, then look."),
    "es": Words(
        summary="El reactor A está demasiado caliente",
        description="Cierre la válvula de vapor y revise.",
    ),
}


def plant() -> PlantFile:
    return load_plant(PLANT + PEOPLE, "plant.yaml")


def alert(fingerprint: str = "hot", **more: Any) -> AlertTransition:
    said: dict[str, Any] = {
        "plant_version": "v1",
        "site": SITE,
        "fingerprint": fingerprint,
        "starts_at": SINCE,
        "at": SINCE,
        "state": "firing",
        "severity": "critical",
        "labels": {
            "alertname": "ReactorCriticalTemperature",
            "equipment": "reactor",
            "area": "hall",
            "line": "line-1",
            "tag": "temperature",
        },
        "value": 96.4,
        "limit": 95.0,
        "unit": "°C",
        "words": _WORDS,
        "runbook_url": "https://plant.example/runbooks/hot",
        "generator": "rule",
    }
    return AlertTransition(**said | more)


def status(of: AlertTransition | None = None, **more: Any) -> AlertStatus:
    """Ana was told of it, and Luis is next."""
    known = of or alert()
    said: dict[str, Any] = {
        "plant_version": "v1",
        "site": SITE,
        "fingerprint": known.fingerprint,
        "starts_at": known.starts_at,
        "at": known.at,
        "alert": known,
        "fired_at": known.starts_at,
        "receivers": ("all",),
        "escalates_at": NOW + timedelta(minutes=3, seconds=12),
        "escalates_to": ("luis",),
        "told": (Told(at=known.starts_at, name="ana", channel="sms"),),
    }
    return AlertStatus(**said | more)


def attempt(**more: Any) -> DeliveryAttempt:
    said: dict[str, Any] = {
        "site": SITE,
        "notification": "n1",
        "group": "g1",
        "channel": "sms",
        "recipient": "ana",
        "attempt": 1,
        "outcome": "accepted",
        "provider_id": "SM1",
        "at": NOW,
        "alerts": (alert().alert_id(),),
    }
    return DeliveryAttempt(**said | more)


class MemoryLog:
    """Topics that are read as they stand in a broker's memory, and nothing new comes."""

    def __init__(self, broker: MemoryBroker, *more: tuple[Topic, Any]) -> None:
        self.broker = broker
        self.more = more

    async def past(self, topic: Topic) -> AsyncIterator[Record]:
        stands = [one.value for one in self.broker.log if one.topic == topic.name]
        stands += [encode(said) for of, said in self.more if of is topic]
        for offset, value in enumerate(stands):
            yield Record(topic.name, 0, offset, b"key", value)

    @asynccontextmanager
    async def news(self, topic: Topic) -> AsyncIterator[AsyncIterator[Record]]:
        yield _nothing(topic)


async def _nothing(_: Topic) -> AsyncIterator[Record]:
    return
    yield


@dataclass
class Clock:
    """The wall clock of the interface."""

    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at


@dataclass
class House:
    """The interface of one site, and what stands around it."""

    office: Office
    client: httpx2.AsyncClient
    broker: MemoryBroker
    registry: CollectorRegistry
    clock: Clock
    answers: list[tuple[str, str, str]] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)

    @property
    def board(self) -> Board:
        return self.office.board

    def records(self, topic: Topic) -> list[Any]:
        return self.broker.records(topic.name)

    def link(self, recipient: str = "ana", of: AlertTransition | None = None) -> str:
        known = of or alert()
        expires_at = self.clock.at + timedelta(hours=24)
        token = self.office.links.sign(known.fingerprint, known.starts_at, recipient, expires_at)
        return f"/a/{token}"

    def refused(self, way: str, reason: str) -> float:
        labels = {"way": way, "reason": reason}
        return self.registry.get_sample_value("plantstream_notify_refused_total", labels) or 0.0


def sender_token(folder: Path, name: str) -> str:
    return TokenFile(folder / SENDERS_FILE, SENDERS).add(name, NOW)


@asynccontextmanager
async def house(
    folder: Path,
    *standing: Any,
    broker: MemoryBroker | None = None,
    limits: Limits | None = None,
    at: Listening | None = None,
    verify: Any = True,
) -> AsyncIterator[House]:
    """The interface, answering; `standing` is what the topics told it before."""
    kept, registry, clock = broker or MemoryBroker(), CollectorRegistry(), Clock()
    publisher = Publisher(kept, f"{SITE}/notify")
    file = plant()
    office = Office(
        plant=lambda: file,
        board=Board(),
        links=Links([KEY]),
        publisher=publisher,
        senders=TokenFile(folder / SENDERS_FILE, SENDERS),
        secrets=SECRETS,
        meters=WebMeters(registry),
        limits=limits or Limits(pages_per_s=10_000),
        now=clock,
    )
    for one in standing:
        office.board.note(one)
    office.board.is_complete = True
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(
            serving(create_app(office), at or Listening("127.0.0.1", 0))
        )
        client = await stack.enter_async_context(
            httpx2.AsyncClient(base_url=server.url, verify=verify, timeout=30)
        )
        made = House(office, client, kept, registry, clock)

        async def answer_to(channel: str, number: str, text: str) -> None:
            made.answers.append((channel, number, text))

        office.answer_to = answer_to
        office.heard = lambda number, _: made.heard.append(number)
        yield made
    await publisher.close()


def sent(records: Sequence[Outgoing], topic: Topic) -> list[Outgoing]:
    return [one for one in records if one.topic == topic.name]


@asynccontextmanager
async def running(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Do this while the block runs."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
