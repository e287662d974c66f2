"""What a process can compute."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from plantstream.commands.process import EngineName
from plantstream.commands.stack import ENGINES as STARTED
from plantstream.runtime.acl import ENGINES as GRANTED
from plantstream.runtime.at_once import CutOffError
from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.ports import Assigned, Outgoing, Record
from plantstream.runtime.service import Service
from processors.service import WIRINGS, Running, until_stopped
from schemas.topics import MACHINE
from tests.processors.streams.doubles import EVENTS, HOME, Bench, MemoryFeed, MemoryJournal, records

ENDS_WITHIN_S = 1.0


def test_the_command_names_every_engine():
    assert {str(name) for name in EngineName} == set(WIRINGS)


def test_up_runs_every_engine_once_and_each_has_rights_in_kafka():
    run = [name for engines in STARTED.values() for name in engines]

    assert sorted(run) == sorted(WIRINGS) == sorted(GRANTED)


def test_engines_are_named_as_they_name_themselves():
    assert {name: wiring.make().name for name, wiring in WIRINGS.items()} == {
        name: name for name in WIRINGS
    }
    assert all(before in WIRINGS for wiring in WIRINGS.values() for before in wiring.upstream)


class Failing:
    """A shell whose broker has gone."""

    stopping = False

    async def run(self) -> None:
        raise UnavailableError("the broker is away")


async def test_an_engine_that_fails_has_all_others_stop_as_if_told_to():
    service = Service("process")

    with pytest.raises(UnavailableError, match="the broker is away"):
        await until_stopped(service, [Failing()], [])

    assert service.stopping.is_set()
    assert service.gave_up == "the broker is away"


class CutOff(Failing):
    """A shell that a library cancels."""

    async def run(self) -> None:
        raise asyncio.CancelledError


async def test_an_engine_that_is_cut_off_ends_its_process():
    service = Service("process")

    with pytest.raises(CutOffError, match="nobody had asked"):
        async with asyncio.timeout(ENDS_WITHIN_S):
            await until_stopped(service, [CutOff()], [asyncio.sleep(60)])

    assert service.stopping.is_set()


class PatientFeed(MemoryFeed):
    """Gives others a turn with each poll."""

    async def poll(self, limit: int) -> Sequence[Record] | Assigned:
        await asyncio.sleep(0)
        return await super().poll(limit)


class SilentJournal(MemoryJournal):
    """Answers a commit only when it is cancelled, and then that nobody answers."""

    def __init__(self) -> None:
        super().__init__()
        self.began = asyncio.Event()

    async def commit(
        self, partition: int, rows: Mapping[bytes, bytes | None], outputs: Sequence[Outgoing]
    ) -> None:
        del partition, rows, outputs
        self.began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as error:
            raise UnavailableError("nobody answers") from error


class FailingAmidst(Failing):
    """Fails amid the commit of another."""

    def __init__(self, when: asyncio.Event) -> None:
        self._when = when

    async def run(self) -> None:
        await self._when.wait()
        await super().run()


@pytest.mark.parametrize("partitions", [1, 2])
async def test_an_engine_that_fails_ends_another_whose_commit_is_not_answered(partitions: int):
    journal = SilentJournal()
    bench = Bench(journal, feed=PatientFeed())
    places = [
        replace(EVENTS, partition=(HOME + one) % MACHINE.partitions) for one in range(partitions)
    ]
    bench.feed.assign(*places)
    some = records(bench.machine.alive(0))
    bench.feed.pieces.append(
        [replace(one, partition=at.partition) for at in places for one in some]
    )
    shells: list[Running] = [bench.shell, FailingAmidst(journal.began)]
    working = asyncio.create_task(until_stopped(Service("process"), shells, []))

    ended, _ = await asyncio.wait({working}, timeout=ENDS_WITHIN_S)

    bench.shell.stopping = True
    assert ended
    with pytest.raises(UnavailableError, match="the broker is away"):
        await working
