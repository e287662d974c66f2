"""Who acts, by which plant file, and what the audit trail says of it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import typer

from plantstream.commands.acting import Actor, entry_of
from plantstream.commands.given_times import local, moment, span
from plantstream.commands.site_plant import must_be_known, newest
from schemas.acts import Acknowledgement, OnCallTaken
from schemas.model import PlantPublished
from tests.processors.dispatch.site import SITE, START, plant, silence

XALAPA = ZoneInfo("America/Mexico_City")
ANA = Actor("ana", plant(), START)


def test_an_act_has_who_where_when_and_the_plant_file():
    act = ANA.act(Acknowledgement, fingerprint="f", via="command")

    assert (act.by, act.site, act.source_time) == ("ana", SITE, START)
    assert act.plant_version == plant().version
    assert act.statement != ANA.act(Acknowledgement, fingerprint="f").statement


@pytest.mark.parametrize(
    ("act", "action", "subject", "reason"),
    [
        pytest.param(
            ANA.act(Acknowledgement, fingerprint="f", comment="on my way"),
            "command.acknowledgement", "f", "on my way", id="an alert",
        ),
        pytest.param(
            ANA.act(
                OnCallTaken, schedule="night", person="ana",
                starts_at=START, ends_at=START + timedelta(hours=1),
            ),
            "command.on_call_taken", "night", None, id="a schedule",
        ),
        pytest.param(
            silence(0, 0, 60, "s1", alertname="Hot"), "command.silence", "s1", "work",
            id="a silence",
        ),
    ],
)  # fmt: skip
def test_the_audit_trail_says_who_did_what_to_what_and_why(
    act: Any, action: str, subject: str, reason: str | None
):
    entry = entry_of(act)

    assert (entry.actor, entry.action, entry.subject) == ("ana", action, subject)
    assert (entry.id, entry.reason) == (f"command:{act.statement}", reason)
    assert entry.after is not None
    assert entry.after["statement"] == act.statement
    assert "plant_version" not in entry.after


def test_conditions_of_a_silence_are_in_the_audit_trail():
    said = entry_of(silence(0, 0, 60, "s1", alertname="Hot")).after or {}

    assert [one["name"] for one in said["matchers"]] == ["alertname"]


def published(number: int, hours: float = 0, site: str = SITE) -> PlantPublished:
    return PlantPublished(
        site=site, plant_version=f"v{number}", file="plant.yaml", text=f"{number} {hours}",
        published_at=START, number=number, in_force_from=START + timedelta(hours=hours),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("files", "found"),
    [
        pytest.param([published(1), published(2)], "2 0", id="the one applied last"),
        pytest.param([published(1), published(2, 5)], "1 0", id="not before its time"),
        pytest.param([published(0, 1), published(0, 2)], "0 2", id="that of an edge"),
        pytest.param([published(0, 1), published(1, 5)], "0 1", id="that of an edge until then"),
        pytest.param([published(1, site="acme/south")], None, id="none of this site"),
    ],
)
def test_the_plant_file_in_force(files: list[PlantPublished], found: str | None):
    chosen = newest(files, SITE, START)

    assert (chosen and chosen.text) == found


@pytest.mark.parametrize(
    ("name", "told"),
    [
        pytest.param("anna", "did you mean ana?; there are ana, ben, cai, dan", id="nearly"),
        pytest.param("Ana", "there are ana, ben, cai, dan", id="a printed name"),
    ],
)
def test_nobody_acts_whom_the_plant_file_does_not_know(name: str, told: str):
    assert must_be_known(plant(), "ben") == "ben"
    with pytest.raises(typer.BadParameter) as refused:
        must_be_known(plant(), name)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        pytest.param("2026-03-08T03:00", "2026-03-08T09:00:00+00:00", id="local"),
        pytest.param("2026-03-08T03:00+01:00", "2026-03-08T02:00:00+00:00", id="with its offset"),
        pytest.param("2026-03-08", "2026-03-08T06:00:00+00:00", id="a day"),
    ],
)
def test_a_time_is_local_unless_it_has_an_offset(given: str, found: str):
    at = moment(given, XALAPA, "--at")

    assert at == datetime.fromisoformat(found)
    assert at.tzinfo is UTC
    assert local(at, ZoneInfo("UTC")) == found


@pytest.mark.parametrize("given", ["0", "2", "-1h", "2 hours", "11000d"])
def test_what_is_no_span_is_refused(given: str):
    assert span("1h30m", "--for") == timedelta(minutes=90)
    with pytest.raises(typer.BadParameter):
        span(given, "--for")
