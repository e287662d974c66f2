"""What Prometheus is told of stops, maintenance and calls for help, while they go on too."""

from typing import Any

import pytest

from schemas.machine import TimeCategory
from schemas.stops import AndonCall, Stop
from sinks.metrics.stops import MOST_TYPES, AndonFamily, StopsFamily
from tests.sinks.metrics.telling import PRESS, SAID, VAT, Told, at


def stop(
    start: float = 0,
    end: float | None = None,
    category: str = "unplanned_stop",
    equipment: str = PRESS,
    reason: str | None = None,
) -> Stop:
    return Stop(
        **SAID,
        equipment=equipment,
        start=at(start),
        end=None if end is None else at(end),
        category=TimeCategory(category),
        reason=reason,
        day=at(0).date(),
    )


def call(name: str = "A1", cleared: float | None = None, **more: Any) -> AndonCall:
    said: dict[str, Any] = {"equipment": PRESS, "andon": name, "kind": "material"}
    said |= {"priority": "critical", "raised_at": at(0), "raised_by": "ana"} | more
    return AndonCall(**SAID, **said, cleared_at=None if cleared is None else at(cleared))


def told(*records: Any, is_news: bool = True) -> Told:
    return Told(StopsFamily()).hear(*records, is_news=is_news)


def down(found: Told, after: float) -> float | None:
    return found.value("station_downtime_minutes_total", after, station_id="press")


def standing(found: Told, after: float) -> float | None:
    labels = {"equipment": "press", "line": "one"}
    seconds = found.value("equipment_unplanned_stop_seconds", after, **labels)
    return None if seconds is None else seconds / 60


def test_downtime_grows_while_a_station_stands():
    found = told()
    assert (down(found, 0), standing(found, 0)) == (0, 0)

    found.hear(stop())
    assert (down(found, 5), standing(found, 5)) == (5, 5)

    found.hear(stop(end=6))
    assert (down(found, 9), standing(found, 9)) == (6, 0)


def test_a_stop_that_turns_out_to_be_minor_or_none_takes_nothing_away():
    found = told(stop())
    assert down(found, 5) == 5

    assert down(found.hear(stop(end=3, category="minor_stop")), 6) == 5
    assert down(found.hear(stop(end=0)), 7) == 5


@pytest.mark.parametrize("category", ["planned_stop", "setup", "delay", "not_scheduled"])
def test_other_stops_are_no_downtime(category: str):
    found = told(stop(category=category))
    assert (down(found, 5), standing(found, 5)) == (0, 0)


def test_what_was_known_before_counts_from_the_first_look_on():
    found = told(stop(), is_news=False)

    assert (down(found, 30), standing(found, 30)) == (0, 30)
    assert down(found, 40) == 10
    assert down(told(stop(end=20), is_news=False), 30) == 0


def test_maintenance_is_told_by_the_reason_that_a_rule_gives():
    labels = {"reactor_id": "vat"}
    found = told(stop(equipment=VAT, category="planned_stop", reason="overhaul", end=90))
    found.hear(stop(100, 200, "planned_stop", VAT, "cleaning"))
    found.hear(stop(category="planned_stop", reason="overhaul", end=90))

    assert found.value("reactor_maintenance_hours_total", 300, **labels) == 1.5
    assert found.value("station_downtime_minutes_total", 300, station_id="vat") is None


def calls(*records: AndonCall, is_news: bool = True) -> Told:
    return Told(AndonFamily()).hear(*records, is_news=is_news)


def test_calls_count_when_they_are_raised_and_are_open_until_they_are_cleared():
    found, labels = calls(), {"priority": "critical"}
    assert found.value("andon_calls_open", **labels) == 0
    assert found.value("andon_events_total", **labels, type="other") == 0

    found.hear(call(), call("A2"))
    assert found.value("andon_calls_open", **labels) == 2

    found.hear(call(cleared=3))
    assert found.value("andon_calls_open", **labels) == 1
    assert found.value("andon_events_total", **labels, type="material") == 2


def test_a_type_that_was_seen_before_begins_at_0():
    found = calls(call(cleared=1), is_news=False)
    labels = {"priority": "critical", "type": "material"}
    assert found.value("andon_events_total", **labels) == 0
    assert found.hear(call("A2")).value("andon_events_total", **labels) == 1


def test_types_of_calls_are_bounded():
    found = calls(*(call(f"A{n}", kind=f"k{n}") for n in range(100)))

    assert found.text().count("acme_andon_events_total{") == 4 * MOST_TYPES
    others = {"priority": "critical", "type": "other"}
    assert found.value("andon_events_total", **others) == 100 - (MOST_TYPES - 1)
