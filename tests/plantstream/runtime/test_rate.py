"""Requests of one token: as many as agreed in the long run, never for ever none."""

import pytest
from hypothesis import given, strategies as st

from plantstream.runtime.rate import Bucket, draw


@pytest.mark.parametrize(
    ("bucket", "now", "left", "wait_s"),
    [
        pytest.param(None, 5.0, 19.0, 0, id="the first one finds a full bucket"),
        pytest.param(Bucket(1.0, 5.0), 5.0, 0.0, 0, id="the last one"),
        pytest.param(Bucket(0.0, 5.0), 5.0, 0.0, 0.1, id="one too many waits for a refill"),
        pytest.param(Bucket(0.5, 5.0), 5.0, 0.5, 0.05, id="half a request is none"),
        pytest.param(Bucket(0.0, 5.0), 6.0, 9.0, 0, id="a second later"),
        pytest.param(Bucket(0.0, 5.0), 99.0, 19.0, 0, id="no fuller than full"),
    ],
)
def test_a_bucket_refills(bucket: Bucket | None, now: float, left: float, wait_s: float):
    after, waited = draw(bucket, now, 10.0)

    assert after.at == now
    assert [after.left, waited] == pytest.approx([left, wait_s])


@given(
    st.floats(0.01, 1000),
    st.lists(st.floats(0, 10), min_size=1, max_size=100),
)
def test_law_no_more_than_agreed_and_two_seconds_more(per_s: float, pauses: list[float]):
    bucket, now, taken = None, 0.0, 0
    for pause in pauses:
        now += pause
        bucket, wait_s = draw(bucket, now, per_s)
        taken += wait_s == 0
        assert wait_s <= 1 / per_s

    assert taken <= max(2 * per_s, 1) + now * per_s + 1e-6
