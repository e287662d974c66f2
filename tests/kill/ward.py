"""A plant whose reactors get hot, three services, a provider, and who kills them."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any, Literal

from aiohttp import web

from plantstream.commands.scrape import total
from plantstream.embedded.checks import HOST
from plantstream.runtime import clock
from plantstream.runtime.kafka.broker import KafkaBroker
from plantstream.runtime.ports import Outgoing
from schemas.codec import encode
from schemas.model import PlantPublished
from schemas.partitioning import partition_of
from schemas.plant.load import PlantFile, load_plant
from schemas.record import EventId
from schemas.telemetry import Column, TelemetryFrame
from schemas.topics import MODEL, TELEMETRY, Topic
from tests.integration.line import Line, Running
from tests.parts import free_port

Victim = Literal["rules", "dispatch", "notify"]
VICTIMS: tuple[Victim, ...] = ("rules", "dispatch", "notify")
REACTORS = 12
HOT, COLD = 90.0, 20.0
ANSWER_S = 0.05
"""Of the provider: so that messages are under way when the notifier is killed."""
LIVES_S = (0.2, 3.0)
"""So long after it is ready a service is killed."""

_PLANT = """
enterprise: acme
site: {site}
name: Acme
time_zone: UTC
sources:
  plc: {{type: opcua, endpoint: "opc.tcp://127.0.0.1:4840", security: {{policy: None, mode: None}}}}
calendars:
  always: {{shifts: [{{name: day, days: all, start: "00:00", end: "12:00"}}]}}
equipment_classes:
  reactor:
    calendar: always
    tags: [{{name: temperature, node: "ns=2;s={{id}}", unit: °C}}]
equipment:
{equipment}
chains: {{first: {{steps: [{{endpoints: [first], wait: {wait}}}, {{endpoints: [second]}}]}}}}
channels:
  first: {{type: webhook, url: "{provider}/first", most_per_s: 1000}}
  second: {{type: webhook, url: "{provider}/second", most_per_s: 1000}}
alerts:
  matrix: {{info: [], warning: [], critical: []}}
  receivers: {{all: {{chain: first, cooldown: 0}}}}
  route: {{receiver: all, group_by: [alertname, equipment], group_wait: 0, group_interval: 1s}}
  flood: {{more_than: 100000}}
  cooldown: 0
alert_rules:
  - alert: Hot
    when: {{tag: temperature, above: 80}}
    severity: critical
    flapping: 0
    summary: "{{{{ equipment }}}} at {{{{ value }}}} {{{{ unit }}}}"
  - alert: Silent
    when: {{absent: equipment, after: {silent}}}
    severity: warning
    flapping: 0
    summary: "{{{{ equipment }}}} says nothing"
