"""People on call answer alerts with commands, and a real dispatcher takes them at their word."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from plantstream.commands import acting
from plantstream.commands.alert_view import code
from plantstream.runtime import clock
from plantstream.runtime.kafka.admin import apply_topics
from plantstream.runtime.kafka.broker import KafkaBroker
from plantstream.runtime.kafka.whole import read_partitions
from plantstream.runtime.ports import Outgoing
from plantstream.runtime.settings import KafkaSettings
from schemas.alerts import AlertTransition
from schemas.codec import UnreadableError, decode, encode
from schemas.model import PlantPublished
from schemas.topics import (
    ALERT,
    AUDIT_ENTRY,
    CATALOGUE,
    DELIVERY,
    MODEL,
    NOTIFICATION,
    OPERATOR,
    Topic,
)
from tests.parts import free_port
from tests.plantstream.commands.alerting import attempt, status
from tests.plantstream.commands.conftest import Ran, Run, shared
from tests.processors.dispatch.site import alert, plant

pytestmark = pytest.mark.integration

SITE = "acme/alps"
FILE = plant(site="alps")
LIMIT_S = 60.0
_number = count(1)


class Site:
    """Says what fires at the site, and looks at what stands in its topics."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self.kafka = kafka

    def send(self, topic: Topic, *records: Any) -> None:
        asyncio.run(self._send(topic, records))

    async def _send(self, topic: Topic, records: Any) -> None:
        async with KafkaBroker(self.kafka) as broker:
            keys = [getattr(one, "record_id", lambda: "key")().encode() for one in records]
            pairs = zip(keys, records, strict=True)
            await broker.send([Outgoing(topic.name, 0, key, encode(one)) for key, one in pairs])

    def held(self, topic: Topic) -> list[Any]:
        return asyncio.run(self._held(topic))

    async def _held(self, topic: Topic) -> list[Any]:
        found = []
        partitions = range(topic.partitions)
        async for record in read_partitions(self.kafka, topic.name, partitions):
            try:
                found.append(decode(topic, record.value))
            except UnreadableError:
                continue
        return found

    def fires(self, name: str, severity: Any = "critical", **said: Any) -> AlertTransition:
        """An alert that fired a minute ago and is told at once."""
        at = clock.now() - timedelta(minutes=1)
        labels = {"alertname": name, "now": "yes"}
        told = alert(0, "firing", severity, **labels).model_copy(
            update={"site": SITE, "plant_version": FILE.version, "starts_at": at, "at": at} | said
        )
        self.send(ALERT, told)
        return told


@shared
async def topics(broker: KafkaSettings) -> KafkaSettings:
    await apply_topics(broker, CATALOGUE)
    return broker


