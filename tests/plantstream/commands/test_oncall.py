"""Who is on call, by the plant file and by what people took over."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from plantstream.commands.duty_view import document, duties, first, overrides, taken_over, watch
from tests.plantstream.commands.conftest import Run
from tests.processors.dispatch.site import PLANT, START, merged, plant, take_over

FILE = plant()
"""Ana and Dan take turns of a week from Monday, 2026-03-02 on."""
HOUR = timedelta(hours=1)


@pytest.fixture
def file(tmp_path: Path) -> str:
    more = {
        "overrides": [{"person": "ben", "start": "2099-12-24 08:00", "end": "2099-12-26 08:00"}]
    }
    night = PLANT["schedules"]["night"] | more
    written = tmp_path / "plant.yaml"
    written.write_text(json.dumps(merged(PLANT, {"schedules": {"night": night}})))
    return str(written)


def test_whoever_takes_over_is_called_from_then_to_then():
    taken = taken_over([take_over(1, "cai", 10, 70)])
    found = [first(watch(FILE.plant, "night", taken, START + n * HOUR).duty) for n in range(3)]

    assert found == ["ana", "cai", "ana"]


def test_of_two_who_take_over_the_one_who_said_it_later_is_called():
    taken = taken_over([take_over(5, "ben", 0, 60), take_over(1, "cai", 0, 60)])

    assert first(watch(FILE.plant, "night", taken, START + HOUR / 2).duty) == "ben"


def test_what_was_said_twice_counts_once():
    said = take_over(1, "cai", 0, 60)

    assert taken_over([said, said]) == {"night": [said]}


def test_hand_overs_begin_with_the_duty_that_holds():
    taken = taken_over([take_over(1, "cai", 60, 120)])
    rows = list(duties(watch(FILE.plant, "night", taken, START), timedelta(days=7)))

    assert [one["on call"] for one in rows] == ["ana", "cai", "ana", "dan"]
    assert rows[0]["from"] == "2026-03-02T00:00:00+00:00"
    assert rows[1]["until"] == "2026-03-02T22:00:00+00:00"


def test_an_override_that_is_over_is_not_listed():
    taken = taken_over([take_over(1, "cai", 0, 60), take_over(2, "ben", 200, 260)])
    found = list(overrides(watch(FILE.plant, "night", taken, START + 2 * HOUR)))

    assert [(one["takes over"], one["by"]) for one in found] == [
        ("ben", "ben, 2026-03-02T20:02:00+00:00")
    ]


def test_the_document_says_who_is_next():
    said = document(watch(FILE.plant, "night", {}, START), None)

    assert said["now"]["people"] == ["ana"]
    assert said["next"]["people"] == ["dan"]
    assert said["next"]["starts_at"] == said["now"]["ends_at"] == "2026-03-09T00:00:00+00:00"


def test_who_prints_the_id_alone(run: Run, file: str):
    words = ("oncall", "who", "night", "--plant", file, "--offline")
    ran = run(*words, "--at", "2026-03-10T03:00")

    assert (ran.code, ran.out) == (0, "dan\n")
    assert "Dan is on call in night at 2026-03-10T03:00:00+00:00" in ran.err
    assert run(*words, "--at", "2099-12-25T00:00").out == "ben\n"


def test_where_nobody_is_on_call_the_exit_code_says_so(run: Run, file: str):
    words = ("oncall", "who", "night", "--plant", file, "--offline")
    ran = run(*words, "--at", "2026-03-01T03:00")

    assert (ran.code, ran.out) == (1, "")
    assert "nobody is on call in night" in ran.err
    assert run(*words, "--at", "2026-03-01T03:00", "--json").json["now"]["people"] == []


def test_show_lists_schedules_overrides_and_hand_overs(run: Run, file: str):
    ran = run("oncall", "show", "--plant", file, "--offline", "--week")

    assert ran.code == 0, ran.err
    assert ran.lines[0].split("  ")[0] == "schedule"
    assert ran.lines[1].split()[0] == "night"
    assert "takes over" in ran.lines
    assert "hand-overs" in ran.lines
    said = run("oncall", "show", "--plant", file, "--offline", "--week", "--json").json
    assert {tuple(one["people"]) for one in said[0]["duties"]} == {("ana",), ("dan",)}


def test_without_a_broker_the_plant_file_alone_is_used_and_said(
    run: Run, file: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PLANTSTREAM_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    ran = run("oncall", "who", "night", "--plant", file, "--at", "2026-03-10T03:00")

    assert (ran.code, ran.out) == (0, "dan\n")
    assert "what people took over is not known" in ran.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(["show", "--offline"], "--plant", id="offline without a file"),
        pytest.param(["who", "nigth", "--offline"], "did you mean night?", id="no schedule"),
        pytest.param(["who", "night", "--offline", "--at", "soon"], "write it as", id="no time"),
    ],
)
def test_wrong_words_are_refused(run: Run, file: str, words: list[str], told: str):
    named = words if words[0] == "show" else [*words, "--plant", file]
    ran = run("oncall", *named)

    assert ran.code == 2
    assert told in " ".join(ran.err.replace("│", " ").split())
