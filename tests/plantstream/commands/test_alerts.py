"""`plantstream alerts test`: rules over recorded events."""

import json
from pathlib import Path

import pytest

from tests.plantstream.commands.conftest import Run
from tests.processors.rules.telling import Sayer, rule

HOT = "{tag: temperature, above: 80}"


@pytest.fixture
def trial(run: Run, tmp_path: Path) -> Run:
    """The command on a plant with one rule and two minutes of events."""
    plant = rule(HOT, for_="60s")
    said = Sayer(plant)
    samples = [
        {"time": f"2026-03-02T06:{minute:02}:00Z", "equipment": said.equipment, "tag": tag}
        | {"value": value, "unit": "°C", "quality": 0, "run": ""}
        for minute, tag, value in [
            (0, "temperature", 81),
            (1, "setpoint", 3),
            (2, "temperature", 9),
        ]
    ]
    lines = [{"topic": "plant.telemetry.v1", "sample": one} for one in samples]
    lines.append({"record": said.state(150, "running").model_dump(mode="json", exclude_none=True)})
    lines.append({"record": {"type": "oee_cell", "of": "no rule"}})
    (tmp_path / "plant.yaml").write_text(plant.text)
    (tmp_path / "events.jsonl").write_text("\n".join(map(json.dumps, lines)))
    files = (str(tmp_path / "plant.yaml"), "--events", str(tmp_path / "events.jsonl"))
    return lambda *words: run("alerts", "test", *files, *words)


def test_transitions_are_printed(trial: Run):
    done = trial()

    assert [line.split()[4] for line in done.out.splitlines()[1:]] == [
        "pending",
        "firing",
        "resolved",
    ]
    assert "2026-03-02 06:01:00.000Z" in done.out


def test_transitions_are_given_as_json(trial: Run):
    assert [one["state"] for one in trial("--json").json] == ["pending", "firing", "resolved"]


def test_every_rule_is_explained(trial: Run):
    said = trial("--explain").err

    assert "Hot of acme/north/hall/one/reactor" in said
    assert "06:00:00.000Z condition true (81, limit 80.0 °C)" in said
    assert "06:01:00.000Z FIRING" in said
    assert "06:02:00.000Z resolved" in said
    assert "Hot of acme/north/hall/two/press" in said
    assert "never looked at: nothing was heard of tag temperature" in said


def test_what_is_no_event_is_told_with_its_line(run: Run, tmp_path: Path):
    (tmp_path / "plant.yaml").write_text(rule(HOT).text)
    (tmp_path / "events.jsonl").write_text('\n{"sample": {}}\n')

    done = run(
        "alerts", "test", str(tmp_path / "plant.yaml"), "--events", str(tmp_path / "events.jsonl")
    )

    assert done.code == 78
    assert "events.jsonl:2: no event" in done.err


def test_a_template_with_an_unknown_field_is_refused(run: Run, tmp_path: Path):
    (tmp_path / "plant.yaml").write_text(
        rule(HOT, summary='"{{ value }}"').text.replace("value", "valu")
    )
    (tmp_path / "events.jsonl").write_text("")

    done = run(
        "alerts", "test", str(tmp_path / "plant.yaml"), "--events", str(tmp_path / "events.jsonl")
    )

    assert done.code == 78
    assert "no such field: valu" in done.err
