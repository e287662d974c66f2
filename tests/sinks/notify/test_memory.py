"""What is known of deliveries: over is over, unless the provider takes it back."""

import pytest

from schemas.alerts import DeliveryAttempt
from sinks.notify.memory import Memory
from tests.sinks.notify.notifications import AT, SITE


def attempt(outcome, channel="sms", **more):
    said = {
        "site": SITE,
        "notification": "n1",
        "group": "g1",
        "channel": channel,
        "recipient": "ana",
        "attempt": 1,
        "outcome": outcome,
        "at": AT,
    }
    return DeliveryAttempt(**said | more)


def bounced(channel="sms"):
    return attempt("failed", channel, provider_id="SM1")


def noted(*attempts):
    memory = Memory()
    for one in attempts:
        memory.note(one)
    return memory


@pytest.mark.parametrize("outcome", ["accepted", "delivered", "expired"])
def test_what_is_over_stays_over_whatever_was_tried_before(outcome):
    memory = noted(attempt(outcome), attempt("failed", "mail"), attempt("failed"))

    assert memory.is_finished("n1")


def test_what_did_not_arrive_is_open_again_with_all_that_was_tried():
    memory = noted(attempt("refused", "mail"), attempt("intent"), attempt("accepted"), bounced())

    assert not memory.is_finished("n1")
    assert {name: one.outcome for name, one in memory.of("n1").items()} == {
        "mail": "refused",
        "sms": "failed",
    }


@pytest.mark.parametrize(
    "order",
    [
        pytest.param((attempt("accepted"), bounced(), attempt("accepted", "mail")), id="as said"),
        pytest.param((bounced(), attempt("accepted", "mail")), id="compacted"),
        pytest.param((attempt("accepted", "mail"), bounced()), id="said twice, compacted"),
        pytest.param(
            (attempt("accepted"), bounced(), attempt("accepted", "mail"), bounced()),
            id="said twice",
        ),
    ],
)
def test_what_went_by_the_next_channel_is_over(order):
    assert noted(*order).is_finished("n1")


def test_only_what_reopens_says_so():
    memory = Memory()
    said = [attempt("intent"), attempt("accepted"), bounced("mail"), bounced(), bounced()]

    assert [memory.note(one) for one in said] == [False, False, False, True, False]


def test_only_so_many_are_kept():
    memory = Memory(most_finished=2)
    for name in ("n1", "n2", "n3"):
        memory.finish(name, "sms")

    assert [memory.is_finished(name) for name in ("n1", "n2", "n3")] == [False, True, True]
