import json
import signal
import subprocess

import pytest

from plantstream.runtime.ports import Outgoing
from schemas.codec import encode
from schemas.partitioning import partition_of
from schemas.topics import MACHINE
from tests.makers import Machine
from tests.plantstream.commands.conftest import Line, Run, started

pytestmark = pytest.mark.integration


def events(name: str) -> list[Outgoing]:
    """Three events of a machine of its own, so that tests do not see each other's."""
    machine = Machine(equipment=f"acme/north/hall/tail/{name}")
    said = [machine.state(0, "running"), machine.parts(1, good=3), machine.batch(2, "B1")]
    key = machine.equipment.encode()
    partition = partition_of(key, MACHINE.partitions)
    return [Outgoing(MACHINE.name, partition, key, encode(event)) for event in said]


def following(process: "subprocess.Popen[str]") -> None:
    """Wait until the process says that it follows; what is sent from here on is seen."""
    assert process.stderr is not None
    assert process.stderr.readline().startswith("following plant.machine.v1 from now")


def test_from_the_beginning_it_shows_what_is_there_and_ends_at_the_limit(run: Run, line: Line):
    line.send(events("old"))
    ran = run("tail", "machine", "--equipment", "old", "--from-beginning", "--limit", 2)
    assert ran.code == 0
    assert [row.split()[3] for row in ran.lines] == ["state_changed", "parts_counted"]
    assert "following plant.machine.v1 from oldest" in ran.err


def test_it_follows_what_comes_and_ctrl_c_ends_it_with_0(line: Line):
    line.send(events("before"))
    with started("tail", "plant.machine.v1", "--json") as process:
        following(process)
        line.send(events("after"))
        assert process.stdout is not None
        seen = [json.loads(process.stdout.readline()) for _ in range(3)]
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
    assert {one["record"]["equipment"] for one in seen} == {"acme/north/hall/tail/after"}


def test_a_reader_that_has_seen_enough_ends_it_quietly(line: Line):
    with started("tail", "machine") as process:
        following(process)
        assert process.stdout is not None
        assert process.stderr is not None
        line.send(events("first"))
        process.stdout.readline()
        process.stdout.close()
        line.send(events("second"))
        assert process.wait(10) == 0
        assert process.stderr.read() == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["machin"], "no such topic: machin; did you mean machine?", id="a slip"),
        pytest.param(["zzz"], "choose one of telemetry, machine, ", id="nothing like it"),
        pytest.param(["audit.entry", "--equipment", "a"], "name no equipment", id="no equipment"),
        pytest.param(["machine", "--limit", "0"], "--limit", id="no lines at all"),
    ],
)
def test_wrong_usage_exits_2_with_a_hint(run: Run, words: list[str], said: str):
    ran = run("tail", *words)
    assert ran.code == 2
    assert said in ran.err
