"""The simulation finds what it is there for: code that breaks a guarantee on purpose is caught."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from processors.streams.memory import Memory
from sinks.batch import Batch
from sinks.marks import Fresh
from sinks.notify.standing import Standing
from sinks.sink import Written
from tests.simulation.adapters import SimulatedJournal
from tests.simulation.broker import MemoryBroker
from tests.simulation.databases import Database, SimulatedSink
from tests.simulation.lived import faults_of, live_pages
from tests.simulation.story import story
from tests.simulation.verdict import differences
from tests.simulation.world import played

WITHIN = 12
"""Seeds until it must have been caught."""

Breaking = Callable[[pytest.MonkeyPatch], None]


def forgetful_shell(patch: pytest.MonkeyPatch) -> None:
    recalled = Memory.from_rows

    def from_rows(rows: Mapping[bytes, bytes]) -> Memory:
        memory = recalled(rows)
        memory.marks.clear()
        return memory

    patch.setattr(Memory, "from_rows", from_rows)


def rows_before_outputs(patch: pytest.MonkeyPatch) -> None:
    commit = SimulatedJournal.commit

    async def in_two_steps(
        journal: SimulatedJournal, partition: int, rows: Any, outputs: Sequence[Any]
    ) -> None:
        await commit(journal, partition, rows, [])
        await commit(journal, partition, {}, outputs)

    patch.setattr(SimulatedJournal, "commit", in_two_steps)


def broker_without_fence(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MemoryBroker, "fences", False)


def database_without_fence(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Database, "fences", False)


def position_before_rows(patch: pytest.MonkeyPatch) -> None:
    write = SimulatedSink.write

    async def in_two_steps(sink: SimulatedSink, batch: Batch) -> Written:
        await write(sink, Batch(batch.spans))
        return await write(sink, replace(batch, spans=()))

    patch.setattr(SimulatedSink, "write", in_two_steps)


def forgetful_sink(patch: pytest.MonkeyPatch) -> None:
    def everything(events: Sequence[Any], marks: Mapping[Any, int]) -> Fresh:
        del marks
        return Fresh(list(events))

    patch.setattr("tests.simulation.databases.without_repeats", everything)


@pytest.mark.parametrize(
    "breaking",
    [
        pytest.param(forgetful_shell, id="a shell that forgets its marks"),
        pytest.param(rows_before_outputs, id="a shell that commits its rows before its outputs"),
        pytest.param(broker_without_fence, id="a journal that anybody may write"),
        pytest.param(database_without_fence, id="a sink that does not look at the position"),
        pytest.param(position_before_rows, id="a sink that stores its position before its rows"),
        pytest.param(forgetful_sink, id="a sink that forgets its marks"),
    ],
)
def test_is_caught(breaking: Breaking, monkeypatch: pytest.MonkeyPatch) -> None:
    breaking(monkeypatch)
    assert any(goes_wrong(seed) for seed in range(WITHIN))


def test_a_notifier_that_never_asks_the_group_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Standing, "is_doubtful", False)
    assert any(live_pages(seed, None)[0] for seed in range(WITHIN))


def goes_wrong(seed: int) -> bool:
    told = story(seed)
    try:
        world = played(told, faults_of(seed, told))
    except (AssertionError, BaseExceptionGroup):  # It hangs, or an error that nobody expects.
        return True
    return bool(differences(told, world.durable.database))
