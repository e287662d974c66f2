"""What single panels show of plants that are not as the demo's."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from sinks.timescale.connection import connect_blocking
from tests.sinks.timescale.conftest import Database, emptied
from tests.sinks.timescale.floor import Floor

pytestmark = pytest.mark.integration

BAD = 0x80000000
UNCERTAIN = 0x40000000


@pytest.fixture
def floor(timescale: Database) -> Iterator[Floor]:
    with connect_blocking(emptied(timescale).settings) as connection:
        yield Floor(connection)


def at(clock: str, day: int = 3) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def test_machines_are_rows_of_their_own_whatever_their_names(floor: Floor):
    floor.knows(("f1", "Filling"), ("f2", "Filling"), ("m1", ""), ("m2", ""), ("p", "Press"))
    for number, id_ in enumerate(("f1", "f2", "m1", "m2", "p"), start=1):
        floor.minutes(id_, at("10:00"), number, good=1, running_ms=60_000)

    shown = floor.shown("factory/machines_now", at("10:00"), at("11:00"))

    assert {one["equipment"]: one["good"] for one in shown} == {
        "Filling (f1)": 1,
        "Filling (f2)": 2,
        "m1": 3,
        "m2": 4,
        "Press": 5,
    }
    assert [one["__text"] for one in floor.choices("reactor")] == [
        *("Filling (f1)", "Filling (f2)", "Press", "m1", "m2")
    ]


def test_curves_of_machines_are_theirs_alone_whatever_their_names(floor: Floor):
    floor.knows(("f1", "Filling"), ("f2", "Filling"), ("m1", ""))
    for number, id_ in enumerate(("f1", "f2", "m1")):
        floor.measured(id_, "temperature", at("10:30"), 20.0 + number)

    shown = floor.shown("reactor/temperature", at("10:00"), at("11:00"))

    assert {one["metric"]: one["value"] for one in shown} == {
        "Filling (f1)": 20,
        "Filling (f2)": 21,
        "m1": 22,
    }
