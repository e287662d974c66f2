"""Prism: validating mocks of the providers' own specifications, as processes."""

import json
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from plantstream.embedded.checks import HOST
from tests.npm import installed
from tests.parts import free_port

READY_WITHIN_S = 180.0
_ROOT = Path(__file__).parents[4]
_SPECS = _ROOT.parent / "shared" / "specs"


@contextmanager
def mock(spec, directory, prefix=""):
    """The address of a mock of this specification, whose paths begin with the prefix."""
    file = _SPECS / spec
    if not file.exists():
        pytest.skip(f"{spec} is missing beside the project")
    if prefix:
        said = json.loads(file.read_text("utf-8"))
        said["paths"] = {prefix + path: one for path, one in said["paths"].items()}
        file = directory / spec
        file.write_text(json.dumps(said), "utf-8")
    script = installed("prism") / "node_modules/@stoplight/prism-cli/dist/index.js"
    port = free_port()
    command = ["node", script, "mock", "-h", HOST, "-p", str(port), "--errors", file]
    with (directory / f"{spec}.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        address = f"http://{HOST}:{port}"
        _wait(process, address)
        yield address
    finally:
        process.kill()
        process.wait()


def _wait(process, address):
    end = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < end:
        assert process.poll() is None, "prism ended"
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("prism does not answer")
