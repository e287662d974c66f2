"""The loop on an in-memory log: waits, buries, gives way, and never skips."""

import asyncio
from dataclasses import replace
from datetime import datetime

import pytest

from plantstream.runtime.errors import (
    FencedError,
    MisconfiguredError,
    RejectedError,
)
from schemas.topics import DEADLETTER
from sinks.batch import Batch
from sinks.errors import RejectedRecordsError
from sinks.portions import Size
from sinks.runner import SinkLimits, SinkTime
from sinks.service import together
from sinks.sink import Written
from tests.sinks.bench import AWAY, Bench
from tests.sinks.doubles import NOW, Log
from tests.sinks.records import FRAMES


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    made.reader.assign(FRAMES)
    return made


async def test_what_is_read_is_stored_with_its_position(bench: Bench):
    bench.append(0, 1, 2)

    await bench.turns(2)

    assert bench.seqs() == [0, 1, 2]
    assert bench.sink.stored[FRAMES].next == 3
    assert bench.reader.committed == {FRAMES: 3}
    assert bench.meter("sink_rows_total", table="row") == 3
    assert bench.meter("unacknowledged") == 0


async def test_it_goes_on_where_the_sink_is_not_where_the_group_is(bench: Bench):
    bench.append(0, 1, 2)
    await bench.turns(2)
    again = Bench(bench.log, bench.sink)
    again.append(3)
    again.reader.assign(FRAMES)

    await again.turns(2)

    assert bench.seqs() == [0, 1, 2, 3]
    assert again.meter("sink_repeats_total") == 0


async def test_nothing_is_written_after_the_partition_is_gone(bench: Bench):
    bench.append(0)
    await bench.turns(2)
    bench.reader.assign()
    bench.append(1)

    await bench.turns(3)

    assert bench.seqs() == [0]
    assert bench.meter("sink_partitions") == 0


async def test_a_database_that_is_away_is_waited_for_with_the_same_batch(bench: Bench):
    bench.append(0, 1)
    await bench.turns(1)
    bench.sink.failures.extend([AWAY] * 8)

    await bench.turns(1)

    assert bench.seqs() == [0, 1]
    assert len({id(one) for one in bench.sink.batches}) == 1
    assert bench.slept[:8] == [0.2, 0.4, 0.8, 1.0, 1.0, 1.0, 1.0, 1.0]
    assert bench.meter("sink_retries_total") == 8
    assert bench.loop._reach.excuses == 8
    assert bench.loop._reach.positions == {FRAMES: 2}


async def test_records_are_counted_as_unacknowledged_while_the_database_is_away(bench: Bench):
    bench.append(0, 1)
    await bench.turns(1)
    bench.sink.failures.append(AWAY)
    seen: list[float | None] = []
    sleep = bench._sleep

    async def look(seconds: float) -> None:
        if seconds:
            seen.append(bench.meter("unacknowledged"))
        await sleep(seconds)

    bench.loop._time = SinkTime(lambda: NOW, look)
    await bench.turns(1)

    assert seen[0] == 2


async def test_an_unreadable_record_is_published_and_stored_as_a_letter(bench: Bench):
    bench.append(0)
    bench.log.append(FRAMES, b"k", b"no json")
    bench.append(1)

    await bench.turns(2)

    assert bench.seqs() == [0, 1]
    assert list(bench.sink.letters) == [f"{FRAMES}/1"]
    assert [one.topic for one in bench.broker.sent] == [DEADLETTER.name]
    assert bench.meter("sink_dead_letters_total") == 1


async def test_a_record_that_the_sink_refuses_is_buried_and_the_others_are_stored(bench: Bench):
    bench.append(0, 1, 2)
    await bench.turns(1)
    bench.sink.failures.append(RejectedRecordsError({(FRAMES, 1): "too odd"}))

    await bench.turns(1)

    assert bench.seqs() == [0, 2]
    assert list(bench.sink.letters.values()) == ["too odd"]
    assert len(bench.broker.sent) == 1


async def test_letters_that_the_broker_refuses_still_get_to_the_table(bench: Bench):
    bench.log.append(FRAMES, b"k", b"no json")
    bench.broker.failures.append(RejectedError("no right to write"))

    await bench.turns(2)

    assert list(bench.sink.letters) == [f"{FRAMES}/0"]


async def test_letters_wait_for_the_broker(bench: Bench):
    bench.log.append(FRAMES, b"k", b"no json")
    bench.broker.failures.extend([AWAY, AWAY])

    await bench.turns(2)

    assert len(bench.broker.sent) == 1


async def test_of_two_writers_the_second_gives_way_and_goes_on_from_what_is_stored(bench: Bench):
    bench.append(0, 1)
    await bench.turns(2)
    other = Bench(bench.log, bench.sink)
    other.reader.assign(FRAMES)
    bench.append(2)
    await other.turns(2)
    bench.append(3)

    await bench.turns(2)

    assert bench.seqs() == [0, 1, 2, 3]
    assert bench.meter("sink_fenced_total") == 1


