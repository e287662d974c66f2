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


RULE = {
    "alert": "Hot",
    "when": {"tag": "temperature", "above": 120},
    "severity": "critical",
    "summary": {
        "en": "{{ equipment }} is at {{ value }} {{ unit }}",
        "es": "{{ equipment }} está a {{ value }} {{ unit }}",
    },
}


@pytest.fixture
def worded(tmp_path: Path) -> str:
    """Ana reads Spanish; the chain ends at a chat room and a webhook with a template."""
    tag = {"name": "temperature", "unit": "degC", "node": "ns=2;s=t"}
    people = [one | ({"language": "es"} if one["id"] == "ana" else {}) for one in PLANT["people"]]
    hook = {"type": "webhook", "url": "http://127.0.0.1:9", "payload": '{"text": "{{ summary }}"}'}
    steps = [*PLANT["chains"]["call"]["steps"][:2], {"endpoints": ["slack", "hook"]}]
    said = {
        "sources": {
            "plc": {
                "type": "opcua",
                "endpoint": "opc.tcp://127.0.0.1:4840",
                "security": {"policy": "None", "mode": "None"},
            }
        },
        "equipment": [PLANT["equipment"][0] | {"name": "Press 1", "source": "plc", "tags": [tag]}],
        "people": people,
        "channels": PLANT["channels"] | {"hook": hook},
        "chains": PLANT["chains"] | {"call": {"steps": steps, "repeat": 1}},
        "alert_rules": [RULE],
        "alerts": PLANT["alerts"] | {"external_url": "https://plant.example"},
    }
    written = tmp_path / "worded.yaml"
    written.write_text(json.dumps(PLANT | said))
    return str(written)


HOT = ("alertname=Hot", "equipment=press", "severity=critical", "--at", NIGHT)


def test_a_preview_has_each_message_once_in_the_words_of_its_reader(run: Run, worded: str):
    said = run("alerts", "route", *HOT, "--plant", worded, "--preview", "--value", "131.5")

    assert said.code == 0, said.err
    heads = [line for line in said.lines if " to " in line and line.startswith("2026")]
    assert heads == [
        "2026-03-02 20:00:30 to ana (mail, email, es)",
        "2026-03-02 20:00:30 to ana (sms, es, 2 segments)",
        "2026-03-02 20:05:30 to ben (mail, email, en)",
        "2026-03-02 20:05:30 to ben (sms, en, 2 segments)",
        "2026-03-02 20:15:30 to slack (slack, en)",
        "2026-03-02 20:15:30 to hook (hook, webhook, en)",
    ]
    assert any("Press 1 está a 131.5 degC" in line for line in said.lines)
    assert '  {"text": "Press 1 is at 131.5 degC"}' in said.lines
    assert any("https://plant.example/a/" in line for line in said.lines)


def test_without_a_value_a_preview_is_at_the_limit(run: Run, worded: str):
    said = run("alerts", "route", *HOT, "--plant", worded, "--preview", "--json")

    calls = said.json[0]["calls"]
    sms = next(one for one in calls[0]["recipients"] if one["channel"] == "sms")
    assert (sms["message"]["kind"], sms["message"]["language"]) == ("sms", "es")
    assert "Press 1 esta a 120 degC" in sms["message"]["text"]
    assert "message" not in calls[3]["recipients"][0]


def test_a_preview_of_an_alert_without_a_rule_has_its_name(run: Run, worded: str):
    words = ("alertname=DiskFull", "severity=critical", "--plant", worded, "--preview")
    said = run("alerts", "route", *words)

    assert said.code == 0, said.err
    assert any("DiskFull" in line and "CRITICAL" in line for line in said.lines)
