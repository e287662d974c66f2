"""A server's answers as observations, over connections that come and go."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asyncua import ua

from ingest.input import Alive, Missed, Sample, Unreadable
from ingest.inputs.opcua.translator import Recovered, Translator
from ingest.inputs.opcua.watch import watches
from plantstream.runtime.errors import MisconfiguredError
from schemas.plant.equipment import Equipment
from schemas.plant.tags import Tag

PATH = "e/s/a/l/one"
START = datetime(2026, 3, 1, tzinfo=UTC)
DATA: Any = ua.DataValue
STATUS: Any = ua.StatusCode
SAMPLING = timedelta(milliseconds=100)
TAGS = [
    Tag(name="temperature", node="nsu=u;s=T"),
    Tag(name="good", node="nsu=u;s=G", means="good_count"),
    Tag(name="state", node="nsu=u;s=S", means="state", running_above=0),
    Tag(name="batch", node="nsu=u;s=B", means="batch"),
    Tag(name="cycle", node="nsu=u;s=C", means="cycle_time"),
]
TEMPERATURE, GOOD_COUNT, STATE, BATCH, CYCLE = range(5)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def equipment(tags=TAGS) -> Equipment:
    return Equipment(id="one", area="a", line="l", tags=tags)


def translator() -> Translator:
    return Translator(watches([(PATH, equipment())]), "opc.tcp://x", 100)


def item(handle: int, value: object, seconds: float, code: int = 0):
    data = DATA(Value=ua.Variant(value), SourceTimestamp=at(seconds), StatusCode=STATUS(code))
    return ua.MonitoredItemNotification(handle, data)


def answer(number: int, seconds: float, *items) -> ua.PublishResult:
    data = [ua.DataChangeNotification(MonitoredItems=list(items))] if items else []
    message = ua.NotificationMessage(number, at(seconds), data)
    return ua.PublishResult(1, NotificationMessage=message)


def names(found) -> list[str]:
    return [one.tag if isinstance(one, Sample) else type(one).__name__ for one in found]


def test_an_answer_is_put_in_the_order_of_source_time_and_of_meaning():
    items = [
        item(TEMPERATURE, 20.0, 2),
        item(GOOD_COUNT, 7, 1),
        item(STATE, 1, 1),
        item(BATCH, "b", 1),
        item(TEMPERATURE, 21.0, 0.5),
    ]
    found = translator().answer(answer(1, 2, *items), at(2))
    assert names(found) == ["temperature", "batch", "state", "good", "temperature"]


def test_alive_reaches_as_far_as_everything_was_delivered():
    watching = translator()
    assert watching.alive() == []
    watching.answer(answer(1, 5, item(STATE, 1, 4.9)), at(5))
    assert watching.alive() == [Alive(PATH, at(5) - SAMPLING)]
    assert watching.alive() == []
    watching.answer(answer(2, 7), at(7))
    assert watching.alive() == [Alive(PATH, at(7) - SAMPLING)]


def test_an_outage_is_missed_once_and_what_is_said_after_it_holds_from_its_end():
    watching = translator()
    watching.answer(answer(1, 5, item(STATE, 1, 4)), at(5))
    watching.interrupt("no connection")
    watching.interrupt("still none")
    watching.restart()
    watching.answer(answer(1, 60), at(60))
    assert watching.alive() == [Alive(PATH, at(5) - SAMPLING)]
    found = watching.answer(answer(1, 61, item(STATE, 1, 4), item(GOOD_COUNT, 9, 30)), at(61))
    assert found == [
        Missed(PATH, at(5) - SAMPLING, at(61), "no connection"),
        Sample(PATH, "state", 1, at(61)),
        Sample(PATH, "good", 9, at(61)),
    ]
    assert names(watching.answer(answer(2, 62, item(STATE, 0, 61.5)), at(62))) == ["state"]


@pytest.mark.parametrize("ahead_s", [10**8, 3600])
def test_a_time_that_nobody_can_believe_hides_no_outage_after_it(ahead_s):
    one = translator()
    one.answer(answer(1, 1, item(TEMPERATURE, 20.0, ahead_s)), at(1))
    one.interrupt("gone")
    one.restart()

    found = one.answer(answer(1, 9, item(TEMPERATURE, 21.0, 9)), at(9))

    assert found[0] == Missed(PATH, at(1), at(9), "gone")


def test_a_server_whose_clock_was_set_right_is_alive_at_once():
    one = translator()
    one.answer(answer(1, 3600, item(STATE, 1, 3600)), at(0))
    assert one.alive() == [Alive(PATH, at(3600) - SAMPLING)]
    one.answer(answer(2, 5), at(5))
    assert one.alive() == [Alive(PATH, at(5) - SAMPLING)]
    one.interrupt("gone")
    one.restart()
    assert one.answer(answer(1, 9, item(STATE, 1, 9)), at(9))[0] == Missed(
        PATH, at(5), at(9), "gone"
    )


def test_a_server_that_was_never_seen_was_not_missed():
    watching = translator()
    watching.interrupt("no connection")
    watching.restart()
    assert names(watching.answer(answer(1, 5, item(STATE, 1, 1)), at(5))) == ["state"]


def test_a_hole_in_the_answers_is_missed():
    watching = translator()
    watching.answer(answer(1, 5, item(STATE, 1, 5)), at(5))
    found = watching.answer(answer(4, 8, item(STATE, 0, 7)), at(8))
    assert found[0] == Missed(PATH, at(5), at(8), "answers 2 to 3 of the server were lost")
    assert names(found) == ["Missed", "state"]


def test_after_a_hole_every_tag_is_told_again_from_its_end_unless_it_has_spoken_since():
    watching = translator()
    known = [item(STATE, 1, 4), item(BATCH, "b1", 4), item(CYCLE, 3.5, 4), item(GOOD_COUNT, 1, 4)]
    watching.answer(answer(1, 5, *known), at(5))
    assert not watching.torn()
    watching.answer(answer(3, 8, item(GOOD_COUNT, 7, 7)), at(8))
    assert watching.torn()
    assert not watching.torn()

    read = [item(STATE, 0, 6), item(BATCH, "b1", 4), item(CYCLE, 3.5, 4), item(GOOD_COUNT, 7, 7)]
    found = watching.read_again(read, at(8.1))

    assert found == [
        Sample(PATH, "cycle", 3.5, at(4)),
        Sample(PATH, "batch", "b1", at(8)),
        Sample(PATH, "state", 0, at(8)),
    ]
    assert watching.read_again(read, at(9)) == []


def test_of_values_that_came_while_nobody_looked_the_last_one_holds():
    watching = translator()
    watching.answer(answer(1, 5, item(STATE, 1, 4)), at(5))
    watching.interrupt("no connection")
    watching.restart()

    changes = [item(STATE, 1, 4), item(STATE, 0, 60.5)]
    found = watching.answer(answer(1, 61, *changes), at(61))

    assert found[1:] == [Sample(PATH, "state", 1, at(61)), Sample(PATH, "state", 0, at(61))]


def test_numbers_of_answers_begin_again_after_the_last():
    watching = translator()
    watching.answer(answer(2**32 - 1, 5, item(STATE, 1, 5)), at(5))
    assert names(watching.answer(answer(1, 6, item(STATE, 0, 6)), at(6))) == ["state"]


def test_a_queue_that_was_too_short_is_missed_for_tags_that_mean_something():
    watching = translator()
    watching.answer(answer(1, 5, item(STATE, 1, 5)), at(5))
    full = [item(GOOD_COUNT, 9, 6, 0x480), item(TEMPERATURE, 1.0, 6, 0x480)]
    found = watching.answer(answer(2, 6, *full), at(6))
    assert names(found) == ["Missed", "good", "temperature"]
    reason = "the server dropped values of good: its queue was too short"
    assert found[0] == Missed(PATH, at(5), at(6), reason)


def test_an_array_is_reported_once_and_the_others_go_on():
    watching = translator()
    first = watching.answer(answer(1, 1, item(TEMPERATURE, [1, 2], 1), item(STATE, 1, 1)), at(1))
    assert names(first) == ["state", "Unreadable"]
    reported = first[1]
    assert isinstance(reported, Unreadable)
    assert reported.origin == "opc.tcp://x nsu=u;s=T"
    assert "an array of Int64" in reported.reason
    assert "plant file" in reported.reason
    again = watching.answer(answer(2, 2, item(TEMPERATURE, [1], 2)), at(2))
    assert again == []


def test_a_server_without_a_clock_is_placed_by_arrival():
    watching = translator()
    nothing = answer(1, 1, item(STATE, 1, 1))
    nothing.NotificationMessage.PublishTime = datetime(1601, 1, 1, tzinfo=UTC)
    watching.answer(nothing, at(9))
    assert watching.alive() == [Alive(PATH, at(9) - SAMPLING)]


def test_all_wrong_addresses_are_told_at_once():
    tags = [Tag(name="x"), Tag(name="y", node="State"), Tag(name="z", node="i=1")]
    with pytest.raises(MisconfiguredError, match=r"tag x of one[\s\S]*tag y of one"):
        watches([(PATH, equipment(tags))])


def test_after_an_outage_the_first_word_of_each_tag_holds_from_its_end():
    watching = translator()
    watching.answer(answer(1, 5, item(STATE, 1, 4), item(GOOD_COUNT, 3, 4)), at(5))
    watching.interrupt("no connection")
    watching.restart()
    watching.answer(answer(1, 61, item(STATE, 1, 4)), at(61))
    late = watching.answer(answer(2, 62, item(GOOD_COUNT, 9, 30)), at(62))
    assert late == [Sample(PATH, "good", 9, at(61))]
    assert watching.answer(answer(3, 63, item(STATE, 1, 60)), at(63)) == [
        Sample(PATH, "state", 1, at(60))
    ]


def test_after_an_outage_a_cycle_keeps_the_time_at_which_it_ended():
    watching = translator()
    watching.answer(answer(1, 5, item(CYCLE, 30.5, 4)), at(5))
    watching.interrupt("no connection")
    watching.restart()
    found = watching.answer(answer(1, 61, item(CYCLE, 30.5, 4)), at(61))
    assert found[1:] == [Sample(PATH, "cycle", 30.5, at(4))]


def test_every_meaning_has_its_place_among_values_of_the_same_time():
    tags = [
        Tag(name=means, node=f"nsu=u;s={means}", means=means)
        for means in ("cycle_time", "produced_count", "stop_reason", "phase", "product", "batch")
    ]
    ranked = sorted(watches([(PATH, equipment(tags))]), key=lambda watch: watch.rank)
    assert [watch.tag for watch in ranked] == [tag.name for tag in reversed(tags)]


def test_what_was_polled_is_placed_by_the_clock_of_the_server():
    watching = translator()
    assert names(watching.polled([item(STATE, 1, 4)], at(99), at(5))) == ["state"]
    assert watching.polled([], at(99), at(6)) == []
    assert watching.alive() == [Alive(PATH, at(6) - SAMPLING)]
    watching.interrupt("no connection")
    assert watching.polled([], at(99), at(9)) == [
        Missed(PATH, at(6) - SAMPLING, at(9), "no connection")
    ]


ALL = frozenset(range(len(TAGS)))


def after_an_outage(**found) -> tuple[Translator, list]:
    """Seen until 5, away, and then this in the server's history."""
    watching = translator()
    watching.answer(answer(1, 5, item(STATE, 1, 4), item(GOOD_COUNT, 3, 4.5)), at(5))
    watching.interrupt("no connection")
    watching.restart()
    told: dict[str, Any] = {"complete": ALL, "followed": ALL, "server_started": at(0)} | found
    return watching, watching.recover(Recovered(**told), at(60))