"""


@dataclass(frozen=True, slots=True)
class Message:
    """What the provider was sent."""

    to: str
    id: str
    why: str
    repeated: bool
    alerts: tuple[tuple[str, str, datetime, str], ...]
    """Name, equipment, beginning and state of each."""
    came: datetime = field(default_factory=clock.now)


@dataclass
class Provider:
    """Takes messages by HTTP, and remembers them."""

    address: str = ""
    messages: list[Message] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        said = json.loads(await request.read())
        alerts = tuple(
            (
                one["labels"]["alertname"],
                one["labels"]["equipment"],
                datetime.fromisoformat(one["starts_at"]),
                one["state"],
            )
            for one in said["alerts"]
        )
        is_repeated = request.headers.get("X-Plantstream-Repeated") == "true"
        message = Message(request.path[1:], said["id"], said["why"], is_repeated, alerts)
        self.messages.append(message)
        await asyncio.sleep(ANSWER_S)
        return web.Response()

    def told(self, alert: str, why: str, to: str = "first") -> set[tuple[str, datetime]]:
        """Equipment and beginning of the alerts of which it was told so."""
        return {
            (equipment, since)
            for message in self.messages
            if message.to == to and message.why == why
            for name, equipment, since, _ in message.alerts
            if name == alert
        }

    def first_told(self, alert: str, why: str, to: str) -> dict[tuple[str, datetime], datetime]:
        """When it was first told so of each of these alerts."""
        told: dict[tuple[str, datetime], datetime] = {}
        for message in self.messages:
            if message.to == to and message.why == why:
                for name, equipment, since, _ in message.alerts:
                    if name == alert:
                        told.setdefault((equipment, since), message.came)
        return told

    def told_again(self, alert: str, to: str) -> list[tuple[str, datetime]]:
        """Alerts that more than one message said to be firing: not the same one that came again."""
        told: dict[tuple[str, datetime], set[str]] = {}
        for message in self.messages:
            if message.to == to and message.why == "firing":
                for name, equipment, since, state in message.alerts:
                    if name == alert and state == "firing":
                        told.setdefault((equipment, since), set()).add(message.id)
        return [one for one, ids in told.items() if len(ids) > 1]

    def repeats(self) -> Counter[str]:
        """Messages that came more than once, by id: how often more."""
        times = Counter(f"{one.to} {one.id}" for one in self.messages)
        return Counter({name: number - 1 for name, number in times.items() if number > 1})

    def unmarked(self) -> list[str]:
        """Of those that came again, the ones that did not say so."""
        seen: set[str] = set()
        found = []
        for one in self.messages:
            name = f"{one.to} {one.id}"
            if name in seen and not one.repeated:
                found.append(name)
            seen.add(name)
        return found


@dataclass
class Ward:
    """The plant, its provider, and the three services."""

    line: Line
    plant: PlantFile
    provider: Provider
    kills: list[str]
    running: dict[Victim, Running] = field(default_factory=dict)
    in_flight: int = 0
    """Messages that were under way when the notifier was killed."""
    _numbers: dict[str, Any] = field(default_factory=dict)
    _epoch: str = field(default_factory=lambda: f"{clock.now():%H%M%S%f}")

    @property
    def site(self) -> str:
        return self.plant.plant.site_path()

    async def start(self, name: Victim) -> None:
        """Start a service; it is ready on return."""
        port = free_port()
        ports = ("--port", str(port))
        if name == "notify":
            more = ("--site", self.site, "--web-port", str(free_port()))
            home = ("--data-dir", str(self.line.data_dir / "notify"))
            service = await self.line.start("notify", *ports, *more, *home, port=port)
        else:
            service = await self.line.start("process", *ports, "--engine", name, port=port)
        self.running[name] = service
        await service.ready()

    async def stop_all(self) -> None:
        for name in list(self.running):
            await self.running.pop(name).stop()

    async def kill_again_and_again(self, name: Victim, times: int, seed: int) -> None:
        """SIGKILL at random moments, and start it again each time."""
        chance = random.Random(f"{name} {seed}")
        for _ in range(times):
            await asyncio.sleep(chance.uniform(*LIVES_S))
            victim = self.running[name]
            if name == "notify":
                self.in_flight += await self._killed_amid_messages(victim)
            else:
                await victim.kill()
            await self.start(name)
        self.kills.append(f"pages-{seed}: {name} killed {times} times at random")

    async def _killed_amid_messages(self, notifier: Running) -> int:
        """How many were under way: those it told of, and those that began until it was killed."""
        known = len(self.provider.messages)
        told = int(total(await notifier.metrics(), "plantstream_notify_in_flight"))
        await notifier.kill()
        return told + len(self.provider.messages) - known

    async def publish_plant(self) -> None:
        plant = self.plant
        published = PlantPublished(
            site=self.site,
            plant_version=plant.version,
            file=plant.file,
            text=plant.text,
            published_at=clock.now(),
            number=1,
        )
        await self._send(MODEL, self.site, published)

    async def says(self, reactor: int, value: float, at: datetime | None = None) -> datetime:
        """A temperature; gives when it was so."""
        at = at or clock.now()
        at = at.replace(microsecond=at.microsecond // 1000 * 1000)
        path = f"{self.site}/hall/one/r{reactor}"
        numbers = self._numbers.setdefault(path, count())
        frame = TelemetryFrame(
            id=EventId(source="edge", epoch=self._epoch, seq=next(numbers)),
            plant_version=self.plant.version,
            source_time=at,
            ingest_time=at,
            equipment=path,
            columns=[Column(tag="temperature", offset_ms=[0], numbers=[value])],
        )
        await self._send(TELEMETRY, path, frame)
        return at

    async def _send(self, topic: Topic, key: str, event: Any) -> None:
        partition = partition_of(key.encode(), topic.partitions)
        async with KafkaBroker(self.line.kafka) as broker:
            await broker.send([Outgoing(topic.name, partition, key.encode(), encode(event))])


def hot_plant(site: str, provider: str, wait: str, silent: str) -> PlantFile:
    """The plant file of a ward."""
    equipment = "\n".join(
        f"  - {{id: r{number}, area: hall, line: one, class: reactor, source: plc}}"
        for number in range(REACTORS)
    )
    text = _PLANT.format(
        site=site, provider=provider, wait=wait, silent=silent, equipment=equipment
    )
    return load_plant(text, "plant.yaml")


@asynccontextmanager
async def providing() -> AsyncIterator[Provider]:
    """A provider at a port of its own."""
    provider = Provider()
    app = web.Application()
    app.router.add_post("/{to}", provider.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0).start()
    provider.address = f"http://{HOST}:{runner.addresses[0][1]}"
    try:
        yield provider
    finally:
        await runner.cleanup()


@asynccontextmanager
async def ward(
    line: Line, site: str, kills: list[str], wait: str = "10m", silent: str = "10m"
) -> AsyncIterator[Ward]:
    """All services of a site run inside the block."""
    async with providing() as provider:
        made = Ward(line, hot_plant(site, provider.address, wait, silent), provider, kills)
        await made.publish_plant()
        try:
            async with asyncio.TaskGroup() as tasks:
                for name in VICTIMS:
                    tasks.create_task(made.start(name))
            yield made
        finally:
            await made.stop_all()


async def until(is_so: Callable[[], bool], limit_s: float) -> None:
    """Wait for what others do."""
    async with asyncio.timeout(limit_s):
        while True:
            if is_so():
                return
            await asyncio.sleep(0.1)
