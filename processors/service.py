"""Puts processors together: engines, shells, Faust and journals."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Protocol

from plantstream.runtime.at_once import uncut
from plantstream.runtime.clock import now
from plantstream.runtime.errors import cause_of
from plantstream.runtime.kafka.admin import committed_offsets, end_offsets
from plantstream.runtime.kafka.journal import KafkaJournal
from plantstream.runtime.kafka.survey import unread
from plantstream.runtime.kafka.watch import watched
from plantstream.runtime.kafka.whole import read_partitions
from plantstream.runtime.ports import Journal, Record
from plantstream.runtime.reach import Reach
from plantstream.runtime.service import Service
from plantstream.runtime.settings import KafkaSettings
from plantstream.runtime.signing_key import is_sealed
from processors.anchoring.journal import WatchedJournal
from processors.audit.engine import AuditEngine
from processors.auditor import Auditing
from processors.calendar import PlanCalendar
from processors.dispatch.engine import DispatchEngine
from processors.oee.engine import OeeEngine
from processors.quality.control import out_of_control
from processors.quality.engine import QualityEngine
from processors.rules.equipment import RulesEngine
from processors.rules.site import SiteEngine
from processors.step import Engine
from processors.streams.faust_feed import FaustFeed, group_of
from processors.streams.metrics import ProcessorMetrics
from processors.streams.plants import PublishedPlants
from processors.streams.ports import ShellLimits, ShellPorts
from processors.streams.shell import Shell
from processors.streams.upstream import Ends, KafkaUpstream, NoUpstream, Upstream
from schemas.topics import MODEL

_PROMPT = ShellLimits(tick_s=0.25, grace_s=10.0)
"""What somebody waits for is found out at once. An edge that could not reach the broker writes
again within seconds; until then its silence says nothing."""


@dataclass(frozen=True, slots=True)
class Wiring:
    """How an engine is made and driven."""

    make: Callable[[], Engine[Any]]
    limits: ShellLimits = field(default_factory=ShellLimits)
    upstream: tuple[str, ...] = ()
    """The engines whose outputs it reads."""


WIRINGS: Mapping[str, Wiring] = {
    "oee": Wiring(OeeEngine),
    "rules": Wiring(RulesEngine, _PROMPT),
    "quality": Wiring(
        lambda: QualityEngine(out_of_control, is_sealed),
        ShellLimits(tick_s=0.5),
        ("oee", "rules"),
    ),
    "site": Wiring(SiteEngine, _PROMPT, ("oee", "quality")),
    "dispatch": Wiring(
        lambda: DispatchEngine(PlanCalendar),
        ShellLimits(tick_s=0.25),
        ("rules", "site", "quality"),
    ),
    "audit": Wiring(AuditEngine),
}
"""All engines by name; a process runs one, some, or all of them."""


class Running(Protocol):
    """What `until_stopped` needs of a shell."""

    stopping: bool

    async def run(self) -> None:
        """Work until told to stop."""


async def run_processors(
    service: Service, settings: KafkaSettings, slot: str, names: Sequence[str], auditing: Auditing
) -> None:
    """Run these engines until the service is told to stop; one that fails ends all."""
    metrics = ProcessorMetrics(service.registry)

    def published() -> AsyncIterator[Record]:
        return read_partitions(settings, MODEL.name, range(MODEL.partitions))

    plants = PublishedPlants(published)
    async with AsyncExitStack() as stack:
        shells, beside, reaches = [], [], dict[str, Reach]()
        for name in dict.fromkeys(names):
            wiring = WIRINGS[name]
            engine = wiring.make()
            journal: Journal = await stack.enter_async_context(
                KafkaJournal(settings, engine.name, engine.memory.name)
            )
            if name == AuditEngine.name:
                journal = chained = WatchedJournal(journal)
                keeper = auditing.keeper(chained.heads, service.registry)
                stack.push_async_callback(keeper.last, now)
                beside.append(keeper.run(now, auditing.every, service.stopping))
            feed = FaustFeed(settings, engine.name, engine.inputs, slot)
            ports = ShellPorts(
                feed=await stack.enter_async_context(feed),
                journal=journal,
                plants=plants,
                now=now,
                upstream=_upstream(settings, wiring.upstream),
                reach=reaches.setdefault(group_of(name), feed.reach),
                tracing=service.tracing,
            )
            shells.append(Shell(engine, ports, metrics.of(engine.name), wiring.limits))
        await stack.enter_async_context(watched(service, settings, reaches))
        service.is_ready()
        await until_stopped(service, shells, beside)


async def until_stopped(
    service: Service, shells: Sequence[Running], beside: Sequence[Coroutine[Any, Any, None]]
) -> None:
    """Run these until the service is told to stop; one that fails ends all."""

    async def stop() -> None:
        await service.stopping.wait()
        for shell in shells:
            shell.stopping = True

    stopping = asyncio.create_task(stop())
    try:
        async with asyncio.TaskGroup() as tasks:
            for shell in shells:
                tasks.create_task(uncut(shell.run()))
            for work in beside:
                tasks.create_task(work)
    except BaseExceptionGroup as failures:
        cause = cause_of(failures)
        # What is still to be closed may wait for a broker that is not there.
        service.give_up(str(cause) or type(cause).__name__)
        raise cause from failures
    finally:
        stopping.cancel()


def _upstream(settings: KafkaSettings, names: Sequence[str]) -> Upstream:
    """Those of the engines before one that read other topics than it does itself."""
    if not names:
        return NoUpstream()
    inputs = {name: WIRINGS[name].make().inputs for name in names}
    topics = {topic.name: topic for one in inputs.values() for topic in one}

    async def ends() -> Ends:
        return await end_offsets(settings, topics.values())

    async def left(ends: Ends) -> int:
        return sum([await _unread_by(name, ends) for name in names])

    async def _unread_by(name: str, ends: Ends) -> int:
        read = {topic.name for topic in inputs[name]}
        wanted = {where: end for where, end in ends.items() if where.topic in read}
        return await unread(settings, wanted, await committed_offsets(settings, group_of(name)))

    return KafkaUpstream(ends, left)
