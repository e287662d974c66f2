"""A ledger is whole after every line."""

from datetime import UTC, datetime, timedelta

import pytest

from plantstream.runtime.errors import MisconfiguredError
from plantstream.simulator.ledger import (
    LedgerWriter,
    MadeEntry,
    ResetEntry,
    StanceEntry,
    read_ledger,
)

START = datetime(2026, 3, 1, 6, 0, 0, 250_000, UTC)
PATH = "e/s/a/l/one"
STANCE = StanceEntry(START, "6", "b", "p")
SILENT = StanceEntry(START + timedelta(seconds=2), None, None, None)
MADE = MadeEntry(START + timedelta(seconds=1), 3, 1, 0, "b", "p")
RESET = ResetEntry(START + timedelta(seconds=3))


def write(file):
    writer = LedgerWriter(file, "v1", 7, START)
    writer.stance(PATH, STANCE)
    writer.made(PATH, MADE)
    writer.stance(PATH, SILENT)
    writer.reset(PATH, RESET)
    writer.still(START + timedelta(seconds=9))
    return writer


def test_what_was_written_is_read(tmp_path):
    file = tmp_path / "new" / "ledger.jsonl"
    with write(file) as writer:
        writer.end(START + timedelta(seconds=10))
    ledger = read_ledger(file)
    assert (ledger.plant_version, ledger.seed, ledger.start) == ("v1", 7, START)
    assert (ledger.end, ledger.complete) == (START + timedelta(seconds=10), True)
    history = ledger.equipment[PATH]
    assert history.stances == [STANCE, SILENT]
    assert history.made == [MADE]
    assert history.resets == [RESET]


def test_a_killed_simulator_leaves_a_ledger_up_to_its_last_whole_line(tmp_path):
    file = tmp_path / "ledger.jsonl"
    writer = write(file)
    killed = tmp_path / "killed.jsonl"
    killed.write_text(file.read_text() + '{"kind":"made","at":"2026')
    writer.close()
    ledger = read_ledger(killed)
    assert not ledger.complete
    assert ledger.end == START + timedelta(seconds=9)
    assert ledger.equipment[PATH].made == [MADE]


@pytest.mark.parametrize("text", ["", '{"kind":"end","at":"2026-03-01T06:00:00+00:00"}\n'])
def test_a_file_that_is_no_ledger_is_refused(tmp_path, text):
    file = tmp_path / "ledger.jsonl"
    file.write_text(text)
    with pytest.raises(MisconfiguredError, match="is no ledger"):
        read_ledger(file)
