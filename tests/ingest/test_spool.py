"""The spool on disk: what is promised after a kill, a full disk, a damaged file, a second agent."""

import asyncio
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ingest.ports import Batch, Entry, Loss, Spooled
from ingest.sealing import gaps
from ingest.spool import DiskSpool
from ingest.spool_file import ENTRY_BYTES, Limits, SpoolFile
from plantstream.runtime.errors import MisconfiguredError, UnavailableError
from schemas.machine import Gap
from schemas.topics import LAB, MACHINE, MODEL, OPERATOR, TELEMETRY
from tests.ingest.kit import NOW, REACTOR, ROOT, STATION, at, entry

WRITER = Path(__file__).with_name("spool_writer.py")


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool.db"


def opened(path: Path, limits: Limits | None = None, clock: Clock | None = None) -> DiskSpool:
    return DiskSpool.open(path, "edge-1", clock or Clock(), limits=limits)


def of(key: str, seq: int) -> Entry:
    return replace(entry(seq), partition_key=key, record_key=key)


def seqs(spooled: Sequence[Spooled], key: str) -> list[int | None]:
    return [one.entry.seq for one in spooled if one.entry.partition_key == key]


@pytest.fixture
async def spool(path: Path) -> AsyncIterator[DiskSpool]:
    found = opened(path)
    yield found
    await found.close()


async def test_it_gives_back_what_it_took_in_order(spool: DiskSpool) -> None:
    stored = [entry(seq, value=bytes([seq])) for seq in range(5)]
    await spool.append(Batch(stored[:3]))
    await spool.append(Batch(stored[3:]))

    assert [one.entry for one in await spool.next(10)] == stored
    assert [one.entry.seq for one in await spool.next(2)] == [0, 1]


async def test_removed_is_gone_and_numbers_never_come_back(spool: DiskSpool) -> None:
    await spool.append(Batch([entry(0), entry(1)]))
    first = await spool.next(10)
    await spool.remove(first)
    await spool.append(Batch([entry(2)]))

    (found,) = await spool.next(10)
    assert found.number > first[-1].number
    assert (spool.depth, spool.size_bytes) == (1, ENTRY_BYTES + 2)


async def test_everything_survives_a_restart(path: Path) -> None:
    spool = opened(path)
    epoch = spool.epoch
    for _ in range(3):
        spool.stamp(MACHINE.name, REACTOR)
    spool.stamp(TELEMETRY.name, REACTOR)
    await spool.append(Batch([entry(0)], {"a": b"1", "b": b"2"}, {"line": "7"}))
    await spool.append(Batch(memory={"a": b"3"}))
    await spool.close()

    again = opened(path)
    assert (again.epoch, again.depth, again.positions) == (epoch, 1, {"line": "7"})
    assert again.memory == {"a": b"3", "b": b"2"}
    assert again.stamp(MACHINE.name, REACTOR).seq == 3
    assert again.stamp(TELEMETRY.name, REACTOR).seq == 1
    await again.close()


async def test_a_stamp_that_was_never_stored_was_never_given(path: Path) -> None:
    spool = opened(path)
    spool.stamp(MACHINE.name, REACTOR)
    await spool.close()

    again = opened(path)
    assert again.stamp(MACHINE.name, REACTOR).seq == 0
    await again.close()


class Watched(str):
    """A partition key that holds the spool's thread while it is looked up there."""

    __slots__ = ()
    looked, stamped = threading.Event(), threading.Event()

    def __hash__(self) -> int:
        if threading.current_thread().name.startswith("spool"):
            self.looked.set()
            self.stamped.wait(5)
        return str.__hash__(self)


async def test_an_id_given_while_a_batch_is_written_is_never_given_again(path: Path) -> None:
    spool, key = opened(path), Watched(REACTOR)
    spool.stamp(MACHINE.name, key)
    writing = asyncio.create_task(spool.append(Batch()))
    async with asyncio.timeout(10):
        while not (writing.done() or key.looked.is_set()):  # noqa: ASYNC110 - of another thread
            await asyncio.sleep(0)
    given = spool.stamp(MACHINE.name, key).seq
    key.stamped.set()
    await writing
    await spool.append(Batch())
    await spool.close()

    again = opened(path)

    assert again.stamp(MACHINE.name, REACTOR).seq == given + 1
    await again.close()


