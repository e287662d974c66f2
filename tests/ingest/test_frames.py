"""Frames: what stands in a column, and where one frame ends."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given, strategies as st
from pydantic import ValidationError

from ingest.frames import Reading, dump_readings, frame, load_readings, whole_frames
from ingest.input import BAD, Value
from ingest.sealing import CountedStamps, seal_frame
from ingest.values import word
from schemas.codec import encode
from schemas.telemetry import MAX_SAMPLES, Column, TelemetryFrame
from tests.ingest.kit import REACTOR, at, moment

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


anything = st.builds(
    Reading,
    st.sampled_from(["a", "b", "c"]),
    st.integers(0, 10**9).map(lambda us: at(us / 1e6)),
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(st.characters(codec="utf-8"), max_size=3),
    ),
    st.sampled_from([0, BAD]),
)


def sealed(units: Mapping[str, str], found: Sequence[Reading]) -> TelemetryFrame:
    return seal_frame(CountedStamps("edge", "e"), frame(REACTOR, units, found), moment())


def checked_columns(units: Mapping[str, str], found: Sequence[Reading]) -> list[Column]:
    """The columns as the contract makes them of plain values, each by itself."""
    start = min(one.at for one in found)
    return [
        checked_column(tag, units.get(tag, ""), start, [one for one in found if one.tag == tag])
        for tag in dict.fromkeys(one.tag for one in found)
    ]


def checked_column(tag: str, unit: str, start: datetime, found: Sequence[Reading]) -> Column:
    values = [one.value for one in found]
    kinds = {type(value) for value in values if value is not None}
    large = any(isinstance(value, int) and abs(value) > 2**53 for value in values)
    textual = str in kinds or large
    return Column(
        tag=tag,
        unit=unit,
        offset_ms=[(one.at - start) // timedelta(milliseconds=1) for one in found],
        numbers=None if textual else [None if one is None else float(one) for one in values],
        texts=[None if one is None else word(one) for one in values] if textual else None,
        quality=[one.quality for one in found] if any(one.quality for one in found) else None,
        kind="int" if kinds == {int} else "bool" if kinds == {bool} else None,
    )


def test_columns_stand_beside_each_other() -> None:
    found = sealed(
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
    found = sealed({}, [Reading("a", at(0), 6.0, 0), Reading("a", at(1), "open", 0)])

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
    found = sealed({}, [Reading("a", at(n), value, 0) for n, value in enumerate(values)])

    (column,) = found.columns
    assert (column.kind, column.numbers, column.texts) == (kind, numbers, texts)


@given(readings.filter(bool))
def test_law_no_reading_is_lost_in_a_frame(found: list[Reading]) -> None:
    assert sealed({}, found).sample_count() == len(found)


@given(st.lists(anything, min_size=1, max_size=40))
def test_law_a_frame_is_byte_for_byte_what_checking_each_column_gives(
    found: list[Reading],
) -> None:
    frame_of_columns = sealed({"a": "degC"}, found).model_copy(
        update={"columns": checked_columns({"a": "degC"}, found)}
    )

    assert encode(sealed({"a": "degC"}, found)) == encode(frame_of_columns)


@pytest.mark.parametrize(
    "reading",
    [
        pytest.param(Reading("a", at(0), float("nan"), 0), id="no number"),
        pytest.param(Reading("a", at(0), float("inf"), 0), id="infinite"),
        pytest.param(Reading("", at(0), 1.0, 0), id="no name"),
        pytest.param(Reading("a" * 201, at(0), 1.0, 0), id="a name that is too long"),
    ],
)
def test_what_the_contract_refuses_never_becomes_a_frame(reading: Reading) -> None:
    with pytest.raises(ValidationError):
        sealed({}, [Reading("b", at(0), 1.0, 0), reading])


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
