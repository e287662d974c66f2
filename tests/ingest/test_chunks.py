"""The order within a chunk, and observations that belong to nobody."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from ingest.chunks import Mapped, in_order, map_chunk
from ingest.input import BAD, Alarm, Alive, Missed, Sample, Unreadable
from ingest.metrics import EdgeMetrics
from ingest.problems import ProblemLog
from ingest.rules import plant_rules
from schemas.plant.load import load_plant
from tests.ingest.kit import NOW, PLANT, REACTOR, STATION, at, plant, sample

RULES = plant_rules(plant())
ALARM = Alarm(REACTOR, "c", "n", "o", "o", 1, "m", True, True, True, NOW)


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


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        pytest.param(Alive(REACTOR, at(90_000)), at(0), id="alive in a day"),
        pytest.param(Alive(REACTOR, at(3600)), at(0), id="alive in an hour"),
        pytest.param(Alive(REACTOR, at(300)), at(300), id="alive in some minutes"),
        pytest.param(Alive(REACTOR, at(-90_000)), at(-90_000), id="alive long ago"),
        pytest.param(replace(ALARM, at=at(90_000)), at(0), id="an alarm in a day"),
        pytest.param(Missed(REACTOR, at(89_990), at(90_000), "?"), at(0), id="missed in a day"),
        pytest.param(
            Missed(REACTOR, at(-90_099), at(-90_000), "?"), at(-90_000), id="missed long ago"
        ),
    ],
)
def test_no_event_is_later_than_the_skew_of_a_clock_allows(
    seen: Alive | Missed | Alarm, told: datetime
) -> None:
    (event,) = mapped(seen, limit=timedelta(hours=24)).events

    assert event.source_time == told


def test_what_a_skewed_clock_calls_missed_is_as_long_and_ends_now() -> None:
    seen = Missed(REACTOR, at(89_990), at(90_000), "reconnect")

    found = mapped(seen, limit=timedelta(hours=24))

    assert [one.fields["start"] for one in found.events] == [at(-10)]
    assert [(one.reason, one.value) for one in found.problems] == [
        ("clock_skew", at(90_000).isoformat())
    ]


def test_a_gap_is_an_event_of_its_equipment() -> None:
    found = mapped(Missed(STATION, at(0), at(5), "reconnect"))

    assert [(event.equipment, event.source_time) for event in found.events] == [(STATION, at(5))]


def test_a_jump_is_told_once_with_source_tag_values_and_what_to_do() -> None:
    text = PLANT.replace("means: good_count,", "means: good_count, most_per_s: 1,")
    seen = [sample("good", value, second) for second, value in enumerate((1, 900, 90_000))]
    rules = plant_rules(load_plant(text, "plant.yaml"))[REACTOR]
    good = rules.tags["good"]
    of_plc = replace(good, tag=good.tag.model_copy(update={"source": "plc"}))
    rules = replace(rules, tags={**rules.tags, "good": of_plc})
    metrics = EdgeMetrics(CollectorRegistry())

    with capture_logs() as logged:
        mapped = map_chunk({REACTOR: rules}, {}, seen, NOW, None)
        ProblemLog(metrics).tell(mapped.problems)

    (told,) = logged
    assert (told["reason"], told["source"], told["tag"]) == ("counter_jump", "plc", "good")
    assert told["value"] == "1 -> 900 in 1 s"
    assert "most_per_s" in told["what_to_do"]
    assert metrics.problems.labels("counter_jump")._value.get() == 2


def test_a_time_is_believed_for_the_values_of_its_moment_only() -> None:
    seen = [sample("note", 1.0), sample("note", 2.0), sample("note", 3.0, 100_000)]

    found = mapped(*seen, limit=timedelta(hours=24))

    assert [one.reason for one in found.problems] == ["clock_skew"]
    assert [one.at for one in found.readings[REACTOR]] == [NOW, NOW, NOW]


def test_a_value_that_was_kept_while_nobody_listened_is_as_old_as_it_is() -> None:
    kept = sample("state", 6, -200_000)._replace(kept=True)
    ahead = sample("state", "STOPPED", 200_000)._replace(kept=True)

    found = mapped(kept, kept._replace(tag="note", kept=False), ahead, limit=timedelta(hours=24))

    assert [one.source_time for one in found.events] == [at(-200_000), NOW]
    assert [one.at for one in found.readings[REACTOR]] == [at(-200_000), NOW, NOW]


def test_that_an_old_value_is_historical_says_nothing_of_the_next_one() -> None:
    old = sample("note", 1.0, -100_000)

    found = mapped(old._replace(historical=True), old, limit=timedelta(hours=24))

    assert [one.at for one in found.readings[REACTOR]] == [old.source_time, NOW]
