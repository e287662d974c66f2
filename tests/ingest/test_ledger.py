"""The ledger: keys belong to numbered chunks, and are forgotten with those that were not stored."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from ingest.ledger import KEPT, Ledger, Noted, TakenFile
from plantstream.runtime.errors import MisconfiguredError
from tests.ingest.kit import NOW, at

DAY = timedelta(days=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    one = Ledger(path)
    for number in range(1, 4):
        one.note(number, [Noted(b"k%d" % number, b"d%d" % number)], NOW)
    yield one
    one.close()


@pytest.mark.parametrize(
    ("stored", "left", "last"),
    [
        pytest.param(3, {b"k1", b"k2", b"k3"}, 3, id="all chunks are stored"),
        pytest.param(2, {b"k1", b"k2"}, 2, id="the newest chunk is not"),
        pytest.param(None, {b"k1", b"k2"}, 2, id="a new spool: the newest chunk may not be"),
        pytest.param(7, {b"k1", b"k2", b"k3"}, 7, id="later chunks had no keys"),
    ],
)
def test_keys_of_chunks_that_were_not_stored_are_forgotten(
    ledger: Ledger, stored: int | None, left: set[bytes], last: int
):
    assert ledger.settle(stored) == last
    assert ledger.known([b"k1", b"k2", b"k3", b"k4"]).keys() == left


def test_a_new_ledger_begins_at_nothing(path: Path):
    ledger = Ledger(path)
    assert ledger.settle(None) == 0
    ledger.close()


def test_keys_are_known_for_a_week(ledger: Ledger):
    ledger.note(4, [Noted(b"k4", b"d4")], NOW + KEPT)
    assert len(ledger.known([b"k1", b"k4"])) == 2

    ledger.note(5, [], NOW + KEPT + timedelta(seconds=1))
    assert ledger.known([b"k1", b"k4"]) == {b"k4": b"d4"}


def test_many_keys_are_asked_for_at_once(ledger: Ledger):
    many = [Noted(b"m%d" % number, b"d") for number in range(5000)]
    ledger.note(4, many, NOW)

    assert len(ledger.known([one.key for one in many])) == 5000


def test_files_are_known_for_ever(ledger: Ledger):
    ledger.take_file("abc", "day.csv", at(0))
    ledger.take_file("abc", "copy.csv", at(1))
    assert ledger.file("abc") == TakenFile("day.csv", at(0), moved=False)

    ledger.moved("abc")
    ledger.note(4, [], NOW + 10 * KEPT)
    assert ledger.file("abc") == TakenFile("day.csv", at(0), moved=True)
    assert ledger.file("abd") is None


def test_a_file_whose_name_is_no_unicode_is_taken_once(ledger: Ledger):
    ledger.take_file("digest", "caf\udce9.csv", NOW)

    found = ledger.file("digest")

    assert found is not None
    assert found.name == "caf?.csv"


@pytest.mark.usefixtures("ledger")
def test_one_agent_at_a_time(path: Path):
    with pytest.raises(MisconfiguredError, match="in use by another agent"):
        Ledger(path)


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\0" + b"x" * 5000])
def test_a_damaged_ledger_needs_a_person(path: Path, content: bytes):
    path.write_bytes(content)

    with pytest.raises(MisconfiguredError, match="is damaged"):
        Ledger(path)


def test_a_folder_that_is_missing_needs_a_person(tmp_path: Path):
    with pytest.raises(MisconfiguredError, match="check that its folder exists"):
        Ledger(tmp_path / "none" / "ledger.sqlite")