async def test_an_append_that_is_cancelled_has_ended_when_it_says_so(path: Path) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def slow() -> datetime:
        begun.set()
        may_end.wait(10)
        return NOW

    spool = DiskSpool.open(path, "edge-1", slow)
    appending = asyncio.create_task(spool.append(Batch([entry(0)], positions={"line": "1"})))
    await asyncio.to_thread(begun.wait, 10)
    appending.cancel()
    asyncio.get_running_loop().call_later(0.1, may_end.set)
    with pytest.raises(asyncio.CancelledError):
        await appending

    assert (spool.depth, spool.positions) == (1, {"line": "1"})
    await spool.close()


async def test_a_large_spool_is_handed_out_in_bites(spool: DiskSpool) -> None:
    await spool.append(Batch([entry(seq, value=b"x" * 3_000_000) for seq in range(3)]))

    assert len(await spool.next(10)) == 1


async def test_keys_take_turns_while_a_long_backlog_of_one_drains(spool: DiskSpool) -> None:
    await spool.append(Batch([of(REACTOR, seq) for seq in range(1000)]))
    await spool.append(Batch([of(STATION, seq) for seq in range(3)]))

    first = await spool.next(100)

    assert seqs(first, REACTOR) == list(range(len(first) - 3))
    assert seqs(first, STATION) == [0, 1, 2]


async def test_whatever_is_handed_out_each_key_keeps_its_order(spool: DiskSpool) -> None:
    chance = random.Random(7)
    keys = [f"acme/town/hall/line-1/machine-{number}" for number in range(30)]
    given: dict[str, int] = dict.fromkeys(keys, 0)
    taken: dict[str, list[int | None]] = {key: [] for key in keys}
    for turn in range(60):
        batch = []
        for _ in range(chance.randrange(40) if turn < 40 else 0):
            key = chance.choice(keys[: chance.randrange(1, 31)])
            batch.append(of(key, given[key]))
            given[key] += 1
        await spool.append(Batch(batch))
        sent = await spool.next(20)
        assert len({one.number for one in sent}) == len(sent)
        for one in sent:
            taken[one.entry.partition_key].append(one.entry.seq)
        await spool.remove(sent)
    while sent := await spool.next(20):
        for one in sent:
            taken[one.entry.partition_key].append(one.entry.seq)
        await spool.remove(sent)

    assert taken == {key: list(range(number)) for key, number in given.items()}


async def test_no_key_waits_for_ever_while_more_of_them_have_entries_than_fit(
    spool: DiskSpool,
) -> None:
    keys = [f"acme/town/hall/line-1/machine-{number:03}" for number in range(100)]
    await spool.append(Batch([of(keys[0], seq) for seq in range(1000)]))
    await spool.append(Batch([of(key, 0) for key in keys[1:]]))

    seen: set[str] = set()
    for _ in range(11):
        sent = await spool.next(20)
        seen |= {one.entry.partition_key for one in sent}
        await spool.remove(sent)

    assert seen == set(keys)


async def test_no_key_waits_for_ever_behind_large_entries_of_another(spool: DiskSpool) -> None:
    large = [replace(of("a", seq), value=b"x" * 900_000) for seq in range(50)]
    await spool.append(Batch(large))
    await spool.append(Batch([of(key, 0) for key in ("b", "c")]))

    seen: set[str] = set()
    for _ in range(3):
        sent = await spool.next(40)
        seen |= {one.entry.partition_key for one in sent}
        await spool.remove(sent)

    assert seen == {"a", "b", "c"}


async def test_a_plant_file_overtakes_the_backlog(spool: DiskSpool) -> None:
    await spool.append(Batch([entry(seq) for seq in range(1000)]))
    await spool.append(Batch([entry(topic=MODEL.name)]))

    assert (await spool.next(10))[0].entry.topic == MODEL.name