def test_history_fills_an_outage_and_each_value_comes_once_at_its_own_time():
    items = [item(GOOD_COUNT, 3, 4.5), item(GOOD_COUNT, 7, 30), item(STATE, 0, 20)]
    watching, found = after_an_outage(items=items)
    assert found == [Sample(PATH, "state", 0, at(20)), Sample(PATH, "good", 7, at(30))]
    first = answer(1, 61, item(STATE, 0, 20), item(GOOD_COUNT, 7, 30), item(TEMPERATURE, 1.0, 2))
    assert watching.answer(first, at(61)) == []
    assert watching.answer(answer(2, 62, item(GOOD_COUNT, 8, 61.5)), at(62)) == [
        Sample(PATH, "good", 8, at(61.5))
    ]


def test_what_stood_in_the_history_for_longer_than_a_clock_may_be_off_is_as_old_as_it_is():
    watching = translator()
    watching.answer(answer(1, 5, item(STATE, 1, 4)), at(5))
    watching.interrupt("no connection")
    watching.restart()
    items = [item(STATE, 0, 20), item(STATE, 1, 199_000)]

    found = watching.recover(Recovered(items, ALL, ALL, at(0)), at(200_000))

    assert [one.kept for one in found if isinstance(one, Sample)] == [True, False]


