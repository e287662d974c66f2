"""The notifier as a service: the one place that wires it."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from plantstream.runtime import clock
from plantstream.runtime.errors import MisconfiguredError, UnavailableError, cause_of
from plantstream.runtime.http_server import Listening
from plantstream.runtime.kafka.admin import describe_cluster
from plantstream.runtime.kafka.broker import KafkaBroker
from plantstream.runtime.kafka.inbox import KafkaInbox
from plantstream.runtime.kafka.plant_files import plant_files
from plantstream.runtime.kafka.watch import watched
from plantstream.runtime.kafka.whole import read_partitions
from plantstream.runtime.logs import get_logger
from plantstream.runtime.ports import Broker, Record
from plantstream.runtime.service import Service
from plantstream.runtime.settings import KafkaSettings
from plantstream.runtime.together import TogetherBroker
from plantstream.runtime.tokens import TokenFile
from schemas.plant.load import PlantFile
from schemas.topics import ALERT_LATEST, DELIVERY, NOTIFICATION, OPERATOR
from sinks.notify.bounces import Listened
from sinks.notify.desk import Desk
from sinks.notify.limits import NotifyLimits
from sinks.notify.loop import NotifyLoop
from sinks.notify.meters import NotifyMeters
from sinks.notify.ports import NotifyPorts, NotifyTime
from sinks.notify.registry import Means
from sinks.notify.web.board import Board
from sinks.notify.web.follow import KafkaLog
from sinks.notify.web.keys import key_file
from sinks.notify.web.links import Links
from sinks.notify.web.meters import WebMeters
from sinks.notify.web.office import SENDERS, SENDERS_FILE, Office
from sinks.notify.web.publishing import Publisher
from sinks.notify.web.serve import Web, serving_web
from sinks.notify.windows import Windows

GROUP = "plantstream-notify"
"""Each site has a group whose name begins so: of two sites, none reads what is the other's."""
READ_AGAIN = 1_000
"""Notifications per partition that are looked at again after a start: one that a provider had
accepted may have been lost there since, and has a fallback."""
FINISH_WITHIN_S = 4.0
"""What is under way after that is cut off, and sent again at the next start."""
_NEEDED = (NOTIFICATION, DELIVERY, ALERT_LATEST, OPERATOR)
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class NotifyOptions:
    """What a notifier is told at its start."""

    plant: PlantFile | str
    """A plant file to use as it is, or the site (enterprise/site) whose applied file it follows."""
    data_dir: Path
    web: Listening
    slot: str = "0"

    @property
    def site(self) -> str:
        """Enterprise and site."""
        return self.plant if isinstance(self.plant, str) else self.plant.plant.site_path()

    @property
    def copy_file(self) -> Path:
        """Where the last plant file that was followed is kept."""
        return self.data_dir / "notify" / f"{self.site.replace('/', '-')}.plant.jsonl"


def group_of(site: str) -> str:
    """The consumer group of a site's notifiers."""
    return f"{GROUP}-{site.replace('/', '-')}"


async def run_notify(service: Service, options: NotifyOptions, settings: KafkaSettings) -> None:
    """Deliver until the service is told to stop; what is under way then is finished.

    Raises:
        MisconfiguredError: a person has to do something first; the text says what.
        UnavailableError: Kafka does not answer at the start.
    """
    async with aclosing(plant_files(options.plant, options.copy_file, settings)) as files:
        first = asyncio.ensure_future(anext(files))
        if not await _first(service, first):
            return
        await _must_have_topics(settings)
        async with _running(service, options, settings, first.result()) as parts:
            service.is_ready()
            await _work(service, parts, files)


@dataclass(frozen=True, slots=True)
class _Parts:
    desk: Desk
    office: Office
    loop: NotifyLoop
    web: Web


