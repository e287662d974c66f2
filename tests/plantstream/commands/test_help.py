import subprocess
import sys

import pytest

from tests.plantstream.commands.conftest import Run

MINE = ("check", "doctor", "topics", "tail", "deadletters", "db", "simulate")
HEAVY = ("aiokafka", "psycopg", "faust", "asyncua", "pydantic", "ruamel.yaml", "uvicorn")
LISTED = f"""
import sys, typer
from importlib import import_module
for name in {MINE!r}:
    import_module(f"plantstream.commands.{{name}}").register(typer.Typer())
print(*(set({HEAVY!r}) & sys.modules.keys()))
"""


def test_help_needs_no_heavy_library():
    command = [sys.executable, "-c", LISTED]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    assert found.stdout.split() == []


@pytest.mark.parametrize("command", MINE)
def test_help_says_what_a_command_does(run: Run, command: str):
    ran = run(command, "--help")
    assert ran.code == 0
    assert ran.out.startswith("Usage: ")
    assert f" {command} " in ran.out.splitlines()[0]
