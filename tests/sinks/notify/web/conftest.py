"""The interface of a small plant in which one alert fires."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.sinks.notify.web.kit import House, attempt, house, status


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path, status(), attempt()) as running:
        yield running
