"""WhatsApp's 24 hours: known over a restart, and forgotten in time."""

from datetime import UTC, datetime, timedelta

import pytest

from sinks.notify.windows import FILE, Windows

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ANA = "+522281234567"


class Clock:
    def __init__(self):
        self.at = NOON

    def __call__(self):
        return self.at


@pytest.fixture
def clock():
    return Clock()


def test_who_wrote_may_be_written_to_for_a_day_also_after_a_restart(tmp_path, clock):
    Windows(tmp_path / "data", clock).heard(ANA, NOON)
    windows = Windows(tmp_path / "data", clock)

    assert windows.is_open(ANA)
    assert not windows.is_open("+15005550006")
    clock.at += timedelta(hours=24)
    assert not windows.is_open(ANA)


def test_a_number_is_known_in_both_spellings(tmp_path, clock):
    windows = Windows(tmp_path, clock)
    windows.heard("+5212281234567", NOON)

    assert windows.is_open(ANA)


def test_a_message_that_came_late_shortens_nothing(tmp_path, clock):
    windows = Windows(tmp_path, clock)
    windows.heard(ANA, NOON)
    windows.heard(ANA, NOON - timedelta(hours=23))
    clock.at += timedelta(hours=2)

    assert windows.is_open(ANA)


@pytest.mark.parametrize("text", ["", "[1]", '{"a": "b"}', '{"a": 1}'])
def test_a_file_that_cannot_be_read_costs_only_what_it_held(tmp_path, clock, text):
    (tmp_path / FILE).write_text(text)
    windows = Windows(tmp_path, clock)
    assert not windows.is_open(ANA)
    windows.heard(ANA, NOON)

    assert Windows(tmp_path, clock).is_open(ANA)


def test_a_disk_that_takes_nothing_stops_no_answer(tmp_path, clock):
    (tmp_path / "file").touch()
    windows = Windows(tmp_path / "file", clock)
    windows.heard(ANA, NOON)

    assert windows.is_open(ANA)
