"""What all tests share."""

import sys
from collections.abc import Callable

import pytest
import structlog
from hypothesis import settings

from plantstream.runtime.stderr import current_stderr

# Machines are shared and noisy: an example that takes long says nothing about the code.
settings.register_profile("plantstream", deadline=None, print_blob=True)
settings.load_profile("plantstream")
structlog.configure(logger_factory=structlog.PrintLoggerFactory(current_stderr()))


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Figures for whoever runs the tests, also when they pass."""

    def said(line: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{line}\n")

    return said