async def test_a_commit_whose_answer_was_lost_is_not_written_twice(bench: Bench):
    bench.append(0, 1)
    write = bench.sink.write

    async def stored_but_silent(batch):
        bench.sink.write = write  # type: ignore[method-assign]
        await write(batch)
        raise AWAY

    bench.sink.write = stored_but_silent  # type: ignore[method-assign]
    await bench.turns(4)

    assert bench.seqs() == [0, 1]
    assert bench.sink.stored[FRAMES].next == 2


async def test_another_log_stops_the_sink(bench: Bench):
    bench.append(0, 1)
    await bench.turns(2)
    strange = Bench(Log(), bench.sink)
    strange.append(7, 8, 9)
    strange.reader.assign(FRAMES)

    with pytest.raises(MisconfiguredError, match="accept-loss"):
        await strange.turns(2)
    assert bench.seqs() == [0, 1]


async def test_a_log_that_lost_unread_records_stops_the_sink(bench: Bench):
    bench.append(0)
    await bench.turns(2)
    bench.append(1, 2, 3)
    bench.log.delete_before(FRAMES, 3)
    bench.reader.assign(FRAMES)

    with pytest.raises(MisconfiguredError, match="offsets 1 to 2 were deleted"):
        await bench.turns(1)


async def test_markers_between_records_are_no_loss(bench: Bench):
    bench.append(0)
    bench.log.skip(FRAMES)
    bench.append(1)
    bench.log.skip(FRAMES)
    await bench.turns(2)
    bench.reader.assign(FRAMES)
    bench.append(2)

    await bench.turns(2)

    assert bench.seqs() == [0, 1, 2]


async def test_the_broker_away_is_waited_for(bench: Bench):
    bench.append(0)
    bench.reader.failures.extend([AWAY, AWAY])

    await bench.turns(2)

    assert bench.seqs() == [0]


async def test_it_runs_until_it_is_told_to_stop(bench: Bench):
    bench.append(0)

    async def stop_soon(_: float) -> None:
        bench.loop.stopping = bool(bench.sink.rows)
        await asyncio.sleep(0)

    bench.loop._time = SinkTime(lambda: NOW, stop_soon)
    await bench.loop.run()

    assert bench.seqs() == [0]


async def test_it_holds_where_the_kill_tests_want_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PLANTSTREAM_FAULT", "sink.written@1")
    bench = Bench()
    bench.reader.assign(FRAMES)
    bench.append(0)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await bench.turns(2)

    assert bench.seqs() == [0]
    assert bench.reader.committed == {}
    assert bench.meter("fault_holding") == 1


async def test_what_is_read_at_once_is_cut_into_batches_that_follow_each_other(bench: Bench):
    bench.append(*range(7))
    bench.loop._limits = SinkLimits(batch=Size(rows=3))

    await bench.turns(2)

    assert bench.seqs() == list(range(7))
    assert [len(one.events) for one in bench.sink.batches] == [3, 3, 1]
    assert [one.spans[0].begin for one in bench.sink.batches] == [0, 3, 6]


async def test_a_batch_that_is_given_up_takes_what_was_read_after_it_along(bench: Bench):
    bench.append(*range(7))
    bench.loop._limits = SinkLimits(batch=Size(rows=3))
    await bench.turns(1)
    bench.sink.refusals.append(FencedError("another writer"))

    await bench.turns(1)
    assert bench.seqs() == []
    await bench.turns(1)

    assert bench.seqs() == list(range(7))


async def test_the_next_batch_is_read_while_the_database_works(bench: Bench):
    bench.append(*range(40))
    bench.loop._limits = SinkLimits(batch=Size(rows=20))
    bench.loop._time = SinkTime(lambda: NOW, asyncio.sleep, together)
    write, read_by_then = bench.sink.write, []

    async def slow(batch: Batch) -> Written:
        for _ in range(10):
            await asyncio.sleep(0)
        read_by_then.append(decoded[0])
        return await write(batch)

    bench.sink.write = slow  # type: ignore[method-assign]
    decoded = counting_decoder(bench)
    await bench.turns(2)

    assert read_by_then[0] >= 40
    assert bench.seqs() == list(range(40))


def counting_decoder(bench: Bench) -> list[int]:
    """How many records were read so far."""
    decoded, time = [0], bench.loop._time

    def now() -> datetime:
        decoded[0] += 1  # The loop asks for the time of each record that it reads.
        return NOW

    bench.loop._time = replace(time, now=now)
    return decoded


async def test_while_the_database_is_away_nothing_more_is_fetched(bench: Bench):
    bench.append(0)
    await bench.turns(1)
    bench.sink.failures.extend([AWAY] * 3)

    await bench.turns(1)

    assert bench.reader.holds == 3
    assert bench.seqs() == [0]
