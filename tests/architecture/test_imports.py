"""The import contracts of pyproject.toml hold, and one that does not is seen."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("plantstream", "ingest", "processors", "sinks", "schemas")
RUN = "import sys; from importlinter.cli import lint_imports_command as run; sys.path.insert(0, '')"


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """What `lint-imports` says of the packages in this folder."""
    command = [sys.executable, "-c", f"{RUN}; run(['--no-cache'])"]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_contracts_hold():
    said = lint_imports(ROOT)

    assert said.returncode == 0, said.stdout + said.stderr
    assert re.search(r"Contracts: [1-9]\d* kept, 0 broken", said.stdout)


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        pytest.param(
            "schemas/record.py",
            "import ingest",
            "Services meet only",
            id="contracts are below",
        ),
        pytest.param(
            "processors/step.py", "import sinks", "Services meet only", id="services are strangers"
        ),
        pytest.param("sinks/batch.py", "import faust", "imports Faust", id="Faust has its place"),
        pytest.param("ingest/edge.py", "import aiokafka", "aiokafka", id="aiokafka has its place"),
    ],
)
def test_a_broken_contract_is_seen(tmp_path, file, line, contract):
    for package in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__", "assets", "generated", "released")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / file).open("a", encoding="utf-8") as source:
        source.write(f"\n{line}\n")

    said = lint_imports(tmp_path)

    assert said.returncode == 1, said.stdout + said.stderr
    broken = [one for one in said.stdout.splitlines() if one.endswith("BROKEN")]
    assert any(contract in one for one in broken), said.stdout
