"""Frames: what stands in a column, and where one frame ends."""

import json

import pytest
from hypothesis import given, strategies as st

from ingest.frames import Reading, dump_readings, frame, load_readings, whole_frames
from ingest.input import BAD, Value
from schemas.telemetry import MAX_SAMPLES
from tests.ingest.kit import REACTOR, at

readings = st.lists(
    st.builds(
        Reading,
        st.sampled_from(["a", "b", "c"]),
        st.integers(0, 10**6).map(lambda ms: at(ms / 1000)),
        st.one_of(st.none(), st.text(max_size=3), st.floats(-1e6, 1e6)),
        st.sampled_from([0, BAD]),
    ),
    max_size=40,
)


def test_columns_stand_beside_each_other() -> None:
    found = frame(
        REACTOR,
        {"a": "degC"},
        [
            Reading("a", at(1), 20.5, 0),
            Reading("b", at(0.5), "idle", 0),
            Reading("a", at(2), None, BAD),
        ],
    )

    a, b = found.columns
    assert found.source_time == at(0.5)
    assert (a.tag, a.unit, a.offset_ms, a.numbers, a.texts, a.quality) == (
        "a", "degC", [500, 1500], [20.5, None], None, [0, BAD],
    )  # fmt: skip
    assert (b.tag, b.offset_ms, b.texts, b.quality) == ("b", [0], ["idle"], None)


def test_numbers_among_texts_become_words() -> None:
    found = frame(REACTOR, {}, [Reading("a", at(0), 6.0, 0), Reading("a", at(1), "open", 0)])

    assert found.columns[0].texts == ["6", "open"]


@pytest.mark.parametrize(
    ("values", "kind", "numbers", "texts"),
    [
        ([1, None, 3], "int", [1, None, 3], None),
        ([True, False], "bool", [1, 0], None),
        ([1, 2.5], None, [1, 2.5], None),
        ([2**53 + 1, 1], "int", None, ["9007199254740993", "1"]),
        (["a"], None, None, ["a"]),
        ([None], None, [None], None),
    ],
)
def test_values_keep_their_kind(
    values: list[Value], kind: str | None, numbers: list[float] | None, texts: list[str] | None
) -> None:
    found = frame(REACTOR, {}, [Reading("a", at(n), value, 0) for n, value in enumerate(values)])

    (column,) = found.columns
    assert (column.kind, column.numbers, column.texts) == (kind, numbers, texts)


@given(readings.filter(bool))
def test_law_no_reading_is_lost_in_a_frame(found: list[Reading]) -> None:
    columns = frame(REACTOR, {}, found).columns

    assert sum(len(column.offset_ms) for column in columns) == len(found)


@given(readings)
def test_law_readings_survive_a_restart(found: list[Reading]) -> None:
    assert load_readings(json.loads(json.dumps(dump_readings(found)))) == found


@pytest.mark.parametrize(
    ("number", "frames", "rest"),
    [
        pytest.param(MAX_SAMPLES - 1, 0, MAX_SAMPLES - 1, id="one too few"),
        pytest.param(MAX_SAMPLES, 1, 0, id="exactly one"),
        pytest.param(2 * MAX_SAMPLES + 7, 2, 7, id="two and a rest"),
    ],
)
def test_only_full_frames_are_cut(number: int, frames: int, rest: int) -> None:
    cut, left = whole_frames([Reading("a", at(0), 1.0, 0)] * number)

    assert ([len(part) for part in cut], len(left)) == ([MAX_SAMPLES] * frames, rest)
