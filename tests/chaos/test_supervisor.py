"""Services that end by themselves are started anew; those that a fault has taken away are not."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.chaos import supervisor
from tests.chaos.supervisor import supervised
from tests.parts import eventually


class Floor:
    """Two services, of which one has ended."""

    def __init__(self) -> None:
        self.launched: list[tuple[str, str]] = []
        self.running: dict[tuple[str, str], Any] = {
            ("oee", "0"): SimpleNamespace(process=SimpleNamespace(returncode=1)),
            ("sink", "0"): SimpleNamespace(process=SimpleNamespace(returncode=None)),
        }

    async def launch(self, name: str, slot: str) -> None:
        self.launched.append((name, slot))
        self.running[name, slot] = SimpleNamespace(process=SimpleNamespace(returncode=None))


async def test_who_ends_by_himself_is_started_anew_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(supervisor, "RESTART_AFTER_S", 0.0)
    floor = Floor()

    async with supervised(floor) as anew:  # type: ignore[arg-type]
        await eventually(lambda: bool(floor.launched))

    assert floor.launched == [("oee", "0")]
    assert anew == ["oee"]
