"""Somebody sets the wall clock of a worker back: it does not wait until the clock has caught up."""

from datetime import timedelta

import pytest

from plantstream.runtime.pauses import is_over
from processors.streams.missing import ASK_EVERY, STALLED_AFTER
from processors.streams.upstream import Ends, KafkaUpstream
from tests.processors.streams.doubles import COMMIT_S, EVENTS, NOW, TICK_S, Bench, records

HOUR_S = 3600
PAUSE = timedelta(seconds=10)


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    made.feed.assign(EVENTS)
    return made


@pytest.mark.parametrize(
    ("passed_s", "over"), [(0, False), (9, False), (10, True), (-1, True), (-HOUR_S, True)]
)
def test_a_pause_is_over_when_it_has_lasted_or_the_clock_is_before_it(passed_s: int, over: bool):
    assert is_over(PAUSE, NOW, NOW + timedelta(seconds=passed_s)) is over


async def test_ticks_go_on(bench: Bench):
    bench.feed.pieces.append(records(bench.machine.alive(0)))
    await bench.turns(3)
    bench.seconds -= HOUR_S

    await bench.turns(2)
    bench.seconds += TICK_S
    await bench.turns(2)

    assert bench.told()[-2:] == ["tick 06:00:00", f"tick 06:00:{TICK_S:02}"]


async def test_the_group_is_told_how_far_we_are(bench: Bench):
    some = records(*(bench.machine.alive(at) for at in range(2)))
    bench.feed.pieces.append(some[:1])
    await bench.turns(2)
    bench.seconds -= HOUR_S - COMMIT_S

    bench.feed.pieces.append(some[1:])
    await bench.turns(1)

    assert bench.feed.committed[-1] == {EVENTS: 2}


async def test_what_is_missing_is_asked_for_again(bench: Bench):
    some = records(*(bench.machine.alive(at) for at in range(3)))
    bench.feed.pieces += [some[:1], some[2:]]
    await bench.turns(3)
    bench.seconds -= HOUR_S

    bench.feed.pieces += [some[2:], some[2:]]
    await bench.turns(1)
    bench.seconds += ASK_EVERY.seconds
    await bench.turns(1)

    assert bench.feed.rewound == [(EVENTS, 1)] * 3


async def test_a_position_that_stands_still_is_seen(bench: Bench):
    bench.feed.waiting = 1
    await bench.turns(2)
    bench.seconds -= HOUR_S

    await bench.turns(1)
    bench.seconds += STALLED_AFTER.seconds
    await bench.turns(1)

    assert bench.feed.rewound


async def test_others_are_asked_how_far_they_are():
    left = [3, 0]

    async def ends() -> Ends:
        return {}

    async def unread(ends: Ends) -> int:
        assert ends == {}
        return left.pop(0)

    upstream = KafkaUpstream(ends, unread)
    before = NOW - timedelta(seconds=HOUR_S)
    moments = (NOW, before, before + timedelta(seconds=1))

    assert [await upstream.has_told(at) for at in moments] == [False, False, True]
