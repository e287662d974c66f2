import subprocess
import sys

import pytest

from plantstream.commands import COMMANDS, load
from tests.plantstream.commands.conftest import Run

HEAVY = {
    *("aiokafka", "asyncua", "faust", "prometheus_client", "psycopg", "ruamel"),
    *("starlette", "structlog", "uvicorn"),
}
"""Typer itself needs pydantic as soon as a command has options."""
MODULES = """
import sys
from plantstream.cli import main
try:
    main()
finally:
    sys.stderr.write(" ".join(sys.modules))
"""


def imported_by(*words: str) -> set[str]:
    """All modules of a process that runs this command."""
    command = [sys.executable, "-c", MODULES, *words]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(ran.stderr.split())


def test_the_list_of_commands_needs_no_command_and_no_heavy_library():
    found = imported_by("--help")
    assert found & {*HEAVY, "pydantic", "rich"} == set()
    assert {one for one in found if one.startswith("plantstream.commands.")} == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_needs_no_heavy_library(command: str):
    found = imported_by(command, "--help")
    assert found & HEAVY == set()
    assert f"plantstream.commands.{command.replace('-', '_')}" in found


@pytest.mark.parametrize(("command", "sentence"), COMMANDS.items())
def test_a_command_begins_with_the_sentence_of_the_list(command: str, sentence: str):
    assert load(command).help.splitlines()[0] == sentence


def test_the_list_names_every_command_in_its_order(run: Run):
    listed = run("--help").out.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in listed] == list(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_what_a_command_does(run: Run, command: str):
    ran = run(command, "--help")
    assert ran.code == 0
    assert ran.out.startswith("Usage: ")
    assert f" {command} " in ran.out.splitlines()[0]


def test_a_word_that_is_nearly_a_command_is_answered_with_it(run: Run):
    ran = run("chek")
    assert ran.code == 2
    assert "'check'" in ran.err
