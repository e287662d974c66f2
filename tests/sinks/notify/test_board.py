"""Which delivery goes next: order, shares, rates and rests, without a loop."""

from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from sinks.notify.board import IN_FLIGHT, Board
from sinks.notify.breaker import Breaker, Resting
from sinks.notify.delivery import Answer, Retrying, opened, settled
from sinks.notify.message import NotYetKnownError, RefusedError, Sent, TemporaryError
from tests.sinks.notify.notifications import AT, notification

FAST = {"mail": 1e6, "sms": 1e6}


def board_of(*numbers, rates=FAST, **more):
    board = Board(rates)
    for number in numbers:
        add(board, number, **more)
    return board


def add(board, number, **more):
    delivery = opened(notification(number, **more), {}, AT, Retrying())
    assert delivery is not None
    board.add(delivery)


def taken(board, seconds=0.0):
    return board.take(AT + timedelta(seconds=seconds))


def answer(board, job, said, seconds=0.0):
    now = AT + timedelta(seconds=seconds)
    left = settled(job.delivery, job.channel, said, now, Retrying()).left
    board.settle(job, said, left, now)


def ids(jobs):
    return [job.delivery.notification.id for job in jobs]


def test_of_a_lane_only_the_first_goes_and_only_once():
    board = board_of(1, 2, 3)

    (job,) = taken(board)
    assert taken(board, 1) == []
    answer(board, job, Sent(), 1)
    assert ids(taken(board, 2)) == ["n2"]


def test_one_that_failed_goes_again_before_the_next_of_its_lane_and_not_early():
    board = board_of(1, 2)
    (job,) = taken(board)
    answer(board, job, TemporaryError("no", retry_after=10.0))

    assert taken(board, 9) == []
    assert ids(taken(board, 10)) == ["n1"]


def test_no_channel_takes_more_than_its_share():
    board = Board(FAST)
    for number in range(200):
        add(board, number, group=f"g{number}")

    jobs = [job for step in range(100) for job in taken(board, step)]

    assert len(jobs) == IN_FLIGHT // 2


def test_a_channel_that_nobody_knows_has_its_place_too():
    board = board_of(1, channel="lost")

    assert [job.channel for job in taken(board)] == ["lost"]


def test_it_says_when_something_can_go_next():
    board = Board({"mail": 2.0})
    for number in range(2):
        add(board, number, group=f"g{number}")
    (job,) = taken(board)

    assert board.next_at(AT) == AT + timedelta(seconds=0.5)
    answer(board, job, TemporaryError("no", retry_after=60.0))
    assert board.next_at(AT) == AT + timedelta(seconds=0.5)
    taken(board, 0.5)
    assert board.next_at(AT + timedelta(seconds=0.5)) == AT + timedelta(seconds=60)


def went(board, answers, seconds=7200.0):
    """Who was asked when, until it is over; `answers` say so by channel and time."""
    asked, at = [], 0.0
    while board.open and at < seconds:
        for job in taken(board, at):
            if job.expired:
                board.settle(job, None, None, AT + timedelta(seconds=at))
                continue
            asked.append((job.channel, at))
            answer(board, job, answers(job.channel, at), at)
        due = board.next_at(AT + timedelta(seconds=at))
        at = seconds if due is None else max(at, (due - AT).total_seconds())
    return asked


def test_a_channel_that_asks_for_an_hour_keeps_nothing_from_the_one_that_works():
    def answers(channel, at):
        if channel == "mail":
            return TemporaryError("429", retry_after=3600.0)
        return Sent() if at > 2 else TemporaryError("no connection")

    asked = went(board_of(1, fallback=("sms",)), answers)

    assert asked[0] == ("mail", 0.0)
    assert {channel for channel, _ in asked[1:]} == {"sms"}
    assert asked[-1][1] < 5


def test_a_channel_that_rests_for_seconds_is_waited_for_where_the_other_asks_for_an_hour():
    board = Board(FAST, resting=Resting(failures=3))
    add(board, 1, fallback=("sms",))

    def answers(channel, at):
        if channel == "mail":
            return TemporaryError("429", retry_after=3600.0)
        return Sent() if at > 4 else TemporaryError("no connection")

    asked = went(board, answers)

    assert [channel for channel, _ in asked] == ["mail", "sms", "sms", "sms", "sms"]
    assert asked[-1][1] < 10


