import socket
from collections.abc import Iterator
from time import monotonic
from typing import Any

import pytest

from plantstream.runtime.ports import Outgoing
from schemas.topics import CATALOGUE, KPI
from tests.parts import free_port
from tests.plantstream.commands.conftest import Line, Ran, Run

pytestmark = pytest.mark.integration


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def findings(ran: Ran) -> dict[str, Any]:
    return {one["subject"]: one for one in ran.json["findings"]}


@pytest.mark.usefixtures("line")
def test_where_everything_answers_nothing_has_failed(run: Run):
    ran = run("doctor", "--json")
    said = findings(ran)
    assert {one["status"] for one in said.values()} <= {"ok", "warn"}
    assert ran.code == 0
    assert said["topics"]["what"] == f"all {len(CATALOGUE)} are as the catalogue says"
    assert said["offsets.retention.minutes"]["what"] == "90 days"
    assert "killed process, but neither a lost disk nor a power cut" in said["durability"]["what"]
    assert "PostgreSQL 1" in said["database"]["what"]
    assert said["migrations"]["status"] == "ok"
    assert {"timescaledb", "positions", "clock", "disk", "python"} <= said.keys()
    assert "java" not in said


def test_records_that_nobody_reads_are_a_warning_with_the_command_that_helps(run: Run, line: Line):
    line.send([Outgoing(KPI.name, 0, b"key", b"{}")])
    sink = findings(run("doctor", "--json"))["group plantstream-timescale"]
    assert sink["status"] == "warn"
    assert sink["advice"] == "start it: plantstream sink"


@pytest.mark.usefixtures("line")
def test_for_people_every_finding_is_a_line_and_advice_stands_below(run: Run):
    ran = run("doctor")
    assert ran.lines[0].startswith("ok    python ")
    assert any(row.strip().startswith("-> ") for row in ran.lines)
    assert "0 failed" in ran.err


def test_nobody_there_is_exit_1_and_says_how_to_start(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PLANTSTREAM_KAFKA_BOOTSTRAP_SERVERS", f"127.0.0.1:{free_port()}")
    monkeypatch.setenv("PLANTSTREAM_DATABASE_PORT", str(free_port()))
    ran = run("doctor", "--json")
    assert ran.code == 1
    assert ran.json["ok"] is False
    failed = {name for name, one in findings(ran).items() if one["status"] == "fail"}
    assert failed == {"kafka", "database"}
    assert "plantstream up" in findings(ran)["kafka"]["advice"]


def test_who_takes_connections_and_never_answers_costs_seconds_not_minutes(
    run: Run, monkeypatch: pytest.MonkeyPatch, silent_port: int
):
    monkeypatch.setenv("PLANTSTREAM_KAFKA_BOOTSTRAP_SERVERS", f"127.0.0.1:{silent_port}")
    monkeypatch.setenv("PLANTSTREAM_DATABASE_HOST", "127.0.0.1")
    monkeypatch.setenv("PLANTSTREAM_DATABASE_PORT", str(silent_port))
    before = monotonic()
    ran = run("doctor", "--json")
    assert monotonic() - before < 9
    assert ran.code == 1
    assert "within 5 s" in findings(ran)["kafka"]["what"]
    assert "within 5 s" in findings(ran)["database"]["what"]
