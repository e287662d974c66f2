"""What a restarted edge knows of alarms that it has told."""

from dataclasses import replace

from ingest.inputs.opcua.alarms import AlarmBook
from ingest.inputs.opcua.open_alarms import MOST_OPEN, OpenAlarms
from tests.ingest.inputs.opcua.test_alarms import (
    PLANT,
    REFRESH_END,
    REFRESH_START,
    SAID,
    TOO_HOT,
    hear,
)

OVER = replace(TOO_HOT, active=False, retained=False)


def restarted(position: str | None, plant=PLANT) -> AlarmBook:
    return AlarmBook(plant, "opc.tcp://x", OpenAlarms.load(position))


def test_an_alarm_that_ended_while_the_edge_was_down_is_told_to_have_ended() -> None:
    position = OpenAlarms().after([TOO_HOT])

    (over,) = hear(restarted(position), REFRESH_START, REFRESH_END)

    assert (over.condition, over.active, over.retained) == (TOO_HOT.condition, False, False)


def test_an_alarm_that_is_still_on_is_not_told_again() -> None:
    position = OpenAlarms().after([TOO_HOT])

    assert hear(restarted(position), REFRESH_START, SAID, REFRESH_END) == []


def test_an_alarm_that_has_ended_is_forgotten() -> None:
    open_alarms = OpenAlarms()
    open_alarms.after([TOO_HOT])

    assert OpenAlarms.load(open_alarms.after([OVER])).dump() == OpenAlarms.load(None).dump()


def test_what_says_nothing_of_alarms_moves_no_position() -> None:
    assert OpenAlarms().after([]) is None


def test_alarms_of_equipment_that_is_read_no_longer_are_left_alone() -> None:
    position = OpenAlarms().after([TOO_HOT])

    assert hear(restarted(position, PLANT[1:]), REFRESH_START, REFRESH_END) == []


def test_there_is_a_limit() -> None:
    many = [replace(TOO_HOT, condition=str(number)) for number in range(MOST_OPEN + 1)]

    kept = list(OpenAlarms.load(OpenAlarms().after(many)))

    assert kept == many[1:]
