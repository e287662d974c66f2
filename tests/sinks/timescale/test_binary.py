"""Rows of binary COPY: one sample is written as several are, and what does not fit is refused."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from plantstream.runtime.errors import RejectedError
from schemas.telemetry import Column, TelemetryFrame
from sinks.timescale.binary import copy_rows
from tests.sinks.doubles import NOW
from tests.sinks.records import envelope


def one_tag(
    numbers: list[float | None], offset_ms: int = 0, run: str = "", at: datetime = NOW
) -> TelemetryFrame:
    column = Column(tag="t", unit="°C", offset_ms=[offset_ms] * len(numbers), numbers=numbers)
    return TelemetryFrame(**envelope(run=run, at=at), columns=[column])


@given(
    st.none() | st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(10**9), 10**9),
    st.sampled_from(["", "a-run"]),
)
def test_one_sample_is_written_as_two_are(number: float | None, offset_ms: int, run: str):
    once = copy_rows(one_tag([number], offset_ms, run))

    assert copy_rows(one_tag([number, number], offset_ms, run)) == 2 * once


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize(
    ("at", "offset_ms"),
    [
        pytest.param(NOW.replace(year=9999), 400 * 86_400_000, id="after the year 9999"),
        pytest.param(NOW.replace(year=1), -400 * 86_400_000, id="before the year 1"),
    ],
)
def test_a_time_that_no_column_holds_is_refused(count: int, at: datetime, offset_ms: int):
    with pytest.raises(RejectedError, match="outside the years 1 to 9999"):
        copy_rows(one_tag([1.0] * count, offset_ms, at=at))


def test_frames_that_follow_each_other_differ_in_their_times():
    first, second = (copy_rows(one_tag([1.0], at=NOW + timedelta(seconds=n))) for n in (0, 1))

    assert len(first) == len(second)
    assert first != second