async def test_a_spool_that_must_not_drop_says_that_it_is_full(path: Path) -> None:
    spool = opened(path, Limits(size_bytes=2 * (ENTRY_BYTES + 2), drops=False))
    await spool.append(Batch([entry(0)]))
    assert not spool.is_full
    await spool.append(Batch([entry(1), entry(2)]))

    assert (spool.is_full, spool.dropped, spool.depth) == (True, 0, 3)
    await spool.remove(await spool.next(2))
    assert not spool.is_full
    await spool.close()


async def test_the_oldest_is_dropped_counted_and_explained(path: Path) -> None:
    spool = opened(path, Limits(size_bytes=10 * (ENTRY_BYTES + 100)))
    plant_file = entry(topic=MODEL.name, value=b"p" * 10)
    await spool.append(Batch([plant_file]))
    for seq in range(12):
        await spool.append(Batch([entry(seq, value=b"x" * 100)]))

    held = await spool.next(20)
    assert [one.entry.seq for one in held] == [0, *range(3, 12)]
    assert spool.dropped == 3
    assert not spool.losses
    await spool.remove(held[:1])
    assert spool.losses == (Loss(MACHINE.name, REACTOR, 3, at(0), at(2)),)
    await spool.close()

    again = opened(path)
    (gap,) = gaps(again.losses)
    assert (gap.kind, gap.equipment, gap.fields["start"], gap.source_time) == (
        Gap, REACTOR, at(0), at(2),
    )  # fmt: skip
    await again.append(Batch([entry(12)], explained=again.losses))
    assert again.losses == ()
    await again.close()


async def test_what_is_dropped_while_a_loss_is_explained_is_a_new_loss(path: Path) -> None:
    spool = opened(path, Limits(size_bytes=3 * (ENTRY_BYTES + 2)))
    await spool.append(Batch([entry(seq) for seq in range(3)]))
    await spool.append(Batch([entry(3)]))
    (held,) = await spool.next(1)
    await spool.remove([held])
    await spool.append(Batch([entry(4), entry(5)], explained=spool.losses))
    (held,) = await spool.next(1)
    await spool.remove([held])

    assert spool.losses == (Loss(MACHINE.name, REACTOR, 1, at(2), at(2)),)
    await spool.close()


async def test_what_is_on_its_way_to_the_broker_is_not_dropped(path: Path) -> None:
    spool = opened(path, Limits(size_bytes=3 * (ENTRY_BYTES + 2)))
    await spool.append(Batch([entry(0), entry(1), entry(2)]))
    await spool.next(1)
    await spool.append(Batch([entry(3)]))

    assert [one.entry.seq for one in await spool.next(20)] == [0, 2, 3]
    await spool.close()


async def test_what_is_too_old_is_dropped(path: Path) -> None:
    clock = Clock()
    spool = opened(path, Limits(age_s=60), clock)
    await spool.append(Batch([entry(0)]))
    clock.now += timedelta(seconds=61)
    await spool.append(Batch([entry(1)]))

    assert [one.entry.seq for one in await spool.next(20)] == [1]
    assert spool.dropped == 1
    await spool.close()


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_clock_that_jumps_ahead_throws_nothing_away_at_once(
    path: Path, restarted: bool
) -> None:
    clock = Clock()
    spool = opened(path, Limits(age_s=7 * 86_400), clock)
    await spool.append(Batch([entry(0)]))
    clock.now += timedelta(days=30)
    if restarted:
        await spool.close()
        spool = opened(path, Limits(age_s=7 * 86_400), clock)
    await spool.append(Batch([entry(1)]))
    assert [one.entry.seq for one in await spool.next(20)] == [0, 1]
    await spool.remove([])

    for _ in range(7):
        clock.now += timedelta(hours=23)
        await spool.append(Batch())
    assert [one.entry.seq for one in await spool.next(20)] == [1], "it still grows old"
    await spool.close()


async def test_what_people_said_is_never_dropped(path: Path) -> None:
    clock = Clock()
    spool = opened(path, Limits(age_s=60), clock)
    await spool.append(Batch([entry(0, LAB.name), entry(1), entry(0, OPERATOR.name)]))
    clock.now += timedelta(seconds=61)
    await spool.append(Batch())

    assert [one.entry.topic for one in await _all(spool)] == [LAB.name, OPERATOR.name]
    await spool.close()


