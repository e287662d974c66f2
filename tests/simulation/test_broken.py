"""The simulation finds what it is there for: code that breaks a guarantee on purpose is caught."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest

from ingest.ports import Batch as SpoolBatch, Spooled
from ingest.publisher import Publisher
from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.ports import Record, TopicPartition
from processors.streams.memory import Memory
from processors.streams.missing import Missing
from processors.streams.shell import Shell
from schemas.alerts import DeliveryAttempt
from sinks.batch import Batch
from sinks.marks import Fresh
from sinks.notify.loop import NotifyLoop
from sinks.notify.progress import Progress
from sinks.notify.standing import Standing
from sinks.sink import Written
from tests.simulation.adapters import SimulatedJournal
from tests.simulation.broker import MemoryBroker
from tests.simulation.databases import Database, SimulatedSink
from tests.simulation.lived import live_facts, live_pages
from tests.simulation.seeds import Live
from tests.simulation.spools import SimulatedSpool

WITHIN = 60
"""Seeds until it must have been caught."""

Breaking = Callable[[pytest.MonkeyPatch], None]


def forgetful_shell(patch: pytest.MonkeyPatch) -> None:
    recalled = Memory.from_rows

    def from_rows(rows: Mapping[bytes, bytes]) -> Memory:
        memory = recalled(rows)
        memory.marks.clear()
        return memory

    patch.setattr(Memory, "from_rows", from_rows)


def rows_before_outputs(patch: pytest.MonkeyPatch) -> None:
    commit = SimulatedJournal.commit

    async def in_two_steps(
        journal: SimulatedJournal, partition: int, rows: Any, outputs: Sequence[Any]
    ) -> None:
        await commit(journal, partition, rows, [])
        await commit(journal, partition, {}, outputs)

    patch.setattr(SimulatedJournal, "commit", in_two_steps)


def broker_without_fence(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MemoryBroker, "fences", False)


def database_without_fence(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Database, "fences", False)


def position_before_rows(patch: pytest.MonkeyPatch) -> None:
    write = SimulatedSink.write

    async def in_two_steps(sink: SimulatedSink, batch: Batch) -> Written:
        await write(sink, Batch(batch.spans))
        return await write(sink, replace(batch, spans=()))

    patch.setattr(SimulatedSink, "write", in_two_steps)


def forgetful_sink(patch: pytest.MonkeyPatch) -> None:
    def everything(events: Sequence[Any], marks: Mapping[Any, int]) -> Fresh:
        del marks
        return Fresh(list(events))

    patch.setattr("tests.simulation.databases.without_repeats", everything)


def shell_that_believes_what_it_is_given(patch: pytest.MonkeyPatch) -> None:
    def unread(memory: Memory, records: Sequence[Record]) -> tuple[list[Record], dict[str, int]]:
        expected = memory.positions
        return [one for one in records if one.offset >= expected.get(one.topic, 0)], {}

    patch.setattr("processors.streams.batch.unread", unread)


def offsets_before_rows(patch: pytest.MonkeyPatch) -> None:
    handle = Shell._handle

    async def commit_first(shell: Shell, partition: int, records: Sequence[Record]) -> None:
        await shell._feed.commit({one.source: one.end for one in records})
        await handle(shell, partition, records)

    shell_that_believes_what_it_is_given(patch)
    patch.setattr(Shell, "_handle", commit_first)


def shell_that_asks_for_nothing_again(patch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: Any) -> Mapping[str, int]:
        return {}

    patch.setattr(Missing, "ask", nothing)


def spool_without_transactions(patch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def one_by_one(database: Any) -> Iterator[None]:
        del database
        yield

    patch.setattr("ingest.spool_file.transaction", one_by_one)


def edge_that_forgets_before_it_sends(patch: pytest.MonkeyPatch) -> None:
    publish = Publisher.publish

    async def in_two_steps(publisher: Publisher, batch: Sequence[Spooled]) -> None:
        await publisher._persistently("spool", lambda: publisher._spool.remove(batch))
        await publish(publisher, batch)

    patch.setattr(Publisher, "publish", in_two_steps)


def edge_that_drops_what_the_disk_refuses(patch: pytest.MonkeyPatch) -> None:
    append = SimulatedSpool.append

    async def once(spool: SimulatedSpool, batch: SpoolBatch) -> None:
        with suppress(UnavailableError):
            await append(spool, batch)

    patch.setattr(SimulatedSpool, "append", once)


def notifier_that_never_asks_the_group(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Standing, "is_doubtful", False)


def notifier_without_intents(patch: pytest.MonkeyPatch) -> None:
    record = NotifyLoop._record

    async def outcomes(loop: NotifyLoop, attempt: DeliveryAttempt, *more: Any) -> None:
        if attempt.outcome != "intent":
            await record(loop, attempt, *more)

    patch.setattr(NotifyLoop, "_record", outcomes)


def notifier_that_is_done_when_it_has_read(patch: pytest.MonkeyPatch) -> None:
    read = Progress.read

    def done(progress: Progress, source: TopicPartition, offset: int) -> None:
        read(progress, source, offset)
        progress.done(source, offset)

    patch.setattr(Progress, "read", done)


def notifier_that_waits_by_the_wall_clock(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(NotifyLoop, "_move", lambda *_: None)


FACTS = [
    pytest.param(forgetful_shell, id="a shell that forgets its marks"),
    pytest.param(rows_before_outputs, id="a shell that commits its rows before its outputs"),
    pytest.param(shell_that_believes_what_it_is_given, id="a shell that sees no holes"),
    pytest.param(offsets_before_rows, id="a shell that commits offsets before its rows"),
    pytest.param(shell_that_asks_for_nothing_again, id="a shell that never goes back"),
    pytest.param(broker_without_fence, id="a journal that anybody may write"),
    pytest.param(database_without_fence, id="a sink that does not look at the position"),
    pytest.param(position_before_rows, id="a sink that stores its position before its rows"),
    pytest.param(forgetful_sink, id="a sink that forgets its marks"),
    pytest.param(spool_without_transactions, id="a spool that stores row by row"),
    pytest.param(edge_that_forgets_before_it_sends, id="an edge that forgets before it sends"),
    pytest.param(edge_that_drops_what_the_disk_refuses, id="an edge that asks a full disk once"),
]
PAGES = [
    pytest.param(notifier_that_never_asks_the_group, id="a notifier that never asks the group"),
    pytest.param(notifier_without_intents, id="a notifier that records no intent"),
    pytest.param(notifier_that_is_done_when_it_has_read, id="a notifier that is done too early"),
    pytest.param(notifier_that_waits_by_the_wall_clock, id="a notifier that trusts its clock"),
]


@pytest.mark.parametrize("breaking", FACTS)
def test_broken_facts_are_caught(breaking: Breaking, monkeypatch: pytest.MonkeyPatch) -> None:
    breaking(monkeypatch)
    assert caught_by(live_facts) is not None


@pytest.mark.parametrize("breaking", PAGES)
def test_broken_pages_are_caught(breaking: Breaking, monkeypatch: pytest.MonkeyPatch) -> None:
    breaking(monkeypatch)
    assert caught_by(live_pages) is not None


def caught_by(live: Live) -> int | None:
    """The first seed that shows it."""
    return next((seed for seed in range(WITHIN) if live(seed, None)[0]), None)