@pytest.mark.parametrize(
    ("resting", "channel"),
    [
        pytest.param({}, "mail", id="none rests"),
        pytest.param({"mail": 5}, "sms", id="the first rests"),
        pytest.param({"mail": 60, "sms": 5}, "sms", id="both rest, the first for longer"),
        pytest.param({"mail": 5, "sms": 60}, "mail", id="both rest, the second for longer"),
    ],
)
def test_of_channels_that_rest_the_one_that_is_tried_sooner_is_waited_for(resting, channel):
    delivery = opened(notification(1, fallback=("sms",)), {}, AT, Retrying())
    assert delivery is not None
    until = {name: AT + timedelta(seconds=rest) for name, rest in resting.items()}

    assert delivery.channel(AT, Retrying(), until) == channel


@given(
    st.lists(
        st.sampled_from([None, 1.0, 29.0, 40.0, 3600.0]).map(
            lambda pause: TemporaryError("no", retry_after=pause)
        ),
        max_size=12,
    )
)
def test_no_message_waits_for_one_channel_while_another_may_go_much_sooner(answers):
    retrying, now = Retrying(), AT
    delivery = opened(notification(1, fallback=("sms", "chat")), {}, now, retrying)
    assert delivery is not None
    for said in answers:
        channel = delivery.channel(now, retrying)
        soonest = min(max(now, delivery.due(name)) for name in delivery.ways)
        assert delivery.due(channel) <= soonest + timedelta(seconds=retrying.patience_s)
        now = max(now, delivery.due(channel))
        left = settled(delivery, channel, said, now, retrying).left
        assert left is not None
        delivery = left


def test_a_provider_that_refuses_is_alive():
    board = Board(FAST)
    for number in range(20):
        add(board, number, group=f"g{number}")
    for step in range(20):
        for job in taken(board, step):
            answer(board, job, RefusedError("no"), step)

    assert not board.gates()["mail"].breaker.failures


def test_what_the_plant_file_does_not_know_yet_says_nothing_of_the_provider():
    board = board_of(1)
    (job,) = taken(board)
    answer(board, job, TemporaryError("no connection"))
    before = board.gates()["mail"].breaker
    (job,) = taken(board, 1)
    answer(board, job, NotYetKnownError("no person eva"), 1)

    assert before.failures == 1
    assert board.gates()["mail"].breaker == before


def test_what_the_plant_file_does_not_know_yet_goes_by_another_channel_soon():
    def answers(channel, _):
        return Sent() if channel == "sms" else NotYetKnownError("no channel mail")

    assert went(board_of(1, fallback=("sms",)), answers) == [
        ("mail", 0.0),
        ("mail", 2.0),
        ("mail", 4.0),
        ("sms", 4.0),
    ]


def test_what_no_plant_file_ever_knows_expires():
    asked = went(board_of(1), lambda *_: NotYetKnownError("no channel mail"))

    assert 120 < len(asked) < 240
    assert 3500 < asked[-1][1] <= 3600


@given(st.lists(st.sampled_from(["sent", "failed", "later", "refused"]), max_size=60))
def test_whatever_providers_say_nothing_is_lost_or_in_flight_twice(answers):
    board = Board({"mail": 5.0, "sms": 5.0})
    for number in range(12):
        add(board, number, group=f"g{number % 4}", fallback=("sms",))
    said: dict[str, Answer] = {
        "sent": Sent(),
        "failed": TemporaryError("no", unclear=True),
        "later": TemporaryError("no", retry_after=5.0),
        "refused": RefusedError("no"),
    }
    finished: list[str] = []
    for step in range(3000):
        for job in taken(board, step):
            word = answers.pop() if answers else "sent"
            left = settled(job.delivery, job.channel, said[word], AT, Retrying()).left
            board.settle(job, said[word], left, AT + timedelta(seconds=step))
            if left is None:
                finished.append(job.delivery.notification.id)
        if not board.open:
            break

    assert sorted(finished) == sorted(f"n{number}" for number in range(12))


@pytest.mark.parametrize(
    ("failures", "is_open"), [(7, False), (8, True)], ids=["seven in a row", "eight in a row"]
)
def test_a_breaker_opens_after_failures_in_a_row(failures, is_open):
    breaker = Breaker()
    for _ in range(failures):
        breaker = breaker.failed(AT, Resting())

    assert breaker.is_open(AT) is is_open
    assert not breaker.answered().is_open(AT)


def test_a_breaker_rests_longer_each_time_and_lets_one_through_in_between():
    resting, breaker, now = Resting(failures=1, first_s=5, most_s=20), Breaker(), AT
    rests = []
    for _ in range(4):
        breaker = breaker.failed(now, resting)
        assert breaker.until is not None
        rests.append((breaker.until - now).total_seconds())
        now = breaker.until
        assert breaker.is_probing(now)

    assert rests == [5, 10, 20, 20]
