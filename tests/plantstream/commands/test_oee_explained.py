"""Explanations of facts made by hand: what is undefined stays so, and pictures stay readable."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest

from plantstream.commands.durations import hours_minutes, hours_minutes_seconds
from plantstream.commands.oee_explained import explained
from plantstream.commands.oee_plot import GREY, SKY, waterfall_svg
from plantstream.commands.oee_restated_text import moved_text
from plantstream.commands.oee_text import print_explained
from schemas.kpi import Quantities, StopCounts, TimeElements
from sinks.timescale.answers import (
    BadParts,
    EventFacts,
    Facts,
    FactsAnswer,
    LateChange,
    Place,
    ReasonFacts,
)
from tests.sinks.doubles import NOW
from tests.sinks.records import PRESS

HOUR = 3_600_000


def answer(reasons: tuple[ReasonFacts, ...] = (), **named: Any) -> FactsAnswer:
    """A shift of the press with these milliseconds and counts."""
    time = {name: named.pop(name) for name in TimeElements.model_fields if name in named}
    facts = Facts(
        equipment=PRESS,
        window="s",
        time=TimeElements(**time),
        quantities=Quantities(**named),
        stops=StopCounts(),
        cells=1,
        late_cells=0,
        plant_versions=("v1",),
        start=NOW,
        end=NOW + timedelta(hours=8),
    )
    place = Place("equipment", PRESS, "", (PRESS,))
    return FactsAnswer(place, "shift", ("s",), (facts,), (facts,), reasons, (), (), (), {}, None)


FAST: dict[str, Any] = {"running_ms": HOUR, "good": 2, "ideal_us": 2 * HOUR * 1000}


def test_without_an_ideal_cycle_the_waterfall_ends_with_the_run_time(
    capsys: pytest.CaptureFixture[str],
):
    told = explained(answer(running_ms=HOUR, delay_ms=HOUR, good=5, no_ideal_parts=5))

    assert told["waterfall"][-1] == {"step": "run time", "kind": "total", "seconds": 3600}
    assert next(one for one in told["losses"] if one["loss"] == "speed")["seconds"] is None
    print_explained(told)
    out = capsys.readouterr().out
    assert "no ideal cycle is known for 0:00:00 of production time and 5 parts" in out
    assert "OEE undefined = availability 0.500 x effectiveness undefined" in out
    assert "MTBF undefined" in out
    assert "OEE undefined" in waterfall_svg(told)


def test_production_faster_than_ideal_is_a_gain(capsys: pytest.CaptureFixture[str]):
    told = explained(answer(**FAST, ideal_good_us=2 * HOUR * 1000))

    speed = next(step for step in told["waterfall"] if step["step"] == "speed")
    assert speed["seconds"] == 3600
    assert waterfall_svg(told).count(SKY) == 2
    print_explained(told)
    (line,) = (line for line in capsys.readouterr().out.splitlines() if "  speed" in line)
    assert line.split() == ["speed", "1:00:00", "1", "100.0%"]
    assert told["machines"][0]["largest_loss"] is None


def test_nothing_planned_is_explained_as_well(capsys: pytest.CaptureFixture[str]):
    told = explained(answer(not_scheduled_ms=HOUR, unplanned_running_ms=HOUR))

    print_explained(told)
    assert "running unplanned" in capsys.readouterr().out
    assert waterfall_svg(told).count(GREY) == 3


def test_what_people_call_a_reason_harms_neither_picture_nor_terminal(
    capsys: pytest.CaptureFixture[str],
):
    evil = "<script>&\x1b[2J" + "x" * 80
    reason = ReasonFacts(PRESS, "unplanned_stop", evil, 3600.0, 1)
    told = explained(answer((reason,), unplanned_stop_ms=HOUR))

    texts = [one.text or "" for one in ElementTree.fromstring(waterfall_svg(told)).iter()]
    assert any(text.startswith("<script>&") and text.endswith("…") for text in texts)
    print_explained(told)
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("seconds", "minutes", "whole"),
    [
        (0, "0:00", "0:00:00"),
        (-29, "0:00", "-0:00:29"),
        (59.6, "0:01", "0:01:00"),
        (-5_430, "-1:30", "-1:30:30"),
        (360_000, "100:00", "100:00:00"),
        (None, "", ""),
    ],
)
def test_spans_are_read_as_hours(seconds: float | None, minutes: str, whole: str):
    assert (hours_minutes(seconds), hours_minutes_seconds(seconds)) == (minutes, whole)


def test_what_moved_is_said_with_its_sign():
    moved = {"good": -1_200, "delay_ms": 90_000, "setup_ms": -1_000, "ideal_us": 7}

    assert moved_text(moved) == "good -1,200, delay +0:01:30, setup -0:00:01"


def test_bad_parts_have_the_reasons_that_people_gave(capsys: pytest.CaptureFixture[str]):
    made: dict[str, Any] = {
        "running_ms": HOUR,
        "good": 6,
        "scrap": 4,
        "startup_scrap": 1,
        "ideal_us": 10_000_000,
    }
    facts = answer(**made, ideal_good_us=6_000_000, ideal_startup_us=1_000_000)
    bad = (BadParts(PRESS, "leak", False, 2), BadParts(PRESS, "first-pieces", True, 1))

    print_explained(explained(replace(facts, bad=bad)))
    lines = capsys.readouterr().out.splitlines()
    (defects,) = (line for line in lines if line.startswith("  defects"))
    (startup,) = (line for line in lines if line.startswith("  start-up"))
    assert defects.endswith("leak 2 parts")
    assert startup.endswith("first-pieces 1 part")


def test_an_open_window_tells_what_was_booked_before_late_events(
    capsys: pytest.CaptureFixture[str],
):
    ideal: dict[str, Any] = {"running_ms": HOUR, "ideal_us": HOUR * 500}
    now = answer(**ideal, good=4, scrap=1, ideal_good_us=HOUR * 400)
    before = answer(**ideal, good=5, ideal_good_us=HOUR * 500)

    print_explained(explained(replace(now, booked=before.facts)))
    lines = capsys.readouterr().out.splitlines()
    assert "no report is final yet, its windows are open: since it was first booked" in lines
    (booked,) = (line for line in lines if line.startswith("first booked:"))
    assert booked.endswith("OEE 0.500 (A 1.000, E 0.500, Q 1.000); good 5, scrap 0, rework 0")
    assert "moved:          good -1, scrap +1" in lines


def test_many_late_events_are_summed_up_by_who_and_why(capsys: pytest.CaptureFixture[str]):
    said = EventFacts(PRESS, "e", "parts_reported", NOW, NOW, {"by": "ana", "reason": "leak"})
    late = tuple(LateChange(PRESS, f"e{n}", {"good": -1, "scrap": 1}) for n in range(5))
    events = {(PRESS, one.event): said for one in late}

    print_explained(explained(replace(answer(**FAST), late=late, events=events)))
    out = capsys.readouterr().out
    assert "  5 x parts reported by ana, reason leak at press: good -5, scrap +5\n" in out
