"""The order within a chunk, and observations that belong to nobody."""

from datetime import timedelta
from typing import Any

import pytest

from ingest.chunks import Mapped, in_order, map_chunk
from ingest.input import BAD, Alive, Missed, Sample, Unreadable
from ingest.rules import plant_rules
from tests.ingest.kit import NOW, REACTOR, STATION, at, plant, sample

RULES = plant_rules(plant())


def mapped(*seen: Any, limit: timedelta | None = None) -> Mapped:
    return map_chunk(RULES, {}, seen, NOW, limit)


def tags(*seen: Any) -> list[Any]:
    return [(one.tag, one.value) for one in in_order(RULES, seen) if isinstance(one, Sample)]


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        pytest.param(
            [sample("note", "x"), sample("good", 1), sample("state", 6), sample("product", "p"),
             sample("batch", "b")],
            ["batch", "product", "state", "good", "note"],
            id="batch, product and state before counts",
        ),
        pytest.param(
            [sample("good", 1), sample("batch", "b", 1)],
            ["good", "batch"],
            id="only at the same time",
        ),
        pytest.param(
            [sample("good", 1), sample("batch", "a"), sample("good", 2), sample("batch", "b")],
            ["batch", "good", "batch", "good"],
            id="two rows at the same time stay two rows",
        ),
        pytest.param(
            [sample("good", 1), sample("note", "n", equipment=STATION), sample("batch", "b")],
            ["batch", "good", "note"],
            id="another machine in between changes nothing",
        ),
        pytest.param(
            [sample("good", 1), Alive(REACTOR, NOW), sample("batch", "b")],
            ["good", "batch"],
            id="a sign of life in between keeps its place",
        ),
    ],
)  # fmt: skip
def test_order(seen: list[Any], expected: list[str]) -> None:
    assert [tag for tag, _ in tags(*seen)] == expected


def test_nothing_vanishes_in_sorting() -> None:
    seen = [sample(tag, 1, second) for second in range(3) for tag in ("good", "note", "batch")]
    seen.append(sample("good", 1, equipment="a/b/c/d/unknown"))

    found = list(in_order(RULES, seen))

    assert sorted(map(repr, found)) == sorted(map(repr, seen))


def test_an_unknown_equipment_is_a_problem_and_the_rest_goes_on() -> None:
    found = mapped(
        sample("good", 1, equipment="a/b/c/d/e"), Alive("a/b/c/d/f", NOW), sample("state", 6)
    )

    assert [one.reason for one in found.problems] == ["unknown_equipment"] * 2
    assert [event.equipment for event in found.events] == [REACTOR]


def test_every_usable_and_unusable_sample_is_telemetry() -> None:
    found = mapped(sample("note", "n"), sample("temperature", "hot"), sample("colour", 1))

    assert [(one.tag, one.quality) for one in found.readings[REACTOR]] == [
        ("note", 0),
        ("temperature", BAD),
    ]
    assert {one.reason for one in found.problems} == {"wrong_value", "unknown_tag"}
    assert found.samples == 3


def test_unreadable_is_handed_on() -> None:
    unreadable = Unreadable("file.csv", 3, b"?", "not CSV")

    assert mapped(unreadable).unreadable == [unreadable]


def test_a_skewed_clock_is_reported_with_its_time() -> None:
    found = mapped(sample("state", 6, 90_000), limit=timedelta(hours=24))

    assert [event.source_time for event in found.events] == [NOW]
    assert [(one.reason, one.value) for one in found.problems] == [
        ("clock_skew", at(90_000).isoformat())
    ]


def test_a_gap_is_an_event_of_its_equipment() -> None:
    found = mapped(Missed(STATION, at(0), at(5), "reconnect"))

    assert [(event.equipment, event.source_time) for event in found.events] == [(STATION, at(5))]
