"""Logs go one way: a library's default would put them among the data on stdout."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("plantstream", "ingest", "processors", "sinks", "schemas")
LOGS = Path("plantstream/runtime/logs.py")
ASKED = """
from plantstream.runtime.logs import get_logger
get_logger("a command").warning("the broker is away")
print("{}")
"""


def test_only_one_module_knows_how_logs_are_written():
    importing = {
        file.relative_to(ROOT)
        for folder in FOLDERS
        for file in (ROOT / folder).rglob("*.py")
        if re.search(r"^\s*(import|from) structlog", file.read_text(), re.MULTILINE)
    }

    assert importing == {LOGS}


def test_what_a_command_logs_leaves_its_stdout_to_data():
    done = subprocess.run(
        [sys.executable, "-c", ASKED], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert done.stdout == "{}\n"
    assert "the broker is away" in done.stderr
