"""Who would be told of an alert, as the command says it."""

import json
from pathlib import Path

import pytest

from tests.plantstream.commands.conftest import Run
from tests.processors.dispatch.site import PLANT

NIGHT = "2026-03-02T20:00"


@pytest.fixture
def file(tmp_path: Path) -> str:
    written = tmp_path / "plant.yaml"
    written.write_text(json.dumps(PLANT))
    return str(written)


def test_it_shows_who_is_called_when_and_on_which_channels(run: Run, file: str):
    labels = ("alertname=Hot", "severity=critical")
    said = run("alerts", "route", *labels, "--plant", file, "--at", NIGHT)

    assert said.code == 0, said.err
    lines = said.lines
    assert lines[:2] == [
        "receiver on_call, chain call, route root",
        "told together with others of alertname=Hot",
    ]
    assert lines[3].split() == [
        *("2026-03-02", "20:00:30", "1", "1", "ana"),
        *("mail,", "sms", "(else", "mail)", "night"),
    ]
    assert [line.split()[:2] for line in lines[4:6]] == [
        ["2026-03-02", "20:05:30"],
        ["2026-03-02", "20:15:30"],
    ]


def test_another_receiver_than_expected_is_a_failure(run: Run, file: str):
    labels = ("alertname=Failed", "area=quality", "--plant", file)

    assert run("alerts", "route", *labels, "--expect", "quality").code == 0
    said = run("alerts", "route", *labels, "--expect", "on_call")
    assert said.code == 1
    assert "this alert goes to quality, not to on_call" in said.err


def test_as_json_it_has_all_of_it(run: Run, file: str):
    said = run("alerts", "route", "area=quality", "--plant", file, "--at", NIGHT, "--json")

    (found,) = json.loads(said.out)
    assert (found["receiver"], found["route"]) == ("quality", ["root", 'area="quality"'])
    assert found["calls"] == [
        {
            "at": "2026-03-02T20:00:30+00:00",
            "round": 1,
            "step": 1,
            "schedules": [],
            "recipients": [{"who": "cai", "channel": "mail", "fallback": []}],
        }
    ]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(["Hot"], "write labels as alertname=Hot", id="no label"),
        pytest.param(["severity=high"], "info, warning, critical", id="no severity"),
        pytest.param(["a=b", "--at", "soon"], "write it as", id="no time"),
    ],
)
def test_wrong_words_are_refused(run: Run, file: str, words: list[str], told: str):
    said = run("alerts", "route", *words, "--plant", file)

    assert said.code == 2
    assert told in " ".join(said.err.replace("│", " ").split())


def test_a_plant_that_tells_nobody_is_a_mistake(run: Run, tmp_path: Path):
    bare = {key: value for key, value in PLANT.items() if key != "alerts"}
    (tmp_path / "plant.yaml").write_text(json.dumps(bare))
    said = run("alerts", "route", "a=b", "--plant", str(tmp_path / "plant.yaml"))

    assert said.code == 78
    assert "does not say how alerts reach people" in said.err
