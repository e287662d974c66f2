"""The demo as a newcomer runs it: everything real, SQL and panels held against what happened."""

import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from plantstream.simulator.ledger import Ledger, read_ledger
from plantstream.simulator.truth import Truth, truth
from schemas.plant.load import load_plant
from tests.e2e.panels import differences
from tests.parts import free_port

pytestmark = pytest.mark.integration

SERVICES = (
    "kafka",
    "controller",
    "database",
    "ingest",
    "process",
    "sink",
    "notify",
    "web",
    "alerts",
)
PORTS = (*SERVICES, "opcua", "people", "mail", "providers")
TOLD_WITHIN_S = 8
"""The machine of a test may be busy; how long messages take is for the benchmarks to say."""
WITHIN_S = 1.5
PERSONAL = ("email", "sms", "whatsapp")
FIRST_MESSAGES = 13
"""To four people on three channels, and to the webhook."""
READY_TO_BE_RESTATED = timedelta(seconds=120)


def plantstream(
    data_dir: Path, *arguments: str, limit_s: float
) -> subprocess.CompletedProcess[str]:
    """Run the command line as a person would."""
    return subprocess.run(
        [sys.executable, "-m", "plantstream", *arguments],
        env=os.environ | {"PLANTSTREAM_DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        timeout=limit_s,
        check=False,
    )


@pytest.mark.parametrize(
    ("duration", "options"),
    [
        pytest.param(60, (), id="for a minute"),
        pytest.param(
            125,
            ("--begin=2026-03-03T07:00:00",),
            id="until people have said what they found",
            marks=pytest.mark.long,
        ),
        pytest.param(
            60,
            ("--begin=2026-03-03T09:59:40",),
            id="into a break",
            marks=pytest.mark.long,
        ),
        pytest.param(
            60,
            ("--begin=2026-03-03T21:59:40",),
            id="into the night shift",
            marks=pytest.mark.long,
        ),
        pytest.param(
            60,
            ("--begin=2026-03-08T01:59:40", "--time-zone=America/Tijuana"),
            id="while clocks are put forward",
            marks=pytest.mark.long,
        ),
    ],
)
def test_what_is_in_sql_and_what_people_are_told_agree_with_the_ledger_of_the_simulated_plant(
    tmp_path: Path, duration: int, options: tuple[str, ...]
) -> None:
    ports = [f"--{name}-port={free_port()}" for name in PORTS]
    run = ("demo", f"--duration={duration}", f"--told-within={TOLD_WITHIN_S}", *ports, *options)
    ran = plantstream(tmp_path, *run, limit_s=duration + 180)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = re.search(r"(\d+) of (\d+) figures in SQL agree", ran.stderr)
    assert found is not None
    assert int(found[1]) == int(found[2]) > 8 * 30
    assert "station-5" in ran.stdout
    _somebody_was_told_and_answered(ran.stderr, tmp_path / "demo" / "messages")
    _batches_were_tested_and_released(ran.stderr)
    _explanation_is_true(tmp_path / "demo")
    assert differences(tmp_path / "demo") == []


def _somebody_was_told_and_answered(said: str, folder: Path) -> None:
    """An overheated reactor is told to everybody, escalated, and stops at the acknowledgement."""
    found = re.search(r"(\d+) of (\d+) messages about ReactorCriticalTemperature of", said)
    assert found is not None, said
    assert int(found[1]) == int(found[2]) >= FIRST_MESSAGES + len(PERSONAL)
    assert re.search(r"plant-manager was called .* acknowledged .* and 0 others", said), said
    for channel in PERSONAL:
        assert any(one.name.split("-")[1] == channel for one in folder.iterdir())
    (sms,) = [one for one in folder.glob("*-sms-*") if "Escalada: reactor-" in one.read_text()]
    assert "temperatura critica" in sms.read_text()
    assert "Gerencia de planta" in (folder / "page-acknowledged-1.html").read_text()


def _batches_were_tested_and_released(said: str) -> None:
    """Results, dispositions, deviations and answers are what was stated; the trail is whole."""
    words = " ".join(said.split())
    found = re.search(
        r"laboratory: (\d+) results judged, (\d+) within; (\d+) of (\d+) batch", words
    )
    assert found is not None, said
    assert 20 < int(found[2]) < int(found[1])
    assert int(found[3]) == int(found[4]) >= 2
    assert re.search(r"\d approved, \d rejected\); 2 deviations, 1 open", words), said
    answered = re.search(r"(\d+) of (\d+) statements were answered .* 1 of them refused", words)
    assert answered is not None, said
    assert answered[1] == answered[2]
    trail = re.search(r"\d+ records, whole, .*; (\d+) of (\d+) signatures are in it", words)
    assert trail is not None, said
    assert trail[1] == trail[2] != "0"


def _explanation_is_true(data_dir: Path) -> None:
    """Whoever reads `oee --explain` learns who lost most, by what, why, and what was restated."""
    asked = ("oee", "--site=xalapa", "--by=day", "--from=2000-01-01", "--explain", "--json")
    place = ("--embedded", f"--data-dir={data_dir}", f"--database-port={free_port()}")
    ran = plantstream(data_dir, *asked, *place, limit_s=60)
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    ledger = read_ledger(data_dir / "simulator" / "ledger.jsonl")
    true = _truths(ledger, data_dir / "plant.yaml", told)
    lost = {
        path: sum(seconds or 0 for seconds in one.losses.values()) for path, one in true.items()
    }
    worst = told["machines"][0]
    assert worst["lost_s"] == pytest.approx(max(lost.values()), abs=WITHIN_S)
    for one in told["machines"]:
        _is_true(one, true[one["equipment"]], lost[one["equipment"]])
    _events_were_said(told["since_first_report"]["events"], ledger)


def _truths(ledger: Ledger, plant_file: Path, told: dict[str, Any]) -> dict[str, Truth]:
    plant = load_plant(plant_file.read_text(), str(plant_file)).plant
    return {
        path: truth(ledger, plant, path, ledger.start, ledger.end)
        for one in told["machines"]
        if (path := one["equipment"])
    }


def _is_true(told: dict[str, Any], true: Truth, lost_s: float) -> None:
    assert told["lost_s"] == pytest.approx(lost_s, abs=WITHIN_S)
    if told["largest_loss"] is None:
        assert max(map(_known, true.losses.values())) <= WITHIN_S
        return
    largest = _known(true.losses[told["largest_loss"]])
    assert largest == pytest.approx(told["largest_loss_s"], abs=WITHIN_S)
    assert largest >= max(map(_known, true.losses.values())) - WITHIN_S
    reason = told["largest_reason"]
    if reason and reason["reason"] and reason["category"]:
        seconds = true.reasons[reason["category"], reason["reason"]]
        assert reason["seconds"] == pytest.approx(seconds, abs=WITHIN_S)


def _known(seconds: float | None) -> float:
    return seconds or 0.0


def _events_were_said(events: list[dict[str, Any]], ledger: Ledger) -> None:
    """Who restated something, where, and why, as the ledger has it."""
    said = {
        (path, one.by, one.statement["type"], one.statement.get("reason"))
        for path, history in ledger.equipment.items()
        for one in history.said
    }
    told = {(one["equipment"], one["by"], one["type"], one["reason"]) for one in events}
    assert told <= said
    if ledger.end - ledger.start > READY_TO_BE_RESTATED:
        assert {one["type"] for one in events} == {"parts_reported", "stop_reason_given"}
