"""What was missed of equipment, who is alive, and when polls begin."""

from datetime import UTC, datetime, timedelta

import pytest
from asyncua.ua.status_codes import StatusCodes
from hypothesis import given
from hypothesis.strategies import floats, lists

from ingest.input import Alive, Missed, Sample
from ingest.inputs.modbus.cadence import Cadence
from ingest.inputs.modbus.quality import BAD_COMMUNICATION, BAD_TIMEOUT, trouble
from ingest.inputs.modbus.sight import Sight

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
ALLOWED = timedelta(seconds=2)
PATH = "e/s/a/l/one"


def good(seconds, path=PATH):
    return Sample(path, "t", 1, NOON + timedelta(seconds=seconds))


def poor(seconds):
    return Sample(PATH, "t", None, NOON + timedelta(seconds=seconds), BAD_TIMEOUT)


def test_equipment_that_answers_in_time_has_missed_nothing():
    sight = Sight()
    for second in (0, 1, 3):
        assert sight.seen([good(second)], ALLOWED) == [
            good(second),
            Alive(PATH, good(second).source_time),
        ]


def test_what_was_missed_lasts_from_the_last_good_answer_to_the_next():
    sight = Sight()
    sight.seen([good(0)], ALLOWED)
    sight.lost([PATH], "pulled out")
    sight.lost([PATH], "still out")
    assert sight.seen([poor(5)], ALLOWED) == [poor(5)], "a bad sample is no sign of life"
    (missed, *_) = sight.seen([good(9)], ALLOWED)
    assert missed == Missed(PATH, NOON, NOON + timedelta(seconds=9), "pulled out")


def test_an_outage_in_which_the_clock_was_set_back_is_told_without_its_length():
    sight = Sight()
    sight.seen([good(0)], ALLOWED)
    sight.lost([PATH], "pulled out")
    back = good(-900).source_time
    assert sight.seen([good(-900)], ALLOWED)[0] == Missed(PATH, back, back, "pulled out")
    assert sight.seen([good(-1800)], ALLOWED)[0] == good(-1800)


def test_equipment_on_two_units_is_seen_while_one_answers():
    sight = Sight()
    sight.seen([good(0)], ALLOWED)
    sight.lost([PATH], "the other unit is silent")
    sight.seen([good(1)], ALLOWED)
    assert sight.seen([good(2)], ALLOWED)[0] == good(2)


def test_nothing_is_missed_before_the_first_answer():
    sight = Sight()
    sight.lost([PATH], "not there yet")
    assert sight.seen([good(60)], ALLOWED)[0] == good(60)


def test_polls_begin_on_the_grid_however_long_they_take():
    cadence, now, begins = Cadence(1.0), 100.0, []
    for took in (0.1, 0.9, 0.4, 0.0):
        begins.append(now)
        cadence.begin(now)
        cadence.end(now + took, True)
        now += took + cadence.wait_s(now + took)
    assert begins == pytest.approx([100, 101, 102, 103])
    assert cadence.overruns == 0


def test_after_an_overrun_the_next_poll_begins_at_once_and_then_on_the_grid():
    cadence = Cadence(1.0)
    cadence.begin(100.0)
    assert cadence.end(102.3, False) == pytest.approx(2.3)
    assert cadence.wait_s(102.3) == 0
    cadence.begin(102.3)
    cadence.end(102.4, True)
    assert cadence.wait_s(102.4) == pytest.approx(0.6)
    assert cadence.overruns == 1


@given(lists(floats(0, 10), min_size=1, max_size=30))
def test_polls_never_pile_up(durations):
    cadence, now, begins = Cadence(1.0), 0.0, []
    for took in durations:
        begins.append(now)
        cadence.begin(now)
        now += took
        cadence.end(now, True)
        wait_s = cadence.wait_s(now)
        assert 0 <= wait_s <= 1
        now += wait_s
    assert cadence.overruns == sum(one > 1 for one in durations)
    quick = [one <= 1 for one in durations]
    assert len(begins) <= now + 2 or not all(quick)


def test_a_line_that_is_slow_when_all_answer_may_be_slow():
    cadence = Cadence(0.1)
    cadence.begin(0)
    cadence.end(2.0, False)
    assert cadence.allowed_s == pytest.approx(0.15)
    cadence.begin(2)
    cadence.end(4, True)
    assert cadence.allowed_s == pytest.approx(3)


@pytest.mark.parametrize(
    ("quality", "code"),
    [
        pytest.param(BAD_COMMUNICATION, StatusCodes.BadCommunicationError, id="line down"),
        pytest.param(BAD_TIMEOUT, StatusCodes.BadTimeout, id="no answer"),
        pytest.param(trouble(1).quality, StatusCodes.BadNotSupported, id="illegal function"),
        pytest.param(trouble(2).quality, StatusCodes.BadNodeIdUnknown, id="illegal address"),
        pytest.param(trouble(3).quality, StatusCodes.BadOutOfRange, id="illegal value"),
        pytest.param(trouble(4).quality, StatusCodes.BadDeviceFailure, id="device failure"),
        pytest.param(trouble(5).quality, StatusCodes.BadResourceUnavailable, id="acknowledge"),
        pytest.param(trouble(6).quality, StatusCodes.BadResourceUnavailable, id="busy"),
        pytest.param(trouble(8).quality, StatusCodes.BadDeviceFailure, id="parity"),
        pytest.param(trouble(10).quality, StatusCodes.BadCommunicationError, id="no path"),
        pytest.param(trouble(11).quality, StatusCodes.BadTimeout, id="no target"),
        pytest.param(trouble(99).quality, StatusCodes.BadUnexpectedError, id="unknown"),
    ],
)
def test_qualities_are_those_of_opc_ua(quality, code):
    assert quality == code