@pytest.fixture
def site(topics: KafkaSettings, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A site whose plant file is in force."""
    monkeypatch.setenv("PLANTSTREAM_KAFKA_BOOTSTRAP_SERVERS", topics.bootstrap_servers)
    found = Site(topics)
    found.send(
        MODEL,
        PlantPublished(
            site=SITE,
            plant_version=FILE.version,
            file="plant.yaml",
            text=FILE.text,
            published_at=clock.now(),
            number=1,
        ),
    )
    return found


@pytest.fixture(scope="module")
def dispatcher(topics: KafkaSettings) -> Iterator[None]:
    """It runs until the module's tests are over."""
    words = ("process", "--engine", "dispatch", "--port", str(free_port()))
    command = [sys.executable, "-m", "plantstream", *words]
    named = {"PLANTSTREAM_KAFKA_BOOTSTRAP_SERVERS": topics.bootstrap_servers}
    with subprocess.Popen(command, env=os.environ | named) as process:
        yield
        process.terminate()


@pytest.fixture
def answered(site: Site, dispatcher: None) -> Site:
    """A site with a dispatcher."""
    del dispatcher
    return site


def until(look: Callable[[], Any]) -> Any:
    """What it gives once it is something; the test fails if that takes too long."""
    limit = time.monotonic() + LIMIT_S
    while not (found := look()):
        assert time.monotonic() < limit, "waited too long"
        time.sleep(0.1)
    return found


def listed(run: Run, name: str, state: str = "all") -> list[Any]:
    words = ("--match", f"alertname={name}", "--state", state, "--json")
    found: list[Any] = run("alerts", "list", *words).json
    return found


def known(run: Run, site: Site, name: str, **said: Any) -> AlertTransition:
    """An alert that fires, once the dispatcher knows of it."""
    told = site.fires(name, **said)
    until(lambda: listed(run, name))
    return told


def name() -> str:
    return f"Hot{next(_number)}"


def failed(ran: Ran, told: str) -> None:
    assert ran.code == 1
    assert told in ran.err


def test_without_a_dispatcher_an_answer_is_written_and_said_to_wait(
    run: Run, site: Site, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(acting, "ANSWER_WITHIN_S", 1.0)
    ran = run(
        *("silence", "add", "--match", "alertname=Nothing", "--for", "1h"),
        *("--comment", "try", "--as", "ana", "--site", SITE),
    )
    failed(ran, "the dispatcher did not take it within 1 s: it counts as soon as")
    act = site.held(OPERATOR)[-1]
    assert (act.type, act.by, act.comment) == ("silence", "ana", "try")
    assert ran.out == f"{act.statement}\n"


def test_an_acknowledgement_counts_once_the_command_is_back(run: Run, answered: Site):
    hot = name()
    told = known(run, answered, hot)
    said = ("--as", "ana", "--comment", "on my way", "--json")
    ran = run("alerts", "ack", code(status(told)), *said)

    assert ran.code == 0, ran.err
    (stands,) = ran.json
    assert (stands["state"], stands["acknowledged_by"]) == ("acknowledged", "ana")
    assert [one["fingerprint"] for one in listed(run, hot, "acknowledged")] == [told.fingerprint]
    assert listed(run, hot, "firing") == []
    (act,) = [one for one in answered.held(OPERATOR) if one.comment == "on my way"]
    assert (act.via, act.id.seq, act.starts_at) == ("command", 0, told.starts_at)
    entries = {one.id: one for one in answered.held(AUDIT_ENTRY)}
    assert entries[f"command:{act.statement}"].actor == "ana"
    assert entries[f"command:{act.statement}"].reason == "on my way"
    assert entries[f"dispatch:{act.statement}"].action == "alert.acknowledgement"


def test_what_is_taken_back_fires_again(run: Run, answered: Site):
    hot = name()
    known(run, answered, hot)
    run("alerts", "ack", hot, "--as", "ana")
    ran = run("alerts", "unack", hot, "--as", "ben", "--json")

    assert (ran.code, ran.json[0]["state"]) == (0, "firing")


def test_a_snooze_ends_when_it_was_said_to(run: Run, answered: Site):
    hot = name()
    known(run, answered, hot)
    before = clock.now()
    ran = run("alerts", "snooze", hot, "--for", "2h", "--as", "ben")

    assert ran.code == 0, ran.err
    (stands,) = listed(run, hot, "firing")
    until_then = datetime.fromisoformat(stands["snoozed_until"]) - before
    assert timedelta(hours=2) <= until_then < timedelta(hours=2, minutes=1)
    assert f"snoozed until {datetime.fromisoformat(stands['snoozed_until']):%Y-%m-%dT%H}" in ran.out


def test_several_alerts_are_answered_in_one_breath(run: Run, answered: Site):
    hot, cold = name(), name()
    known(run, answered, hot)
    known(run, answered, cold)
    ran = run("alerts", "ack", hot, cold, "--as", "cai", "--json")

    assert [one["acknowledged_by"] for one in ran.json] == ["cai", "cai"]
    acts = [one for one in answered.held(OPERATOR) if one.by == "cai"]
    assert [one.id.seq for one in acts] == [0, 1]
    assert len({one.id.epoch for one in acts}) == 1


def test_an_alert_that_is_over_is_not_answered(run: Run, answered: Site):
    hot = name()
    told = known(run, answered, hot)
    over = {"state": "resolved", "starts_at": told.starts_at, "at": clock.now()}
    answered.fires(hot, **over)
    until(lambda: listed(run, hot, "resolved"))
    before = len(answered.held(OPERATOR))

    failed(run("alerts", "ack", hot, "--as", "ana"), "is over since")
    assert len(answered.held(OPERATOR)) == before


def test_show_tells_the_whole_story(run: Run, answered: Site):
    hot = name()
    told = known(run, answered, hot)
    run("alerts", "ack", hot, "--as", "ana", "--comment", "on my way")
    of_it = [one for one in answered.held(NOTIFICATION) if told in one.alerts]
    (mail,) = [one for one in of_it if one.channel == "mail"]
    answered.send(DELIVERY, attempt(mail, "delivered"))
    ran = run("alerts", "show", hot)

    assert ran.code == 0, ran.err
    assert "acknowledged by ana, " in ran.out
    (row,) = [line for line in ran.lines if " mail " in line]
    assert row.split()[1:5] == [mail.recipient, "mail", "firing", "delivered"]
    assert any("acknowledged  ana" in line and "on my way" in line for line in ran.lines)
    said = run("alerts", "show", told.fingerprint, "--json").json
    assert [one["what"] for one in said["history"]] == ["firing", "acknowledged"]
    assert "mail" in {one["channel"] for one in said["tellings"]}


def test_a_silence_keeps_alerts_quiet_until_it_is_ended(run: Run, answered: Site):
    hot = name()
    known(run, answered, hot)
    words = ("--match", f"alertname={hot}", "--match", "severity=~warning|critical")
    who = ("--as", "ana", "--site", SITE)
    ran = run("silence", "add", *words, "--for", "2h", "--comment", "new pump", *who)

    assert ran.code == 0, ran.err
    silence = ran.out.strip()
    assert "is active" in ran.err
    assert "alerts kept quiet now: 1" in ran.err
    (row,) = [one for one in run("silence", "list", "--json").json if one["id"] == silence]
    assert (row["alerts"], row["by"], row["comment"]) == (1, "ana", "new pump")
    (stands,) = listed(run, hot, "firing")
    assert stands["suppressed_by"] == [f"silence {silence}"]
    assert f"silence      {silence} by ana until" in run("alerts", "show", hot).out

    ended = run("silence", "expire", silence[:8], "--as", "ben")
    assert ended.code == 0, ended.err
    assert "is expired" in ended.err
    assert listed(run, hot, "firing")[0]["suppressed_by"] == []
    assert silence not in run("silence", "list").out
    assert silence in run("silence", "list", "--all").out
    failed(run("silence", "expire", silence, "--as", "ben"), "is over since")


def test_a_silence_may_begin_later(run: Run, answered: Site):
    start = (clock.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    words = ("--match", "alertname=Later", "--for", "1h", "--from", start)
    ran = run("silence", "add", *words, "--comment", "x", "--as", "ana", "--site", SITE, "--json")

    assert ran.code == 0, ran.err
    assert ran.json["state"] == "pending"
    assert ran.json["starts_at"].startswith(start)
    assert answered.held(OPERATOR)[-1].type == "silence"


def test_whoever_takes_over_is_on_call(run: Run, answered: Site):
    end, late = (
        (clock.now() + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M") for hours in (3, 4)
    )
    planned = run("oncall", "who", "night", "--site", SITE, "--at", late).out
    who = ("--as", "cai", "--site", SITE, "--comment", "swapped with Ana")
    ran = run("oncall", "take", "night", "--to", end, *who)

    assert (ran.code, ran.out) == (0, "cai\n"), ran.err
    assert run("oncall", "who", "night", "--site", SITE).out == "cai\n"
    assert run("oncall", "who", "night", "--site", SITE, "--at", late).out == planned
    shifts = [one for one in answered.held(ALERT) if one.type == "on_call_shift"]
    assert shifts[-1].people[0] == "cai"
    assert "cai" in run("oncall", "show", "--site", SITE).out


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize(
    ("words", "code_", "told"),
    [
        pytest.param(
            ["alerts", "ack", "Nope", "--as", "ana"], 2, "no such alert: Nope", id="no alert"
        ),
        pytest.param(
            ["silence", "add", "--match", "a=b", "--for", "1h", "--comment", "c", "--as", "anna"],
            2,
            "did you mean ana?; there are ana, ben, cai, dan",
            id="nobody of the plant",
        ),
        pytest.param(
            ["silence", "add", "--match", "a", "--for", "1h", "--comment", "c", "--as", "ana"],
            2,
            "write a condition on a label as",
            id="no condition",
        ),
        pytest.param(
            ["silence", "add", "--match", "a=b", "--for", "soon", "--comment", "c", "--as", "ana"],
            2,
            "write a span of time as",
            id="no span",
        ),
        pytest.param(
            ["oncall", "take", "night", "--to", "2020-01-01T00:00", "--as", "ana"],
            2,
            "--to",
            id="a time that is past",
        ),
        pytest.param(
            ["oncall", "take", "night", "--to", "9999-12-31T00:00", "--as", "ana"],
            2,
            "use the plant file",
            id="for ever",
        ),
        pytest.param(
            ["oncall", "take", "nights", "--to", "2099-01-01T00:00", "--as", "ana"],
            2,
            "did you mean night?",
            id="no schedule",
        ),
        pytest.param(["silence", "expire", "zz", "--as", "ana"], 2, "no such silence", id="no id"),
    ],
)
def test_wrong_words_write_nothing(run: Run, site: Site, words: list[str], code_: int, told: str):
    before = len(site.held(OPERATOR))
    named = words if words[0] == "alerts" or words[1] == "expire" else [*words, "--site", SITE]
    ran = run(*named)

    assert ran.code == code_
    assert told in " ".join(ran.err.replace("│", " ").split())
    assert len(site.held(OPERATOR)) == before


@pytest.mark.usefixtures("site")
def test_a_site_without_a_plant_file_is_told_with_those_that_have_one(run: Run):
    ran = run("oncall", "show", "--site", "acme/moon")

    assert ran.code == 78
    assert SITE in ran.err
    assert "plantstream apply" in ran.err