def test_where_one_tag_has_no_history_a_gap_remains_but_the_others_keep_their_values():
    watching, found = after_an_outage(
        items=[item(GOOD_COUNT, 7, 30)], complete=frozenset({GOOD_COUNT})
    )
    assert found == [Sample(PATH, "good", 7, at(30))]
    first = answer(1, 61, item(STATE, 0, 20), item(GOOD_COUNT, 7, 30))
    assert watching.answer(first, at(61)) == [
        Missed(PATH, at(5) - SAMPLING, at(61), "no connection"),
        Sample(PATH, "state", 0, at(61)),
    ]


def test_a_tag_that_the_server_lacks_needs_no_history():
    watching, _ = after_an_outage(
        items=[], complete=ALL - {TEMPERATURE}, followed=ALL - {TEMPERATURE}
    )
    assert watching.answer(answer(1, 61, item(STATE, 1, 4)), at(61)) == []


def test_before_a_server_was_started_again_its_history_proves_nothing():
    _, found = after_an_outage(items=[item(STATE, 0, 50)], server_started=at(40))
    start = at(5) - SAMPLING
    reason = "no connection, and the server was started again"
    assert found == [Missed(PATH, start, at(40), reason), Sample(PATH, "state", 0, at(50))]


def test_a_subscription_that_went_on_tells_by_its_numbers_whether_all_came():
    for number, expected in ((2, ["state"]), (3, ["Missed", "state"])):
        watching = translator()
        watching.answer(answer(1, 5, item(STATE, 1, 4)), at(5))
        watching.interrupt("no connection")
        watching.resume()
        assert names(watching.answer(answer(number, 9, item(STATE, 0, 8)), at(9))) == expected
