"""Rows of the journal: a memory that is read back is the same, and only what changed is written."""

import json

import pytest

from processors.step import Transition
from processors.streams.memory import Draft, Memory, Rows
from schemas.topics import MACHINE
from tests.makers import PATH, Machine
from tests.processors.streams.doubles import (
    PLANTS,
    Listener,
    Told,
    applied,
    records,
    ticked,
    told,
)

KEY = f"|{PATH}"


def merged(*changes: Rows) -> dict[bytes, bytes]:
    """What a compacted topic holds after these commits."""
    rows: Rows = {}
    for change in changes:
        rows |= change
    return {key: value for key, value in rows.items() if value is not None}


def names(rows: Rows) -> list[list[str]]:
    return sorted(json.loads(key) for key in rows)


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_a_memory_that_is_read_back_is_the_same(machine: Machine):
    memory = Memory()
    first = applied(memory, records(machine.alive(0)), PLANTS)
    second = applied(memory, records(machine.parts(1, good=2), start=1), PLANTS)

    again = Memory.from_rows(merged(first.rows, second.rows))

    assert told(again) == told(memory)
    assert (again.positions, again.marks, again.fingerprints) == (
        memory.positions,
        memory.marks,
        memory.fingerprints,
    )


def test_a_batch_writes_its_position_its_marks_and_the_rows_that_changed(machine: Machine):
    outcome = applied(Memory(), records(machine.alive(0)), PLANTS)

    assert names(outcome.rows) == [
        ["mark", PATH, "edge", "e1", MACHINE.name],
        ["position", MACHINE.name],
        ["state", KEY, "told"],
    ]


def test_a_repeat_moves_the_position_and_nothing_else(machine: Machine):
    memory, event = Memory(), machine.alive(0)
    applied(memory, records(event), PLANTS)

    outcome = applied(memory, records(event, start=1), PLANTS)

    assert names(outcome.rows) == [["position", MACHINE.name]]
    assert outcome.outputs == []


def test_a_row_that_is_the_same_is_not_written_again():
    memory = Memory(stored={KEY: {"told": b'["heartbeat 0"]'}})
    assert told(memory) == ["heartbeat 0"]
    draft = Draft(states={KEY: Told(KEY, ("heartbeat 0",))})

    assert draft.rows(memory, Listener()) == {}


def test_a_tick_writes_the_rows_that_it_changed_and_no_position(machine: Machine):
    quiet = Machine(run="r1", source="player")
    memory = Memory()
    applied(memory, records(machine.alive(0), quiet.alive(0)), PLANTS)

    outcome = ticked(memory)

    assert names(outcome.rows) == [["state", KEY, "told"]]


def test_a_tick_that_changes_nothing_writes_nothing(machine: Machine, monkeypatch):
    memory = Memory()
    applied(memory, records(machine.alive(0)), PLANTS)
    listener = Listener()
    monkeypatch.setattr(listener, "tick", lambda state, *_: Transition(state))

    assert ticked(memory, listener).rows == {}


def test_a_row_that_is_gone_is_removed():
    memory = Memory(stored={KEY: {"told": b'["heartbeat 0"]'}})
    assert told(memory) == ["heartbeat 0"]
    draft = Draft(states={KEY: Told(KEY)})

    rows = draft.rows(memory, Listener())
    draft.keep(memory)

    assert list(rows.values()) == [None]
    assert draft.rows(memory, Listener()) == {}


def test_a_draft_counts_only_once_it_is_kept():
    memory, draft = Memory(), Draft({MACHINE.name: 7}, {("a", "b", "c", "d"): 3})

    draft.rows(memory, Listener())

    assert (memory.positions, memory.marks) == ({}, {})
    draft.keep(memory)
    assert (memory.positions, memory.marks) == ({MACHINE.name: 7}, {("a", "b", "c", "d"): 3})


def test_names_may_hold_any_sign():
    odd = ('a"b', "c|d", "e/f", "g\n[]")
    rows = Draft(marks={odd: 5}).rows(Memory(), Listener())

    assert Memory.from_rows(merged(rows)).marks == {odd: 5}