@asynccontextmanager
async def _running(
    service: Service, options: NotifyOptions, settings: KafkaSettings, file: PlantFile
) -> AsyncIterator[_Parts]:
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        broker = TogetherBroker(await stack.enter_async_context(KafkaBroker(settings)))
        stack.push_async_callback(broker.close)
        windows = Windows(options.data_dir, clock.now)
        links = Links(key_file(options.data_dir))
        desk = Desk(file, Means(session, windows.is_open), links, clock.now)
        stack.push_async_callback(desk.close)
        inbox = await stack.enter_async_context(
            KafkaInbox(
                settings, group_of(options.site), [NOTIFICATION.name], options.slot, READ_AGAIN
            )
        )
        ports = NotifyPorts(inbox, _Past(settings), broker, desk.send, inbox.reach, service.tracing)
        watching = watched(service, settings, {group_of(options.site): inbox.reach})
        await stack.enter_async_context(watching)
        limits = NotifyLimits(desk.most_per_s, options.site)
        time = NotifyTime(clock.now, asyncio.sleep, clock.monotonic)
        loop = NotifyLoop(ports, time, NotifyMeters(service.registry), limits)
        office = _office(service, options, desk, broker, links)
        office.heard = windows.heard
        log = Listened(KafkaLog(settings), loop.bounced)
        web = await stack.enter_async_context(serving_web(office, log, options.web, service.http))
        _log.info("pages and webhooks", url=web.url)
        yield _Parts(desk, office, loop, web)


def _office(
    service: Service, options: NotifyOptions, desk: Desk, broker: Broker, links: Links
) -> Office:
    return Office(
        plant=lambda: desk.file,
        board=Board(options.site),
        links=links,
        publisher=Publisher(broker, f"{options.site}/notify-{options.slot}"),
        senders=TokenFile(options.data_dir / SENDERS_FILE, SENDERS),
        secrets=desk.secrets,
        meters=WebMeters(service.registry),
        answer_to=desk.answer,
    )


async def _work(service: Service, parts: _Parts, files: AsyncIterator[PlantFile]) -> None:
    """Until one of it ends or the service is told to stop; then what is under way is finished."""
    delivering = asyncio.create_task(parts.loop.run(), name="delivering")
    beside: set[asyncio.Task[Any]] = {
        asyncio.create_task(_follow(parts, files), name="plant files"),
        asyncio.create_task(_answer(parts), name="pages"),
        asyncio.create_task(service.stopping.wait(), name="stopping"),
    }
    try:
        await asyncio.wait({delivering, *beside}, return_when=asyncio.FIRST_COMPLETED)
        parts.loop.stop()
        await asyncio.wait({delivering}, timeout=FINISH_WITHIN_S)
        if not delivering.done():
            _log.warning("stopped with messages under way: they are sent again at the next start")
    finally:
        for task in (delivering, *beside):
            task.cancel()
        await asyncio.wait({delivering, *beside})
    for task in (delivering, *beside):
        _must_not_have_failed(task)


def _must_not_have_failed(task: "asyncio.Task[Any]") -> None:
    if task.cancelled():
        return
    error = task.exception()
    if isinstance(error, BaseExceptionGroup):
        raise cause_of(error) from error
    if error is not None:
        raise error


async def _answer(parts: _Parts) -> None:
    await parts.web.ended()
    raise UnavailableError("the pages and webhooks answer no longer")


async def _follow(parts: _Parts, files: AsyncIterator[PlantFile]) -> None:
    """Use each plant file as it comes into force; one that was given stays for ever."""
    async for file in files:
        if parts.desk.use(file):
            parts.office.secrets = parts.desk.secrets
            parts.loop.limit(parts.desk.most_per_s)
    await asyncio.Event().wait()


async def _first(service: Service, work: "asyncio.Future[PlantFile]") -> bool:
    """Whether there is a plant file before the service is told to stop."""
    stopping = asyncio.create_task(service.stopping.wait())
    either: set[asyncio.Future[Any]] = {work, stopping}
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
    if work.done():
        return True
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work
    return False


async def _must_have_topics(settings: KafkaSettings) -> None:
    known = (await describe_cluster(settings)).topics
    missing = [topic.name for topic in _NEEDED if topic.name not in known]
    if missing:
        raise MisconfiguredError(
            f"the broker has no topic {', '.join(missing)}; "
            "create them with: plantstream topics apply"
        )


@dataclass(frozen=True, slots=True)
class _Past:
    """What was recorded of deliveries."""

    settings: KafkaSettings

    def read(self, partitions: Collection[int]) -> AsyncIterator[Record]:
        return read_partitions(self.settings, DELIVERY.name, partitions)