@pytest.mark.parametrize("older", [False, True], ids=["new", "of an older version"])
async def test_a_large_backlog_of_what_is_kept_costs_no_batch_anything(path: Path, older: bool):
    spool = opened(path)
    if older:
        spool._file._database.execute("DROP INDEX entry_may_go")
        await spool.close()
        spool = opened(path)
    await spool.append(Batch([entry(number, LAB.name) for number in range(20_000)]))
    thousands_of_steps: list[None] = []
    spool._file._database.set_progress_handler(lambda: thousands_of_steps.append(None), 1_000)
    await spool.append(Batch([entry(0)]))

    assert len(thousands_of_steps) < 10
    await spool.close()


async def test_a_full_disk_is_unavailable_and_the_same_batch_fits_later(path: Path) -> None:
    spool = opened(path)
    database = spool._file._database
    seq = spool.stamp(MACHINE.name, REACTOR).seq
    (pages,) = database.execute("PRAGMA page_count").fetchone()
    database.execute(f"PRAGMA max_page_count = {pages}")
    batch = Batch([entry(seq, value=b"x" * 50_000)], {"a": b"1"})

    with pytest.raises(UnavailableError, match="make room on its disk"):
        await spool.append(batch)
    assert (spool.depth, spool.memory) == (0, {})

    database.execute("PRAGMA max_page_count = 1000000")
    await spool.append(batch)
    await spool.close()
    again = opened(path)
    assert (again.depth, again.stamp(MACHINE.name, REACTOR).seq) == (1, 1)
    await again.close()


def garbage(path: Path) -> None:
    path.write_bytes(b"this is no database, and it is long enough to be looked at" * 100)


def is_garbage(path: str) -> bool:
    return Path(path).read_bytes().startswith(b"this is no database")


async def test_a_damaged_file_is_set_aside(path: Path) -> None:
    garbage(path)

    spool = opened(path)

    assert spool.set_aside == f"{path}.damaged-1"
    assert is_garbage(f"{path}.damaged-1")
    await spool.append(Batch([entry(0)]))
    await spool.close()


