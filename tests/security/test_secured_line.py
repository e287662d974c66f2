"""The whole line over TLS and SCRAM, every service as its own user; and whoever else tries."""

import asyncio
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingest.agent import run_agent
from ingest.inputs.recording.player import RecordingInput
from ingest.inputs.recording.recording import load_recording
from ingest.options import AgentOptions
from ingest.spool import DiskSpool
from plantstream.commands.drained import wait_until_stored
from plantstream.embedded.part import Part, Port
from plantstream.embedded.probes import http_ready
from plantstream.runtime import clock
from plantstream.runtime.kafka.broker import KafkaBroker
from plantstream.runtime.settings import KafkaSettings
from schemas.plant.load import load_plant
from schemas.topics import Role
from sinks.timescale.connection import connect
from sinks.timescale.read import OeeQuestion, oee
from tests.parts import RunningKafka, RunningTimescale, free_port
from tests.security.services import environment

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="session"),
]

PRESS = Path(__file__).parents[2] / "deploy/plants/tablet_press"
RUN = "secured"
STORED_WITHIN_S = 30.0
HEADER = (
    "timestamp;campaign;batch;code;tbl_speed;fom;main_comp;tbl_fill;SREL;pre_comp;"
    "produced;waste;cyl_main;cyl_pre;stiffness;ejection"
)
BEGIN = datetime(2026, 1, 5, 8, tzinfo=UTC)
ROWS, FIRST_RUNNING, STOPPED = 31, 6, 25
"""Ten seconds apart: 300 s planned, of which the press runs 190 s."""


def write_recording(path: Path) -> Path:
    """Each ten seconds of running make 300 good tablets and one that is scrap."""
    lines = [HEADER]
    for row in range(ROWS):
        at = f"{BEGIN + timedelta(seconds=10 * row):%Y-%m-%d %H:%M:%S}"
        speed = 120 if FIRST_RUNNING <= row < STOPPED else 0
        made = max(0, min(row, STOPPED) - FIRST_RUNNING)
        lines.append(f"{at};1;7;6;{speed};0;0;4.2;0;0;{0.3 * made:.1f};{made};1.3;5;2;{row}")
    path.write_text("\n".join(lines) + "\n")
    return path


async def publish(kafka: KafkaSettings, recording: Path, spool_file: Path) -> None:
    """What `replay` does, as the edge's user."""
    plant = load_plant((PRESS / "plant.yaml").read_text(), "plant.yaml")
    player = RecordingInput(load_recording(recording, PRESS / "map.yaml", plant), None, None)
    spool = DiskSpool.open(spool_file, f"replay/{RUN}", clock.now)
    try:
        async with KafkaBroker(kafka) as broker:
            options = AgentOptions.replay(RUN)
            await run_agent((plant, {"recording": player}), spool, broker, options)
    finally:
        await spool.close()


def service(name: str, env: Mapping[str, str]) -> Part:
    port = free_port()
    return Part(
        name=name,
        argv=(sys.executable, "-m", "plantstream", name, "--port", str(port)),
        ready=http_ready(f"http://127.0.0.1:{port}/ready"),
        env=env,
        ports=(Port(port, "--port"),),
    )


async def test_oee_is_right_when_every_service_has_only_its_own_rights(
    kafka: RunningKafka, timescale: RunningTimescale, tmp_path: Path
) -> None:
    async with asyncio.TaskGroup() as starting:
        for name, role in {"process": Role.PROCESSOR, "sink": Role.SINK}.items():
            env = environment(kafka.embedded.settings(role), timescale.settings)
            starting.create_task(kafka.supervisor.start(service(name, env)))
    recording = write_recording(tmp_path / "press.csv")
    await publish(kafka.embedded.settings(Role.EDGE), recording, tmp_path / "edge.sqlite")
    operator = kafka.embedded.settings(Role.OPERATOR)
    await wait_until_stored(operator, timescale.settings, STORED_WITHIN_S)

    (row,) = (await oee(timescale.settings, OeeQuestion("tablet-press", "batch", run=RUN))).rows
    assert (row["planned_s"], row["running_s"]) == (300, 190)
    assert (row["good"], row["scrap"]) == (5700, 19)
    assert row["oee"] == pytest.approx(5700 * 0.03 / 300, abs=1e-9)
    async with await connect(timescale.settings) as connection:
        cursor = await connection.execute("SELECT tag, count(*) FROM telemetry GROUP BY tag")
        samples: dict[str, int] = dict(await cursor.fetchall())
    assert samples["ejection"] == ROWS
