"""A batch is full by rows or by bytes, and polls are as large as records are small."""

import pytest

from plantstream.runtime.ports import Record
from schemas.topics import KPI, TELEMETRY
from sinks.batch import entry_of
from sinks.portions import PollSize, Portion, Size
from tests.sinks.doubles import NOW
from tests.sinks.records import cell, frame, record


@pytest.mark.parametrize(
    ("size", "full"),
    [
        pytest.param(Size(rows=5, bytes=10**6), True, id="by samples"),
        pytest.param(Size(rows=6, bytes=10**6), False, id="not yet"),
        pytest.param(Size(rows=10**6, bytes=100), True, id="by bytes"),
    ],
)
def test_a_portion_is_full_by_rows_or_bytes(size: Size, full: bool):
    portion = Portion()
    portion.add(entry_of(record(TELEMETRY, 0, frame(numbers=[1.0, 2.0, 3.0])), NOW))
    portion.add(entry_of(record(KPI, 0, cell()), NOW))
    portion.add(entry_of(record(KPI, 1, b"no json"), NOW))

    assert portion.rows == 5
    assert portion.fills(size) is full


@pytest.mark.parametrize(
    ("value_bytes", "limit"),
    [
        pytest.param(6_000, 1_398, id="frames of a hundred samples"),
        pytest.param(100, 4_000, id="small events"),
        pytest.param(1_000_000, 50, id="huge ones"),
    ],
)
def test_the_next_poll_asks_for_about_as_many_bytes_as_a_poll_should_have(
    value_bytes: int, limit: int
):
    polled = [Record("t", 0, at, b"", bytes(value_bytes)) for at in range(3)]

    assert PollSize().after(polled) == limit
