"""The shell on ports in memory: takes over, applies, commits, ticks, and gives way."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace

import pytest

from plantstream.runtime.errors import FencedError, UnavailableError
from plantstream.runtime.ports import Outgoing, Record, TopicPartition
from processors.streams.claims import CLAIM_EVERY
from processors.streams.missing import ASK_EVERY, GIVE_UP_AFTER, STALLED_AFTER, GapError
from processors.streams.ports import ShellLimits
from schemas.topics import KPI, MACHINE
from tests.processors.streams.doubles import (
    COMMIT_S,
    EVENTS,
    HOME,
    TICK_S,
    Bench,
    MemoryFeed,
    MemoryJournal,
    records,
)

OTHER = TopicPartition(MACHINE.name, (HOME + 1) % MACHINE.partitions)


def elsewhere(record: Record) -> Record:
    """The same record in the other partition."""
    return replace(record, partition=OTHER.partition)


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    made.feed.assign(EVENTS)
    return made


async def test_what_is_read_is_durable_with_its_outputs(bench: Bench):
    bench.feed.pieces.append(records(bench.machine.alive(0), bench.machine.alive(1)))

    await bench.turns(2)

    assert bench.heard() == ["heartbeat 0", "heartbeat 1"]
    assert [one.topic for one in bench.journal.outputs] == [KPI.name]
    assert bench.meter("processor_records_total", engine="listener", outcome="applied") == 2
    assert bench.meter("unacknowledged", engine="listener") == 0


async def test_the_next_owner_goes_on_where_the_journal_is(bench: Bench):
    some = records(*(bench.machine.alive(at) for at in range(3)))
    bench.feed.pieces.append(some[:2])
    await bench.turns(2)
    successor = Bench(bench.journal)
    successor.feed.assign(EVENTS)
    successor.feed.pieces.append(some)

    await successor.turns(2)

    assert successor.heard() == ["heartbeat 0", "heartbeat 1", "heartbeat 2"]
    assert successor.meter("processor_records_total", engine="listener", outcome="applied") == 1


async def test_an_owner_of_an_empty_journal_begins_with_the_first_record(bench: Bench):
    bench.feed.oldest = 40
    some = records(bench.machine.alive(0), start=40)
    bench.feed.pieces += [some, some]

    await bench.turns(3)

    assert bench.feed.rewound == [(EVENTS, 0)]
    assert bench.heard() == ["heartbeat 0"]
    assert bench.meter("processor_deleted_unread_total", engine="listener") == 0


async def test_a_tick_over_an_empty_journal_writes_nothing(bench: Bench):
    await bench.turns(2)

    assert bench.journal.commits == 0


async def test_records_of_other_partitions_are_left_to_others(bench: Bench):
    bench.feed.assign(OTHER)
    bench.feed.pieces.append(records(bench.machine.alive(0)))

    await bench.turns(3)

    assert bench.journal.commits == 0
    assert bench.meter("processor_partitions", engine="listener") == 1


async def test_nothing_is_ours_after_all_is_taken_away(bench: Bench):
    bench.feed.assign()
    bench.feed.pieces.append(records(bench.machine.alive(0)))

    await bench.turns(3)

    assert bench.journal.commits == 0
    assert bench.journal.claimed == set()
    assert bench.meter("processor_partitions", engine="listener") == 0


async def test_who_is_fenced_ends_and_has_written_nothing(bench: Bench):
    bench.feed.pieces.append(records(bench.machine.alive(0)))
    await bench.turns(1)
    bench.journal.fenced, bench.feed.member = True, False

    with pytest.raises(FencedError):
        await bench.turns(1)

    assert bench.told() == []
    assert bench.meter("processor_records_total", engine="listener", outcome="applied") == 0


async def test_who_is_fenced_while_the_group_deals_anew_goes_on_with_what_is_his_then(bench: Bench):
    some = records(bench.machine.alive(0))
    bench.feed.pieces.append(some)
    await bench.turns(1)
    bench.journal.fenced = bench.feed.dealing = True

    await bench.turns(2)

    assert bench.meter("processor_partitions", engine="listener") == 0
    bench.journal.fenced = bench.feed.dealing = False
    bench.feed.assign(EVENTS)
    bench.feed.pieces.append(some)
    await bench.turns(2)
    assert bench.heard() == ["heartbeat 0"]


@pytest.mark.parametrize("answers", [True, False], ids=["answers", "does not answer"])
async def test_who_is_fenced_although_the_group_counts_him_in_claims_the_same_again(
    bench: Bench, answers: bool
):
    some = records(bench.machine.alive(0))
    bench.feed.pieces.append(some)
    await bench.turns(1)
    bench.journal.fenced, bench.feed.away = True, not answers
    await bench.turns(1)
    bench.feed.away = False

    await bench.turns(1)

    assert bench.feed.rewound == [(EVENTS, 0)]
    bench.feed.pieces.append(some)
    await bench.turns(1)
    assert bench.heard() == ["heartbeat 0"]


async def test_who_is_fenced_and_hears_while_he_asks_that_the_group_deals_anew_waits():
    class Dealing(MemoryFeed):
        async def is_member(self) -> bool:
            self.dealing = True
            return False

    bench = Bench(feed=Dealing())
    bench.feed.assign(EVENTS)
    bench.feed.pieces.append(records(bench.machine.alive(0)))
    await bench.turns(1)
    bench.journal.fenced = True

    await bench.turns(1)

    assert bench.meter("processor_partitions", engine="listener") == 0


async def test_whom_no_broker_answers_claims_the_same_again_and_reads_what_was_undone(bench: Bench):
    some = records(bench.machine.alive(0))
    bench.feed.pieces.append(some)
    await bench.turns(1)
    bench.journal.away = True

    await bench.turns(2)

    assert bench.heard() == []
    bench.journal.away = False
    bench.seconds += CLAIM_EVERY.seconds
    await bench.turns(1)
    assert bench.feed.rewound == [(EVENTS, 0)]
    bench.feed.pieces.append(some)
    await bench.turns(1)
    assert bench.heard() == ["heartbeat 0"]


async def test_what_was_taken_although_nobody_heard_of_it_counts_once(bench: Bench):
    some = records(bench.machine.alive(0), bench.machine.alive(1))
    bench.feed.pieces.append(some[:1])
    await bench.turns(1)
    bench.journal.taken_unheard = True

    await bench.turns(2)

    assert bench.feed.rewound == [(EVENTS, 1)]
    bench.feed.pieces.append(some)
    await bench.turns(1)
    assert bench.heard() == ["heartbeat 0", "heartbeat 1"]
    assert len(bench.journal.outputs) == 2


class OnlyClaimed(MemoryJournal):
    """Answers claims, and no commits."""

    claims = 0

    async def claim(self, partitions: Collection[int]) -> Mapping[int, Mapping[bytes, bytes]]:
        self.claims += 1
        return await super().claim(partitions)

    async def commit(
        self, partition: int, rows: Mapping[bytes, bytes | None], outputs: Sequence[Outgoing]
    ) -> None:
        del partition, rows, outputs
        raise UnavailableError("nobody answers")


async def test_where_claims_alone_are_answered_they_are_made_again_now_and_then():
    journal = OnlyClaimed()
    bench = Bench(journal)
    bench.feed.assign(EVENTS)
    bench.feed.pieces += 20 * [records(bench.machine.alive(0))]

    await bench.turns(10)

    assert journal.claims == 2  # As it was dealt, and at once after the first failure.
    bench.seconds += CLAIM_EVERY.seconds
    await bench.turns(10)
    assert journal.claims == 3


async def test_a_first_claim_that_nobody_answers_is_made_again_now_and_then(bench: Bench):
    bench.journal.away = True
    await bench.turns(1)
    bench.journal.away, bench.journal.claimed = False, set()
    bench.feed.pieces.append(records(bench.machine.alive(0)))

    await bench.turns(2)

    assert not bench.journal.claimed
    bench.seconds += CLAIM_EVERY.seconds
    await bench.turns(1)
    assert bench.journal.claimed == {HOME}
    assert bench.feed.rewound == [(EVENTS, 0)]


async def test_what_the_group_may_have_given_to_another_is_not_claimed_again(bench: Bench):
    bench.feed.pieces.append(records(bench.machine.alive(0)))
    await bench.turns(1)
    bench.journal.taken_unheard, bench.feed.member = True, False
    bench.journal.claimed = set()

    await bench.turns(2)

    assert not bench.journal.claimed
    bench.feed.assign(OTHER)
    await bench.turns(1)
    assert bench.journal.claimed == {OTHER.partition}


async def test_a_failure_keeps_its_type_when_several_partitions_are_at_work(bench: Bench):
    elsewhere = replace(records(bench.machine.alive(0))[0], partition=OTHER.partition)
    bench.feed.pieces.clear()
    bench.feed.assign(EVENTS, OTHER)
    bench.feed.pieces.append([*records(bench.machine.alive(1)), elsewhere])
    await bench.turns(1)
    bench.journal.fenced, bench.feed.member = True, False

    with pytest.raises(FencedError):
        await bench.turns(1)


async def test_a_wait_that_ended_with_marks_alone_does_not_count_towards_the_next(bench: Bench):
    bench.feed.waiting = 1
    await bench.turns(2)
    bench.seconds += STALLED_AFTER.seconds
    await bench.turns(1)
    bench.feed.waiting = 0
    await bench.turns(1)
    bench.seconds += GIVE_UP_AFTER.seconds + 1
    bench.feed.waiting = 1

    await bench.turns(2)

    assert bench.feed.rewound == [(EVENTS, 0)]
    bench.seconds += STALLED_AFTER.seconds
    await bench.turns(1)
    assert bench.feed.rewound == [(EVENTS, 0)] * 2


async def test_a_hole_in_the_offsets_is_asked_for_once_and_filled(bench: Bench):
    first, second, third = records(*(bench.machine.alive(at) for at in range(3)))
    bench.feed.pieces += [[first], [third], [third], [second, third]]

    await bench.turns(5)

    assert bench.feed.rewound == [(EVENTS, 1)]
    assert bench.heard() == ["heartbeat 0", "heartbeat 1", "heartbeat 2"]


async def asking(bench: Bench, missing: Sequence[Record]) -> None:
    """So long that these, without what comes before them, are given up on."""
    for _ in range(0, GIVE_UP_AFTER.seconds + 1, ASK_EVERY.seconds):
        bench.seconds += ASK_EVERY.seconds
        bench.feed.pieces.append(missing)
        await bench.turns(1)


async def test_a_hole_that_stays_is_asked_for_again_and_then_ends_the_process(bench: Bench):
    first, _, third = records(*(bench.machine.alive(at) for at in range(3)))
    bench.feed.pieces += [[first], [third], [third], [third]]
    await bench.turns(3)
    bench.seconds += ASK_EVERY.seconds
    await bench.turns(1)
    assert bench.feed.rewound == [(EVENTS, 1), (EVENTS, 1)]

    with pytest.raises(GapError, match="offset 1 was not delivered"):
        await asking(bench, [third])

    assert bench.heard() == ["heartbeat 0"]


async def test_what_was_asked_for_after_a_claim_and_was_not_there_yet_is_no_hole_for_long(
    bench: Bench,
):
    first, _, third = records(*(bench.machine.alive(at) for at in range(3)))
    bench.feed.pieces.append([first])
    await bench.turns(1)
    bench.journal.taken_unheard = True
    await bench.turns(2)
    assert bench.feed.rewound == [(EVENTS, 1)]

    bench.seconds += GIVE_UP_AFTER.seconds + 1
    bench.feed.pieces.append([third])
    await bench.turns(1)

    assert bench.feed.rewound == [(EVENTS, 1)] * 2


async def test_records_that_retention_has_deleted_are_counted_and_left_behind(bench: Bench):
    first, _, third = records(*(bench.machine.alive(at) for at in range(3)))
    bench.feed.pieces += [[first], [third], [third]]
    bench.feed.oldest = 2

    await bench.turns(4)

    assert bench.heard() == ["heartbeat 0", "gap of 1", "heartbeat 2"]
    assert bench.meter("processor_deleted_unread_total", engine="listener") == 1


async def test_a_last_record_that_was_left_out_is_asked_for(bench: Bench):
    bench.feed.pieces.append(records(bench.machine.alive(0)))
    bench.feed.waiting = 1
    await bench.turns(2)
    assert bench.feed.rewound == []

    bench.seconds += max(STALLED_AFTER.seconds, TICK_S)
    await bench.turns(1)

    assert bench.feed.rewound == [(EVENTS, 1)]


async def test_a_failure_beside_other_partitions_work_is_one_that_is_understood(bench: Bench):
    first, _, third = records(*(bench.machine.alive(at) for at in range(3)))
    bench.feed.assign(EVENTS, OTHER)
    bench.feed.pieces += 2 * [[first, elsewhere(first)]] + 2 * [[third, elsewhere(third)]]
    await bench.turns(5)

    with pytest.raises(GapError, match="has to start again"):
        await asking(bench, [third, elsewhere(third)])


async def test_a_tick_comes_when_all_is_read_that_stood_there_at_its_time(bench: Bench):
    bench.feed.pieces.append(records(bench.machine.alive(0)))
    bench.feed.waiting = 1
    await bench.turns(2)
    bench.seconds += TICK_S
    await bench.turns(1)
    assert bench.told() == ["heartbeat 0"]

    bench.feed.waiting = 0
    await bench.turns(1)

    assert bench.told() == ["heartbeat 0", "tick 07:00:00"]


async def test_ticks_come_although_something_is_always_unread(bench: Bench):
    events = records(*(bench.machine.alive(at) for at in range(4)))
    bench.feed.pieces += [[one] for one in events]
    await bench.turns(1)
    for offset in range(4):
        bench.feed.ends = offset + 2
        await bench.turns(1)
        bench.seconds += TICK_S

    assert bench.told() == [
        "heartbeat 0",
        "heartbeat 1",
        "tick 07:00:00",
        "heartbeat 2",
        "heartbeat 3",
        "tick 07:00:20",
    ]


async def test_ticks_come_no_more_often_than_asked_for(bench: Bench):
    bench.feed.pieces.append(records(bench.machine.alive(0)))
    await bench.turns(2)
    bench.seconds += TICK_S - 1

    await bench.turns(5)

    assert bench.told() == ["heartbeat 0", "tick 07:00:00"]


async def test_the_group_is_told_now_and_then(bench: Bench):
    for at in range(3):
        bench.feed.pieces.append(records(bench.machine.alive(at), start=at))
    await bench.turns(3)
    assert bench.feed.committed == [{EVENTS: 1}]

    bench.seconds += COMMIT_S
    await bench.turns(1)

    assert bench.feed.committed == [{EVENTS: 1}, {EVENTS: 3}]


async def test_the_group_hears_of_what_was_applied_before_us(bench: Bench):
    some = records(bench.machine.alive(0))
    bench.feed.pieces.append(some)
    await bench.turns(2)
    successor = Bench(bench.journal)
    successor.feed.assign(EVENTS)
    successor.feed.pieces.append(some)

    await successor.turns(2)

    assert successor.feed.committed == [{EVENTS: 1}]


async def test_it_tells_the_group_at_once_when_it_stops(bench: Bench):
    bench.feed.pieces += [records(bench.machine.alive(at), start=at) for at in range(2)]
    await bench.turns(3)
    bench.shell.stopping = True

    await asyncio.wait_for(bench.shell.run(), timeout=1)

    assert bench.feed.committed[-1] == {EVENTS: 2}


async def test_no_tick_before_what_could_not_be_written_had_time_to_come():
    bench = Bench(limits=ShellLimits(tick_s=0, grace_s=10, wait_s=0))
    bench.feed.assign(EVENTS)
    bench.feed.pieces.append(records(bench.machine.alive(0)))
    bench.feed.waiting = None
    await bench.turns(3)
    bench.feed.waiting = 0
    await bench.turns(1)
    bench.seconds += 9
    await bench.turns(1)
    assert bench.told() == ["heartbeat 0"]

    bench.seconds += 1
    await bench.turns(1)

    assert bench.told() == ["heartbeat 0", "tick 07:00:10"]


async def test_no_tick_before_the_engines_that_it_listens_to_have_told_of_what_they_missed():
    bench = Bench(limits=ShellLimits(tick_s=0, wait_s=0))
    bench.feed.assign(EVENTS)
    bench.feed.pieces.append(records(bench.machine.alive(0)))
    bench.upstream.tells = False
    await bench.turns(4)
    assert bench.told() == ["heartbeat 0"]

    bench.upstream.tells = True
    await bench.turns(1)

    assert len(bench.told()) == 2


@pytest.fixture
async def listening() -> Bench:
    """It reads what others tell, has read one record, and ticks whenever it may."""
    made = Bench(limits=ShellLimits(tick_s=0, wait_s=0))
    made.feed.assign(EVENTS)
    made.feed.pieces.append(records(made.machine.alive(0)))
    await made.turns(2)
    return made


async def seconds(bench: Bench, number: int) -> None:
    """A turn in each."""
    for _ in range(number):
        bench.seconds += 1
        await bench.turns(1)


async def claimed_again(bench: Bench) -> None:
    bench.journal.taken_unheard = True
    await seconds(bench, 2)


async def dealt_anew(bench: Bench) -> None:
    bench.feed.assign(EVENTS)
    await seconds(bench, 1)


async def out_of_reach(bench: Bench) -> None:
    bench.feed.waiting = None
    await seconds(bench, 1)
    bench.feed.waiting = 0


@pytest.mark.parametrize("away", [claimed_again, dealt_anew, out_of_reach])
async def test_after_a_time_in_which_nobody_read_no_tick_comes_before_others_have_told_of_it(
    listening: Bench, away: Callable[[Bench], Awaitable[None]]
):
    await away(listening)
    listening.upstream.tells = False
    told = listening.told()
    await seconds(listening, 2)
    assert listening.told() == told

    listening.upstream.tells = True
    await seconds(listening, 1)

    assert len(listening.told()) == len(told) + 1


async def test_a_log_that_stays_out_of_reach_does_not_keep_the_others_from_ticks(listening: Bench):
    listening.feed.waiting = None
    await seconds(listening, 1)
    begun = listening.upstream.begun

    await seconds(listening, 5)

    assert listening.upstream.begun == begun


async def test_what_tells_nobody_anything_waits_for_what_does_or_for_a_quiet_moment():
    bench = Bench(limits=ShellLimits(tick_s=0, wait_s=5))
    bench.feed.assign(EVENTS)
    bench.feed.pieces += [[one] for one in records(*(bench.machine.alive(at) for at in range(2)))]
    await bench.turns(2)
    assert bench.told() == ["heartbeat 0"]
    await bench.turns(1)
    assert bench.told() == ["heartbeat 0", "tick 07:00:00", "heartbeat 1"]
    assert bench.journal.commits == 2

    bench.seconds = 1
    await bench.turns(1)

    assert bench.told()[-1] == "tick 07:00:01"
    assert bench.journal.commits == 3


async def test_it_waits_for_seconds_at_most():
    bench = Bench(limits=ShellLimits(tick_s=0, wait_s=5))
    bench.feed.assign(EVENTS)
    first, second = records(bench.machine.alive(0), bench.machine.alive(1))
    bench.feed.pieces += [[first], [first], [first], [second]]
    await bench.turns(3)
    assert bench.told() == ["heartbeat 0"]

    bench.seconds += 5
    await bench.turns(1)

    assert bench.told()[:2] == ["heartbeat 0", "tick 07:00:00"]


async def test_what_waits_is_not_told_to_the_group_and_is_lost_with_the_partition():
    bench = Bench(limits=ShellLimits(tick_s=0, commit_s=0, wait_s=5))
    bench.feed.assign(EVENTS)
    bench.feed.pieces.append(records(bench.machine.alive(0)))
    await bench.turns(2)
    assert bench.feed.committed == [{EVENTS: 1}]

    bench.feed.assign(EVENTS)
    await bench.turns(1)

    assert bench.told() == ["heartbeat 0"]


async def test_at_an_orderly_end_nothing_waits():
    bench = Bench(limits=ShellLimits(tick_s=0, wait_s=5))
    bench.feed.assign(EVENTS)
    bench.feed.pieces.append(records(bench.machine.alive(0)))
    await bench.turns(2)
    bench.shell.stopping = True
    await bench.shell.run()
    assert bench.told() == ["heartbeat 0", "tick 07:00:00"]