def damage_the_middle(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2 // 4096 * 4096)
        file.write(b"\xff" * 8 * 4096)


async def damaged(path: Path, stored: Sequence[Entry]) -> str:
    """A damaged spool with these entries; gives its epoch."""
    spool = opened(path)
    await spool.append(Batch(stored, {"counters": b"7"}, {"line": "3"}))
    await spool.close()
    damage_the_middle(path)
    return spool.epoch


def shorten(path: Path, cut: int) -> None:
    path.write_bytes(path.read_bytes()[:-cut])


async def test_damage_costs_what_lies_behind_it_and_nothing_before(path: Path) -> None:
    stored = [entry(seq, value=b"x" * 1000) for seq in range(1000)]
    epoch = await damaged(path, stored)

    again = opened(path)

    rescued = [one.entry for one in await again.next(2000)]
    assert again.set_aside
    assert again.epoch != epoch
    assert 300 < len(rescued) < 1000
    assert rescued == stored[: len(rescued)]
    assert (again.memory, again.positions) == ({"counters": b"7"}, {"line": "3"})
    await again.close()


@pytest.mark.parametrize("is_gone", [False, True])
async def test_a_rescue_that_was_interrupted_goes_on_at_the_next_start(
    path: Path, monkeypatch: pytest.MonkeyPatch, is_gone: bool
) -> None:
    stored = [entry(seq, value=b"x" * 1000) for seq in range(1000)]
    await damaged(path, stored)
    rescue, parts = SpoolFile.store, []

    def full(file: SpoolFile, batch: Batch, *others: Any) -> None:
        parts.append(batch)
        if len(parts) == 4:
            raise sqlite3.OperationalError("database or disk is full")
        rescue(file, batch, *others)

    monkeypatch.setattr(SpoolFile, "store", full)
    with pytest.raises((MisconfiguredError, UnavailableError)):
        opened(path)

    if is_gone:
        path.with_name("spool.db.damaged-1").unlink()

    again = opened(path)

    rescued = [one.entry for one in await again.next(2000)]
    assert again.set_aside == f"{path}.damaged-1"
    assert (len(rescued) > 300) is not is_gone
    assert rescued == stored[: len(rescued)]
    assert again.positions == ({} if is_gone else {"line": "3"})
    await again.close()
    last = opened(path)
    assert last.set_aside is None
    await last.close()


async def test_of_a_damaged_spool_of_a_recording_nothing_is_taken_over(path: Path) -> None:
    """Its epoch stays the same: it is read again from its beginning, under the same ids."""
    spool = DiskSpool.open(path, "edge-1", Clock(), epoch="abc")
    numbers = [spool.stamp(MACHINE.name, REACTOR).seq for _ in range(1000)]
    stored = [entry(seq, value=b"x" * 1000) for seq in numbers]
    await spool.append(Batch(stored, {"counters": b"7"}, {"line": "3"}))
    await spool.close()
    damage_the_middle(path)

    again = DiskSpool.open(path, "edge-1", Clock(), epoch="abc")

    assert again.set_aside
    assert (again.depth, again.memory, again.positions) == (0, {}, {})
    assert again.stamp(MACHINE.name, REACTOR).seq == 0
    await again.close()


@pytest.mark.parametrize("cut", [1, 100, 5_000])
async def test_a_torn_tail_costs_the_last_commits_alone(path: Path, cut: int) -> None:
    """The disk lost what was written last before the power went."""
    spool = opened(path)
    for seq in range(50):
        await spool.append(Batch([entry(seq, value=b"x" * 1000)]))
    torn = path.with_name("torn.db")
    shutil.copy(path, torn)
    shutil.copy(f"{path}-wal", f"{torn}-wal")
    await spool.close()
    shorten(Path(f"{torn}-wal"), cut)

    again = opened(torn)

    kept = [one.entry.seq for one in await again.next(100)]
    assert kept == list(range(len(kept)))
    assert 45 <= len(kept) < 50
    await again.close()


async def test_a_second_agent_is_refused(spool: DiskSpool, path: Path) -> None:
    with pytest.raises(MisconfiguredError, match="in use by another agent"):
        opened(path)
    await spool.append(Batch([entry(0)]))


async def test_a_spool_of_somebody_else_is_refused(path: Path) -> None:
    await opened(path).close()

    with pytest.raises(MisconfiguredError, match="belongs to edge-1"):
        DiskSpool.open(path, "edge-2", Clock())
    with pytest.raises(MisconfiguredError, match="epoch abc"):
        DiskSpool.open(path, "edge-1", Clock(), epoch="abc")
    await opened(path).close()


async def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(MisconfiguredError, match="check that its folder exists"):
        opened(tmp_path / "nowhere" / "spool.db")


async def test_a_newer_format_is_refused(path: Path) -> None:
    await opened(path).close()
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 9")
    database.close()

    with pytest.raises(MisconfiguredError, match="has format 9"):
        opened(path)


async def test_a_deleted_spool_leaves_nothing(path: Path) -> None:
    spool = opened(path)
    await spool.append(Batch([entry(0)]))
    await spool.delete()
    await spool.close()

    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("appends", [3, 40, 150])
def test_a_kill_loses_nothing_acknowledged_and_reuses_no_seq(path: Path, appends: int) -> None:
    command = [sys.executable, str(WRITER), str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True) as writer:
        assert writer.stdout
        told = [int(writer.stdout.readline()) for _ in range(appends)]
        os.kill(writer.pid, signal.SIGKILL)
        told += [int(line) for line in writer.stdout.read().split("\n")[:-1]]

    spool = DiskSpool.open(path, "edge-1", Clock())
    stored = [one.entry.seq for one in asyncio.run(_all(spool))]
    position = int(spool.positions["line"])
    following = spool.stamp(MACHINE.name, REACTOR).seq
    asyncio.run(spool.close())

    assert told == list(range(len(told)))
    assert stored == list(range(len(stored)))
    assert len(stored) >= 3 * len(told)
    assert following == len(stored) == 3 * (position + 1)
    assert spool.memory == {"counter": str(position).encode()}


async def _all(spool: DiskSpool) -> list[Spooled]:
    found: list[Spooled] = []
    while batch := await spool.next(500):
        found += batch
        await spool.remove(batch)
    return found
