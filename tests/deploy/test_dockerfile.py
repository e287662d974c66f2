"""The Dockerfile: what a linter says, what goes to the builder, and its steps in a folder."""

import os
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

from plantstream.commands.stack import Ports

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
HADOLINT = Path(sys.executable).with_name("hadolint")
HOMES = ("/opt/plantstream", "/tmp/wheel")
INSTALL_WITHIN_S = 600


def instructions(text: str) -> list[list[tuple[str, str]]]:
    """The instructions of each stage, with their lines joined and comments left out."""
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    stages: list[list[tuple[str, str]]] = []
    for line in re.sub(r"\\\n\s*", "", lines).splitlines():
        name, _, rest = line.partition(" ")
        if name == "FROM":
            stages.append([])
        if line:
            stages[-1].append((name, rest))
    return stages


BUILD, RESULT = instructions(DOCKERFILE.read_text())


def copied() -> list[tuple[list[str], str]]:
    """What the builder's stage copies out of the project, and where to."""
    words = [rest.split() for name, rest in BUILD if name == "COPY"]
    return [(sources, to) for *sources, to in words]


@pytest.mark.skipif(not HADOLINT.is_file(), reason="hadolint is not installed")
def test_a_linter_has_nothing_to_say():
    said = subprocess.run(
        [HADOLINT, DOCKERFILE], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert said.stdout == ""
    assert said.returncode == 0


def test_stages_begin_with_a_pinned_python():
    images = [rest.split()[0] for stage in (BUILD, RESULT) for name, rest in stage[:1]]

    assert len(set(images)) == 1
    assert re.fullmatch(r"python:3\.11\.\d+-slim-\w+", images[0])


def test_what_runs_is_not_root_and_holds_no_tools_to_build_with():
    (user,) = [rest for name, rest in RESULT if name == "USER"]
    assert not user.startswith(("0", "root"))
    assert [rest for name, rest in RESULT if name == "COPY"] == [
        "--from=build /opt/plantstream /opt/plantstream"
    ]
    (run,) = [rest for name, rest in RESULT if name == "RUN"]
    assert "pip uninstall -y pip setuptools wheel" in run
    assert not re.search(r"gcc|build-essential|-dev\b", run)


def test_it_asks_every_service_whether_it_is_ready():
    (check,) = [rest for name, rest in RESULT if name == "HEALTHCHECK"]
    asked = {int(port) for port in re.findall(r'"(\d+)"', check)}
    ports = Ports()

    assert asked == {ports.ingest, ports.process, ports.sink, ports.notify, ports.metrics}
    assert "--interval=30s --timeout=10s" in check
    assert "--retries=3" in check


def test_only_what_it_copies_goes_to_the_builder():
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    kept = {line[1:] for line in lines if line.startswith("!")}

    assert "*" in lines
    assert kept == {source for sources, _ in copied() for source in sources}
    assert all((ROOT / one).exists() for one in kept)


def test_what_it_is_built_with_is_what_developers_have():
    blocks = dict(
        re.findall(
            r"^([a-z-]+)(==(?:.*\\\n)+.*\n)",
            (ROOT / "requirements/dev.txt").read_text(),
            re.MULTILINE,
        )
    )
    build = (ROOT / "requirements/build.txt").read_text()
    named = re.findall(r"^([a-z-]+)==", build, re.MULTILINE)

    assert "hatchling" in named
    assert build == "".join(name + blocks[name] for name in named)


def _copy(scratch: Path) -> None:
    """What the stage copies, without what `.dockerignore` leaves out everywhere."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    left_out = [line.removeprefix("**/") for line in lines if line.startswith("**/")]
    for sources, to in copied():
        for source in sources:
            place = scratch / to / Path(source).name if to.endswith("/") else scratch / to
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, place, ignore=shutil.ignore_patterns(*left_out))
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / source, place)
    assert not any(fnmatch(one.name, "*.pyc") for one in scratch.rglob("*"))


@pytest.mark.long
def test_its_steps_make_a_command_that_runs_without_the_project(tmp_path: Path):
    scratch = tmp_path / "src"
    scratch.mkdir()
    _copy(scratch)
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "python"], check=True)
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        "PATH": f"{tmp_path / 'python/bin'}:{os.environ['PATH']}",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    for step in [rest for name, rest in BUILD if name == "RUN"]:
        for home in HOMES:
            step = step.replace(home, f"{tmp_path}{home}")  # noqa: PLW2901 - a step of its own
        done = subprocess.run(
            ["sh", "-euc", step],
            cwd=scratch,
            env=environment,
            capture_output=True,
            text=True,
            timeout=INSTALL_WITHIN_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]

    made = tmp_path / "opt/plantstream"
    said = subprocess.run(
        [made / "bin/plantstream", "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "sink" in said.stdout
    assert not (made / "bin/pip").exists()
    subprocess.run(
        [made / "bin/python", "-c", "import sinks.service, ingest.service, processors.service"],
        cwd=tmp_path,
        check=True,
    )
