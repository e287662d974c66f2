"""`plantstream notify` as a process of its own, a real Kafka, and providers that count."""

import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from plantstream.embedded.checks import HOST
from plantstream.runtime import clock
from plantstream.runtime.kafka.broker import KafkaBroker
from plantstream.runtime.kafka.journal import KafkaJournal
from plantstream.runtime.kafka.whole import read_partitions
from plantstream.runtime.ports import Outgoing
from plantstream.runtime.settings import DatabaseSettings, KafkaSettings
from schemas.alerts import DeliveryAttempt, Notification
from schemas.codec import decode, encode
from schemas.partitioning import partition_of
from schemas.plant.load import PlantFile, load_plant
from schemas.topics import DELIVERY, DISPATCH_STATE, NOTIFICATION, Topic
from sinks.notify.delivery import FINAL
from tests.ingest.kit import PLANT
from tests.integration.line import Line, Running
from tests.parts import free_port
from tests.sinks.notify.channels.mailbox import SECRET, Mailbox, serving
from tests.sinks.notify.channels.stub import Stub, stub
from tests.sinks.notify.notifications import hot, notification

SITE = "acme/town"
ACCOUNT = "AC" + "0" * 32
ANA = "+522281234567"
LIMIT_S = 60
AGAIN = "(de nuevo)"
PEOPLE = """
people:
  - {{id: ana, name: Ana Pérez, language: es, email: ana@plant.example, phone: "{ana}"}}
channels:
  mail:
    type: email
    host: 127.0.0.1
    port: {mail}
    sender: plant@plant.example
    user: plant
    password: {{env: SECRET}}
    ca_file: {folder}/ca.pem
    most_per_s: 500
  sms:
    type: twilio_sms
    account: {account}
    token: {{env: SECRET}}
    sender: "+15005550006"
    endpoint: "{sms}/{path}"
    most_per_s: 500
    fallback: [mail]
chains:
  day: {{steps: [{{people: [ana]}}]}}
alerts:
  route: {{receiver: all}}
  receivers: {{all: {{chain: day}}}}
  matrix: {{info: [mail], warning: [mail], critical: [mail, sms]}}
  external_url: {outside}
"""


@dataclass
class Pager:
    """A notifier's world."""

    kafka: KafkaSettings
    folder: Path
    mail_port: int
    provider: Stub
    mailbox: Mailbox
    environment: dict[str, str] = field(default_factory=dict)
    """How the notifier finds Kafka, if it is another user than who publishes."""
    web_port: int = field(default_factory=free_port)
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    @property
    def outside(self) -> str:
        return f"http://{HOST}:{self.web_port}"

    def plant(self, path: str = "v1") -> PlantFile:
        said = PEOPLE.format(
            ana=ANA,
            mail=self.mail_port,
            folder=self.folder,
            account=ACCOUNT,
            sms=self.provider.address,
            path=path,
            outside=self.outside,
        )
        return load_plant(PLANT + said, "plant.yaml")

    @asynccontextmanager
    async def running(self, *options: str, fault: str = "") -> AsyncIterator[Running]:
        """`plantstream notify`, ready."""
        file, port = self.folder / "plant.yaml", free_port()
        file.write_text(self.plant().text, "utf-8")
        whose = {"PLANTSTREAM_KAFKA_BOOTSTRAP_SERVERS": self.kafka.bootstrap_servers}
        environment = {"SECRET": SECRET, **(self.environment or whose)}
        line = Line(self.folder, self.kafka, DatabaseSettings(), environment)
        known = ("--data-dir", self.folder / "data", "--web-port", str(self.web_port))
        wanted = options or ("--plant", str(file))
        running = await line.start(
            "notify", *known, *wanted, "--port", str(port), port=port, fault=fault
        )
        try:
            await running.ready()
            yield running
        finally:
            await running.stop()

    def told(self, channel: str, **more: Any) -> Notification:
        """A page of a machine of its own."""
        number, now = next(self.numbers), clock.now()
        of = {
            "site": SITE,
            "group": f"g{number}",
            "channel": channel,
            "at": now,
            "expires_at": now + timedelta(minutes=10),
            "alerts": (hot(f"unit-{number:04}", site=SITE, starts_at=now, at=now),),
        }
        return notification(number, **of | more)

    async def publish(self, *told: Notification) -> None:
        """In one transaction, as the dispatcher does."""
        async with KafkaJournal(self.kafka, "dispatch", DISPATCH_STATE.name) as journal:
            await journal.claim([0])
            await journal.commit(0, {}, [_outgoing(one) for one in told])

    async def record(self, topic: Topic, said: BaseModel) -> None:
        """In a topic of the site, which has one partition."""
        async with KafkaBroker(self.kafka) as broker:
            await broker.send([Outgoing(topic.name, 0, b"key", encode(said))])

    async def attempts(self) -> list[DeliveryAttempt]:
        found = read_partitions(self.kafka, DELIVERY.name, range(DELIVERY.partitions))
        return [decode(DELIVERY, one.value) async for one in found]

    async def over(self) -> set[str]:
        """Ids of what has an outcome."""
        return {one.notification for one in await self.attempts() if one.outcome in FINAL}

    def texts(self, path: str = "v1") -> list[str]:
        """The SMS that the provider took under this path."""
        heard = zip(self.provider.heard, self.provider.forms(), strict=True)
        return [form["Body"] for (where, _, _), form in heard if where.startswith(f"/{path}/")]

    def units(self) -> Counter[str]:
        """How often each machine's SMS arrived."""
        return Counter(re.search(r"\[(unit-\d+)\]", text)[1] for text in self.texts())  # type: ignore[index] # every text names one


@asynccontextmanager
async def pager(kafka: KafkaSettings, folder: Path) -> AsyncIterator[Pager]:
    """Mail server and provider, and nothing that sends yet."""
    mailbox, ids = Mailbox(), count(1)
    with serving(mailbox, folder) as port:
        async with stub() as provider:
            provider.default = lambda: (201, json.dumps({"sid": f"SM{next(ids)}"}), {})
            yield Pager(kafka, folder, port, provider, mailbox)


def _outgoing(told: Notification) -> Outgoing:
    partition = partition_of(told.partition_key().encode(), NOTIFICATION.partitions)
    return Outgoing(NOTIFICATION.name, partition, told.record_id().encode(), encode(told))
