"""What is installed from a wheel works without the checkout that it was built from."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("plantstream", "ingest", "processors", "sinks", "schemas")
EXAMPLES, INSTALLED = "deploy/plants/", "plantstream/plants/"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's files, unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=60)
    (file,) = folder.glob("*.whl")
    with zipfile.ZipFile(file) as packed:
        packed.extractall(folder / "installed")
    return folder / "installed"


def committed(*folders: str) -> set[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", *folders], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("this is no git checkout")
    return {name for name in listed.stdout.split("\0") if name}


def test_a_wheel_carries_every_file_of_the_packages_and_the_example_plants(wheel: Path):
    wanted = {
        name.replace(EXAMPLES, INSTALLED) for name in committed(*PACKAGES, EXAMPLES.rstrip("/"))
    }
    carried = {str(file.relative_to(wheel)) for file in wheel.rglob("*") if file.is_file()}
    assert wanted - carried == set()
    for suffix in (".sql", ".mjs", "pom.xml", ".schema.json", "samples.jsonl", "plant.yaml"):
        assert any(name.endswith(suffix) for name in wanted)


@pytest.mark.parametrize("command", ["demo", "simulate"])
def test_the_default_plant_of_a_command_is_in_the_wheel(wheel: Path, command: str):
    shown = f"from plantstream.commands.{command} import PLANT; print(PLANT)"
    env = os.environ | {"PYTHONPATH": str(wheel)}
    asked = [sys.executable, "-P", "-c", shown]
    said = subprocess.run(asked, cwd=wheel, env=env, capture_output=True, text=True, check=True)
    plant = Path(said.stdout.strip())
    assert plant.is_relative_to(wheel)
    assert plant.is_file()
