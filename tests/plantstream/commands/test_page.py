"""`page test`: everybody of the first step is told TEST, and what providers answer is shown."""

import json
from pathlib import Path

import pytest

from tests.ingest.kit import PLANT
from tests.plantstream.commands.conftest import Run
from tests.sinks.notify.channels.stub import stubbed

ANA = "+522281234567"
PEOPLE = """
people:
  - {{id: ana, name: Ana Pérez, language: es, phone: "{number}"}}
  - {{id: luis, name: Luis Gómez, phone: "+522287654321"}}
  - {{id: eva, name: Eva Ruiz, phone: "+522280000000"}}
channels:
  sms:
    {{type: twilio_sms, account: {account}, token: {{env: T}}, sender: "+15005550006",
      endpoint: "{url}", fallback: [hook]}}
  hook: {{type: webhook, url: "{url}/hook"}}
  duty: {{type: pagerduty, routing_key: {{env: T}}, endpoint: "{url}"}}
chains:
  day: {{steps: [{{people: [ana, luis], endpoints: [duty]}}, {{people: [eva]}}]}}
alerts:
  route: {{receiver: all}}
  receivers: {{all: {{chain: day}}}}
  matrix: {{info: [], warning: [], critical: [sms]}}
  external_url: https://plant.example
"""


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("T", "s3cret")
    with stubbed() as made:
        made.default = (201, json.dumps({"sid": "SM1", "dedup_key": "d1"}), {})
        yield made


@pytest.fixture
def plant(tmp_path: Path, provider) -> Path:
    file = tmp_path / "plant.yaml"
    said = PEOPLE.format(number=ANA, account="AC" + "0" * 32, url=provider.address)
    file.write_text(PLANT + said, "utf-8")
    return file


def test_everybody_of_the_first_step_is_told_once_and_no_one_else(run: Run, plant, provider):
    ran = run("page", "test", "all", "--plant", plant, "--json")

    assert ran.code == 0, ran.err
    assert {(one["who"], one["channel"], one["outcome"]) for one in ran.json} == {
        ("ana", "sms", "accepted"),
        ("luis", "sms", "accepted"),
        ("duty", "duty", "accepted"),
    }
    assert len(provider.heard) == 3


def test_it_says_test_in_the_language_of_each_and_bears_nothing_to_answer(run, plant, provider):
    run("page", "test", "all", "--plant", plant, "--channel", "sms")

    ana, luis = sorted(provider.forms(), key=lambda form: form["To"])
    assert ana["Body"].startswith("INFORMATIVA: PRUEBA, no ha pasado nada")
    assert luis["Body"].startswith("INFO: TEST, nothing has happened")
    for form in (ana, luis):
        assert "http" not in form["Body"]
        assert "(" not in form["Body"]
        assert "StatusCallback" not in form


def test_one_that_fails_is_shown_with_the_answer_and_ends_with_1(run, plant, provider):
    refusal = json.dumps({"code": 21211, "message": "invalid number", "status": 400})
    provider.says.append((400, refusal, {}))
    ran = run("page", "test", "all", "--plant", plant)

    assert ran.code == 1
    assert "1 of 3 messages failed" in ran.err
    assert sum("refused" in line for line in ran.lines) == 1
    assert "s3cret" not in ran.out + ran.err


def test_a_provider_that_is_away_is_a_failure(run, plant, provider):
    file = plant.read_text("utf-8").replace(provider.address, "http://127.0.0.1:1")
    plant.write_text(file, "utf-8")
    ran = run("page", "test", "all", "--plant", plant, "--json")

    assert ran.code == 1
    assert {one["outcome"] for one in ran.json} == {"failed"}


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        pytest.param(("none",), 2, "there are all", id="no such receiver"),
        pytest.param(("all", "--severity", "bad"), 2, "severity is one of", id="no severity"),
        pytest.param(("all", "--channel", "hook"), 1, "tells nobody on hook", id="not told there"),
    ],
)
def test_what_cannot_be_is_told(run: Run, plant, provider, options, code, said):
    ran = run("page", "test", *options, "--plant", plant)

    assert ran.code == code
    assert said in " ".join(ran.err.split())
    assert provider.heard == []
