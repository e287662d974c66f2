import subprocess
import sys
from collections.abc import Iterator
from typing import Any

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


CLOCKS = ("UTC", "by the clocks of the", "with its offset")
"""One of these stands in the help of whatever takes a time."""


def options(command: Any, name: str = "") -> Iterator[tuple[str, str, str]]:
    """Command, option and help of this command and all that are below it."""
    for below, found in getattr(command, "commands", {}).items():
        yield from options(found, f"{name} {below}")
    for one in command.params:
        if one.param_type_name == "option":
            yield name, max(one.opts, key=len), one.help or ""


OPTIONS = [one for name in COMMANDS for one in options(load(name), name)]


def helps(*spelt: str) -> pytest.MarkDecorator:
    """The help of all options that are spelt so."""
    found = [(command, help_) for command, option, help_ in OPTIONS if option in spelt]
    return pytest.mark.parametrize(
        "said", [pytest.param(help_, id=command) for command, help_ in found]
    )


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


@helps("--from", "--to", "--at", "--begin")
def test_a_time_says_by_which_clocks(said: str):
    assert any(one in said for one in CLOCKS)
    assert not said.startswith(CLOCKS), "it says no more than that"


@helps("--as")
def test_a_person_is_an_id_or_a_name_and_is_said_to_be(said: str):
    assert ("your id" in said, "not your name" in said) == ("no id" not in said,) * 2


@helps("--for")
def test_a_span_says_what_lasts_so_long(said: str):
    assert said.startswith("How long")


@pytest.mark.parametrize("command", ["demo", "bench"])
def test_a_data_directory_that_is_emptied_is_said_to_be(command: str):
    (said,) = [told for name, option, told in OPTIONS if (name, option) == (command, "--data-dir")]
    assert "deleted" in said


def test_holding_a_record_is_not_taken_for_a_decision_on_the_batch(run: Run):
    assert "decides nothing on its release" in COMMANDS["hold"]
    assert "no batch is released by it" in " ".join(run("hold", "release", "--help").out.split())
