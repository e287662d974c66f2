"""A message that is stored is known when it comes again, also after a restart."""

import pytest

from ingest.inputs.mqtt.redelivery import MAX_REMEMBERED, Stored


def test_a_stored_message_is_known_after_a_restart():
    before = Stored()
    before.add(65_535, "t", b"x")
    after = Stored.load(before.dump())
    assert after.has(65_535, "t", b"x")
    assert not after.has(65_535, "t", b"y")
    assert not after.has(65_535, "u", b"x")
    assert not after.has(1, "t", b"x")


def test_the_last_ones_are_remembered_and_no_more():
    stored = Stored()
    for identifier in range(1, 2 * MAX_REMEMBERED):
        stored.add(identifier, "t", b"x")
    assert not stored.has(MAX_REMEMBERED - 1, "t", b"x")
    assert stored.has(MAX_REMEMBERED, "t", b"x")
    assert len(stored.dump()) <= 8 * MAX_REMEMBERED


def test_a_new_session_begins_with_nothing():
    stored = Stored()
    stored.add(1, "t", b"x")
    stored.forget()
    assert not stored.has(1, "t", b"x")


@pytest.mark.parametrize("dumped", ["", "abc", "!", "AAAA"])
def test_what_cannot_be_read_is_nothing(dumped):
    assert Stored.load(dumped).dump() == ""
