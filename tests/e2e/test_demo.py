"""The demo as a newcomer runs it: everything real, and SQL held against what truly happened."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.parts import free_port

pytestmark = pytest.mark.integration

PORTS = ("opcua", "kafka", "controller", "database", "ingest", "process", "sink")


@pytest.mark.parametrize(
    "duration",
    [
        pytest.param(20, id="for twenty seconds"),
        pytest.param(60, id="for a minute", marks=pytest.mark.long),
    ],
)
def test_every_figure_in_sql_agrees_with_the_ledger_of_the_simulated_plant(
    tmp_path: Path, duration: int
) -> None:
    ports = [f"--{name}-port={free_port()}" for name in PORTS]
    ran = subprocess.run(
        [sys.executable, "-m", "plantstream", "demo", f"--duration={duration}", *ports],
        env=os.environ | {"PLANTSTREAM_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=duration + 150,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "128 of 128 figures in SQL agree" in ran.stderr
    assert "station-5" in ran.stdout
