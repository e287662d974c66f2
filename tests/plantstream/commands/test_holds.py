"""Holds as they are stored, and which of them is meant."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import typer

from plantstream.commands.acting import entry_of
from plantstream.commands.holds import document, row, to_release
from sinks.timescale.holds import StoredHold
from tests.sinks.two_batches import held, released

AT = datetime(2026, 3, 2, 6, tzinfo=UTC)
HELD = StoredHold("acme/north", "B-1", "ab1", "complaint", "ana", AT, None, None, None)
OTHER = replace(HELD, hold="ab2", held_by="ben")
RELEASED = replace(HELD, released_by="cai", released_at=AT, release_reason="answered")


def test_the_only_hold_that_stands_is_meant():
    assert to_release([RELEASED, OTHER], "B-1", None) == OTHER


def test_of_several_holds_one_has_to_be_named():
    with pytest.raises(typer.BadParameter, match=r"ab1 \(ana: complaint\); ab2 \(ben: complaint\)"):
        to_release([HELD, OTHER], "B-1", "ab")
    assert to_release([HELD, OTHER], "B-1", "ab2") == OTHER


@pytest.mark.parametrize("word", ["", " "])
def test_a_blank_word_does_not_name_the_only_hold(word):
    with pytest.raises(typer.BadParameter, match="it is empty and names nothing"):
        to_release([HELD], "B-1", word)


@pytest.mark.parametrize("holds", [[], [RELEASED]], ids=["none", "released"])
def test_where_no_hold_stands_none_is_released(holds):
    with pytest.raises(typer.BadParameter, match="no hold on B-1 stands"):
        to_release(holds, "B-1", None)


def test_a_hold_is_shown_with_what_ended_it():
    assert (row(HELD)["state"], row(RELEASED)["state"]) == ("held", "released")
    assert row(RELEASED)["released"] == "cai answered"
    said = document(RELEASED)
    assert (said["stands"], said["released_at"]) == (False, "2026-03-02T06:00:00+00:00")


def test_both_acts_stand_in_the_audit_trail_with_batch_person_and_reason():
    entry, ended = entry_of(held(1)), entry_of(released(2, "h1"))

    assert (entry.action, entry.subject) == ("command.batch_held", "B-1")
    assert (entry.actor, entry.reason) == ("ana", "a complaint")
    assert (ended.action, ended.subject) == ("command.hold_released", "B-1")
    assert ended.after is not None
    assert (ended.actor, ended.reason, ended.after["hold"]) == ("ben", "answered", "h1")
